package providers_test

import (
	"slices"
	"testing"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// TestDescriptorsFitTheSchemas: what a descriptor calls an attribute, the tenant's schema has; and what it says about references and
// unique names is what the schema says.
func TestDescriptorsFitTheSchemas(t *testing.T) {
	for i, d := range state.Kinds {
		if d.Kind.Descriptor() != d {
			t.Errorf("%s is described twice", d.Kind)
		}
		if i > 0 && d.Phase < state.Kinds[i-1].Phase {
			t.Errorf("%s does not stand in the order of phases", d.Kind)
		}
		schema := providers.TenantSchema(d.Kind)
		names := append([]string{d.Anchor, d.UserName, d.Mail, d.Proxies, d.SignIn, d.Display, d.Nickname, d.Master, d.Trace}, d.Identity...)
		for _, u := range d.Unique {
			names = append(names, u.Attribute)
		}
		for _, r := range d.References {
			names = append(names, r.Attribute)
		}
		for _, name := range append(names, d.Sensitive...) {
			if name != "" && (schema == nil || schema.Lookup(name) == nil) {
				t.Errorf("%s: the tenant has no attribute %q", d.Kind, name)
			}
		}
		for _, r := range d.References {
			if schema.Lookup(r.Attribute).Type != state.TypeReference || r.Kind.Descriptor() == nil {
				t.Errorf("%s: %s is no reference to a kind", d.Kind, r.Attribute)
			}
		}
		if !slices.IsSorted(d.Sensitive) {
			t.Errorf("%s: what is sensitive is not sorted", d.Kind)
		}
		if d.Managed && (len(d.Match) == 0 || len(d.Leaving) == 0 || d.Write == "") {
			t.Errorf("%s is managed, and nothing says how", d.Kind)
		}
	}
	if state.Kind("robot").Descriptor() != nil {
		t.Error("a kind that nobody knows is described")
	}
}
