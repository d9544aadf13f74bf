package ldapd

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
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
	if edits, refused = d.replacePasswords(edits); refused != nil {
		return refused
	}
	t := d.draft(e)
	for _, x := range edits {
		if refused := checkValues(x); refused != nil {
			return refused
		}
		if refused := t.apply(x, permissive); refused != nil {
			return refused
		}
	}
	if refused := t.check(); refused != nil || !t.changes() {
		return refused
	}
	c := d.begin("modify", e)
	for _, x := range edits {
		c.Mods = append(c.Mods, modOf(x))
	}
	t.write()
	d.commit(e, c)
	return nil
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

// replacePasswords turns password changes into what remains visible of them: pwdLastSet. The passwords themselves go nowhere.
func (d *Directory) replacePasswords(edits []edit) ([]edit, *ResultError) {
	var out []edit
	set := false
	for _, x := range edits {
		if !x.attr.secret {
			out = append(out, x)
			continue
		}
		for _, v := range x.values {
			if x.attr.name == "unicodePwd" && !quotedUTF16(v) {
				return nil, refuse(codeUnwilling, "0000001F: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0: unicodePwd is the password in double quotes, as UTF-16LE")
			}
		}
		set = true
	}
	if set {
		const toFileTime = 11644473600 // seconds from 1601 to 1970
		now := strconv.FormatInt((d.now().Unix()+toFileTime)*int64(time.Second/100), 10)
		out = append(out, edit{op: editReplace, attr: d.schema.lookup("pwdLastSet"), values: []string{now}})
	}
	return out, nil
}

func quotedUTF16(v string) bool {
	if len(v)%2 != 0 || len(v) < 6 {
		return false
	}
	units := make([]uint16, len(v)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16([]byte(v[2*i:]))
	}
	s := string(utf16.Decode(units))
	return strings.HasPrefix(s, `"`) && strings.HasSuffix(s, `"`)
}

// add creates an entry from the attributes of an add request.
func (d *Directory) add(dn string, edits []edit, classes []string) *ResultError {
	parent, own, refused := d.destination(dn)
	if refused != nil {
		return refused
	}
	classID, ok := d.schema.classOf(classes)
	switch {
	case !ok:
		return refuse(codeObjectClass, "0000207C: UpdErr: problem 6002 (OBJ_CLASS_VIOLATION), data 0: objectClass is missing or not in the schema")
	case parent.is(isTombstone):
		return d.noObject(d.root)
	case d.child(parent, own) != nil:
		return refuse(codeAlreadyExists, "00002071: UpdErr: DSID-031A11D3, problem 6005 (ENTRY_EXISTS), data 0: Entry %s already exists", dn)
	}
	if edits, refused = d.replacePasswords(edits); refused != nil {
		return refused
	}
	t := d.draft(&entry{rdn: own, class: uint16(classID)})
	for _, x := range edits {
		if len(x.values) == 0 {
			return refuse(codeInvalidSyntax, "0000200B: AtrErr: problem 1004 (INVALID_ATT_SYNTAX), data 0: %s has no values", x.attr.name)
		}
		if refused := checkValues(x); refused != nil {
			return refused
		}
		if refused := t.apply(x, false); refused != nil {
			return refused
		}
	}
	if refused := t.check(); refused != nil {
		return refused
	}
	d.create(t, parent)
	return nil
}

// create puts a checked draft of a new entry into the tree.
func (d *Directory) create(t *draft, parent *entry) {
	e := d.alloc()
	e.rdn, e.class = t.e.rdn, t.e.class
	rand.Read(e.guid[:])
	e.guid[7], e.guid[8] = e.guid[7]&0x0f|0x40, e.guid[8]&0x3f|0x80
	e.usnCreated = d.usn + 1
	d.place(e, parent)
	t.e = e
	t.write()
	e.blob = blob(d.appendDefaults([]byte(e.blob), e))
	if d.schema.classes[e.class].account {
		d.setRID(e, d.nextRID)
		d.nameAccount(e)
	}
	c := d.begin("add", e)
	c.Mods = d.contents(e)
	d.commit(e, c)
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
