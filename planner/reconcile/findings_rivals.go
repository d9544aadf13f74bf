package reconcile

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/planner"
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
	how, name := "", other.address
	if name == s.address {
		name = other.obj.DN
	}
	switch {
	case other.v.rule == ruleRecorded:
		how = name + " is linked to it"
	case other.v.rule == ruleDeclared:
		how = "a link block gives it to " + name
	case other.v.flags&vClaimed != 0:
		how = fmt.Sprintf("%s matches it too, by %s %s", name, other.v.rule, other.matchValue())
	default:
		how = fmt.Sprintf("%s has it by %s %s", name, other.v.rule, other.matchValue())
	}
	s.findRival(claimedTwice(s.v.rule, s.matchValue(), s.live, how), other)
	return nil
}

// findRival adds a finding about the subject, another source object and the account that both have in view.
func (s *subject) findRival(f *planner.Finding, other *subject) {
	refs := []planner.ObjectRef{other.ref()}
	if s.live != nil {
		refs = append(refs, tenantRef(s.live))
	}
	s.find(f, refs...)
}

// noAccount says by which values no account was found.
func (s *subject) noAccount() *planner.Finding {
	var tried []string
	for _, name := range s.table.policy.Match {
		value := s.valueFor(ruleNamed(name))
		if value == "" {
			value = "(no value)"
		}
		tried = append(tried, name+" "+value)
	}
	return about(planner.NewFinding("DF213", "None of the rules "+strings.Join(tried, ", ")+" finds an account.", ""), "", "", s.table.policy.DeclaredAt)
}

// findForeignAnchor is about an account that carries the anchor theirs instead of the subject's, and names the object that the
// anchor belongs to, or its GUID.
func (s *subject) findForeignAnchor(theirs string) error {
	whose := "which no source object in scope has"
	if g, ok := anchorGUID(theirs); ok {
		whose = fmt.Sprintf("which no source object in scope has (as a GUID: %s)", g)
	}
	refs, hint := []planner.ObjectRef{tenantRef(s.live)}, ""
	if l := s.recordedLink(); l >= 0 && l != int(s.v.link) && s.p.linkSource[l] < 0 {
		link, err := s.p.links.load(l)
		if err != nil {
			return err
		}
		whose = fmt.Sprintf("that of an object which has left scope %s, whose leaving policy goes on", link.Scope)
		hint = "If this object is somebody else's, give it another address at the source. Only if it is the same person's new object, set " +
			"foreign_anchor = \"relink\" in the link policy."
	}
	if row := s.oldOwner(theirs); row >= 0 {
		old, err := s.p.subject(row)
		if err != nil {
			return err
		}
		whose = fmt.Sprintf("that of %s in scope %s", old.obj.DN, old.table.scope.Name)
		refs = append(refs, old.ref())
	}
	how := fmt.Sprintf("matches this object by %s %s", s.v.rule, s.matchValue())
	if s.v.rule == ruleRecorded {
		how = "is linked to this object"
	}
	s.find(about(planner.NewFinding("DF207", fmt.Sprintf("Account %s %s, but carries anchor %s, %s; this object's anchor is %s.",
		tenantRef(s.live).Name, how, theirs, whose, s.anchor), hint), "onPremisesImmutableId", theirs, s.table.policy.DeclaredAt), refs...)
	return nil
}

// recordedLink is the recorded link of the subject's living account, or -1.
func (s *subject) recordedLink() int {
	if s.liveRow < 0 {
		return -1
	}
	return int(s.p.linkOf[s.liveRow]) - 1
}
