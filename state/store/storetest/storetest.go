// Package storetest is what every place of a record must do: [Run] tries it, and [RunEncrypted] with keys of encryption.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/origin"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/store"
)

var background = context.Background()

var (
	shape = state.NewShape("accountEnabled", "displayName", "mail")
	info  = store.RunInfo{Lineage: "lineage-1", Key: state.Key{7, 31: 9}, SourceSID: "S-1-5-21-1", TenantID: "tenant-1",
		PlanDigest: "sha256:abc", Allowed: []string{"deletes.count=7"}, Links: 3, Hosts: []string{"dc1.corp.contoso.com"},
		Positions: map[string]store.Position{"corp": {Invocation: "i", USN: 7}}}
	options = store.Options{Holder: "apply by jane@runner pid 7", Now: func() time.Time { return time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC) },
		Origin: origin.Origin{By: "https://ci.contoso.com/run/7", Ref: "0123abc"}}
	alike = cmp.Options{cmp.Comparer(func(a, b *state.Shape) bool {
		return (a == nil && b == nil) || a != nil && b != nil && slices.Equal(a.Names(), b.Names())
	}), cmpopts.EquateEmpty()}
)

// Run holds places to what a [store.Place] promises. Each call of place is another place, which holds no record yet; calls of what
// it returns are the same place, as another process comes to it.
func Run(t *testing.T, place func(t *testing.T) (open func() store.Place)) {
	for name, test := range map[string]func(*testing.T, func() store.Place){
		"nothing is there": testNothing, "a run": testRun, "order within a batch": testOrder, "cut off between any two calls": testCutOff,
		"plans of another record": testOther, "links are removed": testRemove, "racers": testRace, "rebuilding": testRebuild,
		"a reader sees one moment": testSnapshot, "many links": testMany, "links that do not fit": testMisfits,
	} {
		t.Run(name, func(t *testing.T) { test(t, place(t)) })
	}
	runTransfers(t, place)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func lock(t testing.TB, p store.Place) store.Locked {
	t.Helper()
	l, err := p.Lock(t.Context(), options)
	must(t, err)
	return l
}

func begin(t testing.TB, l store.Locked) store.Writer {
	t.Helper()
	i := info
	i.Serial = l.Meta().Serial
	w, err := l.Begin(t.Context(), i)
	must(t, err)
	return w
}

func load(t testing.TB, p store.Place) store.Record {
	t.Helper()
	r, err := p.Load(t.Context())
	must(t, err)
	t.Cleanup(func() { r.Close() })
	return r
}

func link(n int) *state.Link {
	return &state.Link{Anchor: fmt.Sprintf("anchor-%07d", n), Kind: state.User, Scope: "staff", Rule: "created", Shape: shape,
		SourceGUID: state.GUID{byte(n), byte(n >> 8), byte(n >> 16)}, TargetID: fmt.Sprintf("00000000-0000-0000-0000-%012d", n),
		Fingerprints: []uint64{uint64(n) + 1, 1 << 63, 0}}
}

func links(t testing.TB, r store.Record) (all []*state.Link) {
	t.Helper()
	for l, err := range r.Links(t.Context()) {
		must(t, err)
		c := *l
		c.Fingerprints = slices.Clone(l.Fingerprints)
		all = append(all, &c)
	}
	return all
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, alike); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func entry(seq int64, status state.EntryStatus) state.Entry {
	return state.Entry{Seq: seq, Key: link(int(seq)).Anchor, Kind: state.User, Action: state.ActionCreate, Status: status,
		Writes: state.Writes{Tenant: 1}, Deeds: map[string]int{"creates.count": 1},
		Kept: &state.Kept{Scope: "staff", Rule: "created", Undoes: 7, Values: true, Attributes: []state.KeptAttribute{
			{Name: "department", Before: state.String("Sales"), After: state.String("Revenue")}}}}
}

func testNothing(t *testing.T, open func() store.Place) {
	r := load(t, open())
	if r.Meta().Exists || len(links(t, r)) > 0 {
		t.Error("there is something:", r.Meta())
	}
	l := lock(t, open()) // looking and locking make no record
	_, ok := l.TookOver()
	must(t, l.Close())
	if ok || load(t, open()).Meta().Exists {
		t.Error("locking has made a record, or took something over")
	}
	err := open().ForceUnlock(t.Context(), "0123")
	if err == nil || !strings.Contains(err.Error(), "not locked") {
		t.Error("what is not locked was unlocked:", err)
	}
}

func testRun(t *testing.T, open func() store.Place) {
	ctx := t.Context()
	l := lock(t, open())
	w := begin(t, l)
	var locked *store.LockedError
	if _, err := open().Lock(ctx, options); !errors.As(err, &locked) || locked.Info.ID == "" || locked.Info.Holder != options.Holder ||
		!strings.Contains(err.Error(), "https://ci.contoso.com/run/7") || !strings.Contains(err.Error(), "0123abc") {
		t.Errorf("a second lock: %v", err)
	}
	if err := open().ForceUnlock(ctx, "0123"); err == nil {
		t.Error("a lock was freed under another id")
	}
	must(t, w.Intents(ctx, []state.Entry{entry(1, ""), entry(2, ""), entry(3, "")}))
	unfinished, err := load(t, open()).Unfinished(ctx)
	if err != nil || len(unfinished) != 3 {
		t.Errorf("unfinished: %v %v", unfinished, err)
	}
	done := entry(2, state.StatusFailed)
	done.Code, done.RequestID = "Request_BadRequest", "r-1"
	must(t, w.Results(ctx, []state.Result{{Entry: entry(1, state.StatusDone), Link: link(1)}, {Entry: done}, {Entry: entry(3, state.StatusUnknown)}}))
	must(t, w.Records(ctx, []*state.Link{link(4), link(2)}))
	ous := []state.OU{{Scope: "staff", Declared: "OU=Staff", GUID: state.GUID{1}}, {Scope: "sales", Declared: "OU=Sales", GUID: state.GUID{2}}}
	must(t, w.OUs(ctx, ous))
	must(t, w.OUs(ctx, ous[:1]))
	found, err := w.Links(ctx, []string{link(1).Anchor, link(9).Anchor})
	must(t, err)
	same(t, "links of the run", found, map[string]*state.Link{link(1).Anchor: link(1)})
	scopes := []store.ScopeCount{{Scope: "staff", Kind: state.User, Objects: 5, InScope: 4}}
	must(t, w.Finish(ctx, store.OutcomePartial, state.Counts{Applied: 1, Failed: 1, Unknown: 1}, scopes))
	must(t, l.Close())

	r := load(t, open())
	same(t, "identity", r.Meta(), store.Meta{Exists: true, Lineage: "lineage-1", Serial: 1, SourceSID: "S-1-5-21-1", TenantID: "tenant-1", Key: info.Key})
	same(t, "links", links(t, r), []*state.Link{link(1), link(2), link(4)})
	got, err := r.OUs(ctx)
	must(t, err)
	same(t, "OUs", got, []state.OU{ous[1], ous[0]})
	runs, err := r.Runs(ctx, 0)
	must(t, err)
	at := options.Now()
	same(t, "history", runs, []store.Run{{ID: 1, Command: "apply", Serial: 1, Started: at, Finished: at, Outcome: store.OutcomePartial,
		Counts: state.Counts{Applied: 1, Failed: 1, Unknown: 1}, PlanDigest: "sha256:abc", Allowed: info.Allowed, Scopes: scopes,
		By: options.Origin.By, Ref: options.Origin.Ref, Writes: &state.Writes{Tenant: 3}}})
	hosts, recorded, err := r.Hosts(ctx)
	if err != nil || !recorded || !slices.Equal(hosts, info.Hosts) {
		t.Error("hosts:", hosts, recorded, err)
	}
	positions, err := r.Positions(ctx)
	must(t, err)
	same(t, "positions", positions, info.Positions)
	recent, err := r.Recent(ctx, at.Add(-time.Hour))
	must(t, err)
	same(t, "recent", recent, state.Recent{Runs: []state.Deeds{{Links: 3, Did: map[string]int{"creates.count": 2}, Open: map[string]int{"creates.count": 1}, First: true}},
		Uncertain: map[state.Step]bool{{Key: link(3).Anchor, Action: state.ActionCreate}: true}})
	var seqs []int64
	for e, err := range r.Journal(ctx, 1) {
		must(t, err)
		seqs = append(seqs, e.Seq)
		same(t, "names kept", e.Kept.WithoutValues(), entry(e.Seq, "").Kept.WithoutValues())
	}
	same(t, "journal", seqs, []int64{1, 2, 3})
	steps, err := r.StepsOf(ctx, link(2).Anchor, 5)
	if err != nil || len(steps) != 1 || steps[0].Code != "Request_BadRequest" || !steps[0].Started.Equal(at) {
		t.Error("steps:", steps, err)
	}
	if last, err := r.LastScopes(ctx); err != nil || len(last) != 0 {
		t.Error("scopes of a run that did not do everything:", last, err)
	}
}

// testOrder: results of one batch count as if one was recorded after the other.
func testOrder(t *testing.T, open func() store.Place) {
	ctx := t.Context()
	l := lock(t, open())
	w := begin(t, l)
	must(t, w.Records(ctx, []*state.Link{link(1), link(2), link(3), link(4)}))
	again, moved := link(2), link(3)
	again.Scope = "sales"
	moved.Anchor = "anchor-moved"
	must(t, w.Results(ctx, []state.Result{{Entry: entry(1, state.StatusDone), Forget: true}, {Entry: entry(2, state.StatusDone), Link: link(2)},
		{Entry: entry(2, state.StatusDone), Link: again}, {Entry: entry(3, state.StatusDone), Link: moved, Replaces: link(3).Anchor},
		{Entry: entry(4, state.StatusDone), Forget: true}, {Entry: entry(4, state.StatusDone), Link: link(4)},
		{Entry: entry(5, state.StatusDone), Link: link(5), Replaces: link(4).Anchor}}))
	must(t, w.Finish(ctx, store.OutcomeApplied, state.Counts{Applied: 5}, nil))
	same(t, "links", links(t, l), []*state.Link{again, link(4), link(5), moved})
	must(t, l.Close())
}

// testCutOff ends a run after each of its calls without an end, as a crash does.
func testCutOff(t *testing.T, open func() store.Place) {
	ctx := t.Context()
	var want []*state.Link
	serial := int64(0)
	for calls := range 4 {
		l := lock(t, open())
		w := begin(t, l)
		n := calls*10 + 1
		for i, call := range []func() error{
			func() error { return w.Intents(ctx, []state.Entry{entry(int64(n), "")}) },
			func() error {
				return w.Results(ctx, []state.Result{{Entry: entry(int64(n), state.StatusDone), Link: link(n)}})
			},
			func() error { return w.Records(ctx, []*state.Link{link(n + 1)}) },
		} {
			if i < calls {
				must(t, call())
			}
		}
		must(t, l.Close())
		if calls > 0 {
			serial++
		}
		if calls > 1 {
			want = append(want, link(n))
		}
		if calls > 2 {
			want = append(want, link(n+1))
		}
		r := load(t, open())
		same(t, fmt.Sprintf("links after %d calls", calls), links(t, r), want)
		unfinished, err := r.Unfinished(ctx)
		if m := r.Meta(); err != nil || m.Serial != serial || m.Exists != (serial > 0) || (len(unfinished) == 1) != (calls == 1) {
			t.Errorf("after %d calls: %+v, unfinished %v, %v", calls, m, unfinished, err)
		}
	}
	runs, err := load(t, open()).Runs(ctx, 0)
	must(t, err)
	var outcomes []string
	for _, r := range runs {
		outcomes = append(outcomes, r.Outcome)
	}
	same(t, "outcomes", outcomes, []string{"", store.OutcomeDied, store.OutcomeDied})
}

func testOther(t *testing.T, open func() store.Place) {
	l := lock(t, open())
	defer l.Close()
	i := info
	i.Serial = 3
	if _, err := l.Begin(t.Context(), i); !errors.Is(err, store.ErrOtherState) {
		t.Error("a plan of a record that is gone:", err)
	}
	must(t, begin(t, l).Records(t.Context(), []*state.Link{link(1)}))
	for what, change := range map[string]func(*store.RunInfo){
		"lineage": func(i *store.RunInfo) { i.Lineage = "lineage-2" }, "serial": func(i *store.RunInfo) { i.Serial = 0 },
		"domain": func(i *store.RunInfo) { i.SourceSID = "S-1-5-21-2" }, "tenant": func(i *store.RunInfo) { i.TenantID = "tenant-2" },
	} {
		i := info
		i.Serial = l.Meta().Serial
		change(&i)
		if _, err := l.Begin(t.Context(), i); !errors.Is(err, store.ErrOtherState) {
			t.Errorf("a plan of another %s: %v", what, err)
		}
	}
}

func testRemove(t *testing.T, open func() store.Place) {
	ctx := t.Context()
	l := lock(t, open())
	defer l.Close()
	must(t, begin(t, l).Records(ctx, []*state.Link{link(1), link(2), link(3)}))
	if err := l.RemoveLinks(ctx, link(1).Anchor, "no such"); err == nil {
		t.Error("a link that is not there was removed")
	}
	same(t, "none removed", len(links(t, l)), 3)
	must(t, l.RemoveLinks(ctx, link(1).Anchor, link(3).Anchor))
	same(t, "links", links(t, l), []*state.Link{link(2)})
	same(t, "serial", l.Meta().Serial, int64(2))
}

// testRace: of racers for the lock exactly one gets it, however often they try.
func testRace(t *testing.T, open func() store.Place) {
	const racers = 8
	for round := range rounds() {
		var won, lost int
		var mu sync.Mutex
		var all sync.WaitGroup
		winner := make(chan store.Locked, racers)
		for range racers {
			all.Go(func() {
				defer crash.Guard()
				l, err := open().Lock(t.Context(), options)
				mu.Lock()
				defer mu.Unlock()
				var locked *store.LockedError
				switch {
				case err == nil:
					won++
					winner <- l
				case errors.As(err, &locked):
					lost++
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won != 1 || lost != racers-1 {
			t.Fatalf("round %d: %d have won, %d were told that it is locked", round, won, lost)
		}
		must(t, (<-winner).Close())
	}
}

// rounds is how often something is tried that may come out one way or another: in the long form, with DIRFORM_LONG set,
// more often.
func rounds() int {
	if quick.Long() {
		return 30
	}
	return 8
}

func testRebuild(t *testing.T, open func() store.Place) {
	ctx := t.Context()
	l, damaged, err := open().Rebuild(ctx, options)
	must(t, err)
	if damaged != nil {
		t.Error("nothing is damaged:", damaged)
	}
	w := begin(t, l)
	must(t, w.Records(ctx, []*state.Link{link(1)}))
	if load(t, open()).Meta().Exists {
		t.Error("half a record is there")
	}
	must(t, l.Close())
	if load(t, open()).Meta().Exists {
		t.Error("a rebuilding that did not finish has left a record")
	}
	l, _, err = open().Rebuild(ctx, options)
	must(t, err)
	w = begin(t, l)
	must(t, w.Records(ctx, []*state.Link{link(2)}))
	must(t, w.Finish(ctx, store.OutcomeApplied, state.Counts{Applied: 1}, nil))
	must(t, l.Close())
	same(t, "links", links(t, load(t, open())), []*state.Link{link(2)})
	if l, _, err := open().Rebuild(ctx, options); err == nil {
		l.Close()
		t.Error("a record that is whole was about to be replaced")
	}
	must(t, lock(t, open()).Close())
}

func testSnapshot(t *testing.T, open func() store.Place) {
	l := lock(t, open())
	defer l.Close()
	w := begin(t, l)
	must(t, w.Records(t.Context(), []*state.Link{link(1)}))
	r := load(t, open())
	must(t, w.Records(t.Context(), []*state.Link{link(2)}))
	same(t, "links of then", links(t, r), []*state.Link{link(1)})
	same(t, "links of now", links(t, l), []*state.Link{link(1), link(2)})
}

func testMany(t *testing.T, open func() store.Place) {
	l := lock(t, open())
	defer l.Close()
	var all []*state.Link
	for n := range 12_000 {
		all = append(all, link(n))
	}
	w := begin(t, l)
	must(t, w.Records(t.Context(), all))
	for n := 0; n < len(all); n += 7 {
		all[n].Scope, all[n].Fingerprints = "sales", []uint64{1, 2, 3}
	}
	must(t, w.Records(t.Context(), all[:11_000]))
	all = append(all[:0:0], all...)
	for n := 11_004; n < len(all); n++ {
		all[n] = link(n)
	}
	got := links(t, l)
	same(t, "number", len(got), len(all))
	for i, l := range got[:11_000] {
		if w := all[i]; l.Anchor != w.Anchor || l.Scope != w.Scope || !slices.Equal(l.Fingerprints, w.Fingerprints) {
			same(t, "link", l, w)
		}
	}
}

func testMisfits(t *testing.T, open func() store.Place) {
	l := lock(t, open())
	defer l.Close()
	w := begin(t, l)
	must(t, w.Records(t.Context(), []*state.Link{link(1)}))
	bad := link(2)
	bad.Fingerprints = bad.Fingerprints[:1]
	other := link(3)
	other.Rule = "a rule of its own" // a class that goes with the transaction
	if err := w.Records(t.Context(), []*state.Link{other, bad}); err == nil {
		t.Error("recorded what could not be read back")
	}
	must(t, w.Records(t.Context(), []*state.Link{other}))
	same(t, "links", links(t, l), []*state.Link{link(1), other})
}
