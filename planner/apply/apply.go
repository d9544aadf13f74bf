package apply

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// Recorder keeps the record of a run; a record's run writer is one. Each call is durable when it returns nil.
type Recorder interface {
	// Links are the recorded links of some anchors, as this run has left them so far. The caller may change them.
	Links(ctx context.Context, anchors []string) (map[string]*state.Link, error)
	// Intents journals steps that are about to be written.
	Intents(ctx context.Context, entries []state.Entry) error
	// Results journals what became of steps, and changes the links accordingly.
	Results(ctx context.Context, results []state.Result) error
	// Records notes links to which nothing is written.
	Records(ctx context.Context, links []*state.Link) error
}

// Input is everything a run works with.
type Input struct {
	Changes iter.Seq2[*state.Change, error]   // in the order of their execution
	Records iter.Seq2[*planner.Record, error] // may be nil
	// Settled are changes that are not to be made, and what became of them; may be nil. They are recorded and announced first.
	Settled iter.Seq2[*Settled, error]
	// Sources reads, in one go, the source objects of a window's changes that are in the change's scope now, with all attributes
	// that the rules need. A change without one is not in the result. nil means that the source is not looked at again.
	Sources func(ctx context.Context, changes []*state.Change) (map[*state.Change]*state.Object, error)
	// SourceWriter is the directory that a scope's objects come from; a declared resource has no scope ("").
	SourceWriter func(scope string) providers.SourceWriter
	Tenant       providers.TenantReader
	TenantWriter providers.TenantWriter
	Schema       func(state.Kind) *state.Schema     // the tenant's
	Kinds        func(state.Kind) *state.Descriptor // left out, it is [state.Kind.Descriptor]
	Key          state.Key                          // the record's, for fingerprints of references resolved while applying
	Journal      Recorder
	// Deeds is what a change counts as for guards, for the journal; may be nil.
	Deeds    func(*state.Change) map[string]int
	Progress func(Event) // may be nil; called from Run's goroutine
	// Hard aborts at once when it is done: writes in flight are cut off and their outcome is recorded as unknown. The context
	// given to Run, in contrast, lets them end. nil means that there is no hard way.
	Hard context.Context
	// Now is when the run started: what the record notes for objects that leave their scope. The zero time notes nothing.
	Now time.Time
	// Workers is how many batches travel at a time; 0 means 4.
	Workers int
	// Window is how many changes are re-read in one go; 0 means 400.
	Window int
	// NoVerify leaves out the look at each object after its write.
	NoVerify bool
	// RetryDelay is the first wait before looking again after a lost reply or for a write that does not show yet; it doubles
	// each time. 0 means one second.
	RetryDelay time.Duration
}

// Settled is a change that is not to be made, be it that it is in place already or that something stands against it.
type Settled struct {
	Change *state.Change
	Status state.EntryStatus // done or skipped
	Code   string            // for the journal
	Reason string            // for people, may be empty if done
}

// StatusWarning is the status of an [Event] that tells of something odd about an object whose write was done.
const StatusWarning state.EntryStatus = "warning"

// Event tells what became of a change, or of one reference of a change.
type Event struct {
	Status    state.EntryStatus // done, failed, skipped, unknown, or StatusWarning
	Address   string
	Kind      state.Kind
	Action    state.Action
	Attribute string // set if the event is about one reference attribute
	TargetID  string
	Reason    string // why it was not done; empty when done
	Hint      string // what to do about it, in whole sentences, where the directory's error says that
}

// MaxFailures is how many events [Outcome] keeps.
const MaxFailures = 100

// Outcome sums up a run. Each change the run came to is counted once.
type Outcome struct {
	state.Counts
	Writes      state.Writes
	Wrote       bool    // something was written to a directory, or may have been: Writes, and requests whose reply is lost
	InPlace     int     // of those applied: settled as done before the run, so that nothing was written
	Warnings    int     // objects that do not show what was written
	Recorded    int     // links noted without any write
	Interrupted bool    // stopped before the end of the plan
	Failures    []Event // the first MaxFailures events that are neither done nor warnings
}

// Complete reports whether everything the plan lists was done.
func (o *Outcome) Complete() bool {
	return o.Failed+o.Skipped+o.Unknown+o.References == 0 && !o.Interrupted
}

// Run carries a plan out. The error is nil when the plan was gone through to its end or to an interruption, whatever became of
// its changes, which Outcome tells; it is not nil when the run had to stop: the plan or an object could not be read, or the
// record could not be written. Then, too, Outcome and the journal are true.
//
// When ctx is done, Run stops after the writes in flight and records them.
func Run(ctx context.Context, in Input) (Outcome, error) {
	r := newRun(ctx, in)
	err := r.settled()
	if err == nil {
		err = r.changes()
	}
	if err == nil {
		err = r.refs.last()
	} else if !errors.Is(err, errRecord) {
		if more := r.refs.leave(); more != nil {
			err = errors.Join(err, more)
		}
	}
	if err == nil {
		err = r.records()
	}
	if err == nil {
		r.verifier.verifyRest()
	}
	if err != nil && r.stopped() {
		r.out.Interrupted = true
		if !errors.Is(err, errRecord) {
			err = nil // what was being read when the run was stopped
		}
	}
	return r.out, err
}

// errRecord is wrapped by the error of a run whose record could not be written.
var errRecord = errors.New("the record could not be written")

// noRecord is the error of a run that stops because its record cannot be written, or read for being written. more are sentences
// about what was written to the directories, and may be empty, as the hint.
func noRecord(err error, more, hint string) error {
	detail := fault.Sentence(err)
	if more != "" {
		detail += " " + more
	}
	return &fault.Error{Summary: errRecord.Error() + ", so the run was stopped", Detail: detail, Hint: hint,
		Err: fmt.Errorf("%w: %w", errRecord, err)}
}

// settled records and announces what is decided before the run.
func (r *run) settled() error {
	if r.in.Settled == nil {
		return nil
	}
	var batch []*step
	for s, err := range r.in.Settled {
		if err != nil {
			return &fault.Error{Summary: "the plan cannot be read", Err: err}
		}
		st := &step{c: s.Change, of: r.in.Kinds(s.Change.Kind), id: s.Change.TargetID, seq: r.nextSeq(), elsewhere: true}
		st.settle(s.Status, s.Code, s.Reason)
		if s.Status == state.StatusDone {
			r.out.InPlace++
		}
		if batch = append(batch, st); len(batch) == recordBatch {
			if err := r.conclude(batch); err != nil {
				return err
			}
			batch = nil
		}
	}
	return r.conclude(batch)
}

// records notes the plan's records, after its changes.
func (r *run) records() error {
	if r.in.Records == nil {
		return nil
	}
	if r.stopped() {
		r.out.Interrupted = true
		return nil
	}
	var batch []*planner.Record
	for rec, err := range r.in.Records {
		if err != nil {
			return &fault.Error{Summary: "the plan cannot be read", Err: err}
		}
		batch = append(batch, rec)
		if len(batch) == recordBatch {
			if err := r.note(batch); err != nil {
				return err
			}
			batch = nil
			if r.stopped() {
				r.out.Interrupted = true
				return nil
			}
		}
	}
	return r.note(batch)
}

// recordBatch is how many records are noted in one transaction.
const recordBatch = 1000

func (r *run) note(batch []*planner.Record) error {
	if len(batch) == 0 {
		return nil
	}
	anchors := make([]string, len(batch))
	for i, rec := range batch {
		anchors[i] = rec.Anchor
	}
	links, err := r.in.Journal.Links(r.calm, anchors)
	if err != nil {
		return noRecord(err, "", "")
	}
	var noted []*state.Link
	for _, rec := range batch {
		l := links[rec.Anchor]
		if l == nil || r.fate[r.hash(rec.Anchor)] == fateFailed {
			continue // forgotten meanwhile, or what was to be written was not
		}
		if err := r.keeper.Note(l, rec); err != nil {
			return err
		}
		noted = append(noted, l)
	}
	if err := r.in.Journal.Records(r.calm, noted); err != nil {
		return noRecord(err, "", "")
	}
	r.out.Recorded += len(noted)
	return nil
}
