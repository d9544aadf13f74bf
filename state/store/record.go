package store

import (
	"context"
	"iter"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/origin"
)

// Place is where a record lives: a file or a database. Opening nothing, it costs nothing.
type Place interface {
	// String names the place for people. It holds no password.
	String() string
	// Load opens the record for reading: one consistent snapshot as of now, whatever a running apply writes meanwhile, without
	// waiting for it. Where no record is, Meta.Exists is false. What is there and is no whole record is refused.
	Load(ctx context.Context) (Record, error)
	// Lock opens the record for writing, and for nobody else until it is closed. A record that does not exist yet is created by
	// the first write of the first run, not before. If somebody else has it, the error is a [*LockedError].
	Lock(ctx context.Context, o Options) (Locked, error)
	// Rebuild locks the record to make it anew in one run: until that has finished, everything is as it was. damaged is what is
	// there and is no whole record, nil if nothing is. A record that can be read from end to end is not replaced.
	Rebuild(ctx context.Context, o Options) (l Locked, damaged *Damaged, err error)
	// ForceUnlock frees the lock that has an id, which a [LockedError] named.
	ForceUnlock(ctx context.Context, id string) error
}

// ErrMissing says that no record is where one has to be.
var ErrMissing error = &fault.Error{Summary: "there is no state", Detail: "Nothing was recorded yet."}

// Options say who opens a record for writing.
type Options struct {
	Holder string           // for the lock: "apply by user@host pid 123"
	Now    func() time.Time // nil means time.Now
	Origin origin.Origin    // who runs, for the history
	Moved  bool             // a record that was moved elsewhere is opened too, see [MovedError]
}

// Record is an open record. Its methods are safe for concurrent use. Of a record that does not exist, all lists are empty.
type Record interface {
	// Meta is the record's identity.
	Meta() Meta
	// Links streams all recorded links, ordered by anchor. A link is valid until the next one is asked for: it and its
	// fingerprints are reused, while its strings and shape stay valid. An error is the last element.
	Links(ctx context.Context) iter.Seq2[*state.Link, error]
	// Link is the recorded link of an anchor.
	Link(ctx context.Context, anchor string) (l *state.Link, ok bool, err error)
	// OUs are the scopes' containers as last applied, ordered by scope and declared name.
	OUs(ctx context.Context) ([]state.OU, error)
	// Hosts are the hosts that credentials were sent to in the last apply, besides those that may always get them. recorded
	// is false while no apply has noted any.
	Hosts(ctx context.Context) (hosts []string, recorded bool, err error)
	// Positions are those of the domain controllers that the last apply read, by the name of the provider.
	Positions(ctx context.Context) (map[string]Position, error)
	// Runs lists the latest runs, newest first; at most limit of them, or all if limit is 0.
	Runs(ctx context.Context, limit int) ([]Run, error)
	// LastRun is when the last run ended, or began if it has no end; the zero time if there was none.
	LastRun(ctx context.Context) (time.Time, error)
	// LastScopes is what the last apply that did everything saw of its scopes, or the rebuilding of the record.
	LastScopes(ctx context.Context) ([]ScopeCount, error)
	// Recent is what the applies did that have written since a time, as far as guards count it.
	Recent(ctx context.Context, since time.Time) (state.Recent, error)
	// Journal streams the steps of a run in their order. An entry is valid until the next one; an error is the last element.
	// The journals of old runs are dropped, see [KeepJournals]. Entries have their deeds here, and what
	// they have kept, and nowhere else.
	Journal(ctx context.Context, run int64) iter.Seq2[*state.Entry, error]
	// Unfinished lists the intents without a result that an earlier run left when it was cut off, until the next run writes.
	Unfinished(ctx context.Context) ([]state.Entry, error)
	// StepsOf lists the latest steps about an anchor or declared resource whose outcome is known, newest first, without those
	// that write a reference; at most limit of them.
	StepsOf(ctx context.Context, key string, limit int) ([]Step, error)
	// Past lists all runs, oldest first, with what guards look back on: what a copy of the record needs besides its lists.
	Past(ctx context.Context) ([]Past, error)
	// Close closes the record and frees its lock. A record that is not whole yet is gone.
	Close() error
}

// Locked is a record that this process alone may write to.
type Locked interface {
	Record
	// TookOver is the holder of the lock that was found dead and replaced. ok is false if there was none.
	TookOver() (holder LockInfo, ok bool)
	// Held is ctx while the lock is held. When it is lost, or could not be renewed so that it may be, the context ends,
	// and its cause is a [*LostError]. What writes to a directory does so under it, and asks for its Err right before:
	// that looks at the clock, since a machine that sleeps between an intent and its write wakes up before any timer.
	Held(ctx context.Context) context.Context
	// Begin starts a run for a plan. It writes nothing yet, but refuses a plan that does not fit the record; that error wraps
	// [ErrOtherState].
	Begin(ctx context.Context, info RunInfo) (Writer, error)
	// RemoveLinks forgets the links of some anchors without touching either directory. It is a run of its own: the serial is
	// raised, so that plans made before are refused. Anchors without a link are an error, and then none is removed.
	RemoveLinks(ctx context.Context, anchors ...string) error
	// Replace puts a copy of another record in place of what is here, in one durable transaction: identity, key, links, history
	// and journals. It asks nothing about what it replaces, see package transfer. No run may have begun. A record that is [Checked] is
	// asked before the transaction is committed.
	Replace(ctx context.Context, from Record) error
	// MarkMoved notes that the record goes on elsewhere, at a place named for people: whoever opens it from now on gets a
	// [*MovedError]. Replace takes the note away.
	MarkMoved(ctx context.Context, to string) error
}

// Checked is a record that knows what it should have been read as: Check is an error if something else was read of it.
type Checked interface {
	Record
	Check() error
}

// Writer records one run. Each of its calls is one durable transaction; one that has lost its lock is
// refused with a [*LostError]. It is not safe for concurrent use.
type Writer interface {
	// Intents journals steps that are about to be written. When it returns nil they are durable.
	Intents(ctx context.Context, entries []state.Entry) error
	// Results journals what became of steps, and changes the links accordingly, in one transaction. A step without an intent
	// (one that was skipped, or needed no write) is journalled as well.
	Results(ctx context.Context, results []state.Result) error
	// Records notes links that needed no write to a directory: they are put in place of those with the same anchor.
	Records(ctx context.Context, links []*state.Link) error
	// Links are the recorded links of some anchors, as this run has left them so far.
	Links(ctx context.Context, anchors []string) (map[string]*state.Link, error)
	// OUs notes the containers of the scopes that occur in ous; what was noted of these scopes before is replaced.
	OUs(ctx context.Context, ous []state.OU) error
	// Finish closes the run. A run that recorded nothing enters the history without raising the serial.
	Finish(ctx context.Context, outcome string, counts state.Counts, scopes []ScopeCount) error
}
