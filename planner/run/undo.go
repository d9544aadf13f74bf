package run

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/planner/run/internal/rights"
	"github.com/dirform/dirform/planner/run/internal/undone"
	"github.com/dirform/dirform/planner/undo"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
)

// LastRun stands for the last run that wrote, see [Options].
const LastRun = -1

// Past is a record that knows what its runs did.
type Past interface {
	Runs(ctx context.Context, limit int) ([]store.Run, error)
	Journal(ctx context.Context, run int64) iter.Seq2[*state.Entry, error]
	Link(ctx context.Context, anchor string) (*state.Link, bool, error)
}

// undoing plans the undoing of a run.
type undoing struct {
	reading *Reading
	id      int64
	started time.Time // when the run began
	later   []int64   // runs that wrote after it, in their order
	// back is what the changes take back of the run's deeds, see [reconcile.Builder.TakenBack].
	back map[state.Step]undone.Back
	in   undone.SignedIn // whom today's plan leaves signed in
}

// writeDown makes the plan of today, for what it knows and what guards are held against, and writes down the plan that undoes the
// run.
func (u *undoing) writeDown(ctx context.Context, b *reconcile.Builder, h planner.Header, out string, n *rights.Needs) (*planfile.Reader,
	[]rights.Lack, error) {
	past, ok := u.reading.run.Record.(Past)
	if !ok {
		return nil, nil, fmt.Errorf("this record knows no runs")
	}
	if err := u.find(ctx, past); err != nil {
		return nil, nil, err
	}
	today, err := b.Plan(&u.in)
	if err != nil {
		return nil, nil, err
	}
	plan, err := u.plan(ctx, past, b)
	if err == nil { // steps may be about what today's plan knows nothing of
		today.Unaimed = slices.DeleteFunc(today.Unaimed, func(a string) bool {
			return !slices.Contains(plan.Unaimed, a)
		})
		err = aimed(today)
	}
	if err != nil {
		return nil, nil, err
	}
	u.noteBack(b, plan)
	h.Undoes, u.reading.Header.Undoes = u.id, u.id
	w, err := u.reading.run.create(h, out)
	if err != nil {
		return nil, nil, err
	}
	n.Sink = reviewable(w, out)
	still, ended := u.in.Besides(plan.Changes)
	totals, err := u.tell(n, b, plan.Changes, slices.Concat(plan.Findings, still))
	totals.Summary.SignedIn = today.Summary.SignedIn - ended
	var lacks []rights.Lack
	if err == nil {
		lacks, err = n.Tell(ctx)
	}
	if err != nil {
		w.Abort()
		return nil, nil, err
	}
	totals.Scopes = today.Scopes
	if err := w.Close(totals); err != nil {
		return nil, nil, err
	}
	file, err := w.Reopen()
	return file, lacks, err
}

// find finds the run.
func (u *undoing) find(ctx context.Context, past Past) error {
	runs, err := past.Runs(ctx, 0)
	if err != nil {
		return err
	}
	for _, r := range runs { // the latest first
		wrote := r.Writes != nil && *r.Writes != state.Writes{} && (r.Command == store.CommandApply || r.Command == store.CommandUndo)
		if r.ID == u.id || u.id == LastRun && wrote {
			u.id, u.started = r.ID, r.Started
			slices.Reverse(u.later)
			return nil
		}
		if wrote {
			u.later = append(u.later, r.ID)
		}
	}
	if u.id == LastRun {
		return &fault.Error{Summary: "There is nothing to undo", Detail: "No recorded run has written anything."}
	}
	return &fault.Error{Summary: fmt.Sprintf("The state has no run %d", u.id), Hint: `Run "dirform history" for a list of runs.`}
}

// plan works the undoing out. The run's steps are held in memory.
func (u *undoing) plan(ctx context.Context, past Past, b *reconcile.Builder) (*undo.Plan, error) {
	tenant, err := u.reading.run.Directories.Tenant(ctx, u.reading.Config.Entra)
	if err != nil {
		return nil, err
	}
	in := undo.Input{Run: u.id, Started: u.started, Live: map[string]*state.Object{}, Schema: onceEach(u.reading.run.Schema),
		Hasher: state.NewHasher(u.reading.Settings.Key),
		Link: func(anchor string) (*state.Link, error) {
			l, ok, err := past.Link(ctx, anchor)
			if !ok {
				return nil, err
			}
			return l, err
		},
		Usage: func(ids []string) (providers.Usages, error) { return tenant.Usage(ctx, ids) }}
	var steps int
	if in.Entries, steps, err = undo.Steps(past.Journal(ctx, u.id)); err != nil {
		return nil, err
	}
	if steps == 0 {
		return nil, &fault.Error{Summary: fmt.Sprintf("Run %d cannot be undone", u.id),
			Detail: "It has no steps: it wrote to neither directory, or its steps are too old to be kept.",
			Hint:   `"dirform history" lists what runs wrote.`}
	}
	in.Later = undo.NewAuthors(u.id, in.Entries)
	for _, id := range u.later {
		for e, err := range past.Journal(ctx, id) {
			if err != nil {
				return nil, err
			}
			in.Later.Note(id, e)
		}
	}
	if err := look(ctx, tenant, &in); err != nil {
		return nil, err
	}
	if in.View, err = b.View(); err != nil {
		return nil, err
	}
	return undo.New(in)
}

// perLookup is how many accounts one lookup asks for.
const perLookup = 400

// look reads the accounts of the steps as they are now.
func look(ctx context.Context, tenant providers.TenantReader, in *undo.Input) error {
	for page := range slices.Chunk(in.Entries, perLookup) {
		ids, names := map[state.Kind][]string{}, map[state.Kind][]string{}
		for i := range page {
			e := &page[i]
			d := e.Kind.Descriptor()
			if d == nil || !d.Managed || e.TargetID == "" || e.Kept == nil {
				continue
			}
			wrote, err := written(in, e)
			if err != nil {
				return err
			}
			ids[e.Kind] = append(ids[e.Kind], e.TargetID)
			names[e.Kind] = append(names[e.Kind], d.Anchor)
			for _, name := range wrote {
				if known := in.Schema(e.Kind).Lookup(name); known != nil && !known.Hidden {
					names[e.Kind] = append(names[e.Kind], name)
				}
			}
		}
		for kind, list := range ids {
			slices.Sort(names[kind])
			slices.Sort(list)
			for o, err := range tenant.Lookup(ctx, kind, slices.Compact(list), state.NewShape(slices.Compact(names[kind])...)) {
				if err != nil {
					return err
				}
				in.Live[strings.ToLower(o.ID)] = o.Clone()
			}
		}
	}
	return nil
}

// written are the attributes that a step wrote; of an account that it has made or brought back, those of which the
// record knows what was applied last.
func written(in *undo.Input, e *state.Entry) (names []string, err error) {
	if e.Action == state.ActionCreate || e.Action == state.ActionRestore {
		l, err := in.Link(e.Key)
		if err != nil || l == nil {
			return nil, err
		}
		return l.Shape.Names(), nil
	}
	for _, a := range e.Kept.Attributes {
		names = append(names, a.Name)
	}
	return names, nil
}

// tell hands the plan to a sink, and holds it against the guards.
func (u *undoing) tell(to planner.Sink, b *reconcile.Builder, changes []*state.Change, findings []*planner.Finding) (planner.Totals, error) {
	results, exceeded, err := b.Judge(func(yield func(*state.Change, error) bool) {
		for _, c := range changes {
			if !yield(c, nil) {
				return
			}
		}
	})
	if err != nil {
		return planner.Totals{}, err
	}
	wrong := slices.DeleteFunc(slices.Clone(u.reading.Settings.Findings), func(f *planner.Finding) bool { return f.Severity != planner.Error })
	t := planner.Totals{Guards: results, Applicable: len(tripped(results))+len(wrong) == 0}
	for _, f := range slices.Concat(wrong, findings, exceeded) {
		if f.Severity == planner.Error && !slices.Contains(planner.PlanWide, f.Code) {
			t.Summary.Blocked++
		}
		if err := to.Finding(f); err != nil {
			return t, err
		}
	}
	writes := 0
	for _, c := range changes {
		t.Summary.Count(c.Action, 1)
		writes += c.Writes(func(name string) bool {
			a := u.reading.run.Schema(c.Kind).Lookup(name)
			return a != nil && a.Type == state.TypeReference
		})
		if err := to.Change(c); err != nil {
			return t, err
		}
	}
	t.Cost = planner.NewCost(0, writes)
	return t, nil
}

// noteBack notes what the changes of a plan take back.
func (u *undoing) noteBack(b *reconcile.Builder, p *undo.Plan) {
	u.back = map[state.Step]undone.Back{}
	for _, c := range p.Changes {
		u.back[state.Step{Key: c.Anchor, Action: c.Action}] = undone.Back{Deeds: b.TakenBack(c, p.Steps[c]), Attributes: len(c.Attributes)}
	}
}

// journal is w as a run writes to it that undoes another one, or none if u is nil.
func (u *undoing) journal(w apply.Recorder) apply.Recorder {
	if u == nil {
		return w
	}
	return undone.Recorder{Recorder: w, Run: u.id, Back: u.back}
}
