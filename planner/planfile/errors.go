package planfile

import (
	"errors"
	"fmt"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
)

// Why a file is refused; test with errors.Is. The error says what to do, see [RefusedError.Fault].
var (
	ErrNotPlan   = errors.New("not a plan file")
	ErrTruncated = errors.New("truncated")
	ErrEdited    = errors.New("changed after it was written")
	ErrAppended  = errors.New("followed by something that is not part of it")
	ErrNewer     = errors.New("written in a newer format")
	ErrOlder     = errors.New("written in an older format")
	ErrNoKey     = errors.New("encrypted, and no key is configured")
	ErrWrongKey  = errors.New("encrypted with a key that is not configured")
	ErrClear     = errors.New("in the clear, and encryption is configured")
)

// verdicts are the summary of each refusal and what to do about it; they are never changed.
var verdicts = map[error]struct{ summary, hint string }{
	ErrNotPlan: {"this is not a plan file", "Give a file that `dirform plan --out FILE` wrote."},
	ErrTruncated: {"the plan file is truncated",
		"Copy it again completely, or make a new plan with `dirform plan --out FILE`."},
	ErrEdited: {"the plan file was changed after it was written", "A plan is applied as it was reviewed or not at all: " +
		"restore the file (an editor or a line-ending conversion may have touched it), or change the configuration and make a new plan " +
		"with `dirform plan --out FILE`."},
	ErrAppended: {"the plan file is followed by something that is not part of it",
		"Restore the file as it was, or make a new plan with `dirform plan --out FILE`."},
	ErrNewer: {"the plan file is written in a newer format",
		"Use the dirform version that made it or a later one, or make a new plan with this one."},
	ErrOlder: {"the plan file is written in an older format",
		"Make a new plan with this version: `dirform plan --out FILE`."},
	ErrNoKey: {"the plan file is encrypted, and no key is configured",
		"Run dirform in the folder of the configuration whose dirform block has encryption { key = … }, or write that block."},
	ErrWrongKey: {"the plan file is encrypted with a key that is not configured",
		"Give the key with which it was made, as key or in previous of the encryption block, or make a new plan with " +
			"`dirform plan --out FILE`."},
	ErrClear: {"the plan file is in the clear, and encryption is configured",
		"Anybody could have made it, so only a plan that was made with the key is taken: make a new one with " +
			"`dirform plan --out FILE`."},
}

// RefusedError is the error of a file that must not be read on.
type RefusedError struct {
	Path   string
	Why    error  // one of the errors above
	Detail string // what shows that, as the end of a sentence
}

func refuse(why error, format string, args ...any) *RefusedError {
	return &RefusedError{Why: why, Detail: fmt.Sprintf(format, args...)}
}

// Error says which file and what is wrong.
func (r *RefusedError) Error() string {
	return fmt.Sprintf("plan file %s is %v: %s", r.Path, r.Why, r.Detail)
}

// Fault says also what to do.
func (r *RefusedError) Fault() *fault.Error {
	v := verdicts[r.Why]
	return &fault.Error{Summary: v.summary, Detail: r.Path + ": " + r.Detail + ".", Hint: v.hint}
}

// Unwrap is why the file is refused.
func (r *RefusedError) Unwrap() error { return r.Why }

// unsealed says in a plan's words why an encrypted file is not opened.
func unsealed(err error) error {
	switch {
	case errors.Is(err, seal.ErrNoKey):
		return refuse(ErrNoKey, "without its key nobody can read it")
	case errors.Is(err, seal.ErrWrongKey):
		return refuse(ErrWrongKey, "neither key nor previous of the encryption block is the one with which it was made")
	case errors.Is(err, seal.ErrTruncated):
		return refuse(ErrTruncated, "its end is missing, or something stands behind it")
	case errors.Is(err, seal.ErrDamaged):
		return refuse(ErrEdited, "what it holds is not what was encrypted")
	case errors.Is(err, seal.ErrNewer):
		return refuse(ErrNewer, "it is %v", err)
	case errors.Is(err, seal.ErrKind):
		return refuse(ErrNotPlan, "it is an encrypted file of another sort")
	}
	return err
}

// named puts the file's name into a refusal.
func named(err error, path string) error {
	var r *RefusedError
	err = unsealed(err)
	if errors.As(err, &r) {
		r.Path = path
		return r
	}
	return &fault.Error{Summary: "cannot read plan file " + path, Err: err}
}
