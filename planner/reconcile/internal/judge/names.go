package judge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// checkUnique looks for other holders of the names the object is about to take.
func (d *draft) checkUnique() error {
	var n *asked // most changes are about no names
	for i, attrs := range [...][]state.AttributeChange{d.attrs, d.comesBackWith()} {
		for _, c := range attrs {
			name := d.Table.Of.UniqueName(c.Name)
			if name == nil || c.After.IsNull() {
				continue
			}
			if n == nil {
				n = &asked{draft: d}
			}
			n.UniqueName, n.change, n.print, n.former = name, c, d.j.Hash.Address(c.After), i == 1
			if err := n.check(); err != nil {
				return err
			}
		}
	}
	return nil
}

// comesBackWith are the names with which an account leaves the recycle bin, before anything is changed about it: the
// service refuses to restore an account whose names somebody else has by now.
func (d *draft) comesBackWith() (names []state.AttributeChange) {
	if d.Live == nil || !d.InBin() {
		return nil
	}
	return d.Live.Names()
}

// asked is a name that an object asks for.
type asked struct {
	*draft
	*state.UniqueName
	change state.AttributeChange // After is the name
	print  uint64                // its fingerprint
	former bool                  // it is what a deleted account would come back with
}

// name is the name for people.
func (n *asked) name() words.Name {
	return words.Name{UniqueName: n.UniqueName, Value: n.change.After.Str(), Policy: n.Table.Policy}
}

// check finds who else has the name in the tenant, or wants it at the source.
func (n *asked) check() error {
	rivals, more, err := n.rivals()
	if err != nil {
		return err
	}
	var holders []words.Holder
	for _, t := range n.holding() {
		owner := n.j.Owner(t)
		h, err := n.j.holder(t, n.Table.Of, n.change)
		switch {
		case err != nil:
			return err
		case n.waitsFor(owner, n.Attribute, n.print):
			if n.Table.Of.Further(n.Space) != nil {
				n.report(words.KeepsAddress(n.name(), h), h.ObjectRef)
			}
		case h.How == words.Blocked && n.j.states[owner].stuck && n.blocked():
			// It only waits for this object, which is blocked for a reason of its own.
		default:
			holders = append(holders, h)
		}
		if more > 0 && n.wanting().all[owner] && !slices.Contains(rivals, owner) {
			more--
		}
		rivals = slices.DeleteFunc(rivals, func(r int) bool { return r == owner })
	}
	for _, r := range rivals {
		h, err := n.wants(r)
		if err != nil {
			return err
		}
		holders = append(holders, h)
	}
	if more > 0 {
		holders = append(holders, words.Holder{How: words.MoreWant, Of: n.Table.Of, N: more})
	}
	deleted, err := n.deleted()
	if err != nil {
		return err
	}
	if holders = append(holders, deleted...); len(holders) > 0 {
		n.tell(holders)
	}
	return nil
}

// holding are the tenant rows that have the name, other than the object's account.
func (n *asked) holding() (rows []int) {
	n.j.Tenant.Named(n.Space, n.print, func(t int, _ bool) {
		if t != n.LiveRow && !slices.Contains(rows, t) {
			rows = append(rows, t)
		}
	})
	return rows
}

// named is how many of the source objects that want one name a finding names. When a mapping gives everybody the same address, each
// of them stands in the way of all others.
const named = 20

// crowd is what is known of a name that more source objects want than are named: the first of them by GUID, and how many there are.
type crowd struct {
	first []int
	size  int
	// nil if no more than the first want it
	all   map[int]bool
	named map[int]words.Holder // those that were looked at
}

// wanting are the source rows that want the name, the object's own among them: all, or the first of many.
func (n *asked) wanting() crowd {
	key := crowdKey{n.Space, n.print}
	if c, known := n.j.crowds[key]; known {
		return c
	}
	var c crowd
	n.j.Source.Wanting(n.Space, n.print, func(i int) { c.first = append(c.first, i) })
	if c.size = len(c.first); c.size > named+1 {
		c.all, c.named = make(map[int]bool, c.size), map[int]words.Holder{}
		for _, i := range c.first {
			c.all[i] = true
		}
		slices.SortFunc(c.first, n.j.Source.CompareGUID)
		c.first = slices.Clone(c.first[:named+1])
		n.j.crowds[key] = c
	}
	return c
}

// wants is another source row as one that wants the name. Of a crowd, each is looked at once.
func (n *asked) wants(row int) (words.Holder, error) {
	c := n.wanting()
	if h, known := c.named[row]; known {
		return h, nil
	}
	other, err := n.j.Case(row)
	if err != nil {
		return words.Holder{}, err
	}
	h := words.Holder{ObjectRef: other.Ref(), How: words.Wants, Of: other.Table.Of}
	if c.named != nil {
		c.named[row] = h
	}
	return h, nil
}

// rivals are the other source rows that want the name, or whose accounts come back with it; more counts those that are not listed.
func (n *asked) rivals() (list []int, more int, err error) {
	c := n.wanting()
	for _, i := range c.first {
		if i != n.Row {
			list = append(list, i)
		}
	}
	if c.size > named+1 {
		list, more = list[:named], c.size-1-named
	}
	if !n.InBin() {
		return list, more, nil
	}
	others, err := n.j.restoredWith(n.print)
	if err != nil {
		return nil, 0, err
	}
	for _, i := range others {
		if i != n.Row && !slices.Contains(list, i) {
			list = append(list, i)
		}
	}
	return list, more, nil
}

// tell reports the holders of the name.
func (n *asked) tell(holders []words.Holder) {
	slices.SortFunc(holders, func(a, b words.Holder) int {
		if a.How != b.How && (a.How == words.MoreWant || b.How == words.MoreWant) { // what is not named comes last
			return cmp.Compare(a.N, b.N)
		}
		return cmp.Or(strings.Compare(a.Anchor+"|"+a.TargetID, b.Anchor+"|"+b.TargetID),
			strings.Compare(a.SourceDN, b.SourceDN))
	})
	var refs []planner.ObjectRef
	for _, h := range holders {
		if h.How != words.MoreWant {
			refs = append(refs, h.ObjectRef)
		}
	}
	if n.former {
		n.report(words.FormerNameInUse(n.name(), holders), refs...)
		return
	}
	n.report(words.InUse(n.name(), holders, n.Linked()), refs...)
}

// deleted are the deleted accounts that have the name. Where the service frees it at once (it renames deleted users),
// such a one is only worth a warning: perhaps it is the same person. Whether their addresses are free is not
// documented, and sync engines do run into deleted objects; the plan takes them as taken, unless the policy's deleted =
// "create" says that deleted accounts are nobody's concern.
func (n *asked) deleted() (found []words.Holder, err error) {
	if n.Table.Policy.Deleted == "create" || n.InBin() {
		return nil, nil
	}
	for _, d := range n.deletedRows() {
		o, err := n.j.Bin.Load(d)
		if err != nil {
			return nil, err
		}
		h := words.HolderOf(o, words.Deleted)
		if !n.Freed {
			found = append(found, h)
		} else if mail := n.WantName(state.MailAddresses); mail.IsNull() || !strings.EqualFold(o.Mail(), mail.Str()) {
			n.report(words.HadName(n.name(), h), h.ObjectRef)
		}
	}
	return found, nil
}

// deletedRows are the rows of the recycle bin that matter for the name, in the order of their ids.
func (n *asked) deletedRows() (rows []int) {
	if n.Freed && n.Live != nil {
		return nil
	}
	bin := &n.j.Bin
	bin.Named(n.Space, n.print, func(d int, _ bool) {
		if _, comesBack := n.j.RestoredFor(d); !slices.Contains(rows, d) && !(n.Freed && comesBack) {
			rows = append(rows, d)
		}
	})
	slices.SortFunc(rows, func(a, b int) int { return cmp.Compare(bin.Meta(a).ID, bin.Meta(b).ID) })
	return rows
}

// holder names tenant row t, which has the name that c asks for an object of a kind, together with the source object it
// belongs to, if any.
func (j *Judge) holder(t int, of *state.Descriptor, c state.AttributeChange) (words.Holder, error) {
	o, err := j.Tenant.Load(t)
	if err != nil {
		return words.Holder{}, err
	}
	h := words.HolderOf(o, words.Has)
	owner, names := j.Owner(t), pair.NameOf(of, c.Name)
	gaveUp := func() bool { return j.GivesUp(owner, names, j.Hash.Address(c.After)) }
	switch {
	case owner < 0 && j.settled && j.deletesLeaver(j.LinkOf(t)):
		h.How = words.Doomed
	case names&pair.NamesIn(state.MailAddresses) != 0 && !strings.EqualFold(o.Mail(), c.After.Str()):
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

// deletesLeaver reports whether this plan deletes the account of link l, -1 for none, because its source object has
// left.
func (j *Judge) deletesLeaver(l int) bool {
	if l < 0 || j.LinkSource(l) >= 0 {
		return false
	}
	d, err := j.DecideLeaving(l)
	return err == nil && d.Change != nil && d.Change.Action == state.ActionDelete
}

// restoredWith are the source rows whose accounts come back from the recycle bin under a name: several may have had it
// in turn.
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
		for _, held := range o.Names() {
			if pair.NameOf(o.Of, held.Name) == 0 {
				continue
			}
			if fp := j.Hash.Address(held.After); !slices.Contains(j.restored[fp], i) {
				j.restored[fp] = append(j.restored[fp], i)
			}
		}
	}
	return j.restored[name], nil
}

// crowdKey is a name that many want.
type crowdKey struct {
	space state.NameSpace
	print uint64
}
