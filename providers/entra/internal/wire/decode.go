package wire

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/dirform/dirform/state"
)

// Decoder turns replies into objects of one query. The strings of an object are parts of the reply's text.
type Decoder struct {
	scanner
	query *Query
	obj   *state.Object
	lists []string // room for the elements of lists; used up front to back, never twice
}

// NewDecoder is a decoder of replies to q.
func NewDecoder(q *Query) *Decoder { return &Decoder{query: q, obj: q.object()} }

// ErrStop ends decoding because the consumer wants no more.
var ErrStop = errors.New("stopped by the consumer")

// Page decodes a collection's page and calls yield with each object, which is reused. It returns the next page's link, if any.
func (d *Decoder) Page(text string, yield func(*state.Object) bool) (next string, err error) {
	if !utf8.ValidString(text) {
		return "", errors.New("the reply is not valid UTF-8")
	}
	d.scanner = scanner{s: text}
	found := false
	err = d.members(func(name string) error {
		switch name {
		case "value":
			found = true
			return d.elements(func() error {
				if err := d.object(); err != nil {
					return err
				}
				if !yield(d.obj) {
					return ErrStop
				}
				return nil
			})
		case "@odata.nextLink":
			var err error
			next, err = d.str()
			return err
		}
		return d.skip(1)
	})
	if err == nil {
		err = d.end()
	}
	if err == nil && !found {
		err = errors.New(`the reply has no "value", so it is not a page of objects`)
	}
	return next, err
}

// Single decodes a reply that is one object.
func (d *Decoder) Single(text string) (*state.Object, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("the reply is not valid UTF-8")
	}
	d.scanner = scanner{s: text}
	err := d.object()
	if err == nil {
		err = d.end()
	}
	return d.obj, err
}

func (d *Decoder) end() error {
	d.space()
	if d.i < len(d.s) {
		return d.fail("the end")
	}
	return nil
}

// object decodes one object into d.obj.
func (d *Decoder) object() error {
	clear(d.obj.Values)
	d.obj.ID = ""
	if err := d.branch(d.query.root, 2); err != nil {
		return err
	}
	if d.obj.ID == "" {
		return fmt.Errorf("the reply holds a %s without id", d.query.Kind)
	}
	return nil
}

// branch decodes an object whose members are f's.
func (d *Decoder) branch(f *field, depth int) error {
	if err := d.expect('{'); err != nil {
		return err
	}
	if d.peek() == '}' {
		d.i++
		return nil
	}
	for at := 0; ; {
		d.peek()
		name, err := d.str()
		if err != nil {
			return err
		}
		var m *field
		if at < len(f.order) && f.order[at].name == name {
			m = f.order[at]
			at++
		} else {
			m = f.member(name)
			at = f.after[m]
		}
		if err := d.expect(':'); err != nil {
			return err
		}
		if err := d.value(f, m, depth); err != nil {
			return err
		}
		if done, err := d.next('}'); done || err != nil {
			return err
		}
	}
}

// maxOrder bounds what is remembered of unknown members, whose names a strange server could vary without end.
const maxOrder = 256

// member is the named member, known or not, and remembers its place in the order of members.
func (f *field) member(name string) *field {
	m := f.known[name]
	if m == nil {
		m = newField(name)
		if len(f.known) >= maxOrder {
			return m
		}
		f.known[name] = m
	}
	if _, seen := f.after[m]; !seen && len(f.order) < maxOrder {
		f.order = append(f.order, m)
		f.after[m] = len(f.order)
	}
	return m
}

// value decodes the value of m, a member of f.
func (d *Decoder) value(f, m *field, depth int) error {
	c := d.peek()
	if f == d.query.root && m.name == "id" {
		id, err := d.str()
		d.obj.ID = id
		if m.leaf >= 0 {
			d.obj.Values[m.leaf] = state.String(id)
		}
		return err
	}
	for _, i := range m.leaves {
		d.obj.Values[i] = state.Null()
	}
	switch {
	case m.leaf >= 0:
		v, err := d.leaf(c)
		if err != nil {
			return err
		}
		d.obj.Values[m.leaf] = v
		return nil
	case len(m.leaves) > 0 && c == '{':
		return d.branch(m, depth+1)
	}
	return d.skip(depth)
}

func (d *Decoder) leaf(c byte) (state.Value, error) {
	switch c {
	case '"':
		s, err := d.str()
		return state.String(s), err
	case 'n':
		return state.Null(), d.word("null")
	case 't':
		return state.Bool(true), d.word("true")
	case 'f':
		return state.Bool(false), d.word("false")
	case '[':
		return d.list()
	case '{':
		return state.Null(), fmt.Errorf("the reply holds a structure where a plain value is expected, at byte %d", d.i)
	}
	text, err := d.number()
	if err != nil {
		return state.Null(), err
	}
	n, err := integer(text)
	return state.Int(n), err
}

// list decodes an array of strings; nulls in it are left out.
func (d *Decoder) list() (state.Value, error) {
	start := len(d.lists)
	err := d.elements(func() error {
		if d.peek() == 'n' {
			return d.word("null")
		}
		s, err := d.str()
		if err != nil {
			return err
		}
		if len(d.lists) == cap(d.lists) { // a new room; what was handed out stays in the old one
			room := make([]string, 0, max(1024, 2*(len(d.lists)-start)))
			d.lists = append(room, d.lists[start:]...)
			start = 0
		}
		d.lists = append(d.lists, s)
		return nil
	})
	if err != nil {
		return state.Null(), err
	}
	return state.List(d.lists[start:len(d.lists):len(d.lists)]), nil
}

// LinkIn finds the next page's link in what has arrived of a page so far, before its objects. It is a guess to start early
// on: Page has the last word.
func LinkIn(prefix string) string {
	p := scanner{s: prefix}
	link := ""
	_ = p.members(func(name string) error {
		switch name {
		case "@odata.nextLink":
			var err error
			if link, err = p.str(); err != nil {
				link = ""
			}
			return ErrStop
		case "value":
			return ErrStop
		}
		return p.skip(1)
	})
	return link
}

// LinkAtEnd guesses the link of a page that has it after its objects.
func LinkAtEnd(text string) string {
	tail := text[max(0, len(text)-16<<10):]
	i := strings.LastIndex(tail, `"@odata.nextLink"`)
	for i > 0 && tail[i-1] == '\\' { // a quote within a value
		i = strings.LastIndex(tail[:i], `"@odata.nextLink"`)
	}
	if i < 0 {
		return ""
	}
	return LinkIn("{" + tail[i:])
}
