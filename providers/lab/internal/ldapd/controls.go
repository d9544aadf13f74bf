package ldapd

import "slices"

// Object identifiers of the controls the server knows.
const (
	oidPaging           = "1.2.840.113556.1.4.319"
	oidShowDeleted      = "1.2.840.113556.1.4.417"
	oidShowRecycled     = "1.2.840.113556.1.4.2064"
	oidExtendedDN       = "1.2.840.113556.1.4.529"
	oidSDFlags          = "1.2.840.113556.1.4.801"
	oidDomainScope      = "1.2.840.113556.1.4.1339"
	oidPermissiveModify = "1.2.840.113556.1.4.1413"
	oidTreeDelete       = "1.2.840.113556.1.4.805"
	oidLazyCommit       = "1.2.840.113556.1.4.619"
	oidSort             = "1.2.840.113556.1.4.473"
	oidSortResponse     = "1.2.840.113556.1.4.474"
)

var supportedControls = []string{oidPaging, oidShowDeleted, oidShowRecycled, oidExtendedDN, oidSDFlags, oidDomainScope,
	oidPermissiveModify, oidTreeDelete, oidLazyCommit, oidSort}

// controls are the request controls of one message.
type controls struct {
	paging      *pagingControl
	showDeleted bool
	barred      bool   // … by an account that has no right to see them; not a control
	hidden      hidden // likewise, what the account may not read
	extendedDN  int    // 0: off, 1: hexadecimal, 2: text form
	domainScope bool
	permissive  bool
	treeDelete  bool
	sort        *sortKey
}

type pagingControl struct {
	size   int
	cookie []byte
}

type sortKey struct {
	attr    string
	reverse bool
}

// decodeControls reads the controls of a message; an unknown one that is critical refuses the operation.
func decodeControls(b []byte) (c controls, refused *ResultError, err error) {
	list := reader{b: b}
	for list.more() {
		one := list.sub(tagSequence)
		oid := one.text()
		critical := one.peek() == tagBoolean && one.boolean()
		var value []byte
		if one.peek() == tagOctetString {
			value = one.take(tagOctetString)
		}
		if one.err != nil {
			return c, nil, one.err
		}
		if !slices.Contains(supportedControls, oid) {
			if critical {
				refused = refuse(codeCriticalExtension, "00000057: LdapErr: DSID-0C090A7D, comment: Error processing control %s, data 0, v4563", oid)
			}
			continue
		}
		if err := c.apply(oid, value); err != nil {
			return c, nil, err
		}
	}
	return c, refused, list.err
}

func (c *controls) apply(oid string, value []byte) error {
	switch oid {
	case oidPaging:
		r := reader{b: value}
		seq := r.sub(tagSequence)
		size := seq.integer(tagInteger)
		c.paging = &pagingControl{size: int(max(0, min(size, 1<<30))), cookie: seq.take(tagOctetString)}
		return seq.err
	case oidShowDeleted, oidShowRecycled:
		c.showDeleted = true
	case oidExtendedDN:
		c.extendedDN = 1
		if len(value) > 0 {
			r := reader{b: value}
			seq := r.sub(tagSequence)
			if seq.integer(tagInteger) != 0 {
				c.extendedDN = 2
			}
			return seq.err
		}
	case oidDomainScope:
		c.domainScope = true
	case oidPermissiveModify:
		c.permissive = true
	case oidTreeDelete:
		c.treeDelete = true
	case oidSort:
		r := reader{b: value}
		keys := r.sub(tagSequence)
		key := keys.sub(tagSequence)
		c.sort = &sortKey{attr: key.text()}
		if key.peek() == 0x80 {
			key.any()
		}
		if key.peek() == 0x81 {
			_, v := key.any()
			c.sort.reverse = len(v) == 1 && v[0] != 0
		}
		return key.err
	}
	return nil
}

// appendControl appends one response control.
func appendControl(b []byte, oid string, value []byte) []byte {
	body := appendTLV(nil, tagOctetString, oid)
	return appendTLV(b, tagSequence, appendTLV(body, tagOctetString, value))
}

// pagingResponse is the paging control that ends a page; an empty cookie says that it was the last.
func pagingResponse(b []byte, cookie []byte) []byte {
	v := appendInteger(nil, tagInteger, 0)
	v = appendTLV(v, tagOctetString, cookie)
	return appendControl(b, oidPaging, appendTLV(nil, tagSequence, v))
}
