package state

import (
	"fmt"
	"io"
)

// Key is the secret of a record, minted once and kept in nothing but the record: 32 random bytes. The first half keys
// fingerprints (see [Hasher]), so that nobody can choose values that collide, and two records' fingerprints cannot be
// compared. The second half hides fingerprints in the record (see the package store). However it is printed, logged
// or encoded as JSON, it shows no byte of itself.
type Key [32]byte

// IsZero reports whether the key has not been minted.
func (k Key) IsZero() bool { return k == Key{} }

const secret = "(secret)"

// Format writes "(secret)" for every verb.
func (k Key) Format(f fmt.State, _ rune) { io.WriteString(f, secret) }

// MarshalText gives "(secret)", in JSON too.
func (k Key) MarshalText() ([]byte, error) { return []byte(secret), nil }
