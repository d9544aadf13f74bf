package tables

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/internal/kept"
)

// EntryColumns are the columns of a step but for its deeds.
const EntryColumns = entryColumns + ", source_writes, tenant_writes"

// EntryValues are the values of these columns, of deeds and of kept, for a step of a run. Of a step that was skipped nothing is
// kept, and nothing personal without a sealer.
func EntryValues(run int64, e *state.Entry, s *kept.Sealer) ([]any, error) {
	deeds, err := deedsText(e.Deeds)
	text := ""
	if err == nil && e.Status != state.StatusSkipped {
		text, err = s.Text(e.Kept, keptOf(run, e))
	}
	return []any{e.Seq, e.Key, string(e.Kind), string(e.Action), e.Attribute, string(e.Status), e.TargetID, e.Code, e.RequestID,
		int64(e.Writes.Source), int64(e.Writes.Tenant), deeds, text}, err
}

// keptOf names the step whose values are sealed: they open for no other, nor after anything has been changed that says what the step did
// to what. An intent whose run has died becomes a step of unknown outcome, so these two are the same.
func keptOf(run int64, e *state.Entry) string {
	status := e.Status
	if status == state.StatusIntent {
		status = state.StatusUnknown
	}
	return fmt.Sprintf("%d/%d/%q/%q/%q/%q/%q", run, e.Seq, e.Key, e.Kind, e.Action, status, e.TargetID)
}

// entryColumns are the columns of a step, for scanEntry. A record of an older layout has no number of writes.
func (r *Record) entryColumns() string {
	if r.from.Layout() < Writes {
		return entryColumns + ", 0, 0"
	}
	return EntryColumns
}

// laterColumns are the columns of what a run wrote and of who ran it, empty in a record of an older layout.
func (r *Record) laterColumns() string {
	switch {
	case r.from.Layout() < Writes:
		return "'', '', ''"
	case r.from.Layout() < Origin:
		return "writes, '', ''"
	}
	return "writes, ran_by, ref"
}

// written sums up what the steps of a run's journal wrote to each directory.
func written(ctx context.Context, q Reader, run int64) (*state.Writes, error) {
	var w state.Writes
	const query = "SELECT coalesce(CAST(sum(source_writes) AS bigint), 0), coalesce(CAST(sum(tenant_writes) AS bigint), 0) FROM {t}journal WHERE {mine} AND run = $1"
	err := q.Each(ctx, query, func(scan func(...any) error) error { return scan(&w.Source, &w.Tenant) }, run)
	return &w, err
}

// writesOf is the sum as text.
func writesOf(ctx context.Context, q Reader, run int64) (string, error) {
	w, err := written(ctx, q, run)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(w)
	return string(text), err
}
