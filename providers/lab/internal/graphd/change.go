package graphd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// OnChange registers f, which is called under lock with every write, in order, before the client gets its reply. If f fails
// the write is refused and nothing changes. The argument holds the whole new object, or the removed one's id, for Apply.
func (t *Tenant) OnChange(f func(json.RawMessage) error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.onChange = f
}

func (t *Tenant) putRecord(o *object) json.RawMessage {
	b := append([]byte(nil), `{"op":"put","kind":"`...)
	b = append(b, o.kind.collection()...)
	b = append(b, `","object":`...)
	b = t.appendFull(b, o)
	return append(b, '}')
}

func removeRecord(o *object) json.RawMessage {
	return json.RawMessage(`{"op":"remove","kind":"` + o.kind.collection() + `","id":"` + o.id.String() + `"}`)
}

// appendFull writes every property and reference of o, in the shape seeds have.
func (t *Tenant) appendFull(b []byte, o *object) []byte {
	b = append(b, `{"id":"`...)
	b = append(o.id.appendTo(b), '"')
	for r := o.rec; r != ""; {
		var p int
		var raw string
		p, raw, r = r.next()
		b = append(quote(append(b, ','), t.reg.props[p].name), ':')
		b = append(b, raw...)
	}
	if o.manager != nil && t.byID[o.manager.id] == o.manager {
		b = append(b, `,"manager":"`...)
		b = append(o.manager.id.appendTo(b), '"')
	}
	if m := o.members(); len(m) > 0 {
		b = appendIDs(append(b, `,"members":`...), m)
	}
	if m := o.refs(ownerRel); len(m) > 0 {
		b = appendIDs(append(b, `,"owners":`...), m)
	}
	if o.cloudManaged() {
		b = append(b, `,"onPremisesSyncBehavior":{"isCloudManaged":true}`...)
	}
	return append(b, '}')
}

// appendPlain is appendFull for the tenant's own objects, whose id is a property like any other.
func (t *Tenant) appendPlain(b []byte, o *object) []byte {
	separator := byte('{')
	for r := o.rec; r != ""; separator = ',' {
		var p int
		var raw string
		p, raw, r = r.next()
		b = append(quote(append(b, separator), t.reg.props[p].name), ':')
		b = append(b, raw...)
	}
	return append(b, '}')
}

// journalRecord is what OnChange delivers. Object is the new value, Add and Remove are ids of references, On and At belong to
// the tenant's synchronization.
type journalRecord struct {
	Op, Kind, ID, Relation string
	Object                 json.RawMessage
	Add, Remove            []string
	On                     bool
	At                     time.Time
}

// applyTenant replays a change of something else than users, groups and contacts; false if c is none.
func (t *Tenant) applyTenant(c journalRecord) (bool, error) {
	switch {
	case c.Op == "sync":
		t.applySync(c.On, c.At)
		return true, nil
	case c.Kind == "onPremisesSynchronization":
		next, e := t.sync.patched(c.Object)
		if e != nil {
			return true, fmt.Errorf("a journal record's settings are not valid: %w", e)
		}
		t.sync = next
		return true, nil
	}
	return t.applyPlain(c.Op, c.Kind, c.ID, c.Object)
}

// Apply replays a change that OnChange delivered. Changes must come in the order in which they were made, after the seed
// they were made to.
func (t *Tenant) Apply(change json.RawMessage) error {
	var c journalRecord
	if err := json.Unmarshal(change, &c); err != nil {
		return fmt.Errorf("a journal record is not valid: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if done, err := t.applyTenant(c); done {
		return err
	}
	k, ok := kindOf(c.Kind)
	if !ok {
		return fmt.Errorf("a journal record is about %q, which this version does not know", c.Kind)
	}
	switch id, _ := parseGUID(c.ID); c.Op {
	case "remove":
		if o := t.byID[id]; o != nil {
			t.forget(o)
		}
		return nil
	case "refs":
		t.applyRefs(id, c.Relation, c.Add, c.Remove)
		return nil
	}
	var d draft
	if err := d.read(jsontext.NewDecoder(bytes.NewReader(c.Object)), t.reg, k); err != nil {
		return fmt.Errorf("a journal record's object is not valid: %w", err)
	}
	id, ok := parseGUID(d.id)
	if c.Op != "put" || !ok {
		return fmt.Errorf("a journal record's operation %q or object id %q is not valid", c.Op, d.id)
	}
	t.replay(id, &d)
	return nil
}

func (t *Tenant) replay(id guid, d *draft) {
	o := t.byID[id]
	if o == nil {
		o = &object{}
	}
	next := object{id: id, kind: d.kind, seq: o.seq, rec: makeRecord(d.fields), manager: t.refer(d.manager)}
	next.deleted = next.rec.get(propDeletedDateTime) != ""
	if len(d.members)+len(d.owners) > 0 || d.cloudManaged {
		next.ext = &extra{cloudManaged: d.cloudManaged, members: t.referAll(d.members), owners: t.referAll(d.owners)}
	}
	t.store(o, next)
	delete(t.shadows, o) // it was written long ago
}

func kindOf(collection string) (kind, bool) {
	for k := userKind; k < plainKind; k++ {
		if k.collection() == collection {
			return k, true
		}
	}
	return 0, false
}

// refer resolves an object id or UPN to a living or deleted object, or nil.
func (t *Tenant) refer(name string) *object {
	if id, ok := parseGUID(name); ok {
		return t.byID[id]
	}
	return t.byUPN(name)
}
