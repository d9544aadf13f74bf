package reconcile_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/state/quick"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/state"
)

// TestRandomWorlds plans and applies random worlds with colliding names, foreign anchors, role holders, leavers and deleted
// accounts, and checks what must hold in each: the service never refuses what was planned, nobody blocked or out of scope is
// touched, the same input gives the same bytes whatever the order of streams, and applying comes to an end.
func TestRandomWorlds(t *testing.T) {
	quick.Checks(t, 100)
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rapid.Uint64().Draw(rt, "seed"))
		for i := range rapid.IntRange(0, 8).Draw(rt, "people") {
			w.hire(rt, byte(i+1))
		}
		for i := range rapid.IntRange(0, 6).Draw(rt, "accounts") {
			w.account(rt, i)
		}
		h := newHarness(t, w, randomRules(rt))
		for range rapid.IntRange(1, 3).Draw(rt, "rounds") {
			converge(rt, h)
			w.live(rt)
		}
		converge(rt, h)
	})
}

var names = []string{"ann", "bob", "cat", "dan", "eve"}

func (w *world) hire(rt *rapid.T, n byte) {
	name := rapid.SampledFrom(names)
	suffix := rapid.SampledFrom([]string{"@contoso.com", "@contoso.com", "@contoso.com", "@corp.local"})
	p := &person{dn: fmt.Sprintf("CN=p%d,%s", n, rapid.SampledFrom([]string{"OU=In", "OU=In", "OU=Out"}).Draw(rt, "ou")),
		attrs: map[string]state.Value{
			"userPrincipalName":  state.String(name.Draw(rt, "upn") + suffix.Draw(rt, "suffix")),
			"displayName":        state.String(rapid.SampledFrom([]string{"Ann", "ANN", "Bob"}).Draw(rt, "displayName")),
			"department":         optional(rt, "department", "Sales", "R&D"),
			"userAccountControl": state.Int(int64(rapid.SampledFrom([]int{512, 514}).Draw(rt, "uac"))),
			"sAMAccountName":     state.String(fmt.Sprintf("p%d", n)),
			"cn":                 state.String(fmt.Sprintf("p%d", n)),
		}}
	if rapid.Bool().Draw(rt, "mailbox") {
		p.attrs["mail"] = state.String(name.Draw(rt, "mail") + "@contoso.com")
	}
	w.source[state.GUID{n}] = p
}

func optional(rt *rapid.T, label string, values ...string) state.Value {
	if i := rapid.IntRange(0, len(values)).Draw(rt, label); i > 0 {
		return state.String(values[i-1])
	}
	return state.Null()
}

// account adds a tenant account, if the service would allow it.
func (w *world) account(rt *rapid.T, n int) {
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", n)
	attrs := map[string]state.Value{
		"userPrincipalName": state.String(rapid.SampledFrom(names).Draw(rt, "account upn") + "@contoso.com"),
		"displayName":       state.String("Cloud"), "mailNickname": state.String("cloud"), "accountEnabled": state.Bool(true),
	}
	if rapid.Bool().Draw(rt, "account mail") {
		attrs["mail"] = state.String(rapid.SampledFrom(names).Draw(rt, "account mail name") + "@contoso.com")
	}
	switch rapid.IntRange(0, 3).Draw(rt, "anchor") {
	case 0:
		g := state.GUID{byte(rapid.IntRange(1, 8).Draw(rt, "anchor of"))}
		attrs["onPremisesImmutableId"] = state.String(base64.StdEncoding.EncodeToString(g[:]))
	case 1:
		attrs["onPremisesImmutableId"] = state.String("b3RoZXIgZG9tYWlu")
	}
	if (worldTenant{w}).check(id, attrs) != nil {
		return
	}
	if rapid.IntRange(0, 5).Draw(rt, "bin") == 0 {
		w.deleted[id] = attrs
		return
	}
	w.tenant[id] = attrs
	if rapid.IntRange(0, 6).Draw(rt, "admin") == 0 {
		w.roles[id] = []string{"Global Administrator"}
	}
}

// live lets both directories change: edits, moves, leavers, portal edits, deletions.
func (w *world) live(rt *rapid.T) {
	for _, g := range slices.SortedFunc(maps.Keys(w.source), compareGUID) {
		switch rapid.IntRange(0, 9).Draw(rt, "life") {
		case 0:
			delete(w.source, g)
		case 1, 2:
			w.hireAgain(rt, g)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.tenant)) {
		switch rapid.IntRange(0, 9).Draw(rt, "portal") {
		case 0:
			w.deleted[id] = w.tenant[id]
			delete(w.tenant, id)
		case 1:
			w.tenant[id]["department"] = optional(rt, "portal department", "Edited")
		case 2:
			w.tenant[id]["accountEnabled"] = state.Bool(rapid.Bool().Draw(rt, "portal enabled"))
		}
	}
}

func (w *world) hireAgain(rt *rapid.T, g state.GUID) {
	stamp := w.source[g].attrs["mS-DS-ConsistencyGuid"]
	w.hire(rt, g[0])
	w.source[g].attrs["mS-DS-ConsistencyGuid"] = stamp
}

func randomRules(rt *rapid.T) string {
	pick := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(rt, label) }
	return fmt.Sprintf(`
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
    userPrincipalName = lower(ad.userPrincipalName)
    displayName       = ad.displayName
    mailNickname      = ad.sAMAccountName
    mail              = ad.mail
    department        = ad.department
    accountEnabled    = !has_flag(ad.userAccountControl, 2)
  }
}
link_policy "in" {
  scope          = scope.in
  anchor         = %q
  match          = [%s]
  unmatched      = %q
  foreign_anchor = %q
  deleted        = %q
  leaving        = %q
}
guard "none" {
  creates {
    count = 1000
  }
}
`, pick("anchor attribute", "objectGUID", "ms-DS-ConsistencyGuid"),
		pick("match", `"immutable_id"`, `"immutable_id", "primary_smtp", "user_principal_name"`, `"immutable_id", "user_principal_name"`),
		pick("unmatched", "create", "create", "skip", "block"), pick("foreign", "block", "relink"),
		pick("deleted", "restore", "create", "block"), pick("leaving", "disable", "keep", "unlink", "delete"))
}

// converge applies until there is nothing to do, checking each step.
func converge(rt *rapid.T, h *harness) {
	blocked := false // in the plan before
	for round := 0; ; round++ {
		plan := h.plan()
		sameBytes(rt, h, plan, h.plan())
		before := map[string]map[string]state.Value{}
		for id, attrs := range h.w.tenant {
			before[id] = maps.Clone(attrs)
		}
		writes := h.w.writes
		out := h.apply(plan)
		changes, findings := collect(h.t, plan.Changes()), collect(h.t, plan.Findings())
		if len(h.w.refused) > 0 || !out.Complete() {
			rt.Fatalf("the tenant refused what was planned: %s\noutcome %+v\n%s", strings.Join(h.w.refused, "\n"), out, describe(changes, findings))
		}
		onlyPlanned(rt, h.w, before, changes)
		if len(changes) == 0 {
			if h.w.writes != writes {
				rt.Fatalf("%d writes without a change", h.w.writes-writes)
			}
			return
		}
		// What is blocked by an address may be free after the first apply, so more rounds than two can be right, but not many.
		if round > 4 {
			rt.Fatalf("does not come to an end:\n%s", describe(changes, findings))
		}
		if round > 0 && !blocked {
			rt.Fatalf("a second plan has changes although nothing was blocked:\n%s", describe(changes, findings))
		}
		blocked = slices.ContainsFunc(findings, func(f *planner.Finding) bool { return f.Severity == planner.Error })
	}
}

func sameBytes(rt *rapid.T, h *harness, a, b *planfile.Reader) {
	if a.Digest() != b.Digest() {
		rt.Fatalf("the order of streams shows in the plan:\n%s---\n%s", describe(collect(h.t, a.Changes()), collect(h.t, a.Findings())),
			describe(collect(h.t, b.Changes()), collect(h.t, b.Findings())))
	}
}

// onlyPlanned checks that nothing but the planned attributes of planned accounts has changed.
func onlyPlanned(rt *rapid.T, w *world, before map[string]map[string]state.Value, changes []*state.Change) {
	planned := map[string]*state.Change{}
	for _, c := range changes {
		planned[c.TargetID] = c
	}
	for id, was := range before {
		now, c := w.tenant[id], planned[id]
		if c == nil && !reflect.DeepEqual(was, now) {
			rt.Fatalf("account %s changed without a plan: %v, then %v", id, was, now)
		}
		if c == nil || now == nil {
			continue
		}
		for name, v := range now {
			i := slices.IndexFunc(c.Attributes, func(a state.AttributeChange) bool { return a.Name == name })
			if i < 0 && !v.Equal(was[name]) || i >= 0 && !v.Equal(c.Attributes[i].After) {
				rt.Fatalf("account %s: %s is %q, planned was %+v", id, name, v.Text(), c)
			}
		}
	}
}

func describe(changes []*state.Change, findings []*planner.Finding) string {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%s %s -> %s: %s %v\n", c.Action, c.Address, c.TargetID, c.Reason, c.Attributes)
	}
	for _, f := range findings {
		fmt.Fprintf(&b, "%s %s %v\n", f.Code, f.Detail, f.Objects)
	}
	return b.String()
}
