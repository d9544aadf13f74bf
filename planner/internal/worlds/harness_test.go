package worlds_test

import (
	"context"
	"errors"
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
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// harness plans and applies a world by run.Run. Plan files are real; directories and record are in memory, which is quick, or the
// record is the real one.
type harness struct {
	t     rapid.TB
	rt    *rapid.T // t of a world that draws
	w     *world
	r     *rules
	cfg   *config.Config
	all   *config.Config // every mapping that there is
	dir   string
	state string     // path of the real record; "" for the one in memory
	keys  *seal.Keys // of encryption, for the real record
	allow map[string]int
	only  []string // --target
	but   []string // --exclude
}

const lineage = "5f0c1c9e-3b1d-4c57-9d0a-8a52d6a3f0aa"

var key = state.Key{1, 2, 3}

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

// run is a run as things are by now.
func (h *harness) run() *run.Run {
	now := h.w.now
	return &run.Run{Config: h.cfg, Record: record{h.w}, Directories: directories{h.w}, Schema: providers.TenantSchema,
		Now: func() time.Time { return now }, Version: "0.1.0", TempDir: h.dir,
		NewKey: func() (state.Key, error) { return key, nil }}
}

func (h *harness) options() run.Options {
	return run.Options{Targets: h.only, Excludes: h.but, Allow: h.allow}
}

// saved is a plan as its file has it.
type saved struct {
	changes  []*state.Change
	findings []*planner.Finding
	records  []*planner.Record
	totals   planner.Totals
	digest   string // of the file
}

func (h *harness) saved(file *planfile.Reader) *saved {
	return &saved{totals: file.Totals(), digest: file.Digest(), changes: collect(h.t, file.Changes()), findings: collect(h.t, file.Findings()),
		records: collect(h.t, file.Records())}
}

// plan makes a plan from freshly shuffled streams; a real record is as the last apply has left it.
func (h *harness) plan() *saved {
	file := h.planFile()
	defer file.Close()
	return h.saved(file)
}

// planFile is plan, to be closed in the end.
func (h *harness) planFile() *planfile.Reader {
	r := h.run()
	if h.state != "" {
		record, err := sqlite.At(h.state, h.keys).Load(context.Background())
		check(h.t, err)
		defer record.Close()
		r.Record = realRecord{record.(*sqlite.Store)}
	}
	file, err := r.Plan(context.Background(), h.options())
	check(h.t, err)
	return file
}

// apply plans and carries the plan out. show is given the plan before anything is written. The result is nil if the plan is refused,
// or is aimed at nobody; then nothing is shown.
func (h *harness) apply(show func(*saved)) *run.Result {
	return h.carryOut(run.ApplyOptions{Options: h.options(), Show: func(file *planfile.Reader) error {
		show(h.saved(file))
		return nil
	}})
}

// applyFile carries out what a saved plan and today's have in common. The result is nil if that is refused.
func (h *harness) applyFile(file *planfile.Reader) *run.Result {
	return h.carryOut(run.ApplyOptions{Options: run.Options{Allow: h.allow}, Reviewed: file})
}

// carryOut is an apply; with a real record, that record's links are the world's afterwards.
func (h *harness) carryOut(o run.ApplyOptions) *run.Result {
	o.Record, o.Writer = record{h.w}, directories{h.w}
	if h.state != "" {
		h.fillStore()
		record := h.lockStore()
		defer record.Close()
		o.Record = realRecord{record}
	}
	out, err := h.run().Apply(context.Background(), o)
	var refused *run.Refused
	if errors.As(err, &refused) || aimedAtNobody(err) {
		return nil
	}
	check(h.t, err)
	if h.state != "" {
		clear(h.w.known)
		for l, err := range o.Record.Links(context.Background()) {
			check(h.t, err)
			h.w.known[l.Anchor] = cloneLink(l)
		}
	}
	return out
}

// holding is how a world opens its real record. By its clock each run is long ago when the next one begins, so that the
// limits are held against that one's plan alone.
func (h *harness) holding() store.Options {
	then := h.w.now.Add(-2 * state.RecentTime)
	return store.Options{Holder: "test", Now: func() time.Time { return then }}
}

// lockStore opens the real record for writing.
func (h *harness) lockStore() *sqlite.Store {
	record, err := sqlite.At(h.state, h.keys).Lock(context.Background(), h.holding())
	check(h.t, err)
	return record.(*sqlite.Store)
}

// aimedAtNobody reports whether a plan has failed because its targets and excludes are nobody's.
func aimedAtNobody(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && strings.HasPrefix(f.Summary, "Nothing has the address")
}

// fillStore makes the real record say what the world's does, which events may have changed.
func (h *harness) fillStore() {
	ctx := context.Background()
	record := h.lockStore()
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
	m := record.Meta()
	if len(put) == 0 && m.Exists {
		return
	}
	run, err := record.Begin(ctx, store.RunInfo{Lineage: lineage, Key: key, Serial: m.Serial, SourceSID: domainSID, TenantID: tenantID})
	check(h.t, err)
	check(h.t, run.Records(ctx, put))
	check(h.t, run.Finish(ctx, store.OutcomeApplied, state.Counts{}, nil))
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
func check(t rapid.TB, err error) {
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func collect[T any](t rapid.TB, seq iter.Seq2[*T, error]) (out []*T) {
	for x, err := range seq {
		check(t, err)
		out = append(out, x)
	}
	return out
}

// withHarness runs f in a folder of its own.
func withHarness(rt *rapid.T, dir string, all *config.Config, w *world, r *rules, real bool, f func(*harness)) {
	h := &harness{t: rt, rt: rt, w: w, r: r, dir: dir, all: all}
	if real {
		dir, err := os.MkdirTemp(h.dir, "world")
		check(rt, err)
		defer os.RemoveAll(dir)
		h.state = filepath.Join(dir, "x.dfstate")
	}
	h.configure()
	f(h)
}
