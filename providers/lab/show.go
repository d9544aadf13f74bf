package lab

import (
	"encoding/json"

	"github.com/dirform/dirform/providers/lab/internal/ldapd"
)

// ADAttribute is an attribute with its values as LDAP shows them.
type ADAttribute = ldapd.Shown

// ShowAD is an object of the source with all its attributes. object is a DN or a name that finds one object; ok is false if it
// finds none.
func (l *Lab) ShowAD(object string) (dn string, attributes []ADAttribute, ok bool, err error) {
	if dn, ok = l.ad.Find(object); !ok {
		return "", nil, false, nil
	}
	attributes, err = l.ad.Show(dn)
	return dn, attributes, true, err
}

// ShowTenant is a tenant object with all its properties as JSON, in the shape seeds have. object is an id, user principal name,
// mail address or display name; an error says that it finds none, or several.
func (l *Lab) ShowTenant(object string) (json.RawMessage, error) { return l.tenant.Get(object) }

// Counts is how many objects of each kind a side has, by the kind's plural.
func (l *Lab) Counts() (ad, tenant map[string]int) { return l.ad.Counts(), l.tenant.Counts() }
