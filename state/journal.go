package state

// EntryStatus is how far a journalled step has come.
type EntryStatus string

// The statuses of a step. An intent without a result was cut off: whether its write happened is not known.
const (
	StatusIntent  EntryStatus = "intent"  // about to be written
	StatusDone    EntryStatus = "done"    // written, and the directory said so
	StatusFailed  EntryStatus = "failed"  // refused by a directory, or not possible
	StatusSkipped EntryStatus = "skipped" // not written: changed since the plan, or something it needs failed
	StatusUnknown EntryStatus = "unknown" // sent, but the reply was lost and looking it up did not tell
)

// Entry is one journalled step of a run. It holds no personal data: a service's words about an object stay out of it.
type Entry struct {
	Seq       int64  // position within the run, counted from 1; the same for a step's intent and its result
	Key       string // the anchor; of what has none, the UPN suffix or the address in the plan
	Kind      Kind
	Action    Action
	Attribute string // set when the step writes one reference attribute, which takes a request of its own
	Status    EntryStatus
	TargetID  string // empty while a creation has no id yet
	Code      string // why it was not done: the service's error code, or a word of dirform's own such as "stale"
	RequestID string // the service's, for its support
	Writes    Writes // requests that were carried out for it; an intent has none yet
	// Deeds is what the step counts as for guards if it is, or may have been, written, by the keys of [Deeds].
	Deeds map[string]int
	// Kept is what undoing the step takes; a record gives it back with the journal of a run alone.
	Kept *Kept
}

// Writes counts write requests that a directory has carried out, by directory.
type Writes struct {
	Source int `json:"source"` // Active Directory
	Tenant int `json:"tenant"`
}

// Result is what became of a step, and what the record of links becomes by it.
type Result struct {
	Entry
	Link   *Link // recorded in place of the link with the same anchor; nil leaves the record as it is
	Forget bool  // the link whose anchor is Key is removed
	// Replaces is the anchor that the account carried before Link's: a link of that anchor to the same account ends.
	Replaces string
}

// Counts sums up the changes of a run by what became of them.
type Counts struct {
	Applied int `json:"applied"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
	Unknown int `json:"unknown"`
	// References that were not written although the rest of their change was; the change counts as applied.
	References int `json:"references_failed"`
	// Actions are the applied ones by action; nil of runs that are older than the counting.
	Actions map[Action]int `json:"actions,omitempty"`
}
