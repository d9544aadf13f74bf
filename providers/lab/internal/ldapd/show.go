package ldapd

// Shown is an attribute with its values as LDAP shows them: bytes for those that are no text, names for links.
type Shown struct {
	Name   string
	Values [][]byte
}

// Show is everything a search for all attributes would say about an entry, operational attributes included, in the schema's
// order.
func (d *Directory) Show(dn string) ([]Shown, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	e, refused := d.base(dn)
	if refused != nil {
		return nil, refused
	}
	var list []Shown
	for _, a := range d.schema.attrs[1:] {
		x := Shown{Name: a.name}
		d.each(e, a, func(v string) bool {
			x.Values = append(x.Values, []byte(v))
			return true
		})
		if len(x.Values) > 0 {
			list = append(list, x)
		}
	}
	return list, nil
}

// countedClasses are what Counts tells apart, the first match counting: a computer is a user, too.
var countedClasses = []struct{ class, label string }{
	{"computer", "computers"}, {"user", "users"}, {"group", "groups"}, {"contact", "contacts"}, {"organizationalunit", "organizational units"},
}

// Counts is the number of entries of each kind in the domain, by its plural; what every domain is born with and what was deleted
// does not count.
func (d *Directory) Counts() map[string]int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	counts := map[string]int{}
	for id := uint32(1); id <= d.count; id++ {
		e := d.at(id)
		if e.is(isTombstone) || e.is(isBuiltIn) || e.is(isNCHead) {
			continue
		}
		for _, c := range countedClasses {
			if d.schema.hasClass(e.class, c.class) {
				counts[c.label]++
				break
			}
		}
	}
	return counts
}
