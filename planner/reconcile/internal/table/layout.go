package table

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Layout is how objects of one kind are laid out in rows: a fingerprint column per attribute that any mapping writes.
type Layout struct {
	Kind  state.Kind
	Cols  []*state.Attribute // sorted by name
	Shape *state.Shape       // tenant attributes to read: what matching needs, then the columns
	At    []int              // column to position in shape
	// aliases says that a mapping wants aliases, which are compared otherwise: see [Source.aliasSum].
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

func layoutsOf(rules *config.Config, schema func(state.Kind) *state.Schema) map[state.Kind]*Layout {
	layouts := map[state.Kind]*Layout{}
	for _, m := range rules.Mappings {
		l := layouts[m.Kind]
		if l == nil {
			l = &Layout{Kind: m.Kind}
			layouts[m.Kind] = l
		}
		for _, a := range m.Attributes {
			if a.Target.Reported {
				l.aliases = true
			} else if l.Col(a.Target.Name) < 0 { // by name: each mapping may have a schema of its own
				l.Cols = append(l.Cols, a.Target)
			}
		}
	}
	for _, l := range layouts {
		l.trace = l.Kind == state.User && traceMatters(rules, l.Cols)
		slices.SortFunc(l.Cols, func(a, b *state.Attribute) int { return strings.Compare(a.Name, b.Name) })
		l.finish()
	}
	return layouts
}

func (l *Layout) finish() {
	names := identifying(l.Kind)
	for _, c := range l.Cols {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	if l.trace && !slices.Contains(names, providers.LastSync) {
		names = append(names, providers.LastSync)
	}
	l.Shape = state.NewShape(names...)
	for _, c := range l.Cols {
		l.At = append(l.At, l.Shape.Index(c.Name))
	}
}

func (l *Layout) Col(name string) int {
	return slices.IndexFunc(l.Cols, func(a *state.Attribute) bool { return a.Name == name })
}

// traceMatters reports whether it makes a difference which accounts another engine mastered once. If not, the trace is not read.
func traceMatters(rules *config.Config, managed []*state.Attribute) bool {
	return slices.ContainsFunc(managed, func(a *state.Attribute) bool { return a.Lockable }) ||
		slices.ContainsFunc(rules.Policies, func(p *config.LinkPolicy) bool { return p.SyncedElsewhere == "take_over" })
}
