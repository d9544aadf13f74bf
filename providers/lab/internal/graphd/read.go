package graphd

import (
	"strconv"
	"strings"
)

func (t *Tenant) listObjects(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	q, e := t.parseQuery(rq, rq.route.kind)
	if e != nil {
		return reply{}, e
	}
	return t.page(rq, q, t.live[q.kind], q.kind.collection())
}

func (t *Tenant) getObject(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	name := rq.params[0]
	o, e := t.find(rq.route.kind, name)
	if e == nil {
		o = t.see(o)
	}
	if _, isID := parseGUID(name); e == nil && !isID && !strings.EqualFold(text(o.rec.get(propUPN)), name) {
		e = notFound(name) // renamed a moment ago
	}
	if e != nil {
		if o = t.lingering(name, rq.route.kind); o == nil {
			return reply{}, e
		}
	}
	return t.single(rq, 200, o)
}

// getMe serves the person who is signed in.
func (t *Tenant) getMe(rq *request) (reply, *Error) {
	name := t.Faults().SignedInAs
	t.mu.RLock()
	defer t.mu.RUnlock()
	if o := t.refer(name); rq.caller == person && o != nil && o.kind == userKind {
		return t.single(rq, 200, t.see(o))
	}
	return reply{}, parsingError("/me request is only valid with delegated authentication flow.")
}

// lingering is an object that was deleted or renamed a moment ago and that readers still see under this name.
func (t *Tenant) lingering(name string, k kind) *object {
	id, isID := parseGUID(name)
	for o := range t.shadows {
		seen := t.see(o)
		if seen == nil || seen.deleted || seen.kind != k {
			continue
		}
		if isID && seen.id == id || !isID && k == userKind && strings.EqualFold(text(seen.rec.get(propUPN)), name) {
			return seen
		}
	}
	return nil
}

func (t *Tenant) countObjects(rq *request) (reply, *Error) {
	if !eventual(rq) {
		return reply{}, badRequest("$count is not currently supported.")
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	rq.query["$count"] = []string{"true"}
	q, e := t.parseQuery(rq, rq.route.kind)
	if e != nil {
		return reply{}, e
	}
	n := 0
	t.rows(q, t.live[rq.route.kind], &n)
	return reply{status: 200, body: []byte(strconv.Itoa(n)), contentType: "text/plain"}, nil
}

// references lists objects of several kinds in a fixed order; page links count positions.
func (t *Tenant) references(rq *request, list []*object) (reply, *Error) {
	q, e := t.parseQuery(rq, plainKind)
	if e != nil {
		return reply{}, e
	}
	if f := q.filter; f != nil && !q.count && !(f.prop == propID && (f.op == "eq" || f.op == "in")) { // [msgraph-metadata#185]
		return reply{}, operatorNeedsMore(q.filter.op)
	}
	return t.positioned(rq, q, list, "directoryObjects")
}

// positioned pages through a list that has no sequence numbers of its own.
func (t *Tenant) positioned(rq *request, q *query, list []*object, context string) (reply, *Error) {
	rows := make([]*object, 0, len(list))
	for i, o := range list {
		seen := t.see(o)
		if seen == nil || seen.deleted || q.filter != nil && !q.filter.match(seen) {
			continue
		}
		copied := *seen
		copied.seq = uint64(i + 1)
		rows = append(rows, &copied)
	}
	plain := *q
	plain.filter = nil
	plain.kind = plainKind
	return t.mixedPage(rq, &plain, rows, context)
}

func (t *Tenant) mixedPage(rq *request, q *query, rows []*object, context string) (reply, *Error) {
	all := rows
	start, found := bySeq(rows, q.after)
	if found {
		start++
	}
	rows = rows[start:]
	more := len(rows) > q.top
	if more {
		rows = rows[:q.top]
	}
	b := append([]byte(nil), `{"@odata.context":"`...)
	b = append(append(append(b, rq.root...), `/$metadata#`...), context...)
	b = append(b, '"')
	if q.count {
		b = strconv.AppendInt(append(b, `,"@odata.count":`...), int64(len(all)), 10)
	}
	if more && !t.faults.dropLink() {
		b = quote(append(b, `,"@odata.nextLink":`...), q.nextLink(rq, rows[len(rows)-1].seq))
	}
	b = append(b, `,"value":[`...)
	scratch := make([]span, len(t.reg.props))
	for i, o := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(t.appendTyped(append(b, '{'), o, q, scratch), '}')
	}
	return reply{status: 200, body: append(b, `]}`...), list: true}, nil
}

// appendTyped writes the members of an object in a reply that holds several kinds: its type, and the selected properties or
// those that its own path returns by default.
func (t *Tenant) appendTyped(b []byte, o *object, q *query, scratch []span) []byte {
	cols := q.cols
	if o.kind != plainKind {
		b = append(append(append(b, `"@odata.type":"`...), o.kind.odataType()...), `",`...)
		if cols == nil {
			cols = t.defaults[o.kind]
		}
	}
	if cols == nil {
		return t.appendAll(b, o)
	}
	return appendColumns(b, o, cols, scratch)
}
