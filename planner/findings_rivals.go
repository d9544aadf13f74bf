package planner

import (
	"fmt"

	"github.com/dirform/dirform/state"
)

// findTwin is about another source object with the same anchor. The record tells which of them had it first.
func (s *subject) findTwin() error {
	other, err := s.p.subject(int(s.v.rival))
	if err != nil {
		return err
	}
	f := sameAnchor(s.anchor)
	for _, link := range []*state.Link{s.link, other.link} {
		for _, pair := range [][2]*subject{{s, other}, {other, s}} {
			if link != nil && link.Anchor == s.anchor && link.SourceGUID == pair[0].obj.GUID {
				f.Hint = copiedFrom(pair[0], pair[1])
			}
		}
	}
	s.findRival(f, other)
	return nil
}

// copiedFrom says what to do about the object that got the copy of an anchor which the record has for its owner.
func copiedFrom(owner, other *subject) string {
	if l := other.link; l != nil && l.Anchor != other.anchor && l.SourceGUID == other.obj.GUID {
		return fmt.Sprintf("The record has the anchor for %s. Set mS-DS-ConsistencyGuid of %s back to %s, with which it is recorded.",
			owner.obj.DN, other.obj.DN, l.Anchor)
	}
	return fmt.Sprintf("The record has the anchor for %s. Clear mS-DS-ConsistencyGuid of %s.", owner.obj.DN, other.obj.DN)
}

// findClaimant is about another source object that has, or claims, the account that the subject matches.
func (s *subject) findClaimant() error {
	other, err := s.p.subject(int(s.v.rival))
	if err != nil {
		return err
	}
	how := ""
	switch {
	case other.v.rule == ruleRecorded:
		how = other.address + " is linked to it"
	case other.v.rule == ruleDeclared:
		how = "a link block gives it to " + other.address
	case other.v.flags&vClaimed != 0:
		how = fmt.Sprintf("%s matches it too, by %s %s", other.address, other.v.rule, other.matchValue())
	default:
		how = fmt.Sprintf("%s has it by %s %s", other.address, other.v.rule, other.matchValue())
	}
	s.findRival(claimedTwice(s.v.rule, s.matchValue(), s.live, how), other)
	return nil
}

// findRival adds a finding about the subject, another source object and the account that both have in view.
func (s *subject) findRival(f *Finding, other *subject) {
	refs := []ObjectRef{other.ref()}
	if s.live != nil {
		refs = append(refs, tenantRef(s.live))
	}
	s.find(f, refs...)
}
