package ldapd

import (
	"crypto/rand"
	"slices"
)

// modify carries out the edits of one request: all or none.
func (d *Directory) modify(dn string, edits []edit, permissive bool) *ResultError {
	e, refused := d.base(dn)
	if refused != nil {
		return refused
	}
	if e.is(isTombstone) {
		return d.noObject(d.root)
	}
	edits, setPassword, refused := d.replacePasswords(edits)
	if refused != nil {
		return refused
	}
	t := d.draft(e)
	for _, x := range edits {
		if refused := d.checkEdit(x, e); refused != nil {
			return refused
		}
		if refused := t.apply(x, permissive); refused != nil {
			return refused
		}
	}
	if refused := t.check(); refused != nil {
		return refused
	}
	setPassword(e)
	if !t.changes() {
		return nil
	}
	c := d.begin("modify", e)
	for _, x := range edits {
		c.Mods = append(c.Mods, modOf(x))
	}
	t.write()
	d.commit(e, c)
	return nil
}

// checkEdit tests a modification by itself: whether the entry's class has the attribute, and its values.
func (d *Directory) checkEdit(x edit, e *entry) *ResultError {
	if x.attr.only != "" && !d.schema.hasClass(e.class, x.attr.only) {
		return refuse(codeObjectClass, "0000207D: UpdErr: DSID-0315166D, problem 6002 (OBJ_CLASS_VIOLATION), data 0: only a %s has %s", x.attr.only, x.attr.name)
	}
	return checkValues(x)
}

func checkValues(x edit) *ResultError {
	if x.op == editDelete {
		return nil // a value that cannot be there is one that is not there
	}
	for _, v := range x.values {
		if !x.attr.valid(v) {
			return refuse(codeInvalidSyntax, "0000200B: AtrErr: problem 1004 (INVALID_ATT_SYNTAX), data 0: attribute '%s' contains at least one invalid value!", x.attr.name)
		}
		if x.attr.tooLong(v) {
			return refuse(codeConstraint, "00002082: AtrErr: problem 1005 (CONSTRAINT_ATT_TYPE), data 0: a value of '%s' is longer than %d", x.attr.name, x.attr.max)
		}
	}
	return nil
}

// add creates an entry from the attributes of an add request.
func (d *Directory) add(dn string, edits []edit, classes []string) *ResultError {
	parent, own, refused := d.destination(dn)
	if refused != nil {
		return refused
	}
	classID, ok := d.schema.classOf(classes)
	switch {
	case !ok && len(classes) > 0:
		return refuse(codeNoSuchAttribute, "0000207C: AtrErr: DSID-0C090E2F, problem 1001 (NO_ATTRIBUTE_OR_VAL), data 0: no objectClass %q in the schema", classes)
	case !ok:
		return refuse(codeObjectClass, "0000207C: UpdErr: problem 6002 (OBJ_CLASS_VIOLATION), data 0: objectClass is missing or not in the schema")
	case parent.is(isTombstone):
		return d.noObject(d.root)
	case d.child(parent, own) != nil:
		return refuse(codeAlreadyExists, "00002071: UpdErr: DSID-031A11D3, problem 6005 (ENTRY_EXISTS), data 0: Entry %s already exists", dn)
	}
	if refused := d.mayContain(parent); refused != nil {
		return refused
	}
	edits, setPassword, refused := d.replacePasswords(edits)
	if refused != nil {
		return refused
	}
	t := d.draft(&entry{rdn: own, class: uint16(classID)})
	for _, x := range edits {
		if len(x.values) == 0 {
			return refuse(codeInvalidSyntax, "0000200B: AtrErr: problem 1004 (INVALID_ATT_SYNTAX), data 0: %s has no values", x.attr.name)
		}
		if refused := d.checkEdit(x, t.e); refused != nil {
			return refused
		}
		if refused := t.apply(x, false); refused != nil {
			return refused
		}
	}
	if refused := t.check(); refused != nil {
		return refused
	}
	setPassword(d.create(t, parent))
	return nil
}

// mayContain refuses what would lie below a person or a group.
func (d *Directory) mayContain(parent *entry) *ResultError {
	for _, leaf := range []string{"person", "group"} {
		if d.schema.hasClass(parent.class, leaf) && !d.schema.hasClass(parent.class, "computer") {
			return refuse(codeNamingViolation, "00002099: NamErr: DSID-0305109C, problem 2005 (NAMING_VIOLATION), data 0: %s cannot contain other objects", parent.dn())
		}
	}
	return nil
}

// create puts a checked draft of a new entry into the tree.
func (d *Directory) create(t *draft, parent *entry) *entry {
	e := d.alloc()
	e.rdn, e.class = t.e.rdn, t.e.class
	rand.Read(e.guid[:])
	e.guid[7], e.guid[8] = e.guid[7]&0x0f|0x40, e.guid[8]&0x3f|0x80
	e.usnCreated = d.usn + 1
	d.place(e, parent)
	t.e = e
	t.write()
	e.blob = blob(d.appendDefaults(d.appendAccountDefaults([]byte(e.blob), e), e))
	if d.schema.classes[e.class].account {
		d.setRID(e, d.nextRID)
		d.nameAccount(e)
	}
	c := d.begin("add", e)
	c.Mods = d.contents(e)
	d.commit(e, c)
	return e
}

// appendAccountDefaults adds what a domain controller gives an account that a client adds, unless the blob has it: disabled, since
// it has no password yet, and with all counters at zero. What is loaded from LDIF stands for accounts that exist already.
func (d *Directory) appendAccountDefaults(b []byte, e *entry) []byte {
	c := d.schema.classes[e.class]
	if !c.account || c.category != "Person" {
		return b
	}
	have := blob(string(b))
	for _, pair := range [][2]string{{"userAccountControl", "546"}, {"accountExpires", "9223372036854775807"}, {"pwdLastSet", "0"}, {"codePage", "0"}, {"countryCode", "0"},
		{"badPasswordTime", "0"}, {"badPwdCount", "0"}, {"lastLogon", "0"}, {"lastLogoff", "0"}, {"logonCount", "0"}} {
		if a := d.attr(pair[0]); len(have.get(a)) == 0 {
			b = appendAttribute(b, a, []string{pair[1]})
		}
	}
	return b
}

// contents lists everything about a new entry that Apply needs to make it again.
func (d *Directory) contents(e *entry) []Mod {
	chain := d.schema.classes[e.class].chain
	mods := []Mod{
		{Op: "add", Attr: "objectClass", Values: [][]byte{[]byte(chain[len(chain)-1])}},
		{Op: "add", Attr: "objectGUID", Values: [][]byte{slices.Clone(e.guid[:])}},
	}
	if e.rid != 0 {
		mods = append(mods, Mod{Op: "add", Attr: "objectSid", Values: [][]byte{[]byte(withRID(d.domainSID, e.rid))}})
	}
	for b := e.blob; len(b) > 0; {
		id, v, rest := b.next()
		b = rest
		mods = append(mods, modOf(edit{attr: d.schema.attrs[id], values: v.slice()}))
	}
	for _, r := range e.links {
		if a := d.schema.attrs[r.attr()]; a.origin == link {
			mods = append(mods, modOf(edit{attr: a, values: []string{d.at(r.target()).dn()}}))
		}
	}
	return mods
}

// applyAdd makes an entry again from a Change.
func (d *Directory) applyAdd(c Change) error {
	parent, own, refused := d.destination(c.DN)
	if refused != nil {
		return refused
	}
	if d.child(parent, own) != nil {
		return refuse(codeAlreadyExists, "it exists")
	}
	e := &entry{rdn: own}
	t := d.draft(e)
	for _, m := range c.Mods {
		if len(m.Values) == 0 {
			continue
		}
		switch m.Attr {
		case "objectClass":
			e.class = uint16(d.schema.byClass[lower(string(m.Values[0]))])
		case "objectGUID":
			e.guid, _ = parseGUID(string(m.Values[0]))
		case "objectSid":
			_, e.rid, _ = splitSID(string(m.Values[0]))
		default:
			edit, refused := d.editOf(m)
			if refused == nil {
				refused = t.apply(edit, true)
			}
			if refused != nil {
				return refused
			}
		}
	}
	made := d.alloc()
	made.rdn, made.class, made.guid, made.usnCreated = own, e.class, e.guid, c.USN
	d.place(made, parent)
	if e.rid != 0 {
		d.setRID(made, e.rid)
	}
	t.e = made
	t.write()
	d.stamp(made, c)
	return nil
}
