package named

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state"
)

// Mapping is a short digest of each expression by which the objects of a scope and kind are mapped, by attribute.
func Mapping(cfg *config.Config, scope string, kind state.Kind) map[string]string {
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
