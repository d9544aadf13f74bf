package graphd

import (
	"encoding/json"
	"slices"
	"strings"
)

// membershipRoutes are the paths that follow memberships over any number of steps, and reports.
func membershipRoutes() (table []*route) {
	on := func(k kind, method, path string, cost int, handler func(*Tenant, *request) (reply, *Error)) {
		reads := method == "POST" && cost > 1 // it asks by POST
		table = append(table, &route{method: method, path: "/" + k.collection() + "/{id}/" + path, handler: handler, cost: cost,
			reads: reads, kind: k})
	}
	for _, k := range []kind{userKind, groupKind} {
		on(k, "GET", "transitiveMemberOf", 3, (*Tenant).listTransitiveMemberOf)
		on(k, "GET", "memberOf/{cast}", 2, (*Tenant).listMemberOfCast)
		on(k, "POST", "getMemberGroups", 3, (*Tenant).getMemberGroups)
		on(k, "POST", "getMemberObjects", 3, (*Tenant).getMemberGroups)
		on(k, "POST", "checkMemberGroups", 3, (*Tenant).checkMemberGroups)
	}
	on(groupKind, "GET", "transitiveMembers", 3, (*Tenant).listTransitiveMembers)
	on(userKind, "GET", "directReports", 2, (*Tenant).listDirectReports)
	on(userKind, "POST", "revokeSignInSessions", 1, (*Tenant).revokeSessions)
	return table
}

// groupsOf are the living groups that an object is in, one step away. The caller holds a lock.
func (t *Tenant) groupsOf(o *object) (list []*object) {
	for _, g := range t.live[groupKind] {
		if seen := t.see(g); seen != nil && slices.Contains(seen.members(), o) {
			list = append(list, g)
		}
	}
	return list
}

// reach is what lies behind an object over any number of steps, each once and the object itself never.
func reach(o *object, next func(*object) []*object) (list []*object) {
	seen, queue := map[*object]bool{o: true}, []*object{o}
	for len(queue) > 0 {
		for _, x := range next(queue[0]) {
			if !seen[x] {
				seen[x] = true
				list, queue = append(list, x), append(queue, x)
			}
		}
		queue = queue[1:]
	}
	return list
}

// listed replies with what list finds for the object of a request.
func (t *Tenant) listed(rq *request, list func(*object) []*object) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	o, e := t.find(rq.route.kind, rq.params[0])
	if e != nil {
		return reply{}, e
	}
	return t.references(rq, list(o))
}

func (t *Tenant) listMemberOf(rq *request) (reply, *Error) { return t.listed(rq, t.groupsOf) }

// listMemberOfCast lists groups alone; of roles and administrative units the lab's objects are in none.
func (t *Tenant) listMemberOfCast(rq *request) (reply, *Error) {
	switch strings.ToLower(rq.params[1]) {
	case "microsoft.graph.group":
		return t.listMemberOf(rq)
	case "microsoft.graph.directoryrole", "microsoft.graph.administrativeunit":
		return t.listed(rq, func(*object) []*object { return nil })
	}
	return reply{}, parsingError("Resource not found for the segment '%s'.", rq.params[1])
}

func (t *Tenant) listTransitiveMemberOf(rq *request) (reply, *Error) {
	return t.listed(rq, func(o *object) []*object { return reach(o, t.groupsOf) })
}

func (t *Tenant) listTransitiveMembers(rq *request) (reply, *Error) {
	return t.listed(rq, func(o *object) []*object {
		return reach(o, func(x *object) []*object {
			if seen := t.see(x); seen != nil {
				return seen.members()
			}
			return nil
		})
	})
}

func (t *Tenant) listDirectReports(rq *request) (reply, *Error) {
	return t.listed(rq, func(o *object) (list []*object) {
		for _, u := range t.live[userKind] {
			if seen := t.see(u); seen != nil && seen.manager == o {
				list = append(list, u)
			}
		}
		return list
	})
}

// getMemberGroups replies with the ids of all groups that an object is in; security groups alone, if that is asked for.
func (t *Tenant) getMemberGroups(rq *request) (reply, *Error) {
	var body struct {
		SecurityEnabledOnly *bool `json:"securityEnabledOnly"`
	}
	if json.Unmarshal(rq.body, &body) != nil {
		return reply{}, malformed()
	}
	return t.groupIDs(rq, func(g *object) bool {
		return body.SecurityEnabledOnly == nil || !*body.SecurityEnabledOnly || g.rec.get(propSecurityEnabled) == "true"
	})
}

// maxChecked is how many groups checkMemberGroups takes.
const maxChecked = 20

func (t *Tenant) checkMemberGroups(rq *request) (reply, *Error) {
	var body struct {
		GroupIDs []string `json:"groupIds"`
	}
	if json.Unmarshal(rq.body, &body) != nil {
		return reply{}, malformed()
	}
	if len(body.GroupIDs) > maxChecked {
		return reply{}, badRequest("The number of group ids exceeds the maximum of %d.", maxChecked)
	}
	return t.groupIDs(rq, func(g *object) bool {
		return slices.ContainsFunc(body.GroupIDs, func(id string) bool { return strings.EqualFold(id, g.id.String()) })
	})
}

// groupIDs replies with the ids of those groups of an object that are wanted.
func (t *Tenant) groupIDs(rq *request, wanted func(*object) bool) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	o, e := t.find(rq.route.kind, rq.params[0])
	if e != nil {
		return reply{}, e
	}
	ids := []string{}
	for _, g := range reach(o, t.groupsOf) {
		if wanted(g) {
			ids = append(ids, g.id.String())
		}
	}
	return valued(rq, "Collection(Edm.String)", ids), nil
}

// revokeSessions answers as the service does; nobody is signed in to a lab.
func (t *Tenant) revokeSessions(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if _, e := t.find(userKind, rq.params[0]); e != nil {
		return reply{}, e
	}
	return valued(rq, "Edm.Boolean", true), nil
}

// valued replies with a value that is no object.
func valued(rq *request, of string, value any) reply {
	b, _ := json.Marshal(struct { // strings and booleans always have a form
		Context string `json:"@odata.context"`
		Value   any    `json:"value"`
	}{rq.root + "/$metadata#" + of, value})
	return reply{status: 200, body: b}
}
