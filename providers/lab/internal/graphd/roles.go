package graphd

import (
	"slices"
	"strings"
)

// roleTable holds role definitions and who is assigned to them.
type roleTable struct {
	definitions []*object
	assignments []roleAssignment
	application *object // the service principal of the tenant's application, if it holds a role
}

type roleAssignment struct {
	id        string
	principal *object
	role      *object
}

// builtinRoles are Entra's best known roles; template ids are the same in every tenant.
var builtinRoles = [...][2]string{
	{"62e90394-69f5-4237-9190-012177145e10", "Global Administrator"},
	{"e8611ab8-c189-46e8-94e1-60213ab1f814", "Privileged Role Administrator"},
	{"7be44c8a-adaf-4e2a-84d6-ab2649e08a13", "Privileged Authentication Administrator"},
	{"194ae4cb-b126-40b2-bd5b-6091b380977d", "Security Administrator"},
	{"fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator"},
	{"29232cdf-9323-42fd-ade2-1d097af3e4de", "Exchange Administrator"},
	{"f28a1f50-f6e7-4571-818b-6a12f2af6b6c", "SharePoint Administrator"},
	{"729827e3-9c14-49f7-bb1b-9608f156bbb8", "Helpdesk Administrator"},
	{"9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator"},
	{"158c047a-c907-4556-b7ef-446551a6b5f7", "Cloud Application Administrator"},
	{"b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", "Conditional Access Administrator"},
	{"8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", "Hybrid Identity Administrator"},
	{"fdd7a751-b60b-444a-984c-02652fe8fa1c", "Groups Administrator"},
	{"c4e39bd9-1100-46d3-8c65-fb160da0071f", "Authentication Administrator"},
	{"966707d0-3269-4727-9be2-8c3a10f19b9d", "Password Administrator"},
	{"f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader"},
	{"5d6b6bb7-de71-4623-b4af-96380a352509", "Security Reader"},
	{"88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers"},
	{"95e79109-95c0-4d8e-aee3-d01accf2d47b", "Guest Inviter"},
	{"790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b", "Message Center Reader"},
	{"4a5d8f65-41da-4de4-8968-e035b65339cf", "Reports Reader"},
	{"75934031-6c7e-415a-99d7-48dbd49e875e", "Usage Summary Reports Reader"},
}

// harmlessRoles leave their holders open to every user administrator (v1.0 reference, users, "Sensitive actions").
var harmlessRoles = map[string]bool{"Directory Readers": true, "Guest Inviter": true, "Message Center Reader": true,
	"Reports Reader": true, "Usage Summary Reports Reader": true}

func newRoleTable(reg *registry) roleTable {
	var t roleTable
	for _, r := range builtinRoles {
		t.define(reg, r[0], r[1], true)
	}
	return t
}

func (t *roleTable) define(reg *registry, id, name string, builtin bool) *object {
	b := "false"
	if builtin {
		b = "true"
	}
	o := &object{kind: plainKind, rec: makeRecord([]field{{propID, quoted(id)}, {propDisplayName, quoted(name)},
		{reg.must("isBuiltIn"), b}, {reg.must("isEnabled"), "true"},
		{reg.must("templateId"), quoted(id)}})}
	t.definitions = append(t.definitions, o)
	return o
}

// find is the role with this id or display name, or nil.
func (t *roleTable) find(role string) *object {
	for _, o := range t.definitions {
		if strings.EqualFold(text(o.rec.get(propID)), role) || strings.EqualFold(text(o.rec.get(propDisplayName)), role) {
			return o
		}
	}
	return nil
}

// assign gives principal a role by id or name; an unknown one becomes a custom role.
func (t *roleTable) assign(reg *registry, principal *object, role string) {
	def := t.find(role)
	if def == nil {
		id := role
		if _, ok := parseGUID(role); !ok {
			id = mintGUID("roleDefinition", role).String()
		}
		def = t.define(reg, id, role, false)
	}
	id := mintGUID("roleAssignment", principal.id.String(), text(def.rec.get(propID))).String()
	t.assignments = append(t.assignments, roleAssignment{id, principal, def})
}

// holdsRole says whether sensitive actions on o need a privileged administrator: o holds a role that matters, itself or
// through a group, or is a member or owner of a role-assignable group.
func (t *Tenant) holdsRole(o *object) bool {
	for _, a := range t.roles.assignments {
		if harmlessRoles[text(a.role.rec.get(propDisplayName))] {
			continue
		}
		if a.principal == o || a.principal.kind == groupKind && isMember(a.principal, o) {
			return true
		}
	}
	for _, g := range t.live[groupKind] {
		if g.rec.get(propAssignableToRole) == "true" && (isMember(g, o) || slices.Contains(g.refs(ownerRel), o)) {
			return true
		}
	}
	return false
}

// higherRoles are those whose holders may do what is sensitive to the holders of other roles (v1.0 reference, users, "Who can
// perform sensitive actions"). An application needs them like a person; its permissions do not stand in for them.
var higherRoles = map[string]bool{"62e90394-69f5-4237-9190-012177145e10": true, "7be44c8a-adaf-4e2a-84d6-ab2649e08a13": true}

// shields says whether sensitive actions on o are refused to a caller.
func (t *Tenant) shields(o *object, who caller) bool {
	return t.holdsRole(o) && !t.mayTouchHolders(who)
}

// mayTouchHolders says whether a caller holds a higher role, itself or through a group. The bearer of the static token is nobody in
// the directory, so he holds none.
func (t *Tenant) mayTouchHolders(who caller) bool {
	var me *object
	switch who {
	case application:
		me = t.roles.application
	case person:
		me = t.refer(t.Faults().SignedInAs)
	}
	if me == nil {
		return false
	}
	return slices.ContainsFunc(t.roles.assignments, func(a roleAssignment) bool {
		return higherRoles[text(a.role.rec.get(propID))] && (a.principal == me || a.principal.kind == groupKind && isMember(a.principal, me))
	})
}

// servicePrincipal is the application's object, which can hold roles and is in no list.
func (t *roleTable) servicePrincipal() *object {
	if t.application == nil {
		id, _ := parseGUID(ServicePrincipalID)
		t.application = &object{kind: plainKind, id: id}
	}
	return t.application
}

func isMember(g, o *object) bool {
	for _, m := range g.members() {
		if m == o {
			return true
		}
	}
	return false
}
