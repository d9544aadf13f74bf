package store

import (
	"errors"
)

// ErrDamaged is wrapped by the refusal of a file that is no whole record.
var ErrDamaged = errors.New("it is damaged")

// Damaged is a file in whose place a record is made anew.
type Damaged struct {
	Reason error  // what is wrong with it
	KeptAs string // the name it has once there is a new record
}
