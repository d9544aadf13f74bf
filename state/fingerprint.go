package state

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dchest/siphash"
	"golang.org/x/text/unicode/norm"
)

// Hasher computes keyed 64-bit fingerprints (SipHash-2-4). It reuses its buffers and is not safe for concurrent use.
type Hasher struct {
	k0, k1 uint64
	null   uint64 // fingerprint of the absent value, which is the most frequent one
	buf    []byte
	items  []string
}

// NewHasher makes a hasher for the first half of key.
func NewHasher(key Key) *Hasher {
	h := &Hasher{k0: binary.LittleEndian.Uint64(key[:8]), k1: binary.LittleEndian.Uint64(key[8:])}
	h.null = h.Sum([]byte{'n'})
	return h
}

// Fingerprint is the fingerprint of v's canonical form under attribute a: values that a's equality calls equal have the same
// fingerprint, and others differ but for a chance of 2^-64. Null, "" and the empty list are one value, since neither
// directory keeps empty values. The result is never 0, so that 0 can mean "not known".
func (h *Hasher) Fingerprint(a *Attribute, v Value) uint64 {
	b := h.buf[:0]
	switch {
	case v.kind == NullValue:
		return h.null
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
		return h.null
	}
	h.buf = b
	return h.Sum(b)
}

// NameCase is of a name as it is spelt: the same for two names that differ in nothing, and hardly ever for others. It is
// 0 for none.
func (h *Hasher) NameCase(name string) uint32 {
	if name == "" {
		return 0
	}
	return uint32(h.SumExact(name)) | 1
}

// Spelt is the fingerprint of a name as it is spelt: of its fingerprint, which disregards the case of letters, and its
// [Hasher.NameCase]. It is fp itself where either is 0.
func Spelt(fp uint64, nameCase uint32) uint64 {
	if fp == 0 || nameCase == 0 {
		return fp
	}
	return max(1, fp^uint64(nameCase)*0x9e3779b97f4a7c15)
}

// Recorded reports whether a fingerprint that the record has is that of v, which may be recorded as it is spelt.
func (h *Hasher) Recorded(last uint64, a *Attribute, v Value) bool {
	fp := h.Fingerprint(a, v)
	return last == fp || v.kind == StringValue && last == Spelt(fp, h.NameCase(v.str))
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

// Seen sums up what was read of an object: every attribute of its shape, whatever the order of attributes and of values. The values
// of instead take the place of the object's own; what an apply itself has written there is not to count. Objects of one shape
// that differ in an attribute have different sums but for a chance of 2^-64. It says nothing about where the object lies.
func (h *Hasher) Seen(o *Object, instead ...AttributeChange) uint64 {
	var sum uint64
	for i, name := range o.Shape.Names() {
		v := o.Values[i]
		for _, c := range instead {
			if c.Name == name {
				v = c.Before
			}
		}
		one := h.Fingerprint(&exact, v)
		one ^= h.SumExact(name)
		one *= 0x9e3779b97f4a7c15
		sum += one ^ one>>29
	}
	return sum
}

// exact compares values as they are, lists as sets.
var exact Attribute

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
	s = NFC(s)
	switch eq {
	case EqualFold:
		return appendLower(b, s)
	case EqualProxy:
		i := max(strings.IndexByte(s, ':'), 0)
		return appendLower(append(b, s[:i]...), s[i:])
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

// firstCombining is the first byte, in UTF-8, of U+0300 and of what follows it. All characters before are in normalisation form C
// however they stand together, because nothing among them combines.
const firstCombining = 0xCC

// NFC is s in Unicode normalisation form C. What needs no change, as nearly all of what directories hold, costs a look at its bytes.
func NFC(s string) string {
	i := 0
	for i+8 <= len(s) && load8(s[i:])&highBits == 0 {
		i += 8
	}
	if len(s) >= 8 && load8(s[len(s)-8:])&highBits == 0 && i+8 > len(s) {
		return s // the rest, and some of what was seen, at one look
	}
	for ; i < len(s); i++ {
		if s[i] >= firstCombining {
			return norm.NFC.String(s)
		}
	}
	return s
}

// A bit for each of eight bytes: the lowest, and the highest, which ASCII doesn't have.
const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// load8 is the first eight bytes of s as one number.
func load8(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// appendLower appends strings.ToLower(s), ASCII eight bytes at a time.
func appendLower(b []byte, s string) []byte {
	for len(s) >= 8 {
		w := load8(s)
		if w&highBits != 0 {
			break
		}
		upper := (w + lowBits*(0x80-'A')) &^ (w + lowBits*(0x7f-'Z')) & highBits // a bit for each of A to Z
		b = binary.LittleEndian.AppendUint64(b, w+upper>>2)                      // 0x80>>2 is 'a'-'A'
		s = s[8:]
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			for _, r := range s[i:] {
				b = utf8.AppendRune(b, unicode.ToLower(r))
			}
			break
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}
