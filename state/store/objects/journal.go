package objects

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/origin"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
)

// entryDoc is an entry of the journal. It belongs to one place in one journal.
type entryDoc struct {
	Epoch  string     `json:"epoch"`
	Number int        `json:"number"`
	Shapes [][]string `json:"shapes,omitempty"` // of the links in it, by index
	Ops    []op       `json:"ops"`
}

// op is something that was recorded. It has one of the fields behind At; none of them is a fence, which keeps a former
// holder of the lock from writing an entry of its number.
type op struct {
	At      time.Time     `json:"at"`
	Begin   *beginDoc     `json:"begin,omitempty"`
	Intents []state.Entry `json:"intents,omitempty"`
	Results []resultDoc   `json:"results,omitempty"`
	Links   []linkDoc     `json:"links,omitempty"`
	OUs     []state.OU    `json:"ous,omitempty"`
	Finish  *finishDoc    `json:"finish,omitempty"`
}

// beginDoc begins a run, or goes on with the one that the record has begun already. The record's key is not in it: what has
// a journal has its key.
type beginDoc struct {
	store.RunInfo
	Key    *struct{} `json:",omitempty"` // hides that of RunInfo
	Run    int64     // 0 begins one
	Origin origin.Origin
}

type resultDoc struct {
	state.Entry
	Link     *linkDoc `json:",omitempty"`
	Forget   bool     `json:",omitempty"`
	Replaces string   `json:",omitempty"`
}

type finishDoc struct {
	Outcome string
	Counts  state.Counts
	Scopes  []store.ScopeCount
}

// linkDoc is a link; its shape is one of the entry's.
type linkDoc struct {
	Anchor string     `json:"a"`
	Kind   state.Kind `json:"k"`
	Scope  string     `json:"s"`
	Source []byte     `json:"g"`
	Target string     `json:"t"`
	Rule   string     `json:"r"`
	Left   bool       `json:"l,omitempty"`
	LeftAt int64      `json:"la,omitempty"`
	Shape  int        `json:"h"` // 0 is none, n the entry's n-1st
	Prints []byte     `json:"f,omitempty"`
}

// shapes gives shapes their numbers in an entry.
type shapes struct {
	names [][]string
	known map[*state.Shape]int
}

func (s *shapes) number(of *state.Shape) int {
	if of == nil {
		return 0
	}
	n, ok := s.known[of]
	if !ok {
		s.names = append(s.names, of.Names())
		n = len(s.names)
		if s.known == nil {
			s.known = map[*state.Shape]int{}
		}
		s.known[of] = n
	}
	return n
}

func (s *shapes) link(l *state.Link) linkDoc {
	d := linkDoc{Anchor: l.Anchor, Kind: l.Kind, Scope: l.Scope, Source: l.SourceGUID[:], Target: l.TargetID, Rule: l.Rule,
		Left: l.Left, LeftAt: l.LeftAt, Shape: s.number(l.Shape)}
	for _, f := range l.Fingerprints {
		d.Prints = binary.LittleEndian.AppendUint64(d.Prints, f)
	}
	return d
}

func (s *shapes) links(list []*state.Link) []linkDoc {
	docs := make([]linkDoc, len(list))
	for i, l := range list {
		docs[i] = s.link(l)
	}
	return docs
}

func (s *shapes) results(list []state.Result) []resultDoc {
	docs := make([]resultDoc, len(list))
	for i, r := range list {
		docs[i] = resultDoc{Entry: r.Entry, Forget: r.Forget, Replaces: r.Replaces}
		docs[i].Kept = nil // its intent has it
		if r.Link != nil {
			l := s.link(r.Link)
			docs[i].Link = &l
		}
	}
	return docs
}

// errEntry says that an entry is not as it is written.
var errEntry = errors.New("an entry of its journal is not as dirform writes it")

func (d *linkDoc) link(shapes []*state.Shape) (*state.Link, error) {
	l := &state.Link{Anchor: d.Anchor, Kind: d.Kind, Scope: d.Scope, TargetID: d.Target, Rule: d.Rule, Left: d.Left, LeftAt: d.LeftAt}
	if len(d.Source) != len(l.SourceGUID) || len(d.Prints)%8 != 0 || d.Shape < 0 || d.Shape > len(shapes) {
		return nil, errEntry
	}
	copy(l.SourceGUID[:], d.Source)
	if d.Shape > 0 {
		l.Shape = shapes[d.Shape-1]
	}
	for b := d.Prints; len(b) > 0; b = b[8:] {
		l.Fingerprints = append(l.Fingerprints, binary.LittleEndian.Uint64(b))
	}
	return l, nil
}

// append writes an entry of the journal. That there is one already is [ErrChanged].
func (p *Place) append(ctx context.Context, d entryDoc) error {
	var packed bytes.Buffer
	err := p.pack(&packed, seal.Journal, entryFormat, func(w io.Writer) error { return json.NewEncoder(w).Encode(d) })
	if err != nil {
		return err
	}
	if packed.Len() > bounds.JournalEntry {
		return fmt.Errorf("an entry of the state's journal has %d bytes", packed.Len())
	}
	_, err = p.put(ctx, p.entryName(d.Epoch, d.Number), io.NewSectionReader(bytes.NewReader(packed.Bytes()), 0, int64(packed.Len())), "")
	return err
}

// entry reads an entry of the journal; nil if there is none. clear says whether the record that it belongs to is.
func (p *Place) entry(ctx context.Context, epoch string, n int, clear bool) (*entryDoc, error) {
	r, _, err := p.bucket.Get(ctx, p.entryName(epoch, n))
	if errors.Is(err, ErrAbsent) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	packed, err := io.ReadAll(&limited{r, bounds.JournalEntry, "an entry of the state's journal"})
	if err != nil {
		return nil, err
	}
	o, err := p.unpack(bytes.NewReader(packed), int64(len(packed)), bounds.JournalEntry, seal.Journal, entryFormat)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(o)
	if err != nil {
		return nil, p.unread(err)
	}
	if err := p.end(o); err != nil {
		return nil, err
	}
	var d entryDoc
	if json.Unmarshal(text, &d) != nil || d.Epoch != epoch || d.Number != n || o.clear != clear {
		return nil, p.damaged(errEntry.Error())
	}
	return &d, nil
}

// atOnce is how many requests about a journal are under way at a time.
const atOnce = 16

// entries hands out the entries of a journal in their order, and tells how many there are.
func (p *Place) entries(ctx context.Context, epoch string, clear bool, each func(*entryDoc) error) (n int, err error) {
	for {
		var docs [atOnce]*entryDoc
		var errs [atOnce]error
		parallel(atOnce, func(i int) { docs[i], errs[i] = p.entry(ctx, epoch, n+1+i, clear) })
		if i := slices.IndexFunc(errs[:], func(err error) bool { return err != nil }); i >= 0 {
			return n, errs[i]
		}
		first := n
		for i := range docs {
			if docs[i] == nil { // or it was written before the next one was looked for, but after it was
				if docs[i], err = p.later(ctx, epoch, first+1+i, clear, docs[i+1:]); docs[i] == nil || err != nil {
					return n, err
				}
			}
			if err := each(docs[i]); err != nil {
				return n, err
			}
			n++
		}
	}
}

// later looks again for an entry that was not there when some behind it were. One that is missing for good is damage.
func (p *Place) later(ctx context.Context, epoch string, n int, clear bool, behind []*entryDoc) (*entryDoc, error) {
	for _, d := range behind {
		if d == nil {
			continue
		}
		e, err := p.entry(ctx, epoch, n, clear)
		if e == nil && err == nil {
			err = p.damaged(fmt.Sprintf("entry %d of its journal is missing", n))
		}
		return e, err
	}
	return nil, nil
}

// parallel calls f for 0 to n-1, atOnce of them at a time.
func parallel(n int, f func(i int)) {
	var all sync.WaitGroup
	next := make(chan int)
	for range min(n, atOnce) {
		all.Go(func() {
			defer crash.Guard()
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}

// discard removes objects that mean nothing any more. What cannot be removed only takes up room.
func (p *Place) discard(ctx context.Context, names []string) {
	parallel(len(names), func(i int) { _ = p.bucket.Delete(ctx, names[i]) })
}
