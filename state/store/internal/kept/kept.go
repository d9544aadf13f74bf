// Package kept is how a record keeps what undoing a step takes: as text, sealed where encryption is configured.
package kept

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"github.com/dirform/dirform/state"
)

// sealed begins the text of what is sealed; what is in the clear begins with a brace.
const sealed = "s:"

// Sealer seals values by a key that follows from a record's own (AES-256-GCM with random nonces). A nil Sealer keeps no values.
type Sealer struct{ aead cipher.AEAD }

// New makes a sealer for a record's key.
func New(key state.Key) (*Sealer, error) {
	derived, err := hkdf.Key(sha256.New, key[:], nil, "dirform kept values", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &Sealer{aead}, err
}

// Text is k as a record keeps it; what it belongs to, such as a run's step, must be named to open it again. nil is "".
func (s *Sealer) Text(k *state.Kept, of string) (string, error) {
	if k == nil {
		return "", nil
	}
	if s == nil || !k.Values || len(k.Attributes)+len(k.Source) == 0 {
		b, err := json.Marshal(k.WithoutValues())
		return string(b), err
	}
	b, err := json.Marshal(k)
	if err != nil {
		return "", err
	}
	return sealed + base64.StdEncoding.EncodeToString(s.aead.Seal(nil, nil, b, []byte(of))), nil
}

// Open is what a text keeps. One that was changed, or belongs to something else, is an error; so is one in the clear that has values,
// since nobody writes such a text but who cannot seal it.
func (s *Sealer) Open(text, of string) (k *state.Kept, err error) {
	if text == "" {
		return nil, nil
	}
	b := []byte(text)
	if hidden, ok := strings.CutPrefix(text, sealed); ok {
		if b, err = base64.StdEncoding.DecodeString(hidden); err == nil {
			b, err = s.aead.Open(nil, nil, b, []byte(of))
		}
		if err != nil {
			return nil, err
		}
	}
	k = &state.Kept{}
	err = json.Unmarshal(b, k)
	if err == nil && k.Values && !strings.HasPrefix(text, sealed) {
		err = errors.New("it has values in the clear")
	}
	return k, err
}
