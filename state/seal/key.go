package seal

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// Key is a configured key: 32 random bytes. However it is printed, logged or encoded as JSON, it shows no byte of
// itself.
type Key [32]byte

const secret = "(secret)"

// NewKey mints a key.
func NewKey() (k Key, err error) {
	_, err = rand.Read(k[:])
	return k, err
}

// ErrKey says that a text is no key; the text is not repeated.
var ErrKey = errors.New("a key is 32 bytes in one line of standard base64, 44 characters of which the last is =")

// ParseKey reads a key as [Key.Text] writes it. Anything else is [ErrKey].
func ParseKey(text string) (k Key, err error) {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != len(k) || base64.StdEncoding.EncodeToString(b) != text || Key(b) == (Key{}) {
		return k, ErrKey
	}
	return Key(b), nil
}

// Text is the key as it is configured: one line of standard base64.
func (k Key) Text() string { return base64.StdEncoding.EncodeToString(k[:]) }

// Format writes "(secret)" for every verb.
func (k Key) Format(f fmt.State, _ rune) { io.WriteString(f, secret) }

// MarshalText gives "(secret)", in JSON too.
func (k Key) MarshalText() ([]byte, error) { return []byte(secret), nil }

// id names a key without telling anything about it.
type id [8]byte

func (i id) String() string { return hex.EncodeToString(i[:]) }

// id is the key's name.
func (k Key) id() id { return id(k.derive(nil, "dirform key id", len(id{}))) }

// derive makes n bytes that only whoever has the key can make, others for every salt and every use.
func (k Key) derive(salt []byte, use string, n int) []byte {
	b, err := hkdf.Key(sha256.New, k[:], salt, use, n)
	if err != nil {
		panic(err) // n is too large, which it never is
	}
	return b
}

// Keys are the configured keys: one to seal with, and earlier ones that still open. nil are none.
type Keys struct{ all []Key }

// New are keys of which the first seals.
func New(key Key, previous ...Key) *Keys { return &Keys{append([]Key{key}, previous...)} }

// Secret is a secret for one use of one thing, of the key that seals; nil without keys.
func (k *Keys) Secret(use, of string) []byte {
	if k == nil {
		return nil
	}
	return k.all[0].derive([]byte(of), "dirform "+use, sha256.Size)
}

// find is the key of a name; ok is false if there is none.
func (k *Keys) find(name id) (key Key, ok bool) {
	if k == nil {
		return key, false
	}
	for _, key := range k.all {
		if key.id() == name {
			return key, true
		}
	}
	return key, false
}

// why is the reason for which no key of a name was found.
func (k *Keys) why() error {
	if k == nil {
		return ErrNoKey
	}
	return ErrWrongKey
}
