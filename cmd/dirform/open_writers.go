package main

import (
	"context"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/state/store"
)

// writableDirectories are the directories of a configuration for an apply.
type writableDirectories struct{ *directories }

func (d writableDirectories) OpenSourceWriter(ctx context.Context, p *config.ADProvider) (providers.SourceWriter, error) {
	return openSourceWriter(ctx, d.directories, p)
}

func (d writableDirectories) OpenTenantWriter(ctx context.Context, p *config.EntraProvider) (providers.TenantWriter, error) {
	return openTenantWriter(ctx, d.directories, p)
}

// writableRecord is a locked record for an apply.
type writableRecord struct{ *store.Store }

func (r writableRecord) Begin(ctx context.Context, info store.RunInfo) (run.Writer, error) {
	return r.Store.Begin(ctx, info)
}

// openSourceWriter opens an Active Directory for writing. Apply alone calls it, which a test checks.
func openSourceWriter(ctx context.Context, d *directories, p *config.ADProvider) (providers.SourceWriter, error) {
	cfg, err := d.adConfig(p)
	if err != nil {
		return nil, err
	}
	w, err := ad.OpenWriter(ctx, cfg)
	if err != nil {
		return nil, sourceError(p, err)
	}
	d.closers = append(d.closers, w.Close)
	d.app.logger().Info("Active Directory opened for writing", "provider", p.Name)
	return w, nil
}

// openTenantWriter opens an Entra tenant for writing. Apply alone calls it, which a test checks.
func openTenantWriter(ctx context.Context, d *directories, p *config.EntraProvider) (providers.TenantWriter, error) {
	cfg, err := d.entraConfig(p)
	if err != nil {
		return nil, err
	}
	w, err := entra.OpenWriter(ctx, cfg)
	if err != nil {
		return nil, tenantError(p, err)
	}
	d.closers = append(d.closers, w.Close, func() error { d.app.logRequests("tenant writer closed", w.Stats()); return nil })
	d.app.logger().Info("tenant opened for writing", "provider", p.Name)
	if !d.app.logsInfo() {
		return w, nil
	}
	return &loggedWriter{w, d.app.logger().With("provider", p.Name)}, nil
}
