package apply_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

var errKilled = errors.New("killed")

// killer ends a run at its at-th boundary: before or after a call to the record, before or after a batch of writes. From then
// on nothing has any effect, as if the process were gone.
type killer struct {
	at    int
	count atomic.Int32
	dead  atomic.Bool
}

// boundary reports whether the process lives on.
func (k *killer) boundary() bool {
	if k.dead.Load() {
		return false
	}
	if int(k.count.Add(1)) == k.at {
		k.dead.Store(true)
		return false
	}
	return true
}

// mortalRecord is a record whose process may die around each call.
type mortalRecord struct {
	store.Writer
	k *killer
}

func (m mortalRecord) around(f func() error) error {
	if !m.k.boundary() {
		panic(errKilled)
	}
	err := f()
	if !m.k.boundary() {
		panic(errKilled)
	}
	return err
}

func (m mortalRecord) Intents(ctx context.Context, e []state.Entry) error {
	return m.around(func() error { return m.Writer.Intents(ctx, e) })
}

func (m mortalRecord) Results(ctx context.Context, r []state.Result) error {
	return m.around(func() error { return m.Writer.Results(ctx, r) })
}

func (m mortalRecord) Records(ctx context.Context, l []*state.Link) error {
	return m.around(func() error { return m.Writer.Records(ctx, l) })
}

// mortalTenant is a tenant whose client may die around each batch, and in its middle.
type mortalTenant struct {
	*tenant
	k *killer
}

func (m mortalTenant) Write(ctx context.Context, writes []providers.Write) []providers.WriteResult {
	results := make([]providers.WriteResult, len(writes))
	for i := range writes {
		results[i].Err = providers.ErrUnknownOutcome
		if i%7 == 0 && !m.k.boundary() || m.k.dead.Load() {
			return results
		}
		copy(results[i:], m.tenant.Write(ctx, writes[i:i+1]))
	}
	m.k.boundary()
	return results
}

const people = 30

// miniPlan plans for people of department Revenue, each managed by the one before, whatever is there.
func miniPlan(t *tenant, links map[string]*state.Link) []*state.Change {
	byAnchor := map[string]*account{}
	for _, a := range t.accounts {
		if !a.deleted {
			byAnchor[a.attrs["onPremisesImmutableId"].Str()] = a
		}
	}
	var changes []*state.Change
	for i := range people {
		boss := str(state.PendingRef + anchor((i+people-1)%people))
		if b := byAnchor[anchor((i+people-1)%people)]; b != nil {
			boss = str(b.id)
		}
		a := byAnchor[anchor(i)]
		if a == nil {
			changes = append(changes, create(i, set("department", state.Null(), str("Revenue")), set("manager", state.Null(), boss)))
			continue
		}
		var attrs []state.AttributeChange
		if a.attrs[providers.SyncEnabled].Bool() {
			attrs = append(attrs, claim())
		}
		for n, want := range map[string]state.Value{"department": str("Revenue"), "manager": boss} {
			if !a.attrs[n].Equal(want) {
				attrs = append(attrs, set(n, a.attrs[n], want))
			}
		}
		c := change(state.ActionUpdate, i, a.id, attrs...)
		if links[anchor(i)] == nil {
			c = change(state.ActionLink, i, a.id, attrs...)
			c.Match = &state.Match{Rule: "immutable_id"}
		} else if len(attrs) == 0 {
			continue
		}
		changes = append(changes, c)
	}
	return changes
}

func TestKillItAnywhere(t *testing.T) {
	boundaries := killedAt(t, 0)
	if boundaries < 30 {
		t.Fatalf("only %d boundaries: the test does not reach what it should", boundaries)
	}
	for at := 1; at <= boundaries; at++ {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			t.Parallel()
			if n := killedAt(t, at); n != at {
				t.Errorf("the run ended after boundary %d", n)
			}
		})
	}
}

// killedAt kills a run at a boundary (0 for none), checks the record it leaves and that the next run converges. It returns how
// many boundaries the run came to.
func killedAt(t *testing.T, at int) int {
	dir := t.TempDir()
	w := newWorld()
	for i := range 5 {
		id := w.linked(i, values("department", "Sales"))
		delete(w.tenant.accounts[id].attrs, "manager")
		if i%2 == 0 { // another engine masters it
			w.tenant.accounts[id].attrs[providers.SyncEnabled] = state.Bool(true)
		}
	}
	for i := 5; i < 8; i++ { // not linked yet
		w.tenant.add(fmt.Sprintf("id-%04d", i), map[string]state.Value{"department": str("Sales"), "displayName": str("x"),
			"onPremisesImmutableId": str(anchor(i)), providers.SyncEnabled: state.Bool(true)})
	}
	path := filepath.Join(dir, "a")
	seed(t, path, w.journal.links)
	k := &killer{at: at}
	runMortal(t, w, path, k)
	next := filepath.Join(dir, "b")
	copyState(t, path, next) // as the dead process left it: nothing was closed
	checkLeft(t, w, next)
	if out := runOnce(t, w, next); !out.Complete() {
		t.Errorf("boundary %d: the next run: %+v", at, out)
	}
	checkConverged(t, w, next)
	return int(k.count.Load())
}

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, store.Options{Holder: "test", Now: func() time.Time { return time.Unix(0, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func begin(t *testing.T, s *sqlite.Store) store.Writer {
	t.Helper()
	w, err := s.Begin(t.Context(), store.RunInfo{Lineage: "l", Serial: s.Meta().Serial})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func seed(t *testing.T, path string, links map[string]*state.Link) {
	s := open(t, path)
	var list []*state.Link
	for _, l := range links {
		list = append(list, l)
	}
	w := begin(t, s)
	if err := errors.Join(w.Records(t.Context(), list), w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil), s.Close()); err != nil {
		t.Fatal(err)
	}
}

func linksOf(t *testing.T, s *sqlite.Store) map[string]*state.Link {
	t.Helper()
	links := map[string]*state.Link{}
	for l, err := range s.Links(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		links[l.Anchor] = clone(l)
	}
	return links
}

// runMortal runs until the killer strikes.
func runMortal(t *testing.T, w *world, path string, k *killer) {
	s := open(t, path)
	w.in.Workers, w.in.Window = 1, 12
	w.in.Journal, w.in.TenantWriter = mortalRecord{begin(t, s), k}, mortalTenant{w.tenant, k}
	defer func() {
		if e := recover(); e != nil && e != errKilled {
			panic(e)
		}
	}()
	_, err := w.try(context.Background(), miniPlan(w.tenant, linksOf(t, s))...)
	if err != nil {
		t.Error(err)
	}
}

func runOnce(t *testing.T, w *world, path string) apply.Outcome {
	t.Helper()
	s := open(t, path)
	run := begin(t, s)
	w.in.Journal, w.in.TenantWriter = run, w.tenant
	out := w.run(t, miniPlan(w.tenant, linksOf(t, s))...)
	if left, err := s.Unfinished(t.Context()); err != nil || len(left) > 0 && out.Applied > 0 {
		t.Errorf("still unfinished: %v %v", left, err)
	}
	if err := errors.Join(run.Finish(t.Context(), store.OutcomeApplied, out.Counts, nil), s.Close()); err != nil {
		t.Error(err)
	}
	return out
}

func copyState(t *testing.T, from, to string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(from + suffix)
		if os.IsNotExist(err) {
			continue
		}
		if err == nil {
			err = os.WriteFile(to+suffix, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// checkLeft checks the record of a dead run: links claim nothing that was not written, and every write stands in the journal.
func checkLeft(t *testing.T, w *world, path string) {
	t.Helper()
	s := open(t, path)
	defer s.Close()
	journal := map[string]state.EntryStatus{}
	entries := 0
	for e, err := range s.Journal(t.Context(), 2) {
		if err != nil {
			t.Fatal(err)
		}
		journal[e.Key+e.Attribute] = e.Status
		entries++
	}
	for a, l := range linksOf(t, s) {
		acc := w.tenant.accounts[l.TargetID]
		if acc == nil || acc.attrs["onPremisesImmutableId"].Str() != a {
			t.Errorf("%s is recorded, but the tenant has no such account", a)
			continue
		}
		for i, n := range l.Shape.Names() {
			older := journal[a] == state.StatusIntent && l.Fingerprints[i] == fp(n, str("Sales"))
			if f := l.Fingerprints[i]; f != 0 && f != fp(n, acc.attrs[n]) && !older {
				t.Errorf("%s: the record claims another %s than %v", a, n, acc.attrs[n])
			}
		}
	}
	for _, x := range w.tenant.effects {
		a, attribute := w.tenant.accounts[x.ID].attrs["onPremisesImmutableId"].Str(), ""
		if x.Op == providers.OpSetReference {
			attribute = "manager"
		}
		if st := journal[a+attribute]; st != state.StatusIntent && st != state.StatusDone {
			t.Errorf("a write to %s %s is journalled as %q", a, attribute, st)
		}
	}
	if serial := s.Meta().Serial; (serial == 2) != (entries > 0) {
		t.Errorf("serial %d with %d journal entries", serial, entries)
	}
}

func checkConverged(t *testing.T, w *world, path string) {
	t.Helper()
	s := open(t, path)
	defer s.Close()
	links := linksOf(t, s)
	if len(links) != people || len(w.tenant.accounts) != people {
		t.Errorf("%d links and %d accounts for %d people", len(links), len(w.tenant.accounts), people)
	}
	if again := miniPlan(w.tenant, links); len(again) != 0 {
		t.Errorf("the next plan is not empty: %s %s", again[0].Action, again[0].Address)
	}
	for a, l := range links {
		if acc := w.tenant.accounts[l.TargetID]; acc == nil || acc.attrs["onPremisesImmutableId"].Str() != a {
			t.Error(fmt.Sprint("link ", a, " points to another account"))
		}
	}
}
