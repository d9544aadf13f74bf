package reconcile

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/offlimits"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/stopped"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// Held is what a plan knows of an account to which something is to be done that no rule asks for.
type Held struct {
	Account *Account
	Address string             // of its source object if that is in scope, else one of the account's own
	Ref     planner.ObjectRef  // for findings
	Against []*planner.Finding // what stands against the change, as it would against one that the rules ask for
	Off     string             // why the source does not speak for its sign-in, "" if it does
	Aimed   bool               // --target and --exclude leave the change in the plan
}

// Held is the account that a change is about, by its TargetID, with what stands against the change. recorded is the anchor under
// which the pair is recorded, "" for none. It is nil if the tenant has the account no more.
func (v *View) Held(c *state.Change, recorded string) (h *Held, err error) {
	id, s := v.s.Hash.ID(strings.ToLower(c.TargetID)), v.s
	row := s.Tenant.ByID.First(id)
	var o *table.Account
	if row >= 0 {
		o, err = s.Tenant.Load(row)
	} else if d := s.Bin.ByID.First(id); d >= 0 {
		o, err = s.Bin.Load(d)
	}
	if err != nil || o == nil {
		return nil, err
	}
	h = &Held{Account: s.account(o, row), Address: pair.Address(c.Kind, c.Scope, table.Readable(o)), Ref: table.Ref(o)}
	var x *pair.Case
	if owner := s.SourceAnchored(s.Hash.Anchor(c.Anchor)); owner >= 0 {
		if x, err = s.Case(owner); err != nil {
			return nil, err
		}
		h.Address = x.Address
	}
	guid, _ := state.ParseGUID(c.SourceGUID)
	h.Off = stopped.WhyOff(o.Of, x, s.set.Whereabouts[guid])
	h.Ref.Address, h.Ref.Anchor, h.Aimed = h.Address, c.Anchor, s.Selected(h.Address)
	a := offlimits.Attempt{Account: o, Row: row, Policy: s.set.Rules.Policy(c.Scope, c.Kind), Action: c.Action, Attrs: c.Attributes,
		Recorded: recorded, Leaving: c.Action == state.ActionDelete || c.Action == state.ActionUnlink, Undone: true}
	if f := s.Against(a); f != nil {
		if !slices.ContainsFunc(f.Objects, func(r planner.ObjectRef) bool { return r.TargetID == h.Ref.TargetID }) {
			f.Objects = append(f.Objects, h.Ref)
		}
		h.Against = append(h.Against, f)
	}
	return h, nil
}

// LeavesNone tells which of the changes that undo a run take administrators out of service, if all of them together leave the tenant
// none; f says so.
func (v *View) LeavesNone(changes []*state.Change) (those []*state.Change, f *planner.Finding) {
	return v.s.LeavesNone(changes)
}

// Selects reports whether --target and --exclude leave an address in the plan; no target has one that is "".
func (v *View) Selects(address string) bool { return v.s.Selected(address) }

// Unaimed are the --target and --exclude addresses that nothing asked about so far has.
func (v *View) Unaimed() []string { return v.s.Unaimed() }

// Lives reports whether the tenant has a living account with an id.
func (v *View) Lives(id string) bool {
	return v.s.Tenant.ByID.First(v.s.Hash.ID(strings.ToLower(id))) >= 0
}

// Carries is the id of the living account that carries an anchor, "" if none does.
func (v *View) Carries(anchor string) (string, error) {
	return v.idOf(v.s.Tenant.ByAnchor.First(v.s.Hash.Anchor(anchor)))
}

// idOf is the id of the account in a tenant row, "" for none.
func (v *View) idOf(row int) (id string, err error) {
	if row >= 0 {
		var o *table.Account
		if o, err = v.s.Tenant.Load(row); err == nil {
			id = o.ID
		}
	}
	return id, err
}

// HasName is the id of the living account that has a name in a space, be it its first or a further one; "" if none has.
func (v *View) HasName(space state.NameSpace, name string) (id string, err error) {
	v.s.Tenant.Named(space, v.s.Hash.Address(state.String(name)), func(row int, _ bool) { id, err = v.idOf(row) })
	return id, err
}
