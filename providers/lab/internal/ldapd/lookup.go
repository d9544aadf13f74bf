package ldapd

import (
	"encoding/base64"
	"strings"
)

// Index keys that are not attributes of the schema.
const (
	rdnKey  attrID = 0xffff0001 // mixed with the parent's id
	guidKey attrID = 0xffff0002
	ridKey  attrID = 0xffff0003
)

func (d *Directory) nameHash(parent *entry, r rdn) uint32 {
	var buf [128]byte
	return d.index.hash(parent.nameKey(), appendLower(buf[:0], r))
}

// nameKey is the index key of the names of an entry's children.
func (e *entry) nameKey() attrID { return rdnKey + attrID(e.id)<<8 }

func (d *Directory) indexName(e *entry) {
	if e.parent != nil {
		d.index.add(d.nameHash(e.parent, e.rdn), e.id)
	}
}

func (d *Directory) unindexName(e *entry) { d.index.remove(d.nameHash(e.parent, e.rdn), e.id) }

// child finds an entry below parent by canonical relative name in any case.
func (d *Directory) child(parent *entry, r rdn) *entry {
	var found *entry
	var buf [128]byte
	low := appendLower(buf[:0], r)
	d.index.each(d.index.hash(parent.nameKey(), low), func(id uint32) bool {
		if e := d.at(id); e.parent == parent && foldEqual(e.rdn, string(low)) {
			found = e
		}
		return found == nil
	})
	return found
}

// resolve finds an entry by distinguished name. best is the deepest ancestor that exists, nil if dn is outside the domain.
func (d *Directory) resolve(dn string) (e, best *entry, err error) {
	names, err := splitDN(dn)
	if err != nil {
		return nil, nil, err
	}
	roots := strings.Split(lower(d.root.kids.dn), ",")
	if len(names) < len(roots) {
		return nil, nil, nil
	}
	split := len(names) - len(roots)
	for i, r := range roots {
		if !foldEqual(names[split+i], r) {
			return nil, nil, nil
		}
	}
	e = d.root
	for i := split - 1; i >= 0; i-- {
		next := d.child(e, names[i])
		if next == nil {
			return nil, e, nil
		}
		e = next
	}
	return e, e, nil
}

func (d *Directory) byGUID(g [16]byte) *entry {
	var found *entry
	d.index.each(d.index.hash(guidKey, g[:]), func(id uint32) bool {
		if e := d.at(id); e.guid == g {
			found = e
		}
		return found == nil
	})
	return found
}

// bySID finds an entry by the bytes of its SID.
func (d *Directory) bySID(b string) *entry {
	domain, rid, ok := splitSID(b)
	if b == d.domainSID {
		return d.root
	}
	if !ok || domain != d.domainSID {
		return d.byForeignSID(b)
	}
	var found *entry
	d.index.each(d.ridHash(rid), func(id uint32) bool {
		if e := d.at(id); e.rid == rid {
			found = e
		}
		return found == nil
	})
	return found
}

// byForeignSID finds what has a SID that is not the domain's: builtin groups and foreign principals, of which there are so few
// that no index is kept for them.
func (d *Directory) byForeignSID(b string) *entry {
	a := d.attr("objectSid")
	for id := uint32(1); id <= d.count; id++ {
		if e := d.at(id); e.rid == 0 && firstValue(e.blob.get(a)) == b && !e.is(isTombstone) {
			return e
		}
	}
	return nil
}

func (d *Directory) ridHash(rid uint32) uint32 {
	return d.index.hash(ridKey, []byte{byte(rid), byte(rid >> 8), byte(rid >> 16), byte(rid >> 24)})
}

// setRID gives a new entry its SID.
func (d *Directory) setRID(e *entry, rid uint32) {
	e.rid = rid
	d.index.add(d.ridHash(rid), e.id)
	d.nextRID = max(d.nextRID, rid+1)
}

// byValue lists the entries that hold a value (in normal form) of an indexed attribute.
func (d *Directory) byValue(a *attribute, norm string) []uint32 {
	var ids []uint32
	d.index.each(d.index.hash(a.id, []byte(norm)), func(id uint32) bool {
		for v := d.at(id).blob.get(a.id); len(v) > 0; {
			var one string
			if one, v = v.next(); a.equal(one, norm) {
				ids = append(ids, id)
				break
			}
		}
		return true
	})
	return ids
}

// indexValues adds (or with on false removes) all of an entry's indexed values.
func (d *Directory) indexValues(e *entry, on bool) {
	var buf [256]byte
	for b := e.blob; len(b) > 0; {
		id, v, rest := b.next()
		if b = rest; !d.schema.attrs[id].indexed {
			continue
		}
		for len(v) > 0 {
			var one string
			one, v = v.next()
			h := d.index.hash(id, d.schema.attrs[id].appendNorm(buf[:0], one))
			if on {
				d.index.add(h, e.id)
			} else {
				d.index.remove(h, e.id)
			}
		}
	}
}

// Find looks an entry up by distinguished name, sAMAccountName, userPrincipalName, mail or objectGUID in text form or base64.
func (d *Directory) Find(nameOrDN string) (dn string, ok bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if e := d.find(nameOrDN); e != nil {
		return e.dn(), true
	}
	return "", false
}

func (d *Directory) find(key string) *entry {
	if e, _, err := d.resolve(key); err == nil && e != nil {
		return e
	}
	for _, label := range []string{"sAMAccountName", "userPrincipalName", "mail"} {
		for _, id := range d.byValue(d.schema.lookup(label), lower(key)) {
			if e := d.at(id); !e.is(isTombstone) {
				return e
			}
		}
	}
	g, ok := parseGUID(key)
	if raw, err := base64.StdEncoding.DecodeString(key); !ok && err == nil {
		g, ok = parseGUID(string(raw))
	}
	if ok {
		return d.byGUID(g)
	}
	return nil
}
