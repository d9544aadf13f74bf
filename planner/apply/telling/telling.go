// Package telling says what apply does in lines for people: one for each event, as long as they are few.
package telling

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/state"
)

// How many events are told of one by one.
const (
	doneNamed = 50 // changes of a plan up to which each one done is named; of larger plans only what went wrong is
	alike     = 10 // events of one kind and reason
)

// Teller tells of the events of one run. It is not safe for concurrent use.
type Teller struct {
	changes int
	seen    map[kind]int
	order   []kind
}

// kind is what many events may have in common.
type kind struct {
	attribute string
	action    state.Action
	status    state.EntryStatus
	reason    string
}

// New tells of a run of a plan with so many changes.
func New(changes int) *Teller { return &Teller{changes: changes, seen: map[kind]int{}} }

// Line tells of an event, "" if nothing is to be said of it by itself.
func (t *Teller) Line(e apply.Event) string {
	if e.Status == state.StatusDone {
		if t.changes > doneNamed {
			return ""
		}
		k := kind{"", e.Action, e.Status, e.Reason}
		return strings.TrimSuffix(e.Address+" "+e.Attribute, " ") + ": " + k.what(e.Reason)
	}
	e.Reason = strings.ReplaceAll(e.Reason, "\n", "; ") // of several errors, each on its own line
	reason, _, _ := strings.Cut(e.Reason, " (")         // in brackets are the words of a server about one object
	k := kind{e.Attribute, e.Action, e.Status, reason}
	if t.seen[k]++; t.seen[k] == 1 {
		t.order = append(t.order, k)
	}
	if t.seen[k] > alike {
		return ""
	}
	return e.Address + ": " + k.what(e.Reason)
}

// Rest tells of the events that were too many to be told of one by one, a line for each kind and reason.
func (t *Teller) Rest() (lines []string) {
	for _, k := range t.order {
		if more := t.seen[k] - alike; more > 0 {
			lines = append(lines, fmt.Sprintf("… and %d more: %s", more, k.what(k.reason)))
		}
	}
	return lines
}

// what is what became of a change, or of one reference of a change that was made otherwise.
func (k kind) what(reason string) string {
	subject, became := string(k.action), string(k.status)
	if k.attribute != "" {
		subject = k.attribute
		if k.status == state.StatusSkipped {
			became = "not set"
		}
	}
	if reason != "" {
		became += ": " + reason
	}
	return subject + " " + became
}
