package snapshot

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"io"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// disclose takes a snapshot for everybody to read: first into a temporary file in dir, then without the record's key.
func (in Input) disclose(ctx context.Context, to *target, dir string) (*File, error) {
	whole, err := TakeTemp(ctx, in, dir)
	if err != nil {
		return nil, err
	}
	defer whole.Close()
	r := &renewing{links: map[string]*renewal{}}
	if whole.facts.Record.Exists {
		if err := r.prepare(ctx, in, whole); err != nil {
			return nil, err
		}
		whole.facts.Record.Key = r.key[:]
	}
	w := newWriter(to)
	for _, name := range whole.order {
		if err := r.copy(ctx, whole, w, whole.sections[name]); err != nil {
			return nil, err
		}
	}
	return w.close(whole.facts)
}

// renewing makes the fingerprints of links anew under another key.
type renewing struct {
	before, now *state.Hasher
	key         state.Key
	links       map[string]*renewal // by the account's id in lower case
}

// renewal is a link's fingerprints and those that take their place.
type renewal struct {
	anchor string
	kind   state.Kind
	shape  *state.Shape
	old    []uint64
	now    []uint64 // 0: not known yet
}

// prepare finds the values that fingerprints are of: those that the accounts hold, and those that the configuration
// wants of them. What is neither is known to nobody here.
func (r *renewing) prepare(ctx context.Context, in Input, f *File) (err error) {
	mint := store.NewKey
	if in.NewKey != nil {
		mint = in.NewKey
	}
	if r.key, err = mint(); err != nil {
		return err
	}
	r.before, r.now = state.NewHasher(f.Meta().Key), state.NewHasher(r.key)
	for l, err := range f.Links(ctx) {
		if err != nil {
			return err
		}
		r.links[strings.ToLower(l.TargetID)] = &renewal{l.Anchor, l.Kind, l.Shape, l.Fingerprints, make([]uint64,
			len(l.Fingerprints))}
	}
	for _, d := range state.Kinds {
		for _, deleted := range []bool{false, true} {
			for o, err := range f.objects(tenantSection(d.Kind, deleted), d.Kind) {
				if err != nil {
					return err
				}
				if l := r.links[strings.ToLower(o.ID)]; l != nil && l.kind == d.Kind {
					r.try(l, o.Get)
				}
			}
		}
	}
	return r.wanted(ctx, in, f)
}

// wanted tries what the configuration wants of accounts that hold something else than what was applied.
func (r *renewing) wanted(ctx context.Context, in Input, f *File) error {
	var open []*renewal
	for _, l := range r.links {
		if l.open() {
			open = append(open, l)
		}
	}
	if len(open) == 0 || in.Wanted == nil {
		return nil
	}
	view, done, err := in.Wanted(ctx, f)
	if err != nil {
		return err
	}
	defer done()
	for _, l := range open {
		if view == nil {
			break
		}
		cases, err := view.Cases(reconcile.Clues{Name: l.anchor})
		if err != nil {
			return err
		}
		for _, c := range cases {
			if c.Anchor != l.anchor || c.Kind != l.kind {
				continue
			}
			r.try(l, func(name string) state.Value {
				for _, v := range c.Values {
					if v.Mapping.Target.Name == name {
						return v.Desired
					}
				}
				return state.Null()
			})
		}
	}
	return nil
}

// open reports whether the value of a fingerprint has not been found.
func (l *renewal) open() bool {
	for i, old := range l.old {
		if old != 0 && l.now[i] == 0 {
			return true
		}
	}
	return false
}

// try makes those fingerprints anew that are of given values, or of what a switch may be.
func (r *renewing) try(l *renewal, value func(name string) state.Value) {
	schema := providers.TenantSchema(l.kind)
	for i, name := range l.shape.Names() {
		a := schema.Lookup(name)
		if a == nil || l.old[i] == 0 || l.now[i] != 0 {
			continue
		}
		values := []state.Value{value(name), state.Null()}
		if a.Type == state.TypeBool {
			values = append(values, state.Bool(true), state.Bool(false))
		}
		for _, v := range values {
			switch fp := r.before.Fingerprint(a, v); {
			case fp == l.old[i]:
				l.now[i] = r.now.Fingerprint(a, v)
			case v.Str() != "" && state.Spelt(fp, r.before.NameCase(v.Str())) == l.old[i]: // recorded as it is spelt
				l.now[i] = state.Spelt(r.now.Fingerprint(a, v), r.now.NameCase(v.Str()))
			}
		}
	}
}

// copy writes a section once more; links get their new fingerprints. One that is of no value that was found fits none.
func (r *renewing) copy(ctx context.Context, f *File, w *writer, s section) error {
	w.begin(s.Name, s.Names)
	if s.Name == linkSection {
		for l, err := range f.Links(ctx) {
			if err != nil {
				return err
			}
			of := r.links[strings.ToLower(l.TargetID)]
			l.Fingerprints = slices.Clone(of.now)
			for i, old := range of.old {
				if old != 0 && l.Fingerprints[i] == 0 {
					l.Fingerprints[i] = random()
				}
			}
			if err := w.add(func(b []byte) []byte { return appendLink(b, l) }); err != nil {
				return err
			}
		}
		return w.end()
	}
	in, err := f.rows(s)
	for err == nil {
		var one row
		if one, err = in.next(); err == nil {
			err = w.add(func(b []byte) []byte { return append(b, one.s...) })
		}
	}
	if err != io.EOF {
		return err
	}
	return w.end()
}

// random is a fingerprint of nothing.
func random() uint64 {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return max(1, binary.LittleEndian.Uint64(b[:]))
}
