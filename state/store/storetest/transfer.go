package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/transfer"
)

// runTransfers holds places to what records need that go from one to another.
func runTransfers(t *testing.T, place func(t *testing.T) (open func() store.Place)) {
	for name, test := range map[string]func(t *testing.T, a, b func() store.Place){
		"a copy is the record": testCopy, "what a copy may replace": testFits, "a copy that breaks off": testBreaksOff,
		"a copy of what changes": testChanges, "a record moves": testMoves, "a long record is copied": testCopyMany,
	} {
		t.Run(name, func(t *testing.T) { test(t, place(t), place(t)) })
	}
}

var copying = transfer.Options{Options: options, Tell: func(string) {}}

// eventful makes a record of two runs, one of them cut off.
func eventful(t testing.TB, p store.Place) {
	t.Helper()
	ctx := t.Context()
	l := lock(t, p)
	w := begin(t, l)
	must(t, w.Intents(ctx, []state.Entry{entry(1, ""), entry(2, ""), entry(3, "")}))
	failed := entry(2, state.StatusFailed)
	failed.Code, failed.RequestID = "Request_BadRequest", "r-1"
	left := link(4)
	left.Left, left.LeftAt = true, 1_700_000_000
	must(t, w.Results(ctx, []state.Result{{Entry: entry(1, state.StatusDone), Link: link(1)}, {Entry: failed}}))
	must(t, w.Records(ctx, []*state.Link{left, link(2)}))
	must(t, w.OUs(ctx, []state.OU{{Scope: "staff", Declared: "OU=Staff", GUID: state.GUID{1}}}))
	must(t, w.Finish(ctx, store.OutcomePartial, state.Counts{Applied: 1, Failed: 1, Unknown: 1},
		[]store.ScopeCount{{Scope: "staff", Kind: state.User, Objects: 5, InScope: 4}}))
	must(t, begin(t, l).Intents(ctx, []state.Entry{entry(7, "")}))
	must(t, l.Close())
}

// everything is all that a record can be asked.
func everything(t testing.TB, r store.Record) (all []any) {
	t.Helper()
	ctx := t.Context()
	take := func(v any, err error) {
		t.Helper()
		must(t, err)
		all = append(all, v)
	}
	take(r.Meta(), nil)
	take(links(t, r), nil)
	ous, err := r.OUs(ctx)
	take(ous, err)
	hosts, recorded, err := r.Hosts(ctx)
	take([]any{hosts, recorded}, err)
	positions, err := r.Positions(ctx)
	take(positions, err)
	past, err := r.Past(ctx)
	take(past, err)
	scopes, err := r.LastScopes(ctx)
	take(scopes, err)
	recent, err := r.Recent(ctx, options.Now().AddDate(0, 0, -1))
	take(recent, err)
	unfinished, err := r.Unfinished(ctx)
	take(unfinished, err)
	for _, p := range past {
		for e, err := range r.Journal(ctx, p.ID) {
			take(*e, err)
		}
	}
	return all
}

// bareOf is all that a record can be asked, without the values that its steps have kept.
func bareOf(all []any) []any {
	for i, x := range all {
		if e, ok := x.(state.Entry); ok && e.Kept != nil {
			e.Kept = e.Kept.WithoutValues()
			all[i] = e
		}
	}
	return all
}

func push(t testing.TB, from, to store.Place, o transfer.Options) (transfer.Done, error) {
	t.Helper()
	r, err := from.Load(t.Context())
	must(t, err)
	defer r.Close()
	return transfer.Push(t.Context(), r, to, o)
}

func testCopy(t *testing.T, a, b func() store.Place) {
	eventful(t, a())
	done, err := push(t, a(), b(), copying)
	must(t, err)
	if done.Already || done.Links != 3 || done.Runs != 2 || done.Steps != 4 || done.Serial != 2 {
		t.Errorf("%+v", done)
	}
	want := everything(t, load(t, a()))
	same(t, "the copy", everything(t, load(t, b())), want)
	if done, err := push(t, a(), b(), copying); err != nil || !done.Already {
		t.Errorf("the same once more: %+v %v", done, err)
	}
	// the copy goes on: the run that was cut off is closed there, and what was recorded here can be recorded there
	for _, p := range []store.Place{a(), b()} {
		l := lock(t, p)
		w := begin(t, l)
		must(t, w.Records(t.Context(), []*state.Link{link(9), link(2)}))
		must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
		must(t, l.Close())
	}
	same(t, "the copy that went on", everything(t, load(t, b())), everything(t, load(t, a())))
}

func testFits(t *testing.T, a, b func() store.Place) {
	writeWith(t, a(), link(1))
	_, err := push(t, a(), b(), copying)
	must(t, err)
	writeWith(t, a(), link(2))
	if _, err := push(t, b(), a(), copying); err == nil {
		t.Error("an older record has replaced a newer one")
	}
	writeWith(t, b(), link(3))
	if _, err := push(t, a(), b(), copying); err == nil {
		t.Error("a record has replaced one that has gone on apart from it")
	}
	same(t, "links", links(t, load(t, b())), []*state.Link{link(1), link(3)})
	testApart(t, a, b)
	forced := copying
	forced.Force = true
	_, err = push(t, a(), b(), forced)
	must(t, err)
	l := lock(t, b())
	locked := &store.LockedError{}
	if _, err := push(t, a(), b(), copying); !errors.As(err, &locked) {
		t.Error("a copy into a place that is locked:", err)
	}
	must(t, l.Close())
	writeWith(t, a(), link(4))
	_, err = push(t, a(), b(), copying)
	must(t, err)
	same(t, "replaced by a newer one", everything(t, load(t, b())), everything(t, load(t, a())))
	writeWith(t, b(), link(5))
	_, err = push(t, a(), b(), forced)
	must(t, err)
	same(t, "replaced by force", everything(t, load(t, b())), everything(t, load(t, a())))
}

// testApart: a record with a later serial does not replace one with a run that it does not know, by whatever it is told apart.
func testApart(t *testing.T, a, b func() store.Place) {
	t.Helper()
	_, err := push(t, b(), a(), transfer.Options{Options: options, Force: true})
	must(t, err)
	later := options
	later.Now = func() time.Time { return options.Now().Add(time.Minute) }
	for what, diverge := range map[string]func(p store.Place){
		"another time": func(p store.Place) {
			l, err := p.Lock(t.Context(), later)
			must(t, err)
			must(t, begin(t, l).Records(t.Context(), []*state.Link{link(11)}))
			must(t, l.Close())
		},
		"other steps at the same time": func(p store.Place) {
			l := lock(t, p)
			w := begin(t, l)
			must(t, w.Results(t.Context(), []state.Result{{Entry: entry(9, state.StatusDone), Link: link(9)}}))
			must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{Applied: 1}, nil))
			must(t, l.Close())
		},
		"another outcome": func(p store.Place) {
			l := lock(t, p)
			w := begin(t, l)
			must(t, w.Records(t.Context(), []*state.Link{link(9)}))
			must(t, w.Finish(t.Context(), store.OutcomePartial, state.Counts{Applied: 1}, nil))
			must(t, l.Close())
		},
	} {
		_, err := push(t, a(), b(), transfer.Options{Options: options, Force: true})
		must(t, err)
		diverge(b())
		before := everything(t, load(t, b()))
		l := lock(t, a())
		w := begin(t, l)
		must(t, w.Results(t.Context(), []state.Result{{Entry: entry(8, state.StatusDone), Link: link(8)}}))
		must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{Applied: 1}, nil))
		must(t, l.Close())
		writeWith(t, a(), link(10))
		if _, err := push(t, a(), b(), copying); err == nil || !strings.Contains(err.Error(), "gone apart") {
			t.Errorf("%s: a record with a later serial over one that has gone on apart: %v", what, err)
		}
		same(t, what, everything(t, load(t, b())), before)
	}
}

// breaking is a record that cannot be read to its end.
type breaking struct{ store.Record }

var errBroken = errors.New("the disk is gone")

func (b breaking) Links(ctx context.Context) iter.Seq2[*state.Link, error] {
	return func(yield func(*state.Link, error) bool) {
		for l, err := range b.Record.Links(ctx) {
			if !yield(l, err) {
				return
			}
			break
		}
		yield(nil, errBroken)
	}
}

// testBreaksOff: what was in a place is there as it was, or nothing is.
func testBreaksOff(t *testing.T, a, b func() store.Place) {
	eventful(t, a())
	from := breaking{load(t, a())}
	l := lock(t, b())
	if err := l.Replace(t.Context(), from); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	if l.Meta().Exists || load(t, b()).Meta().Exists {
		t.Error("half a record is there")
	}
	must(t, begin(t, l).Records(t.Context(), []*state.Link{link(8)}))
	must(t, l.Close())
	before := everything(t, load(t, b()))
	l = lock(t, b())
	if err := l.Replace(t.Context(), from); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	same(t, "as it was", everything(t, l), before)
	must(t, begin(t, l).Records(t.Context(), []*state.Link{link(9)}))
	same(t, "links", links(t, l), []*state.Link{link(8), link(9)})
	must(t, l.Close())
}

// changing is a record whose links are others each time that they are read, and its steps too.
type changing struct {
	store.Record
	links, steps bool
	read         *int
}

func (c changing) Links(ctx context.Context) iter.Seq2[*state.Link, error] {
	return func(yield func(*state.Link, error) bool) {
		*c.read++
		for l, err := range c.Record.Links(ctx) {
			if err == nil && c.links {
				l.TargetID = fmt.Sprint(*c.read)
			}
			if !yield(l, err) {
				return
			}
		}
	}
}

func (c changing) Journal(ctx context.Context, run int64) iter.Seq2[*state.Entry, error] {
	return func(yield func(*state.Entry, error) bool) {
		for e, err := range c.Record.Journal(ctx, run) {
			if err == nil && c.steps {
				e.Code = fmt.Sprint(*c.read)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// testChanges: what cannot be trusted has replaced nothing.
func testChanges(t *testing.T, a, b func() store.Place) {
	eventful(t, a())
	_, err := push(t, a(), b(), copying)
	must(t, err)
	before := everything(t, load(t, b()))
	l := lock(t, a())
	w := begin(t, l)
	must(t, w.Results(t.Context(), []state.Result{{Entry: entry(8, state.StatusDone), Link: link(8)}}))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{Applied: 1}, nil))
	must(t, l.Close())
	for _, c := range []changing{{links: true}, {steps: true}} {
		c.Record, c.read = load(t, a()), new(int)
		forced := copying
		forced.Force = true
		_, err := transfer.Push(t.Context(), c, b(), forced)
		if err == nil || !strings.Contains(err.Error(), "cannot be trusted") {
			t.Errorf("%+v: %v", c, err)
		}
		same(t, "as it was", everything(t, load(t, b())), before)
	}
}

// testMoves moves a record away and back.
func testMoves(t *testing.T, a, b func() store.Place) {
	ctx := t.Context()
	if _, err := transfer.Migrate(ctx, a(), b(), copying); err == nil {
		t.Error("nothing was moved")
	}
	eventful(t, a())
	before := everything(t, load(t, a()))
	if _, err := transfer.Migrate(ctx, a(), a(), copying); err == nil {
		t.Error("a record was moved to where it is")
	}
	kept := copying
	kept.Copy = true
	done, err := transfer.Migrate(ctx, a(), b(), kept)
	if err != nil || done.Already {
		t.Errorf("%+v %v", done, err)
	}
	same(t, "the former one", everything(t, load(t, a())), before)
	if done, err = transfer.Migrate(ctx, a(), b(), copying); err != nil || !done.Already {
		t.Errorf("what is there already: %+v %v", done, err)
	}
	same(t, "the new one", everything(t, load(t, b())), before)
	moved := &store.MovedError{}
	_, load1 := a().Load(ctx)
	_, locked := a().Lock(ctx, options)
	_, _, rebuilt := a().Rebuild(ctx, options)
	_, again := transfer.Migrate(ctx, a(), b(), copying)
	for how, err := range map[string]error{"to read": load1, "to write": locked, "to make it anew": rebuilt, "to move it": again} {
		if !errors.As(err, &moved) || moved.To != b().String() || moved.Path != a().String() {
			t.Errorf("the former one, %s: %v", how, err)
		}
	}
	if _, err := push(t, b(), a(), copying); !errors.As(err, &moved) {
		t.Error("a copy over the former one:", err)
	}
	done, err = transfer.Migrate(ctx, b(), a(), copying)
	must(t, err)
	same(t, "back", everything(t, load(t, a())), before)
	if _, err := b().Load(ctx); !errors.As(err, &moved) || done.Links != 3 {
		t.Error("the other one:", err)
	}
	writeWith(t, a(), link(6))
	_, err = transfer.Migrate(ctx, a(), b(), kept)
	must(t, err)
	// cut off before the former one was marked, and a run goes on at the new place
	writeWith(t, b(), link(7))
	before = everything(t, load(t, b()))
	forced := copying
	forced.Force = true
	done, err = transfer.Migrate(ctx, a(), b(), forced)
	if err != nil || !done.Already || done.Serial != load(t, b()).Meta().Serial {
		t.Errorf("made again: %+v %v", done, err)
	}
	same(t, "the later one", everything(t, load(t, b())), before)
	if _, err := a().Load(ctx); !errors.As(err, &moved) {
		t.Error("the former one, made again:", err)
	}
	testMovesApart(t, b, a)
}

// testMovesApart: an earlier serial is not moved over a later one, even by force.
func testMovesApart(t *testing.T, a, b func() store.Place) {
	_, err := transfer.Migrate(t.Context(), a(), b(), transfer.Options{Options: options, Copy: true})
	must(t, err)
	writeWith(t, b(), link(12))
	writeWith(t, b(), link(13))
	l := lock(t, a())
	w := begin(t, l)
	must(t, w.Results(t.Context(), []state.Result{{Entry: entry(8, state.StatusDone), Link: link(8)}}))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{Applied: 1}, nil))
	must(t, l.Close())
	before := everything(t, load(t, b()))
	if _, err := transfer.Migrate(t.Context(), a(), b(), transfer.Options{Options: options, Force: true}); err == nil {
		t.Error("an older record was moved over a newer one")
	}
	same(t, "the newer one", everything(t, load(t, b())), before)
}

func testCopyMany(t *testing.T, a, b func() store.Place) {
	l := lock(t, a())
	many, steps := 10_000, 5_000 // more than travel together
	if testing.Short() {         // as under the race detector, where everything takes many times as long
		many, steps = many/5, steps/5
	}
	var all []*state.Link
	for n := range many {
		all = append(all, link(n))
		all[n].Scope = []string{"staff", "sales"}[n%2]
	}
	w := begin(t, l)
	must(t, w.Records(t.Context(), all))
	var results []state.Result
	for n := range steps {
		results = append(results, state.Result{Entry: entry(int64(n+1), state.StatusDone)})
	}
	must(t, w.Results(t.Context(), results))
	must(t, l.Close())
	done, err := push(t, a(), b(), copying)
	must(t, err)
	if done.Links != many || done.Steps != steps {
		t.Errorf("%+v", done)
	}
	same(t, "links", links(t, load(t, b())), all)
}

// testTransferKeys copies between places of which one, the other or both have keys.
func testTransferKeys(t *testing.T, place func(t *testing.T) (open func(*seal.Keys) store.Place)) {
	first, second := seal.New(newKey(t)), seal.New(newKey(t))
	for what, keys := range map[string][2]*seal.Keys{
		"from the clear": {nil, first}, "into the clear": {first, nil}, "from one to another": {first, second}, "the same": {first, first},
	} {
		t.Run(what, func(t *testing.T) {
			a, b := place(t), place(t)
			eventful(t, a(keys[0]))
			_, err := push(t, a(keys[0]), b(keys[1]), copying)
			must(t, err)
			same(t, "the copy", bareOf(everything(t, load(t, b(keys[1])))), bareOf(everything(t, load(t, a(keys[0])))))
			values := 0
			for e, err := range load(t, b(keys[1])).Journal(t.Context(), 1) {
				must(t, err)
				if same(t, "names kept", e.Kept.WithoutValues(), entry(e.Seq, "").Kept.WithoutValues()); e.Kept.Values {
					same(t, "values kept", e.Kept, entry(e.Seq, "").Kept)
					values++
				}
			}
			if want := 3; (keys[0] != nil && keys[1] != nil) != (values == want) || values != want && values != 0 {
				t.Errorf("%d steps have kept their values", values)
			}
			if keys[1] != nil {
				refused(t, "no key", b(nil), seal.ErrNoKey)
				refused(t, "another key", b(seal.New(newKey(t))), seal.ErrWrongKey)
			}
			writeWith(t, b(keys[1]), link(5))
			// over a record whose key is wrapped otherwise
			writeWith(t, a(keys[0]), link(5))
			writeWith(t, a(keys[0]), link(6))
			_, err = push(t, a(keys[0]), b(keys[1]), copying)
			must(t, err)
			same(t, "the newer copy", bareOf(everything(t, load(t, b(keys[1])))), bareOf(everything(t, load(t, a(keys[0])))))
			for i, open := range []func(*seal.Keys) store.Place{a, b} { // keys come to whatever was in the clear
				if keys[i] == nil {
					writeWith(t, open(first), link(7))
					refused(t, "no key", open(nil), seal.ErrNoKey)
				}
			}
		})
	}
}
