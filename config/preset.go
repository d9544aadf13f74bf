package config

import (
	"slices"

	"github.com/dirform/dirform/config/internal/preset"
	"github.com/dirform/dirform/state"
)

// addPreset adds the preset's attributes to a mapping, those in skip left out.
func (l *loader) addPreset(m *Mapping, skip []string) {
	schema := l.tenantSchema(m.Kind)
	if m.Kind != state.User {
		return
	}
	for _, a := range preset.Attributes() {
		if slices.Contains(skip, a.Name) {
			continue
		}
		target := &state.Attribute{Name: a.Name}
		if schema == nil {
			target = preset.Schemaless(a.Name)
		} else if target = schema.Lookup(a.Name); target == nil {
			continue
		}
		m.Attributes = append(m.Attributes, &AttributeMapping{
			Target: target, Preset: true, DeclaredAt: "preset default", Expr: l.compile(a, target, m.Kind, true),
		})
	}
	sortMappings(m)
}
