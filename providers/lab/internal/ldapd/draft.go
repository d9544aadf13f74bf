package ldapd

import (
	"slices"
	"strings"
)

// Operations of a modification, as in a modify request.
const (
	editAdd = iota
	editDelete
	editReplace
)

// edit is one modification of one attribute.
type edit struct {
	op     int64
	attr   *attribute
	values []string
}

// draft collects modifications of an entry. Nothing is written unless all of them are possible.
type draft struct {
	d      *Directory
	e      *entry
	stored map[attrID][]string
	links  map[attrID][]uint32
}

func (d *Directory) draft(e *entry) *draft {
	return &draft{d: d, e: e, stored: map[attrID][]string{}, links: map[attrID][]uint32{}}
}

// apply makes one modification in the draft. With permissive set, adding what is there and deleting what is not succeed.
func (t *draft) apply(x edit, permissive bool) *ResultError {
	if x.attr.origin == link {
		return t.applyLinks(x, permissive)
	}
	have, touched := t.stored[x.attr.id]
	if !touched {
		have = t.e.blob.get(x.attr.id).slice()
	}
	out, refused := editList(have, x, permissive, t.e, func(v string) (string, *ResultError) {
		return string(x.attr.appendNorm(nil, v)), nil
	}, x.attr.equal)
	t.stored[x.attr.id] = out
	return refused
}

func (t *draft) applyLinks(x edit, permissive bool) *ResultError {
	have, touched := t.links[x.attr.id]
	if !touched {
		have = t.e.targets(x.attr.id)
	}
	out, refused := editList(have, x, permissive, t.e, func(dn string) (uint32, *ResultError) {
		target, refused := t.d.base(dn)
		if refused != nil && refused.Code == codeInvalidDN {
			return 0, refused
		}
		if x.attr.name == "member" && (refused != nil || target.is(isTombstone)) {
			return 0, refuse(codeNoSuchObject, "00000525: NameErr: DSID-031A1254, problem 2001 (NO_OBJECT), data 0: Referenced object not found at %s", dn)
		}
		if refused != nil || target.is(isTombstone) && !t.e.is(isTombstone) {
			return 0, refuse(codeConstraint, "000020B5: AtrErr: DSID-03152395, #1: problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att %s: Referenced object not found at %s",
				x.attr.name, dn)
		}
		return target.id, nil
	}, func(a, b uint32) bool { return a == b })
	t.links[x.attr.id] = out
	return refused
}

// editList applies an edit to the values of an attribute, V being how they are kept. key turns a value of the request into
// the form that same compares with.
func editList[V comparable](have []V, x edit, permissive bool, e *entry, key func(string) (V, *ResultError),
	same func(have, key V) bool) ([]V, *ResultError) {
	keys := make([]V, len(x.values))
	for i, v := range x.values {
		var refused *ResultError
		if keys[i], refused = key(v); refused != nil {
			return have, refused
		}
	}
	if x.op == editDelete {
		return deleteValues(have, x, keys, permissive, e, same)
	}
	if x.op == editReplace {
		have = nil
	}
	seen := map[V]bool{}
	if len(keys)*len(have) > 1000 {
		for _, v := range have {
			seen[v] = true
		}
	}
	out := slices.Clone(have)
	for i, k := range keys {
		there := seen[k] || len(seen) < len(have) && slices.ContainsFunc(have, func(v V) bool { return same(v, k) })
		if there && permissive {
			continue
		}
		if there {
			return have, valueExists(x.attr, e)
		}
		seen[k] = true
		out = append(out, asStored(x.values[i], k))
	}
	return out, singleCheck(x, len(out), e)
}

// asStored keeps a string as the client wrote it and a link as the entry it leads to.
func asStored[V comparable](written string, key V) V {
	if v, ok := any(written).(V); ok {
		return v
	}
	return key
}

func deleteValues[V comparable](have []V, x edit, keys []V, permissive bool, e *entry, same func(have, key V) bool) ([]V, *ResultError) {
	if len(keys) == 0 {
		if len(have) == 0 && !permissive {
			return have, noSuchValue(x.attr, e)
		}
		return nil, nil
	}
	out := slices.Clone(have)
	for _, k := range keys {
		i := slices.IndexFunc(out, func(v V) bool { return same(v, k) })
		if i < 0 {
			if permissive {
				continue
			}
			if x.attr.name == "member" {
				return have, refuse(codeUnwilling, "00000561: SvcErr: DSID-031A1254, problem 5003 (WILL_NOT_PERFORM), data 0: not a member of %s", e.label())
			}
			return have, noSuchValue(x.attr, e)
		}
		out = slices.Delete(out, i, i+1)
	}
	return out, nil
}

func noSuchValue(a *attribute, e *entry) *ResultError {
	return refuse(codeNoSuchAttribute, "00002085: AtrErr: DSID-03152395, #1: problem 1001 (NO_ATTRIBUTE_OR_VAL), data 0, Att %s of %s has no such value", a.name, e.label())
}

func valueExists(a *attribute, e *entry) *ResultError {
	if a.name == "member" {
		return refuse(codeAlreadyExists, "00000562: UpdErr: DSID-031A11E2, problem 6005 (ENTRY_EXISTS), data 0: already a member of %s", e.label())
	}
	return refuse(codeValueExists, "00002083: AtrErr: DSID-031519F7, #1: problem 1006 (ATT_OR_VALUE_EXISTS), data 0, Att %s of %s has that value already", a.name, e.label())
}

// label names an entry in messages; a new one has no place in the tree yet.
func (e *entry) label() string {
	if e.parent == nil && e.kids == nil {
		return e.rdn
	}
	return e.dn()
}

func singleCheck(x edit, n int, e *entry) *ResultError {
	if !x.attr.single || n <= 1 {
		return nil
	}
	code := codeConstraint
	if x.op == editAdd {
		code = codeValueExists
	}
	return refuse(code, "0000200D: AtrErr: SINGLE-VALUE attribute %s on %s specified more than once", x.attr.name, e.label())
}

// check tests the draft against what holds between entries: logon names are unique.
func (t *draft) check() *ResultError {
	for id, vals := range t.stored {
		a := t.d.schema.attrs[id]
		for _, v := range vals {
			switch {
			case a.name == "userPrincipalName" && t.d.taken(a, v, t.e):
				return refuse(codeConstraint, "000021C8: AtrErr: DSID-03200BBA, problem 1005 (CONSTRAINT_ATT_TYPE), data 0: userPrincipalName '%s' is already in use", v)
			case a.name == "sAMAccountName" && t.d.taken(a, v, t.e):
				return refuse(codeAlreadyExists, "00000524: UpdErr: DSID-031A11E2, problem 6005 (ENTRY_EXISTS), data 0: samAccountName '%s' already in use!", v)
			}
		}
	}
	return nil
}

// changes reports whether writing the draft would alter anything.
func (t *draft) changes() bool {
	for id, vals := range t.stored {
		if !slices.Equal(t.e.blob.get(id).slice(), vals) {
			return true
		}
	}
	for id, ids := range t.links {
		if !slices.Equal(t.e.targets(id), ids) {
			return true
		}
	}
	return false
}

// write puts the draft into the entry, the index and the far ends of links.
func (t *draft) write() {
	d, e := t.d, t.e
	if len(t.stored) > 0 {
		d.indexValues(e, false)
		for id, vals := range t.stored {
			e.blob = e.blob.with(id, vals)
		}
		d.indexValues(e, true)
	}
	for id, ids := range t.links {
		t.writeLinks(id, ids)
	}
}

func (t *draft) writeLinks(id attrID, ids []uint32) {
	e, partner := t.e, t.d.schema.attrs[id].partner
	keep := make(map[uint32]bool, len(ids))
	for _, target := range ids {
		keep[target] = true
	}
	had := map[uint32]bool{}
	fresh := make([]linkRef, 0, len(e.links)+1)
	for _, r := range e.links {
		if r.attr() != id {
			fresh = append(fresh, r)
			continue
		}
		had[r.target()] = true
		if partner != 0 && !keep[r.target()] {
			t.d.at(r.target()).unlink(refTo(partner, e))
		}
	}
	for _, target := range ids {
		fresh = append(fresh, linkRef(id)<<32|linkRef(target))
		if partner != 0 && !had[target] {
			far := t.d.at(target)
			far.links = append(far.links, refTo(partner, e))
		}
	}
	e.links = fresh
	if had[e.id] || keep[e.id] { // an entry linked to itself: both ends are in one list
		t.d.repairSelf(e, id, partner, keep[e.id])
	}
}

// repairSelf makes the back link of an entry that refers to itself right, whatever order its links were written in.
func (d *Directory) repairSelf(e *entry, id, partner attrID, linked bool) {
	if partner == 0 {
		return
	}
	back := refTo(partner, e)
	e.links = slices.DeleteFunc(e.links, func(r linkRef) bool { return r == back })
	if linked {
		e.links = append(e.links, back)
	}
}

// writableAttribute finds an attribute a client may write.
func (d *Directory) writableAttribute(label string) (*attribute, *ResultError) {
	a := d.schema.lookup(label)
	switch {
	case a == nil:
		return nil, refuse(codeNoSuchAttribute, "00000057: LdapErr: DSID-0C090D8A, comment: attribute '%s' was not found in the schema!", strings.ToValidUTF8(label, "?"))
	case a.origin == fromRDN:
		return nil, refuse(codeNotAllowedOnRDN, "00002016: UpdErr: problem 6004 (CANT_ON_RDN), data 0: %s follows from the name: rename the entry", a.name)
	case a.origin == backLink || a.origin == fromSID:
		return nil, refuse(codeUnwilling, "0000209A: SvcErr: DSID-031A1081, problem 5003 (WILL_NOT_PERFORM), data 0: attribute '%s' is kept by the server", a.name)
	case a.origin == fromClass:
		return nil, refuse(codeObjectClass, "0000207D: UpdErr: DSID-0315166D, problem 6002 (OBJ_CLASS_VIOLATION), data 0: the class of an object stays")
	case a.system || a.origin == constructed:
		return nil, refuse(codeConstraint, "0000202F: AtrErr: problem 1005 (CONSTRAINT_ATT_TYPE), data 0: attribute '%s' can only be modified as system", a.name)
	}
	return a, nil
}

const codeNotAllowedOnRDN = 67
