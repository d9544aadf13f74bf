package columns

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"iter"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/internal/bound"
	"github.com/dirform/dirform/state/store/internal/tables"
)

// Read reads the links of the record with a key as a [Writer] wrote them, and nothing behind them. A link is valid
// until the next one is asked for, but for its strings and shape. An error is the last element: from's, or
// [ErrDamaged].
func Read(from *bufio.Reader, key state.Key) iter.Seq2[*state.Link, error] {
	return func(yield func(*state.Link, error) bool) {
		b, err := newBinding(key)
		r := &reader{from: from, bound: b, err: err}
		for more := true; more; {
			if more = r.block(); r.err != nil {
				break
			}
			for i := range r.links {
				if !yield(&r.links[i], nil) {
					return
				}
			}
		}
		if errors.Is(r.err, io.EOF) || errors.Is(r.err, io.ErrUnexpectedEOF) {
			r.err = ErrDamaged
		}
		if r.err != nil {
			yield(nil, r.err)
		}
	}
}

// reader reads blocks.
type reader struct {
	from    *bufio.Reader
	err     error // that there was; what is read behind it are zeros
	bound   *binding
	classes []class
	labels  []bound.Label
	spelled int    // bytes of the classes' texts
	last    string // anchor

	// the block
	links  []state.Link
	of     []int // numbers of classes
	prints []uint64
	buf    []byte
}

// block reads a block; more is false for the end, and after an error.
func (r *reader) block() (more bool) {
	n := r.number(mostLinks)
	for range r.number(n) {
		r.class()
	}
	prints := 0
	r.links, r.of = make([]state.Link, n), make([]int, n)
	for i := range r.links {
		r.of[i] = r.number(len(r.classes) - 1)
		if r.err != nil {
			return false
		}
		c := &r.classes[r.of[i]]
		r.links[i] = state.Link{Kind: c.kind, Scope: c.scope, Rule: c.rule, Left: c.left, Shape: c.shape}
		r.expect(fits(i, prints, 0))
		prints += c.shape.Len()
	}
	r.columns()
	r.open(prints)
	return n > 0 && r.err == nil
}

// columns reads what the block's links do not have in common with others.
func (r *reader) columns() {
	how := bytes.Clone(r.bytes(len(r.links)))
	if r.err != nil {
		return
	}
	for i := range r.links {
		copy(r.links[i].SourceGUID[:], r.bytes(len(state.GUID{})))
	}
	for i := range r.links {
		if form(how[i])&guidTarget != 0 {
			var id state.GUID
			copy(id[:], r.bytes(len(id)))
			r.links[i].TargetID = id.String()
		}
	}
	text := 0
	for i := range r.links {
		l, f := &r.links[i], form(how[i])
		r.expect(f < forms && fits(i, 0, text))
		if f&guidTarget == 0 {
			l.TargetID = r.string()
			text += len(l.TargetID)
		}
		if f&guidAnchor == 0 {
			l.Anchor = r.string()
			text += len(l.Anchor)
		} else {
			l.Anchor = anchorOf(l.SourceGUID)
		}
		if f&noTime == 0 {
			l.LeftAt = int64(r.number(tables.MaxLeftAt))
		}
	}
}

// open gives the block's links their fingerprints, of which there are so many.
func (r *reader) open(prints int) {
	sealed := r.bytes(r.bound.sealedSize(prints))
	for i := range r.links {
		r.bound.add(&r.links[i], r.labels[r.of[i]])
	}
	if r.err != nil {
		return
	}
	left, err := r.bound.open(r.prints, sealed)
	if err != nil {
		r.err = err
		return
	}
	r.prints = left[:0]
	for i := range r.links {
		l := &r.links[i]
		n := l.Shape.Len()
		l.Fingerprints, left = left[:n:n], left[n:]
		r.expect(l.Anchor > r.last && tables.CheckLink(l) == nil)
		r.last = l.Anchor
	}
}

// class reads a class.
func (r *reader) class() {
	text := func() string {
		s := r.string()
		r.spelled += len(s)
		r.expect(r.spelled <= mostSpelled)
		return s
	}
	c := class{kind: state.Kind(text()), scope: text(), rule: text(), left: r.number(1) == 1}
	var names []string
	for range r.number(tables.MaxAttributes) {
		names = append(names, text())
	}
	if r.err != nil {
		return
	}
	c.shape = state.NewShape(names...)
	r.classes, r.labels = append(r.classes, c), append(r.labels, c.label())
}

// expect fails with [ErrDamaged] if something is not as it is written.
func (r *reader) expect(ok bool) {
	if r.err == nil && !ok {
		r.err = ErrDamaged
	}
}

// number reads a number from 0 to most.
func (r *reader) number(most int) int {
	if r.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(r.from)
	if err == nil && (most < 0 || n > uint64(most)) {
		err = ErrDamaged
	}
	if r.err = err; err != nil {
		return 0
	}
	return int(n)
}

// bytes reads n bytes, which are valid until the next are read; none after an error.
func (r *reader) bytes(n int) []byte {
	if r.err != nil {
		return nil
	}
	if cap(r.buf) < n {
		r.buf = make([]byte, n)
	}
	if _, r.err = io.ReadFull(r.from, r.buf[:n]); r.err != nil {
		return nil
	}
	return r.buf[:n]
}

// string reads a text.
func (r *reader) string() string { return string(r.bytes(r.number(mostText))) }
