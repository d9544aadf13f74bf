package graphd

import (
	"fmt"
	"slices"
	"strings"
)

// addUser adds the draft as a living user, with what a seed may leave out.
func (s *seeder) addUser(at int64) error {
	d := &s.d
	upn := d.text(propUPN)
	local, _, ok := strings.Cut(upn, "@")
	if !ok {
		return fmt.Errorf("a user needs a userPrincipalName such as \"jane@contoso.com\"; this one has %q", upn)
	}
	if d.get(propMailNickname) == "" {
		d.set(propMailNickname, quoted(local))
	}
	if d.get(propDisplayName) == "" {
		d.set(propDisplayName, quoted(local))
	}
	if d.get(propAccountEnabled) == "" {
		d.set(propAccountEnabled, "true")
	}
	if d.get(propUserType) == "" {
		d.set(propUserType, `"Member"`)
	}
	return s.add(at, "user", upn)
}

// addOther adds the draft as a group or contact.
func (s *seeder) addOther(at int64) error {
	d := &s.d
	name := d.text(propDisplayName)
	if name == "" {
		return fmt.Errorf("a %s needs a displayName", strings.ToLower(d.kind.resource()))
	}
	if d.kind == groupKind {
		s.finishGroup()
	}
	key := d.text(propMail)
	if key == "" {
		key = name
	}
	return s.add(at, d.kind.collection(), key)
}

// finishGroup says what sort of group the draft is where the seed leaves it open: one with an address or of Microsoft 365 is for
// mail, any other for security.
func (s *seeder) finishGroup() {
	d := &s.d
	unified := slices.Contains(texts(d.get(propGroupTypes)), "Unified")
	mail := unified || d.text(propMail) != ""
	if d.get(propMailEnabled) == "" {
		d.set(propMailEnabled, fmt.Sprint(mail))
	}
	if d.get(propSecurityEnabled) == "" {
		d.set(propSecurityEnabled, fmt.Sprint(d.get(propMailEnabled) != "true"))
	}
	if d.get(propMailNickname) == "" {
		name, _, _ := strings.Cut(d.text(propMail), "@")
		if name == "" {
			name = strings.Join(words(d.text(propDisplayName)), "")
		}
		if name != "" && isASCII(name) {
			d.set(propMailNickname, quoted(name[:min(len(name), 64)]))
		}
	}
}

// addDeleted adds the draft to the recycle bin, with the changed UPN that the service gives deleted users.
func (s *seeder) addDeleted(at int64) error {
	d := &s.d
	switch t := strings.ToLower(text(d.more["@odata.type"])); {
	case t == "#microsoft.graph.user" || t == "":
	case t == "#microsoft.graph.group":
		d.kind = groupKind
	default:
		return fmt.Errorf("a deleted item's \"@odata.type\" is \"#microsoft.graph.user\" or \"#microsoft.graph.group\", not %q", t)
	}
	if d.get(propDeletedDateTime) == "" {
		d.set(propDeletedDateTime, seedTime)
	}
	if d.kind == groupKind {
		return s.addOther(at)
	}
	upn := d.text(propUPN)
	id, ok := parseGUID(d.id)
	if !ok {
		id = mintGUID("deleted", upn)
		d.id = id.String()
	}
	if mark := binMark(id); !strings.HasPrefix(upn, mark) {
		if d.get(propMailNickname) == "" {
			local, _, _ := strings.Cut(upn, "@")
			d.set(propMailNickname, quoted(local))
		}
		d.set(propUPN, quoted(mark+upn))
		for i := range d.fields { // the later value wins in a record, but the draft's own lookups take the first
			if d.fields[i].prop == propUPN {
				d.fields[i].raw = quoted(mark + upn)
			}
		}
	}
	return s.addUser(at)
}

// add makes the draft an object of the tenant. key names it for minting an id.
func (s *seeder) add(at int64, what, key string) error {
	d, t := &s.d, s.t
	id, ok := parseGUID(d.id)
	if !ok {
		if d.id != "" {
			return fmt.Errorf("id %q is not a GUID; correct it or leave it out to have one made", d.id)
		}
		id = mintGUID(what, key)
	}
	if t.byID[id] != nil {
		return fmt.Errorf("two objects have the id %s (%s); every object needs its own name or id", id, key)
	}
	if d.get(propCreatedDateTime) == "" {
		d.set(propCreatedDateTime, seedTime)
	}
	if mail := d.text(propMail); mail != "" && d.get(propProxyAddresses) == "" {
		d.set(propProxyAddresses, rawTexts([]string{"SMTP:" + mail}))
	}
	o := &object{}
	next := object{id: id, kind: d.kind, rec: makeRecord(d.fields), deleted: d.get(propDeletedDateTime) != "" && d.get(propDeletedDateTime) != "null"}
	if d.cloudManaged {
		next.ext = &extra{cloudManaged: true}
	}
	if !next.deleted {
		if other, property, value := t.clash(o, &next); other != nil {
			return fmt.Errorf("%s %q has the %s %q, which %s %s has already; a tenant keeps it unique, so change one of them",
				strings.ToLower(d.kind.resource()), key, property, value, strings.ToLower(other.kind.resource()), t.nameOf(other))
		}
	}
	t.store(o, next)
	if d.manager != "" {
		s.managers = append(s.managers, pendingRef{o, d.manager, at})
	}
	for _, m := range d.members {
		s.members = append(s.members, pendingRef{o, m, at})
	}
	for _, m := range d.owners {
		s.owners = append(s.owners, pendingRef{o, m, at})
	}
	return nil
}

// nameOf is how errors name an object.
func (t *Tenant) nameOf(o *object) string {
	for _, p := range []int{propUPN, propMail, propDisplayName} {
		if v := text(o.rec.get(p)); v != "" {
			return v
		}
	}
	return o.id.String()
}

// addRole notes a role assignment.
func (s *seeder) addRole(at int64) error {
	principal, role := s.d.text(s.t.reg.must("principalId")), s.d.text(s.t.reg.must("roleDefinitionId"))
	if principal == "" || role == "" {
		return fmt.Errorf("a role assignment needs principalId (object id or user principal name) and roleDefinitionId (id or name, such" +
			" as \"Global Administrator\")")
	}
	s.roles = append(s.roles, pendingRole{principal, role, at})
	return nil
}
