package ad

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dirform/dirform/providers/ad/internal/ber"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/visible"
)

// decoder turns search result entries into objects of one shape. It is used by one goroutine; the object it returns is reused.
type decoder struct {
	object state.Object
	schema *state.Schema
	guid   bool // objectGUID was in the entry
	// parts are the attributes of the current object of which the server sent only the first values.
	parts []part

	byBase  map[string]int   // lower-case attribute name without options -> index in the shape
	byName  map[string]int32 // name as the server spells it -> index in fields
	fields  []field
	follows []int32  // follows[i+1] is the field that came after field i last time: servers keep to an order
	slab    []string // memory for lists
}

// field is an attribute as it comes from the server.
type field struct {
	name  string // with options
	index int    // in the shape; -1 if it wasn't asked for
	multi multi
	conv  conversion
	guid  bool
	next  int // range retrieval: the first value not sent, 0 if all were
}

type multi uint8

const (
	multiNo multi = iota
	multiYes
	multiUnknown // not in the schema: a list if it has several values
)

// part is an attribute whose values from number next on are still to be fetched.
type part struct {
	field *field
	next  int
}

// maxFields bounds the memory for attribute names, which only a hostile server exceeds.
const maxFields = 4096

func newDecoder(kind state.Kind, shape *state.Shape) *decoder {
	d := &decoder{
		object:  state.Object{Kind: kind, Shape: shape, Values: make([]state.Value, shape.Len())},
		schema:  providers.ADSchema(cmp.Or(kind, state.User)), // objects of any kind are read with the attributes of users
		byBase:  map[string]int{},
		byName:  map[string]int32{},
		follows: []int32{-1},
	}
	for i, n := range shape.Names() {
		base, _, _ := strings.Cut(n, ";")
		d.byBase[strings.ToLower(base)] = i
	}
	return d
}

// next decodes the LDAP message at run[at:], a SearchResultEntry, and returns where it ends. Strings of the object share run's memory.
func (d *decoder) next(run string, at int) (*state.Object, int, error) {
	tag, start, end := ber.Element(run, at, len(run))
	if end < 0 || tag != ber.Sequence {
		return nil, 0, ber.ErrMalformed
	}
	tag, id, idEnd := ber.Element(run, start, end)
	if idEnd < 0 || tag != ber.Integer || idEnd-id > 8 { // as [ber.Frame] has it
		return nil, 0, ber.ErrMalformed
	}
	tag, start, opEnd := ber.Element(run, idEnd, end)
	if opEnd < 0 || tag != ber.SearchEntry {
		return nil, 0, ber.ErrMalformed
	}
	tag, dnStart, dnEnd := ber.Element(run, start, opEnd)
	if dnEnd < 0 || tag != ber.Octets {
		return nil, 0, ber.ErrMalformed
	}
	d.object.DN = run[dnStart:dnEnd]
	tag, start, attrsEnd := ber.Element(run, dnEnd, opEnd)
	if attrsEnd < 0 || tag != ber.Sequence {
		return nil, 0, ber.ErrMalformed
	}
	if err := d.attributes(run, start, attrsEnd); err != nil {
		return nil, 0, err
	}
	if !d.guid {
		return nil, 0, &fault.Error{Summary: "the server sent no objectGUID of " + d.object.DN, Hint: mayReadGUID}
	}
	return &d.object, end, nil
}

func (d *decoder) attributes(run string, at, end int) error {
	clear(d.object.Values)
	d.guid = false
	d.parts = d.parts[:0]
	last := int32(-1)
	for at < end {
		tag, start, attrEnd := ber.Element(run, at, end)
		if attrEnd < 0 || tag != ber.Sequence {
			return ber.ErrMalformed
		}
		tag, nameStart, nameEnd := ber.Element(run, start, attrEnd)
		if nameEnd < 0 || tag != ber.Octets {
			return ber.ErrMalformed
		}
		tag, setStart, setEnd := ber.Element(run, nameEnd, attrEnd)
		if setEnd < 0 || tag != ber.Set {
			return ber.ErrMalformed
		}
		f := d.follows[last+1]
		if name := run[nameStart:nameEnd]; f < 0 || d.fields[f].name != name {
			f = d.field(name)
			d.follows[last+1] = f
		}
		if err := d.set(&d.fields[f], run, setStart, setEnd); err != nil {
			return err
		}
		last, at = f, attrEnd
	}
	return nil
}

// set stores the values at run[at:end].
func (d *decoder) set(f *field, run string, at, end int) error {
	if at == end {
		return nil // asked for and empty, or the empty companion of a range
	}
	tag, start, valueEnd := ber.Element(run, at, end)
	if valueEnd < 0 || tag != ber.Octets {
		return ber.ErrMalformed
	}
	if f.guid && valueEnd-start == len(d.object.GUID) {
		copy(d.object.GUID[:], run[start:valueEnd])
		d.guid = true
	}
	if f.index < 0 {
		return nil
	}
	if f.multi == multiYes || valueEnd != end {
		return d.setList(f, run, at, end)
	}
	if start == valueEnd {
		return nil
	}
	if f.conv == asString { // what most values are
		d.object.Values[f.index] = state.String(run[start:valueEnd])
		return nil
	}
	v, err := f.conv.value(run[start:valueEnd])
	if err != nil {
		return d.bad(f, err)
	}
	d.object.Values[f.index] = v
	return nil
}

func (d *decoder) setList(f *field, run string, at, end int) error {
	if len(d.slab) > 1024 {
		d.slab = nil
	}
	first := len(d.slab)
	for at < end {
		tag, start, valueEnd := ber.Element(run, at, end)
		if valueEnd < 0 || tag != ber.Octets {
			return ber.ErrMalformed
		}
		if start < valueEnd {
			s, err := f.conv.text(run[start:valueEnd])
			if err != nil {
				return d.bad(f, err)
			}
			d.slab = append(d.slab, s)
		}
		at = valueEnd
	}
	list := d.slab[first:len(d.slab):len(d.slab)]
	switch {
	case len(list) == 0:
		return nil
	case f.multi == multiNo:
		return d.setFirst(f, list)
	}
	d.object.Values[f.index] = state.List(list)
	if f.next > 0 {
		d.parts = append(d.parts, part{f, f.next})
	}
	return nil
}

// setFirst chooses one of several values of an attribute that should have one, such as a contact's description: always the same
// one, although servers send values in any order.
func (d *decoder) setFirst(f *field, list []string) error {
	least := list[0]
	for _, s := range list[1:] {
		least = min(least, s)
	}
	if f.conv != asInt && f.conv != asBool {
		d.object.Values[f.index] = state.String(least)
		return nil
	}
	v, err := f.conv.value(least)
	if err != nil {
		return d.bad(f, err)
	}
	d.object.Values[f.index] = v
	return nil
}

func (d *decoder) bad(f *field, err error) error {
	return fmt.Errorf("attribute %s of %s: %w", f.name, visible.Line(d.object.DN), err)
}

// field is the index of the attribute with that name in d.fields.
func (d *decoder) field(name string) int32 {
	if i, ok := d.byName[name]; ok {
		return i
	}
	name = strings.Clone(name)
	f := d.resolve(name)
	if len(d.fields) == maxFields {
		d.fields[maxFields-1] = f
		clear(d.follows)
		for i := range d.follows {
			d.follows[i] = -1
		}
		return maxFields - 1
	}
	i := int32(len(d.fields))
	d.fields = append(d.fields, f)
	d.follows = append(d.follows, -1)
	if i < maxFields-1 {
		d.byName[name] = i
	}
	return i
}

func (d *decoder) resolve(name string) field {
	base, options, _ := strings.Cut(name, ";")
	index, ok := d.byBase[strings.ToLower(base)]
	if !ok {
		index = -1
	}
	a := d.schema.Lookup(base)
	f := field{name: name, index: index, conv: conversionOf(base, a), guid: strings.EqualFold(base, "objectGUID")}
	switch {
	case a == nil:
		f.multi = multiUnknown
	case a.Multi:
		f.multi = multiYes
	}
	if _, next, ranged := parseRange(options); ranged {
		f.multi = multiYes
		f.next = next
	}
	return f
}

// parseRange reads the option range=0-1499 of an attribute that comes in parts. next is the number of the first value that was
// not sent; it is 0 for range=1500-*, the last part.
func parseRange(options string) (first, next int, ok bool) {
	for o := range strings.SplitSeq(options, ";") {
		if len(o) < 6 || !strings.EqualFold(o[:6], "range=") {
			continue
		}
		from, to, found := strings.Cut(o[6:], "-")
		first, err := strconv.Atoi(from)
		if !found || err != nil || first < 0 {
			return 0, 0, false
		}
		if to == "*" {
			return first, 0, true
		}
		last, err := strconv.Atoi(to)
		if err != nil || last < first || last == math.MaxInt {
			return 0, 0, false
		}
		return first, last + 1, true
	}
	return 0, 0, false
}
