package run

import (
	"context"
	"iter"
	"slices"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/run/internal/rights"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// newNeeds prepares to find out what rights changes take.
func (r *Reading) newNeeds(ctx context.Context) (*rights.Needs, error) {
	n := &rights.Needs{MayWrite: r.mayWrite}
	tenant, err := r.run.Directories.Tenant(ctx, r.Config.Entra)
	if err != nil {
		return nil, err
	}
	if i := providers.TenantInspectorOf(tenant); i != nil {
		n.Held, n.Known, err = i.Permissions(ctx)
	}
	return n, err
}

// mayWrite asks the server of a scope (the first one, if that is not declared any more) whether an attribute may be written. It is true where nobody tells.
func (r *Reading) mayWrite(ctx context.Context, scope, attribute string, guids []state.GUID) (bool, error) {
	provider := r.Config.AD[0]
	if i := slices.IndexFunc(r.Config.Scopes, func(s *config.Scope) bool { return s.Name == scope }); i >= 0 {
		provider = r.Config.Scopes[i].Provider
	}
	src, err := r.run.Directories.Source(ctx, provider)
	if err != nil {
		return false, err
	}
	inspector := providers.InspectorOf(src)
	if inspector == nil {
		return true, nil
	}
	return inspector.MayWrite(ctx, attribute, guids)
}

// lacksOf are the rights that are missing for some changes.
func (r *Reading) lacksOf(ctx context.Context, changes iter.Seq2[*state.Change, error]) ([]rights.Lack, error) {
	n, err := r.newNeeds(ctx)
	if err != nil {
		return nil, err
	}
	for c, err := range changes {
		if err != nil {
			return nil, err
		}
		n.Note(c)
	}
	return n.Lacks(ctx)
}
