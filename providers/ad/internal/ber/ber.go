// Package ber finds its way in the BER of LDAP messages without decoding them.
package ber

import (
	"errors"

	"github.com/dirform/dirform/state/bounds"
)

// Tags of the LDAP messages that a search brings (RFC 4511, section 4).
const (
	Sequence         = 0x30
	Set              = 0x31
	Integer          = 0x02
	Octets           = 0x04
	SearchEntry      = 0x64 // SearchResultEntry, [APPLICATION 4]
	SearchDone       = 0x65 // SearchResultDone
	SearchReference  = 0x73 // SearchResultReference
	ExtendedResponse = 0x78
	Intermediate     = 0x79
)

// MaxMessage is the longest message taken from a server. A group's 5000 longest names are 1.3 MB, a photo 100 kB.
const MaxMessage = bounds.Entry

// ErrMalformed is the error of a message that is not as BER has it, or longer than [MaxMessage].
var ErrMalformed = errors.New("the server sent a malformed LDAP message")

// Element reads the header of the BER Element at s[at:limit]: its tag, and where its contents start and end. end is -1 if there
// is no whole Element.
func Element(s string, at, limit int) (tag byte, start, end int) {
	if at+2 <= limit {
		if n := int(s[at+1]); n < 0x80 && n <= limit-at-2 {
			return s[at], at + 2, at + 2 + n
		}
	}
	return longElement(s, at, limit)
}

func longElement(s string, at, limit int) (tag byte, start, end int) {
	if at+2 > limit {
		return 0, 0, -1
	}
	count := int(s[at+1]) - 0x80
	if count < 1 || count > 4 || at+2+count > limit {
		return 0, 0, -1
	}
	n := 0
	for _, c := range []byte(s[at+2 : at+2+count]) {
		n = n<<8 | int(c)
	}
	start = at + 2 + count
	if n > limit-start {
		return 0, 0, -1
	}
	return s[at], start, start + n
}

// Frame looks at the LDAP message at the start of b, which may end anywhere: size is the message's length in bytes and op the
// tag of its operation. size is 0 if b is too short to tell.
func Frame(b []byte) (size int, op byte, err error) {
	header, n, ok, err := length(b)
	if err != nil || !ok {
		return 0, 0, err
	}
	if b[0] != Sequence || n > MaxMessage {
		return 0, 0, ErrMalformed
	}
	size = header + n
	body := b[header:min(size, len(b))]
	if len(body) >= 1 && body[0] != Integer {
		return 0, 0, ErrMalformed
	}
	idHeader, idLen, ok, err := length(body)
	if err == nil && ok && idLen <= 8 && idHeader+idLen < len(body) {
		return size, body[idHeader+idLen], nil
	}
	if err != nil || ok && idLen > 8 || len(b) >= size {
		return 0, 0, ErrMalformed
	}
	return 0, 0, nil
}

// length reads the header of the Element at the start of b: the header's length and the contents'.
func length(b []byte) (header, n int, ok bool, err error) {
	if len(b) < 2 {
		return 0, 0, false, nil
	}
	if b[1] < 0x80 {
		return 2, int(b[1]), true, nil
	}
	count := int(b[1]) - 0x80
	if count < 1 || count > 4 {
		return 0, 0, false, ErrMalformed
	}
	if len(b) < 2+count {
		return 0, 0, false, nil
	}
	for _, c := range b[2 : 2+count] {
		n = n<<8 | int(c)
	}
	return 2 + count, n, true, nil
}
