package access

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/state/dn"
)

// Descriptor is the attribute that holds an object's security descriptor.
const Descriptor = "nTSecurityDescriptor"

// List runs a search of few entries.
type List func(ctx context.Context, dn string, scope int, filter string, attributes []string, controls []ldap.Control) ([]*ldap.Entry, error)

// Lacking are the attributes that did not come, and may not be read of the entry; told is false if its descriptor did not come.
func Lacking(e *ldap.Entry, who Token, attributes map[string]Attribute) (names []string, told bool) {
	descriptor := e.GetRawAttributeValue(Descriptor)
	for name, a := range attributes {
		may, known := MayRead(descriptor, who, a)
		told = told || known
		if known && !may && len(e.GetEqualFoldRawAttributeValues(name)) == 0 {
			names = append(names, name)
		}
	}
	return names, told
}

// SchemaAttributes are what [Named] takes of the schema.
var SchemaAttributes = []string{"schemaIDGUID", "attributeSecurityGUID", "searchFlags", "systemFlags"}

// Bits of an attribute's searchFlags and systemFlags (MS-ADTS 2.2.10, 2.2.9).
const (
	flagConfidential = 128
	flagConstructed  = 4
)

// Named is what access control entries name attributes by, from their objects in the schema by name in lower case. Those that
// the server computes have no rights of their own.
func Named(schema map[string]*ldap.Entry, names []string) map[string]Attribute {
	list := map[string]Attribute{}
	for _, name := range names {
		e := schema[strings.ToLower(name)]
		if e == nil || flags(e, "systemFlags")&flagConstructed != 0 {
			continue
		}
		if id := e.GetRawAttributeValue("schemaIDGUID"); len(id) == 16 {
			list[name] = Attribute{ID: string(id), Set: string(e.GetRawAttributeValue("attributeSecurityGUID")),
				Confidential: flags(e, "searchFlags")&flagConfidential != 0}
		}
	}
	return list
}

func flags(e *ldap.Entry, name string) (n int64) {
	fmt.Sscan(e.GetAttributeValue(name), &n)
	return n
}

// TokenOf are the identifiers under which a connection's account acts, which the configuration calls principal; none if the server
// does not tell them. A server tells them in its rootDSE, or as those of the account's object, to which the groups of everybody
// who logs on have to be added.
func TokenOf(ctx context.Context, list List, domain, principal string, controls []ldap.Control) (Token, error) {
	who := Token{}
	add := func(entries []*ldap.Entry) {
		for _, e := range entries {
			for _, name := range [...]string{"tokenGroups", "objectSid"} {
				for _, v := range e.GetRawAttributeValues(name) {
					who[string(v)] = true
				}
			}
		}
	}
	const any = "(objectClass=*)"
	if root, err := list(ctx, "", ldap.ScopeBaseObject, any, []string{"tokenGroups"}, nil); err == nil {
		add(root)
	}
	if len(who) == 0 {
		name, err := account(ctx, list, domain, principal, controls)
		if name == "" || err != nil {
			return nil, err
		}
		own, err := list(ctx, name, ldap.ScopeBaseObject, any, []string{"tokenGroups", "objectSid"}, nil)
		if err != nil {
			return nil, err
		}
		if add(own); len(who) == 0 {
			return nil, nil
		}
	}
	for _, sid := range Everybody() {
		who[sid] = true
	}
	filter := fmt.Sprintf("(&(objectClass=group)(|(member=CN=S-1-5-11,%[1]s)(member=CN=S-1-1-0,%[1]s)))",
		ldap.EscapeFilter("CN=ForeignSecurityPrincipals,"+domain))
	groups, err := list(ctx, domain, ldap.ScopeWholeSubtree, filter, []string{"objectSid"}, controls)
	add(groups)
	return who, err
}

// account is the distinguished name of a principal, "" if it is not in the server's domain.
func account(ctx context.Context, list List, domain, principal string, controls []ldap.Control) (string, error) {
	if _, err := dn.Parse(principal); err == nil && strings.Contains(principal, "=") {
		return principal, nil
	}
	if _, sam, ok := strings.Cut(principal, `\`[:1]); ok {
		principal = sam
	}
	sam, _, _ := strings.Cut(principal, "@")
	if sam == "" {
		return "", nil
	}
	filter := fmt.Sprintf("(|(userPrincipalName=%s)(sAMAccountName=%s))", ldap.EscapeFilter(principal), ldap.EscapeFilter(sam))
	entries, err := list(ctx, domain, ldap.ScopeWholeSubtree, filter, []string{"objectSid"}, controls)
	if err != nil || len(entries) != 1 {
		return "", err
	}
	return entries[0].DN, nil
}
