package worlds_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// harness plans and applies a world with the real planner and apply engine. Configuration, plan file and record are in memory,
// which is quick, or the real ones.
type harness struct {
	t     *rapid.T
	w     *world
	r     *rules
	cfg   *config.Config
	all   *config.Config // every mapping that there is
	dir   string
	state string // path of the real record and with it a real plan file; "" for those in memory
	allow map[string]int
	only  []string // --target
	but   []string // --exclude
}

const lineage = "lineage-1"

var key = state.KeyOf(lineage)

// fingerprint is an attribute's fingerprint as plans and the record have it.
func fingerprint(name string, v state.Value) uint64 {
	return state.NewHasher(key).Fingerprint(schema.Lookup(name), v)
}

var schema = providers.TenantSchema(state.User)

func newLink(n int, source, tenant string) config.Link {
	return config.Link{Name: fmt.Sprintf("drawn%d", n), Source: source, Tenant: tenant, DeclaredAt: "main.hcl:1"}
}

// configure loads the rules as they are by now; a world with a real record reads them as text.
func (h *harness) configure() {
	if h.state != "" {
		var err error
		h.cfg, err = loadText(h.dir, h.r.String())
		check(h.t, err)
	} else {
		h.cfg = h.r.load(h.all)
	}
	h.w.allowed = h.r.privileged()
}

func (h *harness) settings() reconcile.Settings {
	roles, _ := tenantSide{h.w}.RoleHolders(context.Background())
	return reconcile.Settings{Rules: h.cfg, Schema: providers.TenantSchema, Key: key, Domains: domains, RoleHolders: roles,
		Suffixes: map[string][]string{"corp": h.w.suffixes}, TempDir: h.dir, Now: h.w.now, Allow: h.allow, Targets: h.only, Excludes: h.but}
}

// saved is a plan as its document has it.
type saved struct {
	file     *planfile.Reader // nil for a plan in memory
	changes  []*state.Change
	findings []*planner.Finding
	records  []*planner.Record
	totals   planner.Totals
}

// plan makes a plan from freshly shuffled streams.
func (h *harness) plan() *saved {
	ctx := context.Background()
	header := planner.Header{State: planner.StateID{Lineage: lineage}, Source: planner.SourceID{SID: "S-1-5-21-1"}, Tenant: planner.TenantID{ID: "t1"}}
	b := reconcile.New(h.settings())
	defer b.Close()
	for _, s := range shuffled(h.w, h.cfg.Scopes) {
		check(h.t, b.ReadSource(s, state.User, h.w.Read(ctx, h.query(s))))
	}
	tenant := tenantSide{h.w}
	for _, kind := range shuffled(h.w, []state.Kind{state.User, state.Group, state.Contact}) {
		check(h.t, b.ReadTenant(kind, tenant.Read(ctx, providers.TenantQuery{Kind: kind, Attributes: b.TenantShape(kind)})))
	}
	check(h.t, b.ReadDeleted(state.User, tenant.Read(ctx, providers.TenantQuery{Kind: state.User, Deleted: true, Attributes: b.DeletedShape(state.User)})))
	if h.state == "" {
		check(h.t, b.ReadLinks(h.w.links()))
	} else {
		header.State.Serial = h.readStore(b)
	}
	if h.state != "" {
		return h.file(b, header)
	}
	p := &saved{}
	var err error
	p.totals, err = b.Plan(p)
	check(h.t, err)
	return p
}

// file plans into a plan file and reads it back.
func (h *harness) file(b *reconcile.Builder, header planner.Header) *saved {
	out, err := planfile.CreateTemp(h.dir, header)
	check(h.t, err)
	totals, err := b.Plan(out)
	check(h.t, err)
	check(h.t, out.Close(totals))
	file, err := out.Reopen()
	check(h.t, err)
	return &saved{file: file, totals: file.Totals(), changes: collect(h.t, file.Changes()), findings: collect(h.t, file.Findings()),
		records: collect(h.t, file.Records())}
}

// A saved plan in memory is a planner's sink.

func (p *saved) Change(c *state.Change) error {
	p.changes = append(p.changes, c)
	return nil
}

func (p *saved) Finding(f *planner.Finding) error {
	p.findings = append(p.findings, f)
	return nil
}

func (p *saved) Record(r *planner.Record) error {
	p.records = append(p.records, r)
	return nil
}

func (p *saved) close() {
	if p.file != nil {
		p.file.Close()
	}
}

// digest is the same for two plans if their documents have the same bytes.
func (p *saved) digest(t *rapid.T) string {
	if p.file != nil {
		return p.file.Digest()
	}
	b, err := json.Marshal([]any{p.changes, p.findings, p.records, p.totals})
	check(t, err)
	return string(b)
}

// each streams what is in memory.
func each[T any](xs []*T) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for _, x := range xs {
			if !yield(x, nil) {
				return
			}
		}
	}
}

func (h *harness) query(s *config.Scope) providers.Query {
	return providers.Query{Kind: state.User, Bases: s.OUs, Exclude: s.Exclude, Filter: s.Filter, Attributes: h.cfg.SourceShapes[state.User]}
}

// links streams the record in any order.
func (w *world) links() iter.Seq2[*state.Link, error] {
	return func(yield func(*state.Link, error) bool) {
		for _, anchor := range shuffled(w, slices.Sorted(maps.Keys(w.known))) {
			if !yield(cloneLink(w.known[anchor]), nil) {
				return
			}
		}
	}
}

// readStore streams the real record, once it holds what the world's does, and returns its serial.
func (h *harness) readStore(b *reconcile.Builder) int64 {
	ctx := context.Background()
	h.fillStore()
	record, err := store.OpenReadOnly(ctx, h.state)
	check(h.t, err)
	defer record.Close()
	check(h.t, b.ReadLinks(record.Links(ctx)))
	return record.Meta().Serial
}

// fillStore makes the real record say what the world's does, which events may have changed.
func (h *harness) fillStore() {
	ctx := context.Background()
	record, err := store.Open(ctx, h.state, store.Options{Holder: "test"})
	check(h.t, err)
	defer record.Close()
	var gone []string
	have := map[string]string{}
	for l, err := range record.Links(ctx) {
		check(h.t, err)
		if have[l.Anchor] = linkText(l); h.w.known[l.Anchor] == nil {
			gone = append(gone, l.Anchor)
		}
	}
	if len(gone) > 0 {
		check(h.t, record.RemoveLinks(ctx, gone...))
	}
	var put []*state.Link
	for _, anchor := range slices.Sorted(maps.Keys(h.w.known)) {
		if l := h.w.known[anchor]; have[anchor] != linkText(l) {
			put = append(put, cloneLink(l))
		}
	}
	if len(put) == 0 {
		return
	}
	m := record.Meta()
	run, err := record.Begin(ctx, store.RunInfo{Lineage: lineage, Serial: m.Serial, SourceSID: "S-1-5-21-1", TenantID: "t1"})
	check(h.t, err)
	check(h.t, run.Records(ctx, put))
	check(h.t, run.Finish(ctx, store.OutcomeApplied, state.Counts{}, nil))
}

// apply carries a plan out and takes the real record's links over into the world's.
func (h *harness) apply(p *saved) apply.Outcome {
	if h.state == "" {
		return h.run(p, memory{h.w})
	}
	ctx := context.Background()
	record, err := store.Open(ctx, h.state, store.Options{Holder: "test"})
	check(h.t, err)
	defer record.Close()
	hd := p.file.Header()
	run, err := record.Begin(ctx, store.RunInfo{Lineage: hd.State.Lineage, Serial: hd.State.Serial, SourceSID: hd.Source.SID,
		TenantID: hd.Tenant.ID, PlanDigest: p.file.Digest()})
	check(h.t, err)
	out := h.run(p, run)
	check(h.t, run.Finish(ctx, store.OutcomeApplied, out.Counts, nil))
	clear(h.w.known)
	for l, err := range record.Links(ctx) {
		check(h.t, err)
		h.w.known[l.Anchor] = cloneLink(l)
	}
	return out
}

func (h *harness) run(p *saved, journal apply.Recorder) apply.Outcome {
	out, err := apply.Run(context.Background(), apply.Input{Changes: each(p.changes), Records: each(p.records), Sources: h.sources,
		SourceWriter: func(string) providers.SourceWriter { return h.w }, Tenant: tenantSide{h.w}, TenantWriter: tenantSide{h.w},
		Schema: providers.TenantSchema, Key: key, Journal: journal, Workers: 1, RetryDelay: time.Millisecond, Now: h.w.now})
	check(h.t, err)
	return out
}

// sources are the source objects of changes that are in scope by now.
func (h *harness) sources(ctx context.Context, changes []*state.Change) (map[*state.Change]*state.Object, error) {
	found := map[*state.Change]*state.Object{}
	for _, s := range h.cfg.Scopes {
		for o := range h.w.Read(ctx, h.query(s)) {
			for _, c := range changes {
				if in, _ := s.Has(o); in && c.Scope == s.Name && c.SourceGUID == o.GUID.String() {
					found[c] = o.Clone()
				}
			}
		}
	}
	return found, nil
}

// memory is the world's own record of a run.
type memory struct{ *world }

func (m memory) Links(_ context.Context, anchors []string) (map[string]*state.Link, error) {
	found := map[string]*state.Link{}
	for _, a := range anchors {
		if l := m.known[a]; l != nil {
			found[a] = cloneLink(l)
		}
	}
	return found, nil
}

func (m memory) Intents(context.Context, []state.Entry) error { return nil }

func (m memory) Results(_ context.Context, results []state.Result) error {
	for _, r := range results {
		if r.Forget {
			delete(m.known, r.Key)
		}
		if l := m.known[r.Replaces]; l != nil && r.Link != nil && l.TargetID == r.Link.TargetID {
			delete(m.known, r.Replaces)
		}
		if r.Link != nil {
			m.known[r.Link.Anchor] = cloneLink(r.Link)
		}
	}
	return nil
}

func (m memory) Records(_ context.Context, links []*state.Link) error {
	for _, l := range links {
		m.known[l.Anchor] = cloneLink(l)
	}
	return nil
}

// linkText is a link as failing worlds show it.
func linkText(l *state.Link) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s of %s -> %s by %s", l.Kind, l.SourceGUID, l.Scope, l.TargetID, l.Rule)
	if l.Left {
		b.WriteString(", left " + l.LeftText())
	}
	for i, name := range l.Shape.Names() {
		if l.Fingerprints[i] != 0 {
			fmt.Fprintf(&b, " %s=%x", name, l.Fingerprints[i])
		}
	}
	return b.String()
}

// check ends the test for an error that no world may cause.
func check(t *rapid.T, err error) {
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func collect[T any](t *rapid.T, seq iter.Seq2[*T, error]) (out []*T) {
	for x, err := range seq {
		check(t, err)
		out = append(out, x)
	}
	return out
}

// withHarness runs f in a folder of its own.
func withHarness(rt *rapid.T, dir string, all *config.Config, w *world, r *rules, real bool, f func(*harness)) {
	h := &harness{t: rt, w: w, r: r, dir: dir, all: all}
	if real {
		dir, err := os.MkdirTemp(h.dir, "world")
		check(rt, err)
		defer os.RemoveAll(dir)
		h.state = filepath.Join(dir, "x.dfstate")
	}
	h.configure()
	f(h)
}
