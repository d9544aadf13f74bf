package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// KeepJournals is how many runs' journals a record keeps; older runs stay in the history without their steps.
const KeepJournals = 100

// RunInfo says which plan a run carries out.
type RunInfo struct {
	Lineage    string // the plan's; a record that does not exist yet is created with it
	Serial     int64  // the plan's
	SourceSID  string
	MovesFrom  string // the domain SID the record may have as well: this run makes it SourceSID
	TenantID   string
	PlanDigest string
	Allowed    []string // guard limits lifted with --allow, as LIMIT=N
	// Hosts are those that the run sends credentials to, see [Store.Hosts]; nil leaves what is recorded of them.
	Hosts []string
}

// ErrOtherState is wrapped by the refusal of a plan that was made from another record, directory or tenant.
var ErrOtherState = errors.New("the plan does not belong to this state")

// OtherStateError is that refusal. It wraps [ErrOtherState].
type OtherStateError struct {
	Reason string // what the plan was made from and what there is, with a small first letter and no full stop
}

// Error says what the plan was made from and what there is.
func (e *OtherStateError) Error() string { return fmt.Sprintf("%v: %s", ErrOtherState, e.Reason) }

// Fault adds what to do.
func (e *OtherStateError) Fault() *fault.Error {
	return &fault.Error{Summary: ErrOtherState.Error(), Err: errors.New(e.Reason),
		Hint: "Nothing was changed: plan again and apply the new plan."}
}

// Unwrap is [ErrOtherState].
func (e *OtherStateError) Unwrap() error { return ErrOtherState }

// Writer records one run. Each of its calls is one durable transaction. It is not safe for concurrent use.
type Writer struct {
	s       *Store
	info    RunInfo
	command string
	started time.Time
	run     int64 // 0 until the run is in the history, with the first call that records something
}

// Begin starts a run for a plan. It writes nothing yet, but refuses a plan that does not fit the record; that error wraps
// [ErrOtherState].
func (s *Store) Begin(ctx context.Context, info RunInfo) (*Writer, error) {
	m := s.Meta()
	if s.lock == nil {
		return nil, fmt.Errorf("the state %s was opened for reading only", s.path)
	}
	refuse := func(what string, args ...any) (*Writer, error) {
		return nil, &OtherStateError{Reason: fmt.Sprintf(what, args...)}
	}
	switch {
	case info.Lineage == "":
		return nil, fmt.Errorf("a run needs its plan's lineage")
	case !m.Exists && info.Serial != 0:
		return refuse("it was made at serial %d of a state, and %s does not exist", info.Serial, s.path)
	case !m.Exists:
	case m.Lineage != info.Lineage:
		return refuse("it was made for the state lineage %s, and %s is of lineage %s", info.Lineage, s.path, m.Lineage)
	case m.Serial != info.Serial:
		return refuse("it was made at serial %d of the state, which is at serial %d by now: %s", info.Serial, m.Serial, s.whoWrote(ctx, info))
	case m.SourceSID != info.SourceSID && m.SourceSID != info.MovesFrom:
		return refuse("it was made from the domain %s, and the state belongs to domain %s", info.SourceSID, m.SourceSID)
	case m.TenantID != info.TenantID:
		return refuse("it was made for the tenant %s, and the state belongs to tenant %s", info.TenantID, m.TenantID)
	}
	return &Writer{s: s, info: info, command: "apply", started: s.now()}, nil
}

// whoWrote says who raised the serial since a plan was made. A run that was cut off is the plan's own.
func (s *Store) whoWrote(ctx context.Context, info RunInfo) string {
	others := 0
	err := s.each(ctx, "SELECT count(*) FROM runs WHERE serial > ? AND plan_digest <> ?", func(scan func(...any) error) error { return scan(&others) },
		info.Serial, info.PlanDigest)
	if err == nil && others == 0 && info.PlanDigest != "" {
		return "a run of this very plan has written since"
	}
	return "another run has written since"
}

// RemoveLinks forgets the links of some anchors without touching either directory. It is a run of its own: the serial is raised,
// so that plans made before are refused. Anchors without a link are an error, and then none is removed.
func (s *Store) RemoveLinks(ctx context.Context, anchors ...string) error {
	m := s.Meta()
	if !m.Exists {
		return &fault.Error{Summary: "the state has no links to remove", Detail: s.path + " does not exist."}
	}
	w, err := s.Begin(ctx, RunInfo{Lineage: m.Lineage, Serial: m.Serial, SourceSID: m.SourceSID, TenantID: m.TenantID})
	if err != nil {
		return err
	}
	w.command = "state rm"
	err = w.tx(ctx, func(tx *sql.Tx) error {
		for _, a := range anchors {
			r, err := tx.ExecContext(ctx, "DELETE FROM links WHERE anchor = ?", a)
			if err != nil {
				return err
			}
			if n, err := r.RowsAffected(); err != nil || n == 0 {
				return errors.Join(err, &fault.Error{Summary: fmt.Sprintf("the state has no link with anchor %q", a), Detail: "Nothing was removed."})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.Finish(ctx, OutcomeApplied, state.Counts{Applied: len(anchors)}, nil)
}

// tx runs f in one durable transaction, entering the run in the history and raising the serial if it is the run's first.
func (w *Writer) tx(ctx context.Context, f func(*sql.Tx) error) error {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return w.txLocked(ctx, true, f)
}

func (w *Writer) txLocked(ctx context.Context, raise bool, f func(*sql.Tx) error) error {
	s := w.s
	if !s.meta.Exists {
		if err := s.create(ctx); err != nil {
			return err
		}
	}
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return explain(s.path, err)
	}
	meta, run := s.meta, w.run
	if meta.Exists {
		err = upgrade(ctx, tx, s.layout)
	}
	if err == nil && run == 0 {
		meta, run, err = w.enter(ctx, tx, raise)
	}
	if err == nil {
		err = f(tx)
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		tx.Rollback()
		if s.meta.Exists { // ids handed out inside the transaction are gone with it
			err = errors.Join(err, s.classes.load(context.WithoutCancel(ctx), s.conn))
		}
		return explain(s.path, err)
	}
	s.meta, s.layout, w.run = meta, schemaVersion, run
	return nil
}

// enter adds the run to the history, creating the record's tables for the first run of all, and returns the record's identity as
// it will be. What earlier runs left open is closed: this run's plan has seen what became of it.
func (w *Writer) enter(ctx context.Context, tx *sql.Tx, raise bool) (Meta, int64, error) {
	m := w.s.meta
	if !m.Exists {
		m = Meta{Exists: true, Lineage: w.info.Lineage, SourceSID: w.info.SourceSID, TenantID: w.info.TenantID}
		if err := createLayout(ctx, tx); err != nil {
			return m, 0, err
		}
		if err := w.s.classes.load(ctx, tx); err != nil {
			return m, 0, err
		}
		for name, value := range map[string]string{"lineage": m.Lineage, "source_sid": m.SourceSID, "tenant_id": m.TenantID} {
			if _, err := tx.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES (?, ?)", name, value); err != nil {
				return m, 0, err
			}
		}
	}
	if m.SourceSID != w.info.SourceSID { // the record moves to another domain, see Begin
		m.SourceSID = w.info.SourceSID
		if _, err := tx.ExecContext(ctx, "UPDATE meta SET value = ? WHERE name = 'source_sid'", m.SourceSID); err != nil {
			return m, 0, err
		}
	}
	if raise {
		m.Serial++
	}
	allowed := w.info.Allowed
	if allowed == nil {
		allowed = []string{}
	}
	text, err := json.Marshal(allowed)
	if err != nil {
		return m, 0, err
	}
	if err := closeDead(ctx, tx); err != nil {
		return m, 0, err
	}
	if err := noteHosts(ctx, tx, w.info.Hosts); err != nil {
		return m, 0, err
	}
	var r sql.Result
	for _, q := range []struct {
		query string
		args  []any
	}{
		{"INSERT INTO meta (name, value) VALUES ('serial', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", []any{strconv.FormatInt(m.Serial, 10)}},
		{`INSERT INTO runs (command, serial, started, finished, outcome, counts, plan_digest, allowed, scopes)
			VALUES (?, ?, ?, '', '', '{}', ?, ?, '[]')`, []any{w.command, m.Serial, stamp(w.started), w.info.PlanDigest, string(text)}},
	} {
		if r, err = tx.ExecContext(ctx, q.query, q.args...); err != nil {
			return m, 0, err
		}
	}
	run, err := r.LastInsertId()
	return m, run, err
}
