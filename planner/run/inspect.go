package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
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
func (r *Reading) uses(s *config.Scope, kind state.Kind) (list []use) {
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
	for _, m := range r.Config.Mappings {
		if m.Scope != s || m.Kind != kind {
			continue
		}
		for _, a := range slices.Concat(m.Attributes, m.Initial) {
			add(a.Expr, a.Target.Name, a.Preset)
		}
	}
	if p := r.Config.Policy(s.Name, kind); p.Anchor == config.AnchorConsistencyGUID {
		list = append(list, use{name: p.Anchor, place: fmt.Sprintf("%s: anchor = %q", p.DeclaredAt, p.Anchor)})
	}
	return list
}

// checkNames refuses attributes that the configuration names and a server's schema does not have, before anything is read:
// an attribute that nobody has would look as if everybody's were empty.
func (r *Reading) checkNames(ctx context.Context) error {
	for _, p := range r.Config.AD {
		src, err := r.run.Directories.Source(ctx, p)
		if err != nil {
			return err
		}
		inspector := providers.InspectorOf(src)
		if inspector == nil {
			continue
		}
		places, names := r.namedIn(p)
		if len(names) == 0 {
			continue
		}
		unknown, err := inspector.UnknownNames(ctx, names)
		if errors.Is(err, providers.ErrNoSchema) {
			r.run.log().Warn("the directory's schema cannot be read, so names are not checked against it", "provider", p.Name)
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
func (r *Reading) namedIn(p *config.ADProvider) (places map[string][]string, names []string) {
	places = map[string][]string{}
	for _, s := range r.Config.Scopes {
		if s.Provider != p {
			continue
		}
		for _, kind := range s.Objects {
			for _, u := range r.uses(s, kind) {
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
		line := fmt.Sprintf("%s: the schema has no such attribute.", u.Name)
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

// checkReadable asks once per scope and kind what of the attributes that the rules read the account may not see. They come
// without a value, as if they had been emptied.
func (r *Reading) checkReadable(ctx context.Context) error {
	for _, s := range r.Config.Scopes {
		src, err := r.run.Directories.Source(ctx, s.Provider)
		if err != nil {
			return err
		}
		inspector := providers.InspectorOf(src)
		for _, kind := range s.Objects {
			if q := r.Query(s, kind); inspector != nil && len(q.Bases) > 0 {
				r.readable(ctx, inspector, s, q)
			}
		}
	}
	return ctx.Err()
}

// readable adds a finding about what a query will not show. That it cannot be told is no obstacle.
func (r *Reading) readable(ctx context.Context, inspector providers.SourceInspector, s *config.Scope, q providers.Query) {
	names := slices.Clone(config.MatchedBy)
	for _, u := range r.uses(s, q.Kind) {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, u.name) }) {
			names = append(names, u.name)
		}
	}
	unreadable, known, err := inspector.Unreadable(ctx, q, names)
	if err != nil || !known {
		r.run.log().Info("what the account may read cannot be told", "scope", s.Name, "kind", q.Kind, "error", err)
	}
	if len(unreadable) == 0 {
		return
	}
	schema := providers.ADSchema(q.Kind)
	// What every object has blocks each object that lacks it (DF110). Anything else would be taken for empty.
	missed := slices.ContainsFunc(unreadable, func(name string) bool {
		a := schema.Lookup(name)
		return a == nil || !a.Always
	})
	r.Settings.Findings = append(r.Settings.Findings, reconcile.UnreadableAttributes(s, q.Kind, unreadable, missed))
}
