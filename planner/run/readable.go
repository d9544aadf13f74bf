package run

import (
	"context"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/system"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/planner/run/internal/named"
	"github.com/dirform/dirform/providers"
)

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
	names := named.Read(r.Config, s, q.Kind)
	unreadable, known, err := inspector.Unreadable(ctx, q, append(slices.Clone(names), tellers(s)...))
	if err != nil || !known {
		r.run.log().Info("what the account may read cannot be told", "scope", s.Name, "kind", q.Kind, "error", err)
	}
	if told := among(unreadable, tellers(s)); len(told) > 0 {
		r.Settings.Findings = append(r.Settings.Findings, reconcile.SystemUntold(s, q.Kind, told))
	}
	if unreadable = among(unreadable, names); len(unreadable) == 0 {
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

// tellers are the attributes by which a scope tells system objects.
func tellers(s *config.Scope) []string {
	if s.SystemObjects {
		return nil
	}
	return system.Attributes()
}

// among are the names that a list has, whatever their case.
func among(names, list []string) (found []string) {
	for _, name := range names {
		if slices.ContainsFunc(list, func(n string) bool { return strings.EqualFold(n, name) }) {
			found = append(found, name)
		}
	}
	return found
}
