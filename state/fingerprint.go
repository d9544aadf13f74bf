package state

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dchest/siphash"
	"golang.org/x/text/unicode/norm"
)

// Key keys fingerprints. Each state lineage has its own, so that a fingerprint reveals nothing to somebody who lacks the state
// and two lineages' fingerprints can't be compared.
type Key [16]byte

// Hasher computes keyed 64-bit fingerprints (SipHash-2-4). It reuses its buffers and is not safe for concurrent use.
type Hasher struct {
	k0, k1 uint64
	buf    []byte
	items  []string
}

// NewHasher makes a hasher for key.
func NewHasher(key Key) *Hasher {
	return &Hasher{k0: binary.LittleEndian.Uint64(key[:8]), k1: binary.LittleEndian.Uint64(key[8:])}
}

// Fingerprint is the fingerprint of v's canonical form under attribute a: values that a's equality calls equal have the same
// fingerprint, and others differ but for a chance of 2^-64. Null, "" and the empty list are one value, since neither
// directory keeps empty values. The result is never 0, so that 0 can mean "not known".
func (h *Hasher) Fingerprint(a *Attribute, v Value) uint64 {
	b := h.buf[:0]
	switch {
	case v.kind == BoolValue:
		b = append(b, 'b', byte(v.num))
	case v.kind == IntValue:
		b = binary.LittleEndian.AppendUint64(append(b, 'i'), uint64(v.num))
	case v.kind == StringValue && v.str != "":
		b = appendCanonical(append(b, 's'), a.Equality, v.str)
	case v.kind == ListValue && len(v.list) == 1 && v.list[0] != "":
		b = appendCanonical(append(b, 's'), a.Equality, v.list[0])
	case v.kind == ListValue && len(v.list) > 1:
		b = h.appendSet(b, a.Equality, v.list)
	default:
		b = append(b, 'n')
	}
	h.buf = b
	return h.Sum(b)
}

// Sum is the keyed hash of b, never 0.
func (h *Hasher) Sum(b []byte) uint64 {
	if s := siphash.Hash(h.k0, h.k1, b); s != 0 {
		return s
	}
	return 1
}

// SumFold is the keyed hash of s regardless of case: for lookup keys such as addresses and distinguished names.
func (h *Hasher) SumFold(s string) uint64 {
	h.buf = appendCanonical(h.buf[:0], EqualFold, s)
	return h.Sum(h.buf)
}

// SumExact is the keyed hash of s as it is: for anchors, which are case-sensitive.
func (h *Hasher) SumExact(s string) uint64 {
	h.buf = append(h.buf[:0], s...)
	return h.Sum(h.buf)
}

func (h *Hasher) appendSet(b []byte, eq Equality, list []string) []byte {
	items := h.items[:0]
	for _, s := range list {
		if s != "" {
			items = append(items, string(appendCanonical(nil, eq, s)))
		}
	}
	slices.Sort(items)
	items = slices.Compact(items)
	h.items = items
	switch len(items) {
	case 0:
		return append(b, 'n')
	case 1:
		return append(append(b, 's'), items[0]...)
	}
	b = append(b, 'l')
	for _, s := range items {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// Canonical is s as equality eq sees it: two strings are equal under eq exactly if their canonical forms are the same.
func Canonical(eq Equality, s string) string { return string(appendCanonical(nil, eq, s)) }

func appendCanonical(b []byte, eq Equality, s string) []byte {
	ascii := isASCII(s)
	if !ascii {
		s = norm.NFC.String(s)
	}
	switch eq {
	case EqualFold:
		return appendLower(b, s, ascii)
	case EqualProxy:
		i := max(strings.IndexByte(s, ':'), 0)
		return appendLower(append(b, s[:i]...), s[i:], ascii)
	case EqualPhone:
		return appendPhone(b, s)
	}
	return append(b, s...)
}

// appendPhone drops the separators that people and services write telephone numbers with.
func appendPhone(b []byte, s string) []byte {
	start := len(b)
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= '0' && c <= '9' || c == '+' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf {
			b = append(b, c)
		}
	}
	if len(b) == start {
		return append(b, s...)
	}
	return b
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func appendLower(b []byte, s string, ascii bool) []byte {
	if !ascii {
		return append(b, strings.ToLower(s)...)
	}
	start := len(b)
	b = append(b, s...)
	for i, c := range b[start:] {
		if 'A' <= c && c <= 'Z' {
			b[start+i] = c + 'a' - 'A'
		}
	}
	return b
}
