package graphd

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// uniqueGroup is the group that a path such as groups(uniqueName='x') names.
func (t *Tenant) uniqueGroup(rq *request) (*object, *Error) {
	g := t.byUniqueName(rq.params[0])
	if g == nil || t.see(g) == nil {
		return nil, notFound(rq.params[0])
	}
	return g, nil
}

func (t *Tenant) getUniqueGroup(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	g, e := t.uniqueGroup(rq)
	if e != nil {
		return reply{}, e
	}
	return t.single(rq, 200, t.see(g))
}

func (t *Tenant) deleteUniqueGroup(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g, e := t.uniqueGroup(rq)
	if e != nil {
		return reply{}, e
	}
	return t.deleteObject(rq, g)
}

// upsertGroup serves PATCH groups(uniqueName='x'): an update, or with Prefer: create-if-missing a create that can be repeated.
func (t *Tenant) upsertGroup(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.byUniqueName(rq.params[0])
	if g != nil {
		if _, e := t.writableGroup(g.id.String()); e != nil {
			return reply{}, e
		}
		return t.updateGroup(g, rq)
	}
	if !prefers(rq, "create-if-missing") {
		return reply{}, notFound(rq.params[0])
	}
	name := quoted(rq.params[0])
	if e := t.checkValue(groupKind, propUniqueName, jsontext.Value(name)); e != nil {
		return reply{}, e
	}
	return t.makeGroup(rq, field{propUniqueName, name})
}

// prefers says whether one of the request's Prefer headers names the preference.
func prefers(rq *request, preference string) bool {
	for _, h := range rq.header.Values("Prefer") {
		for p := range strings.SplitSeq(h, ",") {
			if strings.EqualFold(strings.TrimSpace(p), preference) {
				return true
			}
		}
	}
	return false
}
