package ldapd

import "github.com/dirform/dirform/state/dn"

// destination takes a new distinguished name apart into an existing parent and a relative name.
func (d *Directory) destination(dn string) (*entry, rdn, *ResultError) {
	own, parentDN, more, err := cutRDN(dn)
	if err != nil || !more {
		return nil, "", refuse(codeInvalidDN, "0000208F: NameErr: problem 2006 (BAD_NAME), data 0: '%s' is not a name below the domain", dn)
	}
	parent, refused := d.base(parentDN)
	if refused != nil {
		return nil, "", refused
	}
	return parent, own, nil
}

// rename gives an entry another relative name, another parent, or both. What is below follows.
func (d *Directory) rename(dn string, parent *entry, own rdn) *ResultError {
	e, refused := d.base(dn)
	if refused != nil {
		return refused
	}
	if parent == nil {
		parent = e.parent
	}
	switch {
	case e.is(isTombstone), parent != nil && parent.is(isTombstone):
		return d.noObject(d.root)
	case e.is(isNCHead) || e.parent == nil:
		return refuse(codeUnwilling, "00002079: SvcErr: problem 5003 (WILL_NOT_PERFORM), data 0: the head of a naming context cannot be renamed")
	case rdnType(own) != rdnType(e.rdn):
		return refuse(codeNamingViolation, "0000207B: NamErr: problem 2005 (NAMING_VIOLATION), data 0: the name of %s starts with %s=", e.dn(), rdnType(e.rdn))
	case parent.below(e):
		return refuse(codeUnwilling, "00002089: UpdErr: problem 6003, data 0: %s cannot move below itself", e.dn())
	}
	if parent != e.parent {
		if refused := d.mayContain(parent); refused != nil {
			return refused
		}
	}
	if there := d.child(parent, own); there != nil && there != e {
		return refuse(codeAlreadyExists, "00002071: UpdErr: DSID-031A11D3, problem 6005 (ENTRY_EXISTS), data 0: Entry %s already exists", there.dn())
	}
	c := d.begin("rename", e)
	d.move(e, parent, own)
	c.NewDN = e.dn()
	d.commit(e, c)
	return nil
}

// move does the work of a rename that is known to be possible.
func (d *Directory) move(e, parent *entry, own rdn) {
	d.unindexName(e)
	e.detach()
	e.rdn = own
	e.attach(parent)
	e.refreshDNs()
	d.indexName(e)
}

// remove deletes an entry; with tree set also what is below it, leaves first.
func (d *Directory) remove(dn string, tree bool) *ResultError {
	e, refused := d.base(dn)
	if refused != nil {
		return refused
	}
	if e.is(isTombstone) {
		return d.noObject(d.root)
	}
	if e.is(isNCHead) || e.below(d.config) || e == d.users {
		return refuse(codeUnwilling, "00002094: SvcErr: DSID-031A0FC0, problem 5003 (WILL_NOT_PERFORM), data 0: %s belongs to the system", e.dn())
	}
	if n := e.childCount(); n > 0 && !tree {
		return refuse(codeNotAllowedNonLeaf, "00002015: UpdErr: DSID-031A11D3, problem 6003 (CANT_ON_NON_LEAF), data 0: %s has %d children", e.dn(), n)
	}
	d.removeTree(e)
	return nil
}

func (e *entry) childCount() int {
	if e.kids == nil {
		return 0
	}
	return len(e.kids.list)
}

func (d *Directory) removeTree(e *entry) {
	for e.childCount() > 0 {
		d.removeTree(e.kids.list[len(e.kids.list)-1])
	}
	c := d.begin("delete", e)
	d.bury(e)
	d.commit(e, c)
}

// keptInTombstone are the attributes a deleted entry keeps.
var keptInTombstone = []string{"sAMAccountName", "userAccountControl", "objectSid", "groupType"}

// bury turns an entry into a tombstone below CN=Deleted Objects.
func (d *Directory) bury(e *entry) {
	parent := e.parent
	for _, r := range e.links {
		a := d.schema.attrs[r.attr()]
		if far := d.at(r.target()); a.partner != 0 && far != e {
			far.unlink(refTo(a.partner, e))
		}
	}
	e.links = []linkRef{refTo(d.attr("lastKnownParent"), parent)}
	delete(d.passwords.hashes, e.id)
	d.indexValues(e, false)
	old := e.blob
	e.blob = ""
	for _, label := range keptInTombstone {
		e.blob = e.blob.with(d.attr(label), old.get(d.attr(label)).slice())
	}
	e.blob = e.blob.with(d.attr("isDeleted"), []string{"TRUE"})
	e.blob = e.blob.with(d.attr("isRecycled"), []string{"TRUE"})
	d.indexValues(e, true)
	e.kids = nil
	e.flags |= isTombstone
	own := rdnType(e.rdn) + "=" + dn.Escape(rdnValue(e.rdn)+"\nDEL:"+guidText(e.guid))
	d.move(e, d.deleted, own)
}
