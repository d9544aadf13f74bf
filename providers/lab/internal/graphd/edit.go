package graphd

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Set changes one property as an administrator would in the portal or in Exchange: read-only properties and role holders can be
// changed, but uniqueness and value rules hold. name is an id, UPN, mail address or display name; value null clears. The
// references manager and members take ids or UPNs. The names "organization" and "onPremisesSynchronization" stand for the tenant's
// own switches.
func (t *Tenant) Set(name, property string, value json.RawMessage) error {
	_, err := t.SetAll(name, []Assignment{{property, value}})
	return err
}

// Assignment is a property's new value; null clears it.
type Assignment struct {
	Property string
	Value    json.RawMessage
}

// SetAll is Set for several properties at once: all of them change, in one change of the object, or none. With an error it returns
// the property that is refused, "" where they are refused together.
func (t *Tenant) SetAll(name string, list []Assignment) (property string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	list = slices.Clone(list)
	for i, x := range list {
		v := jsontext.Value(slices.Clone(x.Value))
		if err := v.Compact(); err != nil {
			return x.Property, fmt.Errorf("the value of %s is not JSON: %w", x.Property, err)
		}
		list[i].Value = json.RawMessage(v)
	}
	if ok, err := t.setSwitches(name, list); ok {
		return "", err
	}
	o, err := t.named(name)
	if err != nil {
		return "", err
	}
	next, fields := *o, []field(nil)
	for _, x := range list {
		f, err := t.assign(o, &next, x.Property, jsontext.Value(x.Value))
		if err != nil {
			return x.Property, err
		}
		fields = append(fields, f...)
	}
	if e := t.changeWith(o, next, fields); e != nil {
		return "", e
	}
	return "", nil
}

// assign is what an assignment changes of o: fields of it, or something else in next.
func (t *Tenant) assign(o, next *object, property string, v jsontext.Value) ([]field, error) {
	switch strings.ToLower(property) {
	case "manager":
		refs, err := t.namedAll(string(v))
		next.manager = append(refs, nil)[0]
		return nil, err
	case "members":
		refs, err := t.namedAll(string(v))
		*next = next.withRefs(memberRel, refs)
		return nil, err
	case "owners":
		refs, err := t.namedAll(string(v))
		*next = next.withRefs(ownerRel, refs)
		return nil, err
	}
	p, ok := t.reg.find(property)
	if !ok || p == propID || p == propDeletedDateTime {
		return nil, fmt.Errorf("%q is not a property of a %s that can be set", property, strings.ToLower(o.kind.resource()))
	}
	if v.Kind() != 'n' {
		if err := checkShape(&t.reg.props[p], v); err != nil {
			return nil, err
		}
		if e := t.checkValue(o.kind, p, v); e != nil && o.kind == userKind {
			return nil, e
		}
	} else if t.reg.props[p].keep {
		return nil, fmt.Errorf("%s can't be cleared", t.reg.props[p].name)
	}
	if e := invitedKeeps(o, property); e != nil && o.kind == userKind {
		return nil, e
	}
	if p == propAssignedLicenses && o.kind == userKind { // with the plans that follow from them
		list := licencesOf(string(v))
		if slices.ContainsFunc(list, func(l licence) bool { return l.SkuID == "" }) {
			return nil, fmt.Errorf("each of assignedLicenses has a skuId: [{\"skuId\":\"…\"}]")
		}
		return t.licenceFields(list, t.timeNow()), nil
	}
	if p == propSyncEnabled && string(v) == "true" && o.cloudManaged() { // the other sync engine's run takes it back when its conversion was undone
		next.ext = next.withExt(func(e *extra) { e.cloudManaged = false })
	}
	return []field{{p, string(v)}}, nil
}

// namedAll are the objects that a JSON text or list of texts names.
func (t *Tenant) namedAll(raw string) (refs []*object, err error) {
	names := texts(raw)
	if one := text(raw); one != "" {
		names = []string{one}
	}
	for _, n := range names {
		r, err := t.named(n)
		if err != nil {
			return nil, err
		}
		refs = append(refs, r)
	}
	return refs, nil
}

// Remove deletes an object: into the recycle bin, or for good.
func (t *Tenant) Remove(name string, purge bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	o, err := t.named(name)
	if err != nil {
		return err
	}
	if purge {
		return t.purge(o)
	}
	if o.deleted {
		return fmt.Errorf("%s is in the recycle bin already", name)
	}
	if e := t.bury(o); e != nil {
		return e
	}
	return nil
}

// Get is an object with all its properties in the shape seeds have.
func (t *Tenant) Get(name string) (json.RawMessage, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	switch {
	case strings.EqualFold(name, "organization"):
		return t.appendPlain(nil, t.org), nil
	case strings.EqualFold(name, "onPremisesSynchronization"):
		return json.RawMessage("{" + t.sync.body(t.tenantID) + "}"), nil
	}
	o, err := t.named(name)
	if err != nil {
		return nil, err
	}
	return t.appendFull(nil, o), nil
}

// named finds an object by id, UPN, mail address or, if only one has it, display name.
func (t *Tenant) named(name string) (*object, error) {
	if o := t.refer(name); o != nil {
		return o, nil
	}
	if o := t.byAddress(name, nil); o != nil {
		return o, nil
	}
	var found *object
	for _, list := range t.live {
		for _, o := range list {
			if strings.EqualFold(text(o.rec.get(propDisplayName)), name) {
				if found != nil {
					return nil, fmt.Errorf("several objects are called %q; use an id or user principal name", name)
				}
				found = o
			}
		}
	}
	if found == nil {
		return nil, fmt.Errorf("the tenant has no object %q; name one by id, user principal name, mail address or display name", name)
	}
	return found, nil
}
