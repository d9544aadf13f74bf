package ldapd

import (
	"strconv"
	"strings"
)

// selection is what a search wants of each entry.
type selection struct {
	everything bool     // all that is not constructed
	stored     []bool   // by attribute id: copied from the blob
	rest       []chosen // everything else, and ranges
	typesOnly  bool
	extendedDN int
	readOnly   bool   // for allowedAttributesEffective
	descriptor string // of every object, "" where it is not shown
}

// chosen is an attribute that is not copied from the blob as it is.
type chosen struct {
	attr   *attribute
	ranged bool
	from   int
	to     int // last index wanted; below zero: all
}

// selectAttributes reads the attribute list of a search request. Names the schema lacks are ignored; none at all means all.
func (d *Directory) selectAttributes(names []string) (*selection, *ResultError) {
	s := &selection{stored: make([]bool, len(d.schema.attrs))}
	if len(names) == 0 {
		d.selectAll(s)
	}
names:
	for _, label := range names {
		if label == "*" {
			d.selectAll(s)
			continue
		}
		base, options, _ := strings.Cut(label, ";")
		a := d.schema.lookup(base)
		if a == nil || a.secret {
			continue
		}
		c := chosen{attr: a}
		for _, option := range strings.Split(options, ";") {
			option = lower(option)
			if from, to, ok := parseRange(option); ok {
				c.ranged, c.from, c.to = true, from, to
			} else if option != "" && option != "binary" && !strings.HasPrefix(option, "range=") {
				continue names // an option that nothing here has
			} else if strings.HasPrefix(option, "range=") {
				return nil, refuse(codeUnwilling, "00002035: range request error: range request malformed")
			}
		}
		if a.origin == stored && !c.ranged {
			s.stored[a.id] = true
		} else if !s.hasRest(c) {
			s.rest = append(s.rest, c)
		}
	}
	return s, nil
}

func (s *selection) hasRest(c chosen) bool {
	for _, have := range s.rest {
		if have == c {
			return true
		}
	}
	return false
}

func (d *Directory) selectAll(s *selection) {
	s.everything = true
	for _, a := range d.schema.attrs[1:] {
		switch {
		case a.secret || a.origin == constructed:
		case a.origin == stored:
			s.stored[a.id] = true
		default:
			if c := (chosen{attr: a}); !s.hasRest(c) {
				s.rest = append(s.rest, c)
			}
		}
	}
}

// parseRange reads range=0-1499 or range=1500-*.
func parseRange(option string) (from, to int, ok bool) {
	spec, ok := strings.CutPrefix(option, "range=")
	if !ok {
		return 0, 0, false
	}
	lo, hi, ok := strings.Cut(spec, "-")
	from, err := strconv.Atoi(lo)
	if !ok || err != nil || from < 0 {
		return 0, 0, false
	}
	if hi == "*" {
		return from, -1, true
	}
	to, err = strconv.Atoi(hi)
	return from, to, err == nil && to >= from
}
