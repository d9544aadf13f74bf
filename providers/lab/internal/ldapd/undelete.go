package ldapd

// undeletes reports whether a modification is that which brings a deleted object back, and to which name (MS-ADTS
// 3.1.1.5.3.7: isDeleted goes, and distinguishedName is replaced).
func undeletes(edits []rawEdit) (to string, ok bool) {
	deleted := false
	for _, x := range edits {
		switch lower(x.label) {
		case "isdeleted":
			deleted = x.op == editDelete
		case "distinguishedname":
			if x.op == editReplace && len(x.values) == 1 {
				to = x.values[0]
			}
		}
	}
	return to, deleted && to != ""
}

// undelete brings a deleted object back under a name. It has what the tombstone has kept.
func (d *Directory) undelete(dn, to string) *ResultError {
	e, refused := d.base(dn)
	if refused != nil {
		return refused
	}
	if !e.is(isTombstone) || e == d.deleted {
		return refuse(codeUnwilling, "000020E7: SvcErr: problem 5003 (WILL_NOT_PERFORM), data 0: %s is not deleted", dn)
	}
	parent, own, refused := d.destination(to)
	switch {
	case refused != nil:
		return refused
	case parent.is(isTombstone):
		return d.noObject(d.root)
	case d.child(parent, own) != nil:
		return refuse(codeAlreadyExists, "00002071: UpdErr: DSID-031A11D3, problem 6005 (ENTRY_EXISTS), data 0: "+
			"Entry %s already exists", to)
	}
	if refused := d.mayContain(parent); refused != nil {
		return refused
	}
	c := d.begin("undelete", e)
	d.exhume(e, parent, own)
	c.NewDN = e.dn()
	d.commit(e, c)
	return nil
}

// exhume does the work of an undelete that is known to be possible.
func (d *Directory) exhume(e, parent *entry, own rdn) {
	d.indexValues(e, false)
	for _, label := range []string{"isDeleted", "isRecycled"} {
		e.blob = e.blob.with(d.attr(label), nil)
	}
	e.blob = blob(d.appendDefaults([]byte(e.blob), e))
	d.indexValues(e, true)
	e.links = nil
	e.flags &^= isTombstone
	d.move(e, parent, own)
}
