package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/origin"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/tables"
)

// anewSuffix is what the name of a record ends with while it is made anew.
const anewSuffix = ".new"

// asked is a transaction that is asked about one record.
type asked struct {
	tx    pgx.Tx
	marks func(string) string
}

// Each runs f for every row of a query.
func (a asked) Each(ctx context.Context, query string, f func(scan func(...any) error) error, args ...any) error {
	rows, err := a.tx.Query(ctx, a.marks(query), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Exec runs a statement, and tells how many rows it was about.
func (a asked) Exec(ctx context.Context, statement string, args ...any) (int64, error) {
	tag, err := a.tx.Exec(ctx, a.marks(statement), args...)
	return tag.RowsAffected(), err
}

// transaction is one of a run.
type transaction struct {
	asked
	record  int64
	sealing tables.Sealing
}

// batch is how many rows are sent at once.
const batch = 5000

// PutEntries notes steps of a run, in place of those with the same number.
func (t *transaction) PutEntries(ctx context.Context, run int64, n int, entry func(i int) *state.Entry) error {
	rows, at := make([][]any, 0, n), map[int64]int{}
	numbers := make([]int64, 0, n)
	for i := range n {
		e := entry(i)
		values, err := tables.EntryValues(run, e, t.sealing.Kept)
		if err != nil {
			return err
		}
		row := append([]any{t.record, run}, values...)
		if j, ok := at[e.Seq]; ok {
			rows[j] = row
			continue
		}
		at[e.Seq] = len(rows)
		rows, numbers = append(rows, row), append(numbers, e.Seq)
	}
	if _, err := t.Exec(ctx, "DELETE FROM {t}journal WHERE {mine} AND run = $1 AND seq = ANY($2)", run, numbers); err != nil {
		return err
	}
	columns := []string{"record", "run", "seq", "key", "kind", "action", "attribute", "status", "tenant_id", "code", "request_id",
		"source_writes", "tenant_writes", "deeds", "kept"}
	_, err := t.tx.CopyFrom(ctx, pgx.Identifier{"dirform", "journal"}, columns, pgx.CopyFromRows(rows))
	return err
}

// PutLinks notes links, in place of those with the same anchor. Of several with one anchor the last counts.
func (t *transaction) PutLinks(ctx context.Context, links []*state.Link) error {
	columns := []string{"record", "anchor", "tenant_id", "source_guid", "class", "fingerprints", "left_at"}
	for part := range slices.Chunk(links, batch) {
		rows, at := make([][]any, 0, len(part)), make(map[string]int, len(part))
		anchors := make([]string, 0, len(part))
		for _, l := range part {
			class, sealed, err := t.sealing.Row(ctx, t, l)
			if err != nil {
				return err
			}
			row := []any{t.record, l.Anchor, l.TargetID, l.SourceGUID[:], class, slices.Clone(sealed), l.LeftAt}
			if j, ok := at[l.Anchor]; ok {
				rows[j] = row
				continue
			}
			at[l.Anchor] = len(rows)
			rows, anchors = append(rows, row), append(anchors, l.Anchor)
		}
		if _, err := t.Exec(ctx, "DELETE FROM {t}links WHERE {mine} AND anchor = ANY($1)", anchors); err != nil {
			return err
		}
		if _, err := t.tx.CopyFrom(ctx, pgx.Identifier{"dirform", "links"}, columns, pgx.CopyFromRows(rows)); err != nil {
			return err
		}
	}
	return nil
}

// DropLinks ends links.
func (t *transaction) DropLinks(ctx context.Context, gone []tables.Gone) error {
	anchors, of := make([]string, len(gone)), make([]string, len(gone))
	for i, g := range gone {
		anchors[i], of[i] = g.Anchor, g.Of
	}
	_, err := t.Exec(ctx, `DELETE FROM {t}links USING unnest($1::text[], $2::text[]) AS gone (key, id)
		WHERE {mine} AND anchor = gone.key AND gone.id IN ('', tenant_id)`, anchors, of)
	return err
}

// Begin starts a run for a plan. It writes nothing yet, but refuses a plan that does not fit the record.
func (s *Store) Begin(ctx context.Context, info store.RunInfo) (store.Writer, error) {
	w, err := s.begin(ctx, info)
	if err != nil {
		return nil, err
	}
	return w, nil
}

func (s *Store) begin(ctx context.Context, info store.RunInfo) (*tables.Writer, error) {
	if s.lease == nil {
		return nil, fmt.Errorf("the state %v was opened for reading only", s.d)
	}
	return tables.Begin(ctx, writing{s}, s.d.String(), s.Meta(), info)
}

// RemoveLinks forgets the links of some anchors, in a run of its own.
func (s *Store) RemoveLinks(ctx context.Context, anchors ...string) error {
	return tables.RemoveLinks(ctx, s.d.String(), s.Meta(), s.begin, anchors)
}

// writing is a record that runs write to.
type writing struct{ *Store }

// Origin says who runs.
func (w writing) Origin() origin.Origin { return w.from }

// Now is the time.
func (w writing) Now() time.Time { return w.now() }

// outcome is what a transaction makes of the record once it is committed.
type outcome struct {
	written, id, run int64
	meta             store.Meta
	sealing          tables.Sealing
	whole            bool // a record that is made anew is finished
}

// Transact runs f in one durable transaction, which checks that the lock is still held and has it last from now on. It is tried
// again when the connection is lost, unless it turns out to be committed.
func (w writing) Transact(ctx context.Context, run *tables.Writer, raise bool, f func(tx tables.Tx, run int64) error) error {
	ctx, done := w.lease.watch.Under(ctx) // a server that is silent keeps nobody waiting for longer
	defer done()
	made, err := w.transact(ctx, func(tx pgx.Tx, before *outcome) (*outcome, error) { return w.write(ctx, tx, run, raise, f, before) })
	if err == nil {
		run.Run = made.run
		return nil
	}
	var lost *store.LostError
	if errors.As(err, &lost) {
		return err
	}
	if errors.As(context.Cause(ctx), &lost) {
		return lost
	}
	return err
}

// transact makes a transaction of what write does, which gets the outcome of an earlier attempt, nil if no commit was tried.
func (w writing) transact(ctx context.Context, write func(tx pgx.Tx, before *outcome) (*outcome, error)) (*outcome, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var made *outcome
	var sent time.Time
	err := w.again(ctx, func() error {
		before := made
		sent = time.Now()
		err := w.connected(ctx, func(tx pgx.Tx) error {
			o, err := write(tx, before)
			if o != nil { // only now a commit is tried
				made = o
			}
			return err
		})
		if errors.Is(err, errCommitted) {
			made, err = before, nil
		}
		return err
	})
	var lost *store.LostError
	if errors.As(err, &lost) {
		w.lease.watch.Lost(lost)
	}
	if err != nil {
		if w.meta.Exists && !w.broken(err) { // ids handed out inside the transaction are gone with it
			fresh := &tables.Classes{}
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.d.renews)
			defer cancel()
			if w.connected(ctx, func(tx pgx.Tx) error { return fresh.Load(ctx, asked{tx, marksOf(w.id)}) }) == nil {
				w.sealing.Classes = fresh
			}
		}
		return nil, w.d.explain(err)
	}
	w.lease.watch.Renewed(sent)
	w.lease.written, w.id, w.meta, w.sealing = made.written, made.id, made.meta, made.sealing
	w.rewrap = false
	if made.whole {
		w.anew, w.aside = false, ""
	}
	return made, nil
}

// errCommitted says that the attempt before was committed after all.
var errCommitted = errors.New("committed")

func (w writing) write(ctx context.Context, tx pgx.Tx, run *tables.Writer, raise bool, f func(tx tables.Tx, run int64) error,
	before *outcome) (*outcome, error) {
	o := &outcome{id: w.id, run: run.Run, meta: w.meta, whole: w.anew && !raise}
	var err error
	if o.written, err = w.renewed(ctx, tx, before); err != nil {
		return nil, err
	}
	o.sealing.Classes = &tables.Classes{}
	if o.id == 0 {
		if o.id, err = w.make(ctx, tx); err != nil {
			return nil, err
		}
	}
	t := &transaction{asked: asked{tx, marksOf(o.id)}, record: o.id}
	if !o.meta.Exists {
		if o.meta, err = run.Found(ctx, t, w.d.keys); err != nil {
			return nil, err
		}
	} else if w.rewrap {
		if err := tables.NoteKey(ctx, t, o.meta, w.d.keys); err != nil {
			return nil, err
		}
	}
	if err := o.sealing.Classes.Load(ctx, t); err != nil {
		return nil, err
	}
	if o.run == 0 {
		if o.run, err = run.Enter(ctx, t, &o.meta, raise, true); err != nil {
			return nil, err
		}
	}
	if err := o.sealing.By(o.meta.Key, w.d.keys != nil); err != nil {
		return nil, err
	}
	t.sealing = o.sealing
	if err := f(t, o.run); err != nil {
		return nil, err
	}
	if o.whole {
		return o, w.install(ctx, tx, o.id)
	}
	return o, nil
}

// renewed renews the lock for a transaction that writes, the written-th of the lock. It is refused if the lock is lost, or the
// attempt before was committed.
func (w writing) renewed(ctx context.Context, tx pgx.Tx, before *outcome) (written int64, err error) {
	written, held, err := w.lease.renew(ctx, w.d, tx, 1)
	switch {
	case err != nil:
		return 0, err
	case !held:
		return 0, w.d.lost(ctx, tx)
	case before != nil && written == before.written+1:
		return 0, errCommitted
	}
	return written, nil
}

// make makes the row of a record that does not exist yet.
func (w writing) make(ctx context.Context, tx pgx.Tx) (id int64, err error) {
	name := w.d.name
	if w.anew {
		name += anewSuffix
		if err := forget(ctx, tx, name); err != nil { // of a run that was cut off
			return 0, err
		}
	}
	err = tx.QueryRow(ctx, "INSERT INTO dirform.records (name) VALUES ($1) RETURNING id", name).Scan(&id)
	return id, err
}

// install puts a record that was made anew in its place.
func (w writing) install(ctx context.Context, tx pgx.Tx, id int64) error {
	if w.aside != "" {
		if _, err := tx.Exec(ctx, "UPDATE dirform.records SET name = $1 WHERE name = $2", w.aside, w.d.name); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, "UPDATE dirform.records SET name = $1 WHERE id = $2", w.d.name, id)
	return err
}
