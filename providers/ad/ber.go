package ad

import "errors"

// Tags of the LDAP messages that a search brings (RFC 4511, section 4).
const (
	tagSequence         = 0x30
	tagSet              = 0x31
	tagInteger          = 0x02
	tagOctets           = 0x04
	tagSearchEntry      = 0x64 // SearchResultEntry, [APPLICATION 4]
	tagSearchDone       = 0x65 // SearchResultDone
	tagSearchReference  = 0x73 // SearchResultReference
	tagExtendedResponse = 0x78
	tagIntermediate     = 0x79
)

// maxMessage is the longest message taken from a server. A group's 5000 longest names are 1.3 MB, a photo 100 kB.
const maxMessage = 64 << 20

var errMalformed = errors.New("the server sent a malformed LDAP message")

// element reads the header of the BER element at s[at:limit]: its tag, and where its contents start and end. end is -1 if there
// is no whole element.
func element(s string, at, limit int) (tag byte, start, end int) {
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

// frame looks at the LDAP message at the start of b, which may end anywhere: size is the message's length in bytes and op the
// tag of its operation. size is 0 if b is too short to tell.
func frame(b []byte) (size int, op byte, err error) {
	header, n, ok, err := length(b)
	if err != nil || !ok {
		return 0, 0, err
	}
	if b[0] != tagSequence || n > maxMessage {
		return 0, 0, errMalformed
	}
	size = header + n
	body := b[header:min(size, len(b))]
	if len(body) >= 1 && body[0] != tagInteger {
		return 0, 0, errMalformed
	}
	idHeader, idLen, ok, err := length(body)
	if err == nil && ok && idLen <= 8 && idHeader+idLen < len(body) {
		return size, body[idHeader+idLen], nil
	}
	if err != nil || ok && idLen > 8 || len(b) >= size {
		return 0, 0, errMalformed
	}
	return 0, 0, nil
}

// length reads the header of the element at the start of b: the header's length and the contents'.
func length(b []byte) (header, n int, ok bool, err error) {
	if len(b) < 2 {
		return 0, 0, false, nil
	}
	if b[1] < 0x80 {
		return 2, int(b[1]), true, nil
	}
	count := int(b[1]) - 0x80
	if count < 1 || count > 4 {
		return 0, 0, false, errMalformed
	}
	if len(b) < 2+count {
		return 0, 0, false, nil
	}
	for _, c := range b[2 : 2+count] {
		n = n<<8 | int(c)
	}
	return 2 + count, n, true, nil
}
