package reconcile

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Settings is everything a plan depends on besides the streams of objects.
type Settings struct {
	Rules        *config.Config
	Schema       func(state.Kind) *state.Schema // the tenant's schema
	Key          state.Key                      // of the state's lineage
	Organization providers.Organization
	Domains      []providers.TenantDomain
	RoleHolders  []providers.RoleHolder
	Identity     providers.Identity     // who dirform is signed in as
	SyncFeatures providers.SyncFeatures // what the tenant allows sync clients
	// Suffixes are the UPN suffixes each forest has, by provider name.
	Suffixes map[string][]string
	// OUs are the resolved containers of each scope, by scope name.
	OUs map[string][]planner.OUSeen
	// Renamed and other findings about the reading itself, made by whoever read.
	Findings []*planner.Finding
	// Targets limits the plan to these addresses, Excludes takes addresses out; "user.staff" stands for all of a scope.
	Targets, Excludes []string
	// Remapped are the attributes whose expressions are not those of the last apply.
	Remapped map[Mapped]bool
	// Now is when the plan is made: graces are counted up to it. The zero time lets none of them end.
	Now time.Time
	// Allow lifts guard limits for this plan: limit name to count.
	Allow map[string]int
	// TempDir is where values are spooled; "" for the system's temporary folder.
	TempDir string
}

// Mapped names an attribute as the objects of one scope and kind have it.
type Mapped struct {
	Scope     string
	Kind      state.Kind
	Attribute string
}

// Builder gathers what a plan is made from. Its Read methods may run concurrently, each for another scope or kind.
type Builder struct {
	set     Settings
	layouts map[state.Kind]*layout
	sources []*sourceTable // by scope, then kind, in declaration order
	mu      sync.Mutex
	tenant  []*tenantTable // sorted by kind before planning
	deleted []*tenantTable
	links   *linkTable
	// verified are the tenant's verified domains, lower case.
	verified map[string]bool

	found tally // what the plan counted, see Judge

	surveyed *surveyed // what explanations are taken from
}

// New prepares a plan.
func New(s Settings) *Builder {
	s.Schema = remembered(s.Schema)
	b := &Builder{set: s, layouts: layoutsOf(s.Rules, s.Schema), verified: verifiedDomains(s.Domains)}
	for _, scope := range s.Rules.Scopes {
		for _, kind := range scope.Objects {
			b.sources = append(b.sources, newSourceTable(b, scope, kind))
		}
	}
	b.links = newLinkTable(b)
	return b
}

// remembered asks for each kind's schema once: it is looked into for every change. Only planning does so, which is one goroutine.
func remembered(schema func(state.Kind) *state.Schema) func(state.Kind) *state.Schema {
	known := map[state.Kind]*state.Schema{}
	return func(kind state.Kind) *state.Schema {
		s, ok := known[kind]
		if !ok {
			s = schema(kind)
			known[kind] = s
		}
		return s
	}
}

// Close frees the spooled values.
func (b *Builder) Close() error {
	var errs []error
	for _, t := range b.sources {
		errs = append(errs, t.rows.Spool.Close())
	}
	for _, t := range slices.Concat(b.tenant, b.deleted) {
		errs = append(errs, t.rows.Spool.Close())
	}
	errs = append(errs, b.links.rows.Spool.Close())
	return errors.Join(errs...)
}

func (b *Builder) spool() *rows.Spool { return rows.NewSpool(b.set.TempDir) }

// Warn adds a finding that came up while reading. It may be called concurrently with the Read methods.
func (b *Builder) Warn(f *planner.Finding) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set.Findings = append(b.set.Findings, f)
}

// layout is how objects of one kind are laid out in rows: a fingerprint column per attribute that any mapping writes.
type layout struct {
	kind  state.Kind
	cols  []*state.Attribute // sorted by name
	shape *state.Shape       // tenant attributes to read: what matching needs, then the columns
	at    []int              // column to position in shape
	// aliases says that a mapping wants aliases, which are compared otherwise: see [sourceTable.aliasSum].
	aliases bool
	trace   bool // what other sync engines have left on accounts is read as well
}

// identifying are the tenant attributes that matching and findings need of every object, by kind.
func identifying(kind state.Kind) []string {
	common := []string{"displayName", "mail", "proxyAddresses"}
	if kind == state.User {
		return append(common, "userPrincipalName", "onPremisesImmutableId", "onPremisesSyncEnabled", "accountEnabled")
	}
	return common
}

func layoutsOf(rules *config.Config, schema func(state.Kind) *state.Schema) map[state.Kind]*layout {
	layouts := map[state.Kind]*layout{}
	for _, m := range rules.Mappings {
		l := layouts[m.Kind]
		if l == nil {
			l = &layout{kind: m.Kind}
			layouts[m.Kind] = l
		}
		for _, a := range m.Attributes {
			if a.Target.Reported {
				l.aliases = true
			} else if l.col(a.Target.Name) < 0 { // by name: each mapping may have a schema of its own
				l.cols = append(l.cols, a.Target)
			}
		}
	}
	for _, l := range layouts {
		l.trace = l.kind == state.User && traceMatters(rules, l.cols)
		slices.SortFunc(l.cols, func(a, b *state.Attribute) int { return strings.Compare(a.Name, b.Name) })
		l.finish()
	}
	return layouts
}

func (l *layout) finish() {
	names := identifying(l.kind)
	for _, c := range l.cols {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	if l.trace && !slices.Contains(names, providers.LastSync) {
		names = append(names, providers.LastSync)
	}
	l.shape = state.NewShape(names...)
	for _, c := range l.cols {
		l.at = append(l.at, l.shape.Index(c.Name))
	}
}

func (l *layout) col(name string) int {
	return slices.IndexFunc(l.cols, func(a *state.Attribute) bool { return a.Name == name })
}

func (b *Builder) layout(kind state.Kind) *layout {
	if l := b.layouts[kind]; l != nil {
		return l
	}
	l := &layout{kind: kind}
	l.finish()
	return l
}

// TenantShape lists the tenant attributes to read for a kind, whether it is managed or only looked at for conflicts.
func (b *Builder) TenantShape(kind state.Kind) *state.Shape { return b.layout(kind).shape }

// DeletedShape lists the tenant attributes to read of objects in the recycle bin.
func (b *Builder) DeletedShape(kind state.Kind) *state.Shape {
	return state.NewShape(append(slices.Clone(b.layout(kind).shape.Names()), deletedAttribute)...)
}

// deletedAttribute tells when an object went to the recycle bin.
const deletedAttribute = "deletedDateTime"

// ManagedKinds are the kinds that scopes synchronise, sorted.
func (b *Builder) ManagedKinds() []state.Kind {
	var kinds []state.Kind
	for _, t := range b.sources {
		if !slices.Contains(kinds, t.kind) {
			kinds = append(kinds, t.kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}
