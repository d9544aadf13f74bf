package state

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Deeds is what a run did as far as guards count it. It names no object: of a limit that holds for each attribute or
// group, the key is the limit's name, a colon, and the attribute or the group's anchor.
type Deeds struct {
	Links int            // recorded links before the run
	Did   map[string]int // what was done, by limit
	Open  map[string]int // what was sent or about to be sent, and whose outcome is not known, by limit
	// First says that the run came before the record's first run that did everything, or was that one.
	First bool
}

// Step is a change by what the journal knows of it.
type Step struct {
	Key    string // the anchor
	Action Action
}

// Recent is what the runs of the last 24 hours did. The zero value is that of a record without runs.
type Recent struct {
	Ended     bool // some run, however long ago, has done everything it was to do
	Runs      []Deeds
	Uncertain map[Step]bool // the steps of these runs whose outcome is not known
}

// RecentTime is how long guards look back.
const RecentTime = 24 * time.Hour

// TakenBack is the key of [Deeds] under which a run notes what it has undone of another run's deeds. What is noted so
// is no deed of its own, and none any more of that run's.
func TakenBack(run int64, key string) string { return fmt.Sprintf("undone %d %s", run, key) }

// ParseTakenBack takes such a key apart; ok is false if it is another one.
func ParseTakenBack(text string) (run int64, key string, ok bool) {
	rest, ok := strings.CutPrefix(text, "undone ")
	number, key, found := strings.Cut(rest, " ")
	run, err := strconv.ParseInt(number, 10, 64)
	return run, key, ok && found && err == nil
}
