package run

import (
	"context"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state"
)

// guidsPerSearch is how many objects one search asks for.
const guidsPerSearch = 100

// InScope reads the source objects of changes that are in the change's scope now: below its OUs, let in by its filter and its
// condition. A change whose object is not, or whose scope is not declared, is not in the result.
func (r *Reading) InScope(ctx context.Context, changes []*state.Change) (map[*state.Change]*state.Object, error) {
	found := map[*state.Change]*state.Object{}
	for _, scope := range r.Config.Scopes {
		for _, kind := range scope.Objects {
			if err := r.inScope(ctx, scope, kind, changes, found); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

func (r *Reading) inScope(ctx context.Context, scope *config.Scope, kind state.Kind, changes []*state.Change, found map[*state.Change]*state.Object) error {
	src, err := r.run.Directories.Source(ctx, scope.Provider)
	if err != nil {
		return err
	}
	byGUID := map[state.GUID][]*state.Change{}
	search := func() error {
		if len(byGUID) == 0 {
			return nil
		}
		q := r.Query(scope, kind)
		for g := range byGUID {
			q.GUIDs = append(q.GUIDs, g)
		}
		for o, err := range src.Read(ctx, q) {
			if err != nil {
				return err
			}
			in, _ := scope.Has(o)
			own := o.Clone()
			for _, c := range byGUID[o.GUID] {
				if found[c] = own; !in {
					delete(found, c) // of an object that comes twice, the last copy counts
				}
			}
		}
		clear(byGUID)
		return nil
	}
	for _, c := range changes {
		if g, ok := state.ParseGUID(c.SourceGUID); ok && c.Scope == scope.Name && c.Kind == kind {
			byGUID[g] = append(byGUID[g], c)
		}
		if len(byGUID) == guidsPerSearch {
			if err := search(); err != nil {
				return err
			}
		}
	}
	return search()
}
