package reconcile_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

const twiceRules = `
provider "ad" "corp" {
  lab = "x"
}
provider "entra" "t" {
  lab = "x"
}
scope "staff" {
  ou    = "DC=corp"
  where = ad.department != "Robots"
}
`

// TestObjectsThatComeTwice: whatever copies of objects a directory delivers, in scope or out of it, left out as system objects,
// called otherwise or the same, the plan and all that it counts are those of the last copies alone.
func TestObjectsThatComeTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(twiceRules), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, diags := config.Load(config.Options{Dir: dir, Version: "0.1.0",
		Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	unguard(cfg)
	twice := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 2))
		b := func() *reconcile.Builder {
			return reconcile.New(reconcile.Settings{Rules: cfg, Schema: providers.TenantSchema, Key: state.Key{1}, TempDir: dir,
				Domains: []providers.TenantDomain{{Name: "contoso.com", Verified: true}}})
		}
		source := copies(r, func(n int) *state.Object { return sourceCopy(r, cfg.SourceShapes[state.User], n) })
		shaping := b()
		live := copies(r, func(n int) *state.Object { return tenantCopy(r, shaping.TenantShape(state.User), n) })
		bin := copies(r, func(n int) *state.Object { return tenantCopy(r, shaping.DeletedShape(state.User), 100+n) })
		groups := copies(r, func(n int) *state.Object {
			o := tenantCopy(r, shaping.TenantShape(state.Group), 200+n)
			o.Kind = state.Group
			return o
		})
		_ = shaping.Close()
		var links []*state.Link
		for n := range 3 { // a system object that is recorded is in scope
			links = append(links, &state.Link{Anchor: anchorOf(n), Kind: state.User, Scope: "staff", SourceGUID: guidOf(n),
				TargetID: accountID(n), Rule: "immutable_id", Shape: state.NewShape()})
		}
		plan := func(once bool) string {
			all := [][]*state.Object{source, live, bin, groups}
			if once {
				for i := range all {
					twice += len(all[i])
					all[i] = last(all[i])
					twice -= len(all[i])
				}
			}
			b := b()
			defer b.Close()
			for _, err := range []error{b.ReadSource(cfg.Scopes[0], state.User, stream(all[0])), b.ReadTenant(state.User, stream(all[1])),
				b.ReadDeleted(state.User, stream(all[2])), b.ReadTenant(state.Group, stream(all[3])), b.ReadLinks(stream(links))} {
				check(t, err)
			}
			x := &told{}
			totals, err := b.Plan(x)
			check(t, err)
			text, err := json.MarshalIndent([]any{totals, x.changes, x.findings}, "", " ")
			check(t, err)
			return string(text)
		}
		if d := cmp.Diff(plan(true), plan(false)); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
	}
	if twice < 500 {
		t.Errorf("%d copies in all", twice)
	}
}

// copies is a random stream of up to three copies of ten objects.
func copies(r *rand.Rand, of func(n int) *state.Object) (all []*state.Object) {
	for range 1 + r.IntN(18) {
		all = append(all, of(r.IntN(10)))
	}
	return all
}

// last is a stream without the copies that others follow.
func last(all []*state.Object) (once []*state.Object) {
	follows := map[string]bool{}
	for i := len(all) - 1; i >= 0; i-- {
		if k := all[i].ID + all[i].GUID.String(); !follows[k] {
			follows[k] = true
			once = append([]*state.Object{all[i]}, once...)
		}
	}
	return once
}

func sourceCopy(r *rand.Rand, shape *state.Shape, n int) *state.Object {
	name := fmt.Sprintf("p%d", n+10*r.IntN(2))
	attrs := map[string]state.Value{"userPrincipalName": state.String(name + "@contoso.com"), "displayName": state.String("P"),
		"department": state.String([]string{"Sales", "Legal", "Robots"}[r.IntN(3)]), "sAMAccountName": state.String(name)}
	if r.IntN(4) == 0 {
		attrs["sAMAccountName"] = state.String("krbtgt")
	}
	return objectOf(shape, attrs, state.Object{GUID: guidOf(n), DN: fmt.Sprintf("CN=P%d,DC=corp", n)})
}

func tenantCopy(r *rand.Rand, shape *state.Shape, n int) *state.Object {
	name := fmt.Sprintf("p%d", r.IntN(20))
	attrs := map[string]state.Value{"userPrincipalName": state.String(name + "@contoso.com"), "displayName": state.String("P"),
		"mail":            state.String(name + "@contoso.com"),
		"proxyAddresses":  state.List([]string{"SMTP:" + name + "@contoso.com", fmt.Sprintf("smtp:q%d@contoso.com", r.IntN(9))}),
		"deletedDateTime": state.String(fmt.Sprintf("2026-03-0%dT08:00:00Z", 1+r.IntN(9)))}
	if r.IntN(2) == 0 {
		attrs["onPremisesImmutableId"] = state.String(anchorOf(r.IntN(10)))
	}
	return objectOf(shape, attrs, state.Object{ID: accountID(n)})
}
