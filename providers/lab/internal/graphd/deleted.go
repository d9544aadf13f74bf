package graphd

import (
	"encoding/json"
	"strings"
)

func (t *Tenant) inBin(name string) (*object, *Error) {
	if id, ok := parseGUID(name); ok {
		if o := t.byID[id]; o != nil && o.deleted {
			return o, nil
		}
	}
	return nil, notFound(name)
}

func (t *Tenant) listDeleted(rq *request) (reply, *Error) {
	k, ok := castKind(rq.params[0])
	if !ok {
		return t.getDeleted(rq)
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	q, e := t.parseQuery(rq, k)
	if e != nil {
		return reply{}, e
	}
	q.bin = true
	return t.page(rq, q, t.bin, "directoryObjects")
}

func (t *Tenant) getDeleted(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	o, e := t.inBin(rq.params[0])
	if e != nil {
		return reply{}, e
	}
	return t.typed(rq, o)
}

func (t *Tenant) purgeDeleted(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o, e := t.inBin(rq.params[0])
	if e != nil {
		return reply{}, e
	}
	if t.shields(o, rq.caller) {
		return reply{}, denied()
	}
	if err := t.purge(o); err != nil {
		return reply{}, err.(*Error)
	}
	return reply{status: 204}, nil
}

// restoreDeleted takes the two optional properties that the service is known to be sent although its metadata omits them.
func (t *Tenant) restoreDeleted(rq *request) (reply, *Error) {
	var body struct {
		AutoReconcileProxyConflict bool
		NewUserPrincipalName       string
	}
	if len(rq.body) > 0 {
		if err := json.Unmarshal(rq.body, &body); err != nil {
			return reply{}, malformed()
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	o, e := t.inBin(rq.params[0])
	if e != nil {
		return reply{}, e
	}
	if t.shields(o, rq.caller) {
		return reply{}, denied()
	}
	next := *o
	next.deleted = false
	next.rec = o.rec.with(field{propDeletedDateTime, ""})
	if o.kind == userKind {
		upn := strings.TrimPrefix(text(o.rec.get(propUPN)), binMark(o.id))
		if body.NewUserPrincipalName != "" {
			upn = body.NewUserPrincipalName
			if e := t.checkUPN(upn); e != nil {
				return reply{}, e
			}
		}
		next.rec = next.rec.with(field{propUPN, quoted(upn)})
	}
	if body.AutoReconcileProxyConflict {
		t.dropTakenAddresses(&next)
	}
	if e := t.groupClash(o, &next); e != nil {
		return reply{}, e
	}
	if err := t.commit(o, next); err != nil {
		return reply{}, err.(*Error)
	}
	return t.typed(rq, o)
}

// dropTakenAddresses removes the addresses of o that others have by now.
func (t *Tenant) dropTakenAddresses(o *object) {
	var keep []string
	for _, a := range texts(o.rec.get(propProxyAddresses)) {
		if t.byAddress(bareAddress(a), nil) == nil {
			keep = append(keep, a)
		}
	}
	o.rec = o.rec.with(field{propProxyAddresses, rawTexts(keep)})
	if mail := text(o.rec.get(propMail)); mail != "" && t.byAddress(mail, nil) != nil {
		o.rec = o.rec.with(field{propMail, ""})
	}
}
