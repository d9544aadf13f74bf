package graphd

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxBinds is how many references one request may bind.
const maxBinds = 20

// handler serves a route.
type handler = func(*Tenant, *request) (reply, *Error)

// listRefs serves a group's references, all or, behind a cast such as microsoft.graph.user, those of one kind.
func listRefs(rel relation) handler {
	return func(t *Tenant, rq *request) (reply, *Error) {
		t.mu.RLock()
		defer t.mu.RUnlock()
		list, e := t.refsOf(rq, rel)
		if e != nil {
			return reply{}, e
		}
		return t.references(rq, list)
	}
}

// refsOf are the references that a path asks for.
func (t *Tenant) refsOf(rq *request, rel relation) ([]*object, *Error) {
	g, e := t.find(groupKind, rq.params[0])
	if e != nil {
		return nil, e
	}
	list := t.see(g).refs(rel)
	if len(rq.params) < 2 {
		return list, nil
	}
	k, ok := castKind(rq.params[1])
	if !ok {
		return nil, parsingError("Resource not found for the segment '%s'.", rq.params[1])
	}
	var of []*object
	for _, o := range list {
		if o.kind == k {
			of = append(of, o)
		}
	}
	return of, nil
}

// castKind is the kind that a type segment names; plainKind for the service's other directory objects, of which a lab has none.
func castKind(segment string) (kind, bool) {
	for k := userKind; k < plainKind; k++ {
		if strings.EqualFold(segment, k.typeName()) {
			return k, true
		}
	}
	switch strings.ToLower(segment) {
	case "microsoft.graph.device", "microsoft.graph.serviceprincipal", "microsoft.graph.application", "microsoft.graph.administrativeunit",
		"microsoft.graph.directoryrole":
		return plainKind, true
	}
	return 0, false
}

func countRefs(rel relation) handler {
	return func(t *Tenant, rq *request) (reply, *Error) {
		if !eventual(rq) {
			return reply{}, badRequest("$count is not currently supported.")
		}
		t.mu.RLock()
		defer t.mu.RUnlock()
		list, e := t.refsOf(rq, rel)
		if e != nil {
			return reply{}, e
		}
		n := 0
		for _, o := range list {
			if seen := t.see(o); seen != nil && !seen.deleted {
				n++
			}
		}
		return reply{status: 200, body: []byte(strconv.Itoa(n)), contentType: "text/plain"}, nil
	}
}

// addRef serves POST members/$ref.
func addRef(rel relation) handler {
	return func(t *Tenant, rq *request) (reply, *Error) {
		id, e := refTarget(rq.body)
		if e != nil {
			return reply{}, e
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		g, e := t.writableGroup(rq.params[0])
		if e != nil {
			return reply{}, e
		}
		add, e := t.newRefs(g, rel, []string{id})
		if e != nil {
			return reply{}, e
		}
		if e := t.commitRefs(g, rel, add, nil); e != nil {
			return reply{}, e
		}
		return reply{status: 204}, nil
	}
}

// removeRef serves DELETE members/{id}/$ref.
func removeRef(rel relation) handler {
	return func(t *Tenant, rq *request) (reply, *Error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		g, e := t.writableGroup(rq.params[0])
		if e != nil {
			return reply{}, e
		}
		m, e := t.refOf(g, rel, rq.params[1])
		if e != nil {
			return reply{}, e
		}
		if rel == memberRel && g.isDynamic() {
			return reply{}, denied()
		}
		if rel == ownerRel && g.isUnified() && len(g.refs(ownerRel)) == 1 {
			return reply{}, badRequest("The group must have at least one owner, hence this owner cannot be removed.")
		}
		if e := t.commitRefs(g, rel, nil, []*object{m}); e != nil {
			return reply{}, e
		}
		return reply{status: 204}, nil
	}
}

// deleteRefTarget serves DELETE members/{id}, which deletes the member itself: the $ref behind it makes the difference (v1.0
// reference, group-delete-members, caution).
func deleteRefTarget(rel relation) handler {
	return func(t *Tenant, rq *request) (reply, *Error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		g, e := t.find(groupKind, rq.params[0])
		if e != nil {
			return reply{}, e
		}
		m, e := t.refOf(g, rel, rq.params[1])
		if e != nil {
			return reply{}, e
		}
		return t.deleteObject(rq, m)
	}
}

// refOf is the living object among g's references that has this id.
func (t *Tenant) refOf(g *object, rel relation, name string) (*object, *Error) {
	id, ok := parseGUID(name)
	if o := t.byID[id]; ok && o != nil && !o.deleted && slices.Contains(g.refs(rel), o) {
		return o, nil
	}
	return nil, notFound(name)
}

// newRefs checks the objects that a request wants to add to a group. One that is there already spoils all.
func (t *Tenant) newRefs(g *object, rel relation, ids []string) ([]*object, *Error) {
	if len(ids) > 0 && rel == memberRel && g.isDynamic() {
		return nil, denied()
	}
	var out []*object
	old := g.refs(rel)
	for _, name := range ids {
		o, e := t.findAny(name)
		if e != nil {
			return nil, e
		}
		if e := checkRef(g, rel, o); e != nil {
			return nil, e
		}
		if slices.Contains(old, o) || slices.Contains(out, o) {
			return nil, badRequest("One or more added object references already exist for the following modified properties: '%s'.", rel)
		}
		out = append(out, o)
	}
	return out, nil
}

// checkRef says whether an object may be a member or owner of the group. The text about two Unified groups is the service's own
// (microsoft-graph-docs, issue 11629); those about the other pairs are made after it.
func checkRef(g *object, rel relation, o *object) *Error {
	switch {
	case o == g || rel == ownerRel && o.kind != userKind:
		return badRequest("One or more property values specified are invalid.")
	case rel != memberRel:
		return nil
	case o.kind == groupKind && (g.isUnified() || o.isUnified()):
		e := badRequest("%s Groups cannot be added to %s Groups. paramName: Members, paramValue: , objectType: Microsoft.Online.DirectoryServices.Group",
			o.groupWord(), g.groupWord())
		e.Details = []Detail{{Code: "InvalidValue", Target: "membersWithLicenseErrors.members"}}
		return e
	case o.kind == contactKind && g.isUnified():
		return badRequest("One or more property values specified are invalid.")
	}
	return nil
}

// binds reads the value of members@odata.bind: addresses of objects, of which it returns the ids.
func binds(raw []byte) ([]string, *Error) {
	var list []string
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, badRequest("Invalid URL format specified in payload.")
	}
	for i, link := range list {
		id, e := linkedID(link)
		if e != nil {
			return nil, e
		}
		list[i] = id
	}
	return list, nil
}

// linkedID is the object id at the end of an address such as https://graph.microsoft.com/v1.0/directoryObjects/{id}.
func linkedID(link string) (string, *Error) {
	u, err := url.Parse(link)
	if err != nil || link == "" {
		return "", badRequest("Invalid URL format specified in payload.")
	}
	var segments []string
	for s := range strings.SplitSeq(strings.Trim(u.Path, "/"), "/") {
		segments = append(segments, keyed(s)...)
	}
	id := segments[len(segments)-1]
	if _, ok := parseGUID(id); !ok || len(segments) < 2 {
		return "", badRequest("Invalid URL format specified in payload.")
	}
	return id, nil
}
