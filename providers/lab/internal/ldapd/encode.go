package ldapd

import "strconv"

// appendEntry appends a complete SearchResultEntry message. A range that starts beyond the end is an error, as in AD.
func (d *Directory) appendEntry(b []byte, id int64, e *entry, s *selection) ([]byte, *ResultError) {
	start := len(b)
	b = begin(b, tagSequence)
	b = appendInteger(b, tagInteger, id)
	op := len(b)
	b = begin(b, tagSearchEntry)
	b = d.appendName(b, e, s.extendedDN)
	list := len(b)
	b = begin(b, tagSequence)
	b = d.appendStored(b, e, s)
	var refused *ResultError
	for i := range s.rest {
		if b, refused = d.appendChosen(b, e, &s.rest[i], s); refused != nil {
			return b[:start], refused
		}
	}
	if s.descriptor != "" {
		b = appendSingle(b, "nTSecurityDescriptor", s.descriptor)
	}
	end(b, list)
	end(b, op)
	end(b, start)
	return b, nil
}

// appendSingle appends an attribute with one value as a search entry has it.
func appendSingle(b []byte, name, value string) []byte {
	at := len(b)
	b = appendTLV(begin(b, tagSequence), tagOctetString, name)
	set := len(b)
	b = appendTLV(begin(b, tagSet), tagOctetString, value)
	end(b, set)
	end(b, at)
	return b
}

// appendStored copies the selected attributes of the blob.
func (d *Directory) appendStored(b []byte, e *entry, s *selection) []byte {
	attrs := d.schema.attrs
	for rest := e.blob; len(rest) > 0; {
		id, v, tail := rest.next()
		rest = tail
		if int(id) >= len(s.stored) || !s.stored[id] {
			continue
		}
		if len(v) > 2*maxValRange && v.count() > maxValRange {
			c := chosen{attr: attrs[id]}
			b, _ = appendValues(b, v, &c, s)
			continue
		}
		header := attrs[id].header
		if s.typesOnly {
			v = ""
		}
		n := 1 + lenSize(len(v)) + len(v)
		b = appendLen(append(b, tagSequence), len(header)+n)
		b = append(b, header...)
		b = appendLen(append(b, tagSet), len(v))
		b = append(b, v...)
	}
	return b
}

// appendChosen appends one attribute that is computed, a link, or asked for in a range.
func (d *Directory) appendChosen(b []byte, e *entry, c *chosen, s *selection) ([]byte, *ResultError) {
	a := c.attr
	switch a.origin {
	case link, backLink:
		return d.appendLinks(b, e, c, s)
	case stored:
		return appendValues(b, e.blob.get(a.id), c, s)
	}
	start := len(b)
	b = begin(b, tagSequence)
	b = append(b, a.header...)
	set := len(b)
	b = begin(b, tagSet)
	first := len(b)
	if a.origin == constructed {
		b = d.appendConstructed(b, e, a, s)
	} else if a.origin == fromDN && s.extendedDN != 0 {
		b = d.appendName(b, e, s.extendedDN)
	} else {
		b = d.appendOrigin(b, e, a)
	}
	if len(b) == first {
		return b[:start], nil
	}
	if s.typesOnly {
		b = b[:first]
	}
	end(b, set)
	end(b, start)
	return b, nil
}

// window cuts the values wanted out of n. The label is the attribute's name with the range served; plain says that all values
// fit and no range is needed; beyond says that the range starts after the last value.
func (c *chosen) window(n, limit int) (from, to int, label string, plain, beyond bool) {
	if !c.ranged && n <= limit {
		return 0, n, c.attr.name, true, false
	}
	from, to = c.from, n
	if c.ranged && from >= n {
		return 0, 0, "", false, true
	}
	if c.ranged && c.to >= 0 {
		to = min(n, c.to+1)
	}
	to = min(to, from+limit)
	last := "*"
	if to < n {
		last = strconv.Itoa(to - 1)
	}
	return from, to, c.attr.name + ";range=" + strconv.Itoa(from) + "-" + last, false, false
}

func beyondEnd(c *chosen) *ResultError {
	return refuse(codeOperationsError, "00000057: LdapErr: DSID-0C090C12, comment: Error processing attribute range of %s, data 0, v4563", c.attr.name)
}

// appendLinks appends a link attribute's values as distinguished names.
func (d *Directory) appendLinks(b []byte, e *entry, c *chosen, s *selection) ([]byte, *ResultError) {
	n := e.countLinks(c.attr.id)
	if n == 0 {
		return b, nil
	}
	from, to, label, plain, beyond := c.window(n, maxValRange)
	if beyond {
		return b, beyondEnd(c)
	}
	b, start, set := openValues(b, c, label, plain)
	i := 0
	for _, r := range e.links {
		if r.attr() != c.attr.id || s.typesOnly {
			continue
		}
		if i >= from && i < to {
			b = d.appendName(b, d.at(r.target()), s.extendedDN)
		}
		i++
	}
	end(b, set)
	end(b, start)
	return b, nil
}

// appendValues appends stored values in a range.
func appendValues(b []byte, v values, c *chosen, s *selection) ([]byte, *ResultError) {
	n := v.count()
	if n == 0 {
		return b, nil
	}
	from, to, label, plain, beyond := c.window(n, maxValRange)
	if beyond {
		return b, beyondEnd(c)
	}
	b, start, set := openValues(b, c, label, plain)
	for i := 0; len(v) > 0 && !s.typesOnly; i++ {
		_, rest := v.next()
		if i >= from && i < to {
			b = append(b, v[:len(v)-len(rest)]...)
		}
		v = rest
	}
	end(b, set)
	end(b, start)
	return b, nil
}

// openValues starts an attribute. When a client that did not ask for a range gets one, the plain name comes first, empty.
func openValues(b []byte, c *chosen, label string, plain bool) (out []byte, start, set int) {
	if !plain && !c.ranged {
		b = appendLen(append(b, tagSequence), len(c.attr.header)+2)
		b = append(b, c.attr.header...)
		b = append(b, tagSet, 0)
	}
	start = len(b)
	b = begin(b, tagSequence)
	b = appendTLV(b, tagOctetString, label)
	set = len(b)
	return begin(b, tagSet), start, set
}

// appendName appends an entry's distinguished name as an octet string, with GUID and SID in front if the client asked for it.
func (d *Directory) appendName(b []byte, e *entry, extended int) []byte {
	if extended == 0 {
		b = appendLen(append(b, tagOctetString), e.dnLen())
		return e.appendDN(b)
	}
	return appendTLV(b, tagOctetString, d.extendedDN(e, extended))
}
