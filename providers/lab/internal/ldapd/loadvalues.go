package ldapd

import (
	"slices"
	"strconv"
	"strings"
	"unsafe"
)

// fixedValues takes what lives in an entry's fixed part from the record: identifiers and times.
func (l *loader) fixedValues(e *entry, rec *ldifRecord) error {
	for i, a := range l.fieldAttrs {
		f := rec.fields[i]
		ok := true
		switch a.origin {
		case fromGUID:
			ok = l.takeGUID(e, string(f.value))
		case fromSID:
			ok = l.takeSID(e, string(f.value))
			if v, is := parseSID(string(f.value)); is { // kept as it is, where it is another domain's
				rec.fields[i].value = []byte(v)
			}
		case fromCreated:
			e.created, ok = parseMoment(string(f.value))
		case fromChanged:
			e.changed, ok = parseMoment(string(f.value))
		case stored:
			if a.syntax == sid {
				var v string
				v, ok = parseSID(string(f.value))
				rec.fields[i].value = []byte(v)
			}
		}
		if !ok {
			return l.in.fail(f.line, "this %s is malformed or belongs to another object already", a.name)
		}
	}
	return nil
}

func (l *loader) takeGUID(e *entry, v string) bool {
	g, ok := parseGUID(v)
	if !ok || l.d.byGUID(g) != nil && l.d.byGUID(g) != e {
		return false
	}
	if e.is(isBuiltIn) {
		l.d.index.remove(l.d.index.hash(guidKey, e.guid[:]), e.id)
		l.d.index.add(l.d.index.hash(guidKey, g[:]), e.id)
	}
	e.guid = g
	return true
}

func (l *loader) takeSID(e *entry, v string) bool {
	v, ok := parseSID(v)
	if !ok {
		return false
	}
	if e == l.d.root {
		l.d.domainSID = v
		return len(v) == 24
	}
	domain, rid, ok := splitSID(v)
	if !ok || domain != l.d.domainSID {
		return true // of another domain: kept as it is with the stored values
	}
	if l.d.bySID(v) != nil {
		return false
	}
	l.explicit[rid] = true
	e.rid = rid
	l.d.index.add(l.d.ridHash(rid), e.id)
	return true
}

// storedValues encodes the record's ordinary attributes and AD's defaults as a blob in scratch.
func (l *loader) storedValues(e *entry, rec *ldifRecord) []byte {
	l.order = l.order[:0]
	for i, a := range l.fieldAttrs {
		foreignSID := a.origin == fromSID && e.rid == 0 && e != l.d.root
		if (a.origin == stored && !a.secret || foreignSID) && len(rec.fields[i].value) > 0 {
			l.order = append(l.order, i)
		}
	}
	slices.SortStableFunc(l.order, func(i, j int) int { return int(l.fieldAttrs[i].id) - int(l.fieldAttrs[j].id) })
	out := l.scratch[:0]
	for i := 0; i < len(l.order); {
		a := l.fieldAttrs[l.order[i]]
		j, size := i, 0
		for ; j < len(l.order) && l.fieldAttrs[l.order[j]] == a; j++ {
			n := len(rec.fields[l.order[j]].value)
			size += 1 + lenSize(n) + n
		}
		out = appendUvarint(out, int(a.id))
		out = appendUvarint(out, size)
		for _, k := range l.order[i:j] {
			out = appendTLV(out, tagOctetString, rec.fields[k].value)
		}
		i = j
	}
	out = l.d.appendDefaults(out, e)
	l.scratch = out
	return out
}

// appendDefaults adds what AD sets on every new object of a class unless the blob has it.
func (d *Directory) appendDefaults(b []byte, e *entry) []byte {
	have := blob(unsafe.String(unsafe.SliceData(b), len(b)))
	set := func(label, value string) {
		if a := d.attr(label); len(have.get(a)) == 0 {
			b = appendAttribute(b, a, []string{value})
		}
	}
	switch d.schema.classes[e.class].category {
	case "Person":
		if d.schema.classes[e.class].account {
			set("userAccountControl", "512")
			set("primaryGroupID", "513")
		}
	case "Computer":
		set("userAccountControl", "4096")
		set("primaryGroupID", "515")
	case "Group":
		set("groupType", "-2147483646")
	}
	return b
}

// keep copies bytes into the arena: one allocation for many entries.
func (l *loader) keep(b []byte) blob {
	if len(b) > len(l.arena) {
		l.arena = make([]byte, max(1<<20, len(b)))
	}
	n := copy(l.arena, b)
	kept := unsafe.String(unsafe.SliceData(l.arena), n)
	l.arena = l.arena[n:]
	return blob(kept)
}

// nameAccount gives a security principal without sAMAccountName one: the UPN's local part, else its name.
func (d *Directory) nameAccount(e *entry) {
	sam := d.schema.lookup("sAMAccountName")
	if len(e.blob.get(sam.id)) > 0 {
		return
	}
	base, _, isUPN := strings.Cut(firstValue(e.blob.get(d.attr("userPrincipalName"))), "@")
	if !isUPN {
		base = rdnValue(e.rdn)
	}
	if runes := []rune(base); len(runes) > 20 && d.schema.classes[e.class].category == "Person" {
		base = string(runes[:20])
	}
	base = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`"/\[]:;|=,+*?<>@ `, r) || r < ' ' {
			return -1
		}
		return r
	}, base)
	label := base
	for n := 2; label == "" || d.taken(sam, label, e); n++ {
		label = base + strconv.Itoa(n)
	}
	e.blob = e.blob.with(sam.id, []string{label})
	var buf [64]byte
	d.index.add(d.index.hash(sam.id, sam.appendNorm(buf[:0], label)), e.id)
}

// taken reports whether a living entry other than e holds a value of an indexed attribute.
func (d *Directory) taken(a *attribute, value string, e *entry) bool {
	return slices.ContainsFunc(d.byValue(a, string(a.appendNorm(nil, value))), func(id uint32) bool {
		return id != e.id && !d.at(id).is(isTombstone)
	})
}
