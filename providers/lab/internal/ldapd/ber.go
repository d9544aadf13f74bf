package ldapd

import (
	"encoding/binary"

	"github.com/dirform/dirform/state/ldapfilter"
)

// Tags of LDAP messages (RFC 4511) as they appear on the wire.
const (
	tagBoolean     = 0x01
	tagInteger     = 0x02
	tagOctetString = 0x04
	tagEnumerated  = 0x0a
	tagSequence    = 0x30
	tagSet         = 0x31

	tagBindRequest      = 0x60
	tagBindResponse     = 0x61
	tagUnbindRequest    = 0x42
	tagSearchRequest    = 0x63
	tagSearchEntry      = 0x64
	tagSearchDone       = 0x65
	tagModifyRequest    = 0x66
	tagModifyResponse   = 0x67
	tagAddRequest       = 0x68
	tagAddResponse      = 0x69
	tagDeleteRequest    = 0x4a
	tagDeleteResponse   = 0x6b
	tagModifyDNRequest  = 0x6c
	tagModifyDNResponse = 0x6d
	tagCompareRequest   = 0x6e
	tagCompareResponse  = 0x6f
	tagAbandonRequest   = 0x50
	tagSearchReference  = 0x73
	tagExtendedRequest  = 0x77
	tagExtendedResponse = 0x78
	tagControls         = 0xa0
)

var errBER = ldapfilter.ErrMalformed

// readTLV takes one element off the front of b.
func readTLV(b []byte) (tag byte, body, rest []byte, err error) { return ldapfilter.Element(b) }

// reader takes elements off a byte slice and remembers the first error, so that decoding reads as a list of fields.
type reader struct {
	b   []byte
	err error
}

func (r *reader) more() bool { return r.err == nil && len(r.b) > 0 }

// peek returns the next element's tag, 0 at the end.
func (r *reader) peek() byte {
	if !r.more() {
		return 0
	}
	return r.b[0]
}

func (r *reader) any() (tag byte, body []byte) {
	if r.err != nil {
		return 0, nil
	}
	tag, body, rest, err := readTLV(r.b)
	if err != nil {
		r.err = err
		return 0, nil
	}
	r.b = rest
	return tag, body
}

func (r *reader) take(want byte) []byte {
	tag, body := r.any()
	if r.err == nil && tag != want {
		r.err = errBER
		return nil
	}
	return body
}

func (r *reader) text() string        { return string(r.take(tagOctetString)) }
func (r *reader) sub(tag byte) reader { return reader{b: r.take(tag), err: r.err} }

func (r *reader) integer(tag byte) int64 {
	body := r.take(tag)
	if r.err != nil {
		return 0
	}
	if len(body) == 0 || len(body) > 8 {
		r.err = errBER
		return 0
	}
	v := int64(int8(body[0]))
	for _, c := range body[1:] {
		v = v<<8 | int64(c)
	}
	return v
}

func (r *reader) boolean() bool {
	body := r.take(tagBoolean)
	if r.err == nil && len(body) != 1 {
		r.err = errBER
	}
	return r.err == nil && body[0] != 0
}

func appendLen(b []byte, n int) []byte {
	switch {
	case n < 0x80:
		return append(b, byte(n))
	case n < 0x100:
		return append(b, 0x81, byte(n))
	case n < 0x10000:
		return append(b, 0x82, byte(n>>8), byte(n))
	case n < 0x1000000:
		return append(b, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(b, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// lenSize is how many bytes appendLen writes.
func lenSize(n int) int {
	switch {
	case n < 0x80:
		return 1
	case n < 0x100:
		return 2
	case n < 0x10000:
		return 3
	case n < 0x1000000:
		return 4
	}
	return 5
}

func appendTLV[T string | []byte](b []byte, tag byte, body T) []byte {
	return append(appendLen(append(b, tag), len(body)), body...)
}

func appendInteger(b []byte, tag byte, v int64) []byte {
	n := 1
	for x := v; x > 127 || x < -128; x >>= 8 {
		n++
	}
	b = append(b, tag, byte(n))
	for i := n - 1; i >= 0; i-- {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

// begin starts an element whose length is not known yet; end fills it in. The length takes four bytes, as AD itself writes it.
func begin(b []byte, tag byte) []byte { return append(b, tag, 0x84, 0, 0, 0, 0) }

// end completes the element that begin started at offset start.
func end(b []byte, start int) {
	binary.BigEndian.PutUint32(b[start+2:], uint32(len(b)-start-6))
}
