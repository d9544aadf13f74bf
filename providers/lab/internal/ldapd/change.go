package ldapd

import (
	"errors"
	"fmt"
	"time"
)

// Change is one successful write with everything needed to repeat it exactly on a directory in the state it was made on.
// Passwords are not in it.
type Change struct {
	Op    string    `json:"op"` // add, modify, rename, delete or undelete
	DN    string    `json:"dn"` // before the change
	NewDN string    `json:"newDN,omitempty"`
	USN   uint64    `json:"usn"`
	Time  time.Time `json:"time"`
	Mods  []Mod     `json:"mods,omitempty"` // of add: all values of the entry
}

// Mod is what a Change does to one attribute. Values are bytes as on the wire; links are distinguished names.
type Mod struct {
	Op     string   `json:"op"` // add, delete or replace
	Attr   string   `json:"attr"`
	Values [][]byte `json:"values,omitempty"`
}

// OnChange registers a function that is called after every successful write, in order and under the directory's lock: it must
// be quick and must not call the directory. Apply and LoadLDIF do not call it.
func (d *Directory) OnChange(f func(Change)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onChange = f
}

// begin starts a change with the next USN at the current time.
func (d *Directory) begin(op string, e *entry) Change {
	return Change{Op: op, DN: e.dn(), USN: d.usn + 1, Time: time.Unix(d.now().Unix(), 0).UTC()}
}

// commit stamps an entry with a change and reports it.
func (d *Directory) commit(e *entry, c Change) {
	d.stamp(e, c)
	if d.onChange != nil {
		d.onChange(c)
	}
}

func (d *Directory) stamp(e *entry, c Change) {
	d.usn = max(d.usn, c.USN)
	e.usnChanged, e.changed = c.USN, c.Time.Unix()
	if c.Op == "add" {
		e.usnCreated, e.created = c.USN, c.Time.Unix()
	}
}

// Apply repeats a change that OnChange reported: same identifiers, USN and times.
func (d *Directory) Apply(c Change) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.apply(c); err != nil {
		return fmt.Errorf("repeating the %s of %s: %w", c.Op, c.DN, err)
	}
	return nil
}

func (d *Directory) apply(c Change) error {
	if c.Op == "add" {
		return d.applyAdd(c)
	}
	e, refused := d.base(c.DN)
	if refused != nil {
		return refused
	}
	switch c.Op {
	case "modify":
		t := d.draft(e)
		for _, m := range c.Mods {
			edit, refused := d.editOf(m)
			if refused == nil {
				refused = t.apply(edit, true)
			}
			if refused != nil {
				return refused
			}
		}
		t.write()
	case "rename":
		parent, own, refused := d.destination(c.NewDN)
		if refused != nil {
			return refused
		}
		d.move(e, parent, own)
	case "delete":
		d.bury(e)
	case "undelete":
		parent, own, refused := d.destination(c.NewDN)
		if refused != nil {
			return refused
		}
		d.exhume(e, parent, own)
	default:
		return errors.New("there is no such operation")
	}
	d.stamp(e, c)
	return nil
}

func (d *Directory) editOf(m Mod) (edit, *ResultError) {
	ops := map[string]int64{"add": editAdd, "delete": editDelete, "replace": editReplace}
	op, ok := ops[m.Op]
	if !ok {
		return edit{}, refuse(codeProtocolError, "there is no modification %q", m.Op)
	}
	a, refused := d.writableAttribute(m.Attr)
	if refused != nil {
		return edit{}, refused
	}
	out := edit{op: op, attr: a}
	for _, v := range m.Values {
		out.values = append(out.values, string(v))
	}
	return out, nil
}

// modOf is the opposite of editOf.
func modOf(x edit) Mod {
	m := Mod{Op: [...]string{"add", "delete", "replace"}[x.op], Attr: x.attr.name}
	for _, v := range x.values {
		m.Values = append(m.Values, []byte(v))
	}
	return m
}
