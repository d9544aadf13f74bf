package run

import (
	"context"
	"sync/atomic"

	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/planner/run/internal/parts"
	"github.com/dirform/dirform/state/crash"

	"golang.org/x/sync/errgroup"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// Reading is everything a plan is made from: rules, record and both directories, opened for reading only.
type Reading struct {
	Config   *config.Config
	Header   planner.Header
	Settings reconcile.Settings

	run              *Run
	positions        map[string]store.Position // of the domain controllers that are read, see checkFresh
	moved            bool                      // the record was, or is being, moved here from another domain
	sources, tenants atomic.Int64
}

// Seen is how many objects of the source and of the tenant have been read so far. It may be called while they are read.
func (r *Reading) Seen() (source, tenant int64) { return r.sources.Load(), r.tenants.Load() }

// Build reads every stream into a builder. Close that in the end.
func (r *Reading) Build(ctx context.Context) (*reconcile.Builder, error) {
	b := reconcile.New(r.Settings)
	end := func() {}
	if r.run.Watch != nil {
		end = r.run.Watch(r)
	}
	err := r.read(ctx, b)
	end()
	if err == nil {
		err = r.locate(ctx, b)
	}
	if err == nil {
		err = r.findClaimed(ctx, b)
	}
	if err == nil {
		err = r.findMailboxes(ctx, b)
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// read takes every stream into the builder, concurrently. The first error ends all of them.
func (r *Reading) read(ctx context.Context, b *reconcile.Builder) error {
	g, ctx := errgroup.WithContext(ctx)
	start := func(read func() error) {
		g.Go(func() error {
			defer crash.Guard()
			return read()
		})
	}
	for _, scope := range r.Config.Scopes {
		src, err := r.run.Directories.Source(ctx, scope.Provider)
		if err != nil {
			return err
		}
		for _, kind := range scope.Objects {
			q := r.Query(scope, kind)
			start(func() error { return b.ReadSource(scope, kind, parts.Counted(src.Read(ctx, q), &r.sources)) })
		}
	}
	tenant, err := r.run.Directories.Tenant(ctx, r.Config.Entra)
	if err != nil {
		return err
	}
	for _, kind := range b.ManagedKinds() {
		start(func() error {
			return b.ReadTenant(kind, parts.Counted(tenant.Read(ctx, providers.TenantQuery{Kind: kind, Attributes: b.TenantShape(kind)}), &r.tenants))
		})
		start(func() error {
			return b.ReadDeleted(kind, tenant.Read(ctx, providers.TenantQuery{Kind: kind, Attributes: b.DeletedShape(kind), Deleted: true}))
		})
	}
	for _, kind := range parts.Holders(b.ManagedKinds()) {
		start(func() error { return r.readHolders(ctx, b, tenant, kind) })
	}
	start(func() error { return b.ReadLinks(r.run.Record.Links(ctx)) })
	return g.Wait()
}

// readHolders reads objects that are looked at only because they hold addresses. Without the permission to see them a plan can
// still be made; it says so.
func (r *Reading) readHolders(ctx context.Context, b *reconcile.Builder, tenant providers.TenantReader, kind state.Kind) error {
	err := b.ReadTenant(kind, parts.Counted(tenant.Read(ctx, providers.TenantQuery{Kind: kind, Attributes: b.TenantShape(kind)}), &r.tenants))
	if forbidden(err) {
		b.Warn(reconcile.Unreadable(kind, err))
		return nil
	}
	return err
}

// Query asks for the objects of one kind that a scope's OUs and filter have; its condition is not part of it.
func (r *Reading) Query(scope *config.Scope, kind state.Kind) providers.Query {
	q := providers.Query{Kind: kind, Filter: scope.Filter, Attributes: r.Config.SourceShapes[kind]}
	for _, ou := range r.Settings.OUs[scope.Name] {
		switch {
		case ou.DN == "":
		case ou.Exclude:
			q.Exclude = append(q.Exclude, ou.DN)
		default:
			q.Bases = append(q.Bases, ou.DN)
		}
	}
	return q
}
