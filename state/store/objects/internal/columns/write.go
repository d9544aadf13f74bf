package columns

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/internal/bound"
	"github.com/dirform/dirform/state/store/internal/tables"
)

// Writer writes links.
type Writer struct {
	to      io.Writer
	bound   *binding
	last    string // anchor
	numbers map[class]int
	labels  []bound.Label
	spelled int // bytes of the classes' texts

	// the block
	links                              int
	news                               int // classes
	classes, kinds, forms, guids, text []byte
	targets                            []byte
	prints                             []uint64
}

// NewWriter writes links of the record with a key. What it is given is written in the end with [Writer.Close].
func NewWriter(to io.Writer, key state.Key) (*Writer, error) {
	b, err := newBinding(key)
	return &Writer{to: to, bound: b, numbers: map[class]int{}}, err
}

// Add adds a link, whose anchor follows those before. Links that have their shape in common must share it.
func (w *Writer) Add(l *state.Link) error {
	if err := tables.CheckLink(l); err != nil {
		return err
	}
	if l.Anchor <= w.last || len(l.Anchor) > mostText {
		return fmt.Errorf("the link of anchor %.100q is out of order, or its anchor is too long", l.Anchor)
	}
	w.last = l.Anchor
	n := w.class(l)
	if w.spelled > mostSpelled {
		return errors.New("the state's links have too many scopes, rules and attributes")
	}
	w.kinds = binary.AppendUvarint(w.kinds, uint64(n))
	w.guids = append(w.guids, l.SourceGUID[:]...)
	w.forms = append(w.forms, byte(w.rest(l)))
	w.prints = append(w.prints, l.Fingerprints...)
	w.bound.add(l, w.labels[n])
	if w.links++; !fits(w.links, len(w.prints), len(w.text)) {
		return w.flush()
	}
	return nil
}

// rest adds what is left of a link to its columns.
func (w *Writer) rest(l *state.Link) (f form) {
	if id, ok := state.ParseGUID(l.TargetID); ok && id.String() == l.TargetID {
		f |= guidTarget
		w.targets = append(w.targets, id[:]...)
	} else {
		w.text = appendText(w.text, l.TargetID)
	}
	if l.Anchor == anchorOf(l.SourceGUID) {
		f |= guidAnchor
	} else {
		w.text = appendText(w.text, l.Anchor)
	}
	if l.LeftAt == 0 {
		f |= noTime
	} else {
		w.text = binary.AppendUvarint(w.text, uint64(l.LeftAt))
	}
	return f
}

// anchorOf is the anchor that an object's GUID gives.
func anchorOf(g state.GUID) string { return base64.StdEncoding.EncodeToString(g[:]) }

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// class is the number of a link's class, which is written if it is new.
func (w *Writer) class(l *state.Link) int {
	c := classOf(l)
	n, ok := w.numbers[c]
	if ok {
		return n
	}
	n = len(w.labels)
	w.numbers[c] = n
	if c.shape == nil {
		c.shape = state.NewShape()
	}
	w.labels = append(w.labels, c.label())
	w.news++
	spell := func(text string) {
		w.classes = appendText(w.classes, text)
		w.spelled += len(text)
	}
	spell(string(c.kind))
	spell(c.scope)
	spell(c.rule)
	left := byte(0)
	if c.left {
		left = 1
	}
	w.classes = binary.AppendUvarint(append(w.classes, left), uint64(c.shape.Len()))
	for _, name := range c.shape.Names() {
		spell(name)
	}
	return n
}

// flush writes the block; one without links is the end.
func (w *Writer) flush() error {
	head := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(w.links)), uint64(w.news))
	sealed := w.bound.seal(w.prints)
	for _, column := range [][]byte{head, w.classes, w.kinds, w.forms, w.guids, w.targets, w.text, sealed} {
		if _, err := w.to.Write(column); err != nil {
			return err
		}
	}
	w.links, w.news, w.prints = 0, 0, w.prints[:0]
	for _, column := range []*[]byte{&w.classes, &w.kinds, &w.forms, &w.guids, &w.targets, &w.text} {
		*column = (*column)[:0]
	}
	return nil
}

// Close writes the last links, and the end.
func (w *Writer) Close() error {
	if w.links > 0 {
		if err := w.flush(); err != nil {
			return err
		}
	}
	return w.flush()
}
