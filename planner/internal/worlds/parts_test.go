package worlds_test

import (
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/state/quick"
)

// partsByDefault is how many worlds [TestAnyPartOfAPlan] plays in the long form.
const partsByDefault = 300

// TestAnyPartOfAPlan applies any part of what is to be done, named with --target and --exclude, in worlds in which
// names are exchanged and people are managed by newcomers. Of a part it holds what holds of a whole plan: nothing is
// tried that the tenant would refuse, and what is written is what was said. What the part has beside its targets it
// says itself. Afterwards the full plan comes to its end.
func TestAnyPartOfAPlan(t *testing.T) {
	quick.Checks(t, partsByDefault)
	dir := quick.Dir(t)
	all, err := variants(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	entry := rapid.OneOf(anEntry, anEntry, aSwap)
	rapid.Check(t, func(rt *rapid.T) {
		w, r := newWorld(rapid.Uint64().Draw(rt, "order")), drawRules(rt)
		withHarness(rt, dir, all, w, r, false, func(h *harness) {
			for _, e := range rapid.SliceOfN(entry, 4, 14).Draw(rt, "before") {
				w.happen(r, e)
			}
			if rapid.Bool().Draw(rt, "applied before") {
				h.converge()
			}
			for _, e := range rapid.SliceOfN(rapid.OneOf(aSwap, anEvent), 1, 6).Draw(rt, "meanwhile") {
				w.happen(r, e)
			}
			h.part(rt)
			h.converge()
		})
	})
}

// part applies a part of what is to be done.
func (h *harness) part(rt *rapid.T) {
	h.configure()
	var addresses []string
	for _, c := range h.plan().changes {
		addresses = append(addresses, c.Address)
	}
	if len(addresses) == 0 {
		return
	}
	one := rapid.SampledFrom(addresses)
	h.only = rapid.SliceOfNDistinct(one, 0, -1, rapid.ID[string]).Draw(rt, "targets")
	h.but = rapid.SliceOfNDistinct(one, 0, 2, rapid.ID[string]).Draw(rt, "excludes")
	defer func() { h.only, h.but = nil, nil }()
	if p := h.step(false); p != nil {
		h.aimedTrue(p)
	}
}

// aimedTrue checks that a plan has its targets' changes, nothing that is excluded, and beside them what it says was
// taken along.
func (h *harness) aimedTrue(p *saved) {
	var along []string
	for _, f := range p.findings {
		if f.Code == "DF416" {
			for _, o := range f.Objects {
				along = append(along, o.Address)
			}
		}
	}
	var wrong []string
	for _, c := range p.changes {
		switch {
		case slices.Contains(h.but, c.Address):
			wrong = append(wrong, c.Address+" is excluded")
		case len(h.only) > 0 && strings.HasPrefix(c.Address, "user.") && !slices.Contains(h.only, c.Address) &&
			!slices.Contains(along, c.Address):
			wrong = append(wrong, c.Address+" is no target, and was not said to be taken along")
		}
	}
	if len(wrong) > 0 {
		h.t.Fatalf("not what the plan is aimed at:\n%s%s", list(wrong), h.scene(h.w, p))
	}
}
