package judge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// checkUnique looks for other holders of the names the object is about to take.
func (d *draft) checkUnique() error {
	var n *asked // most changes are about no names
	for i, attrs := range [...][]state.AttributeChange{d.attrs, d.comesBackWith()} {
		for _, c := range attrs {
			if c.After.IsNull() || c.Name != "userPrincipalName" && c.Name != "mail" && c.Name != "proxyAddresses" {
				continue
			}
			if n == nil {
				n = &asked{draft: d}
			}
			n.AttributeChange, n.name, n.former = c, d.j.Hash.Address(c.After), i == 1
			if err := n.check(); err != nil {
				return err
			}
		}
	}
	return nil
}

// comesBackWith are the names with which an account leaves the recycle bin, before anything is changed about it: the service
// refuses to restore an account whose names somebody else has by now.
func (d *draft) comesBackWith() (names []state.AttributeChange) {
	if d.Live == nil || !d.InBin() {
		return nil
	}
	for _, name := range [...]string{"userPrincipalName", "mail"} {
		if v := d.Live.Get(name); !v.IsEmpty() {
			names = append(names, state.AttributeChange{Name: name, After: v})
		}
	}
	for _, proxy := range d.Live.Get("proxyAddresses").List() {
		if a, ok := table.SMTPAddress(proxy); ok && !strings.EqualFold(a, d.Live.Get("mail").Str()) {
			names = append(names, state.AttributeChange{Name: "proxyAddresses", After: state.String(a)})
		}
	}
	return names
}

// asked is a name that an object asks for.
type asked struct {
	*draft
	state.AttributeChange
	name   uint64 // fingerprint of After
	former bool   // it is what a deleted account would come back with
}

// check finds who else has the name in the tenant, or wants it at the source.
func (n *asked) check() error {
	holding, wanting := n.holding()
	rivals, err := n.rivals(wanting)
	if err != nil {
		return err
	}
	var holders []words.Holder
	for _, t := range holding {
		owner := n.j.Owner(t)
		h, err := n.j.holder(t, n.AttributeChange)
		switch {
		case err != nil:
			return err
		case n.waitsFor(owner, n.Name, n.name):
			if pair.NameOf(n.Name) == pair.NameMail {
				n.report(words.KeepsAddress(n.After.Str(), h), h.ObjectRef)
			}
		case h.How == words.Blocked && n.j.states[owner].stuck && n.blocked():
			// It only waits for this object, which is blocked for a reason of its own.
		default:
			holders = append(holders, h)
		}
		rivals = slices.DeleteFunc(rivals, func(r int) bool { return r == owner })
	}
	for _, r := range rivals {
		other, err := n.j.Case(r)
		if err != nil {
			return err
		}
		holders = append(holders, words.Holder{ObjectRef: other.Ref(), How: words.Wants})
	}
	buried, err := n.buried()
	if err != nil {
		return err
	}
	if holders = append(holders, buried...); len(holders) > 0 {
		n.tell(holders)
	}
	return nil
}

// holding are the tenant rows that have the name, other than the object's account, and the index of who wants such a name.
func (n *asked) holding() (holding []int, wanting *rows.Index) {
	tenant := &n.j.Tenant
	add := func(t int) {
		if t != n.LiveRow && !slices.Contains(holding, t) {
			holding = append(holding, t)
		}
	}
	if n.Name == "userPrincipalName" {
		tenant.ByUPN.Each(n.name, add)
		return holding, n.j.Source.WantUPN
	}
	tenant.ByAddress.Each(n.name, func(i int) { add(tenant.AddressRow(i)) })
	return holding, n.j.Source.WantMail
}

// rivals are the other source rows that want the name, or whose accounts come back with it.
func (n *asked) rivals(source *rows.Index) (list []int, err error) {
	source.Each(n.name, func(i int) {
		if i != n.Row {
			list = append(list, i)
		}
	})
	if !n.InBin() {
		return list, nil
	}
	others, err := n.j.restoredWith(n.name)
	if err != nil {
		return nil, err
	}
	for _, i := range others {
		if i != n.Row && !slices.Contains(list, i) {
			list = append(list, i)
		}
	}
	return list, nil
}

// tell reports the holders of the name.
func (n *asked) tell(holders []words.Holder) {
	slices.SortFunc(holders, func(a, b words.Holder) int {
		return cmp.Or(strings.Compare(a.Anchor+"|"+a.TargetID, b.Anchor+"|"+b.TargetID), strings.Compare(a.SourceDN, b.SourceDN))
	})
	var refs []planner.ObjectRef
	for _, h := range holders {
		refs = append(refs, h.ObjectRef)
	}
	if n.former {
		n.report(words.FormerNameInUse(n.Name, n.After.Str(), holders, n.Table.Policy), refs...)
		return
	}
	n.report(words.AddressInUse(n.Name, n.After.Str(), holders, n.Linked()), refs...)
}

// buried are the deleted accounts that have the name. Their userPrincipalNames are free at once (the service renames deleted users),
// so such a one is only worth a warning: perhaps it is the same person. Whether their mail and proxyAddresses are free is not
// documented, and sync engines do run into deleted objects; the plan takes them as taken, unless the policy's deleted = "create"
// says that deleted accounts are nobody's concern.
func (n *asked) buried() (found []words.Holder, err error) {
	if n.Table.Policy.Deleted == "create" || n.InBin() {
		return nil, nil
	}
	upn := n.Name == "userPrincipalName"
	for _, d := range n.buriedRows(upn) {
		o, err := n.j.Bin.Load(d)
		if err != nil {
			return nil, err
		}
		h := words.Holder{ObjectRef: table.Ref(o), How: words.Deleted}
		if !upn {
			found = append(found, h)
		} else if n.Want("mail").IsNull() || !strings.EqualFold(o.Get("mail").Str(), n.Want("mail").Str()) {
			n.report(words.HadName(n.After.Str(), h), h.ObjectRef)
		}
	}
	return found, nil
}

// buriedRows are the rows of the recycle bin that matter for the name, in the order of their ids.
func (n *asked) buriedRows(upn bool) (rows []int) {
	bin := &n.j.Bin
	switch {
	case !upn:
		bin.ByAddress.Each(n.name, func(i int) {
			if d := bin.AddressRow(i); !slices.Contains(rows, d) {
				rows = append(rows, d)
			}
		})
	case n.Live == nil:
		bin.ByUPN.Each(n.name, func(d int) {
			if _, comesBack := n.j.RestoredFor(d); !comesBack {
				rows = append(rows, d)
			}
		})
	}
	slices.SortFunc(rows, func(a, b int) int { return cmp.Compare(bin.Meta(a).ID, bin.Meta(b).ID) })
	return rows
}

// holder names tenant row t, which has the name that c asks for, together with the source object it belongs to, if any.
func (j *Judge) holder(t int, c state.AttributeChange) (words.Holder, error) {
	o, err := j.Tenant.Load(t)
	if err != nil {
		return words.Holder{}, err
	}
	h := words.Holder{ObjectRef: table.Ref(o)}
	owner := j.Owner(t)
	gaveUp := func() bool { return j.GivesUp(owner, pair.NameOf(c.Name), j.Hash.Address(c.After)) }
	switch {
	case owner < 0 && j.settled && j.deletesLeaver(j.LinkOf(t)):
		h.How = words.Doomed
	case pair.NameOf(c.Name) == pair.NameMail && !strings.EqualFold(o.Get("mail").Str(), c.After.Str()):
		h.How = words.Alias
	case owner >= 0 && j.settled && j.states[owner].outcome == Blocked:
		h.How = words.Blocked
	case owner >= 0 && j.settled && j.states[owner].outcome == Ignored && gaveUp():
		h.How = words.LeftOut
	case owner < 0 && j.LinkOf(t) >= 0:
		h.How = words.OfLeaver
	}
	if owner >= 0 {
		other, err := j.Case(owner)
		if err != nil {
			return words.Holder{}, err
		}
		h.Address, h.Anchor, h.SourceDN = other.Address, other.Anchor, other.Object.DN
	}
	return h, nil
}

// deletesLeaver reports whether this plan deletes the account of link l, -1 for none, because its source object has left.
func (j *Judge) deletesLeaver(l int) bool {
	if l < 0 || j.LinkSource(l) >= 0 {
		return false
	}
	d, err := j.DecideLeaving(l)
	return err == nil && d.Change != nil && d.Change.Action == state.ActionDelete
}

// restoredWith are the source rows whose accounts come back from the recycle bin under a name: several may have had it in turn.
func (j *Judge) restoredWith(name uint64) ([]int, error) {
	if j.restored != nil {
		return j.restored[name], nil
	}
	j.restored = map[uint64][]int{}
	for i := range j.Source.Len() {
		v := j.Verdict(i)
		if !v.Is(pair.InBin) || v.Target < 0 {
			continue
		}
		o, err := j.Bin.Load(int(v.Target))
		if err != nil {
			return nil, err
		}
		for _, attribute := range [...]string{"userPrincipalName", "mail"} {
			if held := o.Get(attribute); !held.IsEmpty() {
				fp := j.Hash.Address(held)
				if !slices.Contains(j.restored[fp], i) {
					j.restored[fp] = append(j.restored[fp], i)
				}
			}
		}
	}
	return j.restored[name], nil
}
