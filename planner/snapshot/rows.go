package snapshot

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/dirform/dirform/state"
)

// A row is its length and its fields; numbers are varints, and texts their length and bytes. Of an object: 16 bytes of
// GUID, name, id, and for each attribute that has a value its index and kind and the value. Of a link: what stands in
// appendLink.

// maxRow bounds a row: the largest is a group's, whose members are bounded as any list is.
const maxRow = 1 << 30

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendObject(b []byte, o *state.Object) []byte {
	b = append(b, o.GUID[:]...)
	b = appendText(appendText(b, o.DN), o.ID)
	for i, v := range o.Values {
		if v.IsNull() {
			continue
		}
		b = binary.AppendUvarint(b, uint64(i)<<3|uint64(v.Kind()))
		switch v.Kind() {
		case state.StringValue:
			b = appendText(b, v.Str())
		case state.ListValue:
			b = binary.AppendUvarint(b, uint64(len(v.List())))
			for _, s := range v.List() {
				b = appendText(b, s)
			}
		default:
			b = binary.AppendVarint(b, v.Int())
		}
	}
	return b
}

// errRow says that a row is not as it was written.
var errRow = errors.New("a row of the snapshot is malformed")

// row takes a row apart. After an error everything it gives is zero.
type row struct {
	s   string
	bad bool
}

func (r *row) number() uint64 {
	var v uint64
	for i := 0; i < len(r.s) && i < binary.MaxVarintLen64; i++ {
		c := r.s[i]
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.s = r.s[i+1:]
			return v
		}
	}
	r.s, r.bad = "", true
	return 0
}

// signed is a number as binary.AppendVarint has it.
func (r *row) signed() int64 {
	u := r.number()
	v := int64(u >> 1)
	if u&1 != 0 {
		v = ^v
	}
	return v
}

func (r *row) bytes(n uint64) string {
	if n > uint64(len(r.s)) {
		r.s, r.bad = "", true
		return ""
	}
	s := r.s[:n]
	r.s = r.s[n:]
	return s
}

func (r *row) text() string { return r.bytes(r.number()) }

// list is a number of texts.
func (r *row) list() []string {
	n := r.number()
	if n > uint64(len(r.s)) { // each takes a byte at least
		r.bad = true
		return nil
	}
	list := make([]string, 0, n)
	for range n {
		list = append(list, r.text())
	}
	return list
}

// object reads an object's row into o, of which only the kind and the shape are kept.
func (r *row) object(o *state.Object) error {
	copy(o.GUID[:], r.bytes(uint64(len(o.GUID))))
	o.DN, o.ID = r.text(), r.text()
	clear(o.Values)
	for len(r.s) > 0 && !r.bad {
		head := r.number()
		i := head >> 3
		if i >= uint64(len(o.Values)) {
			return errRow
		}
		switch state.ValueKind(head & 7) {
		case state.StringValue:
			o.Values[i] = state.String(r.text())
		case state.ListValue:
			o.Values[i] = state.List(r.list())
		case state.BoolValue:
			o.Values[i] = state.Bool(r.signed() != 0)
		case state.IntValue:
			o.Values[i] = state.Int(r.signed())
		default:
			return errRow
		}
	}
	if r.bad {
		return errRow
	}
	return nil
}

func appendLink(b []byte, l *state.Link) []byte {
	for _, s := range []string{l.Anchor, string(l.Kind), l.Scope, l.TargetID, l.Rule} {
		b = appendText(b, s)
	}
	b = append(b, l.SourceGUID[:]...)
	left := int64(0)
	if l.Left {
		left = 1
	}
	b = binary.AppendVarint(binary.AppendVarint(b, left), l.LeftAt)
	b = binary.AppendUvarint(b, uint64(l.Shape.Len()))
	for i, name := range l.Shape.Names() {
		b = binary.LittleEndian.AppendUint64(appendText(b, name), l.Fingerprints[i])
	}
	return b
}

// link reads a link's row. Links of the same attributes share their shape, which shapes remembers.
func (r *row) link(shapes map[string]*state.Shape) (*state.Link, error) {
	l := &state.Link{Anchor: r.text(), Kind: state.Kind(r.text()), Scope: r.text(), TargetID: r.text(), Rule: r.text()}
	copy(l.SourceGUID[:], r.bytes(uint64(len(l.SourceGUID))))
	l.Left, l.LeftAt = r.signed() != 0, r.signed()
	n := r.number()
	if n > uint64(len(r.s)) {
		return nil, errRow
	}
	var names []string
	var key []byte
	for range n {
		names = append(names, r.text())
		key = appendText(key, names[len(names)-1])
		var raw [8]byte
		copy(raw[:], r.bytes(8))
		l.Fingerprints = append(l.Fingerprints, binary.LittleEndian.Uint64(raw[:]))
	}
	if r.bad || len(r.s) > 0 {
		return nil, errRow
	}
	if l.Shape = shapes[string(key)]; l.Shape == nil {
		l.Shape = state.NewShape(names...)
		shapes[string(key)] = l.Shape
	}
	return l, nil
}

// rowReader reads the rows of a section.
type rowReader struct{ in *bufio.Reader }

// next is the next row; io.EOF at the end of the section.
func (r *rowReader) next() (row, error) {
	n, err := binary.ReadUvarint(r.in)
	if err != nil {
		return row{}, err // io.EOF only between two rows
	}
	if n > maxRow {
		return row{}, fmt.Errorf("%w: it has %d bytes", errRow, n)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r.in, b); err != nil {
		return row{}, fmt.Errorf("%w: %w", errRow, io.ErrUnexpectedEOF)
	}
	return row{s: string(b)}, nil
}
