package years_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// TestMain lets memory grow: each plan leaves a megabyte behind, and nothing stays.
func TestMain(m *testing.M) {
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}

// company is a world that dirform synchronises by a configuration, with a real record.
type company struct {
	t testing.TB
	*world
	cfg *config.Config
	dir string // with the record in it
}

// rules are a configuration in parts.
type rules struct {
	ou         string            // the scope's
	scope      string            // more lines of the scope
	attributes map[string]string // expressions in place of the usual ones; "" leaves the attribute out
	policy     string            // lines of the policy
	guard      string            // lines of the guard, or "" for none
	more       string            // more blocks
}

// usual are the expressions of the mapping.
var usual = [][2]string{{"userPrincipalName", "ad.userPrincipalName"}, {"displayName", "ad.displayName"},
	{"mail", "ad.mail"}, {"mailNickname", "ad.sAMAccountName"}, {"accountEnabled", "!has_flag(ad.userAccountControl, 2)"},
	{"department", "ad.department"}, {"jobTitle", "ad.title"}, {"officeLocation", "ad.physicalDeliveryOfficeName"},
	{"mobilePhone", "ad.mobile"}, {"businessPhones", "[ad.telephoneNumber]"}, {"usageLocation", "ad.c"}}

func (r rules) String() string {
	var b strings.Builder
	b.WriteString("provider \"ad\" \"corp\" {\n  lab = \"lab\"\n}\nprovider \"entra\" \"contoso\" {\n  lab = \"lab\"\n}\n")
	ou := r.ou
	if ou == "" {
		ou = staffOU
	}
	fmt.Fprintf(&b, "scope \"staff\" {\n  ou = %q\n%s\n}\n", ou, r.scope)
	b.WriteString("mapping \"staff\" {\n  scope = scope.staff\n  object = \"user\"\n  attributes {\n")
	for _, a := range usual {
		expr, other := r.attributes[a[0]]
		if !other {
			expr = a[1]
		}
		if expr != "" {
			fmt.Fprintf(&b, "    %s = %s\n", a[0], expr)
		}
	}
	fmt.Fprintf(&b, "  }\n}\nlink_policy \"staff\" {\n  scope = scope.staff\n%s\n}\n", r.policy)
	if r.guard != "" {
		fmt.Fprintf(&b, "guard \"own\" {\n%s\n}\n", r.guard)
	}
	return b.String() + r.more
}

// newCompany is a company whose people have no accounts yet.
func newCompany(t testing.TB, people int) *company {
	t.Helper()
	c := &company{t: t, world: newWorld(), dir: quick.Dir(t)}
	c.now = start
	for range people {
		c.hire()
	}
	c.configure(rules{})
	return c
}

// start is when companies take dirform into use.
var start = time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)

// another is the same company in a world of its own.
func (c *company) another(t testing.TB) *company {
	t.Helper()
	d := &company{t: t, world: c.world.clone(), cfg: c.cfg, dir: quick.Dir(t)}
	b, err := os.ReadFile(c.state())
	check(t, err)
	check(t, os.WriteFile(d.state(), b, 0o600))
	return d
}

func (c *company) state() string { return filepath.Join(c.dir, "x.dfstate") }

// configure makes rules the company's.
func (c *company) configure(r rules) {
	c.t.Helper()
	dir := filepath.Join(c.dir, "config")
	check(c.t, os.MkdirAll(dir, 0o700))
	check(c.t, os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(r.String()), 0o600))
	cfg, diags := config.Load(config.Options{Dir: dir, Version: "0.1.0",
		Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema}})
	if diags.HasErrors() {
		c.t.Fatalf("%v in\n%s", diags, r)
	}
	c.cfg = cfg
}

// outcome is what an apply came to.
type outcome struct {
	*run.Result // nil if nothing was done
	err         error
	findings    []*planner.Finding
	totals      planner.Totals
}

// refused tells the limits for which the apply was refused; nil if it was not.
func (o *outcome) refused() (limits []string) {
	var r *run.Refused
	if errors.As(o.err, &r) {
		for _, g := range r.Guards {
			name, _, _ := strings.Cut(g.Limit, ".")
			if !slices.Contains(limits, name) {
				limits = append(limits, name)
			}
		}
	}
	return limits
}

// changes is how many the plan has.
func (o *outcome) changes() int { return o.totals.Summary.Changes() }

// apply plans and applies under the orders of --allow.
func (c *company) apply(allow map[string]int) *outcome {
	c.t.Helper()
	return c.applyIn(context.Background(), run.ApplyOptions{Options: run.Options{Allow: allow}})
}

func (c *company) applyIn(hard context.Context, o run.ApplyOptions) *outcome {
	c.t.Helper()
	clock := func() time.Time { return c.now }
	record, err := sqlite.Open(context.Background(), c.state(), store.Options{Holder: "test", Now: clock})
	check(c.t, err)
	defer record.Close()
	out := &outcome{}
	o.Record, o.Writer, o.Hard = writable{record, c.world}, directories{c.world}, hard
	o.Show = func(p *planfile.Reader) error {
		out.findings, out.totals = collect(c.t, p.Findings()), p.Totals()
		return nil
	}
	r := &run.Run{Config: c.cfg, Record: record, Directories: directories{c.world}, Schema: providers.TenantSchema,
		Now: clock, Version: "0.1.0", TempDir: c.dir}
	out.Result, out.err = r.Apply(context.Background(), o)
	return out
}

// must applies what no limit may stand against.
func (c *company) must(what string, allow map[string]int) *outcome {
	c.t.Helper()
	out := c.apply(allow)
	if out.err != nil || !out.Complete() {
		c.t.Fatalf("%s: %v %+v%s", what, out.err, out.Result, told(out.findings))
	}
	return out
}

// told are findings as people read them.
func told(findings []*planner.Finding) string {
	var b strings.Builder
	for _, f := range findings[:min(5, len(findings))] {
		fmt.Fprintf(&b, "\n%s %s %s %s", f.Code, f.Severity, f.Detail, f.Hint)
	}
	return b.String()
}

// writable is the real record, locked for an apply.
type writable struct {
	*sqlite.Store
	w *world
}

func (r writable) Begin(ctx context.Context, info store.RunInfo) (run.Writer, error) {
	w, err := r.Store.Begin(ctx, info)
	return mortal{w, r.w}, err
}

func collect[T any](t testing.TB, seq iter.Seq2[*T, error]) (out []*T) {
	for x, err := range seq {
		check(t, err)
		out = append(out, x)
	}
	return out
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// forget loses the record.
func (c *company) forget() {
	c.t.Helper()
	for _, suffix := range [...]string{"", "-wal", "-shm"} {
		if err := os.Remove(c.state() + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			c.t.Fatal(err)
		}
	}
}
