package ldapd

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
)

// LoadLDIF adds the content records of an LDIF file. Sparse records are fine: "objectClass: user" is enough for a user, the rest
// is filled in as AD would, and the same file gives the same GUIDs and SIDs every time. Records may stand in any order, as in
// the dumps of ldapsearch, ldbsearch and ldifde; the containers every domain has exist already, and a record for one of them adds
// to it. Errors start with name:line. After an
// error the directory holds the records before it and is of no use.
func (d *Directory) LoadLDIF(r io.Reader, name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := loader{d: d, in: newLDIFReader(r, name), parents: map[string]*entry{}, attrs: map[string]*attribute{},
		explicit: map[uint32]bool{}}
	for {
		rec, err := l.in.next()
		if errors.Is(err, io.EOF) {
			return l.finish()
		}
		if err == nil {
			err = l.add(rec)
		}
		if err != nil {
			return err
		}
	}
}

// loader is the state of one LoadLDIF.
type loader struct {
	d        *Directory
	in       *ldifReader
	parents  map[string]*entry // by the spelling used in the file
	attrs    map[string]*attribute
	added    []*entry
	pending  []pendingLink
	explicit map[uint32]bool // RIDs the file brings
	early    []*ldifRecord   // those that come before their parents, or with a SID before that of their domain
	last     bool            // the early ones' turn has come
	arena    []byte

	fieldAttrs []*attribute // of the current record, parallel to its fields
	order      []int
	scratch    []byte
	one        []string
}

// pendingLink is a link whose target the file has not brought yet.
type pendingLink struct {
	from *entry
	attr *attribute
	dn   string
	line int
}

func (l *loader) add(rec *ldifRecord) error {
	if err := l.resolveNames(rec); err != nil {
		return err
	}
	if !l.last && l.beforeDomain(rec) {
		l.early = append(l.early, rec.clone())
		return nil
	}
	e, err := l.entryFor(rec)
	if err != nil {
		return err
	}
	if e == nil {
		l.early = append(l.early, rec.clone())
		return nil
	}
	if err := l.fixedValues(e, rec); err != nil {
		return err
	}
	if e.is(isBuiltIn) {
		return l.merge(e, rec)
	}
	e.blob = l.keep(l.storedValues(e, rec))
	if firstValue(e.blob.get(l.d.attr("isDeleted"))) == "TRUE" {
		e.flags |= isTombstone
	}
	l.d.place(e, e.parent)
	l.d.indexValues(e, true)
	l.added = append(l.added, e)
	return l.linkValues(e, rec)
}

// resolveNames looks up the attributes of a record. Names the schema lacks become attributes of their own: dumps of real
// directories are full of them.
func (l *loader) resolveNames(rec *ldifRecord) error {
	l.fieldAttrs = l.fieldAttrs[:0]
	for _, f := range rec.fields {
		a := l.attrs[string(f.name)]
		if a == nil {
			base, _, _ := strings.Cut(string(f.name), ";")
			if !isAttributeName(base) {
				return l.in.fail(f.line, "%s is not an attribute name", clip(f.name))
			}
			if a = l.d.schema.lookup(base); a == nil {
				a = l.d.schema.define(attribute{name: base})
				l.d.describe(a)
			}
			l.attrs[string(f.name)] = a
		}
		l.fieldAttrs = append(l.fieldAttrs, a)
	}
	return nil
}

// beforeDomain reports whether a record has a SID that is not the domain's, as long as the domain's own record may be still to come.
func (l *loader) beforeDomain(rec *ldifRecord) bool {
	for i, a := range l.fieldAttrs {
		if a.origin != fromSID {
			continue
		}
		if v, ok := parseSID(string(rec.fields[i].value)); ok && len(v) > 24 {
			domain, _, ok := splitSID(v)
			return ok && domain != l.d.domainSID
		}
	}
	return false
}

// entryFor makes the entry of a record below its parent, or finds the built-in one. It is nil if the parent is still to come.
func (l *loader) entryFor(rec *ldifRecord) (*entry, error) {
	d := l.d
	own, parentDN, more, err := cutRDN(rec.dn)
	var e, parent *entry
	if err == nil {
		e, parent, err = l.locate(rec.dn, own, parentDN)
	}
	switch {
	case err != nil || parent == nil && e == nil && !more:
		return nil, l.in.fail(rec.line, "%q is not a distinguished name such as CN=Jane Doe,OU=Staff,%s", rec.dn, d.root.kids.dn)
	case e != nil && !e.is(isBuiltIn) && e != d.root:
		return nil, l.in.fail(rec.line, "%s is there twice", rec.dn)
	case e != nil:
		e.flags |= isBuiltIn
		return e, nil
	case parent == nil && !l.last:
		return nil, nil
	case parent == nil:
		return nil, l.in.fail(rec.line, "%s has no parent: %s does not exist; add a record for it", rec.dn, parentDN)
	}
	classID, err := l.classFor(rec)
	if err != nil {
		return nil, err
	}
	e = d.alloc()
	e.rdn, e.parent, e.class = own, parent, uint16(classID)
	e.created, e.changed = seedTime, seedTime
	return e, nil
}

// locate finds an entry and its parent by name, either nil if there is none. Parents are remembered under the spelling the file
// uses, which saves taking names apart: files mostly list siblings.
func (l *loader) locate(dn string, own rdn, parentDN string) (e, parent *entry, err error) {
	if parent = l.parents[parentDN]; parent != nil {
		return l.d.child(parent, own), parent, nil
	}
	if e, _, err = l.d.resolve(dn); e != nil || err != nil {
		return e, nil, err
	}
	if parent, _, err = l.d.resolve(parentDN); parent != nil {
		l.parents[strings.Clone(parentDN)] = parent
	}
	return nil, parent, err
}

// target finds the entry a link leads to.
func (l *loader) target(dn string) (*entry, error) {
	own, parentDN, _, err := cutRDN(dn)
	if err != nil {
		return nil, err
	}
	e, _, err := l.locate(dn, own, parentDN)
	return e, err
}

// classFor picks the class a record's objectClass values name, defining one that the schema lacks.
func (l *loader) classFor(rec *ldifRecord) (int, error) {
	l.one = l.one[:0]
	for i, a := range l.fieldAttrs {
		if a.origin == fromClass {
			l.one = append(l.one, string(rec.fields[i].value))
		}
	}
	if len(l.one) == 0 {
		return 0, l.in.fail(rec.line, "%s has no objectClass: write objectClass: user (or group, organizationalUnit, contact, ...)", rec.dn)
	}
	if id, ok := l.d.schema.classOf(l.one); ok {
		return id, nil
	}
	last := l.one[len(l.one)-1]
	if !isAttributeName(last) {
		return 0, l.in.fail(rec.line, "%q is not an objectClass", last)
	}
	chain := slices.DeleteFunc(l.one, func(s string) bool { return !isAttributeName(s) })
	if !strings.EqualFold(chain[0], "top") {
		chain = append([]string{"top"}, chain...)
	}
	if len(chain) == 1 {
		return 0, l.in.fail(rec.line, "%s is only a top: name its structural objectClass too", rec.dn)
	}
	return l.d.schema.defineClass(strings.Join(chain, " "), last, false), nil
}

// merge adds a record's values to an entry that exists in every domain.
func (l *loader) merge(e *entry, rec *ldifRecord) error {
	l.d.indexValues(e, false)
	for b := blob(bytes.Clone(l.storedValues(e, rec))); len(b) > 0; {
		id, v, rest := b.next()
		e.blob, b = e.blob.with(id, v.slice()), rest
	}
	l.d.indexValues(e, true)
	e.flags &^= isBuiltIn
	return l.linkValues(e, rec)
}

// linkValues connects the record's references; those to entries further down the file wait until the end.
func (l *loader) linkValues(e *entry, rec *ldifRecord) error {
	for i, a := range l.fieldAttrs {
		if a.origin != link && a.origin != backLink {
			continue
		}
		p := pendingLink{e, a, string(rec.fields[i].value), rec.fields[i].line}
		target, err := l.target(p.dn)
		if err != nil {
			return l.in.fail(p.line, "%s: %q is not a distinguished name", a.name, p.dn)
		}
		if target == nil {
			l.pending = append(l.pending, p)
			continue
		}
		l.connect(p, target)
	}
	return nil
}

// connect makes the link from whichever end the file states it, once.
func (l *loader) connect(p pendingLink, target *entry) {
	from, a := p.from, p.attr.id
	if p.attr.origin == backLink {
		from, target, a = target, from, p.attr.partner
	}
	if !l.d.connected(from, a, target) {
		l.d.connect(from, a, target)
	}
}

// addEarly adds the records that came too early, outer ones first.
func (l *loader) addEarly() error {
	l.last = true
	depths := map[*ldifRecord]int{}
	for _, rec := range l.early {
		for name, more := rec.dn, true; more; depths[rec]++ {
			if _, parent, rest, err := cutRDN(name); err == nil {
				name, more = parent, rest
			} else {
				more = false
			}
		}
	}
	slices.SortStableFunc(l.early, func(a, b *ldifRecord) int { return depths[a] - depths[b] })
	for _, rec := range l.early {
		if err := l.add(rec); err != nil {
			return err
		}
	}
	l.early = nil
	return nil
}

// finish does what needs the whole file: early records, links to later entries, SIDs and account names in file order.
func (l *loader) finish() error {
	if err := l.addEarly(); err != nil {
		return err
	}
	for _, p := range l.pending {
		target, _ := l.target(p.dn)
		if target == nil {
			return l.in.fail(p.line, "%s of %s: %s does not exist; add a record for it or leave the value out", p.attr.name, p.from.dn(), p.dn)
		}
		l.connect(p, target)
	}
	for _, e := range l.added {
		if !l.d.schema.classes[e.class].account {
			continue
		}
		if e.rid == 0 && len(e.blob.get(l.d.attr("objectSid"))) == 0 {
			for l.explicit[l.d.nextRID] {
				l.d.nextRID++
			}
			l.d.setRID(e, l.d.nextRID)
		}
		l.d.nameAccount(e)
	}
	for rid := range l.explicit {
		l.d.nextRID = max(l.d.nextRID, rid+1)
	}
	return nil
}
