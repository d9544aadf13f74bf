// Package seal hides the fingerprints of a record from whoever lacks its key.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"github.com/dirform/dirform/state"
)

// Sealer hides fingerprints where a record keeps them. A fingerprint in the clear shows which accounts have equal
// values, and a value that is guessed can be tried against it by whoever has the key it was made with. Sealed
// (AES-128-GCM under the key's second half, with a random nonce each time) they show neither that nor, in two copies
// of a record, whether a value has changed. It reuses its buffers and is not safe for concurrent use.
type Sealer struct {
	aead  cipher.AEAD
	plain []byte
}

// New makes a sealer for key.
func New(key state.Key) (*Sealer, error) {
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

// Seal appends the sealed fingerprints of a link to b. They open for that link only, which to names.
func (s *Sealer) Seal(b []byte, to []byte, fingerprints []uint64) []byte {
	if len(fingerprints) == 0 {
		return b
	}
	s.plain = s.plain[:0]
	for _, f := range fingerprints {
		s.plain = binary.LittleEndian.AppendUint64(s.plain, f)
	}
	return s.aead.Seal(b, nil, s.plain, to)
}

// Open appends the fingerprints that were sealed for a link to fingerprints. What was changed since, or sealed under
// another key or for another link, is an error.
func (s *Sealer) Open(fingerprints []uint64, to []byte, sealed []byte) ([]uint64, error) {
	if len(sealed) == 0 {
		return fingerprints, nil
	}
	var err error
	if s.plain, err = s.aead.Open(s.plain[:0], nil, sealed, to); err != nil {
		return fingerprints, err
	}
	for b := s.plain; len(b) >= 8; b = b[8:] {
		fingerprints = append(fingerprints, binary.LittleEndian.Uint64(b))
	}
	return fingerprints, nil
}
