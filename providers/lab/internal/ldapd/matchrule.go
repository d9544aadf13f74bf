package ldapd

import (
	"strconv"
	"strings"
)

// Matching rules for extensible filters.
const (
	ruleBitAnd  = "1.2.840.113556.1.4.803"
	ruleBitOr   = "1.2.840.113556.1.4.804"
	ruleInChain = "1.2.840.113556.1.4.1941"
)

func (d *Directory) compileSubstrings(in *reader) (filter, error) {
	label := in.text()
	list := in.sub(tagSequence)
	a := d.schema.lookup(label)
	var p pattern
	for list.more() {
		tag, body := list.any()
		part := string(body)
		if a != nil {
			part = string(a.appendNorm(nil, part))
		}
		switch tag {
		case 0x80:
			p.initial = part
		case 0x81:
			p.inner = append(p.inner, part)
		case 0x82:
			p.final = part
		default:
			return never, errBER
		}
	}
	if list.err != nil {
		return never, list.err
	}
	if a == nil || a.origin == constructed || a.secret {
		return unknown, nil
	}
	if a.syntax == name || a.origin == fromDN || a.syntax == guid || a.syntax == sid {
		return never, nil // AD does not match parts of these
	}
	var buf []byte
	return filter{match: d.anyValue(a, func(v string) bool {
		buf = a.appendNorm(buf[:0], v)
		return p.matches(string(buf))
	})}, nil
}

// pattern is an assertion initial*inner*...*final in normal form.
type pattern struct {
	initial, final string
	inner          []string
}

func (p *pattern) matches(v string) bool {
	if !strings.HasPrefix(v, p.initial) {
		return false
	}
	v = v[len(p.initial):]
	for _, part := range p.inner {
		i := strings.Index(v, part)
		if i < 0 {
			return false
		}
		v = v[i+len(part):]
	}
	return strings.HasSuffix(v, p.final)
}

func (d *Directory) compileExtensible(in *reader) (filter, error) {
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
			return never, errBER
		}
	}
	if in.err != nil {
		return never, in.err
	}
	a := d.schema.lookup(label)
	if a == nil || a.origin == constructed {
		return unknown, nil
	}
	switch rule {
	case "":
		return d.equality(label, value), nil
	case ruleBitAnd, ruleBitOr:
		return d.bits(a, value, rule == ruleBitAnd), nil
	case ruleInChain:
		return d.inChain(a, value), nil
	}
	return unknown, nil
}

// bits matches integers that have all (or any) of the bits of value.
func (d *Directory) bits(a *attribute, value string, every bool) filter {
	mask, ok := parseMask(value)
	if !ok || a.syntax != integer {
		return unknown
	}
	return filter{match: d.anyValue(a, func(v string) bool {
		have, err := strconv.ParseInt(v, 10, 64)
		if every {
			return err == nil && have&mask == mask
		}
		return err == nil && have&mask != 0
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
		match: func(e *entry) verdict { return verdictOf(reached[e.id]) },
		pick:  func() []uint32 { return order },
	}
}
