package run

import (
	"context"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/run/internal/named"
)

// lookAtMappings notes which attributes are mapped by other expressions than the last apply had, so that a change can say whether the
// mapping or the source is its reason. What an earlier version recorded says nothing about mappings.
func (r *Reading) lookAtMappings(ctx context.Context) error {
	last, err := r.run.Record.LastScopes(ctx)
	r.Settings.Remapped = map[config.Mapped]bool{}
	for _, s := range last {
		for name, digest := range named.Mapping(r.Config, s.Scope, s.Kind) {
			if s.Mapping != nil && s.Mapping[name] != digest {
				r.Settings.Remapped[config.Mapped{Scope: s.Scope, Kind: s.Kind, Attribute: name}] = true
			}
		}
	}
	return err
}
