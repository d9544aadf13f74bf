package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/seal"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// Writer records one run. Each of its calls is one durable transaction. It is not safe for concurrent use.
type Writer struct {
	s       *Store
	info    store.RunInfo
	command string
	started time.Time
	sealer  *seal.Sealer
	run     int64 // 0 until the run is in the history, with the first call that records something
}

// Begin starts a run for a plan. It writes nothing yet, but refuses a plan that does not fit the record; that error wraps
// [ErrOtherState].
func (s *Store) Begin(ctx context.Context, info store.RunInfo) (store.Writer, error) {
	w, err := s.begin(ctx, info)
	if err != nil {
		return nil, err
	}
	return w, nil
}

func (s *Store) begin(ctx context.Context, info store.RunInfo) (*Writer, error) {
	m := s.Meta()
	if s.lock == nil {
		return nil, fmt.Errorf("the state %s was opened for reading only", s.path)
	}
	refuse := func(what string, args ...any) (*Writer, error) {
		return nil, &store.OtherStateError{Reason: fmt.Sprintf(what, args...)}
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
	return &Writer{s: s, info: info, command: cmp.Or(info.Command, store.CommandApply), started: s.now()}, nil
}

// whoWrote says who raised the serial since a plan was made. A run that was cut off is the plan's own.
func (s *Store) whoWrote(ctx context.Context, info store.RunInfo) string {
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
	w, err := s.begin(ctx, store.RunInfo{Command: "state rm", Lineage: m.Lineage, Serial: m.Serial, SourceSID: m.SourceSID, TenantID: m.TenantID})
	if err != nil {
		return err
	}
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
	return w.Finish(ctx, store.OutcomeApplied, state.Counts{Applied: len(anchors)}, nil)
}

// tx runs f in one durable transaction, entering the run in the history and raising the serial if it is the run's first.
func (w *Writer) tx(ctx context.Context, f func(*sql.Tx) error) error {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return w.txLocked(ctx, true, f)
}

func (w *Writer) txLocked(ctx context.Context, raise bool, f func(*sql.Tx) error) error {
	s := w.s
	if s.meta.Exists {
		return w.commit(ctx, raise, f)
	}
	err := s.create(ctx)
	if err == nil {
		err = w.commit(ctx, raise, f)
	}
	if err == nil && !s.whole {
		err = s.install(ctx)
	}
	if err != nil {
		s.discard()
		w.run = 0
	}
	return err
}

// commit runs f in a transaction of the file that there is. What the file was made for or is upgraded to counts once it is committed.
func (w *Writer) commit(ctx context.Context, raise bool, f func(*sql.Tx) error) error {
	s := w.s
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return explain(s.path, err)
	}
	meta, run, erase := s.meta, w.run, s.erase
	if meta.Exists {
		erase = erase || s.layout < layout.Sealed
		err = s.upgrade(ctx, tx, &meta)
	}
	if err == nil && run == 0 {
		run, err = w.enter(ctx, tx, &meta, raise)
	}
	if err == nil {
		w.sealer, err = seal.New(meta.Key)
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
	s.meta, s.layout, s.sealer, s.erase, w.run = meta, layout.Version, w.sealer, erase, run
	return nil
}

// enter adds the run to the history, creating the record's tables for the first run of all. m becomes the record's identity as it
// will be. What earlier runs left open is closed: this run's plan has seen what became of it.
func (w *Writer) enter(ctx context.Context, tx *sql.Tx, m *store.Meta, raise bool) (run int64, err error) {
	if !m.Exists {
		if *m, err = w.found(ctx, tx); err != nil {
			return 0, err
		}
	}
	if m.SourceSID != w.info.SourceSID { // the record moves to another domain, see Begin
		m.SourceSID = w.info.SourceSID
		if err := putMeta(ctx, tx, metaSource, m.SourceSID); err != nil {
			return 0, err
		}
	}
	if raise {
		m.Serial++
	}
	if err := closeDead(ctx, tx, w.s.layout >= layout.Writes); err != nil {
		return 0, err
	}
	if err := notePositions(ctx, tx, w.info.Positions); err != nil {
		return 0, err
	}
	if err := noteHosts(ctx, tx, w.info.Hosts); err != nil {
		return 0, err
	}
	if err := putMeta(ctx, tx, metaSerial, strconv.FormatInt(m.Serial, 10)); err != nil {
		return 0, err
	}
	allowed := w.info.Allowed
	if allowed == nil {
		allowed = []string{}
	}
	text, err := json.Marshal(allowed)
	if err != nil {
		return 0, err
	}
	r, err := tx.ExecContext(ctx, `INSERT INTO runs (command, serial, started, active, finished, outcome, counts,
		plan_digest, allowed, scopes, links, ran_by, ref) VALUES (?, ?, ?, ?, '', '', '{}', ?, ?, '[]', ?, ?, ?)`, w.command, m.Serial,
		stamp(w.started), stamp(w.started), w.info.PlanDigest, string(text), w.info.Links, w.s.from.By, w.s.from.Ref)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// found makes an empty record of this run's lineage and key.
func (w *Writer) found(ctx context.Context, tx *sql.Tx) (m store.Meta, err error) {
	m = store.Meta{Exists: true, Lineage: w.info.Lineage, SourceSID: w.info.SourceSID, TenantID: w.info.TenantID, Key: w.info.Key}
	if m.Key.IsZero() {
		if m.Key, err = store.NewKey(); err != nil {
			return m, err
		}
	}
	if err := layout.Create(ctx, tx); err != nil {
		return m, err
	}
	if err := w.s.classes.load(ctx, tx); err != nil {
		return m, err
	}
	for name, value := range map[string]string{metaLineage: m.Lineage, metaSource: m.SourceSID, metaTenant: m.TenantID, metaKey: keyText(m.Key)} {
		if err := putMeta(ctx, tx, name, value); err != nil {
			return m, err
		}
	}
	return m, nil
}
