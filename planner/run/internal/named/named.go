// Package named holds the names of attributes in a configuration against what servers know.
package named

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/visible"
)

// use is a place in the configuration that needs an attribute of the source.
type use struct {
	name  string // the attribute, as the place spells it
	place string // file:line and what stands there
	// preset says that the preset alone names it: then it may well be missing in a forest.
	preset bool
}

// expression is what is asked of a compiled one here.
type expression interface {
	Attributes() []string
	Source() string
	DeclaredAt() string
}

// uses are the places of a scope and a kind that need attributes of the source.
func uses(cfg *config.Config, s *config.Scope, kind state.Kind) (list []use) {
	add := func(p expression, what string, preset bool) {
		for _, name := range p.Attributes() {
			list = append(list, use{name, p.DeclaredAt() + ": " + what + " = " + p.Source(), preset})
		}
	}
	if s.Where != nil {
		add(s.Where, "where", false)
	}
	for _, name := range s.FilterNames {
		list = append(list, use{name: name, place: fmt.Sprintf("%s: filter = %q", s.DeclaredAt, s.Filter)})
	}
	for _, m := range cfg.Mappings {
		if m.Scope != s || m.Kind != kind {
			continue
		}
		for _, a := range slices.Concat(m.Attributes, m.Initial) {
			add(a.Expr, a.Target.Name, a.Preset)
		}
	}
	if p := cfg.Policy(s.Name, kind); p.Anchor == config.AnchorConsistencyGUID {
		list = append(list, use{name: p.Anchor, place: fmt.Sprintf("%s: anchor = %q", p.DeclaredAt, p.Anchor)})
	}
	return list
}

// Check refuses attributes that the configuration names and a server's schema does not have, before anything is read:
// an attribute that nobody has would look as if everybody's were empty.
//
// A server whose schema cannot be read is told to warn, by the name of its provider block.
func Check(ctx context.Context, cfg *config.Config, open func(context.Context, *config.ADProvider) (providers.SourceReader, error),
	warn func(provider string)) error {
	for _, p := range cfg.AD {
		src, err := open(ctx, p)
		if err != nil {
			return err
		}
		inspector := providers.InspectorOf(src)
		if inspector == nil {
			continue
		}
		places, names := namedIn(cfg, p)
		if len(names) == 0 {
			continue
		}
		unknown, err := inspector.UnknownNames(ctx, names)
		if errors.Is(err, providers.ErrNoSchema) {
			warn(p.Name)
			continue
		}
		if err != nil {
			return err
		}
		if len(unknown) > 0 {
			return unknownNames(p, unknown, places)
		}
	}
	return nil
}

// namedIn are the attributes that people name for the scopes of a provider, in the order of the configuration and each once,
// with the places by name in lower case.
func namedIn(cfg *config.Config, p *config.ADProvider) (places map[string][]string, names []string) {
	places = map[string][]string{}
	for _, s := range cfg.Scopes {
		if s.Provider != p {
			continue
		}
		for _, kind := range s.Objects {
			for _, u := range uses(cfg, s, kind) {
				if u.preset {
					continue
				}
				key := strings.ToLower(u.name)
				if places[key] == nil {
					names = append(names, u.name)
				}
				if !slices.Contains(places[key], u.place) {
					places[key] = append(places[key], u.place)
				}
			}
		}
	}
	return places, names
}

func unknownNames(p *config.ADProvider, unknown []providers.UnknownName, places map[string][]string) error {
	var lines []string
	for _, u := range unknown {
		line := visible.Sprintf("%s: the schema has no such attribute.", u.Name)
		if u.Near != "" {
			line += fmt.Sprintf(" Did you mean %q?", u.Near)
		}
		lines = append(lines, line)
		for _, place := range places[strings.ToLower(u.Name)] {
			lines = append(lines, "  "+place)
		}
	}
	return &fault.Error{Summary: "The configuration names attributes that the directory does not have",
		Detail: fmt.Sprintf("provider \"ad\" %q (%s)\n%s", p.Name, p.DeclaredAt, strings.Join(lines, "\n")),
		Hint:   "Correct the names, or extend the forest's schema first. An attribute that nobody has would look as if everybody's were empty."}
}

// Read are the attributes of the source that the rules of a scope and kind read, each once, whatever names them.
func Read(cfg *config.Config, s *config.Scope, kind state.Kind) []string {
	names := slices.Clone(config.MatchedBy)
	for _, u := range uses(cfg, s, kind) {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, u.name) }) {
			names = append(names, u.name)
		}
	}
	return names
}
