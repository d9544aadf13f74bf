package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/run/internal/named"
	"github.com/dirform/dirform/planner/run/internal/reviewed"
	"github.com/dirform/dirform/planner/run/internal/rights"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// ApplyOptions say how an apply goes.
type ApplyOptions struct {
	Options
	Record WritableRecord
	Writer WritableDirectories
	// Reviewed is a saved plan. Apply makes a fresh, full plan and carries out those of its changes that Reviewed has too; Targets and
	// Excludes must be empty then. nil: everything that the fresh plan has is carried out.
	Reviewed *planfile.Reader
	// SwitchOffs carries out only what turns sign-in off, also when limits on other things are exceeded; Reviewed must be
	// nil then.
	SwitchOffs bool
	// Show is given the fresh plan, whether or not that may be applied; an error ends the run. It is not called with a reviewed plan,
	// which has been shown. nil shows nothing.
	Show func(plan *planfile.Reader) error
	// Consent is asked before the changes of a plan are carried out that nobody has reviewed; an error ends the run. nil consents.
	// It is given how many these are.
	Consent func(changes int) error
	// Begun is called once, when the number of changes that will be told of is known. nil tells nobody.
	Begun func(changes int)
	// Progress is called with each change that is done or not; may be nil.
	Progress func(apply.Event)
	// Report is given what was carried out, once that is at its end, whatever became of it. nil reports to nobody.
	Report func(Carried, *Result) error
	// Hard cuts off the writes in flight when it is done; nil means that nothing does. The context given to Apply lets them end.
	Hard context.Context
}

// Carried is what an apply was to carry out of a fresh plan, the limits as they stood against that, and the first that came to nothing.
type Carried struct {
	Plan     *planfile.Reader
	Changes  iter.Seq2[*state.Change, error]
	Guards   []planner.GuardResult
	Failures []apply.Event
}

// Result is how an apply went.
type Result struct {
	apply.Outcome
	Totals  planner.Totals // of the fresh plan
	Changes int            // changes that were to be carried out: the reviewed plan's, or the fresh one's
	// Beyond is how many changes today's plan has that the reviewed one has not. They were left alone.
	Beyond int
	// Undone is how many changes an apply that only turned sign-in off has left undone, or made no more of than that.
	Undone int
	// OlderBy is how many times the record was written since the reviewed plan was made; negative if the record is older.
	OlderBy int64
	// OtherRules says that the configuration is not that which the reviewed plan was made with.
	OtherRules bool
}

// Apply is the main job's second half: make a plan, hold the reviewed one against it if there is one, get consent,
// carry out, record. The error is nil if the run came to its end, whatever became of its changes. If the result is not
// nil, something may have been written, error or not. A run whose lock is lost meanwhile ends with a [*store.LostError]
// before its next write, and cuts off those in flight, since what becomes of them can't be recorded.
func (r *Run) Apply(ctx context.Context, o ApplyOptions) (*Result, error) {
	if o.Hard == nil {
		o.Hard = context.Background()
	}
	ctx, o.Hard = o.Record.Held(ctx), o.Record.Held(o.Hard)
	result, err := r.apply(ctx, o)
	var lost *store.LostError
	if errors.As(context.Cause(ctx), &lost) && (err != nil || result.Interrupted) {
		err = lost // whatever it was that could not go on
	}
	return result, err
}

func (r *Run) apply(ctx context.Context, o ApplyOptions) (*Result, error) {
	r.Record = o.Record
	lineage, err := o.lineage()
	if err != nil {
		return nil, err
	}
	if o.Reviewed != nil { // whose content is worked out anew, as that of any plan
		o.Undo = o.Reviewed.Header().Undoes
	}
	p, err := r.plan(ctx, o.Options, lineage)
	if err != nil {
		return nil, err
	}
	defer p.close()
	w, err := o.Record.Begin(ctx, r.info(p, o))
	if err != nil {
		return nil, err
	}
	todo, err := r.todo(ctx, p, o, w)
	if err != nil {
		return nil, err
	}
	if err := todo.agreed(p, o); err != nil {
		return nil, err
	}
	p.forget()
	in, err := r.input(ctx, p, o, w, todo)
	if err != nil {
		return nil, err
	}
	if o.Begun != nil {
		o.Begun(todo.Changes)
	}
	var runErr error
	todo.Outcome, runErr = apply.Run(ctx, in)
	runErr = r.finish(ctx, w, todo, runErr)
	if o.Report != nil {
		runErr = cmp.Or(runErr, o.Report(Carried{p.file, todo.changes, todo.guards, todo.Failures}, &todo.Result))
	}
	return &todo.Result, runErr
}

// lineage is that of the reviewed plan, which a record that does not exist yet gets: the one thing that is taken from it.
func (o *ApplyOptions) lineage() (string, error) {
	if o.Reviewed == nil {
		return "", nil
	}
	h := o.Reviewed.Header()
	return h.State.Lineage, belongs(h, o.Record.Meta())
}

// info names the run in the record.
func (r *Run) info(p *planned, o ApplyOptions) store.RunInfo {
	h, digest := p.reading.Header, p.file.Digest()
	if o.Reviewed != nil {
		digest = o.Reviewed.Digest()
	}
	command := store.CommandApply
	if h.Undoes != 0 {
		command = store.CommandUndo
	}
	return store.RunInfo{Command: command, Lineage: h.State.Lineage, Key: p.reading.Settings.Key, Serial: h.State.Serial, SourceSID: h.Source.SID,
		MovesFrom: h.Source.MovesFrom, TenantID: h.Tenant.ID, PlanDigest: digest, Allowed: o.Allowed,
		Links: p.builder.Recorded(), Hosts: r.Hosts, Positions: p.reading.positions}
}

// todo is what an apply carries out.
type todo struct {
	Result
	changes iter.Seq2[*state.Change, error]
	settled iter.Seq2[*apply.Settled, error] // nil if nothing is settled beforehand
	writes  int                              // changes to be carried out
	guards  []planner.GuardResult            // as they stand against these changes
	deeds   func(*state.Change) map[string]int
	partly  bool          // whatever becomes of these changes, the plan is not carried out: its record lines are not for the record
	lacks   []rights.Lack // rights that these changes take
}

// todo works out what of the fresh plan is carried out, and holds that against the guards.
func (r *Run) todo(ctx context.Context, p *planned, o ApplyOptions, w Writer) (*todo, error) {
	t := &todo{Result: Result{Totals: p.file.Totals()}, changes: p.file.Changes(), deeds: p.builder.Deeds()}
	t.Changes, t.guards = t.Totals.Summary.Changes(), t.Totals.Guards
	t.writes, t.lacks = t.Changes, p.lacks
	switch {
	case o.SwitchOffs:
		err := t.switchOffs(p)
		if err == nil { // what the rest of the plan takes keeps nobody signed in
			t.lacks, err = p.reading.lacksOf(ctx, t.changes)
		}
		return t, err
	case o.Reviewed == nil:
		return t, nil
	}
	h := o.Reviewed.Header()
	t.OlderBy, t.OtherRules = p.reading.Header.State.Serial-h.State.Serial, p.reading.Header.ConfigDigest != h.ConfigDigest
	if err := sameDirectories(h, p.reading.Header); err != nil {
		return nil, err
	}
	f, err := reviewed.New(o.Reviewed, p.file, recordIDs(ctx, w), func(changes []*state.Change) ([]bool, error) {
		in, err := r.looking(ctx, p.reading, w)
		if err != nil {
			return nil, err
		}
		return apply.Shown(ctx, in, changes)
	})
	if err != nil {
		return nil, err
	}
	t.Beyond, t.Changes, t.writes, t.changes = f.Beyond, f.Total, f.Carried(), f.Changes()
	t.settled = f.Settled(func(changes []*state.Change) ([]bool, error) { return r.inPlace(ctx, p.reading, w, changes) })
	if t.guards, _, err = p.builder.Judge(f.Changes()); err == nil {
		t.lacks, err = p.reading.lacksOf(ctx, f.Changes())
	}
	return t, err
}

// agreed gets the guards' and a person's consent.
func (t *todo) agreed(p *planned, o ApplyOptions) error {
	if o.Reviewed == nil && o.Show != nil {
		if err := o.Show(p.file); err != nil {
			return err
		}
	}
	if err := t.refusal(p); err != nil {
		return err
	}
	if o.Reviewed == nil && o.Consent != nil && t.writes > 0 {
		return o.Consent(t.writes)
	}
	return nil
}

// refusal is the error of a plan that may not be applied, or cannot be for want of rights, or nil.
func (t *todo) refusal(p *planned) error {
	guards := tripped(t.guards)
	wrong := func(f *planner.Finding) bool { return f.Severity == planner.Error }
	if i := slices.IndexFunc(p.reading.Settings.Findings, wrong); i >= 0 {
		return &Refused{Guards: guards, Code: p.reading.Settings.Findings[i].Code}
	}
	if len(guards) > 0 {
		return &Refused{Guards: guards, SwitchOffs: t.freeOffs(p), Code: planner.GuardCode(guards[0].Limit)}
	}
	return rights.Refuse(t.lacks)
}

// inPlace tells which of the reviewed changes that today's plan does not have are in place already.
func (r *Run) inPlace(ctx context.Context, rd *Reading, w Writer, changes []*state.Change) ([]bool, error) {
	in, err := r.looking(ctx, rd, w)
	if err != nil {
		return nil, err
	}
	placed, err := apply.InPlace(ctx, in, changes)
	for i := range placed {
		placed[i] = placed[i] || rd.declaredInPlace(changes[i])
	}
	return placed, err
}

// looking is what it takes to look at what changes would write.
func (r *Run) looking(ctx context.Context, rd *Reading, w Writer) (apply.Input, error) {
	tenant, err := r.Directories.Tenant(ctx, r.Config.Entra)
	return apply.Input{Tenant: tenant, Sources: rd.InScope, Schema: onceEach(r.Schema), Key: rd.Settings.Key, Journal: w}, err
}

// declaredInPlace reports whether a declared resource is as a change would make it. A change that asks for anything else than a plan can
// ask for is not in place.
func (r *Reading) declaredInPlace(c *state.Change) bool {
	one := func(list, none []state.AttributeChange, name string, kind state.ValueKind) bool {
		return c.Anchor == "" && c.Members == nil && len(none) == 0 && len(list) == 1 && list[0].Name == name && list[0].After.Kind() == kind
	}
	switch {
	case c.Kind == state.UPNSuffix && c.Action == state.ActionCreate && one(c.SourceAttributes, c.Attributes, "uPNSuffixes", state.StringValue):
		return slices.ContainsFunc(r.Config.AD, func(p *config.ADProvider) bool {
			return slices.ContainsFunc(r.Settings.Suffixes[p.Name], func(s string) bool { return strings.EqualFold(s, c.SourceAttributes[0].After.Str()) })
		})
	case c.Kind == state.DirectorySync && c.Action == state.ActionUpdate && one(c.Attributes, c.SourceAttributes, providers.SyncEnabled, state.BoolValue):
		return c.TargetID == r.Settings.Organization.ID && c.Attributes[0].After.Bool() == r.Settings.Organization.SyncEnabled
	}
	return false
}

// input gathers what carrying out takes. Writers are opened here, and only if there is something to write.
func (r *Run) input(ctx context.Context, p *planned, o ApplyOptions, w Writer, t *todo) (apply.Input, error) {
	in := apply.Input{Changes: t.changes, Settled: t.settled, Records: p.file.Records(), Sources: p.reading.InScope, Schema: onceEach(r.Schema),
		Key: p.reading.Settings.Key, Deeds: t.deeds, Journal: p.undoing.journal(w), Hard: o.Hard, Now: p.reading.since(), Progress: o.Progress,
		RetryDelay: r.RetryDelay}
	if t.partly {
		in.Records = nil
	}
	var err error
	if in.Tenant, err = r.Directories.Tenant(ctx, r.Config.Entra); err != nil || t.writes == 0 {
		return in, err
	}
	if in.TenantWriter, err = o.Writer.OpenTenantWriter(ctx, r.Config.Entra); err != nil {
		return in, err
	}
	writers := map[string]providers.SourceWriter{}
	for i, provider := range r.Config.AD {
		sw, err := o.Writer.OpenSourceWriter(ctx, provider)
		if err != nil {
			return in, err
		}
		if i == 0 {
			writers[""] = sw
		}
		for _, s := range r.Config.Scopes {
			if s.Provider == provider {
				writers[s.Name] = sw
			}
		}
	}
	in.SourceWriter = func(scope string) providers.SourceWriter {
		if sw, ok := writers[scope]; ok {
			return sw
		}
		return writers[""] // a scope that is not declared any more has no objects to write
	}
	return in, nil
}

// onceEach asks for each kind's schema once: building one takes longer than a change.
func onceEach(schema func(state.Kind) *state.Schema) func(state.Kind) *state.Schema {
	known := map[state.Kind]*state.Schema{}
	return func(kind state.Kind) *state.Schema {
		s, ok := known[kind]
		if !ok {
			s = schema(kind)
			known[kind] = s
		}
		return s
	}
}

// finish records the end of the run; runErr is what ended it early.
func (r *Run) finish(ctx context.Context, w Writer, t *todo, runErr error) error {
	ctx = context.WithoutCancel(ctx)
	outcome := store.OutcomeApplied
	switch {
	case runErr != nil:
		outcome = store.OutcomeFailed
	case t.Interrupted:
		outcome = store.OutcomeInterrupted
	case !t.Complete() || t.partly:
		outcome = store.OutcomePartial
	}
	ous, err := recordedOUs(t.Totals.Scopes)
	if err == nil && !t.partly {
		err = w.OUs(ctx, ous)
	}
	if err == nil {
		err = w.Finish(ctx, outcome, t.Counts, r.scopeCounts(t.Totals.Scopes))
	}
	r.log().Info("applied", "applied", t.Applied, "failed", t.Failed, "skipped", t.Skipped, "unknown", t.Unknown)
	if runErr != nil {
		return runErr
	}
	return err
}

func recordedOUs(scopes []planner.ScopeSeen) ([]state.OU, error) {
	var ous []state.OU
	seen := map[state.OU]bool{}
	for _, s := range scopes {
		for _, o := range s.OUs {
			g, ok := state.ParseGUID(o.GUID)
			if !ok {
				return nil, fmt.Errorf("the plan names container %q of scope %q, which is no GUID", o.GUID, s.Scope)
			}
			if ou := (state.OU{Scope: s.Scope, Declared: o.Declared, GUID: g}); !seen[ou] {
				seen[ou] = true
				ous = append(ous, ou)
			}
		}
	}
	return ous, nil
}

func (r *Run) scopeCounts(scopes []planner.ScopeSeen) []store.ScopeCount {
	var counts []store.ScopeCount
	for _, s := range scopes {
		counts = append(counts, store.ScopeCount{Scope: s.Scope, Kind: s.Kind, Objects: s.Objects, InScope: s.InScope, Mapping: named.Mapping(r.Config, s.Scope, s.Kind)})
	}
	return counts
}

// recordIDs asks a run's writer for the accounts of recorded anchors.
func recordIDs(ctx context.Context, w Writer) reviewed.Accounts {
	return func(anchors []string) (map[string]string, error) {
		if len(anchors) == 0 {
			return nil, nil
		}
		slices.Sort(anchors)
		links, err := w.Links(ctx, anchors)
		ids := map[string]string{}
		for anchor, l := range links {
			ids[anchor] = l.TargetID
		}
		return ids, err
	}
}
