package ldapd

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf8"
)

// appendNorm appends the form of a value under which it is compared and indexed.
func (a *attribute) appendNorm(b []byte, v string) []byte {
	if a.syntax == text || a.syntax == boolean {
		return appendLower(b, v)
	}
	return append(b, v...)
}

// equal compares a stored value with one in normal form.
func (a *attribute) equal(v, norm string) bool {
	switch a.syntax {
	case text, boolean:
		return foldEqual(v, norm)
	case integer:
		if v == norm {
			return true
		}
		x, err1 := strconv.ParseInt(v, 10, 64)
		y, err2 := strconv.ParseInt(norm, 10, 64)
		return err1 == nil && err2 == nil && x == y
	}
	return v == norm
}

// valid checks a value that a client wants stored.
func (a *attribute) valid(v string) bool {
	switch a.syntax {
	case text:
		return v != "" && utf8.ValidString(v)
	case integer:
		_, err := strconv.ParseInt(v, 10, a.bits())
		return err == nil
	case boolean:
		return v == "TRUE" || v == "FALSE"
	case moment:
		_, ok := parseMoment(v)
		return ok
	}
	return v != ""
}

// large are the integers of 64 bits (syntax 2.5.5.16): times, ages and counters of changes.
var large = []string{"accountExpires", "lastLogon", "lastLogonTimestamp", "lastLogoff", "badPasswordTime", "lockoutTime", "pwdLastSet", "maxPwdAge", "minPwdAge",
	"lockoutDuration", "lockOutObservationWindow", "msExchRemoteRecipientType", "msExchRecipientTypeDetails", "uSNChanged", "uSNCreated"}

// bits is the size of an integer attribute's values.
func (a *attribute) bits() int {
	if slices.Contains(large, a.name) {
		return 64
	}
	return 32
}

// tooLong checks a value against the schema's rangeUpper.
func (a *attribute) tooLong(v string) bool {
	if a.max == 0 || len(v) <= a.max {
		return false
	}
	return a.syntax != text || utf8.RuneCountInString(v) > a.max
}

// appendOrigin appends the values, as octet strings in BER, of an attribute that is not stored: names, identifiers, times, what
// follows from the class. Links are in appendLinks, constructed attributes in appendConstructed.
func (d *Directory) appendOrigin(b []byte, e *entry, a *attribute) []byte {
	var buf [64]byte
	switch a.origin {
	case fromDN:
		b = appendLen(append(b, tagOctetString), e.dnLen())
		return e.appendDN(b)
	case fromRDN:
		if a.low == "name" || bytes.EqualFold([]byte(a.low), []byte(rdnType(e.rdn))) {
			return appendTLV(b, tagOctetString, rdnValue(e.rdn))
		}
		return b
	case fromGUID:
		return append(append(b, tagOctetString, 16), e.guid[:]...)
	case fromSID:
		return d.appendSID(b, e, a)
	case fromUSNCreated:
		return appendTLV(b, tagOctetString, strconv.AppendUint(buf[:0], e.usnCreated, 10))
	case fromUSNChanged:
		return appendTLV(b, tagOctetString, strconv.AppendUint(buf[:0], e.usnChanged, 10))
	case fromCreated:
		return appendTLV(b, tagOctetString, appendMoment(buf[:0], e.created))
	case fromChanged:
		return appendTLV(b, tagOctetString, appendMoment(buf[:0], e.changed))
	}
	return d.appendFromClass(b, e, a)
}

func (d *Directory) appendSID(b []byte, e *entry, a *attribute) []byte {
	switch {
	case e == d.root:
		return appendTLV(b, tagOctetString, d.domainSID)
	case e.rid != 0:
		b = appendLen(append(b, tagOctetString), len(d.domainSID)+4)
		b = append(b, d.domainSID...)
		b[len(b)-len(d.domainSID)+1]++
		return append(b, byte(e.rid), byte(e.rid>>8), byte(e.rid>>16), byte(e.rid>>24))
	}
	return append(b, e.blob.get(a.id)...) // a SID of another domain
}

func (d *Directory) appendFromClass(b []byte, e *entry, a *attribute) []byte {
	c := &d.schema.classes[e.class]
	switch a.origin {
	case fromClass:
		for _, one := range c.chain {
			b = appendTLV(b, tagOctetString, one)
		}
	case fromCategory:
		if e.is(isTombstone) && e != d.deleted {
			return b
		}
		n := len("CN=,") + len(c.category) + len(d.schemaNC.kids.dn)
		b = append(appendLen(append(b, tagOctetString), n), "CN="...)
		b = append(append(b, c.category...), ',')
		b = append(b, d.schemaNC.kids.dn...)
	case fromInstance:
		b = appendTLV(b, tagOctetString, instanceType(e))
	case fromAccountType:
		if t := d.accountType(e); t != "" && !e.is(isTombstone) { // MS-ADTS 3.1.1.5.5.6.1
			b = appendTLV(b, tagOctetString, t)
		}
	}
	return b
}

func instanceType(e *entry) string {
	switch {
	case !e.is(isNCHead):
		return "4"
	case e.parent == nil:
		return "5"
	}
	return "13"
}

// accountType is sAMAccountType, which follows from the class, userAccountControl and groupType.
func (d *Directory) accountType(e *entry) string {
	c := &d.schema.classes[e.class]
	switch {
	case !c.account || e == d.root:
		return ""
	case c.category == "Computer":
		return "805306369"
	case c.category != "Group":
		return "805306368"
	}
	kind, _ := strconv.ParseInt(firstValue(e.blob.get(d.attr("groupType"))), 10, 64)
	security, local := d.isSecurityGroup(e), kind&4 != 0
	switch {
	case security && local:
		return "536870912"
	case security:
		return "268435456"
	case local:
		return "536870913"
	}
	return "268435457"
}

// has reports whether an entry has any value of an attribute.
func (d *Directory) has(e *entry, a *attribute) bool {
	switch a.origin {
	case stored:
		return !a.secret && len(e.blob.get(a.id)) > 0
	case link, backLink:
		for _, r := range e.links {
			if r.attr() == a.id {
				return true
			}
		}
		return false
	case constructed:
		return false
	case fromDN, fromGUID, fromClass, fromUSNCreated, fromUSNChanged, fromCreated, fromChanged:
		return true
	}
	var buf [256]byte
	return len(d.appendOrigin(buf[:0], e, a)) > 0
}

// each calls f with every value of an attribute until f returns false. Links are given as distinguished names.
func (d *Directory) each(e *entry, a *attribute, f func(v string) bool) {
	var vals values
	switch a.origin {
	case stored:
		if a.secret {
			return
		}
		vals = e.blob.get(a.id)
	case link, backLink:
		for _, r := range e.links {
			if r.attr() == a.id && !f(d.at(r.target()).dn()) {
				return
			}
		}
		return
	case constructed:
		return
	default:
		vals = values(d.appendOrigin(nil, e, a))
	}
	for len(vals) > 0 {
		var one string
		if one, vals = vals.next(); !f(one) {
			return
		}
	}
}
