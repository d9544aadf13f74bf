package reconcile

import (
	"iter"
	"sync"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/leaving"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/stopped"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Builder gathers what a plan is made from. Its Read methods may run concurrently, each for another scope or kind.
type Builder struct {
	set      Settings
	tables   *table.Tables
	mu       sync.Mutex
	rows     *table.Rows     // nil until it is first asked for
	paired   *pair.Pairs     // likewise
	former   pair.Former     // who has left, by [Builder.Locate]
	housed   map[string]bool // see [Builder.Mailboxes]
	surveyed *surveyed       // nil until it is first asked for
	judged   *judged         // what guards were held against, see [Builder.Judge]; nil before [Builder.Plan]
}

// New prepares a plan.
func New(s Settings) *Builder {
	s.Schema, s.Kinds = remembered(s.Schema), state.Describe(s.Kinds)
	return &Builder{set: s, tables: table.New(s.forTables())}
}

// Close frees the spooled values.
func (b *Builder) Close() error { return b.tables.Close() }

// Warn adds a finding that came up while reading. It may be called concurrently with the Read methods.
func (b *Builder) Warn(f *planner.Finding) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set.Findings = append(b.set.Findings, f)
}

// TenantShape lists the tenant attributes to read for a kind, whether it is managed or only looked at for conflicts.
func (b *Builder) TenantShape(kind state.Kind) *state.Shape { return b.tables.TenantShape(kind) }

// DeletedShape lists the tenant attributes to read of objects in the recycle bin.
func (b *Builder) DeletedShape(kind state.Kind) *state.Shape { return b.tables.DeletedShape(kind) }

// ManagedKinds are the kinds that scopes synchronise, sorted.
func (b *Builder) ManagedKinds() []state.Kind { return b.tables.ManagedKinds() }

// ReadSource takes in the objects of one scope and kind. It returns the stream's error, if it ends with one; then no
// plan can be made.
func (b *Builder) ReadSource(scope *config.Scope, kind state.Kind, objects providers.Objects) error {
	return b.tables.ReadSource(scope, kind, objects)
}

// ReadTenant takes in all tenant objects of a kind. It returns the stream's error, if it ends with one.
func (b *Builder) ReadTenant(kind state.Kind, objects providers.Objects) error {
	return b.tables.ReadTenant(kind, objects)
}

// ReadDeleted takes in the objects of a kind that lie in the recycle bin, in the shape of [Builder.DeletedShape].
func (b *Builder) ReadDeleted(kind state.Kind, objects providers.Objects) error {
	return b.tables.ReadDeleted(kind, objects)
}

// ReadLinks takes in the recorded links. What was paired before without them is paired anew.
func (b *Builder) ReadLinks(links iter.Seq2[*state.Link, error]) error {
	b.paired = nil
	return b.tables.ReadLinks(links)
}

// Leaver is a recorded source object that no scope has, and of which it matters where it is.
type Leaver struct {
	GUID  state.GUID
	Kind  state.Kind
	Scope string // in which it was recorded; it need not be declared any more
}

// Leavers are the recorded source objects that no scope has any more and of which it matters where they are, see [leaving.Sought].
// Read the streams first. Whoever reads the source looks for them, and tells with [Builder.Locate] before the plan is made.
func (b *Builder) Leavers() (list []Leaver, err error) {
	p := b.pairs()
	if p.Err != nil {
		return nil, p.Err
	}
	for l := range p.Links.Len() {
		if p.LinkSource(l) >= 0 || p.Links.Meta(l).Left && p.LinkTarget(l) < 0 {
			continue
		}
		link, err := p.Links.Load(l)
		if err != nil {
			return nil, err
		}
		sought, err := leaving.Sought(p, l, link, b.set.Rules.Policy(link.Scope, link.Kind), b.set.Now)
		if err != nil {
			return nil, err
		}
		if sought {
			list = append(list, Leaver{GUID: link.SourceGUID, Kind: link.Kind, Scope: link.Scope})
		}
	}
	return list, nil
}

// SwitchedOff reports whether the source has a leaver, o, switched off; see [stopped.OffIn].
func (b *Builder) SwitchedOff(l Leaver, o *state.Object) bool {
	return stopped.OffIn(b.pairs().Source.Tables, l.Scope, l.Kind, o)
}

// Claimed is an anchor that no scope's object has, on an account that a link block gives to a source object.
type Claimed struct {
	Anchor string
	Kind   state.Kind
	By     state.GUID // the object that the block names
}

// Claimed are the anchors of accounts that link blocks would take from whomever they belong to. Read the streams
// first. Whoever reads the source looks for their objects, and tells with [Builder.Alive] before the plan is made.
func (b *Builder) Claimed() (list []Claimed, err error) {
	p := b.pairs()
	for s := range p.Source.Len() {
		if p.DeclaredFor(s) == nil || p.Verdict(s).Target < 0 {
			continue
		}
		c, err := p.Case(s)
		if err != nil {
			return nil, err
		}
		if anchor := c.Live.Anchor(); anchor != "" && anchor != c.Anchor && c.OldOwner(anchor) < 0 {
			list = append(list, Claimed{Anchor: anchor, Kind: c.Table.Kind, By: c.Object.GUID})
		}
	}
	return list, nil
}

// Alive tells which claimed anchors have a living source object, by its name; see [Settings].Alive.
func (b *Builder) Alive(names map[string]string) { b.set.Alive = names }

// Unhoused are the ids of accounts that are to get a primary address in a domain which the tenant has not verified. Read
// the streams first. Whoever reads the tenant asks which of them have a mailbox, and tells with [Builder.Mailboxes]
// before the plan is made.
func (b *Builder) Unhoused() ([]string, error) {
	p := b.pairs()
	if p.Err != nil {
		return nil, p.Err
	}
	return p.Unhoused()
}

// Mailboxes tells which of the unhoused accounts have a mailbox, by id.
func (b *Builder) Mailboxes(ids map[string]bool) { b.housed, b.pairs().Mailboxes = ids, ids }

// Whereabouts are where an object is that left its scope.
type Whereabouts = words.Whereabouts

// Locate tells where leavers are; see [Settings].Whereabouts.
func (b *Builder) Locate(whereabouts map[state.GUID]Whereabouts) {
	b.set.Whereabouts = whereabouts
	b.former = pair.Former{}
	for guid, where := range whereabouts {
		b.former[guid] = where.In
	}
	b.paired = nil // whose forest they are of decides who may have the account
}
