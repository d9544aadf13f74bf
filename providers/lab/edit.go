package lab

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// SetAD replaces an attribute's values as an administrator would; no values remove it. object is a DN or a name that finds
// one object (sAMAccountName, UPN, common name). A value "base64:…" is binary.
func (l *Lab) SetAD(object, attr string, values []string) error {
	dn, err := l.findAD(object)
	if err != nil {
		return err
	}
	var raw [][]byte
	for _, v := range values {
		b := []byte(v)
		if enc, ok := strings.CutPrefix(v, "base64:"); ok {
			if b, err = base64.StdEncoding.DecodeString(enc); err != nil {
				return fmt.Errorf("the value of %s is not base64: %w", attr, err)
			}
		}
		raw = append(raw, b)
	}
	return l.ad.Set(dn, attr, raw)
}

// SetTenant sets a property as an administrator would, read-only ones included; nil clears. object is an id, user principal
// name, mail address or display name. value is what JSON can hold; manager and members take ids or user principal names.
func (l *Lab) SetTenant(object, property string, value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("the value of %s is not JSON: %w", property, err)
	}
	return l.tenant.Set(object, property, b)
}

// Move moves or renames an object of the source, the way mv does: into to if that is an existing container, else to the
// distinguished name to.
func (l *Lab) Move(object, to string) error {
	dn, err := l.findAD(object)
	if err != nil {
		return err
	}
	target, exists := l.ad.Find(to)
	if exists && strings.Contains(to, "=") && !strings.EqualFold(target, dn) {
		return l.ad.Rename(dn, firstRDN(dn)+","+target)
	}
	return l.ad.Rename(dn, to)
}

// firstRDN is a DN's part before the first comma that is not escaped.
func firstRDN(dn string) string {
	for i := 0; i < len(dn); i++ {
		switch dn[i] {
		case '\\':
			i++
		case ',':
			return dn[:i]
		}
	}
	return dn
}

// RemoveAD deletes an object of the source that has nothing below it.
func (l *Lab) RemoveAD(object string) error {
	dn, err := l.findAD(object)
	if err != nil {
		return err
	}
	return l.ad.Remove(dn)
}

// RemoveTenant deletes a tenant object: into the recycle bin, or for good.
func (l *Lab) RemoveTenant(object string, purge bool) error { return l.tenant.Remove(object, purge) }

func (l *Lab) findAD(object string) (string, error) {
	dn, ok := l.ad.Find(object)
	if !ok {
		return "", fmt.Errorf("the lab's Active Directory has no object %q, or more than one; name one by its distinguished name", object)
	}
	return dn, nil
}
