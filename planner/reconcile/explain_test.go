package reconcile_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/explain"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
)

// randomCompany is a company in which everything that an explanation may have to tell of happens to somebody.
func randomCompany(r *rand.Rand) *company {
	pick := func(options ...string) string { return options[r.IntN(len(options))] }
	const n = 12
	c := &company{people: n - 3, live: map[int]map[string]state.Value{}, deleted: map[int]map[string]state.Value{},
		policy: "unmatched = \"" + pick("create", "create", "skip", "block") + "\"\n  deleted = \"" + pick("restore",
			"restore", "create", "block") +
			"\"\n  leaving = \"" + pick("disable", "keep", "unlink", "delete") + "\"\n  foreign_anchor = \"" + pick("block",
			"relink") + "\""}
	for i := 1; i <= n; i++ {
		account := mastered(i, providers.SyncEnabled, r.IntN(8) == 0, providers.LastSync, nil)
		change := func(name string, v state.Value) {
			if r.IntN(4) == 0 {
				account[name] = v
			}
		}
		change("onPremisesImmutableId", state.Null())
		change("onPremisesImmutableId", state.String(anchorOf(1+r.IntN(n))))
		change("userPrincipalName", state.String(fmt.Sprintf("p%d@contoso.com", 1+r.IntN(n))))
		change("userPrincipalName", state.String(fmt.Sprintf("q%d@contoso.com", i)))
		change("displayName", state.String("Somebody"))
		change("mail", state.String(fmt.Sprintf("p%d@contoso.com", 1+r.IntN(n))))
		switch r.IntN(5) {
		case 0:
		case 1:
			c.deleted[i] = account
		default:
			c.live[i] = account
		}
		if r.IntN(2) == 0 {
			c.linked = append(c.linked, i)
		}
		if r.IntN(8) == 0 {
			c.roles = append(c.roles, providers.RoleHolder{ID: accountID(i), Roles: []string{"User Administrator"}})
		}
	}
	return c
}

// TestExplanationsAgreeWithThePlan holds what explain says about every object against the plan: the same changes, each
// of them told, and the same findings.
func TestExplanationsAgreeWithThePlan(t *testing.T) {
	for seed := range uint64(60) {
		if quick.Skips(6) {
			continue
		}
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			c := randomCompany(rand.New(rand.NewPCG(seed, 7)))
			plan, _ := c.plan(t)
			b := c.builder(t)
			var changes, findings []string
			for n := 1; n <= 12; n++ {
				for _, name := range []string{fmt.Sprintf("p%d@contoso.com", n), guidOf(n).String(), anchorOf(n), accountID(n)} {
					for _, m := range explained(t, b, name) {
						checkExplanation(t, m)
						changes = appendChange(changes, m.Change)
						for _, f := range m.Findings {
							findings = append(findings, asJSON(t, f))
						}
					}
				}
			}
			var want []string
			for _, x := range plan.changes {
				want = appendChange(want, x.WithoutHashes())
			}
			slices.Sort(changes)
			slices.Sort(want)
			if changes = slices.Compact(changes); !slices.Equal(changes, want) {
				t.Errorf("explained: %s\nplanned: %s", strings.Join(changes, "\n"), strings.Join(want, "\n"))
			}
			for _, f := range plan.findings {
				if len(f.Objects) > 0 && !slices.Contains(findings, asJSON(t, f)) {
					t.Errorf("no explanation tells of %s", asJSON(t, f))
				}
			}
		})
	}
}

// explained asks twice, because an explanation must not change what the next one says.
func explained(t *testing.T, b *reconcile.Builder, name string) []*explain.Explanation {
	t.Helper()
	view, err := b.View()
	if err != nil {
		t.Fatal(err)
	}
	q := explain.Question{Clues: reconcile.Clues{Name: name}}
	first, err := explain.Ask(view, q)
	if err != nil {
		t.Fatal(err)
	}
	second, err := explain.Ask(view, q)
	if err != nil || asJSON(t, first) != asJSON(t, second) {
		t.Errorf("%s: asked again: %v\n%s\n%s", name, err, asJSON(t, first), asJSON(t, second))
	}
	return first.Matches
}

// checkExplanation holds the parts of an explanation against each other.
func checkExplanation(t *testing.T, m *explain.Explanation) {
	t.Helper()
	blocked := slices.ContainsFunc(m.Findings, func(f *planner.Finding) bool {
		return f.Severity == planner.Error && f.Objects[0].Address == m.Address && f.Objects[0].Anchor == m.Anchor
	})
	if says := strings.HasPrefix(m.Outcome, "blocked"); says != blocked {
		t.Errorf("%s%s is %q; blocked by findings: %v", m.Address, m.TargetID, m.Outcome, blocked)
	}
	for _, a := range m.Attributes {
		written := m.Change != nil && slices.ContainsFunc(m.Change.Attributes,
			func(c state.AttributeChange) bool { return c.Name == a.Name })
		if a.Write != written {
			t.Errorf("%s: %s is said to be written: %v; the change does so: %v", m.Address, a.Name, a.Write, written)
		}
	}
	deciding := ""
	for _, r := range m.Rules {
		if r.Outcome == explain.RuleDecides {
			deciding += r.Rule
		}
	}
	switch match := m.Change; {
	case m.What != explain.IsSource || match == nil || match.Match == nil:
	case deciding == match.Match.Rule, deciding == explain.RuleBin && match.Action == state.ActionRestore:
	default:
		t.Errorf("%s: rule %q decides, but the change was matched by %s", m.Address, deciding, match.Match.Rule)
	}
}

func appendChange(list []string, c *state.Change) []string {
	if c == nil {
		return list
	}
	b, err := json.Marshal(c)
	if err != nil {
		return append(list, err.Error())
	}
	return append(list, string(b))
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
