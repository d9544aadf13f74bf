package open

import (
	"context"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/providers/logged"
	"github.com/dirform/dirform/state/store"
)

// WritableDirectories are the directories of a configuration for an apply.
type WritableDirectories struct{ *Directories }

// OpenSourceWriter opens an Active Directory for writing.
func (d WritableDirectories) OpenSourceWriter(ctx context.Context, p *config.ADProvider) (providers.SourceWriter, error) {
	return openSourceWriter(ctx, d.Directories, p)
}

// OpenTenantWriter opens a tenant for writing.
func (d WritableDirectories) OpenTenantWriter(ctx context.Context, p *config.EntraProvider) (providers.TenantWriter, error) {
	return openTenantWriter(ctx, d.Directories, p)
}

// WritableRecord is a locked record for an apply.
type WritableRecord struct{ store.Locked }

// Begin begins the record of a run.
func (r WritableRecord) Begin(ctx context.Context, info store.RunInfo) (run.Writer, error) {
	return r.Locked.Begin(ctx, info)
}

// openSourceWriter opens an Active Directory for writing. Apply alone calls it, which a test checks.
func openSourceWriter(ctx context.Context, d *Directories, p *config.ADProvider) (providers.SourceWriter, error) {
	cfg, err := d.adConfig(p)
	if err != nil {
		return nil, err
	}
	w, err := ad.OpenWriter(ctx, cfg)
	if err != nil {
		return nil, sourceError(p, err)
	}
	d.closers = append(d.closers, w.Close)
	d.app.Logger().Info("Active Directory opened for writing", "provider", p.Name)
	return w, nil
}

// openTenantWriter opens an Entra tenant for writing. Apply alone calls it, which a test checks.
func openTenantWriter(ctx context.Context, d *Directories, p *config.EntraProvider) (providers.TenantWriter, error) {
	cfg, err := d.entraConfig(p)
	if err != nil {
		return nil, err
	}
	w, err := entra.OpenWriter(ctx, cfg)
	if err != nil {
		return nil, tenantError(p, err)
	}
	d.closers = append(d.closers, w.Close, func() error { logRequests(d.app, "tenant writer closed", w.Stats()); return nil })
	d.app.Logger().Info("tenant opened for writing", "provider", p.Name)
	if !d.app.LogsInfo() {
		return w, nil
	}
	return logged.Writer(w, d.app.Logger().With("provider", p.Name)), nil
}
