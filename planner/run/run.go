// Package run is one run of dirform from start to end, for any frontend: it looks at both directories, reads them, plans, holds a
// reviewed plan against a fresh one, and applies.
//
// It knows interfaces only: a record, directories and a clock. What a run prints, asks and exits with is the frontend's business.
package run

import (
	"context"
	"iter"
	"log/slog"
	"time"

	"github.com/dirform/dirform/planner/against"
	"github.com/dirform/dirform/planner/reconcile"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/run/internal/rights"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// Record is what a run asks of the record of links.
type Record interface {
	// Meta identifies the record; Exists is false before the first apply.
	Meta() store.Meta
	// Links streams the recorded links, in no particular order.
	Links(ctx context.Context) iter.Seq2[*state.Link, error]
	// OUs are the containers of scopes as the last apply found them.
	OUs(ctx context.Context) ([]state.OU, error)
	// LastScopes is what the last apply that did everything saw of its scopes; empty if there was none.
	LastScopes(ctx context.Context) ([]store.ScopeCount, error)
	// Recent is what the applies did that have written since a time, as far as guards count it.
	Recent(ctx context.Context, since time.Time) (state.Recent, error)
	// LastRun is when the last run ended, or began if it has no end; the zero time if there was none.
	LastRun(ctx context.Context) (time.Time, error)
}

// WritableRecord is a record that is locked for an apply.
type WritableRecord interface {
	Record
	// Held is ctx until the record's lock is lost, or may be: then it ends, and its cause is a [*store.LostError].
	Held(ctx context.Context) context.Context
	// Begin starts a run. It writes nothing yet.
	Begin(ctx context.Context, info store.RunInfo) (Writer, error)
}

// Writer records an apply. Each call is durable when it returns nil.
type Writer interface {
	apply.Recorder
	// OUs notes the containers of scopes as this run found them.
	OUs(ctx context.Context, ous []state.OU) error
	// Finish ends the run; outcome is one of the store's.
	Finish(ctx context.Context, outcome string, counts state.Counts, scopes []store.ScopeCount) error
}

// Directories opens the directories that a configuration names for reading, each once.
type Directories interface {
	Source(ctx context.Context, p *config.ADProvider) (providers.SourceReader, error)
	Tenant(ctx context.Context, p *config.EntraProvider) (providers.TenantReader, error)
}

// WritableDirectories opens them for writing, too. Only [Run.Apply] is given one.
type WritableDirectories interface {
	OpenSourceWriter(ctx context.Context, p *config.ADProvider) (providers.SourceWriter, error)
	OpenTenantWriter(ctx context.Context, p *config.EntraProvider) (providers.TenantWriter, error)
}

// Run is what one run works with.
type Run struct {
	Config      *config.Config
	Record      Record
	Directories Directories
	Schema      func(state.Kind) *state.Schema // the tenant's
	Now         func() time.Time
	// Snapshot names what the record and the directories are a recording of, whose time Now is then; Made is the time of the plan
	// itself. nil stand for directories that are asked, and for Now.
	Snapshot *planner.SnapshotID
	Made     func() time.Time
	Version  string // dirform's own, for a plan's header
	TempDir  string // where values and plans without a name are kept; "" for the system's temporary folder
	Log      *slog.Logger
	// RetryDelay is the first wait before a written object is looked at again; see [apply.Input]. 0 means its default.
	RetryDelay time.Duration
	// NewKey mints the key of a record that does not exist yet; nil stands for [store.NewKey].
	NewKey func() (state.Key, error)
	// Hosts are those that the directories get credentials at, for the record: see [store.Store.Hosts]. nil records none.
	Hosts []string
	// Watch is called when the streams are about to be read, for a frontend that shows how far that is; what it returns is called
	// at their end. nil means that nobody watches.
	Watch func(*Reading) (end func())

	base    *planfile.Reader // another configuration's plan, which this one's is held against; or nil
	lenient bool             // what is aimed at need not be there
}

// Options limit a plan.
type Options struct {
	// Targets limits the plan to these addresses, Excludes takes addresses out; "user.staff" stands for all of a scope.
	Targets, Excludes []string
	// Allow lifts guard limits for this run: limit name to count. Allowed is the same as it was written, LIMIT=N.
	Allow   map[string]int
	Allowed []string
	// Inspect judges the values of every object in scope, also of those that no change is about; see [reconcile.Settings].
	Inspect bool
	// Undo has the plan undo a recorded run instead of carrying out what the configuration asks for: its number, or [LastRun]. 0
	// undoes nothing.
	Undo int64
	// Against is another configuration, whose plan over the same reading this one's is held against; nil for none. It is nobody else's.
	Against *config.Config
	// Out is the path of the plan file; "" makes one that is gone once it is closed.
	Out string
}

// Plan is the main job: look, read, plan, write down. Close the plan in the end.
func (r *Run) Plan(ctx context.Context, o Options) (*planfile.Reader, error) {
	p, err := r.plan(ctx, o, "")
	if err != nil {
		return nil, err
	}
	p.forget()
	return p.file, nil
}

// planned is a plan with what it was made from.
type planned struct {
	reading *Reading
	builder *reconcile.Builder
	file    *planfile.Reader
	lacks   []rights.Lack // rights that carrying it out takes
	undoing *undoing      // nil if it undoes no run
}

// forget frees what was read; the plan stays.
func (p *planned) forget() {
	if p.builder != nil {
		p.builder.Close()
		p.builder = nil
	}
}

// close frees what the plan holds.
func (p *planned) close() {
	p.forget()
	p.file.Close()
}

// plan makes a plan. A record that does not exist yet gets the lineage, or a new one if that is "".
func (r *Run) plan(ctx context.Context, o Options, lineage string) (*planned, error) {
	if o.Against != nil {
		return r.planAgainst(ctx, o, lineage)
	}
	reading, err := r.look(ctx, lineage)
	if err != nil {
		return nil, err
	}
	if r.base != nil {
		reading.Header.Against = &planner.AgainstID{ConfigDigest: r.base.Header().ConfigDigest}
	}
	reading.Settings.Targets, reading.Settings.Excludes, reading.Settings.Allow = o.Targets, o.Excludes, o.Allow
	reading.Settings.Inspect = o.Inspect
	reading.Header.Targets, reading.Header.Excludes, reading.Header.Allowed = o.Targets, o.Excludes, o.Allowed
	builder, err := reading.Build(ctx)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	needs, err := reading.newNeeds(ctx)
	if err != nil {
		builder.Close()
		return nil, err
	}
	write := r.writeDown
	var undoes *undoing
	if o.Undo != 0 {
		undoes = &undoing{reading: reading, id: o.Undo}
		write = undoes.writeDown
	}
	file, lacks, err := write(ctx, builder, reading.Header, o.Out, needs)
	if err != nil {
		builder.Close()
		return nil, err
	}
	s := file.Totals().Summary
	r.log().Info("plan made", "changes", s.Changes(), "blocked", s.Blocked, "took", time.Since(started).Round(time.Millisecond))
	return &planned{reading, builder, file, lacks, undoes}, nil
}

// made is when a plan is made.
func (r *Run) made() time.Time {
	if r.Made == nil {
		return r.Now()
	}
	return r.Made()
}

func (r *Run) newKey() (state.Key, error) {
	if r.NewKey == nil {
		return store.NewKey()
	}
	return r.NewKey()
}

func (r *Run) log() *slog.Logger {
	if r.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return r.Log
}

// writeDown lets the builder plan into a plan file: the named one, or one that exists only as long as it is open. A plan that is
// aimed at nothing is an error, and leaves no file behind. What rights its changes take that nobody has granted is told at its
// end, and returned, unless n is nil.
func (r *Run) writeDown(ctx context.Context, b *reconcile.Builder, h planner.Header, out string, n *rights.Needs) (*planfile.Reader, []rights.Lack,
	error) {
	w, err := r.create(h, out)
	if err != nil {
		return nil, nil, err
	}
	var sink planner.Sink = reviewable(w, out)
	var marks *against.Sink
	if r.base != nil {
		if marks, err = against.New(reviewable(w, out), r.base); err != nil {
			w.Abort()
			return nil, nil, err
		}
		sink = marks
	}
	if n != nil {
		n.Sink, sink = sink, n
	}
	totals, err := b.Plan(sink)
	if err == nil && !r.lenient {
		err = aimed(totals)
	}
	var lacks []rights.Lack
	if err == nil && n != nil {
		lacks, err = n.Tell(ctx)
	}
	if err == nil && marks != nil {
		totals.Against, err = &marks.Totals, marks.Finish()
	}
	if err != nil {
		w.Abort()
		return nil, nil, err
	}
	if err := w.Close(totals); err != nil {
		return nil, nil, err
	}
	file, err := w.Reopen()
	return file, lacks, err
}

// create makes a plan file: the named one, or one that exists only as long as it is open.
func (r *Run) create(h planner.Header, out string) (*planfile.Writer, error) {
	if out == "" {
		return planfile.CreateTemp(r.TempDir, h)
	}
	return planfile.Create(out, h, r.Config.Encryption)
}

// reviewable is a plan file as a sink: the named one for people.
func reviewable(w *planfile.Writer, out string) against.Out {
	if out == "" {
		return w
	}
	return forReview{w}
}

// forReview is a plan file for people and for a later apply, which makes a plan of its own. What only the record needs stays out of
// it: hashes of values that the plan does not show.
type forReview struct{ *planfile.Writer }

// Change adds c without its hashes.
func (w forReview) Change(c *state.Change) error {
	return w.Writer.Change(c.WithoutHashes())
}

// NoLonger adds c without its hashes.
func (w forReview) NoLonger(c *state.Change) error { return w.Writer.NoLonger(c.WithoutHashes()) }

// Record adds r without its hashes.
func (w forReview) Record(r *planner.Record) error {
	shown := *r
	shown.Fingerprints = nil
	return w.Writer.Record(&shown)
}
