package ldapd

import (
	"strconv"

	"github.com/dirform/dirform/state/ldapfilter"
)

func (l leaves) Substrings(label string, p ldapfilter.Pattern) filter {
	a := l.d.schema.lookup(label)
	if a == nil || a.origin == constructed || a.secret {
		return unknown
	}
	if a.syntax == name || a.origin == fromDN || a.syntax == guid || a.syntax == sid {
		return never // AD does not match parts of these
	}
	p = p.Map(func(part string) string { return string(a.appendNorm(nil, part)) })
	var buf []byte
	return filter{Match: l.d.anyValue(a, func(v string) bool {
		buf = a.appendNorm(buf[:0], v)
		return p.Matches(string(buf))
	})}
}

func (l leaves) Rule(rule, label, value string) filter {
	a := l.d.schema.lookup(label)
	if a == nil || a.origin == constructed {
		return unknown
	}
	switch rule {
	case ldapfilter.BitAnd, ldapfilter.BitOr:
		return l.d.bits(a, value, rule)
	case ldapfilter.InChain:
		return l.d.inChain(a, value)
	}
	return unknown
}

// bits matches integers that have all (or any) of the bits of value.
func (d *Directory) bits(a *attribute, value, rule string) filter {
	mask, ok := ldapfilter.Mask(value)
	if !ok || a.syntax != integer {
		return unknown
	}
	return filter{Match: d.anyValue(a, func(v string) bool {
		have, err := strconv.ParseInt(v, 10, 64)
		return err == nil && ldapfilter.BitsOf(have, mask, rule)
	})}
}

// inChain matches entries from which the links of an attribute lead to an entry, over any number of steps. The set is worked
// out once, backwards from that entry.
func (d *Directory) inChain(a *attribute, dn string) filter {
	target, _ := d.base(dn)
	if target == nil || a.origin != link && a.origin != backLink {
		return never
	}
	if a.partner == 0 {
		return d.linkEquality(a, dn)
	}
	reached := map[uint32]bool{}
	var order []uint32
	queue := []*entry{target}
	for len(queue) > 0 {
		e := queue[0]
		queue = queue[1:]
		for _, id := range e.targets(a.partner) {
			if !reached[id] {
				reached[id] = true
				order = append(order, id)
				queue = append(queue, d.at(id))
			}
		}
	}
	return filter{
		Match: func(e *entry) verdict { return verdictOf(reached[e.id]) },
		Pick:  func() []uint32 { return order },
	}
}
