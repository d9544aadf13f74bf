package reconcile_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/state"
)

// newcomer is what a random migration has for a person in the new domain.
type newcomer int

const (
	there   newcomer = iota // one object with the person's address
	missing                 // none yet
	twice                   // two objects with the address
	named                   // an object with another address, but the user name
)

// TestRandomMigrations moves random halves of companies, in one go or cut off, while some of the old objects live on. Whatever is
// there: nobody whose new object is in scope is disabled, no account leaves a living old object, everything fits one apply, and the
// order of streams does not matter.
func TestRandomMigrations(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { randomMigration(t, seed) })
	}
}

func randomMigration(t *testing.T, seed uint64) {
	const n = 9
	r := rand.New(rand.NewPCG(seed, 11))
	h := migrated(t, n, migrationRules)
	kinds, alive := make([]newcomer, n), make([]bool, n)
	for i := range n {
		kinds[i], alive[i] = newcomer(r.IntN(4)), r.IntN(3) == 0
		h.place(i, kinds[i], alive[i])
	}
	forgotten := r.IntN(3) == 0
	if forgotten { // the old domain was another engine's
		h.state = filepath.Join(t.TempDir(), "fresh.dfstate")
	}
	if r.IntN(2) == 0 {
		h.applyMortal(&killer{at: 1 + r.IntN(2*n)})
	}
	p := h.plan()
	if a, b := planText(t, p), planText(t, h.plan()); a != b {
		t.Errorf("two plans of the same world differ:\n%s\n%s", a, b)
	}
	if out := h.apply(p); !out.Complete() || len(h.w.refused) > 0 {
		t.Errorf("%+v, refused: %v", out, h.w.refused)
	}
	for i := range n {
		h.checkPlaced(i, kinds[i], alive[i], forgotten || alive[i] || kinds[i] != missing)
	}
	if p := h.plan(); p.Totals().Summary.Changes() > 0 {
		t.Errorf("a second plan has changes:\n%s", planText(t, p))
	}
	h.links()
}

// place puts the objects of person i, who has an account, where the migration has brought them.
func (h *harness) place(i int, kind newcomer, alive bool) {
	fresh := state.GUID{0: 2, 15: byte(i)}
	if alive {
		h.w.source[state.GUID{0: 9, 15: byte(i)}] = mover(i, "OU=Old,DC=corp")
	}
	switch kind {
	case missing:
		delete(h.w.source, fresh)
	case named:
		h.w.source[fresh].attrs["mail"] = state.Null()
	case twice:
		twin := mover(i, "OU=New,DC=corp")
		twin.dn = fmt.Sprintf("CN=twin%d,OU=New,DC=corp", i)
		twin.attrs["userPrincipalName"] = state.String(fmt.Sprintf("twin%d@contoso.com", i))
		h.w.source[state.GUID{0: 3, 15: byte(i)}] = twin
	}
}

// checkPlaced holds the account of person i against what has to become of it.
func (h *harness) checkPlaced(i int, kind newcomer, alive, enabled bool) {
	h.t.Helper()
	upn := fmt.Sprintf("p%03d@contoso.com", i)
	for id, a := range h.w.tenant {
		if a["userPrincipalName"].Str() != upn {
			continue
		}
		what := fmt.Sprintf("%s (kind %d, old object alive: %v)", id, kind, alive)
		if a["accountEnabled"].Bool() != enabled {
			h.t.Errorf("%s: enabled %v", what, !enabled)
		}
		first := anchorByte(a["onPremisesImmutableId"].Str())
		switch want := byte(9); {
		case !alive && (kind == there || kind == named):
			want = 2
			fallthrough
		default:
			if first != want {
				h.t.Errorf("%s: its anchor begins with %d, want %d", what, first, want)
			}
		}
		return
	}
	h.t.Errorf("person %d has no account any more", i)
}

// planText is a plan without what is different in every plan file.
func planText(t *testing.T, p *planfile.Reader) string {
	t.Helper()
	var b bytes.Buffer
	check(t, render.Text(io.Writer(&b), p, render.TextOptions{}))
	return b.String()
}
