package run

import (
	"context"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
)

// leaverShape is what is asked of objects that left their scopes: nothing but where they are.
var leaverShape = state.NewShape("objectGUID")

// locate looks for the source objects that left their scopes since the last apply, wherever they are in the domains, so that the plan
// can tell somebody who moved from somebody who is gone. Without leavers nothing is asked.
func (r *Reading) locate(ctx context.Context, b *reconcile.Builder) error {
	leavers, err := b.Leavers()
	if err != nil || len(leavers) == 0 {
		return err
	}
	byKind := map[state.Kind][]state.GUID{}
	scopeOf := map[state.GUID]string{}
	for _, l := range leavers {
		byKind[l.Kind] = append(byKind[l.Kind], l.GUID)
		scopeOf[l.GUID] = l.Scope
	}
	whereabouts := map[state.GUID]state.ReasonCode{}
	for _, p := range r.Config.AD {
		src, err := r.run.Directories.Source(ctx, p)
		if err != nil {
			return err
		}
		for kind, guids := range byKind {
			for o, err := range src.Lookup(ctx, kind, guids, leaverShape) {
				if err != nil {
					return err
				}
				whereabouts[o.GUID] = r.whereabouts(p, scopeOf[o.GUID], o.DN)
			}
		}
	}
	b.Locate(whereabouts)
	return nil
}

// whereabouts says why a scope of a provider does not have an object that lies at a name: it moved out of the scope's containers, or
// it is still there, and the filter or the condition leaves it out.
func (r *Reading) whereabouts(p *config.ADProvider, scope, name string) state.ReasonCode {
	within := func(ou planner.OUSeen) bool { return ou.DN != "" && dn.Within(name, ou.DN) }
	for _, s := range r.Config.Scopes {
		if s.Name != scope || s.Provider != p {
			continue
		}
		in := false
		for _, ou := range r.Settings.OUs[scope] {
			switch {
			case !within(ou):
			case ou.Exclude:
				return state.BecauseMoved
			default:
				in = true
			}
		}
		if in {
			return state.BecauseFiltered
		}
	}
	return state.BecauseMoved
}
