package table

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/state"
)

// LinkMeta is a recorded link's row.
type LinkMeta struct {
	GUID   state.GUID
	Anchor uint64
	Target uint64 // as [TenantMeta] has it
	Sum    uint64 // of all fingerprints, see [FPSum]
	Scope  int16  // its number among the declared scopes, -1 if it is not declared any more
	Left   bool
	kind   uint8 // its number among those of [Links]
}

// Links holds the recorded links.
type Links struct {
	h       Hash
	scopes  []*config.Scope
	rows    *rows.Table[LinkMeta]
	shapes  []*state.Shape
	kinds   []state.Kind
	scratch []byte
	known   struct { // where the last link's shape has a layout's columns
		lay   *Layout
		shape *state.Shape
		at    []int
	}
	last struct { // scope of the last link, and its number
		name string
		at   int16
	}
}

func newLinks(s Settings) *Links {
	t := &Links{h: newHash(s.Key), scopes: s.Rules.Scopes, rows: rows.NewTable[LinkMeta](0, rows.NewSpool(s.TempDir))}
	t.last.at = -1
	return t
}

// Len is the number of links.
func (t *Links) Len() int { return t.rows.Len() }

// Meta is link l's row.
func (t *Links) Meta(l int) *LinkMeta { return t.rows.Meta(l) }

// Kind is the kind of object that link l is about.
func (t *Links) Kind(l int) state.Kind { return t.kinds[t.Meta(l).kind] }

// kindAt is a kind's number. There are a handful.
func (t *Links) kindAt(kind state.Kind) uint8 {
	i := slices.Index(t.kinds, kind)
	if i < 0 {
		i = len(t.kinds)
		t.kinds = append(t.kinds, kind)
	}
	return uint8(i)
}

// scopeAt is a scope's number in the order of declaration, or -1.
func scopeAt(scopes []*config.Scope, name string) int16 {
	return int16(slices.IndexFunc(scopes, func(s *config.Scope) bool { return s.Name == name }))
}

func (t *Links) add(lay *Layout, l *state.Link) error {
	meta := LinkMeta{GUID: l.SourceGUID, Anchor: t.h.Anchor(l.Anchor), Left: l.Left, Target: t.h.ID(l.TargetID),
		kind: t.kindAt(l.Kind)}
	if t.last.name != l.Scope {
		t.last.name, t.last.at = l.Scope, scopeAt(t.scopes, l.Scope)
	}
	meta.Scope = t.last.at
	if t.known.lay != lay || t.known.shape != l.Shape {
		t.known.lay, t.known.shape, t.known.at = lay, l.Shape, t.known.at[:0]
		for _, c := range lay.Cols {
			t.known.at = append(t.known.at, l.Shape.Index(c.Name))
		}
	}
	for i, j := range t.known.at {
		if j >= 0 {
			meta.Sum += FPSum(i, l.Fingerprints[j])
		}
	}
	shape := slices.Index(t.shapes, l.Shape)
	if shape < 0 {
		shape = len(t.shapes)
		t.shapes = append(t.shapes, l.Shape)
	}
	b := t.scratch[:0]
	for _, s := range [...]string{l.Anchor, l.TargetID, string(l.Kind), l.Scope, l.Rule} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	b = binary.AppendUvarint(b, uint64(l.LeftAt))
	b = binary.AppendUvarint(b, uint64(shape))
	for _, fp := range l.Fingerprints {
		b = binary.LittleEndian.AppendUint64(b, fp)
	}
	t.scratch = b
	return t.rows.Append(meta, nil, b)
}

// FPSum is one fingerprint's share of a row's sum; an unknown fingerprint has none.
func FPSum(col int, fp uint64) uint64 {
	if fp == 0 {
		return 0
	}
	fp ^= uint64(col+1) * 0x9e3779b97f4a7c15
	fp ^= fp >> 29
	return fp * 0xbf58476d1ce4e5b9
}

// Load reads link i back.
func (t *Links) Load(i int) (*state.Link, error) {
	b, err := t.rows.Record(i, nil)
	if err != nil {
		return nil, err
	}
	var parts [5]string
	for k := range parts {
		n, w := binary.Uvarint(b)
		if w <= 0 || n > uint64(len(b)-w) {
			return nil, fmt.Errorf("a spooled link is damaged")
		}
		parts[k], b = string(b[w:w+int(n)]), b[w+int(n):]
	}
	leftAt, w := binary.Uvarint(b)
	b = b[w:]
	shape, w := binary.Uvarint(b)
	b = b[w:]
	meta := t.rows.Meta(i)
	l := &state.Link{Anchor: parts[0], TargetID: parts[1], Kind: state.Kind(parts[2]), Scope: parts[3], Rule: parts[4],
		SourceGUID: meta.GUID, Left: meta.Left, LeftAt: int64(leftAt), Shape: t.shapes[shape]}
	for ; len(b) >= 8; b = b[8:] {
		l.Fingerprints = append(l.Fingerprints, binary.LittleEndian.Uint64(b))
	}
	return l, nil
}
