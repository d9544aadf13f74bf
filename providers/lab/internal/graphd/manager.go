package graphd

import (
	"encoding/json"
	"strings"
)

func (t *Tenant) getManager(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	m, e := t.managerOf(rq.params[0])
	if e != nil {
		return reply{}, e
	}
	return t.typed(rq, m)
}

// getManagerRef answers with the manager's address only, as OData's JSON format writes a reference.
func (t *Tenant) getManagerRef(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	m, e := t.managerOf(rq.params[0])
	if e != nil {
		return reply{}, e
	}
	body := `{"@odata.context":"` + rq.root + `/$metadata#$ref","@odata.id":"` + rq.root + `/directoryObjects/` + m.id.String() + `"}`
	return reply{status: 200, body: []byte(body)}, nil
}

func (t *Tenant) managerOf(name string) (*object, *Error) {
	o, e := t.user(name)
	if e != nil {
		return nil, e
	}
	m := t.see(o).manager
	if m == nil || m.deleted {
		return nil, notFound("manager")
	}
	return m, nil
}

func (t *Tenant) putManager(rq *request) (reply, *Error) {
	id, e := refTarget(rq.body)
	if e != nil {
		return reply{}, e
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	m, e := t.find(userKind, id)
	if e != nil {
		if m, e = t.find(contactKind, id); e != nil {
			return reply{}, notFound(id)
		}
	}
	return t.setManager(rq.params[0], m)
}

func (t *Tenant) deleteManager(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o, e := t.user(rq.params[0])
	if e != nil {
		return reply{}, e
	}
	if o.manager == nil || o.manager.deleted {
		return reply{}, notFound("manager")
	}
	return t.setManager(rq.params[0], nil)
}

// setManager refuses synced users: the manager is one of the properties the other engine masters (inferred; only PATCH is
// documented).
func (t *Tenant) setManager(name string, m *object) (reply, *Error) {
	o, e := t.user(name)
	if e != nil {
		return reply{}, e
	}
	if o.isSynced() {
		return reply{}, syncedElsewhere()
	}
	if m == o {
		return reply{}, badRequest("One or more property values specified are invalid.")
	}
	next := *o
	next.manager = m
	if err := t.commit(o, next); err != nil {
		return reply{}, err.(*Error)
	}
	return reply{status: 204}, nil
}

// refTarget is the object id in a reference body such as {"@odata.id":"https://graph.microsoft.com/v1.0/users/{id}"}.
func refTarget(body []byte) (string, *Error) {
	var ref map[string]any
	if err := json.Unmarshal(body, &ref); err != nil {
		return "", malformed()
	}
	link, _ := ref["@odata.id"].(string)
	return linkedID(link)
}

// isSyncBehavior reports whether a route takes the permissions named after onPremisesSyncBehavior, of which none only reads.
func (r *route) isSyncBehavior() bool { return strings.HasSuffix(r.path, "/onPremisesSyncBehavior") }

func (t *Tenant) getSyncBehavior(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	o, e := t.find(rq.route.kind, rq.params[0])
	if e != nil {
		return reply{}, e
	}
	b := append([]byte(nil), `{"@odata.context":"`...)
	b = append(b, rq.root...)
	b = append(b, `/$metadata#`+o.kind.collection()+`('`...)
	b = append(o.id.appendTo(b), `')/onPremisesSyncBehavior/$entity","id":"`...)
	b = append(o.id.appendTo(b), `","isCloudManaged":`...)
	if t.see(o).cloudManaged() {
		b = append(b, `true}`...)
	} else {
		b = append(b, `false}`...)
	}
	return reply{status: 200, body: b}, nil
}

// patchSyncBehavior moves an object's source of authority. A converted object has onPremisesSyncEnabled null, and keeps it so
// after a rollback until the other engine's next run, which never comes here.
func (t *Tenant) patchSyncBehavior(rq *request) (reply, *Error) {
	var body struct{ IsCloudManaged *bool }
	if err := json.Unmarshal(rq.body, &body); err != nil || body.IsCloudManaged == nil {
		return reply{}, badRequest("A value is required for property 'isCloudManaged' of resource 'onPremisesSyncBehavior'.")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	o, e := t.find(rq.route.kind, rq.params[0])
	if e != nil {
		return reply{}, e
	}
	if o.cloudManaged() == *body.IsCloudManaged {
		return reply{status: 204}, nil
	}
	if !t.everSynced(o) {
		return reply{}, badRequest("The source of authority can only be changed for an object that is synchronized from on-premises.")
	}
	next := *o
	next.ext = o.withExt(func(e *extra) { e.cloudManaged = *body.IsCloudManaged })
	next.rec = o.rec.with(field{propSyncEnabled, ""})
	if err := t.commit(o, next); err != nil {
		return reply{}, err.(*Error)
	}
	return reply{status: 204}, nil
}

func (t *Tenant) everSynced(o *object) bool {
	last := t.reg.must("onPremisesLastSyncDateTime")
	sid := t.reg.must("onPremisesSecurityIdentifier")
	return o.cloudManaged() || o.rec.get(propSyncEnabled) != "" || o.rec.get(last) != "" || o.rec.get(sid) != ""
}
