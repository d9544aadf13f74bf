package reconcile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/state"
)

// checkUnique looks for other holders of the names the subject is about to take.
func (s *subject) checkUnique() error {
	for i, attrs := range [...][]state.AttributeChange{s.attrs, s.comesBackWith()} {
		for _, c := range attrs {
			if c.After.IsNull() {
				continue
			}
			var err error
			switch c.Name {
			case "userPrincipalName":
				err = s.checkHolders(c, i == 1, s.p.tenUPN, s.p.srcUPN, func(i int) int { return i })
			case "mail", "proxyAddresses":
				err = s.checkHolders(c, i == 1, s.p.tenAddress, s.p.srcMail, s.p.addressRow)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// comesBackWith are the names with which an account leaves the recycle bin, before anything is changed about it: the service
// refuses to restore an account whose names somebody else has by now.
func (s *subject) comesBackWith() (names []state.AttributeChange) {
	if s.live == nil || s.v.flags&vDeleted == 0 {
		return nil
	}
	for _, name := range [...]string{"userPrincipalName", "mail"} {
		if v := s.live.Get(name); !isEmpty(v) {
			names = append(names, state.AttributeChange{Name: name, After: v})
		}
	}
	for _, proxy := range s.live.Get("proxyAddresses").List() {
		if a, ok := smtpAddress(proxy); ok && !strings.EqualFold(a, s.live.Get("mail").Str()) {
			names = append(names, state.AttributeChange{Name: "proxyAddresses", After: state.String(a)})
		}
	}
	return names
}

// checkHolders finds who else has the value of c in the tenant, or wants it at the source. former says that it is what a deleted
// account would come back with.
func (s *subject) checkHolders(c state.AttributeChange, former bool, tenant, source *rows.Index, row func(int) int) error {
	fp := s.p.h.Fingerprint(&addressAttr, c.After)
	var holding, rivals []int
	tenant.Each(fp, func(i int) {
		if t := row(i); t != s.liveRow && !slices.Contains(holding, t) {
			holding = append(holding, t)
		}
	})
	source.Each(fp, func(i int) {
		if i != s.row {
			rivals = append(rivals, i)
		}
	})
	if s.v.flags&vDeleted != 0 {
		others, err := s.p.restoredWith(fp)
		if err != nil {
			return err
		}
		for _, i := range others {
			if i != s.row && !slices.Contains(rivals, i) {
				rivals = append(rivals, i)
			}
		}
	}
	var holders []holder
	for _, t := range holding {
		owner := int(s.p.owner[t]) - 1
		h, err := s.p.holder(t, owner, c)
		switch {
		case err != nil:
			return err
		case s.waitsFor(owner, c, fp):
			if nameOf(c.Name) == nameMail {
				s.find(keepsAddress(c.After.Str(), h), h.ObjectRef)
			}
		case h.how == blocked && s.p.verdicts[owner].flags&vNeedBlocked != 0 && s.blocked():
			// It only waits for the subject, which is blocked for a reason of its own.
		default:
			holders = append(holders, h)
		}
		rivals = slices.DeleteFunc(rivals, func(r int) bool { return r == owner })
	}
	for _, r := range rivals {
		other, err := s.p.subject(r)
		if err != nil {
			return err
		}
		holders = append(holders, holder{ObjectRef: other.ref(), how: wants})
	}
	inBin, err := s.inBin(c, fp)
	if err != nil {
		return err
	}
	if holders = append(holders, inBin...); len(holders) > 0 {
		s.findHolders(c, former, holders)
	}
	return nil
}

func (s *subject) findHolders(c state.AttributeChange, former bool, holders []holder) {
	slices.SortFunc(holders, func(a, b holder) int {
		return cmp.Or(strings.Compare(a.Anchor+"|"+a.TargetID, b.Anchor+"|"+b.TargetID), strings.Compare(a.SourceDN, b.SourceDN))
	})
	var refs []planner.ObjectRef
	for _, h := range holders {
		refs = append(refs, h.ObjectRef)
	}
	if former {
		s.find(formerNameInUse(c.Name, c.After.Str(), holders, s.table.policy), refs...)
		return
	}
	s.find(addressInUse(c.Name, c.After.Str(), holders, s.v.link >= 0), refs...)
}

// hold is in what way somebody has a name that another object asks for.
type hold uint8

const (
	has     hold = iota
	alias        // as a further address, which Microsoft Graph cannot take away
	wants        // a source object that asks for it too
	blocked      // it was to give it up, but is blocked itself
	leftOut      // it would give it up, but --target or --exclude leaves it out
	left         // its source object has left the scope
	doomed       // and this plan deletes it
	deleted      // it lies in the recycle bin
)

// holder is an object that has a name, or wants it too.
type holder struct {
	planner.ObjectRef
	how hold
}

// holder names a tenant object together with the source object it belongs to, if any.
func (p *plan) holder(t, owner int, c state.AttributeChange) (holder, error) {
	o, err := p.loadTenant(t)
	if err != nil {
		return holder{}, err
	}
	h := holder{ObjectRef: tenantRef(o)}
	switch {
	case owner < 0 && p.settled && p.deletesLeft(int(p.linkOf[t])-1):
		h.how = doomed
	case nameOf(c.Name) == nameMail && !strings.EqualFold(o.Get("mail").Str(), c.After.Str()):
		h.how = alias
	case owner >= 0 && p.settled && p.verdicts[owner].outcome == outBlocked:
		h.how = blocked
	case owner >= 0 && p.settled && p.verdicts[owner].outcome == outIgnored && p.givesUp(owner, nameOf(c.Name), p.h.Fingerprint(&addressAttr, c.After)):
		h.how = leftOut
	case owner < 0 && p.linkOf[t] > 0:
		h.how = left
	}
	if owner >= 0 {
		other, err := p.subject(owner)
		if err != nil {
			return holder{}, err
		}
		h.Address, h.Anchor, h.SourceDN = other.address, other.anchor, other.obj.DN
	}
	return h, nil
}

// inBin are the deleted accounts that have an address which the subject asks for. Their userPrincipalNames are free at once (the
// service renames deleted users), so such a one is only worth a warning: perhaps it is the same person. Whether their mail and
// proxyAddresses are free is not documented, and sync engines do run into deleted objects; the plan takes them as taken,
// unless the policy's deleted = "create" says that deleted accounts are nobody's concern.
func (s *subject) inBin(c state.AttributeChange, fp uint64) (found []holder, err error) {
	if s.table.policy.Deleted == "create" || s.v.flags&vDeleted != 0 {
		return nil, nil
	}
	var ids []int
	if c.Name == "userPrincipalName" {
		if s.live == nil {
			s.p.delUPN.Each(fp, func(d int) {
				if _, comesBack := s.p.revived[d]; !comesBack {
					ids = append(ids, d)
				}
			})
		}
	} else {
		s.p.delAddress.Each(fp, func(i int) {
			if d := int(s.p.delAddrRow[i] &^ primaryAddress); !slices.Contains(ids, d) {
				ids = append(ids, d)
			}
		})
	}
	slices.SortFunc(ids, func(a, b int) int { return cmp.Compare(s.p.delMeta(a).id, s.p.delMeta(b).id) })
	for _, d := range ids {
		o, err := s.p.loadDeleted(d)
		if err != nil {
			return nil, err
		}
		h := holder{tenantRef(o), deleted}
		if c.Name != "userPrincipalName" {
			found = append(found, h)
		} else if s.want("mail").IsNull() || !strings.EqualFold(o.Get("mail").Str(), s.want("mail").Str()) {
			s.find(hadName(c.After.Str(), h), h.ObjectRef)
		}
	}
	return found, nil
}

// restoredWith are the source rows whose accounts come back from the recycle bin under a name: several may have had it in turn.
func (p *plan) restoredWith(name uint64) ([]int, error) {
	if p.restored != nil {
		return p.restored[name], nil
	}
	p.restored = map[uint64][]int{}
	for i := range p.verdicts {
		v := &p.verdicts[i]
		if v.flags&vDeleted == 0 || v.target < 0 {
			continue
		}
		o, err := p.loadDeleted(int(v.target))
		if err != nil {
			return nil, err
		}
		for _, attribute := range [...]string{"userPrincipalName", "mail"} {
			if held := o.Get(attribute); !isEmpty(held) {
				fp := p.h.Fingerprint(&addressAttr, held)
				if !slices.Contains(p.restored[fp], i) {
					p.restored[fp] = append(p.restored[fp], i)
				}
			}
		}
	}
	return p.restored[name], nil
}
