package ldapd

import (
	"math"
	"strconv"
	"strings"
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
func (d *Directory) compile(r *reader, depth int) (filter, error) {
	tag, body := r.any()
	if r.err != nil || depth > maxFilterDepth {
		return never, errBER
	}
	in := reader{b: body}
	switch tag {
	case filterAnd, filterOr:
		var parts []filter
		for in.more() {
			f, err := d.compile(&in, depth+1)
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
		f, err := d.compile(&in, depth+1)
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

// equality compiles (label=value) by the attribute's syntax.
func (d *Directory) equality(label, value string) filter {
	if strings.EqualFold(label, "anr") {
		return d.ambiguousName(value)
	}
	a := d.schema.lookup(label)
	if a == nil {
		return unknown
	}
	switch a.origin {
	case constructed:
		return unknown
	case link, backLink, fromDN:
		return d.linkEquality(a, value)
	case fromGUID:
		return d.guidEquality(value)
	case fromSID:
		return d.sidEquality(a, value)
	case fromClass, fromCategory:
		return d.classEquality(a, value)
	}
	if a.secret {
		return unknown
	}
	norm := string(a.appendNorm(nil, value))
	f := filter{match: d.anyValue(a, func(v string) bool { return a.equal(v, norm) })}
	if a.indexed {
		f.pick = func() []uint32 { return d.byValue(a, norm) }
	}
	return f
}

// anyValue matches entries of which a value satisfies the test. Stored attributes are read straight from the blob.
func (d *Directory) anyValue(a *attribute, test func(v string) bool) func(*entry) verdict {
	if a.origin == stored {
		return func(e *entry) verdict {
			for v := e.blob.get(a.id); len(v) > 0; {
				var one string
				if one, v = v.next(); test(one) {
					return yes
				}
			}
			return no
		}
	}
	return func(e *entry) verdict {
		out := no
		d.each(e, a, func(v string) bool {
			if test(v) {
				out = yes
			}
			return out == no
		})
		return out
	}
}

func only(e *entry) filter {
	if e == nil {
		return never
	}
	return filter{
		match: func(x *entry) verdict { return verdictOf(x == e) },
		pick:  func() []uint32 { return []uint32{e.id} },
	}
}

func (d *Directory) linkEquality(a *attribute, dn string) filter {
	target, _ := d.base(dn)
	if target == nil {
		return never
	}
	if a.origin == fromDN {
		return only(target)
	}
	want := refTo(a.id, target)
	f := filter{match: func(e *entry) verdict { return verdictOf(e.linked(want)) }}
	if a.partner != 0 {
		back := refTo(a.partner, nil0)
		f.pick = func() []uint32 { return target.targets(back.attr()) }
		f.match = func(e *entry) verdict {
			if len(target.links) < len(e.links) {
				return verdictOf(target.linked(refTo(a.partner, e)))
			}
			return verdictOf(e.linked(want))
		}
	}
	return f
}

// nil0 stands for no entry in a reference of which only the attribute counts.
var nil0 = &entry{}

// targets lists where the links of one attribute lead.
func (e *entry) targets(a attrID) []uint32 {
	var ids []uint32
	for _, r := range e.links {
		if r.attr() == a {
			ids = append(ids, r.target())
		}
	}
	return ids
}

func (d *Directory) guidEquality(value string) filter {
	g, ok := parseGUID(value)
	if !ok {
		return never
	}
	return only(d.byGUID(g))
}

func (d *Directory) sidEquality(a *attribute, value string) filter {
	b, ok := parseSID(value)
	if !ok {
		return never
	}
	if e := d.bySID(b); e != nil {
		return only(e)
	}
	return filter{match: d.anyValue(a, func(v string) bool { return v == b })}
}

// classEquality matches objectClass by name and objectCategory by name or distinguished name.
func (d *Directory) classEquality(a *attribute, value string) filter {
	low := lower(value)
	ok := make([]bool, len(d.schema.classes))
	if a.origin == fromCategory {
		low = d.categoryName(low)
	}
	for id := range d.schema.classes {
		if a.origin == fromClass {
			ok[id] = d.schema.hasClass(uint16(id), low)
		} else {
			ok[id] = foldEqual(d.schema.classes[id].category, low)
		}
	}
	category := a.origin == fromCategory
	return filter{match: func(e *entry) verdict {
		return verdictOf(int(e.class) < len(ok) && ok[e.class] && !(category && e.is(isTombstone)))
	}}
}

// categoryName turns what a filter says about objectCategory into the name of a category: person, user and
// CN=Person,CN=Schema,... all mean Person.
func (d *Directory) categoryName(low string) string {
	if names, err := splitDN(low); err == nil && len(names) > 0 {
		_, tail, _ := strings.Cut(low, ",")
		if !strings.EqualFold(tail, d.schemaNC.kids.dn) {
			return "?"
		}
		return lower(rdnValue(names[0]))
	}
	if id, ok := d.schema.byClass[low]; ok {
		return lower(d.schema.classes[id].category)
	}
	return low
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

// ambiguousName is AD's (anr=text): the start of any of the names a person goes by.
func (d *Directory) ambiguousName(value string) filter {
	exact := strings.HasPrefix(value, "=")
	low := lower(strings.TrimPrefix(value, "="))
	var parts []filter
	for _, label := range []string{"displayName", "givenName", "sn", "sAMAccountName", "name", "proxyAddresses", "mail",
		"physicalDeliveryOfficeName", "legacyExchangeDN"} {
		a := d.schema.lookup(label)
		parts = append(parts, filter{match: d.anyValue(a, func(v string) bool {
			v = strings.TrimPrefix(lower(v), "smtp:")
			return v == low || !exact && strings.HasPrefix(v, low)
		})})
	}
	return anyOf(parts)
}

func parseMask(value string) (int64, bool) {
	mask, err := strconv.ParseInt(value, 10, 64)
	return mask, err == nil && mask != math.MinInt64
}
