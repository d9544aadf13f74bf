package tables

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
)

// metaMoved is where a record went on, in the table meta.
const metaMoved = "moved_to"

// MarkMoved notes where a record goes on.
func MarkMoved(ctx context.Context, tx DB, to string) error { return PutMeta(ctx, tx, metaMoved, to) }

// Past lists all runs, oldest first.
func (r *Record) Past(ctx context.Context) (past []store.Past, err error) {
	runs, err := r.Runs(ctx, 0)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	at := make(map[int64]int, len(runs))
	past = make([]store.Past, len(runs))
	for i, run := range runs {
		j := len(runs) - 1 - i
		past[j].Run, at[run.ID] = run, j
	}
	if r.from.Layout() < Deeds {
		return past, nil
	}
	return past, r.from.Each(ctx, "SELECT id, active, links, did FROM {t}runs WHERE {mine}", func(scan func(...any) error) error {
		var id, links int64
		var active, did string
		if err := scan(&id, &active, &links, &did); err != nil {
			return err
		}
		i, ok := at[id]
		if !ok {
			return nil
		}
		var err error
		past[i].Links = int(links)
		past[i].Active, err = parseStamp(active)
		if err == nil && did != "" {
			err = json.Unmarshal([]byte(did), &past[i].Did)
		}
		return err
	})
}

// clear empties the tables of a record, those that others refer to last.
func clear(ctx context.Context, tx DB) error {
	for _, table := range []string{"journal", "runs", "ous", "links", "classes", "shapes", "meta"} {
		if _, err := tx.Exec(ctx, "DELETE FROM {t}"+table+" WHERE {mine}"); err != nil {
			return err
		}
	}
	return nil
}

// Import puts a copy of another record in place of what the tables have. keys wrap its key; s becomes its sealing, by which tx
// makes rows of links.
func Import(ctx context.Context, tx Tx, s *Sealing, from store.Record, keys *seal.Keys) (m store.Meta, err error) {
	m = from.Meta()
	if !m.Exists {
		return m, errors.New("there is no record to copy")
	}
	m.MovedTo = ""
	if m.Key, err = sealable(m.Key); err != nil {
		return m, err
	}
	if err := s.By(m.Key, keys != nil); err != nil {
		return m, err
	}
	for _, step := range []func() error{
		func() error { return clear(ctx, tx) },
		func() error { return s.Classes.Load(ctx, tx) },
		func() error { return importIdentity(ctx, tx, from, m, keys) },
		func() error { return ImportLinks(ctx, tx, from.Links(ctx)) },
		func() error { return importRuns(ctx, tx, from) },
		func() error {
			if c, is := from.(store.Checked); is {
				return c.Check()
			}
			return nil
		},
	} {
		if err := step(); err != nil {
			return m, err
		}
	}
	return m, nil
}

// sealable gives a key of the first layouts, which sealed nothing, the half by which fingerprints are sealed.
func sealable(key state.Key) (state.Key, error) {
	const half = len(key) / 2
	if [half]byte(key[half:]) != [half]byte{} {
		return key, nil
	}
	minted, err := store.NewKey()
	copy(key[half:], minted[half:])
	return key, err
}

func importIdentity(ctx context.Context, tx DB, from store.Record, m store.Meta, keys *seal.Keys) error {
	values := map[string]string{metaLineage: m.Lineage, metaSerial: fmt.Sprint(m.Serial), metaSource: m.SourceSID, metaTenant: m.TenantID}
	if m.FormerSID != "" {
		values[metaFormer] = m.FormerSID
	}
	for name, value := range values {
		if err := PutMeta(ctx, tx, name, value); err != nil {
			return err
		}
	}
	if err := NoteKey(ctx, tx, m, keys); err != nil {
		return err
	}
	hosts, recorded, err := from.Hosts(ctx)
	if err == nil && recorded {
		err = noteHosts(ctx, tx, append([]string{}, hosts...))
	}
	if err != nil {
		return err
	}
	positions, err := from.Positions(ctx)
	if err == nil {
		err = notePositions(ctx, tx, positions)
	}
	if err != nil {
		return err
	}
	ous, err := from.OUs(ctx)
	for _, o := range ous {
		if err == nil {
			_, err = tx.Exec(ctx, "INSERT INTO {t}ous ({record,} guid, scope, declared) VALUES ({its,} $1, $2, $3)", o.GUID[:], o.Scope, o.Declared)
		}
	}
	return err
}

// ImportLinks copies links, chunk of them at a time: the stream reuses what it yields.
func ImportLinks(ctx context.Context, tx Tx, from iter.Seq2[*state.Link, error]) error {
	buf, n := make([]state.Link, chunk), 0
	page := make([]*state.Link, chunk)
	for i := range buf {
		page[i] = &buf[i]
	}
	put := func() error {
		err := tx.PutLinks(ctx, page[:n])
		n = 0
		return err
	}
	for l, err := range from {
		if err != nil {
			return err
		}
		prints := append(buf[n].Fingerprints[:0], l.Fingerprints...)
		buf[n] = *l
		buf[n].Fingerprints = prints
		if n++; n == chunk {
			if err := put(); err != nil {
				return err
			}
		}
	}
	return put()
}

// importRuns copies the history with its journals.
func importRuns(ctx context.Context, tx Tx, from store.Record) error {
	past, err := from.Past(ctx)
	if err != nil {
		return err
	}
	for i := range past {
		if err := importRun(ctx, tx, &past[i]); err != nil {
			return err
		}
		if err := importJournal(ctx, tx, from, past[i].ID); err != nil {
			return err
		}
	}
	return nil
}

func importRun(ctx context.Context, tx DB, p *store.Past) error {
	var texts [5]string
	for i, v := range []any{p.Counts, orEmpty(p.Allowed), orEmpty(p.Scopes), p.Did, p.Writes} {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		texts[i] = string(b)
	}
	if p.Did == nil {
		texts[3] = ""
	}
	if p.Writes == nil || p.Outcome == "" { // of a run without an end its journal tells
		texts[4] = ""
	}
	_, err := tx.Exec(ctx, `INSERT INTO {t}runs ({record,} id, command, serial, started, finished, outcome, counts, allowed, scopes, did,
		writes, plan_digest, active, links, ran_by, ref) VALUES ({its,} $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		p.ID, p.Command, p.Serial, stampOrNone(p.Started), stampOrNone(p.Finished), p.Outcome, texts[0], texts[1], texts[2], texts[3], texts[4],
		p.PlanDigest, stampOrNone(p.Active), p.Links, p.By, p.Ref)
	return err
}

// stampOrNone is a time as it stands in the record; the zero time is empty.
func stampOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func importJournal(ctx context.Context, tx Tx, from store.Record, run int64) error {
	var page []state.Entry
	put := func() error {
		if len(page) == 0 {
			return nil
		}
		err := tx.PutEntries(ctx, run, len(page), func(i int) *state.Entry { return &page[i] })
		page = page[:0]
		return err
	}
	for e, err := range from.Journal(ctx, run) {
		if err != nil {
			return err
		}
		if page = append(page, *e); len(page) == chunk {
			if err := put(); err != nil {
				return err
			}
		}
	}
	return put()
}
