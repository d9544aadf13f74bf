package planner

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/state"
)

// checkUnique looks for other holders of the names the subject is about to take.
func (s *subject) checkUnique() error {
	for _, names := range [...][]state.AttributeChange{s.attrs, s.comesBackWith()} {
		for _, c := range names {
			var err error
			switch c.Name {
			case "userPrincipalName":
				err = s.checkHolders(c, s.p.tenUPN, s.p.srcUPN, func(i int) int { return i })
			case "mail":
				err = s.checkHolders(c, s.p.tenAddress, s.p.srcMail, s.p.addressRow)
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
	return names
}

// checkHolders finds who else has the value of c in the tenant, or wants it at the source.
func (s *subject) checkHolders(c state.AttributeChange, tenant, source *rows.Index, row func(int) int) error {
	if c.After.IsNull() {
		return nil
	}
	fp := s.p.h.Fingerprint(&addressAttr, c.After)
	var holders, rivals []int
	aliases := map[string]bool{}
	tenant.Each(fp, func(i int) {
		if t := row(i); t != s.liveRow && !slices.Contains(holders, t) {
			holders = append(holders, t)
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
	var refs []ObjectRef
	for _, t := range holders {
		owner := int(s.p.owner[t]) - 1
		if c.Name == "userPrincipalName" && s.waitsFor(owner) {
			continue
		}
		ref, err := s.p.holderRef(t, owner)
		if err != nil {
			return err
		}
		if c.Name == "mail" && !strings.EqualFold(ref.mail, c.After.Str()) {
			aliases[ref.TargetID] = true
		}
		refs = append(refs, ref.ObjectRef)
		rivals = slices.DeleteFunc(rivals, func(r int) bool { return r == owner })
	}
	for _, r := range rivals {
		other, err := s.p.subject(r)
		if err != nil {
			return err
		}
		refs = append(refs, other.ref())
	}
	if len(refs) > 0 {
		slices.SortFunc(refs, func(a, b ObjectRef) int {
			return strings.Compare(a.Anchor+"|"+a.TargetID, b.Anchor+"|"+b.TargetID)
		})
		s.find(addressInUse(c.Name, c.After.Str(), refs, aliases), refs...)
	}
	return nil
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
		unmangle(o)
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

// holder is a tenant object that has a name, and its mail.
type holder struct {
	ObjectRef
	mail string
}

// holderRef names a tenant object together with the source object it belongs to, if any.
func (p *plan) holderRef(t, owner int) (holder, error) {
	o, err := p.loadTenant(t)
	if err != nil {
		return holder{}, err
	}
	ref := holder{tenantRef(o), o.Get("mail").Str()}
	if owner >= 0 {
		other, err := p.subject(owner)
		if err != nil {
			return holder{}, err
		}
		ref.Address, ref.Anchor, ref.SourceDN = other.address, other.anchor, other.obj.DN
	}
	return ref, nil
}

// waitsFor reports whether the account's owner gives up its userPrincipalName in the same plan, so that the subject can have
// it afterwards, and notes the order. While rows are surveyed, an owner that may do so is taken to do so; settleNeeds corrects
// what comes out otherwise, so that the order of the survey does not matter.
func (s *subject) waitsFor(owner int) bool {
	if owner < 0 || s.v.flags&vNeedBlocked != 0 {
		return false
	}
	t := s.p.srcTable(owner)
	v := &s.p.verdicts[owner]
	if t.upnCol < 0 || v.target < 0 || v.flags&^vNeedBlocked != 0 || v.agreed {
		return false
	}
	if s.p.settled && v.outcome != outChange {
		return false
	}
	want := s.p.srcFP(owner)[t.columns[t.upnCol].col]
	if want == 0 || want == t.nilFP || want == s.p.tenMeta(int(v.target)).upn {
		return false
	}
	if s.v.need < 0 && !s.p.settled {
		s.v.need = int32(owner)
	}
	return s.v.need == int32(owner)
}

// settleNeeds blocks every row that waits for a blocked one, or in a circle: what it waits for will not be released.
func (p *plan) settleNeeds() {
	defer func() { p.settled = true }()
	for changed := true; changed; {
		changed = false
		for _, s := range p.needs {
			v := &p.verdicts[s]
			if v.flags&vNeedBlocked != 0 || v.need < 0 {
				continue
			}
			if p.verdicts[v.need].outcome != outChange || p.inCircle(s) {
				v.flags |= vNeedBlocked
				v.rival, v.need = v.need, -1
				v.outcome = outBlocked
				changed = true
			}
		}
	}
}

func (p *plan) inCircle(s int) bool {
	for n, at := 0, p.verdicts[s].need; at >= 0 && n <= len(p.needs); n, at = n+1, p.verdicts[at].need {
		if int(at) == s {
			return true
		}
	}
	return false
}

// depth is how many changes must come before row s.
func (p *plan) depth(s int) int {
	n := 0
	for at := p.verdicts[s].need; at >= 0 && n <= len(p.needs); at = p.verdicts[at].need {
		n++
	}
	return n
}
