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

	segments []string
}

// routes is the table of what is served. Literal segments are preferred to {…} by standing first.
func routes() []*route {
	table := []*route{
		{method: "GET", path: "/users", handler: (*Tenant).listObjects, cost: 2},
		{method: "POST", path: "/users", handler: (*Tenant).createUser},
		{method: "GET", path: "/users/$count", handler: (*Tenant).countObjects},
		{method: "GET", path: "/users/{id}", handler: (*Tenant).getObject},
		{method: "PATCH", path: "/users/{id}", handler: (*Tenant).patchUser},
		{method: "DELETE", path: "/users/{id}", handler: (*Tenant).deleteUser},
		{method: "GET", path: "/users/{id}/manager", handler: (*Tenant).getManager},
		{method: "PUT", path: "/users/{id}/manager/$ref", handler: (*Tenant).putManager},
		{method: "DELETE", path: "/users/{id}/manager/$ref", handler: (*Tenant).deleteManager},
		{method: "GET", path: "/groups", handler: (*Tenant).listObjects, kind: groupKind},
		{method: "GET", path: "/groups/{id}", handler: (*Tenant).getObject, kind: groupKind},
		{method: "GET", path: "/groups/{id}/members", handler: (*Tenant).listMembers, cost: 3},
		{method: "GET", path: "/contacts", handler: (*Tenant).listObjects, kind: contactKind},
		{method: "GET", path: "/contacts/{id}", handler: (*Tenant).getObject, kind: contactKind},
		{method: "GET", path: "/organization", handler: (*Tenant).listOrganization},
		{method: "GET", path: "/organization/{id}", handler: (*Tenant).getOrganization},
		{method: "GET", path: "/domains", handler: (*Tenant).listDomains},
		{method: "GET", path: "/domains/{id}", handler: (*Tenant).getDomain},
		{method: "GET", path: "/subscribedSkus", handler: (*Tenant).listSKUs, cost: 3},
		{method: "GET", path: "/directory/deletedItems/{id}", handler: (*Tenant).listDeleted},
		{method: "DELETE", path: "/directory/deletedItems/{id}", handler: (*Tenant).purgeDeleted},
		{method: "POST", path: "/directory/deletedItems/{id}/restore", handler: (*Tenant).restoreDeleted},
		{method: "GET", path: "/directoryRoles", handler: (*Tenant).listDirectoryRoles},
		{method: "GET", path: "/directoryRoles/{id}/members", handler: (*Tenant).listRoleMembers},
		{method: "GET", path: "/roleManagement/directory/roleAssignments", handler: (*Tenant).listRoleAssignments},
		{method: "GET", path: "/roleManagement/directory/roleDefinitions", handler: (*Tenant).listRoleDefinitions},
		{method: "GET", path: "/roleManagement/directory/roleDefinitions/{id}", handler: (*Tenant).getRoleDefinition},
	}
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

func (r *route) isWrite() bool { return r.method != http.MethodGet }

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
