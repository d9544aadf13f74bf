package main

import (
	"context"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/providers/entra"
)

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
