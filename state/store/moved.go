package store

import (
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/visible"
)

// MovedError refuses a record that goes on elsewhere: what is here is what it was when it was moved.
type MovedError struct {
	Path string // of this place
	To   string // the other one, for people
}

// Error says where the record is.
func (e *MovedError) Error() string {
	return visible.Sprintf("the state %s was moved to %s", e.Path, e.To)
}

// Fault says what to do.
func (e *MovedError) Fault() *fault.Error {
	return &fault.Error{Summary: "the state was moved", Detail: visible.Sprintf("%s is what it was when it was moved to %s.", e.Path, e.To),
		Hint: "Name that place in the state block. To go on here instead, move it back: `dirform state migrate --from FILE`, where FILE " +
			"holds the state block of that place."}
}
