package ldapd

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// Scopes of a search.
const (
	scopeBase = iota
	scopeOne
	scopeSubtree
)

// searchRequest is a decoded search request.
type searchRequest struct {
	base       string
	scope      int64
	sizeLimit  int
	typesOnly  bool
	filter     []byte // as on the wire
	attributes []string
}

func decodeSearch(body []byte) (s searchRequest, err error) {
	r := reader{b: body}
	s.base = r.text()
	s.scope = r.integer(tagEnumerated)
	r.integer(tagEnumerated) // aliases: AD has none
	s.sizeLimit = int(max(0, min(r.integer(tagInteger), 1<<31-1)))
	r.integer(tagInteger) // time limit: no search takes a second
	s.typesOnly = r.boolean()
	if r.err != nil || s.scope < scopeBase || s.scope > scopeSubtree {
		return s, errBER
	}
	_, _, rest, err := readTLV(r.b)
	if err != nil {
		return s, err
	}
	s.filter, r.b = r.b[:len(r.b)-len(rest)], rest
	list := r.sub(tagSequence)
	for list.more() {
		s.attributes = append(s.attributes, list.text())
	}
	return s, list.err
}

// cursor is a search under way: which entries are left, what to send of them, how many were sent. It outlives the request
// when the client reads page by page; entries changed in between are served as they are by then, each at most once.
type cursor struct {
	cookie  []byte
	base    *entry
	within  bool // ids come from an index: check that they lie in the scope
	scope   int64
	deleted bool // tombstones are asked for
	barred  bool // … by an account that has no right to see them
	filter  filter
	pick    *selection
	ids     []uint32
	sent    int
	limit   int  // client's size limit, 0: none
	warmed  byte // what warm read, so that it is not optimised away
}

// open starts a search: resolves the base, compiles the filter and lists the candidates. Called under the read lock.
func (d *Directory) open(req *searchRequest, c *controls) (*cursor, *ResultError) {
	base, refused := d.searchBase(req.base, c.showDeleted)
	if refused != nil {
		return nil, refused
	}
	if c.barred && base.is(isTombstone) && base != d.deleted {
		return nil, d.noObject(d.root)
	}
	cur := &cursor{base: base, scope: req.scope, deleted: c.showDeleted, barred: c.barred, limit: req.sizeLimit}
	var err error
	if cur.filter, err = d.compile(req.filter, c.hidden); err != nil {
		return nil, refuse(codeProtocolError, "0000203D: LdapErr: DSID-0C0907C2, comment: Error decoding filter, data 0, v4563")
	}
	if cur.pick, refused = d.selectAttributes(req.attributes); refused != nil {
		return nil, refused
	}
	d.hide(cur.pick, c.hidden, req.attributes)
	cur.pick.typesOnly, cur.pick.extendedDN = req.typesOnly, c.extendedDN
	if req.scope != scopeBase {
		for _, x := range cur.pick.rest {
			if x.attr.low == "tokengroups" {
				return nil, refuse(codeOperationsError, "00002120: SvcErr: DSID-0314065F, problem 5012 (DIR_ERROR), data 0")
			}
		}
	}
	d.candidates(cur)
	if c.sort != nil {
		d.sortBy(cur, c.sort)
	}
	return cur, nil
}

// candidates lists the entries worth testing against the filter.
func (d *Directory) candidates(cur *cursor) {
	switch {
	case cur.scope == scopeBase:
		cur.ids = []uint32{cur.base.id}
	case cur.filter.Pick != nil:
		cur.ids, cur.within = cur.filter.Pick(), true
	case cur.scope == scopeOne:
		if cur.base.kids != nil {
			for _, e := range cur.base.kids.list {
				cur.ids = append(cur.ids, e.id)
			}
		}
	default:
		cur.ids = appendSubtree(make([]uint32, 0, d.subtreeHint(cur.base)), cur.base)
	}
}

func (d *Directory) subtreeHint(base *entry) int {
	if base == d.root {
		return int(d.count)
	}
	return 64
}

// appendSubtree lists an entry and everything below it in its naming context.
func appendSubtree(ids []uint32, e *entry) []uint32 {
	ids = append(ids, e.id)
	if e.kids != nil {
		for _, k := range e.kids.list {
			if k.kids == nil {
				ids = append(ids, k.id)
			} else {
				ids = appendSubtree(ids, k)
			}
		}
	}
	return ids
}

// wants reports whether an entry belongs to the result.
func (cur *cursor) wants(e *entry) bool {
	if e.is(isTombstone) && (!cur.deleted || cur.barred && e.parent.is(isTombstone)) {
		return false
	}
	if cur.within && !cur.inScope(e) {
		return false
	}
	return cur.filter.Match(e) == yes
}

func (cur *cursor) inScope(e *entry) bool {
	if cur.scope == scopeOne {
		return e.parent == cur.base && !e.is(isNCHead)
	}
	for e != cur.base {
		if e.is(isNCHead) || e.parent == nil {
			return false // another naming context
		}
		e = e.parent
	}
	return true
}

// advance drops candidates up to the next match; false at the end.
func (d *Directory) advance(cur *cursor) bool {
	for len(cur.ids) > 0 {
		if cur.wants(d.at(cur.ids[0])) {
			return true
		}
		cur.ids = cur.ids[1:]
	}
	return false
}

// appendMatches appends up to n matches to b, stopping early once b has grown to about size bytes. done says that no match is
// left, sent how many were appended.
func (d *Directory) appendMatches(b []byte, id int64, cur *cursor, n, size int) (out []byte, sent int, done bool, refused *ResultError) {
	for d.advance(cur) {
		if sent >= n || len(b) >= size {
			return b, sent, false, nil
		}
		if sent%warmEntries == 0 {
			d.warm(cur)
		}
		e, pick := d.at(cur.ids[0]), cur.pick
		if cur.barred && e.is(isTombstone) {
			pick = &selection{stored: make([]bool, len(d.schema.attrs))} // its name shows, and nothing else
		}
		if b, refused = d.appendEntry(b, id, e, pick); refused != nil {
			return b, sent, true, refused
		}
		cur.ids = cur.ids[1:]
		cur.sent++
		sent++
	}
	return b, sent, true, nil
}

// sortBy orders the result by an attribute's first value; entries without it come last. It tests the filter first.
func (d *Directory) sortBy(cur *cursor, key *sortKey) {
	a := d.schema.lookup(key.attr)
	if a == nil {
		return
	}
	type row struct {
		id  uint32
		key []byte
	}
	var rows []row
	for d.advance(cur) {
		r := row{id: cur.ids[0]}
		d.each(d.at(r.id), a, func(v string) bool {
			r.key = append([]byte{0}, a.appendNorm(nil, v)...)
			return false
		})
		rows = append(rows, r)
		cur.ids = cur.ids[1:]
	}
	slices.SortStableFunc(rows, func(x, y row) int {
		if (x.key == nil) != (y.key == nil) {
			return cmp.Compare(len(y.key), len(x.key))
		}
		if key.reverse {
			x, y = y, x
		}
		return bytes.Compare(x.key, y.key)
	})
	cur.ids = nil
	for _, r := range rows {
		cur.ids = append(cur.ids, r.id)
	}
}

// referrals lists the naming contexts below the base that a subtree search leaves out.
func (d *Directory) referrals(cur *cursor) []string {
	var out []string
	if cur.scope == scopeBase {
		return nil
	}
	if cur.base == d.root {
		out = append(out, d.config.dn())
	}
	if cur.base == d.config {
		out = append(out, d.schemaNC.dn())
	}
	if cur.scope == scopeOne {
		for i := range out {
			out[i] += "??base"
		}
	}
	return out
}

// appendReference appends a SearchResultReference message.
func appendReference(b []byte, id int64, url string) []byte {
	start := len(b)
	b = begin(b, tagSequence)
	b = appendInteger(b, tagInteger, id)
	b = appendTLV(b, tagSearchReference, appendTLV(nil, tagOctetString, url))
	end(b, start)
	return b
}

func newCookie(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
