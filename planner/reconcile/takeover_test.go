package reconcile_test

import (
	"encoding/base64"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

const masteredRules = `
provider "ad" "corp" {
  lab = "x"
}
provider "entra" "t" {
  lab = "x"
}
scope "staff" {
  ou = "DC=corp"
}
mapping "staff" {
  scope  = scope.staff
  object = "user"
  attributes {
    userPrincipalName = ad.userPrincipalName
    displayName       = ad.displayName
    mailNickname      = ad.sAMAccountName
    accountEnabled    = true
    %s
  }
}
link_policy "staff" {
  scope = scope.staff
  %s
}
`

const lockable = "extensionAttribute1 = ad.extensionAttribute1"

// told keeps what a plan tells.
type told struct {
	changes  []*state.Change
	findings []*planner.Finding
	records  int
	skipped  []*planner.Skipped
}

func (x *told) Finding(f *planner.Finding) error { x.findings = append(x.findings, f); return nil }
func (x *told) Change(c *state.Change) error     { x.changes = append(x.changes, c); return nil }
func (x *told) Record(*planner.Record) error     { x.records++; return nil }
func (x *told) Skipped(s *planner.Skipped) error { x.skipped = append(x.skipped, s); return nil }

// String is what a plan does and finds, as "action attribute… CODE…"; drift is marked.
func (x *told) String() string {
	var parts []string
	for _, c := range x.changes {
		parts = append(parts, string(c.Action))
		for _, a := range c.Attributes {
			if a.Drift {
				a.Name += "!"
			}
			parts = append(parts, a.Name)
		}
	}
	for _, f := range x.findings {
		parts = append(parts, f.Code)
	}
	return strings.Join(parts, " ")
}

// company is both directories and the record: people by number, the n-th with the anchor and the account of that number.
type company struct {
	mappings, policy string
	people           int // at the source, from 1
	cost             string
	live, deleted    map[int]map[string]state.Value
	linked           []int
	features         providers.SyncFeatures
	roles            []providers.RoleHolder
}

func accountID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func anchorOf(n int) string { g := guidOf(n); return base64.StdEncoding.EncodeToString(g[:]) }

// mastered is the n-th person's account as the other engine keeps it, with further attributes.
func mastered(n int, more ...any) map[string]state.Value {
	a := map[string]state.Value{"userPrincipalName": state.String(fmt.Sprintf("p%d@contoso.com", n)), "displayName": state.String(fmt.Sprint("P", n)),
		"mailNickname": state.String(fmt.Sprint("p", n)), "accountEnabled": state.Bool(true), "onPremisesImmutableId": state.String(anchorOf(n)),
		providers.SyncEnabled: state.Bool(true), providers.LastSync: state.String("2026-03-02T06:30:00Z")}
	for i := 0; i < len(more); i += 2 {
		switch v := more[i+1].(type) {
		case nil:
			delete(a, more[i].(string))
		case string:
			a[more[i].(string)] = state.String(v)
		case bool:
			a[more[i].(string)] = state.Bool(v)
		}
	}
	return a
}

func (c *company) builder(t *testing.T) *reconcile.Builder {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.hcl"), fmt.Appendf(nil, masteredRules, c.mappings, c.policy), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, diags := config.Load(config.Options{Dir: dir, Version: "0.1.0", Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	unguard(cfg)
	b := reconcile.New(reconcile.Settings{Rules: cfg, Schema: providers.TenantSchema, Key: state.Key{1}, RoleHolders: c.roles, SyncFeatures: c.features,
		Domains: []providers.TenantDomain{{Name: "contoso.com", Verified: true}}, TempDir: dir})
	t.Cleanup(func() { _ = b.Close() })
	var source []*state.Object
	for n := 1; n <= c.people; n++ {
		attrs := map[string]state.Value{"userPrincipalName": state.String(fmt.Sprintf("p%d@contoso.com", n)), "displayName": state.String(fmt.Sprint("P", n)),
			"sAMAccountName": state.String(fmt.Sprint("p", n)), "extensionAttribute1": state.String(c.cost)}
		source = append(source, objectOf(cfg.SourceShapes[state.User], attrs, state.Object{GUID: guidOf(n), DN: fmt.Sprintf("CN=P%d,DC=corp", n)}))
	}
	var links []*state.Link
	for _, n := range c.linked {
		links = append(links, &state.Link{Anchor: anchorOf(n), Kind: state.User, Scope: "staff", SourceGUID: guidOf(n), TargetID: accountID(n), Rule: "immutable_id",
			Shape: state.NewShape()})
	}
	accounts := func(of map[int]map[string]state.Value) (all []*state.Object) {
		for _, n := range slices.Sorted(maps.Keys(of)) {
			all = append(all, objectOf(b.TenantShape(state.User), of[n], state.Object{ID: accountID(n)}))
		}
		return all
	}
	for _, err := range []error{b.ReadSource(cfg.Scopes[0], state.User, stream(source)), b.ReadTenant(state.User, stream(accounts(c.live))),
		b.ReadDeleted(state.User, stream(accounts(c.deleted))), b.ReadLinks(stream(links))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func guidOf(n int) state.GUID { return state.GUID{14: byte(n >> 8), 15: byte(n)} }

func objectOf(shape *state.Shape, attrs map[string]state.Value, o state.Object) *state.Object {
	o.Kind, o.Shape = state.User, shape
	for _, name := range shape.Names() {
		o.Values = append(o.Values, served(attrs, o.DN, name))
	}
	return &o
}

func stream[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, x := range list {
			if !yield(x, nil) {
				return
			}
		}
	}
}

func (c *company) plan(t *testing.T) (*told, planner.Totals) {
	t.Helper()
	x := &told{}
	totals, err := c.builder(t).Plan(x)
	if err != nil {
		t.Fatal(err)
	}
	return x, totals
}

// What is done about an account depends on who masters it, who did so once, and on the policy.
func TestMasteredElsewhere(t *testing.T) {
	const takeOver, claim = `synced_elsewhere = "take_over"`, " " + providers.CloudManaged
	one := func(n int, more ...any) map[int]map[string]state.Value {
		return map[int]map[string]state.Value{n: mastered(n, more...)}
	}
	traced := []any{providers.SyncEnabled, nil}
	for name, x := range map[string]struct {
		c    company
		want string
	}{
		"mastered":                        {company{live: one(1)}, "DF208"},
		"mastered, another name":          {company{live: one(1, "displayName", "old")}, "DF208"},
		"mastered, taken over":            {company{policy: takeOver, live: one(1)}, "link" + claim + " DF219"},
		"and changed":                     {company{policy: takeOver, live: one(1, "displayName", "old")}, "link displayName" + claim + " DF219"},
		"converted":                       {company{policy: takeOver, live: one(1, traced...)}, "link DF220"},
		"converted, nobody asks":          {company{live: one(1, traced...)}, "link"},
		"tenant switched off":             {company{live: one(1, providers.SyncEnabled, false)}, "link DF220"},
		"never synchronised":              {company{policy: takeOver, live: one(1, append(traced, providers.LastSync, nil)...)}, "link"},
		"locked, mastered":                {company{mappings: lockable, cost: "new", live: one(1)}, "DF208"},
		"locked, taken over":              {company{mappings: lockable, cost: "new", policy: takeOver, live: one(1)}, "link" + claim + " DF303 DF219"},
		"locked, converted":               {company{mappings: lockable, cost: "new", live: one(1, traced...)}, "link DF303 DF220"},
		"locked, to be cleared":           {company{mappings: lockable, live: one(1, append(traced, "extensionAttribute1", "old")...)}, "link DF303 DF220"},
		"locked, as it should be":         {company{mappings: lockable, cost: "same", live: one(1, append(traced, "extensionAttribute1", "same")...)}, "link DF220"},
		"locked, recorded":                {company{mappings: lockable, cost: "new", linked: []int{1}, live: one(1, traced...)}, "DF303"},
		"not locked":                      {company{mappings: lockable, cost: "new", live: one(1, append(traced, providers.LastSync, nil)...)}, "link extensionAttribute1"},
		"linked, mastered again":          {company{policy: takeOver, linked: []int{1}, live: one(1)}, "update" + claim + "! DF219"},
		"linked, mastered again, left":    {company{linked: []int{1}, live: one(1)}, "DF208 DF215"},
		"in the recycle bin":              {company{policy: takeOver, deleted: one(1)}, "restore" + claim + " DF219"},
		"in the recycle bin, blocked":     {company{deleted: one(1)}, "DF208"},
		"left the scope":                  {company{policy: takeOver, linked: []int{2}, live: map[int]map[string]state.Value{1: mastered(1, traced...), 2: mastered(2)}}, "link DF208 DF220"},
		"holds a role":                    {company{policy: takeOver, live: one(1), roles: []providers.RoleHolder{{ID: accountID(1), Roles: []string{"User Administrator"}}}}, "DF206"},
		"linked, holds a role":            {company{policy: takeOver + "\n  privileged = \"allow\"", linked: []int{1}, live: one(1), roles: []providers.RoleHolder{{ID: accountID(1), Roles: []string{"User Administrator"}}}}, "DF218 DF215"},
		"hard match switched off":         {company{policy: takeOver, live: one(1), features: providers.SyncFeatures{Known: true, BlockHardMatch: true}}, "link" + claim + " DF219"},
		"hard match switched off, native": {company{live: one(1, append(traced, providers.LastSync, nil)...), features: providers.SyncFeatures{Known: true, BlockHardMatch: true}}, "DF218"},
	} {
		t.Run(name, func(t *testing.T) {
			x.c.people = 1
			got, _ := x.c.plan(t)
			if got.String() != x.want {
				t.Errorf("got %q, want %q", got, x.want)
			}
		})
	}
}

// The trace of the other engine costs a property of every account, so it is read only where it makes a difference.
func TestTraceIsReadWhereItMatters(t *testing.T) {
	for _, x := range []struct {
		c    company
		want bool
	}{{company{}, false}, {company{mappings: lockable}, true}, {company{policy: `synced_elsewhere = "take_over"`}, true}, {company{policy: `synced_elsewhere = "block"`}, false}} {
		if got := x.c.builder(t).TenantShape(state.User).Index(providers.LastSync) >= 0; got != x.want {
			t.Errorf("%+v: %t", x.c, got)
		}
	}
}

// One warning stands for all who are taken over; each of them takes one write more.
func TestManyAreTakenOver(t *testing.T) {
	c := company{people: 12, policy: `synced_elsewhere = "take_over"`, live: map[int]map[string]state.Value{}}
	for n := 1; n <= 12; n++ {
		c.live[n] = mastered(n, "displayName", "old")
	}
	x, totals := c.plan(t)
	if len(x.changes) != 12 || len(x.findings) != 1 || totals.Cost.Writes != 24 {
		t.Fatalf("%s; %+v", x, totals.Cost)
	}
	if f := x.findings[0]; len(f.Objects) != 10 || !strings.HasPrefix(f.Detail, "12 accounts") || f.Objects[0].TargetID != accountID(1) {
		t.Errorf("%+v", f)
	}
	if a := x.changes[0].Attributes[1]; a.Name != providers.CloudManaged || a.Before.Kind() != state.BoolValue || a.Before.Bool() || !a.After.Bool() || a.Drift {
		t.Errorf("%+v", a)
	}
}

// What a take-over would change stands in the finding that refuses it.
func TestBlockedSaysWhatDiffers(t *testing.T) {
	c := company{people: 1, mappings: lockable, cost: "new", live: map[int]map[string]state.Value{1: mastered(1, "displayName", "old")}}
	x, _ := c.plan(t)
	want := "Account p1@contoso.com has onPremisesSyncEnabled = true. Not as declared: displayName. Locked for good, and not as declared: extensionAttribute1."
	if len(x.findings) != 1 || x.findings[0].Detail != want {
		t.Errorf("%+v", x.findings)
	}
}

// A locked attribute is no change at any later plan either, and nothing has to be recorded for it again and again.
func TestLockedIsRecordedOnce(t *testing.T) {
	c := company{people: 1, mappings: lockable, cost: "o'neill’s", live: map[int]map[string]state.Value{1: mastered(1, providers.SyncEnabled, nil)}}
	x, _ := c.plan(t)
	if h := x.findings[0].Hint; !strings.Contains(h, "-CustomAttribute1 'o''neill’’s'") {
		t.Error(h)
	}
	l := &state.Link{Anchor: anchorOf(1), Kind: state.User, Scope: "staff", SourceGUID: guidOf(1), TargetID: accountID(1), Rule: "immutable_id"}
	names := slices.Sorted(maps.Keys(x.changes[0].Fingerprints))
	l.Shape = state.NewShape(names...)
	for _, name := range names {
		fp, err := strconv.ParseUint(x.changes[0].Fingerprints[name], 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		l.Fingerprints = append(l.Fingerprints, fp)
	}
	b := c.builder(t)
	if err := b.ReadLinks(stream([]*state.Link{l})); err != nil {
		t.Fatal(err)
	}
	x = &told{}
	totals, err := b.Plan(x)
	if err != nil || x.String() != "DF303" || x.records > 0 || totals.Summary.Drifted > 0 || totals.Summary.Unchanged != 1 {
		t.Errorf("%s, %d records, %+v, %v", x, x.records, totals.Summary, err)
	}
}
