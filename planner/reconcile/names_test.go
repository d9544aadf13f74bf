package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/state/quick"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

const namesRules = `
provider "ad" "corp" {
  lab = "lab"
}
provider "entra" "contoso" {
  lab = "lab"
}
scope "in" {
  ou = "OU=In"
}
mapping "in" {
  scope  = scope.in
  object = "user"
  attributes {
    userPrincipalName = ad.userPrincipalName
    displayName       = ad.displayName
    mailNickname      = ad.sAMAccountName
    mail              = ad.mail
    accountEnabled    = true
  }
}
`

// peopleNamed are n people with accounts, p0@contoso.com and so on, user name and mail alike.
func peopleNamed(t testing.TB, n int) *harness {
	w := newWorld(7)
	for i := range n {
		name := state.String(fmt.Sprintf("p%d@contoso.com", i))
		w.source[state.GUID{0: byte(i + 1)}] = &person{dn: fmt.Sprintf("CN=p%d,OU=In", i), attrs: map[string]state.Value{
			"userPrincipalName": name, "mail": name, "displayName": state.String(fmt.Sprint("P", i)), "sAMAccountName": state.String(fmt.Sprint("p", i))}}
	}
	h := newHarness(t, w, namesRules)
	h.apply(h.plan())
	return h
}

// call gives the i-th person the user name and mail that n knows as the given numbers.
func (h *harness) call(i, upn, mail int) {
	attrs := h.w.source[state.GUID{0: byte(i + 1)}].attrs
	attrs["userPrincipalName"] = state.String(fmt.Sprintf("p%d@contoso.com", upn))
	attrs["mail"] = state.String(fmt.Sprintf("p%d@contoso.com", mail))
}

// checkNamed: everybody is called as at the source, nobody has a temporary name, and nothing is left to do.
func checkNamed(t rapid.TB, h *harness) {
	if len(h.w.refused) > 0 {
		t.Fatalf("refused: %s", strings.Join(h.w.refused, "\n"))
	}
	for id, a := range h.w.tenant {
		for _, p := range h.w.source {
			if p.attrs["displayName"].Equal(a["displayName"]) && (!p.attrs["mail"].Equal(a["mail"]) || !p.attrs["userPrincipalName"].Equal(a["userPrincipalName"])) {
				t.Fatalf("%s is called %v, not %v", id, a, p.attrs)
			}
		}
	}
	if changes := collect(h.t, h.plan().Changes()); len(changes) > 0 {
		t.Fatalf("left to do: %s", describe(changes, nil))
	}
}

// TestNamesChangeHands passes user names and mail addresses on at random, each by itself: in circles that share people, in chains, to new names.
// One apply is enough, whatever the circles, no write is refused, and a circle costs one write more.
func TestNamesChangeHands(t *testing.T) {
	quick.Checks(t, 100)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(2, 9).Draw(rt, "people")
		h := peopleNamed(t, n)
		numbers := make([]int, n+3) // three names are free
		for i := range numbers {
			numbers[i] = i
		}
		upns, mails := rapid.Permutation(numbers).Draw(rt, "user names"), rapid.Permutation(numbers).Draw(rt, "mails")
		for i := range n {
			h.call(i, upns[i], mails[i])
		}
		p := h.plan()
		sameBytes(rt, h, p, h.plan())
		changes, findings := collect(h.t, p.Changes()), collect(h.t, p.Findings())
		if slices.ContainsFunc(findings, func(f *planner.Finding) bool { return f.Severity == planner.Error }) {
			rt.Fatalf("blocked: %s", describe(nil, findings))
		}
		detours, writes := 0, h.w.writes
		for _, c := range changes {
			if c.ByDetour() {
				detours++
			}
		}
		if out := h.apply(p); !out.Complete() {
			rt.Fatalf("%+v\n%s", out, describe(changes, findings))
		}
		if got := h.w.writes - writes; got != len(changes)+detours || got != p.Totals().Cost.Writes {
			rt.Fatalf("%d writes for %d changes with %d detours; the plan says %d", got, len(changes), detours, p.Totals().Cost.Writes)
		}
		if same := slices.Equal(upns, mails); same && detours != circles(upns[:n]) {
			rt.Fatalf("%d detours for %d circles", detours, circles(upns[:n]))
		}
		checkNamed(rt, h)
	})
}

// circles counts the circles of a partial permutation: who has got the name of somebody in the circle.
func circles(names []int) (count int) {
	seen := map[int]bool{}
	for start := range names {
		if seen[start] {
			continue
		}
		at := start
		for at < len(names) && !seen[at] {
			seen[at] = true
			at = names[at]
		}
		if at == start && names[start] != start {
			count++
		}
	}
	return count
}

// TestNamesKilledAnywhere ends a swap and a circle at every instant: the next apply finishes them, and nobody keeps a temporary name.
func TestNamesKilledAnywhere(t *testing.T) {
	boundaries := namesKilledAt(t, 0)
	if boundaries < 12 {
		t.Fatalf("only %d boundaries", boundaries)
	}
	for at := 1; at <= boundaries; at++ {
		t.Run(fmt.Sprint(at), func(t *testing.T) { namesKilledAt(t, at) })
	}
}

func namesKilledAt(t *testing.T, at int) int {
	h := peopleNamed(t, 5)
	accounts := slices.Sorted(maps.Keys(h.w.tenant))
	for i, name := range []int{1, 0, 3, 4, 2} {
		h.call(i, name, name)
	}
	k := &killer{at: at}
	h.applyMortal(k)
	if out := h.apply(h.plan()); !out.Complete() {
		t.Errorf("after boundary %d: %+v", at, out)
	}
	checkNamed(t, h)
	if !slices.Equal(accounts, slices.Sorted(maps.Keys(h.w.tenant))) {
		t.Error("accounts came or went")
	}
	return k.count
}
