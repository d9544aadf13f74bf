package ldapd

import (
	"strconv"

	"github.com/dirform/dirform/state/ldapfilter"
)

// verdict is a filter's about an entry.
type verdict = ldapfilter.Verdict

const (
	no        = ldapfilter.No
	yes       = ldapfilter.Yes
	undefined = ldapfilter.Undefined
)

func verdictOf(ok bool) verdict { return ldapfilter.Of(ok) }

// filter is a compiled search filter. It is bound to one directory and used under its lock.
type filter = ldapfilter.Filter[*entry]

var never, unknown = ldapfilter.Never[*entry](), ldapfilter.Unknown[*entry]()

// compile turns a filter as it came on the wire into a matcher for whom h hides attributes from.
func (d *Directory) compile(wire []byte, h hidden) (filter, error) {
	return ldapfilter.Compile[*entry](wire, leaves{d, h})
}

// leaves are filters about single attributes of a directory.
type leaves struct {
	d *Directory
	h hidden
}

func (l leaves) Hidden(label string) bool { return len(l.h) > 0 && l.h[l.d.schema.lookup(label)] }

func (l leaves) Present(label string) filter {
	a := l.d.schema.lookup(label)
	if a == nil {
		return unknown
	}
	if a.origin == fromClass {
		return filter{Match: func(*entry) verdict { return yes }}
	}
	return filter{Match: func(e *entry) verdict { return verdictOf(l.d.has(e, a)) }}
}

func (l leaves) Equal(label, value string) filter { return l.d.equality(label, value) }

func (l leaves) Ordered(label, value string, atLeast bool) filter {
	a := l.d.schema.lookup(label)
	if a == nil || a.origin == constructed {
		return unknown
	}
	if a.syntax == integer {
		bound, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return unknown
		}
		return l.d.orderedInteger(a, bound, atLeast)
	}
	if a.syntax == moment {
		unix, ok := parseMoment(value)
		if !ok {
			return unknown
		}
		return filter{Match: l.d.anyValue(a, func(v string) bool {
			have, _ := parseMoment(v)
			return ldapfilter.Within(have, unix, atLeast)
		})}
	}
	norm := string(a.appendNorm(nil, value))
	return filter{Match: l.d.anyValue(a, func(v string) bool {
		have := string(a.appendNorm(nil, v))
		return have == norm || have > norm == atLeast
	})}
}

func (d *Directory) orderedInteger(a *attribute, bound int64, atLeast bool) filter {
	within := func(v int64) bool { return ldapfilter.Within(v, bound, atLeast) }
	switch a.origin {
	case fromUSNChanged:
		return filter{Match: func(e *entry) verdict { return verdictOf(within(int64(e.usnChanged))) }}
	case fromUSNCreated:
		return filter{Match: func(e *entry) verdict { return verdictOf(within(int64(e.usnCreated))) }}
	}
	return filter{Match: d.anyValue(a, func(v string) bool {
		have, err := strconv.ParseInt(v, 10, 64)
		return err == nil && within(have)
	})}
}
