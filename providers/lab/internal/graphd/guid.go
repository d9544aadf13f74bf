package graphd

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"strings"
)

// guid is an object id in the byte order of its text form.
type guid [16]byte

// appendTo appends the text form, 36 characters.
func (g guid) appendTo(b []byte) []byte {
	n := len(b)
	b = append(b, "00000000-0000-0000-0000-000000000000"...)
	t := b[n:]
	hex.Encode(t[0:8], g[0:4])
	hex.Encode(t[9:13], g[4:6])
	hex.Encode(t[14:18], g[6:8])
	hex.Encode(t[19:23], g[8:10])
	hex.Encode(t[24:36], g[10:16])
	return b
}

// String is the text form, 0efcf528-7204-5ca5-ac20-d4d286b89e52.
func (g guid) String() string { return string(g.appendTo(nil)) }

// parseGUID reads the text form.
func parseGUID(s string) (g guid, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return g, false
	}
	var b [32]byte
	n := copy(b[:], s[0:8])
	n += copy(b[n:], s[9:13])
	n += copy(b[n:], s[14:18])
	n += copy(b[n:], s[19:23])
	copy(b[n:], s[24:36])
	_, err := hex.Decode(g[:], b[:])
	return g, err == nil
}

// mintGUID derives an id from what names a thing, so that a seed without ids gives the same ids in every process.
func mintGUID(parts ...string) guid {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.Join(parts, "\x00"))))
	var g guid
	copy(g[:], sum[:])
	return g.versioned()
}

// randomGUID is an id for a new object or request. Ids are no secrets, so the fast generator serves.
func randomGUID() guid {
	var g guid
	for i := 0; i < 16; i += 8 {
		v := rand.Uint64()
		for j := range 8 {
			g[i+j] = byte(v >> (8 * j))
		}
	}
	return g.versioned()
}

func (g guid) versioned() guid {
	g[6] = g[6]&0x0f | 0x40
	g[8] = g[8]&0x3f | 0x80
	return g
}
