package snapshot

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
)

// Taken is when the snapshot was taken.
func (f *File) Taken() time.Time { return f.facts.Taken }

// ID names the snapshot in a plan that is made from it now.
func (f *File) ID(now time.Time) *planner.SnapshotID {
	return &planner.SnapshotID{TakenAt: f.Taken().Format(time.RFC3339), Age: int64(now.Sub(f.Taken()).Seconds()),
		Digest: f.digest}
}

// Digest names the snapshot: the checksum of what it holds.
func (f *File) Digest() string { return f.digest }

// Objects is how many objects of the source and of the tenant it has.
func (f *File) Objects() (source, tenant int64) {
	for name, s := range f.sections {
		switch name[:3] {
		case "ad/":
			source += s.Rows
		case "ten":
			tenant += s.Rows
		}
	}
	return source, tenant - f.sections[mailboxSection].Rows
}

// Meta identifies the record. Its key is that of the snapshot's fingerprints.
func (f *File) Meta() store.Meta {
	r := &f.facts.Record
	m := store.Meta{Exists: r.Exists, Lineage: r.Lineage, Serial: r.Serial, SourceSID: r.SourceSID,
		FormerSID: r.FormerSID, TenantID: r.TenantID}
	copy(m.Key[:], r.Key)
	return m
}

// Links streams the recorded links.
func (f *File) Links(ctx context.Context) iter.Seq2[*state.Link, error] {
	return func(yield func(*state.Link, error) bool) {
		in, err := f.rows(f.sections[linkSection])
		shapes := map[string]*state.Shape{}
		for err == nil {
			var r row
			var l *state.Link
			if r, err = in.next(); err == io.EOF {
				return
			}
			if err == nil {
				l, err = r.link(shapes)
			}
			if err == nil {
				err = context.Cause(ctx)
			}
			if err == nil && !yield(l, nil) {
				return
			}
		}
		yield(nil, fmt.Errorf("reading the snapshot: %w", err))
	}
}

// OUs are the containers of scopes as the last apply found them.
func (f *File) OUs(context.Context) ([]state.OU, error) { return f.facts.Record.OUs, nil }

// LastScopes is what the last apply that did everything saw of its scopes.
func (f *File) LastScopes(context.Context) ([]store.ScopeCount, error) {
	return f.facts.Record.Scopes, nil
}

// Recent is what applies did in the 24 hours before the snapshot, whatever since is: a plan is made as of then.
func (f *File) Recent(context.Context, time.Time) (state.Recent, error) {
	return f.facts.Record.Recent.recent(), nil
}

// LastRun is when the last run before the snapshot ended.
func (f *File) LastRun(context.Context) (time.Time, error) { return f.facts.Record.LastRun, nil }

// Positions are those of the domain controllers that the last apply read.
func (f *File) Positions(context.Context) (map[string]store.Position, error) {
	return f.facts.Record.Positions, nil
}

// StepsOf is empty: a snapshot has no history.
func (f *File) StepsOf(context.Context, string, int) ([]store.Step, error) { return nil, nil }

// Source is the domain of a provider block.
func (f *File) Source(_ context.Context, p *config.ADProvider) (providers.SourceReader, error) {
	for _, s := range f.facts.Sources {
		if s.Provider != p.Name {
			continue
		}
		if p.BaseDN != "" && !dn.Equal(p.BaseDN, s.Domain.BaseDN) {
			return nil, &fault.Error{Summary: "The snapshot was taken with another base_dn",
				Detail: fmt.Sprintf("%s: provider.ad.%s has the base_dn %s, and what was read lies below %s.",
					p.DeclaredAt, p.Name, p.BaseDN, s.Domain.BaseDN),
				Hint: "Take one with this configuration: `dirform snapshot --out FILE`."}
		}
		return f.sources[p.Name], nil
	}
	return nil, &fault.Error{Summary: "The snapshot lacks a directory that the configuration names",
		Detail: fmt.Sprintf("%s: nothing was read of provider.ad.%s.", p.DeclaredAt, p.Name),
		Hint:   "Take one with this configuration, `dirform snapshot --out FILE`, or keep the provider's name."}
}

// Tenant is the tenant.
func (f *File) Tenant(_ context.Context, p *config.EntraProvider) (providers.TenantReader, error) {
	id := f.facts.Tenant.Organization.ID
	if _, ok := state.ParseGUID(p.TenantID); ok && !strings.EqualFold(p.TenantID, id) {
		return nil, &fault.Error{Summary: "The snapshot is of another tenant",
			Detail: fmt.Sprintf("%s: provider.entra.%s is tenant %s, and what was read is of %s.", p.DeclaredAt,
				p.Name, p.TenantID, id),
			Hint: "Take one with this configuration: `dirform snapshot --out FILE`."}
	}
	return f.tenant, nil
}
