package run

import (
	"context"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/planner/run/internal/scoped"
	"github.com/dirform/dirform/state"
)

// locate looks for the source objects that left their scopes since the last apply, wherever they are in the domains, so that the plan
// can tell somebody who moved or was deleted from somebody who is not to be found, and whom the source has switched off besides.
// Without leavers nothing is asked.
func (r *Reading) locate(ctx context.Context, b *reconcile.Builder) error {
	leavers, err := b.Leavers()
	if err != nil || len(leavers) == 0 {
		return err
	}
	found := map[state.GUID]reconcile.Whereabouts{}
	if err := r.locateLiving(ctx, b, leavers, found); err != nil {
		return err
	}
	if err := r.locateDeleted(ctx, b, leavers, found); err != nil {
		return err
	}
	if !r.moved { // or they may live in a domain that nobody has asked
		for _, l := range leavers {
			if found[l.GUID].Code == "" {
				found[l.GUID] = reconcile.Whereabouts{Code: state.BecauseNotFound}
			}
		}
	}
	b.Locate(found)
	return nil
}

// locateLiving notes in found where leavers live, asking each domain for all of a kind.
func (r *Reading) locateLiving(ctx context.Context, b *reconcile.Builder, leavers []reconcile.Leaver,
	found map[state.GUID]reconcile.Whereabouts) error {
	byKind, of := map[state.Kind][]state.GUID{}, map[state.GUID]reconcile.Leaver{}
	for _, l := range leavers {
		byKind[l.Kind] = append(byKind[l.Kind], l.GUID)
		of[l.GUID] = l
	}
	for _, p := range r.Config.AD {
		src, err := r.run.Directories.Source(ctx, p)
		if err != nil {
			return err
		}
		for kind, guids := range byKind {
			shape := r.Config.SourceShapes[kind]
			if shape == nil { // of a kind that no scope has any more, it matters only where they are
				shape = state.NewShape("objectGUID")
			}
			for o, err := range src.Lookup(ctx, kind, guids, shape) {
				if err != nil {
					return err
				}
				where := r.reasonFor(p, of[o.GUID], o.DN)
				where.Off = b.SwitchedOff(of[o.GUID], o)
				found[o.GUID] = where
			}
		}
	}
	return nil
}

// reasonFor says why a leaver is in no scope that lives under a name. Somebody whom nothing leaves out is as good as
// not found: that the server did not count the object among its scope's then says more about what the account may
// read than about the object.
func (r *Reading) reasonFor(p *config.ADProvider, l reconcile.Leaver, name string) reconcile.Whereabouts {
	where := reconcile.Whereabouts{DN: name, In: p}
	var by *config.Scope
	if where.Code, by = r.whereabouts(p, l.Scope, name); by != nil {
		where.By, where.At = "exclude", by.DeclaredAt
	}
	if where.Code != state.BecauseFiltered {
		return where
	}
	for _, s := range r.Config.Scopes {
		if by := scoped.LeavesOut(s, l.Kind); s.Name == l.Scope && by != "" {
			where.By, where.At = by, s.DeclaredAt
			return where
		}
	}
	where.Code = state.BecauseNotFound
	return where
}

// locateDeleted notes in found which of the leavers that live nowhere were deleted. Where the account may not see
// deleted objects it says so, once for each domain.
func (r *Reading) locateDeleted(ctx context.Context, b *reconcile.Builder, leavers []reconcile.Leaver,
	found map[state.GUID]reconcile.Whereabouts) error {
	var open []state.GUID
	for _, l := range leavers {
		if found[l.GUID].Code == "" {
			open = append(open, l.GUID)
		}
	}
	if len(open) == 0 {
		return nil
	}
	for _, p := range r.Config.AD {
		src, err := r.run.Directories.Source(ctx, p)
		if err != nil {
			return err
		}
		deleted, shown, err := src.Deleted(ctx, open)
		if err != nil {
			return err
		}
		for _, g := range deleted {
			found[g] = reconcile.Whereabouts{Code: state.BecauseGone, In: p}
		}
		if !shown {
			domain, err := src.Domain(ctx)
			if err != nil {
				return err
			}
			b.Warn(reconcile.DeletedUnseen(domain, len(open)))
		}
	}
	return nil
}

// whereabouts says why a scope of a provider does not have an object that lies at a name: it moved out of the scope's containers, or
// it is still there, and the filter or the condition leaves it out. In a container that an exclude leaves out, by tells which
// scope's: the object may have lain there before the exclude was written, which the record does not know.
func (r *Reading) whereabouts(p *config.ADProvider, scope, name string) (code state.ReasonCode, by *config.Scope) {
	for _, s := range r.Config.Scopes {
		if s.Name != scope || s.Provider != p {
			continue
		}
		if ou, ok := planner.NearestOU(r.Settings.OUs[scope], name); ok && ou.Exclude {
			return state.BecauseMoved, s
		} else if ok {
			return state.BecauseFiltered, nil
		}
	}
	return state.BecauseMoved, nil
}
