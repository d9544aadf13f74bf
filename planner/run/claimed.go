package run

import (
	"context"
	"slices"

	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/state"
)

// findClaimed looks for the source objects to which accounts belong that link blocks give to others, so that no block
// takes the account of an object that lives, be it in no scope. Without such blocks nothing is asked.
func (r *Reading) findClaimed(ctx context.Context, b *reconcile.Builder) error {
	claimed, err := b.Claimed()
	if err != nil || len(claimed) == 0 {
		return err
	}
	byKind, by := map[state.Kind][]state.GUID{}, map[string][]state.GUID{}
	for _, c := range claimed {
		if g, ok := anchorGUID(c.Anchor); ok {
			byKind[c.Kind] = append(byKind[c.Kind], g)
			by[c.Anchor] = append(by[c.Anchor], c.By)
		}
	}
	alive := map[string]string{}
	for _, p := range r.Config.AD {
		src, err := r.run.Directories.Source(ctx, p)
		if err != nil {
			return err
		}
		for kind, guids := range byKind {
			err := r.owners(ctx, src, kind, guids, true, func(anchor string, o *state.Object) {
				another := slices.ContainsFunc(by[anchor], func(g state.GUID) bool { return g != o.GUID })
				if another && (alive[anchor] == "" || o.DN < alive[anchor]) {
					alive[anchor] = o.DN
				}
			})
			if err != nil {
				return err
			}
		}
	}
	b.Alive(alive)
	return nil
}
