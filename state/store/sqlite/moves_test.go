package sqlite_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// A run whose plan names the domain that the record belongs to takes it to another one, even if nothing else was recorded; from
// then on plans of the old domain are refused.
func TestRecordMovesToAnotherDomain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.dfstate")
	s := open(t, path)
	w := begin(t, s)
	must(t, w.Results(t.Context(), []state.Result{{Entry: entry(1, link(1)), Link: link(1)}}))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))

	moves := info
	moves.Serial, moves.SourceSID, moves.MovesFrom = 1, "S-1-5-21-2", "S-1-5-21-3"
	if _, err := s.Begin(t.Context(), moves); !errors.Is(err, store.ErrOtherState) {
		t.Errorf("a plan that moves another domain's record: %v", err)
	}
	moves.MovesFrom = info.SourceSID
	run, err := s.Begin(t.Context(), moves)
	must(t, err)
	must(t, run.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	must(t, s.Close())

	s = open(t, path)
	if m := s.Meta(); m.SourceSID != "S-1-5-21-2" || m.FormerSID != info.SourceSID || m.Serial != 1 || len(links(t, s)) != 1 {
		t.Errorf("%+v", m)
	}
	back := info
	back.Serial = 1
	if _, err := s.Begin(t.Context(), back); !errors.Is(err, store.ErrOtherState) {
		t.Errorf("a plan of the old domain: %v", err)
	}
	moves.MovesFrom = ""
	_, err = s.Begin(t.Context(), moves)
	must(t, err)
}
