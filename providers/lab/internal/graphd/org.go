package graphd

import (
	"strings"
)

// plainList replies with objects that have no rules: organization, domains, licences, role definitions.
func (t *Tenant) plainList(rq *request, list []*object) (reply, *Error) {
	q, e := t.parseQuery(rq, plainKind)
	if e != nil {
		return reply{}, e
	}
	return t.positioned(rq, q, list, strings.Join(rq.path, "/"))
}

func (t *Tenant) listOrganization(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.plainList(rq, []*object{t.org})
}

func (t *Tenant) getOrganization(rq *request) (reply, *Error) {
	return t.plainGet(rq, func() []*object { return []*object{t.org} })
}

func (t *Tenant) listDomains(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.plainList(rq, t.domains)
}

func (t *Tenant) getDomain(rq *request) (reply, *Error) {
	return t.plainGet(rq, func() []*object { return t.domains })
}

func (t *Tenant) listSKUs(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.plainList(rq, t.liveSKUs())
}

func (t *Tenant) listRoleDefinitions(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.plainList(rq, t.roles.definitions)
}

func (t *Tenant) getRoleDefinition(rq *request) (reply, *Error) {
	return t.plainGet(rq, func() []*object { return t.roles.definitions })
}

func (t *Tenant) plainGet(rq *request, list func() []*object) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, o := range list() {
		if strings.EqualFold(text(o.rec.get(propID)), rq.params[0]) {
			return t.single(rq, 200, o)
		}
	}
	return reply{}, notFound(rq.params[0])
}

// listRoleAssignments understands $expand=roleDefinition and $filter on principalId and roleDefinitionId.
func (t *Tenant) listRoleAssignments(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	expand := rq.option("$expand")
	if expand != "" && !strings.HasPrefix(expand, "roleDefinition") {
		return reply{}, badRequest("$expand is supported for roleDefinition only; '%s' was asked for.", expand)
	}
	delete(rq.query, "$expand")
	return t.plainList(rq, t.assignments(expand != ""))
}

// assignments lists who holds which role, with the role's definition if asked for. An assignment stays when its principal goes to
// the recycle bin, since a restored one holds the role again; that the service lists it meanwhile is inferred.
func (t *Tenant) assignments(expand bool) []*object {
	principal, role, scope := t.reg.must("principalId"), t.reg.must("roleDefinitionId"), t.reg.must("directoryScopeId")
	def := t.reg.must("roleDefinition")
	var list []*object
	for _, a := range t.roles.assignments {
		if a.principal != t.roles.application && t.byID[a.principal.id] == nil {
			continue // gone for good
		}
		fields := []field{{propID, quoted(a.id)}, {principal, quoted(a.principal.id.String())}, {role, a.role.rec.get(propID)}, {scope, `"/"`}}
		if expand {
			fields = append(fields, field{def, `{` + string(t.appendAll(nil, a.role)) + `}`})
		}
		list = append(list, &object{kind: plainKind, rec: makeRecord(fields)})
	}
	return list
}

func (t *Tenant) getRoleAssignment(rq *request) (reply, *Error) {
	return t.plainGet(rq, func() []*object { return t.assignments(false) })
}

// activeRoles are the roles somebody holds, as GET /directoryRoles lists them: each with an id of this tenant's own.
func (t *Tenant) activeRoles() (list []*object, holders map[string][]*object) {
	holders = map[string][]*object{}
	for _, a := range t.roles.assignments {
		template := text(a.role.rec.get(propID))
		id := mintGUID("directoryRole", t.tenantID, template).String()
		if holders[id] == nil {
			list = append(list, &object{kind: plainKind, rec: makeRecord([]field{{propID, quoted(id)},
				{propDisplayName, a.role.rec.get(propDisplayName)}, {t.reg.must("roleTemplateId"), quoted(template)}})})
		}
		holders[id] = append(holders[id], a.principal)
	}
	return list, holders
}

func (t *Tenant) listDirectoryRoles(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	list, _ := t.activeRoles()
	return t.plainList(rq, list)
}

// activeRole finds an active role by its own id or its template's.
func (t *Tenant) activeRole(id string) (role *object, holders []*object, e *Error) {
	list, all := t.activeRoles()
	template := t.reg.must("roleTemplateId")
	for _, o := range list {
		own := text(o.rec.get(propID))
		if strings.EqualFold(own, id) || strings.EqualFold(text(o.rec.get(template)), id) {
			return o, all[own], nil
		}
	}
	return nil, nil, notFound(id)
}

func (t *Tenant) getDirectoryRole(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	role, _, e := t.activeRole(rq.params[0])
	if e != nil {
		return reply{}, e
	}
	return t.single(rq, 200, role)
}

func (t *Tenant) listRoleMembers(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	_, list, e := t.activeRole(rq.params[0])
	if e != nil {
		return reply{}, e
	}
	return t.references(rq, list)
}
