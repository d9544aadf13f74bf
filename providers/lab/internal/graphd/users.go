package graphd

import (
	"bytes"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// userBody is a POST or PATCH body taken apart.
type userBody struct {
	fields    []field
	names     map[string]bool // of everything the body sets, in lower case
	sensitive bool            // it sets what only privileged roles may set on a role holder
	create    bool            // it makes a user: null is as good as nothing
}

// readUserBody decodes and checks the properties a client wants to set.
func (t *Tenant) readUserBody(body []byte, create bool) (*userBody, *Error) {
	u := &userBody{names: map[string]bool{}, create: create}
	e := eachProperty(body, func(name string, v jsontext.Value) *Error { return t.takeProperty(u, name, v) })
	return u, e
}

// eachProperty calls f with the members of a body, which must be one JSON object.
func eachProperty(body []byte, f func(name string, v jsontext.Value) *Error) *Error {
	dec := jsontext.NewDecoder(bytes.NewReader(body))
	if dec.PeekKind() != '{' {
		return malformed()
	}
	dec.ReadToken()
	for dec.PeekKind() == '"' {
		tok, _ := dec.ReadToken()
		name := tok.String()
		v, err := dec.ReadValue()
		if err != nil {
			return malformed()
		}
		if e := f(name, v.Clone()); e != nil {
			return e
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return malformed()
	}
	return nil
}

func (t *Tenant) takeProperty(u *userBody, name string, v jsontext.Value) *Error {
	if strings.HasPrefix(name, "@odata.") {
		return nil
	}
	u.names[strings.ToLower(name)] = true
	if strings.EqualFold(name, "passwordProfile") {
		u.sensitive = true
		u.fields = append(u.fields, field{t.reg.must("lastPasswordChangeDateTime"), t.timeNow()})
		return checkPassword(v)
	}
	p, ok := t.reg.find(name)
	if !ok || p == propID || !t.reg.props[p].has(userKind) {
		return badRequest("Invalid property '%s'.", name)
	}
	def := &t.reg.props[p]
	if !def.write {
		return readOnly(def.name)
	}
	u.sensitive = u.sensitive || def.sensitive
	if v.Kind() == 'n' && u.create {
		delete(u.names, strings.ToLower(name))
		return nil
	}
	if v.Kind() == 'n' {
		if def.keep || p == propUserType {
			return invalidValue(userKind, def.name)
		}
		u.fields = append(u.fields, field{p, "null"})
		return nil
	}
	if err := v.Compact(); err != nil {
		return invalidValue(userKind, def.name)
	}
	if e := t.checkValue(userKind, p, v); e != nil {
		return e
	}
	raw := string(v)
	if def.typ == listProp && raw == "[]" {
		raw = "null"
	}
	u.fields = append(u.fields, field{p, raw})
	return nil
}

func (t *Tenant) createUser(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, e := t.readUserBody(rq.body, true)
	if e != nil {
		return reply{}, e
	}
	for _, name := range []string{"accountEnabled", "displayName", "mailNickname", "passwordProfile", "userPrincipalName"} {
		if !u.names[strings.ToLower(name)] {
			return reply{}, badRequest("A value is required for property '%s' of resource 'User'.", name)
		}
	}
	next := object{id: randomGUID(), kind: userKind}
	next.rec = makeRecord([]field{{propUserType, `"Member"`}, {propCreatedDateTime, t.timeNow()}}).with(u.fields...)
	if mail := text(next.rec.get(propMail)); mail != "" {
		next.rec = next.rec.with(field{propProxyAddresses, rawTexts(withMail(nil, mail, false))})
	}
	_, domain, _ := strings.Cut(text(next.rec.get(propUPN)), "@")
	if t.verified[strings.ToLower(domain)] && next.rec.get(propImmutableID) == "" {
		return reply{}, badRequest("A value is required for property 'onPremisesImmutableId' of resource 'User'.")
	}
	o := &object{}
	if other, property, _ := t.clash(o, &next); other != nil {
		return reply{}, conflict(property)
	}
	if err := t.commit(o, next); err != nil {
		return reply{}, err.(*Error)
	}
	return t.single(rq, 201, o)
}

func (t *Tenant) patchUser(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o, e := t.user(rq.params[0])
	if e != nil {
		return reply{}, e
	}
	if o.isSynced() {
		return reply{}, syncedElsewhere()
	}
	u, e := t.readUserBody(rq.body, false)
	if e != nil {
		return reply{}, e
	}
	if u.sensitive && t.shields(o, rq.caller) {
		return reply{}, denied()
	}
	for name := range u.names {
		if e := invitedKeeps(o, name); e != nil {
			return reply{}, e
		}
	}
	if u.names["onpremisesextensionattributes"] && t.everSynced(o) {
		return reply{}, badRequest("Unable to update the specified properties for objects that have originated within an external service.")
	}
	if e := t.change(o, u.fields); e != nil {
		return reply{}, e
	}
	return reply{status: 204}, nil
}

// invitedKeeps refuses to change what an invited guest keeps: user name and nickname (microsoft-graph-docs issue 7602).
func invitedKeeps(o *object, property string) *Error {
	if !strings.Contains(strings.ToUpper(text(o.rec.get(propUPN))), "#EXT#") {
		return nil
	}
	for _, name := range []string{"userPrincipalName", "mailNickname"} {
		if strings.EqualFold(property, name) {
			return invalidValue(userKind, name)
		}
	}
	return nil
}

// change sets properties of a living object, with what follows from them, if nothing unique is taken.
func (t *Tenant) change(o *object, fields []field) *Error { return t.changeWith(o, *o, fields) }

// changeWith is change for an object that differs in more than its properties: next is o with that.
func (t *Tenant) changeWith(o *object, next object, fields []field) *Error {
	for i, f := range fields {
		if t.reg.props[f.prop].typ == objectProp && f.raw != "null" {
			fields[i].raw = merge(o.rec.get(f.prop), f.raw)
		}
	}
	next.rec = o.rec.with(fields...)
	if mail := next.rec.get(propMail); mail != o.rec.get(propMail) {
		mailbox := t.hasMailbox(o.rec)
		if list := withMail(texts(o.rec.get(propProxyAddresses)), text(mail), mailbox); next.rec.get(propProxyAddresses) == o.rec.get(propProxyAddresses) {
			next.rec = next.rec.with(field{propProxyAddresses, rawTexts(list)})
		}
	}
	if other, property, _ := t.clash(o, &next); other != nil {
		return conflict(property)
	}
	if next.rec.get(propMail) != o.rec.get(propMail) && t.hasMailbox(next.rec) && t.unverified(text(next.rec.get(propMail))) {
		next.rec = next.rec.with(field{propMail, o.rec.get(propMail)}, field{propProxyAddresses, o.rec.get(propProxyAddresses)})
	}
	t.settleAddresses(&next)
	if err := t.commit(o, next); err != nil {
		return err.(*Error)
	}
	return nil
}

func (t *Tenant) deleteUser(rq *request) (reply, *Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o, e := t.user(rq.params[0])
	if e != nil {
		return reply{}, e
	}
	return t.deleteObject(rq, o)
}

// bury moves a living object to the recycle bin, where a user's UPN carries its id so that the name is free at once.
func (t *Tenant) bury(o *object) *Error {
	next := *o
	next.deleted = true
	fields := []field{{propDeletedDateTime, t.timeNow()}}
	if o.kind == userKind {
		fields = append(fields, field{propUPN, quoted(binMark(o.id) + text(o.rec.get(propUPN)))})
	}
	next.rec = o.rec.with(fields...)
	if err := t.commit(o, next); err != nil {
		return err.(*Error)
	}
	return nil
}

// binMark is what precedes the UPN of a user in the recycle bin: the id without dashes.
func binMark(id guid) string { return strings.ReplaceAll(id.String(), "-", "") }

// user finds a living user that readers see by id or UPN.
func (t *Tenant) user(name string) (*object, *Error) { return t.find(userKind, name) }

// find finds a living object that readers see already, by id or (users) UPN.
func (t *Tenant) find(k kind, name string) (*object, *Error) {
	var o *object
	if id, ok := parseGUID(name); ok {
		o = t.byID[id]
	} else if k == userKind {
		o = t.byUPN(name)
	}
	if o == nil || o.kind != k {
		return nil, notFound(name)
	}
	if seen := t.see(o); seen == nil || o.deleted {
		return nil, notFound(name)
	}
	return o, nil
}

func (t *Tenant) timeNow() string { return `"` + t.opts.Now().UTC().Format(time.RFC3339) + `"` }
