package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/config/internal/source"
)

// decodeLocals computes the local values, each after those that it refers to.
func (l *loader) decodeLocals() {
	attrs := map[string]*hclsyntax.Attribute{}
	for _, b := range l.byType["locals"] {
		for _, in := range b.Body.Blocks {
			l.fail(&in.TypeRange, "Unknown block", "A locals block holds NAME = VALUE lines and no blocks.")
		}
		for _, a := range source.Attributes(b.Body) {
			if f := attrs[a.Name]; f != nil {
				l.duplicate(&a.NameRange, "The local value "+a.Name, f.NameRange)
				continue
			}
			attrs[a.Name] = a
		}
	}
	r := &localResolver{l: l, attrs: attrs, values: map[string]cty.Value{}, busy: map[string]bool{}}
	for name := range attrs { // types of what isn't computed yet, so that references can be told from mistakes
		r.values[name] = cty.DynamicVal
	}
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		r.resolve(name, nil)
	}
	l.vars["local"] = cty.ObjectVal(r.values)
}

// localResolver computes local values depth first.
type localResolver struct {
	l      *loader
	attrs  map[string]*hclsyntax.Attribute
	values map[string]cty.Value
	busy   map[string]bool // true while being computed, false when done
}

func (r *localResolver) resolve(name string, path []string) {
	busy, seen := r.busy[name]
	if seen && !busy {
		return
	}
	a := r.attrs[name]
	if busy {
		cycle := append(path[slices.Index(path, name):], name)
		r.l.fail(&a.NameRange, "Local values in a circle", "local.%s refers to itself: %s. Break the circle.", name, strings.Join(cycle, " -> "))
		return
	}
	r.busy[name] = true
	for _, t := range a.Expr.Variables() {
		if t.RootName() != "local" || len(t) < 2 {
			continue
		}
		if step, ok := t[1].(hcl.TraverseAttr); ok && r.attrs[step.Name] != nil {
			r.resolve(step.Name, append(path, name))
		}
	}
	r.busy[name] = false
	r.l.vars["local"] = cty.ObjectVal(r.values)
	r.l.secrets.Local(name, a.Expr)
	if v, ok := r.l.eval(a.Expr); ok {
		r.values[name] = v
	}
}
