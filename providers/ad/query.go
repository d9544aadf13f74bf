package ad

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// guidDN names an object by its objectGUID wherever it is (MS-ADTS 3.1.1.3.1.2.4).
func guidDN(g state.GUID) string { return "<GUID=" + hex.EncodeToString(g[:]) + ">" }

// control is a request control without a value. The library's ControlString encodes TRUE as 0x01, which Samba takes for FALSE.
type control struct {
	oid      string
	critical bool
}

func (c control) GetControlType() string { return c.oid }

func (c control) String() string { return fmt.Sprintf("control %s, critical: %v", c.oid, c.critical) }

func (c control) Encode() *ber.Packet {
	p := ber.NewSequence("Control")
	p.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, c.oid, "Control Type"))
	if c.critical {
		p.AppendChild(ber.NewLDAPBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, true, "Criticality"))
	}
	return p
}

// kindFilters select the objects of a kind. Computers and managed service accounts are no persons.
var kindFilters = map[state.Kind]string{
	state.User:    "(&(objectCategory=person)(objectClass=user))",
	state.Group:   "(objectCategory=group)",
	state.Contact: "(&(objectCategory=person)(objectClass=contact))",

	providers.AnyKind: "(objectClass=*)",
}

// kindFilter is the filter for objects of a kind that match extra as well, and that are among guids unless there are none.
func kindFilter(kind state.Kind, extra string, guids []state.GUID) (string, error) {
	f, ok := kindFilters[kind]
	if !ok {
		return "", fmt.Errorf("objects of kind %q are not in Active Directory", kind)
	}
	if len(guids) > 0 {
		f = "(&" + f + providers.GUIDFilter(guids, "objectGUID") + ")"
	}
	if strings.TrimSpace(extra) == "" {
		return f, nil
	}
	if _, err := ldap.CompileFilter(extra); err != nil {
		return "", fmt.Errorf("filter %q is not an LDAP filter such as (employeeType=staff): %w", extra, err)
	}
	return "(&" + f + extra + ")", nil
}

// wireAttributes are the attributes to ask for: those of shape, and always objectGUID.
func wireAttributes(shape *state.Shape) []string {
	names := shape.Names()
	if shape.Index("objectGUID") >= 0 {
		return names
	}
	return append([]string{"objectGUID"}, names...)
}

// list runs a search of few entries, without the tap.
func (c *conn) list(ctx context.Context, dn string, scope int, filter string, attributes []string, controls []ldap.Control) ([]*ldap.Entry, error) {
	req := ldap.NewSearchRequest(dn, scope, ldap.NeverDerefAliases, 0, 0, false, filter, attributes, controls)
	var result *ldap.SearchResult
	err := c.do(ctx, func() (err error) {
		result, err = c.Search(req)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result.Entries, nil
}

// entry reads the object named dn; the rootDSE's name is "".
func (c *conn) entry(ctx context.Context, dn string, attributes []string, controls []ldap.Control) (*ldap.Entry, error) {
	entries, err := c.list(ctx, dn, ldap.ScopeBaseObject, "(objectClass=*)", attributes, controls)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		// No right to read it looks like no object, as for the server (MS-ADTS 3.1.1.3.1.3).
		return nil, ldap.NewError(ldap.LDAPResultNoSuchObject, fmt.Errorf("the server shows no object named %q", dn))
	}
	return entries[0], nil
}
