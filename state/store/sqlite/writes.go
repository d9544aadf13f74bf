package sqlite

import (
	"context"
	"encoding/json"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// writeColumns are the columns of a step that layout 5 has added.
const writeColumns = ", source_writes, tenant_writes"

// entryColumns are the columns of a step, for scanEntry. A record of an older layout has no number of writes.
func (s *Store) entryColumns() string {
	if s.layout < layout.Writes {
		return entryColumns + ", 0, 0"
	}
	return entryColumns + writeColumns
}

// laterColumns are the columns of what a run wrote and of who ran it, empty in a record of an older layout.
func (s *Store) laterColumns() string {
	switch {
	case s.layout < layout.Writes:
		return "'', '', ''"
	case s.layout < layout.Origin:
		return "writes, '', ''"
	}
	return "writes, ran_by, ref"
}

// written sums up what the steps of a run's journal wrote to each directory.
func written(ctx context.Context, q queryer, run int64) (*state.Writes, error) {
	var w state.Writes
	const query = "SELECT coalesce(sum(source_writes), 0), coalesce(sum(tenant_writes), 0) FROM journal WHERE run = ?"
	err := each(ctx, q, query, func(scan func(...any) error) error { return scan(&w.Source, &w.Tenant) }, run)
	return &w, err
}

// writesOf is the sum as text.
func writesOf(ctx context.Context, q queryer, run int64) (string, error) {
	w, err := written(ctx, q, run)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(w)
	return string(text), err
}
