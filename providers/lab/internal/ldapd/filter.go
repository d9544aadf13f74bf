package ldapd

import (
	"math"
	"strconv"
)

// verdict is LDAP's three-valued logic: a filter about something the schema lacks is undefined, and so is its negation.
type verdict int8

const (
	no verdict = iota
	yes
	undefined
)

func verdictOf(ok bool) verdict {
	if ok {
		return yes
	}
	return no
}

// filter is a compiled search filter. It is bound to one directory and used under its lock.
type filter struct {
	match func(e *entry) verdict
	// pick lists entries among which all matches are, without looking at others; nil if only a scan finds them.
	pick func() []uint32
}

// Choices of the filter in a search request.
const (
	filterAnd        = 0xa0
	filterOr         = 0xa1
	filterNot        = 0xa2
	filterEqual      = 0xa3
	filterSubstrings = 0xa4
	filterAtLeast    = 0xa5
	filterAtMost     = 0xa6
	filterPresent    = 0x87
	filterApprox     = 0xa8
	filterExtensible = 0xa9
)

const maxFilterDepth = 100

var never = filter{match: func(*entry) verdict { return no }, pick: func() []uint32 { return nil }}
var unknown = filter{match: func(*entry) verdict { return undefined }, pick: func() []uint32 { return nil }}

// compile turns the filter at the front of r into a matcher.
func (d *Directory) compile(r *reader, depth int, h hidden) (filter, error) {
	tag, body := r.any()
	if r.err != nil || depth > maxFilterDepth {
		return never, errBER
	}
	if len(h) > 0 && h[d.schema.lookup(filterLabel(tag, body))] {
		return unknown, nil
	}
	in := reader{b: body}
	switch tag {
	case filterAnd, filterOr:
		var parts []filter
		for in.more() {
			f, err := d.compile(&in, depth+1, h)
			if err != nil {
				return never, err
			}
			parts = append(parts, f)
		}
		if tag == filterAnd {
			return all(parts), in.err
		}
		return anyOf(parts), in.err
	case filterNot:
		f, err := d.compile(&in, depth+1, h)
		return negate(f), err
	case filterPresent:
		return d.present(string(body)), nil
	case filterSubstrings:
		return d.compileSubstrings(&in)
	case filterExtensible:
		return d.compileExtensible(&in)
	case filterEqual, filterApprox, filterAtLeast, filterAtMost:
		label, value := in.text(), in.text()
		if in.err != nil {
			return never, in.err
		}
		if tag == filterAtLeast || tag == filterAtMost {
			return d.ordered(label, value, tag == filterAtLeast), nil
		}
		return d.equality(label, value), nil
	}
	return never, errBER
}

func all(parts []filter) filter {
	f := filter{match: func(e *entry) verdict {
		out := yes
		for i := range parts {
			switch parts[i].match(e) {
			case no:
				return no
			case undefined:
				out = undefined
			}
		}
		return out
	}}
	for _, p := range parts {
		if p.pick != nil {
			f.pick = p.pick // the first that narrows the search; narrow enough for what clients ask
			break
		}
	}
	return f
}

func anyOf(parts []filter) filter {
	f := filter{match: func(e *entry) verdict {
		out := no
		for i := range parts {
			switch parts[i].match(e) {
			case yes:
				return yes
			case undefined:
				out = undefined
			}
		}
		return out
	}}
	for _, p := range parts {
		if p.pick == nil {
			return f
		}
	}
	f.pick = func() []uint32 {
		seen := map[uint32]bool{}
		var out []uint32
		for _, p := range parts {
			for _, id := range p.pick() {
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

func negate(f filter) filter {
	return filter{match: func(e *entry) verdict {
		switch f.match(e) {
		case yes:
			return no
		case no:
			return yes
		}
		return undefined
	}}
}

func (d *Directory) present(label string) filter {
	a := d.schema.lookup(label)
	if a == nil {
		return unknown
	}
	if a.origin == fromClass {
		return filter{match: func(*entry) verdict { return yes }}
	}
	return filter{match: func(e *entry) verdict { return verdictOf(d.has(e, a)) }}
}

// ordered compiles >= and <=.
func (d *Directory) ordered(label, value string, atLeast bool) filter {
	a := d.schema.lookup(label)
	if a == nil || a.origin == constructed {
		return unknown
	}
	if a.syntax == integer {
		bound, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return unknown
		}
		return d.orderedInteger(a, bound, atLeast)
	}
	if a.syntax == moment {
		unix, ok := parseMoment(value)
		if !ok {
			return unknown
		}
		return filter{match: d.anyValue(a, func(v string) bool {
			have, _ := parseMoment(v)
			return have == unix || have > unix == atLeast
		})}
	}
	norm := string(a.appendNorm(nil, value))
	return filter{match: d.anyValue(a, func(v string) bool {
		have := string(a.appendNorm(nil, v))
		return have == norm || have > norm == atLeast
	})}
}

func (d *Directory) orderedInteger(a *attribute, bound int64, atLeast bool) filter {
	within := func(v int64) bool { return v == bound || v > bound == atLeast }
	switch a.origin {
	case fromUSNChanged:
		return filter{match: func(e *entry) verdict { return verdictOf(within(int64(e.usnChanged))) }}
	case fromUSNCreated:
		return filter{match: func(e *entry) verdict { return verdictOf(within(int64(e.usnCreated))) }}
	}
	return filter{match: d.anyValue(a, func(v string) bool {
		have, err := strconv.ParseInt(v, 10, 64)
		return err == nil && within(have)
	})}
}

func parseMask(value string) (int64, bool) {
	mask, err := strconv.ParseInt(value, 10, 64)
	return mask, err == nil && mask != math.MinInt64
}
