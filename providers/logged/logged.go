// Package logged notes in a log what is read from directories and written to them: how much of it, and how long it
// took. It names neither people, nor what stands in an attribute, a filter or a secret.
//
// Directories are wrapped only if somebody reads the log: counting costs a little for each object.
package logged

import (
	"context"
	"log/slog"
	"time"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// source notes what is read from an Active Directory.
type source struct {
	providers.SourceReader
	log *slog.Logger
}

// Source gives r a log.
func Source(r providers.SourceReader, log *slog.Logger) providers.SourceReader {
	return &source{r, log}
}

// Unwrap is the reader without the log.
func (s *source) Unwrap() providers.SourceReader { return s.SourceReader }

func (s *source) Read(ctx context.Context, q providers.Query) providers.Objects {
	return timed(s.log, slog.LevelInfo, "source read", s.SourceReader.Read(ctx, q),
		"kind", q.Kind, "containers", len(q.Bases), "excluded", len(q.Exclude), "filter", q.Filter != "", "attributes", q.Attributes.Len())
}

func (s *source) Lookup(ctx context.Context, kind state.Kind, guids []state.GUID, attributes *state.Shape) providers.Objects {
	return timed(s.log, slog.LevelDebug, "source objects looked up", s.SourceReader.Lookup(ctx, kind, guids, attributes), "kind", kind, "asked", len(guids))
}

func (s *source) Deleted(ctx context.Context, guids []state.GUID) ([]state.GUID, bool, error) {
	started := time.Now()
	found, shown, err := s.SourceReader.Deleted(ctx, guids)
	s.log.Debug("deleted objects looked up", "asked", len(guids), "objects", len(found), "shown", shown,
		"took", Since(started))
	return found, shown, err
}

// tenant notes what is read from an Entra tenant.
type tenant struct {
	providers.TenantReader
	log *slog.Logger
}

// Tenant gives r a log.
func Tenant(r providers.TenantReader, log *slog.Logger) providers.TenantReader {
	return &tenant{r, log}
}

// Unwrap is the reader without the log.
func (t *tenant) Unwrap() providers.TenantReader { return t.TenantReader }

func (t *tenant) Read(ctx context.Context, q providers.TenantQuery) providers.Objects {
	return timed(t.log, slog.LevelInfo, "tenant read", t.TenantReader.Read(ctx, q), "kind", q.Kind, "deleted", q.Deleted, "attributes", q.Attributes.Len())
}

func (t *tenant) RoleHolders(ctx context.Context) ([]providers.RoleHolder, error) {
	started := time.Now()
	holders, err := t.TenantReader.RoleHolders(ctx)
	t.log.Info("role holders read", "objects", len(holders), "took", Since(started), "complete", err == nil)
	return holders, err
}

func (t *tenant) Lookup(ctx context.Context, kind state.Kind, ids []string, attributes *state.Shape) providers.Objects {
	return timed(t.log, slog.LevelDebug, "tenant objects looked up", t.TenantReader.Lookup(ctx, kind, ids, attributes), "kind", kind, "asked", len(ids))
}

func (t *tenant) FindByAnchor(ctx context.Context, kind state.Kind, anchors []string, attributes *state.Shape) providers.Objects {
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
		log.Log(context.Background(), level, what, append(args, "objects", n, "took", Since(started), "complete", complete)...)
	}
}

// writer notes the batches of writes to an Entra tenant.
type writer struct {
	providers.TenantWriter
	log *slog.Logger
}

// Writer gives w a log.
func Writer(w providers.TenantWriter, log *slog.Logger) providers.TenantWriter {
	return &writer{w, log}
}

func (w *writer) Write(ctx context.Context, writes []providers.Write) []providers.WriteResult {
	started, failed := time.Now(), 0
	results := w.TenantWriter.Write(ctx, writes)
	for _, r := range results {
		if r.Err != nil {
			failed++
		}
	}
	w.log.Debug("batch written", "writes", len(writes), "failed", failed, "took", Since(started))
	return results
}

// Since is how long something took, for a log.
func Since(t time.Time) time.Duration { return time.Since(t).Round(time.Millisecond) }
