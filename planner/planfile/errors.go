package planfile

import (
	"errors"
	"fmt"
)

// Why a file is refused; test with errors.Is. The error's text says what to do.
var (
	ErrNotPlan   = errors.New("not a plan file")
	ErrTruncated = errors.New("truncated")
	ErrEdited    = errors.New("changed after it was written")
	ErrAppended  = errors.New("followed by something that is not part of it")
	ErrNewer     = errors.New("written in a newer format")
	ErrOlder     = errors.New("written in an older format")
)

// advice is what to do about each refusal; it is never changed.
var advice = map[error]string{
	ErrNotPlan:   "give a file that `dirform plan --out FILE` wrote",
	ErrTruncated: "copy it again completely, or make a new plan with `dirform plan --out FILE`",
	ErrEdited: "a plan is applied as it was reviewed or not at all: restore the file (an editor or a line-ending conversion " +
		"may have touched it), or change the configuration and make a new plan with `dirform plan --out FILE`",
	ErrAppended: "restore the file as it was, or make a new plan with `dirform plan --out FILE`",
	ErrNewer:    "use the dirform version that made it or a later one, or make a new plan with this one",
	ErrOlder:    "make a new plan with this version: `dirform plan --out FILE`",
}

// RefusedError is the error of a file that must not be read on.
type RefusedError struct {
	Path   string
	Why    error // one of the errors above
	Detail string
}

func refuse(why error, format string, args ...any) *RefusedError {
	return &RefusedError{Why: why, Detail: fmt.Sprintf(format, args...)}
}

// Error says which file, what is wrong and what to do.
func (r *RefusedError) Error() string {
	return fmt.Sprintf("plan file %s is %v: %s; %s", r.Path, r.Why, r.Detail, r.Advice())
}

// Advice is what to do about it.
func (r *RefusedError) Advice() string { return advice[r.Why] }

// Unwrap is why the file is refused.
func (r *RefusedError) Unwrap() error { return r.Why }

// named puts the file's name into a refusal.
func named(err error, path string) error {
	var r *RefusedError
	if errors.As(err, &r) {
		r.Path = path
		return r
	}
	return fmt.Errorf("plan file %s: %w", path, err)
}
