package graphd

import (
	"net/http"
	"strings"
)

// route is one method and path. Adding one to the table is all it takes to serve another part of Graph.
type route struct {
	method  string
	path    string // below the version; {…} matches one segment
	handler func(*Tenant, *request) (reply, *Error)
	kind    kind // of the objects, for handlers that serve several
	cost    int  // resource units before $select, $expand and $top; 0 means 1
	reads   bool // a POST that changes nothing

	segments []string
}

// routes is the table of what is served. Literal segments are preferred to {…} by standing first.
func routes() []*route {
	table := userRoutes()
	table = append(table, groupRoutes()...)
	table = append(table, membershipRoutes()...)
	table = append(table, contactRoutes()...)
	table = append(table, objectRoutes()...)
	table = append(table, tenantRoutes()...)
	table = append(table, roleRoutes()...)
	for _, k := range []kind{userKind, groupKind, contactKind} {
		path := "/" + k.collection() + "/{id}/onPremisesSyncBehavior"
		table = append(table, &route{method: "GET", path: path, handler: (*Tenant).getSyncBehavior, kind: k},
			&route{method: "PATCH", path: path, handler: (*Tenant).patchSyncBehavior, kind: k})
	}
	for _, r := range table {
		r.segments = strings.Split(r.path[1:], "/")
	}
	return table
}

func userRoutes() []*route {
	return []*route{
		{method: "GET", path: "/users", handler: (*Tenant).listObjects, cost: 2},
		{method: "POST", path: "/users", handler: (*Tenant).createUser},
		{method: "GET", path: "/users/$count", handler: (*Tenant).countObjects},
		{method: "GET", path: "/users/delta", handler: (*Tenant).deltaObjects},
		{method: "GET", path: "/me", handler: (*Tenant).getMe},
		{method: "GET", path: "/users/{id}", handler: (*Tenant).getObject},
		{method: "PATCH", path: "/users/{id}", handler: (*Tenant).patchUser},
		{method: "DELETE", path: "/users/{id}", handler: (*Tenant).deleteUser},
		{method: "GET", path: "/users/{id}/manager", handler: (*Tenant).getManager},
		{method: "GET", path: "/users/{id}/manager/$ref", handler: (*Tenant).getManagerRef},
		{method: "PUT", path: "/users/{id}/manager/$ref", handler: (*Tenant).putManager},
		{method: "DELETE", path: "/users/{id}/manager/$ref", handler: (*Tenant).deleteManager},
		{method: "GET", path: "/users/{id}/memberOf", handler: (*Tenant).listMemberOf, cost: 2},
		{method: "POST", path: "/users/{id}/assignLicense", handler: (*Tenant).assignLicense},
		{method: "GET", path: "/users/{id}/licenseDetails", handler: (*Tenant).listLicenseDetails, cost: 2},
	}
}

func groupRoutes() []*route {
	table := []*route{
		{method: "GET", path: "/groups", handler: (*Tenant).listObjects},
		{method: "POST", path: "/groups", handler: (*Tenant).createGroup},
		{method: "GET", path: "/groups/$count", handler: (*Tenant).countObjects},
		{method: "GET", path: "/groups/delta", handler: (*Tenant).deltaObjects},
		{method: "GET", path: "/groups(uniqueName=)/{name}", handler: (*Tenant).getUniqueGroup},
		{method: "PATCH", path: "/groups(uniqueName=)/{name}", handler: (*Tenant).upsertGroup},
		{method: "DELETE", path: "/groups(uniqueName=)/{name}", handler: (*Tenant).deleteUniqueGroup},
		{method: "GET", path: "/groups/{id}", handler: (*Tenant).getObject},
		{method: "PATCH", path: "/groups/{id}", handler: (*Tenant).patchGroup},
		{method: "DELETE", path: "/groups/{id}", handler: (*Tenant).deleteGroup},
		{method: "GET", path: "/groups/{id}/memberOf", handler: (*Tenant).listMemberOf, cost: 2},
	}
	for _, rel := range []relation{memberRel, ownerRel} {
		path := "/groups/{id}/" + rel.String()
		table = append(table,
			&route{method: "GET", path: path, handler: listRefs(rel), cost: 3},
			&route{method: "GET", path: path + "/$count", handler: countRefs(rel), cost: 3},
			&route{method: "POST", path: path + "/$ref", handler: addRef(rel)},
			&route{method: "GET", path: path + "/{cast}", handler: listRefs(rel), cost: 3},
			&route{method: "DELETE", path: path + "/{id}/$ref", handler: removeRef(rel)},
			&route{method: "DELETE", path: path + "/{id}", handler: deleteRefTarget(rel)})
	}
	for _, r := range table {
		r.kind = groupKind
	}
	return table
}

func contactRoutes() []*route {
	return []*route{
		{method: "GET", path: "/contacts", handler: (*Tenant).listObjects, kind: contactKind},
		{method: "GET", path: "/contacts/$count", handler: (*Tenant).countObjects, kind: contactKind},
		{method: "GET", path: "/contacts/delta", handler: (*Tenant).deltaObjects, kind: contactKind},
		{method: "GET", path: "/contacts/{id}", handler: (*Tenant).getObject, kind: contactKind},
	}
}

// objectRoutes are the paths where the kind of an object is not known beforehand.
func objectRoutes() []*route {
	return []*route{
		{method: "POST", path: "/directoryObjects/getByIds", handler: (*Tenant).getByIDs, cost: 3, reads: true},
		{method: "GET", path: "/directoryObjects/{id}", handler: (*Tenant).getDirectoryObject},
		{method: "DELETE", path: "/directoryObjects/{id}", handler: (*Tenant).deleteDirectoryObject},
		{method: "GET", path: "/directory/deletedItems/{id}", handler: (*Tenant).listDeleted},
		{method: "DELETE", path: "/directory/deletedItems/{id}", handler: (*Tenant).purgeDeleted},
		{method: "POST", path: "/directory/deletedItems/{id}/restore", handler: (*Tenant).restoreDeleted},
	}
}

func tenantRoutes() []*route {
	return []*route{
		{method: "GET", path: "/organization", handler: (*Tenant).listOrganization},
		{method: "GET", path: "/organization/{id}", handler: (*Tenant).getOrganization},
		{method: "PATCH", path: "/organization/{id}", handler: (*Tenant).patchOrganization},
		{method: "GET", path: "/domains", handler: (*Tenant).listDomains},
		{method: "POST", path: "/domains", handler: (*Tenant).createDomain},
		{method: "GET", path: "/domains/{id}", handler: (*Tenant).getDomain},
		{method: "PATCH", path: "/domains/{id}", handler: (*Tenant).patchDomain},
		{method: "DELETE", path: "/domains/{id}", handler: (*Tenant).deleteDomain},
		{method: "GET", path: "/domains/{id}/verificationDnsRecords", handler: (*Tenant).listVerificationRecords},
		{method: "POST", path: "/domains/{id}/verify", handler: (*Tenant).verifyDomain},
		{method: "GET", path: "/domains/{id}/domainNameReferences", handler: (*Tenant).listDomainReferences, cost: 4},
		{method: "GET", path: "/subscribedSkus", handler: (*Tenant).listSKUs, cost: 3},
		{method: "GET", path: "/subscribedSkus/{id}", handler: (*Tenant).getSKU},
		{method: "GET", path: "/directory/onPremisesSynchronization", handler: (*Tenant).listSynchronization},
		{method: "GET", path: "/directory/onPremisesSynchronization/{id}", handler: (*Tenant).getSynchronization},
		{method: "PATCH", path: "/directory/onPremisesSynchronization/{id}", handler: (*Tenant).patchSynchronization},
	}
}

func roleRoutes() []*route {
	return []*route{
		{method: "GET", path: "/directoryRoles", handler: (*Tenant).listDirectoryRoles},
		{method: "GET", path: "/directoryRoles(roleTemplateId=)/{id}", handler: (*Tenant).getDirectoryRole},
		{method: "GET", path: "/directoryRoles(roleTemplateId=)/{id}/members", handler: (*Tenant).listRoleMembers},
		{method: "GET", path: "/directoryRoles/{id}", handler: (*Tenant).getDirectoryRole},
		{method: "GET", path: "/directoryRoles/{id}/members", handler: (*Tenant).listRoleMembers},
		{method: "GET", path: "/roleManagement/directory/roleAssignments", handler: (*Tenant).listRoleAssignments},
		{method: "GET", path: "/roleManagement/directory/roleAssignments/{id}", handler: (*Tenant).getRoleAssignment},
		{method: "GET", path: "/roleManagement/directory/roleDefinitions", handler: (*Tenant).listRoleDefinitions},
		{method: "GET", path: "/roleManagement/directory/roleDefinitions/{id}", handler: (*Tenant).getRoleDefinition},
	}
}

func (r *route) isWrite() bool { return r.method != http.MethodGet && !r.reads }

func (r *route) match(path []string) (params []string, ok bool) {
	if len(path) != len(r.segments) {
		return nil, false
	}
	for i, s := range r.segments {
		if s[0] == '{' {
			params = append(params, path[i])
		} else if !strings.EqualFold(s, path[i]) {
			return nil, false
		}
	}
	return params, true
}

// find sets the request's route.
func find(table []*route, rq *request) *Error {
	known := false
	for _, r := range table {
		params, ok := r.match(rq.path)
		if ok && r.method == rq.method {
			rq.route, rq.params = r, params
			return nil
		}
		known = known || ok
	}
	if known {
		return &Error{Status: 405, Code: "Request_BadRequest", Message: "Specified HTTP method is not allowed for the request target."}
	}
	return parsingError("Resource not found for the segment '%s'.", rq.path[len(rq.path)-1])
}
