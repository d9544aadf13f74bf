package table

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Settings is what rows are made by.
type Settings struct {
	Rules   *config.Config
	Kinds   func(state.Kind) *state.Descriptor // never gives nil
	Key     state.Key                          // of the state's lineage
	Domains []providers.TenantDomain
	TempDir string // where values are spooled; "" for the system's temporary folder
}

// Tables takes in what is read. Its Read methods may run concurrently, each for another scope or kind.
type Tables struct {
	set      Settings
	layouts  map[state.Kind]*Layout
	verified map[string]bool // verified domains, lower case
	sources  []*Source       // by scope, then kind, in declaration order
	links    *Links
	mu       sync.Mutex
	tenant   []*Tenant
	bin      []*Tenant
}

// New makes empty tables.
func New(s Settings) *Tables {
	t := &Tables{set: s, layouts: layoutsOf(s.Rules, s.Kinds), verified: Verified(s.Domains), links: newLinks(s)}
	for _, scope := range s.Rules.Scopes {
		for _, kind := range scope.Objects {
			t.sources = append(t.sources, newSource(t, scope, kind))
		}
	}
	return t
}

// Close frees the spooled values.
func (t *Tables) Close() error {
	var errs []error
	for _, s := range t.sources {
		errs = append(errs, s.rows.Spool.Close(), s.aside.Spool.Close())
	}
	for _, s := range slices.Concat(t.tenant, t.bin) {
		errs = append(errs, s.rows.Spool.Close())
	}
	errs = append(errs, t.links.rows.Spool.Close())
	return errors.Join(errs...)
}

func (t *Tables) spool() *rows.Spool { return rows.NewSpool(t.set.TempDir) }

func (t *Tables) layout(kind state.Kind) *Layout {
	if l := t.layouts[kind]; l != nil {
		return l
	}
	l := &Layout{Of: t.set.Kinds(kind)}
	l.finish()
	return l
}

// TenantShape lists the tenant attributes to read for a kind, whether it is managed or only looked at for conflicts.
func (t *Tables) TenantShape(kind state.Kind) *state.Shape { return t.layout(kind).Shape }

// DeletedShape lists the tenant attributes to read of objects in the recycle bin.
func (t *Tables) DeletedShape(kind state.Kind) *state.Shape {
	return state.NewShape(append(slices.Clone(t.layout(kind).Shape.Names()), deletedAttribute)...)
}

// ManagedKinds are the kinds that scopes synchronise, sorted.
func (t *Tables) ManagedKinds() []state.Kind {
	var kinds []state.Kind
	for _, s := range t.sources {
		if !slices.Contains(kinds, s.Kind) {
			kinds = append(kinds, s.Kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// ReadSource takes in the objects of one scope and kind; of one that comes twice, the last copy counts. It returns the stream's error, if it ends with one; then no
// plan can be made.
func (t *Tables) ReadSource(scope *config.Scope, kind state.Kind, objects providers.Objects) error {
	for _, s := range t.sources {
		if s.Scope != scope || s.Kind != kind {
			continue
		}
		for o, err := range objects {
			if err != nil {
				return err
			}
			if err := s.add(o); err != nil {
				return err
			}
		}
		s.once()
		return nil
	}
	return fmt.Errorf("scope %s does not synchronise objects of kind %s", scope.Name, kind)
}

// ReadTenant takes in all tenant objects of a kind; of one that comes twice, the last copy counts. It returns the stream's error, if it ends with one.
func (t *Tables) ReadTenant(kind state.Kind, objects providers.Objects) error {
	return t.readTenant(&t.tenant, newTenant(t, kind, false), objects)
}

// ReadDeleted takes in the objects of a kind that lie in the recycle bin, in the shape of [Tables.DeletedShape].
func (t *Tables) ReadDeleted(kind state.Kind, objects providers.Objects) error {
	return t.readTenant(&t.bin, newTenant(t, kind, true), objects)
}

func (t *Tables) readTenant(into *[]*Tenant, table *Tenant, objects providers.Objects) error {
	t.mu.Lock()
	*into = append(*into, table)
	t.mu.Unlock()
	for o, err := range objects {
		if err != nil {
			return err
		}
		if err := table.add(o); err != nil {
			return err
		}
	}
	table.once()
	return nil
}

// ReadLinks takes in the recorded links.
func (t *Tables) ReadLinks(links iter.Seq2[*state.Link, error]) error {
	for l, err := range links {
		if err != nil {
			return err
		}
		if err := t.links.add(t.layout(l.Kind), l); err != nil {
			return err
		}
	}
	return nil
}
