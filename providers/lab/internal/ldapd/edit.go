package ldapd

// Set replaces the values of an attribute; nil removes it. It fails as an LDAP modify would, with a [*ResultError].
func (d *Directory) Set(dn string, attr string, values [][]byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, refused := d.writableAttribute(attr)
	if refused != nil {
		return refused
	}
	x := edit{op: editReplace, attr: a}
	for _, v := range values {
		x.values = append(x.values, string(v))
	}
	return orNil(d.modify(dn, []edit{x}, true))
}

// Rename moves or renames an entry, or both. What is below follows, and so do the links that lead there.
func (d *Directory) Rename(dn, newDN string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	parent, own, refused := d.destination(newDN)
	if refused == nil {
		refused = d.rename(dn, parent, own)
	}
	return orNil(refused)
}

// Remove deletes an entry that has no children.
func (d *Directory) Remove(dn string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return orNil(d.remove(dn, false))
}

// orNil keeps a nil *ResultError from becoming an error that is not nil.
func orNil(r *ResultError) error {
	if r == nil {
		return nil
	}
	return r
}
