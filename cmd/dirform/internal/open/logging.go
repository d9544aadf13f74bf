package open

import (
	"cmp"
	"context"
	"log/slog"
	"net/url"
	"time"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// What --log-level shows: info says what is opened, read and written, how much of it and how long it took; debug says so of every
// request to a directory. Both are for sharing, so neither names people, nor what stands in an attribute, a filter or a secret.
//
// The readers are wrapped only if somebody reads the log: counting costs a little for each object.

// loggedSource notes what is read from an Active Directory.
type loggedSource struct {
	providers.SourceReader
	log *slog.Logger
}

// logSource gives r the log, if somebody reads it.
func logSource(a *cli.App, r providers.SourceReader, p *config.ADProvider, cfg ad.Config, started time.Time) providers.SourceReader {
	if !a.LogsInfo() {
		return r
	}
	var hosts []string
	for _, u := range cfg.URLs {
		hosts = append(hosts, host(u))
	}
	log := a.Logger().With("provider", p.Name)
	log.Info("Active Directory opened", "hosts", hosts, "took", since(started))
	return &loggedSource{r, log}
}

// Unwrap is the reader without the log.
func (s *loggedSource) Unwrap() providers.SourceReader { return s.SourceReader }

func (s *loggedSource) Read(ctx context.Context, q providers.Query) providers.Objects {
	return timed(s.log, slog.LevelInfo, "source read", s.SourceReader.Read(ctx, q),
		"kind", q.Kind, "containers", len(q.Bases), "excluded", len(q.Exclude), "filter", q.Filter != "", "attributes", q.Attributes.Len())
}

func (s *loggedSource) Lookup(ctx context.Context, kind state.Kind, guids []state.GUID, attributes *state.Shape) providers.Objects {
	return timed(s.log, slog.LevelDebug, "source objects looked up", s.SourceReader.Lookup(ctx, kind, guids, attributes), "kind", kind, "asked", len(guids))
}

func (s *loggedSource) Deleted(ctx context.Context, guids []state.GUID) ([]state.GUID, bool, error) {
	started := time.Now()
	found, shown, err := s.SourceReader.Deleted(ctx, guids)
	s.log.Debug("deleted objects looked up", "asked", len(guids), "objects", len(found), "shown", shown,
		"took", since(started))
	return found, shown, err
}

// loggedTenant notes what is read from an Entra tenant.
type loggedTenant struct {
	providers.TenantReader
	log *slog.Logger
}

// logTenant gives r the log, if somebody reads it.
func logTenant(a *cli.App, r *entra.Reader, p *config.EntraProvider, cfg entra.Config, started time.Time) providers.TenantReader {
	if !a.LogsInfo() {
		return r
	}
	log := a.Logger().With("provider", p.Name)
	log.Info("tenant opened", "host", tenantHost(cfg), "tenant", cfg.TenantID, "took", since(started))
	return &loggedTenant{r, log}
}

// Unwrap is the reader without the log.
func (t *loggedTenant) Unwrap() providers.TenantReader { return t.TenantReader }

func (t *loggedTenant) Read(ctx context.Context, q providers.TenantQuery) providers.Objects {
	return timed(t.log, slog.LevelInfo, "tenant read", t.TenantReader.Read(ctx, q), "kind", q.Kind, "deleted", q.Deleted, "attributes", q.Attributes.Len())
}

func (t *loggedTenant) RoleHolders(ctx context.Context) ([]providers.RoleHolder, error) {
	started := time.Now()
	holders, err := t.TenantReader.RoleHolders(ctx)
	t.log.Info("role holders read", "objects", len(holders), "took", since(started), "complete", err == nil)
	return holders, err
}

func (t *loggedTenant) Lookup(ctx context.Context, kind state.Kind, ids []string, attributes *state.Shape) providers.Objects {
	return timed(t.log, slog.LevelDebug, "tenant objects looked up", t.TenantReader.Lookup(ctx, kind, ids, attributes), "kind", kind, "asked", len(ids))
}

func (t *loggedTenant) FindByAnchor(ctx context.Context, kind state.Kind, anchors []string, attributes *state.Shape) providers.Objects {
	return timed(t.log, slog.LevelDebug, "tenant objects looked up by anchor", t.TenantReader.FindByAnchor(ctx, kind, anchors, attributes), "asked", len(anchors))
}

// timed notes the end of a stream: how many objects it gave, how long it took, and whether it came to its end.
func timed(log *slog.Logger, level slog.Level, what string, objects providers.Objects, args ...any) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		started, n, complete := time.Now(), 0, true
		for o, err := range objects {
			if err == nil {
				n++
			}
			complete = complete && err == nil
			if !yield(o, err) {
				complete = false
				break
			}
		}
		log.Log(context.Background(), level, what, append(args, "objects", n, "took", since(started), "complete", complete)...)
	}
}

// loggedWriter notes the batches of writes to an Entra tenant.
type loggedWriter struct {
	providers.TenantWriter
	log *slog.Logger
}

func (w *loggedWriter) Write(ctx context.Context, writes []providers.Write) []providers.WriteResult {
	started, failed := time.Now(), 0
	results := w.TenantWriter.Write(ctx, writes)
	for _, r := range results {
		if r.Err != nil {
			failed++
		}
	}
	w.log.Debug("batch written", "writes", len(writes), "failed", failed, "took", since(started))
	return results
}

// logRequests notes what a reader or writer of a tenant has asked of the service, when it is closed.
func logRequests(a *cli.App, what string, s entra.Stats) {
	a.Logger().Info(what, "requests", s.Requests, "reads", s.Reads, "writes", s.Writes, "batches", s.Batches, "retries", s.Retries, "throttled", s.Throttled)
}

// logRecord notes that a record was opened.
func logRecord(a *cli.App, what string, s store.Record) {
	m := s.Meta()
	a.Logger().Info(what, "exists", m.Exists, "lineage", m.Lineage, "serial", m.Serial)
}

// tenantHost is where a tenant is asked: the host of its endpoint, or the cloud by its name.
func tenantHost(cfg entra.Config) string {
	if cfg.Endpoint != "" {
		return host(cfg.Endpoint)
	}
	return cmp.Or(cfg.Environment, "global")
}

// host is an address without what else a URL may hold.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "unreadable"
	}
	return u.Host
}

func since(t time.Time) time.Duration { return time.Since(t).Round(time.Millisecond) }
