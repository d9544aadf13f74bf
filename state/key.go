package state

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
)

// Key is the secret of a record, minted once and kept in nothing but the record: 32 random bytes. The first half keys fingerprints
// (see [Hasher]), so that nobody can choose values that collide, and two records' fingerprints cannot be compared. The second half
// hides fingerprints in the record (see [Sealer]). However it is printed, logged or encoded as JSON, it shows no byte of itself.
type Key [32]byte

// NewKey mints a key.
func NewKey() (k Key, err error) {
	_, err = rand.Read(k[:])
	return k, err
}

// IsZero reports whether the key has not been minted.
func (k Key) IsZero() bool { return k == Key{} }

const secret = "(secret)"

// Format writes "(secret)" for every verb.
func (k Key) Format(f fmt.State, _ rune) { io.WriteString(f, secret) }

// MarshalText gives "(secret)", in JSON too.
func (k Key) MarshalText() ([]byte, error) { return []byte(secret), nil }

// LogValue is "(secret)".
func (k Key) LogValue() slog.Value { return slog.StringValue(secret) }

// Sealer hides fingerprints where a record keeps them. A fingerprint in the clear shows which accounts have equal values, and a value
// that is guessed can be tried against it by whoever has the key it was made with. Sealed (AES-128-GCM under the key's second half,
// with a random nonce each time) they show neither that nor, in two copies of a record, whether a value has changed. It reuses its
// buffers and is not safe for concurrent use.
type Sealer struct {
	aead   cipher.AEAD
	anchor []byte
	plain  []byte
}

// NewSealer makes a sealer for key.
func NewSealer(key Key) (*Sealer, error) {
	block, err := aes.NewCipher(key[16:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &Sealer{aead: aead}, err
}

// SealedSize is how many bytes n sealed fingerprints take; none for none.
func (s *Sealer) SealedSize(n int) int {
	if n == 0 {
		return 0
	}
	return 8*n + s.aead.Overhead()
}

// Seal appends the sealed fingerprints of the link with an anchor to b. They open for that anchor only.
func (s *Sealer) Seal(b []byte, anchor string, fingerprints []uint64) []byte {
	if len(fingerprints) == 0 {
		return b
	}
	s.plain, s.anchor = s.plain[:0], append(s.anchor[:0], anchor...)
	for _, f := range fingerprints {
		s.plain = binary.LittleEndian.AppendUint64(s.plain, f)
	}
	return s.aead.Seal(b, nil, s.plain, s.anchor)
}

// Open appends the fingerprints that were sealed for an anchor to fingerprints. What was changed since, or sealed under another key
// or for another anchor, is an error.
func (s *Sealer) Open(fingerprints []uint64, anchor string, sealed []byte) ([]uint64, error) {
	if len(sealed) == 0 {
		return fingerprints, nil
	}
	var err error
	s.anchor = append(s.anchor[:0], anchor...)
	if s.plain, err = s.aead.Open(s.plain[:0], nil, sealed, s.anchor); err != nil {
		return fingerprints, err
	}
	for b := s.plain; len(b) >= 8; b = b[8:] {
		fingerprints = append(fingerprints, binary.LittleEndian.Uint64(b))
	}
	return fingerprints, nil
}
