package tables

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
)

// Writer records one run.
type Writer struct {
	Info store.RunInfo
	Run  int64 // 0 until the run is in the history, with the first call that records something

	to      To
	record  Record
	started time.Time
}

// Begin starts a run for a plan on the record m, which a place names. It writes nothing, but refuses a plan that does not fit.
func Begin(ctx context.Context, to To, place string, m store.Meta, info store.RunInfo) (*Writer, error) {
	record := NewRecord(to)
	refuse := func(what string, args ...any) (*Writer, error) {
		return nil, &store.OtherStateError{Reason: fmt.Sprintf(what, args...)}
	}
	switch {
	case info.Lineage == "":
		return nil, fmt.Errorf("a run needs its plan's lineage")
	case !m.Exists && info.Serial != 0:
		return refuse("it was made at serial %d of a state, and %s does not exist", info.Serial, place)
	case !m.Exists:
	case m.Lineage != info.Lineage:
		return refuse("it was made for the state lineage %s, and %s is of lineage %s", info.Lineage, place, m.Lineage)
	case m.Serial != info.Serial:
		return refuse("it was made at serial %d of the state, which is at serial %d by now: %s", info.Serial, m.Serial, record.whoWrote(ctx, info))
	case m.SourceSID != info.SourceSID && m.SourceSID != info.MovesFrom:
		return refuse("it was made from the domain %s, and the state belongs to domain %s", info.SourceSID, m.SourceSID)
	case m.TenantID != info.TenantID:
		return refuse("it was made for the tenant %s, and the state belongs to tenant %s", info.TenantID, m.TenantID)
	}
	info.Command = cmp.Or(info.Command, store.CommandApply)
	return &Writer{Info: info, to: to, record: record, started: to.Now()}, nil
}

// Enter adds the run to the history of the record m, which becomes its identity as it will be. What earlier runs left open is
// closed: this run's plan has seen what became of it. counted says that the tables had how much each step wrote.
func (w *Writer) Enter(ctx context.Context, tx DB, m *store.Meta, raise, counted bool) (run int64, err error) {
	if m.SourceSID != w.Info.SourceSID { // the record moves to another domain, see Begin
		m.FormerSID, m.SourceSID = m.SourceSID, w.Info.SourceSID
		if err := PutMeta(ctx, tx, metaFormer, m.FormerSID); err != nil {
			return 0, err
		}
		if err := PutMeta(ctx, tx, metaSource, m.SourceSID); err != nil {
			return 0, err
		}
	}
	if raise {
		m.Serial++
	}
	if err := closeDead(ctx, tx, counted); err != nil {
		return 0, err
	}
	if err := notePositions(ctx, tx, w.Info.Positions); err != nil {
		return 0, err
	}
	if err := noteHosts(ctx, tx, w.Info.Hosts); err != nil {
		return 0, err
	}
	if err := PutMeta(ctx, tx, metaSerial, strconv.FormatInt(m.Serial, 10)); err != nil {
		return 0, err
	}
	allowed := w.Info.Allowed
	if allowed == nil {
		allowed = []string{}
	}
	text, err := json.Marshal(allowed)
	if err != nil {
		return 0, err
	}
	if run, err = next(ctx, tx, "runs"); err != nil {
		return 0, err
	}
	by := w.to.Origin()
	_, err = tx.Exec(ctx, `INSERT INTO {t}runs ({record,} id, command, serial, started, active, finished, outcome, counts,
		plan_digest, allowed, scopes, links, did, writes, ran_by, ref) VALUES ({its,} $1, $2, $3, $4, $5, '', '', '{}', $6, $7, '[]', $8, '', '', $9, $10)`,
		run, w.Info.Command, m.Serial, stamp(w.started), stamp(w.started), w.Info.PlanDigest, string(text), w.Info.Links, by.By, by.Ref)
	return run, err
}

// Intents journals steps that are about to be written. When it returns nil they are durable.
func (w *Writer) Intents(ctx context.Context, entries []state.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return w.to.Transact(ctx, w, true, func(tx Tx, run int64) error {
		var e state.Entry
		err := tx.PutEntries(ctx, run, len(entries), func(i int) *state.Entry {
			e = entries[i]
			e.Status = state.StatusIntent
			return &e
		})
		if err != nil {
			return err
		}
		return touch(ctx, tx, run, w.to.Now())
	})
}

// Results journals what became of steps, and changes the links accordingly, in one transaction. A step without an intent (one
// that was skipped, or needed no write) is journalled as well.
func (w *Writer) Results(ctx context.Context, results []state.Result) error {
	if len(results) == 0 {
		return nil
	}
	gone, links := linksAfter(results)
	return w.to.Transact(ctx, w, true, func(tx Tx, run int64) error {
		if err := tx.PutEntries(ctx, run, len(results), func(i int) *state.Entry { return &results[i].Entry }); err != nil {
			return err
		}
		if err := tx.DropLinks(ctx, gone); err != nil {
			return err
		}
		if err := tx.PutLinks(ctx, links); err != nil {
			return err
		}
		return touch(ctx, tx, run, w.to.Now())
	})
}

// Gone is a link that ends: whichever an anchor has, or only the one to a tenant object.
type Gone struct {
	Anchor string
	Of     string // the id of that object; "" for whichever
}

// linksAfter are the links that end by results, and those that are there after them, each anchor once: as if one result was
// recorded after the other.
func linksAfter(results []state.Result) (gone []Gone, links []*state.Link) {
	at := map[string]int{} // index in links, by anchor
	end := func(anchor, of string) {
		i, ok := at[anchor]
		if !ok || links[i] == nil {
			gone = append(gone, Gone{anchor, of})
			return
		}
		if of == "" || links[i].TargetID == of {
			links[i] = nil
			gone = append(gone, Gone{Anchor: anchor})
		}
	}
	for i := range results {
		r := &results[i]
		if r.Forget {
			end(r.Key, "")
		}
		if r.Link == nil {
			continue
		}
		if r.Replaces != "" {
			end(r.Replaces, r.Link.TargetID)
		}
		if j, ok := at[r.Link.Anchor]; ok {
			links[j] = nil
		}
		at[r.Link.Anchor] = len(links)
		links = append(links, r.Link)
	}
	kept := links[:0]
	for _, l := range links {
		if l != nil {
			kept = append(kept, l)
		}
	}
	return gone, kept
}

// Records notes links that needed no write to a directory: they are put in place of those with the same anchor.
func (w *Writer) Records(ctx context.Context, links []*state.Link) error {
	if len(links) == 0 {
		return nil
	}
	return w.to.Transact(ctx, w, true, func(tx Tx, _ int64) error { return tx.PutLinks(ctx, links) })
}

// Links are the recorded links of some anchors, as this run has left them so far.
func (w *Writer) Links(ctx context.Context, anchors []string) (map[string]*state.Link, error) {
	return w.to.LinksOf(ctx, anchors)
}

// OUs notes the containers of the scopes that occur in ous; what was noted of these scopes before is replaced.
func (w *Writer) OUs(ctx context.Context, ous []state.OU) error {
	if len(ous) == 0 {
		return nil
	}
	old, err := w.record.OUs(ctx)
	if err != nil || same(old, ous) {
		return err
	}
	return w.to.Transact(ctx, w, true, func(tx Tx, _ int64) error {
		for _, o := range ous {
			if _, err := tx.Exec(ctx, "DELETE FROM {t}ous WHERE {mine} AND scope = $1", o.Scope); err != nil {
				return err
			}
		}
		noted := map[[2]string]bool{}
		for _, o := range ous {
			name := [2]string{o.Scope, o.Declared}
			statement := "INSERT INTO {t}ous ({record,} guid, scope, declared) VALUES ({its,} $1, $2, $3)"
			if noted[name] {
				statement = "UPDATE {t}ous SET guid = $1 WHERE {mine} AND scope = $2 AND declared = $3"
			}
			noted[name] = true
			if _, err := tx.Exec(ctx, statement, o.GUID[:], o.Scope, o.Declared); err != nil {
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
	return w.to.Transact(ctx, w, false, func(tx Tx, run int64) error {
		now := w.to.Now()
		did, err := deedsOf(ctx, tx, run)
		if err != nil {
			return err
		}
		writes, err := writesOf(ctx, tx, run)
		if err != nil {
			return err
		}
		const end = `UPDATE {t}runs SET finished = $1, active = $2, outcome = $3, counts = $4, scopes = $5, did = $6, writes = $7
			WHERE {mine} AND id = $8`
		if _, err = tx.Exec(ctx, end, stamp(now), stamp(now), outcome, string(c), string(sc), did, writes, run); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, dropJournals, run-store.KeepJournals, stamp(now.Add(-state.RecentTime)))
		return err
	})
}

// RemoveLinks forgets the links of some anchors, all of them or none, in a run of its own on the record m, which a place names.
func RemoveLinks(ctx context.Context, place string, m store.Meta, begin func(context.Context, store.RunInfo) (*Writer, error), anchors []string) error {
	if !m.Exists {
		return &fault.Error{Summary: "the state has no links to remove", Detail: place + " does not exist."}
	}
	w, err := begin(ctx, store.RunInfo{Command: "state rm", Lineage: m.Lineage, Serial: m.Serial, SourceSID: m.SourceSID, TenantID: m.TenantID})
	if err != nil {
		return err
	}
	found, err := w.to.LinksOf(ctx, anchors) // nobody else changes them: the lock is held, which the transaction checks
	if err != nil {
		return err
	}
	gone := make([]Gone, 0, len(anchors))
	for _, a := range anchors {
		if found[a] == nil {
			return &fault.Error{Summary: fmt.Sprintf("the state has no link with anchor %q", a),
				Detail: "Nothing was removed."}
		}
		gone = append(gone, Gone{Anchor: a})
	}
	if err := w.to.Transact(ctx, w, true, func(tx Tx, _ int64) error { return tx.DropLinks(ctx, gone) }); err != nil {
		return err
	}
	return w.Finish(ctx, store.OutcomeApplied, state.Counts{Applied: len(found)}, nil)
}
