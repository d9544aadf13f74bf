package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state"
)

// mappingOf is a short digest of each expression by which the objects of a scope and kind are mapped, by attribute.
func mappingOf(cfg *config.Config, scope string, kind state.Kind) map[string]string {
	digests := map[string]string{}
	for _, m := range cfg.Mappings {
		if m.Scope.Name != scope || m.Kind != kind {
			continue
		}
		for _, a := range m.Attributes {
			sum := sha256.Sum256([]byte(a.Expr.Source()))
			digests[a.Target.Name] = hex.EncodeToString(sum[:6])
		}
	}
	return digests
}

// lookAtMappings notes which attributes are mapped by other expressions than the last apply had, so that a change can say whether the
// mapping or the source is its reason. What an earlier version recorded says nothing about mappings.
func (r *Reading) lookAtMappings(ctx context.Context) error {
	last, err := r.run.Record.LastScopes(ctx)
	r.Settings.Remapped = map[config.Mapped]bool{}
	for _, s := range last {
		for name, digest := range mappingOf(r.Config, s.Scope, s.Kind) {
			if s.Mapping != nil && s.Mapping[name] != digest {
				r.Settings.Remapped[config.Mapped{Scope: s.Scope, Kind: s.Kind, Attribute: name}] = true
			}
		}
	}
	return err
}
