package graphd

import (
	"cmp"
	"slices"
	"strconv"
	"sync"
)

// buffers are page bodies, reused: at 999 users a page they are what a listing would otherwise allocate.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 1<<20); return &b }}

// span is a property's place in a record.
type span struct{ from, to int32 }

// page writes one page of the objects in list, which is ordered by seq, that the query asks for. Caller holds a lock.
func (t *Tenant) page(rq *request, q *query, list []*object, context string) (reply, *Error) {
	total := 0
	rows, next := t.rows(q, list, &total)
	pooled := buffers.Get().(*[]byte)
	b := append((*pooled)[:0], `{"@odata.context":"`...)
	b = append(append(b, rq.root...), `/$metadata#`...)
	b = append(b, context...)
	if q.names != "" {
		b = append(append(append(b, '('), escapeJSON(q.names)...), ')')
	}
	b = append(b, '"')
	if q.count {
		b = strconv.AppendInt(append(b, `,"@odata.count":`...), int64(total), 10)
	}
	if next > 0 && !t.faults.dropLink() {
		b = quote(append(b, `,"@odata.nextLink":`...), q.nextLink(rq, next))
	}
	b = append(b, `,"value":[`...)
	scratch := make([]span, len(t.reg.props))
	for i, o := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = t.appendObject(b, o, q, scratch)
	}
	b = append(b, `]}`...)
	*pooled = b
	return reply{status: 200, body: b, pooled: pooled, list: true}, nil
}

func escapeJSON(s string) string {
	q := quoted(s)
	return q[1 : len(q)-1]
}

// rows picks a page's objects; next is the position after which another page follows, 0 if none does. total is counted only if
// asked for.
func (t *Tenant) rows(q *query, list []*object, total *int) (rows []*object, next uint64) {
	if !q.bin {
		list = t.lagging(list, q.kind)
	}
	if q.filter != nil && !q.bin {
		if found, ok := t.candidates(q.filter); ok {
			found = t.laggards(found)
			slices.SortFunc(found, func(a, b *object) int { return cmp.Compare(a.seq, b.seq) })
			list = slices.Compact(found)
		}
	}
	wanted := func(o *object) *object {
		if o = t.see(o); o == nil || o.kind != q.kind || o.deleted != q.bin || q.filter != nil && !q.filter.match(o) {
			return nil
		}
		return o
	}
	if q.count {
		for _, o := range list {
			if wanted(o) != nil {
				*total++
			}
		}
	}
	if q.order != nil {
		return q.orderedRows(list, wanted)
	}
	start, found := bySeq(list, q.after)
	if found {
		start++
	}
	rows = make([]*object, 0, min(q.top, len(list)-start))
	for _, o := range list[start:] {
		if o = wanted(o); o == nil {
			continue
		}
		if len(rows) == q.top {
			return rows, rows[len(rows)-1].seq
		}
		rows = append(rows, o)
	}
	return rows, 0
}

// orderedRows is rows for a sorted list, whose positions count the objects in that order.
func (q *query) orderedRows(list []*object, wanted func(*object) *object) (rows []*object, next uint64) {
	var all []*object
	for _, o := range list {
		if o = wanted(o); o != nil {
			all = append(all, o)
		}
	}
	all = q.order.sorted(all)
	all = all[min(q.after, uint64(len(all))):]
	if len(all) > q.top {
		return all[:q.top], q.after + uint64(q.top)
	}
	return all, 0
}

// appendObject writes the columns of one object. scratch has room for every property.
func (t *Tenant) appendObject(b []byte, o *object, q *query, scratch []span) []byte {
	b = append(b, '{')
	n := len(b)
	if q.kind == plainKind && o.kind != plainKind || q.cols == nil {
		b = t.appendAll(b, o)
	} else {
		b = appendColumns(b, o, q.cols, scratch)
	}
	if q.manager != nil && o.manager != nil && !o.manager.deleted {
		if len(b) > n {
			b = append(b, ',')
		}
		b = append(b, `"manager":{"@odata.type":"`...)
		b = append(append(b, o.manager.kind.odataType()...), `",`...)
		b = append(appendColumns(b, o.manager, q.manager, scratch), '}')
	}
	return append(b, '}')
}

func appendColumns(b []byte, o *object, cols []column, scratch []span) []byte {
	for i := range cols {
		scratch[cols[i].prop] = span{}
	}
	all := o.rec
	for r := all; r != ""; {
		var p int
		var raw string
		p, raw, r = r.next()
		end := len(all) - len(r)
		scratch[p] = span{int32(end - len(raw)), int32(end)}
	}
	for n, i := 0, 0; i < len(cols); i++ {
		c := &cols[i]
		if c.empty == "" && scratch[c.prop].to == 0 {
			continue
		}
		if n++; n > 1 {
			b = append(b, ',')
		}
		b = append(b, c.key...)
		if c.prop == propID && o.kind != plainKind {
			b = append(o.id.appendTo(append(b, '"')), '"')
		} else if s := scratch[c.prop]; s.to > 0 {
			b = append(b, all[s.from:s.to]...)
		} else {
			b = append(b, c.empty...)
		}
	}
	return b
}

// appendAll writes every property an object has.
func (t *Tenant) appendAll(b []byte, o *object) []byte {
	first := true
	if o.kind != plainKind {
		b = append(b, `"@odata.type":"`...)
		b = append(append(b, o.kind.odataType()...), `","id":"`...)
		b = append(o.id.appendTo(b), '"')
		first = false
	}
	for r := o.rec; r != ""; {
		var p int
		var raw string
		p, raw, r = r.next()
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(quote(b, t.reg.props[p].name), ':')
		b = append(b, raw...)
	}
	return b
}

// single replies with one object. Caller holds a lock.
func (t *Tenant) single(rq *request, status int, o *object) (reply, *Error) {
	q, e := t.parseQuery(rq, o.kind)
	if e != nil {
		return reply{}, e
	}
	context := o.kind.collection() + "/$entity"
	if o.kind == plainKind {
		context = rq.path[0] + "/$entity"
	}
	if q.names != "" {
		context = o.kind.collection() + "(" + escapeJSON(q.names) + ")/$entity"
	}
	b := append([]byte(nil), `{"@odata.context":"`...)
	b = append(append(append(b, rq.root...), `/$metadata#`...), context...)
	b = append(b, `",`...)
	b = append(b, t.appendObject(nil, o, q, make([]span, len(t.reg.props)))[1:]...)
	return reply{status: status, body: b}, nil
}
