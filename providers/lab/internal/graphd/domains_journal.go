package graphd

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// commitPlain makes next the value of one of the tenant's own objects (a domain, the organization) and journals it under the
// name of its collection. o is nil for a new one.
func (t *Tenant) commitPlain(collection string, o, next *object) *Error {
	if t.onChange != nil {
		b := append([]byte(nil), `{"op":"put","kind":"`+collection+`","object":{`...)
		b = append(t.appendAll(b, next), `}}`...)
		if err := t.onChange(b); err != nil {
			return journalFailed(err)
		}
	}
	if o != nil {
		next.seq = o.seq
		*o = *next
	} else {
		t.domains = append(t.domains, next)
	}
	t.knowDomains()
	return nil
}

// applyPlain replays a record of commitPlain or of a removed domain; false if it is none.
func (t *Tenant) applyPlain(op, collection, id string, raw []byte) (bool, error) {
	switch {
	case collection == "organization" && op == "put":
		next, err := t.readPlain(raw)
		if err != nil {
			return true, err
		}
		*t.org = *next
		return true, nil
	case collection != "domains":
		return false, nil
	case op == "remove":
		t.domains = slices.DeleteFunc(t.domains, func(o *object) bool { return strings.EqualFold(text(o.rec.get(propID)), id) })
	default:
		next, err := t.readPlain(raw)
		if err != nil {
			return true, err
		}
		if o := t.domain(text(next.rec.get(propID))); o != nil {
			*o = *next
		} else {
			t.domains = append(t.domains, next)
		}
	}
	t.knowDomains()
	return true, nil
}

func (t *Tenant) readPlain(raw []byte) (*object, error) {
	var d draft
	if err := d.read(jsontext.NewDecoder(bytes.NewReader(raw)), t.reg, plainKind); err != nil {
		return nil, fmt.Errorf("a journal record's object is not valid: %w", err)
	}
	return t.plain(&d, ""), nil
}

// knowDomains draws what follows from the domains: which names are verified, and the organization's list of them.
func (t *Tenant) knowDomains() {
	verified := map[string]bool{}
	for _, o := range t.domains {
		if o.rec.get(t.reg.must("isVerified")) == "true" {
			verified[strings.ToLower(text(o.rec.get(propID)))] = text(o.rec.get(t.reg.must("authenticationType"))) == "Federated"
		}
	}
	t.verified = verified
	t.org.rec = t.org.rec.with(field{t.reg.must("verifiedDomains"), t.verifiedDomains()})
}

// verifiedDomains is the organization's property.
func (t *Tenant) verifiedDomains() string {
	b := []byte{'['}
	for _, o := range t.domains {
		name := text(o.rec.get(propID))
		if _, ok := t.verified[strings.ToLower(name)]; !ok {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"capabilities":"Email, OfficeCommunicationsOnline","isDefault":%t,"isInitial":%t,"name":%s,"type":%s}`,
			o.rec.get(t.reg.must("isDefault")) == "true", o.rec.get(t.reg.must("isInitial")) == "true", quoted(name),
			o.rec.get(t.reg.must("authenticationType")))
	}
	return string(append(b, ']'))
}
