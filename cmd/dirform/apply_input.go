package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// input gathers what carrying out a plan takes. Writers are opened here, and only if there is something to write.
func (r *applyRun) input(ctx context.Context, cfg *config.Config, record *store.Store, dirs *directories, plan *planfile.Reader) (apply.Input, error) {
	h := plan.Header()
	in := apply.Input{Changes: plan.Changes(), Records: plan.Records(), Schema: providers.TenantSchema, Key: state.KeyOf(h.State.Lineage), Hard: r.a.kill,
		Now: r.a.env.Now()}
	var err error
	if in.Tenant, err = dirs.openTenant(ctx, cfg.Entra); err != nil {
		return in, err
	}
	t := plan.Totals()
	if t.Summary.Changes() == 0 {
		return in, nil // nothing but notes for the record: no writer is opened
	}
	if in.Review, err = r.reviewer(ctx, cfg, record, dirs, h); err != nil {
		return in, err
	}
	if in.TenantWriter, err = openTenantWriter(ctx, dirs, cfg.Entra); err != nil {
		return in, err
	}
	sources, sourceWriters := map[string]providers.SourceReader{}, map[string]providers.SourceWriter{}
	for i, p := range cfg.AD {
		src, err := dirs.openSource(ctx, p)
		if err != nil {
			return in, err
		}
		w, err := openSourceWriter(ctx, dirs, p)
		if err != nil {
			return in, err
		}
		if i == 0 {
			sources[""], sourceWriters[""] = src, w
		}
		for _, s := range cfg.Scopes {
			if s.Provider == p {
				sources[s.Name], sourceWriters[s.Name] = src, w
			}
		}
	}
	in.Source = func(scope string) providers.SourceReader { return orFirst(sources, scope) }
	in.SourceWriter = func(scope string) providers.SourceWriter { return orFirst(sourceWriters, scope) }
	return in, nil
}

// orFirst is a scope's directory. A scope that is not declared any more has no objects to look up, so any will do.
func orFirst[T any](m map[string]T, scope string) T {
	if t, ok := m[scope]; ok {
		return t
	}
	return m[""]
}

// guidsPerSearch is how many objects one search asks for.
const guidsPerSearch = 100

// reviewer looks at the source objects of changes again, right before they are written, with the eyes of the plan: in scope or
// not, and what the mapping makes of them.
func (r *applyRun) reviewer(ctx context.Context, cfg *config.Config, record *store.Store, dirs *directories, h planner.Header) (
	func(context.Context, []*state.Change) ([]string, error), error) {
	now, err := r.a.look(ctx, cfg, record, dirs)
	if err != nil {
		return nil, err
	}
	now.set.Key = state.KeyOf(h.State.Lineage)
	same := cfg.Digest == h.ConfigDigest
	if !same {
		r.a.notef("The configuration has changed since the plan was made. The plan is carried out as it was reviewed; whether the source has changed meanwhile cannot be told.\n")
	}
	v := reconcile.NewReviewer(now.set, same)
	return func(ctx context.Context, changes []*state.Change) ([]string, error) {
		found, err := now.again(ctx, changes)
		if err != nil {
			return nil, err
		}
		accounts, err := now.accountsFor(ctx, v, changes)
		if err != nil {
			return nil, err
		}
		reasons := make([]string, len(changes))
		for i, c := range changes {
			reasons[i] = v.Stale(c, found[c], accounts)
		}
		return reasons, nil
	}, nil
}

// accountsFor looks up what the reviewer wants to see of the tenant, by object id in lower case.
func (r *reading) accountsFor(ctx context.Context, v *reconcile.Reviewer, changes []*state.Change) (map[string]*state.Object, error) {
	tenant, err := r.dirs.openTenant(ctx, r.cfg.Entra)
	if err != nil {
		return nil, err
	}
	accounts := map[string]*state.Object{}
	for _, kind := range []state.Kind{state.User, state.Group} {
		ids, attributes := v.Wants(kind, changes)
		slices.Sort(ids)
		if ids = slices.Compact(ids); len(ids) == 0 {
			continue
		}
		for o, err := range tenant.Lookup(ctx, kind, ids, attributes) {
			if err != nil {
				return nil, err
			}
			accounts[strings.ToLower(o.ID)] = o.Clone()
		}
	}
	return accounts, nil
}

// again reads the source objects of changes that are below their scopes' OUs and pass their filters.
func (r *reading) again(ctx context.Context, changes []*state.Change) (map[*state.Change]*state.Object, error) {
	found := map[*state.Change]*state.Object{}
	for _, scope := range r.cfg.Scopes {
		for _, kind := range scope.Objects {
			if err := r.againIn(ctx, scope, kind, changes, found); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

func (r *reading) againIn(ctx context.Context, scope *config.Scope, kind state.Kind, changes []*state.Change, found map[*state.Change]*state.Object) error {
	src, err := r.dirs.openSource(ctx, scope.Provider)
	if err != nil {
		return err
	}
	byGUID := map[state.GUID]*state.Change{}
	search := func() error {
		q := r.query(scope, kind)
		q.Filter = and(q.Filter, guidFilter(byGUID))
		for o, err := range src.Read(ctx, q) {
			if err != nil {
				return err
			}
			found[byGUID[o.GUID]] = o.Clone()
		}
		clear(byGUID)
		return nil
	}
	for _, c := range changes {
		if g, ok := state.ParseGUID(c.SourceGUID); ok && c.Scope == scope.Name && c.Kind == kind {
			byGUID[g] = c
		}
		if len(byGUID) == guidsPerSearch {
			if err := search(); err != nil {
				return err
			}
		}
	}
	if len(byGUID) == 0 {
		return nil
	}
	return search()
}

func and(a, b string) string {
	if a == "" {
		return b
	}
	return "(&" + a + b + ")"
}

// guidFilter matches the objects of a map.
func guidFilter(guids map[state.GUID]*state.Change) string {
	var b strings.Builder
	b.WriteString("(|")
	for g := range guids {
		b.WriteString("(objectGUID=")
		for _, c := range g {
			fmt.Fprintf(&b, "\\%02x", c)
		}
		b.WriteString(")")
	}
	return b.String() + ")"
}
