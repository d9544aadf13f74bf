package lab

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/dirform/dirform/providers/lab/internal/graphd"
	"github.com/dirform/dirform/providers/lab/internal/ldapd"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/fault"
)

// Assignment is an attribute's new value: for Active Directory its Values, none of which remove it, where "base64:…" is binary; for
// the tenant what JSON can hold as Value, nil clears it.
type Assignment struct {
	Name   string
	Values []string
	Value  any
}

// NotSetError is why an edit was refused, of which nothing is done then.
type NotSetError struct {
	// Name is the attribute at fault, "" where several are refused together.
	Name string
	// Result is the result code of LDAP (RFC 4511, section 4.1.9) with which Active Directory refused it, 0 if it was not that.
	Result int
	// Code and Message are the tenant's error, empty if it was not that.
	Code, Message string
	Err           error
}

func (e *NotSetError) Error() string { return e.Err.Error() }

func (e *NotSetError) Unwrap() error { return e.Err }

// SetAD replaces an attribute's values as an administrator would; no values remove it. See [Lab.SetAllAD].
func (l *Lab) SetAD(object, attr string, values []string) error {
	return l.SetAllAD(object, []Assignment{{Name: attr, Values: values}})
}

// SetAllAD replaces the values of several attributes as an administrator would, in one modification: all of them or none. object is
// a DN or a name that finds one object (sAMAccountName, UPN, common name).
func (l *Lab) SetAllAD(object string, list []Assignment) error {
	dn, err := l.findAD(object)
	if err != nil {
		return err
	}
	var replace []ldapd.Replacement
	for _, x := range list {
		r := ldapd.Replacement{Attr: x.Name}
		for _, v := range x.Values {
			b := []byte(v)
			if enc, ok := strings.CutPrefix(v, "base64:"); ok {
				if b, err = base64.StdEncoding.DecodeString(enc); err != nil {
					return fmt.Errorf("the value of %s is not base64: %w", x.Name, err)
				}
			}
			r.Values = append(r.Values, b)
		}
		replace = append(replace, r)
	}
	return notSet(l.ad.SetAll(dn, replace))
}

// SetTenant sets a property as an administrator would, read-only ones included; nil clears. See [Lab.SetAllTenant].
func (l *Lab) SetTenant(object, property string, value any) error {
	return l.SetAllTenant(object, []Assignment{{Name: property, Value: value}})
}

// SetAllTenant sets properties as an administrator would, all of them or none. object is an id, user principal name, mail address or
// display name; manager and members take ids or user principal names.
func (l *Lab) SetAllTenant(object string, list []Assignment) error {
	var set []graphd.Assignment
	for _, x := range list {
		b, err := json.Marshal(x.Value)
		if err != nil {
			return fmt.Errorf("the value of %s is not JSON: %w", x.Name, err)
		}
		set = append(set, graphd.Assignment{Property: x.Name, Value: b})
	}
	return notSet(l.tenant.SetAll(object, set))
}

// notKept says that the disk, and nobody else, is why a change is lost.
func notKept(err error) error {
	return &fault.Error{Summary: "the disk did not take the lab's change", Detail: fault.Sentence(err) + " The change is lost.",
		Hint: "See to the disk, and make the change again.", Err: err}
}

// edited is err, or of a change that the tenant took and could not keep what says so.
func edited(err error) error {
	if refused := (*graphd.Error)(nil); errors.As(err, &refused) && refused.Journal != nil {
		return notKept(refused.Journal)
	}
	return err
}

func notSet(name string, err error) error {
	if lost := edited(err); lost != err || err == nil {
		return lost
	}
	e := &NotSetError{Name: name, Err: err}
	if refused := (*ldapd.ResultError)(nil); errors.As(err, &refused) {
		e.Result = refused.Code
	}
	if refused := (*graphd.Error)(nil); errors.As(err, &refused) {
		e.Code, e.Message = refused.Code, refused.Message
	}
	return e
}

// Move moves or renames an object of the source, the way mv does: into to if that is an existing container, else to the
// distinguished name to.
func (l *Lab) Move(object, to string) error {
	name, err := l.findAD(object)
	if err != nil {
		return err
	}
	target, exists := l.ad.Find(to)
	if exists && strings.Contains(to, "=") && !dn.Equal(target, name) {
		first, _, err := dn.Split(name)
		if err != nil {
			return err
		}
		return l.ad.Rename(name, first+","+target)
	}
	return l.ad.Rename(name, to)
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
func (l *Lab) RemoveTenant(object string, purge bool) error {
	return edited(l.tenant.Remove(object, purge))
}

func (l *Lab) findAD(object string) (string, error) {
	dn, ok := l.ad.Find(object)
	if !ok {
		return "", fmt.Errorf("the lab's Active Directory has no object %q, or more than one; name one by its distinguished name", object)
	}
	return dn, nil
}
