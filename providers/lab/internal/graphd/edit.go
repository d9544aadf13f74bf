package graphd

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Set changes one property as an administrator would in the portal or in Exchange: read-only properties and role holders can be
// changed, but uniqueness and value rules hold. name is an id, UPN, mail address or display name; value null clears. The
// references manager and members take ids or UPNs. The names "organization" and "onPremisesSynchronization" stand for the tenant's
// own switches.
func (t *Tenant) Set(name, property string, value json.RawMessage) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := jsontext.Value(append([]byte(nil), value...))
	if err := v.Compact(); err != nil {
		return fmt.Errorf("the value of %s is not JSON: %w", property, err)
	}
	if ok, err := t.setSwitch(name, property, v); ok {
		return err
	}
	o, err := t.named(name)
	if err != nil {
		return err
	}
	switch strings.ToLower(property) {
	case "manager":
		return t.setRefs(o, string(v), func(next *object, refs []*object) { next.manager = append(refs, nil)[0] })
	case "members":
		return t.setRefs(o, string(v), func(next *object, refs []*object) { *next = o.withRefs(memberRel, refs) })
	case "owners":
		return t.setRefs(o, string(v), func(next *object, refs []*object) { *next = o.withRefs(ownerRel, refs) })
	}
	p, ok := t.reg.find(property)
	if !ok || p == propID || p == propDeletedDateTime {
		return fmt.Errorf("%q is not a property of a %s that can be set", property, strings.ToLower(o.kind.resource()))
	}
	if v.Kind() != 'n' {
		if err := checkShape(&t.reg.props[p], v); err != nil {
			return err
		}
		if e := t.checkValue(o.kind, p, v); e != nil && o.kind == userKind {
			return e
		}
	} else if t.reg.props[p].keep {
		return fmt.Errorf("%s can't be cleared", t.reg.props[p].name)
	}
	if p == propSyncEnabled && string(v) == "true" && o.cloudManaged() {
		if err := t.takeBack(o); err != nil {
			return err
		}
	}
	if e := t.change(o, []field{{p, string(v)}}); e != nil {
		return e
	}
	return nil
}

// takeBack is what the other sync engine's run does to an object whose conversion was undone.
func (t *Tenant) takeBack(o *object) error {
	next := *o
	next.ext = o.withExt(func(e *extra) { e.cloudManaged = false })
	return t.commit(o, next)
}

func (t *Tenant) setRefs(o *object, raw string, set func(*object, []*object)) error {
	names := texts(raw)
	if one := text(raw); one != "" {
		names = []string{one}
	}
	var refs []*object
	for _, n := range names {
		r, err := t.named(n)
		if err != nil {
			return err
		}
		refs = append(refs, r)
	}
	next := *o
	set(&next, refs)
	return t.commit(o, next)
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
