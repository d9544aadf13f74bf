package worlds_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// directories opens a world's two sides.
type directories struct{ *world }

func (d directories) Source(context.Context, *config.ADProvider) (providers.SourceReader, error) {
	return d.world, nil
}

func (d directories) Tenant(context.Context, *config.EntraProvider) (providers.TenantReader, error) {
	return tenantSide(d), nil
}

func (d directories) OpenSourceWriter(context.Context, *config.ADProvider) (providers.SourceWriter, error) {
	return d.world, nil
}

func (d directories) OpenTenantWriter(context.Context, *config.EntraProvider) (providers.TenantWriter, error) {
	return tenantSide(d), nil
}

// realRecord is the real record, locked for an apply.
type realRecord struct{ *sqlite.Store }

func (r realRecord) Begin(ctx context.Context, info store.RunInfo) (run.Writer, error) {
	return r.Store.Begin(ctx, info)
}

// LastRun is not told: one record serves many worlds, each with a time of its own.
func (r realRecord) LastRun(context.Context) (time.Time, error) { return time.Time{}, nil }

// record is the world's own record.
type record struct{ *world }

func (r record) Meta() store.Meta {
	if r.unrecorded {
		return store.Meta{}
	}
	return store.Meta{Exists: true, Key: key, Lineage: lineage, Serial: r.serial, SourceSID: domainSID, TenantID: tenantID}
}

// Held is ctx: nobody else wants the record.
func (r record) Held(ctx context.Context) context.Context { return ctx }

// Links streams the record in any order.
func (r record) Links(context.Context) iter.Seq2[*state.Link, error] {
	return func(yield func(*state.Link, error) bool) {
		for _, anchor := range shuffled(r.world, slices.Sorted(maps.Keys(r.known))) {
			if !yield(cloneLink(r.known[anchor]), nil) {
				return
			}
		}
	}
}

func (r record) OUs(context.Context) ([]state.OU, error) { return r.ous, nil }

func (r record) LastScopes(context.Context) ([]store.ScopeCount, error) { return r.scopes, nil }

// Recent is empty: of each plan the limits are held against that plan alone.
func (r record) Recent(context.Context, time.Time) (rec state.Recent, err error) { return rec, nil }

func (r record) LastRun(context.Context) (time.Time, error) { return time.Time{}, nil }

func (r record) Begin(_ context.Context, info store.RunInfo) (run.Writer, error) {
	if info.Lineage != lineage || info.SourceSID != domainSID || info.TenantID != tenantID || info.Serial != r.Meta().Serial {
		return nil, fmt.Errorf("a run that is not this record's: %+v", info)
	}
	return writer(r), nil
}

// writer is the world's record of a run.
type writer struct{ *world }

func (w writer) Links(_ context.Context, anchors []string) (map[string]*state.Link, error) {
	found := map[string]*state.Link{}
	for _, a := range anchors {
		if l := w.known[a]; l != nil {
			found[a] = cloneLink(l)
		}
	}
	return found, nil
}

// during lets a call to the record happen, unless the process dies before or after it.
func (w writer) during(call func()) error {
	w.killer.mayDie()
	call()
	w.unrecorded = false
	w.killer.mayDie()
	return nil
}

func (w writer) Intents(context.Context, []state.Entry) error { return w.during(func() {}) }

func (w writer) Results(_ context.Context, results []state.Result) error {
	return w.during(func() { w.note(results) })
}

func (w writer) note(results []state.Result) {
	for _, r := range results {
		if r.Forget {
			delete(w.known, r.Key)
		}
		if l := w.known[r.Replaces]; l != nil && r.Link != nil && l.TargetID == r.Link.TargetID {
			delete(w.known, r.Replaces)
		}
		if r.Link != nil {
			w.known[r.Link.Anchor] = cloneLink(r.Link)
		}
	}
}

func (w writer) Records(_ context.Context, links []*state.Link) error {
	return w.during(func() {
		for _, l := range links {
			w.known[l.Anchor] = cloneLink(l)
		}
	})
}

func (w writer) OUs(_ context.Context, ous []state.OU) error {
	return w.during(func() { w.ous = ous })
}

func (w writer) Finish(_ context.Context, outcome string, _ state.Counts, scopes []store.ScopeCount) error {
	return w.during(func() {
		w.serial++
		if outcome == store.OutcomeApplied {
			w.scopes = scopes
		}
	})
}
