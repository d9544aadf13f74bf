// Package wrap keeps a record's key in the record: in the clear, or wrapped by the configured keys of encryption.
package wrap

import (
	"encoding/base64"
	"errors"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
)

// The names under which a record notes its key. It has exactly one of them.
const (
	Clear   = "key"         // 32 bytes in base64
	Wrapped = "wrapped_key" // by package seal, for the record's lineage
)

// ErrNotAsWritten says that what a record notes as its key is nothing that dirform writes.
var ErrNotAsWritten = errors.New("its key is not as dirform writes it")

// purpose is what a key is wrapped for: no other record takes it.
func purpose(lineage string) string { return "record key of " + lineage }

// Note is under which name a record notes its key, and as what. With keys it is wrapped by them.
func Note(key state.Key, keys *seal.Keys, lineage string) (name, value string, err error) {
	if keys == nil {
		return Clear, base64.StdEncoding.EncodeToString(key[:]), nil
	}
	value, err = keys.Wrap(key[:], purpose(lineage))
	return Wrapped, value, err
}

// Other is the name that a record must not have besides the one that Note gives.
func Other(name string) string {
	if name == Clear {
		return Wrapped
	}
	return Clear
}

// Key is the key that a record at a place notes among values by name. outdated reports whether Note would now note it
// otherwise: it is in the clear, or wrapped by an earlier key. What is wrong with the record is [ErrNotAsWritten]; what
// is wrong with the keys is a fault that wraps [seal.ErrNoKey] or [seal.ErrWrongKey].
func Key(values map[string]string, keys *seal.Keys, lineage, place string) (key state.Key, outdated bool, err error) {
	text, wrapped := values[Wrapped]
	clear, both := values[Clear]
	var b []byte
	switch {
	case wrapped && both:
		return key, false, ErrNotAsWritten
	case wrapped:
		var current bool
		b, current, err = keys.Unwrap(text, purpose(lineage))
		outdated = !current
	default:
		b, err = base64.StdEncoding.DecodeString(clear)
		outdated = keys != nil
	}
	switch {
	case errors.Is(err, seal.ErrNoKey), errors.Is(err, seal.ErrWrongKey):
		return key, false, Refused(err, place)
	case err != nil || len(b) != len(key):
		return key, false, ErrNotAsWritten
	}
	return state.Key(b), outdated, nil
}

// lost is what to do about a key that nobody has any more, or wants any more.
const lost = "move it to another name and make it anew with `dirform state rebuild`."

// Refused is the error of a record at a place that is encrypted, for [seal.ErrNoKey] or [seal.ErrWrongKey]: it says which
// key is missing, and what to do.
func Refused(err error, place string) error {
	if errors.Is(err, seal.ErrNoKey) {
		return &fault.Error{Summary: "the state is encrypted, and no key is configured", Err: err,
			Detail: place + " has its own key encrypted with that of an encryption block.",
			Hint: "Write encryption { key = … } into the dirform block again, and give its variable the value. " +
				"A state does not go back to the clear: to have one in the clear from now on, " + lost}
	}
	return &fault.Error{Summary: "the state is encrypted with a key that is not configured", Err: err,
		Detail: place + " has its own key encrypted with one that is neither key nor in previous of the encryption block.",
		Hint:   "Give that key, as key or in previous. If nobody has it any more, " + lost}
}
