// Package ldapfilter evaluates LDAP search filters as Active Directory does: with three truth values, and with its
// matching rules. What an attribute's value is and how two are compared, whoever has the objects says.
package ldapfilter

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Verdict is LDAP's three-valued logic: a filter about something the schema lacks is undefined, and so is its negation.
type Verdict int8

// The truth values.
const (
	No Verdict = iota
	Yes
	Undefined
)

// Of is Yes or No.
func Of(ok bool) Verdict {
	if ok {
		return Yes
	}
	return No
}

// Filter is a compiled filter over objects of some form.
type Filter[E any] struct {
	Match func(E) Verdict
	// Pick lists the numbers of objects among which all matches are, without looking at others; nil if only a scan
	// finds them.
	Pick func() []uint32
}

// Never matches nothing, and finds that without a scan.
func Never[E any]() Filter[E] {
	return Filter[E]{Match: func(E) Verdict { return No }, Pick: func() []uint32 { return nil }}
}

// Unknown is undefined for everything.
func Unknown[E any]() Filter[E] {
	return Filter[E]{Match: func(E) Verdict { return Undefined }, Pick: func() []uint32 { return nil }}
}

// Leaves make filters about single attributes.
type Leaves[E any] interface {
	// Hidden reports whether what is said about an attribute is undefined for whoever asks.
	Hidden(label string) bool
	Present(label string) Filter[E]
	Equal(label, value string) Filter[E]
	// Ordered is >=, or <= unless atLeast.
	Ordered(label, value string, atLeast bool) Filter[E]
	// Substrings matches parts of a value. They are as they were written.
	Substrings(label string, p Pattern) Filter[E]
	// Rule applies a matching rule, by its object identifier.
	Rule(rule, label, value string) Filter[E]
}

// The matching rules of Active Directory.
const (
	BitAnd  = "1.2.840.113556.1.4.803"
	BitOr   = "1.2.840.113556.1.4.804"
	InChain = "1.2.840.113556.1.4.1941"
)

// Choices of the filter in a search request.
const (
	and        = 0xa0
	or         = 0xa1
	not        = 0xa2
	equal      = 0xa3
	substrings = 0xa4
	atLeast    = 0xa5
	atMost     = 0xa6
	present    = 0x87
	approx     = 0xa8
	extensible = 0xa9

	octets   = 0x04
	sequence = 0x30
)

const maxDepth = 100

// ErrMalformed says that an element is malformed, or a filter nested too deep.
var ErrMalformed = errors.New("malformed BER")

// Compile turns the filter at the front of b, in the form of a search request, into a matcher.
func Compile[E any](b []byte, leaves Leaves[E]) (Filter[E], error) {
	r := reader{b: b}
	return compile(&r, 0, leaves)
}

func compile[E any](r *reader, depth int, leaves Leaves[E]) (Filter[E], error) {
	tag, body := r.any()
	if r.err != nil || depth > maxDepth {
		return Never[E](), ErrMalformed
	}
	if leaves.Hidden(labelOf(tag, body)) {
		return Unknown[E](), nil
	}
	in := reader{b: body}
	switch tag {
	case and, or:
		var parts []Filter[E]
		for in.more() {
			f, err := compile(&in, depth+1, leaves)
			if err != nil {
				return Never[E](), err
			}
			parts = append(parts, f)
		}
		if tag == and {
			return all(parts), in.err
		}
		return AnyOf(parts), in.err
	case not:
		f, err := compile(&in, depth+1, leaves)
		return negate(f), err
	case present:
		return leaves.Present(string(body)), nil
	case substrings:
		return compileSubstrings(&in, leaves)
	case extensible:
		return compileExtensible(&in, leaves)
	case equal, approx, atLeast, atMost:
		label, value := in.text(), in.text()
		if in.err != nil {
			return Never[E](), in.err
		}
		if tag == atLeast || tag == atMost {
			return leaves.Ordered(label, value, tag == atLeast), nil
		}
		return leaves.Equal(label, value), nil
	}
	return Never[E](), ErrMalformed
}

// labelOf is the attribute that a filter of one attribute is about, "" for others.
func labelOf(tag byte, body []byte) string {
	in := reader{b: body}
	switch tag {
	case present:
		return string(body)
	case equal, approx, atLeast, atMost, substrings:
		return in.text()
	case extensible:
		for in.more() {
			if tag, name := in.any(); tag == 0x82 {
				return string(name)
			}
		}
	}
	return ""
}

func all[E any](parts []Filter[E]) Filter[E] {
	f := Filter[E]{Match: func(e E) Verdict {
		out := Yes
		for i := range parts {
			switch parts[i].Match(e) {
			case No:
				return No
			case Undefined:
				out = Undefined
			}
		}
		return out
	}}
	for _, p := range parts {
		if p.Pick != nil {
			f.Pick = p.Pick // the first that narrows the search; narrow enough for what clients ask
			break
		}
	}
	return f
}

// AnyOf matches what one of the parts matches.
func AnyOf[E any](parts []Filter[E]) Filter[E] {
	f := Filter[E]{Match: func(e E) Verdict {
		out := No
		for i := range parts {
			switch parts[i].Match(e) {
			case Yes:
				return Yes
			case Undefined:
				out = Undefined
			}
		}
		return out
	}}
	for _, p := range parts {
		if p.Pick == nil {
			return f
		}
	}
	f.Pick = func() []uint32 {
		seen := map[uint32]bool{}
		var out []uint32
		for _, p := range parts {
			for _, id := range p.Pick() {
				if !seen[id] {
					seen[id] = true
					out = append(out, id)
				}
			}
		}
		return out
	}
	return f
}

func negate[E any](f Filter[E]) Filter[E] {
	return Filter[E]{Match: func(e E) Verdict {
		switch f.Match(e) {
		case Yes:
			return No
		case No:
			return Yes
		}
		return Undefined
	}}
}

// Pattern is an assertion initial*inner*...*final.
type Pattern struct {
	Initial, Final string
	Inner          []string
}

// Map is the pattern with its parts in another form, such as one in which case does not count.
func (p Pattern) Map(form func(string) string) Pattern {
	q := Pattern{Initial: form(p.Initial), Final: form(p.Final)}
	for _, part := range p.Inner {
		q.Inner = append(q.Inner, form(part))
	}
	return q
}

// Matches reports whether a value, in the form of the parts, has them in their order.
func (p *Pattern) Matches(v string) bool {
	if !strings.HasPrefix(v, p.Initial) {
		return false
	}
	v = v[len(p.Initial):]
	for _, part := range p.Inner {
		i := strings.Index(v, part)
		if i < 0 {
			return false
		}
		v = v[i+len(part):]
	}
	return strings.HasSuffix(v, p.Final)
}

func compileSubstrings[E any](in *reader, leaves Leaves[E]) (Filter[E], error) {
	label := in.text()
	list := reader{b: in.take(sequence), err: in.err}
	var p Pattern
	for list.more() {
		tag, body := list.any()
		switch part := string(body); tag {
		case 0x80:
			p.Initial = part
		case 0x81:
			p.Inner = append(p.Inner, part)
		case 0x82:
			p.Final = part
		default:
			return Never[E](), ErrMalformed
		}
	}
	if list.err != nil {
		return Never[E](), list.err
	}
	return leaves.Substrings(label, p), nil
}

func compileExtensible[E any](in *reader, leaves Leaves[E]) (Filter[E], error) {
	var rule, label, value string
	for in.more() {
		tag, body := in.any()
		switch tag {
		case 0x81:
			rule = string(body)
		case 0x82:
			label = string(body)
		case 0x83:
			value = string(body)
		case 0x84: // dnAttributes; AD ignores it
		default:
			return Never[E](), ErrMalformed
		}
	}
	if in.err != nil {
		return Never[E](), in.err
	}
	if rule == "" {
		return leaves.Equal(label, value), nil
	}
	return leaves.Rule(rule, label, value), nil
}

// Mask is the number of a bit rule's assertion.
func Mask(value string) (int64, bool) {
	mask, err := strconv.ParseInt(value, 10, 64)
	return mask, err == nil && mask != math.MinInt64
}

// Within reports whether a number is on the side of a bound that an ordering asks for.
func Within(have, bound int64, atLeast bool) bool { return have == bound || have > bound == atLeast }

// BitsOf reports whether a number has all bits of a mask, or any of them.
func BitsOf(have, mask int64, rule string) bool {
	if rule == BitAnd {
		return have&mask == mask
	}
	return have&mask != 0
}
