package pair

import (
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// Linkable are those of accounts that a link block may give the object: not those of guests, unless the policy allows it.
func (c *Case) Linkable(accounts []planner.ObjectRef) (list []planner.ObjectRef) {
	for _, ref := range accounts {
		if t := c.pairs.Tenant.ByID.First(c.pairs.Hash.ID(ref.TargetID)); t >= 0 {
			// An account that cannot be read back ends the plan where it is needed.
			if o, err := c.pairs.Tenant.Load(t); err == nil && o.Barred(c.Table.Policy) {
				continue
			}
		}
		list = append(list, ref)
	}
	return list
}

// FreeAccounts are the living accounts among refs to which the object could be linked.
func (c *Case) FreeAccounts(refs []planner.ObjectRef) (free []*table.Account, err error) {
	for _, ref := range c.Linkable(refs) {
		if ref.TargetID == "" || ref.Address != "" || ref.Kind != c.Table.Kind {
			continue
		}
		t := c.pairs.Tenant.ByID.First(c.pairs.Hash.ID(ref.TargetID))
		if t < 0 || !c.Free(t) {
			continue
		}
		o, err := c.pairs.Tenant.Load(t)
		if err != nil {
			return nil, err
		}
		free = append(free, o)
	}
	return free, nil
}

// PerhapsGuest is the first guest, by id, who has an address of an object without an account as a further one, or nil: most likely the
// person was a guest before.
func (c *Case) PerhapsGuest() (guest *table.Account, err error) {
	if c.Live != nil {
		return nil, nil
	}
	for _, space := range [...]state.NameSpace{state.MailAddresses, state.SignInNames} {
		name := c.WantName(space)
		if name.IsEmpty() {
			continue
		}
		for _, t := range c.pairs.Tenant.Guests(c.pairs.Hash.Address(name)) {
			o, err := c.pairs.Tenant.Load(t)
			if err != nil {
				return nil, err
			}
			if guest == nil || o.ID < guest.ID {
				guest = o
			}
		}
	}
	return guest, nil
}
