package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/bound"
)

// Intents journals steps that are about to be written. When it returns nil they are on disk.
func (w *Writer) Intents(ctx context.Context, entries []state.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return w.tx(ctx, func(tx *sql.Tx) error {
		put, err := w.entryPutter(ctx, tx)
		if err != nil {
			return err
		}
		for i := range entries {
			e := entries[i]
			e.Status = state.StatusIntent
			if err := put(&e); err != nil {
				return err
			}
		}
		return w.touch(ctx, tx)
	})
}

// Results journals what became of steps, and changes the links accordingly, in one transaction. A step without an intent (one
// that was skipped, or needed no write) is journalled as well.
func (w *Writer) Results(ctx context.Context, results []state.Result) error {
	if len(results) == 0 {
		return nil
	}
	return w.tx(ctx, func(tx *sql.Tx) error {
		put, err := w.entryPutter(ctx, tx)
		if err != nil {
			return err
		}
		link, err := w.linkPutter(ctx, tx)
		if err != nil {
			return err
		}
		for i := range results {
			r := &results[i]
			if err := put(&r.Entry); err != nil {
				return err
			}
			if r.Forget {
				if _, err := tx.ExecContext(ctx, "DELETE FROM links WHERE anchor = ?", r.Key); err != nil {
					return err
				}
			}
			if r.Replaces != "" && r.Link != nil {
				if _, err := tx.ExecContext(ctx, "DELETE FROM links WHERE anchor = ? AND tenant_id = ?", r.Replaces, r.Link.TargetID); err != nil {
					return err
				}
			}
			if r.Link != nil {
				if err := link(r.Link); err != nil {
					return err
				}
			}
		}
		return w.touch(ctx, tx)
	})
}

// Records notes links that needed no write to a directory: they are put in place of those with the same anchor.
func (w *Writer) Records(ctx context.Context, links []*state.Link) error {
	if len(links) == 0 {
		return nil
	}
	return w.tx(ctx, func(tx *sql.Tx) error {
		put, err := w.linkPutter(ctx, tx)
		if err != nil {
			return err
		}
		for _, l := range links {
			if err := put(l); err != nil {
				return err
			}
		}
		return nil
	})
}

// Links are the recorded links of some anchors, as this run has left them so far.
func (w *Writer) Links(ctx context.Context, anchors []string) (map[string]*state.Link, error) {
	return w.s.linksOf(ctx, anchors)
}

// OUs notes the containers of the scopes that occur in ous; what was noted of these scopes before is replaced.
func (w *Writer) OUs(ctx context.Context, ous []state.OU) error {
	if len(ous) == 0 {
		return nil
	}
	old, err := w.s.OUs(ctx)
	if err != nil || same(old, ous) {
		return err
	}
	return w.tx(ctx, func(tx *sql.Tx) error {
		for _, o := range ous {
			if _, err := tx.ExecContext(ctx, "DELETE FROM ous WHERE scope = ?", o.Scope); err != nil {
				return err
			}
		}
		for _, o := range ous {
			if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO ous (scope, declared, guid) VALUES (?, ?, ?)",
				o.Scope, o.Declared, o.GUID[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// same reports whether noting ous would change nothing: every scope of ous is recorded with exactly these containers.
func same(old, ous []state.OU) bool {
	known, scopes, n := map[state.OU]bool{}, map[string]bool{}, 0
	for _, o := range ous {
		scopes[o.Scope], known[o] = true, true
	}
	for _, o := range old {
		if !scopes[o.Scope] {
			continue
		}
		if !known[o] {
			return false
		}
		n++
	}
	return n == len(known)
}

// Finish closes the run. A run that recorded nothing enters the history without raising the serial.
func (w *Writer) Finish(ctx context.Context, outcome string, counts state.Counts, scopes []store.ScopeCount) error {
	if scopes == nil {
		scopes = []store.ScopeCount{}
	}
	c, err := json.Marshal(counts)
	if err != nil {
		return err
	}
	sc, err := json.Marshal(scopes)
	if err != nil {
		return err
	}
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	err = w.txLocked(ctx, false, func(tx *sql.Tx) error {
		now := w.s.now()
		did, err := deedsOf(ctx, tx, w.run)
		if err != nil {
			return err
		}
		writes, err := writesOf(ctx, tx, w.run)
		if err != nil {
			return err
		}
		const end = `UPDATE runs SET finished = ?, active = ?, outcome = ?, counts = ?, scopes = ?, did = ?, writes = ?
			WHERE id = (SELECT max(id) FROM runs)`
		_, err = tx.ExecContext(ctx, end, stamp(now), stamp(now), outcome, string(c), string(sc), did, writes)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, dropJournals, store.KeepJournals, stamp(now.Add(-state.RecentTime)))
		return err
	})
	if err == nil {
		err = w.s.install(ctx)
	}
	if err == nil {
		err = w.s.eraseReplaced(ctx)
	}
	return err
}

// entryPutter prepares the journalling of entries under the current run, which is the latest.
func (w *Writer) entryPutter(ctx context.Context, tx *sql.Tx) (func(*state.Entry) error, error) {
	st, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO journal (run, "+entryColumns+writeColumns+
		", deeds) VALUES ((SELECT max(id) FROM runs), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return nil, err
	}
	return func(e *state.Entry) error {
		deeds, err := deedsText(e.Deeds)
		if err != nil {
			return err
		}
		_, err = st.ExecContext(ctx, e.Seq, e.Key, string(e.Kind), string(e.Action), e.Attribute, string(e.Status),
			e.TargetID, e.Code, e.RequestID, e.Writes.Source, e.Writes.Tenant, deeds)
		return err
	}, nil
}

// linkPutter prepares the recording of links.
func (w *Writer) linkPutter(ctx context.Context, tx *sql.Tx) (func(*state.Link) error, error) {
	st, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO links (anchor, tenant_id, source_guid, class, fingerprints, left_at) VALUES (?, ?, ?, ?, ?, ?)")
	if err != nil {
		return nil, err
	}
	var to []byte
	buf := []byte{} // never nil, which would be NULL
	return func(l *state.Link) error {
		if err := checkLink(l); err != nil {
			return err
		}
		id, err := w.s.classes.id(ctx, tx, l)
		if err != nil {
			return err
		}
		label, _ := w.s.classes.label(id)
		to = bound.Append(to[:0], l, label)
		buf = w.sealer.Seal(buf[:0], to, l.Fingerprints)
		_, err = st.ExecContext(ctx, l.Anchor, l.TargetID, l.SourceGUID[:], id, buf, l.LeftAt)
		return err
	}, nil
}

// checkLink refuses a link that could not be read back.
func checkLink(l *state.Link) error {
	n := 0
	if l.Shape != nil {
		n = l.Shape.Len()
	}
	switch {
	case l.Anchor == "" || len(l.Fingerprints) != n:
		return fmt.Errorf("the link of anchor %q to %q has %d fingerprints for %d attributes", l.Anchor, l.TargetID, len(l.Fingerprints), n)
	case len(l.TargetID) > maxTenantID || n > maxAttributes || l.LeftAt < 0 || l.LeftAt > maxLeftAt:
		return fmt.Errorf("the link of anchor %q does not fit the state: its tenant id has %d bytes, it has %d fingerprints, and it left at %d",
			l.Anchor, len(l.TargetID), n, l.LeftAt)
	}
	return nil
}
