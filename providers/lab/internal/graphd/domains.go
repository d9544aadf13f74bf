package graphd

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

var domainName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]$`)

// domain finds a domain by name, or nil.
func (t *Tenant) domain(name string) *object {
	for _, o := range t.domains {
		if strings.EqualFold(text(o.rec.get(propID)), name) {
			return o
		}
	}
	return nil
}

// defaultDomain is the name that addresses get.
func (t *Tenant) defaultDomain() string {
	p := t.reg.must("isDefault")
	for _, o := range t.domains {
		if o.rec.get(p) == "true" {
			return text(o.rec.get(propID))
		}
	}
	return text(t.domains[0].rec.get(propID))
}

// createDomain serves POST /domains. A domain below a verified one needs no proof of its own.
func (t *Tenant) createDomain(rq *request) (reply, *Error) {
	var name string
	e := eachProperty(rq.body, func(property string, v jsontext.Value) *Error {
		if strings.HasPrefix(property, "@odata.") {
			return nil
		}
		if !strings.EqualFold(property, "id") {
			return readOnly(property)
		}
		name = strings.ToLower(text(string(v)))
		return nil
	})
	if e != nil {
		return reply{}, e
	}
	if !domainName.MatchString(name) || len(name) > 253 || strings.HasSuffix(name, ".onmicrosoft.com") {
		return reply{}, badRequest("Invalid value specified for property 'id' of resource 'Domain'.")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.domain(name) != nil {
		e := badRequest("A conflicting object with one or more of the specified property values is present in the directory.")
		e.Details = []Detail{{Code: "ObjectConflict", Target: "id"}}
		return reply{}, e
	}
	_, parent, _ := strings.Cut(name, ".")
	_, below := t.verified[parent]
	b := fmt.Sprint
	next := &object{kind: plainKind, rec: makeRecord([]field{{propID, quoted(name)}, {t.reg.must("authenticationType"), `"Managed"`},
		{t.reg.must("isAdminManaged"), "true"}, {t.reg.must("isDefault"), "false"}, {t.reg.must("isInitial"), "false"},
		{t.reg.must("isRoot"), b(!below)}, {t.reg.must("isVerified"), b(below)}, {t.reg.must("supportedServices"), "[]"}})}
	if e := t.commitPlain("domains", nil, next); e != nil {
		return reply{}, e
	}
	return t.single(rq, 201, next)
}

// patchDomain serves the two properties that can be set: isDefault and supportedServices.
func (t *Tenant) patchDomain(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.domain(rq.params[0])
	if o == nil {
		return reply{}, notFound(rq.params[0])
	}
	isDefault, services := t.reg.must("isDefault"), t.reg.must("supportedServices")
	var fields []field
	e := eachProperty(rq.body, func(name string, v jsontext.Value) *Error {
		p, ok := t.reg.find(name)
		switch {
		case strings.HasPrefix(name, "@odata."):
			return nil
		case !ok:
			return badRequest("Invalid property '%s'.", name)
		case p != isDefault && p != services:
			return readOnly(t.reg.props[p].name)
		case v.Compact() != nil, checkShape(&t.reg.props[p], v) != nil, p == isDefault && v.Kind() != 't':
			return badRequest("Invalid value specified for property '%s' of resource 'Domain'.", t.reg.props[p].name)
		}
		fields = append(fields, field{p, string(v)})
		return nil
	})
	if e != nil {
		return reply{}, e
	}
	next := *o
	next.rec = o.rec.with(fields...)
	if next.rec.get(isDefault) == "true" && o.rec.get(isDefault) != "true" {
		if next.rec.get(t.reg.must("isVerified")) != "true" {
			return reply{}, badRequest("Invalid value specified for property 'isDefault' of resource 'Domain'.")
		}
		if old := t.domain(t.defaultDomain()); old.rec.get(isDefault) == "true" {
			was := *old
			was.rec = old.rec.with(field{isDefault, "false"})
			if e := t.commitPlain("domains", old, &was); e != nil {
				return reply{}, e
			}
		}
	}
	if e := t.commitPlain("domains", o, &next); e != nil {
		return reply{}, e
	}
	return reply{status: 204}, nil
}

// deleteDomain refuses the initial and the default domain, and one that objects use.
func (t *Tenant) deleteDomain(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.domain(rq.params[0])
	if o == nil {
		return reply{}, notFound(rq.params[0])
	}
	name := text(o.rec.get(propID))
	if o.rec.get(t.reg.must("isInitial")) == "true" || o.rec.get(t.reg.must("isDefault")) == "true" || len(t.usersOfDomain(name)) > 0 {
		return reply{}, badRequest("The domain '%s' is the initial or default domain or is referenced by other objects and can't be removed.", name)
	}
	if t.onChange != nil {
		if err := t.onChange([]byte(`{"op":"remove","kind":"domains","id":` + quoted(name) + `}`)); err != nil {
			return reply{}, journalFailed(err)
		}
	}
	if _, err := t.applyPlain("remove", "domains", name, nil); err != nil {
		return reply{}, journalFailed(err)
	}
	return reply{status: 204}, nil
}

// proof is the number in a domain's verification records, fixed for a tenant.
func (t *Tenant) proof(name string) string {
	h := fnv.New32a()
	h.Write([]byte(t.tenantID + "/" + name))
	return fmt.Sprintf("ms%08d", h.Sum32()%100_000_000)
}

// listVerificationRecords serves the DNS records by one of which an owner proves that a domain is theirs.
func (t *Tenant) listVerificationRecords(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	o := t.domain(rq.params[0])
	if o == nil {
		return reply{}, notFound(rq.params[0])
	}
	name := text(o.rec.get(propID))
	proof := t.proof(name)
	id := func(what string) string { return mintGUID(what, name).String() }
	body := fmt.Sprintf(`{"@odata.context":%s,"value":[`+
		`{"@odata.type":"#microsoft.graph.domainDnsTxtRecord","id":%q,"isOptional":false,"label":%[3]s,"recordType":"Txt","supportedService":"Email","ttl":3600,"text":"MS=%[4]s"},`+
		`{"@odata.type":"#microsoft.graph.domainDnsMxRecord","id":%[5]q,"isOptional":false,"label":%[3]s,"recordType":"Mx","supportedService":"Email","ttl":3600,"mailExchange":"%[4]s.msv1.invalid","preference":32767}]}`,
		quoted(rq.root+"/$metadata#domains('"+name+"')/verificationDnsRecords"), id("txt"), quoted(name), proof, id("mx"))
	return reply{status: 200, body: []byte(body), list: true}, nil
}

// verifyDomain serves POST /domains/{id}/verify. There is no DNS to ask: the lab takes every proof as given.
func (t *Tenant) verifyDomain(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := t.domain(rq.params[0])
	if o == nil {
		return reply{}, notFound(rq.params[0])
	}
	p := t.reg.must("isVerified")
	if o.rec.get(p) == "true" {
		return reply{}, badRequest("The domain '%s' is verified already.", text(o.rec.get(propID)))
	}
	next := *o
	next.rec = o.rec.with(field{p, "true"}, field{t.reg.must("supportedServices"), `["Email","OfficeCommunicationsOnline"]`})
	if e := t.commitPlain("domains", o, &next); e != nil {
		return reply{}, e
	}
	return t.single(rq, 200, o)
}

// usersOfDomain are the living users, groups and contacts with a name or address in a domain.
func (t *Tenant) usersOfDomain(name string) []*object {
	suffix := "@" + strings.ToLower(name)
	in := func(s string) bool { return strings.HasSuffix(strings.ToLower(s), suffix) }
	var out []*object
	for _, k := range []kind{userKind, groupKind} {
		for _, o := range t.live[k] {
			if in(text(o.rec.get(propUPN))) || in(text(o.rec.get(propMail))) || slices.ContainsFunc(texts(o.rec.get(propProxyAddresses)), in) {
				out = append(out, o)
			}
		}
	}
	return out
}

// listDomainReferences serves the objects that use a domain.
func (t *Tenant) listDomainReferences(rq *request) (reply, *Error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	o := t.domain(rq.params[0])
	if o == nil {
		return reply{}, notFound(rq.params[0])
	}
	return t.references(rq, t.usersOfDomain(text(o.rec.get(propID))))
}

// jsonOf is a value in JSON.
func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(b)
}
