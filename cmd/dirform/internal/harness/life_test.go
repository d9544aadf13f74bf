package harness_test

import (
	"context"
	"io"
	"log"
	"os"
	"path/filepath"
	"sync"

	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

var silent = log.New(io.Discard, "", 0)

// life is the life of one process, which ends at its at-th boundary: before or after a request to a directory, before or
// after a call to the record. From then on nothing that it does has any effect.
type life struct {
	mu     sync.Mutex
	at     int
	count  int
	dead   bool
	where  string // what it died at
	left   string // folder with the record as it was at that moment
	stage  *stage
	cancel context.CancelFunc
}

// begin ties the life to the stage on which it is lived. cancel ends what the process still waits for.
func (l *life) begin(s *stage, cancel context.CancelFunc) {
	l.stage, l.cancel = s, cancel
	s.ldap.life.Store(l)
	s.graph.life.Store(l)
}

// over lets others use the stage.
func (l *life) over() {
	l.stage.ldap.life.Store(nil)
	l.stage.graph.life.Store(nil)
}

// survives counts a boundary, and reports whether the process lives on. A nil life has no end.
func (l *life) survives(where string) bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return false
	}
	if l.count++; l.count != l.at {
		return true
	}
	l.dead, l.where = true, where
	l.left = l.stage.dir + "/left"
	os.MkdirAll(l.left, 0o700)
	for _, suffix := range []string{"", "-wal", ".new", ".new-wal"} { // nothing was closed
		if b, err := os.ReadFile(l.stage.state + suffix); err == nil {
			os.WriteFile(filepath.Join(l.left, filepath.Base(l.stage.state)+suffix), b, 0o600)
		}
	}
	l.cancel()
	return false
}

// resurrect puts the record back to what it was at the moment of death.
func (l *life) resurrect() {
	for _, suffix := range []string{"", "-wal", "-shm", ".new", ".new-wal", ".lock"} {
		os.Remove(l.stage.state + suffix)
	}
	entries, _ := os.ReadDir(l.left)
	for _, e := range entries {
		os.Rename(filepath.Join(l.left, e.Name()), filepath.Join(filepath.Dir(l.stage.state), e.Name()))
	}
}

// mortalRecord is a record whose process may die around each call.
type mortalRecord struct {
	run.WritableRecord
	l *life
}

func (m *mortalRecord) Begin(ctx context.Context, info store.RunInfo) (run.Writer, error) {
	w, err := m.WritableRecord.Begin(ctx, info)
	return &mortalWriter{w, m.l}, err
}

type mortalWriter struct {
	run.Writer
	l *life
}

func (w *mortalWriter) around(what string, f func() error) error {
	if !w.l.survives("before " + what) {
		return errDead
	}
	if err := f(); err != nil {
		return err
	}
	if !w.l.survives("after " + what) {
		return errDead
	}
	return nil
}

func (w *mortalWriter) Intents(ctx context.Context, e []state.Entry) error {
	return w.around("an intent is journalled", func() error { return w.Writer.Intents(ctx, e) })
}

func (w *mortalWriter) Results(ctx context.Context, r []state.Result) error {
	return w.around("a result is journalled", func() error { return w.Writer.Results(ctx, r) })
}

func (w *mortalWriter) Records(ctx context.Context, l []*state.Link) error {
	return w.around("links are recorded", func() error { return w.Writer.Records(ctx, l) })
}

func (w *mortalWriter) OUs(ctx context.Context, o []state.OU) error {
	return w.around("containers are recorded", func() error { return w.Writer.OUs(ctx, o) })
}

func (w *mortalWriter) Finish(ctx context.Context, outcome string, c state.Counts, s []store.ScopeCount) error {
	return w.around("the end is recorded", func() error { return w.Writer.Finish(ctx, outcome, c, s) })
}
