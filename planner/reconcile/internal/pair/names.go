package pair

import (
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// Names are name spaces in which no two objects may share a name, as a set.
type Names uint8

// NamesIn is the set of one space.
func NamesIn(space state.NameSpace) Names { return 1 << space }

// NameOf is the space in which a kind's attribute is an object's first name; the empty set if it is no such attribute,
// because two objects may share it, or because no change gives it up.
func NameOf(of *state.Descriptor, attribute string) Names {
	if name := of.UniqueName(attribute); name != nil && !name.Further {
		return NamesIn(name.Space)
	}
	return 0
}

// GivesUp reports whether source row s, which has a living account, is going to be called something else than name in
// one of the spaces.
func (p *Pairs) GivesUp(s int, names Names, name uint64) bool {
	t := p.Source.Table(s)
	want, have := t.FP(s), p.Tenant.FP(int(p.verdicts[s].Target))
	for space, i := range t.Names {
		if i < 0 || names&NamesIn(state.NameSpace(space)) == 0 {
			continue
		}
		if col := t.Columns[i].Col; have[col] == name && want[col] != 0 && want[col] != t.NilFP && want[col] != name {
			return !p.leaves(s, t.Layout.Cols[col].Name, have[col], want[col]) &&
				!p.keepsAddress(s, state.NameSpace(space))
		}
	}
	return false
}

// leaves reports whether the account of source row s keeps a name that somebody has given it in the tenant.
func (p *Pairs) leaves(s int, attribute string, have, want uint64) bool {
	v, policy := &p.verdicts[s], p.Source.Table(s).Policy
	if v.Link < 0 || v.Flags != 0 || policy == nil || policy.OnDrift != config.ReportDrift {
		return false
	}
	l, err := p.Links.Load(int(v.Link))
	if err != nil {
		return false // whoever decides about the row meets the error again
	}
	i := l.Shape.Index(attribute)
	if i < 0 {
		return false
	}
	prints, t := Prints{l.Fingerprints[i], have, want}, p.Source.Table(s)
	if attribute == t.Of.UserName {
		prints = prints.spelt(t, p.Tenant.Meta(int(v.Target)).NameCase, t.Meta(s).NameCase)
	}
	return policy.LeavesDrift(prints.Last, prints.Have, prints.Want)
}

// KeepsFallback reports whether source row s is linked to an account that goes by its fallback name already.
func (p *Pairs) KeepsFallback(s int) bool {
	v, t := &p.verdicts[s], p.Source.Table(s)
	i := t.Names[state.SignInNames]
	return t.FallsBack() && i >= 0 && t.Meta(s).Flags&table.SourceFallback != 0 && v.Link >= 0 && v.Target >= 0 &&
		v.Flags == 0 &&
		p.Tenant.Meta(int(v.Target)).Name == t.FP(s)[t.Columns[i].Col]
}
