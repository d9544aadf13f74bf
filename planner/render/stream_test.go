package render_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/state"
)

var many = flag.Int("many", 50_000, "number of changes in TestMemoryIsBounded")

var _ render.Source = (*planfile.Reader)(nil)

// heap is a writer that notes the largest heap in use while it is written to.
type heap struct {
	n    int
	most uint64
}

func (h *heap) Write(b []byte) (int, error) {
	if h.n%2000 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		h.most = max(h.most, m.HeapAlloc)
	}
	h.n++
	return len(b), nil
}

// A plan of many creates and updates passes through a file and every layout in bounded memory.
func TestMemoryIsBounded(t *testing.T) {
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	h := &heap{}
	r := manyChanges(t, *many, h)
	defer r.Close()
	for name, layout := range layouts() {
		if err := layout(h, r); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	const limit = 64 << 20
	if growth := int64(h.most) - int64(before.HeapAlloc); growth > limit {
		t.Errorf("the heap grew by %d MiB for %d changes", growth>>20, *many)
	} else {
		t.Logf("%d changes: the heap grew by %d MiB", *many, growth>>20)
	}
}

func manyChanges(t testing.TB, n int, h io.Writer) *planfile.Reader {
	t.Helper()
	w, err := planfile.CreateTemp(t.TempDir(), planner.Header{})
	if err != nil {
		t.Fatal(err)
	}
	var totals planner.Totals
	for i := range n {
		name := fmt.Sprintf("user%07d", i)
		c := user(state.ActionCreate, name)
		if i%2 == 0 {
			c = user(state.ActionUpdate, name)
		}
		c.Fingerprints = map[string]string{}
		for j := range 10 {
			a := attr(fmt.Sprint("attribute", j), nil, fmt.Sprintf("value %d of %d", j, i))
			a.Drift = i%4 == 0
			c.Attributes = append(c.Attributes, a)
			c.Fingerprints[a.Name] = "0123456789abcdef"
		}
		totals.Summary.Count(c.Action, 1)
		if err := w.Change(c); err != nil {
			t.Fatal(err)
		}
		if i%100 == 0 {
			_, _ = h.Write(nil)
		}
	}
	if err := w.Close(totals); err != nil {
		t.Fatal(err)
	}
	r, err := w.Reopen()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// document is what a program reads.
type document struct {
	planner.Header
	Applicable bool                  `json:"applicable"`
	Summary    planner.Summary       `json:"summary"`
	Cost       planner.Cost          `json:"cost"`
	Changes    []*state.Change       `json:"changes"`
	Findings   []*planner.Finding    `json:"findings"`
	Guards     []planner.GuardResult `json:"guards"`
	Scopes     []planner.ScopeSeen   `json:"scopes"`
}

// What encoding/json reads of the document is the plan, except for what is an apply's business.
func TestDocumentIsThePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := base()
		text := rapid.StringOfN(rapid.Rune(), 0, 5, -1)
		for range rapid.IntRange(0, 4).Draw(t, "changes") {
			c := user(rapid.SampledFrom(state.Actions).Draw(t, "action"), text.Draw(t, "name"))
			for range rapid.IntRange(0, 3).Draw(t, "attributes") {
				c.Attributes = append(c.Attributes, attr(text.Draw(t, "attribute"), text.Draw(t, "before"),
					rapid.SliceOf(text).Draw(t, "after")))
			}
			c.SourceAttributes = []state.AttributeChange{attr("x", nil, rapid.Bool().Draw(t, "source"))}
			c.Scope = ""
			w.changes = append(w.changes, c)
		}
		for range rapid.IntRange(0, 3).Draw(t, "findings") {
			w.findings = append(w.findings, &planner.Finding{Code: "DF1", Detail: text.Draw(t, "detail"),
				Objects: []planner.ObjectRef{{Name: text.Draw(t, "object")}}})
		}
		w.count()
		var b bytes.Buffer
		if err := render.JSON(&b, w); err != nil {
			t.Fatal(err)
		}
		var got document
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatalf("%v in %s", err, b.Bytes())
		}
		want := document{w.header, w.totals.Applicable, w.totals.Summary, w.totals.Cost, w.changes, w.findings,
			w.totals.Guards, w.totals.Scopes}
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
	})
}

// BenchmarkLayouts is the cost of 10,000 changes, half of them creates.
func BenchmarkLayouts(b *testing.B) {
	r := manyChanges(b, 10_000, io.Discard)
	defer r.Close()
	for name, layout := range layouts() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := layout(io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
