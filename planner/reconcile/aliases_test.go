package reconcile_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/state/quick"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

const aliasRules = `
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
  preset = "default"
  attributes {
    mail = ad.mail # rather than the primary address: only aliases are to differ
  }
}
guard "default" {
}
`

// aliasValues are values of proxyAddresses on either side.
var aliasValues = rapid.SliceOfN(rapid.SampledFrom([]string{"SMTP:ann@contoso.com", "SMTP:bob@contoso.com", "smtp:ann@contoso.com", "smtp:bob@contoso.com",
	"smtp:a@contoso.com", "smtp:A@contoso.com", "smtp:b@Contoso.com", "Smtp:b@contoso.com", "smtp:x@contoso.onmicrosoft.com", "smtp:x@elsewhere.example",
	"SIP:a@contoso.com", "X500:/o=Old/cn=a", "b@contoso.com", "smtp:a b@contoso.com", "smtp:ü@contoso.com", "smtp:@contoso.com", "smtp:a@", "smtp:", "c"}), 0, 5)

// TestAliasesAtAGlance makes sure that the sums by which aliases are compared find the rows to look at: whether a row is looked at
// for its aliases alone or for another change, the same is said of it. What the commands say is then done, and nothing is left.
func TestAliasesAtAGlance(t *testing.T) {
	w := newWorld(1)
	for i, name := range []string{"ann", "bob"} {
		w.source[state.GUID{byte(i + 1)}] = &person{dn: "CN=" + name + ",OU=In", attrs: map[string]state.Value{
			"userPrincipalName": state.String(name + "@contoso.com"), "displayName": state.String(name), "sAMAccountName": state.String(name),
			"userAccountControl": state.Int(512)}}
	}
	h := newHarness(t, w, aliasRules)
	h.apply(h.plan())
	quick.Checks(t, 100)
	rapid.Check(t, func(rt *rapid.T) {
		w.drawAliases(rt)
		glance := aliasFindings(t, h)
		for _, p := range w.source {
			p.attrs["department"] = state.String("Sales")
		}
		if diff := cmp.Diff(aliasFindings(t, h), glance); diff != "" {
			rt.Fatalf("-with another change +without:\n%s", diff)
		}
		for _, f := range glance {
			w.exchange(f)
		}
		for _, f := range aliasFindings(t, h) {
			if len(f.Commands) > 0 && !slices.ContainsFunc(glance, taken) {
				rt.Fatalf("left to be done: %v", f.Commands)
			}
		}
	})
}

// drawAliases gives everybody values of proxyAddresses and a mail on which both sides agree.
func (w *world) drawAliases(rt *rapid.T) {
	for _, g := range slices.SortedFunc(maps.Keys(w.source), compareGUID) {
		attrs := w.source[g].attrs
		attrs["proxyAddresses"] = listOrNull(aliasValues.Draw(rt, "wanted"))
		attrs["mail"], attrs["department"] = optional(rt, "mail", "ann@contoso.com", "bob@contoso.com"), state.Null()
	}
	for _, id := range slices.Sorted(maps.Keys(w.tenant)) {
		w.tenant[id]["proxyAddresses"], w.tenant[id]["mail"] = listOrNull(aliasValues.Draw(rt, "had")), w.sourceOf(id).attrs["mail"]
	}
}

// taken: somebody gave up what another one wants, so that there is more to do afterwards.
func taken(f *planner.Finding) bool { return strings.Contains(f.Detail, "cannot be added") }

func listOrNull(values []string) state.Value {
	if len(values) == 0 {
		return state.Null()
	}
	return state.List(values)
}

// sourceOf is the person whose account has the id.
func (w *world) sourceOf(id string) *person {
	for _, p := range w.source {
		if p.attrs["userPrincipalName"].Equal(w.tenant[id]["userPrincipalName"]) {
			return p
		}
	}
	return nil
}

// aliasFindings are a plan's findings about aliases, by object.
func aliasFindings(t *testing.T, h *harness) (list []*planner.Finding) {
	p := h.plan()
	defer p.Close()
	for _, f := range collect(t, p.Findings()) {
		if f.Attribute == "proxyAddresses" && f.Code != "DF202" {
			list = append(list, f)
		}
	}
	slices.SortFunc(list, func(a, b *planner.Finding) int {
		return strings.Compare(a.Code+a.Objects[0].Anchor+a.Value, b.Code+b.Objects[0].Anchor+b.Value)
	})
	return list
}

var (
	commandForm = regexp.MustCompile(`^Set-Mailbox -Identity '([^']+)' -EmailAddresses @\{(?:Add=([^;}]+))?(?:; )?(?:Remove=([^;}]+))?\}$`)
	commandItem = regexp.MustCompile(`'([^']+)'`)
)

// exchange does what a finding's commands say.
func (w *world) exchange(f *planner.Finding) {
	for _, c := range f.Commands {
		m := commandForm.FindStringSubmatch(c)
		attrs := w.tenant[m[1]]
		list := slices.Clone(attrs["proxyAddresses"].List())
		for _, x := range commandItem.FindAllStringSubmatch(m[3], -1) {
			list = slices.DeleteFunc(list, func(have string) bool { return strings.EqualFold(have, x[1]) || strings.EqualFold("smtp:"+have, x[1]) })
		}
		for _, x := range commandItem.FindAllStringSubmatch(m[2], -1) {
			list = append(list, x[1])
		}
		attrs["proxyAddresses"] = listOrNull(list)
	}
}
