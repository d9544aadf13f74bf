package ldapd

import (
	"bytes"
	"math"
	"slices"
)

// search serves a search request: the rootDSE, one page, or all at once.
func (c *conn) search(id int64, body []byte, ctls *controls) error {
	req, err := decodeSearch(body)
	if err != nil {
		return err
	}
	d := c.srv.Dir
	if req.base == "" && req.scope == scopeBase {
		d.mu.RLock()
		c.out = d.appendRootDSE(c.out, id, req.attributes, req.typesOnly, len(c.hidden) > 0)
		d.mu.RUnlock()
		c.reply(id, tagSearchDone, nil)
		return nil
	}
	cur, refused := c.cursorFor(&req, ctls)
	if refused != nil {
		c.reply(id, tagSearchDone, refused)
		return nil
	}
	if cur == nil { // the client gave a paged search up
		c.out = appendResult(c.out, id, tagSearchDone, nil, nil, pagingResponse(nil, nil))
		return nil
	}
	return c.sendPage(id, cur, ctls)
}

// cursorFor opens a search or takes up the one a paging cookie names. Both are nil if the client ends a paged search.
func (c *conn) cursorFor(req *searchRequest, ctls *controls) (*cursor, *ResultError) {
	d := c.srv.Dir
	if p := ctls.paging; p != nil && len(p.cookie) > 0 {
		i := slices.IndexFunc(c.cursors, func(cur *cursor) bool { return bytes.Equal(cur.cookie, p.cookie) })
		if i < 0 {
			return nil, refuse(codeUnwilling, "00000057: LdapErr: DSID-0C090B1C, comment: the paging cookie is unknown on this connection, data 0, v4563")
		}
		cur := c.cursors[i]
		c.cursors = slices.Delete(c.cursors, i, i+1)
		if p.size == 0 {
			return nil, nil
		}
		return cur, nil
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	ctls.barred, ctls.hidden = !c.seesDeleted, c.hidden
	cur, refused := d.open(req, ctls)
	if refused == nil {
		cur.pick.readOnly = c.srv.readOnly.Load()
	}
	return cur, refused
}

// sendPage sends as many entries as one response may have, then the result.
func (c *conn) sendPage(id int64, cur *cursor, ctls *controls) error {
	n := maxPageSize
	if ctls.paging != nil && ctls.paging.size > 0 {
		n = min(n, ctls.paging.size)
	}
	left := math.MaxInt
	if cur.limit > 0 {
		left = cur.limit - cur.sent
	}
	done, refused, err := c.sendEntries(id, cur, min(n, left))
	if err != nil {
		return err
	}
	if refused == nil && !done && (ctls.paging == nil || left <= n) {
		refused = refuse(codeSizeLimit, "000020EF: SvcErr: DSID-03140397, problem 5003 (SIZE_LIMIT), data 0")
		done = true
	}
	done = done || refused != nil
	if done && refused == nil && !ctls.domainScope {
		c.sendReferrals(id, cur)
	}
	c.out = appendResult(c.out, id, tagSearchDone, refused, nil, c.responseControls(cur, ctls, done))
	return nil
}

// sendEntries sends up to n entries, a buffer at a time. The directory is locked only while a buffer is filled.
func (c *conn) sendEntries(id int64, cur *cursor, n int) (done bool, refused *ResultError, err error) {
	d := c.srv.Dir
	for {
		var sent int
		d.mu.RLock()
		c.out, sent, done, refused = d.appendMatches(c.out, id, cur, n, flushSize)
		d.mu.RUnlock()
		n -= sent
		if done || refused != nil || n <= 0 {
			return done, refused, nil
		}
		if err := c.flush(); err != nil {
			return false, nil, err
		}
	}
}

func (c *conn) sendReferrals(id int64, cur *cursor) {
	d := c.srv.Dir
	scheme := "ldap://"
	if c.ldaps {
		scheme = "ldaps://"
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, dn := range d.referrals(cur) {
		c.out = appendReference(c.out, id, scheme+d.domain+"/"+dn)
	}
}

// responseControls ends a page: with a cookie if more is to come.
func (c *conn) responseControls(cur *cursor, ctls *controls, done bool) []byte {
	var b []byte
	if ctls.sort != nil {
		b = appendControl(b, oidSortResponse, appendTLV(nil, tagSequence, []byte{tagEnumerated, 1, 0}))
	}
	if ctls.paging == nil {
		return b
	}
	if done {
		return pagingResponse(b, nil)
	}
	cur.cookie = newCookie(c.srv.lastSet.Add(1))
	if len(c.cursors) == maxPagedReads {
		c.cursors = slices.Delete(c.cursors, 0, 1)
	}
	c.cursors = append(c.cursors, cur)
	return pagingResponse(b, cur.cookie)
}

// compare serves a compare request.
func (c *conn) compare(id int64, body []byte) error {
	r := reader{b: body}
	dn := r.text()
	assertion := r.sub(tagSequence)
	label, value := assertion.text(), assertion.text()
	if assertion.err != nil {
		return assertion.err
	}
	d := c.srv.Dir
	d.mu.RLock()
	defer d.mu.RUnlock()
	e, refused := d.searchBase(dn, false)
	if refused == nil {
		refused = d.compareResult(e, label, value)
	}
	c.reply(id, tagCompareResponse, refused)
	return nil
}

func (d *Directory) compareResult(e *entry, label, value string) *ResultError {
	a := d.schema.lookup(label)
	if a == nil || !d.has(e, a) {
		return refuse(codeNoSuchAttribute, "00000057: LdapErr: DSID-0C090DC0, comment: %s is not there to compare, data 0, v4563", clip([]byte(label)))
	}
	if d.equality(label, value).Match(e) == yes {
		return &ResultError{Code: codeCompareTrue}
	}
	return &ResultError{Code: codeCompareFalse}
}
