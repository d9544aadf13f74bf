package snapshot

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
)

// Why a file is refused.
var (
	errNone   = errors.New("not a snapshot")
	errCut    = errors.New("truncated")
	errEdited = errors.New("changed after it was written")
	errNewer  = errors.New("written in another format")
)

const again = "take another one with `dirform snapshot --out FILE`."

// verdicts are what is said of each refusal; they are never changed.
var verdicts = []struct {
	why           error
	summary, hint string
}{
	{errNone, "this is not a snapshot", "Give a file that `dirform snapshot --out FILE` wrote."},
	{seal.ErrKind, "this is not a snapshot", "Give a file that `dirform snapshot --out FILE` wrote."},
	{errCut, "the snapshot is truncated", "Copy it again completely, or " + again},
	{seal.ErrTruncated, "the snapshot is truncated", "Copy it again completely, or " + again},
	{errEdited, "the snapshot was changed after it was written", "Restore the file, or " + again},
	{seal.ErrDamaged, "the snapshot was changed after it was written", "Restore the file, or " + again},
	{errNewer, "the snapshot is written in another format", "Use the dirform version that took it, or " + again},
	{seal.ErrNewer, "the snapshot is written in another format", "Use the dirform version that took it, or " + again},
	{seal.ErrNoKey, "the snapshot is encrypted, and no key is configured",
		"Run dirform in the folder of the configuration whose dirform block has encryption { key = … }, or write that block."},
	{seal.ErrWrongKey, "the snapshot is encrypted with a key that is not configured",
		"Give the key with which it was taken, as key or in previous of the encryption block, or " + again},
	{seal.ErrClear, "the snapshot is in the clear, and encryption is configured",
		"Anybody could have made it, so only one that was taken with the key is read: " + again},
}

// explained says of a file what is wrong with it and what to do.
func explained(err error, path string) error {
	for _, v := range verdicts {
		if errors.Is(err, v.why) {
			return &fault.Error{Summary: v.summary, Detail: path + ".", Hint: v.hint, Err: err}
		}
	}
	return &fault.Error{Summary: "cannot read the snapshot " + path, Err: err}
}

// lacks is the error that a configuration asks for attributes that the snapshot does not have.
func lacks(what string, names []string) error {
	return &fault.Error{Summary: "The snapshot lacks what the configuration asks for",
		Detail: fmt.Sprintf("It has no %s of %s. What is not in it cannot be told from what is empty.",
			strings.Join(names, ", "), what),
		Hint: "Take one with a configuration that names these attributes, `dirform snapshot --out FILE`, or plan with both directories. " +
			"A snapshot has the attributes that dirform knows, but for large ones and computed ones, and those that its configuration names."}
}

// absent is the error about what no snapshot can do.
func absent(what string) error {
	return &fault.Error{Summary: "A snapshot cannot tell that", Detail: what + " is asked of the directory itself.",
		Hint: "Leave --snapshot out."}
}
