package ldapd

import (
	"strings"

	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/ldapfilter"
)

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
	f := filter{Match: d.anyValue(a, func(v string) bool { return a.equal(v, norm) })}
	if a.indexed {
		f.Pick = func() []uint32 { return d.byValue(a, norm) }
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
		Match: func(x *entry) verdict { return verdictOf(x == e) },
		Pick:  func() []uint32 { return []uint32{e.id} },
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
	f := filter{Match: func(e *entry) verdict { return verdictOf(e.linked(want)) }}
	if a.partner != 0 {
		back := refTo(a.partner, nil0)
		f.Pick = func() []uint32 { return target.targets(back.attr()) }
		f.Match = func(e *entry) verdict {
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
	return filter{Match: d.anyValue(a, func(v string) bool { return v == b })}
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
	return filter{Match: func(e *entry) verdict {
		return verdictOf(int(e.class) < len(ok) && ok[e.class] && !(category && e.is(isTombstone)))
	}}
}

// categoryName turns what a filter says about objectCategory into the name of a category: person, user and
// CN=Person,CN=Schema,... all mean Person.
func (d *Directory) categoryName(low string) string {
	if first, parent, err := dn.Split(low); err == nil && first != "" {
		if !dn.Equal(parent, d.schemaNC.kids.dn) {
			return "?"
		}
		return lower(dn.FirstValue(first))
	}
	if id, ok := d.schema.byClass[low]; ok {
		return lower(d.schema.classes[id].category)
	}
	return low
}

// ambiguousName is AD's (anr=text): the start of any of the names a person goes by.
func (d *Directory) ambiguousName(value string) filter {
	exact := strings.HasPrefix(value, "=")
	low := lower(strings.TrimPrefix(value, "="))
	var parts []filter
	for _, label := range []string{"displayName", "givenName", "sn", "sAMAccountName", "name", "proxyAddresses", "mail",
		"physicalDeliveryOfficeName", "legacyExchangeDN"} {
		a := d.schema.lookup(label)
		parts = append(parts, filter{Match: d.anyValue(a, func(v string) bool {
			v = strings.TrimPrefix(lower(v), "smtp:")
			return v == low || !exact && strings.HasPrefix(v, low)
		})})
	}
	return ldapfilter.AnyOf(parts)
}
