package ldapd

// Set replaces the values of an attribute; nil removes it. It fails as an LDAP modify would, with a [*ResultError].
func (d *Directory) Set(dn string, attr string, values [][]byte) error {
	_, err := d.SetAll(dn, []Replacement{{attr, values}})
	return err
}

// Replacement is an attribute's new values; none remove it.
type Replacement struct {
	Attr   string
	Values [][]byte
}

// SetAll replaces the values of several attributes in one modification: all of them, or none. With an error it returns the
// attribute that is refused, "" where they are refused together.
func (d *Directory) SetAll(dn string, list []Replacement) (attr string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var edits []edit
	for _, r := range list {
		a, refused := d.writableAttribute(r.Attr)
		if refused != nil {
			return r.Attr, refused
		}
		x := edit{op: editReplace, attr: a}
		for _, v := range r.Values {
			value, ok := string(v), true
			if a.syntax == sid { // as an LDIF file may have it
				if value, ok = parseSID(value); !ok {
					return r.Attr, refuse(codeInvalidSyntax, "a security identifier has the form S-1-5-21-1-2-3-1104")
				}
			}
			x.values = append(x.values, value)
		}
		edits = append(edits, x)
	}
	return "", orNil(d.modify(dn, edits, true))
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

// Values returns an attribute's values as LDAP shows them, links as distinguished names; none if the entry has no such value.
func (d *Directory) Values(dn, attr string) ([][]byte, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e, refused := d.base(dn)
	if refused != nil {
		return nil, refused
	}
	a := d.schema.lookup(attr)
	if a == nil {
		return nil, refuse(codeNoSuchAttribute, "there is no attribute %s", clip([]byte(attr)))
	}
	var out [][]byte
	d.each(e, a, func(v string) bool {
		out = append(out, []byte(v))
		return true
	})
	return out, nil
}
