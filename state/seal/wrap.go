package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// wrapped begins every wrapped secret: what it is, and its format.
const wrapped = "sealed1:"

// Wrap seals a short secret for one purpose, which has to be known to unwrap it. The text is one line without blanks.
func (k *Keys) Wrap(short []byte, purpose string) (string, error) {
	aead, err := k.all[0].wrapper(purpose)
	if err != nil {
		return "", err
	}
	sealed := base64.StdEncoding.EncodeToString(aead.Seal(nil, nil, short, nil))
	return wrapped + k.all[0].id().String() + ":" + sealed, nil
}

// Unwrap is the secret that Wrap was given; current reports whether it was wrapped with the key that seals now. The
// error is [ErrNoKey], [ErrWrongKey] or [ErrDamaged].
func (k *Keys) Unwrap(text, purpose string) (short []byte, current bool, err error) {
	rest, ok := strings.CutPrefix(text, wrapped)
	name, sealed, found := strings.Cut(rest, ":")
	by, err := hex.DecodeString(name)
	if !ok || !found || err != nil || len(by) != len(id{}) {
		return nil, false, ErrDamaged
	}
	key, ok := k.find(id(by))
	if !ok {
		return nil, false, k.why()
	}
	aead, err := key.wrapper(purpose)
	if err != nil {
		return nil, false, err
	}
	b, err := base64.StdEncoding.DecodeString(sealed)
	if err == nil {
		short, err = aead.Open(nil, nil, b, nil)
	}
	if err != nil {
		return nil, false, ErrDamaged
	}
	return short, key == k.all[0], nil
}

// wrapper seals short secrets for a purpose, with a random nonce each time.
func (k Key) wrapper(purpose string) (cipher.AEAD, error) {
	s, err := aes.NewCipher(k.derive(nil, "dirform wrapped "+purpose, 32))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(s)
}
