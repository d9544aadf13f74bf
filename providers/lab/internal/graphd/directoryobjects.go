package graphd

import (
	"encoding/json"
	"strings"
)

// maxIDs is how many ids getByIds takes.
const maxIDs = 1000

// findAny finds a living object of any kind that readers see already.
func (t *Tenant) findAny(id string) (*object, *Error) {
	if g, ok := parseGUID(id); ok {
		if o := t.byID[g]; o != nil {
			return t.find(o.kind, id)
		}
	}
	return nil, notFound(id)
}

func (t *Tenant) getDirectoryObject(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	o, e := t.findAny(rq.params[0])
	if e != nil {
		return reply{}, e
	}
	return t.typed(rq, t.see(o))
}

// typed replies with one object on a path that does not tell its kind.
func (t *Tenant) typed(rq *request, o *object) (reply, *Error) {
	q, e := t.parseQuery(rq, plainKind)
	if e != nil {
		return reply{}, e
	}
	b := append([]byte(nil), `{"@odata.context":"`+rq.root+`/$metadata#directoryObjects/$entity",`...)
	return reply{status: 200, body: append(t.appendTyped(b, o, q, make([]span, len(t.reg.props))), '}')}, nil
}

func (t *Tenant) deleteDirectoryObject(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o, e := t.findAny(rq.params[0])
	if e != nil {
		return reply{}, e
	}
	return t.deleteObject(rq, o)
}

// deleteObject deletes a living object as DELETE on its own path does. Users, Microsoft 365 groups and cloud security groups go
// to the recycle bin, groups that another engine masters are gone at once.
func (t *Tenant) deleteObject(rq *request, o *object) (reply, *Error) {
	switch {
	case o.kind == contactKind || t.shields(o, rq.caller) || o.rec.get(propAssignableToRole) == "true":
		return reply{}, denied()
	case o.kind == groupKind && o.isSynced():
		if err := t.purge(o); err != nil {
			return reply{}, err.(*Error)
		}
		return reply{status: 204}, nil
	case o.kind == groupKind && o.isExchange():
		return reply{}, badRequest("Cannot Delete a mail-enabled security groups and or distribution list.")
	}
	if e := t.bury(o); e != nil {
		return reply{}, e
	}
	return reply{status: 204}, nil
}

// getByIDs serves POST /directoryObjects/getByIds. Ids that nobody has are left out of the reply.
func (t *Tenant) getByIDs(rq *request) (reply, *Error) {
	var body struct {
		IDs   []string `json:"ids"`
		Types []string `json:"types"`
	}
	if err := json.Unmarshal(rq.body, &body); err != nil {
		return reply{}, malformed()
	}
	if body.IDs == nil {
		return reply{}, badRequest("A value is required for property 'ids' of resource 'DirectoryObject'.")
	}
	if len(body.IDs) > maxIDs {
		return reply{}, badRequest("The number of ids exceeds the maximum of %d.", maxIDs)
	}
	wanted := map[string]bool{}
	for _, name := range body.Types {
		wanted[strings.ToLower(name)] = true
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	var list []*object
	for _, id := range body.IDs {
		if _, ok := parseGUID(id); !ok {
			return reply{}, badRequest("Invalid GUID: %s", id)
		}
		o, e := t.findAny(id)
		if e != nil {
			continue
		}
		name := strings.ToLower(strings.TrimPrefix(o.kind.typeName(), "microsoft.graph."))
		if len(wanted) == 0 || wanted[name] || wanted["directoryobject"] {
			list = append(list, o)
		}
	}
	delete(rq.query, "$top")
	q, e := t.parseQuery(rq, plainKind)
	if e != nil {
		return reply{}, e
	}
	q.top = maxIDs
	return t.positioned(rq, q, list, "directoryObjects")
}
