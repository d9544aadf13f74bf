package table

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state"
)

// Layout is how objects of one kind are laid out in rows: a fingerprint column per attribute that any mapping writes.
type Layout struct {
	Of    *state.Descriptor  // of the kind; never nil
	Cols  []*state.Attribute // sorted by name
	Shape *state.Shape       // tenant attributes to read: what matching needs, then the columns
	At    []int              // column to position in shape
	// aliases says that a mapping wants aliases, which are compared otherwise: see [Source.aliasSum].
	aliases bool
	// spelling says that a mapping has user names written that differ in case only.
	spelling bool
	trace    bool // what other sync engines have left on accounts is read as well
}

func layoutsOf(rules *config.Config, kinds func(state.Kind) *state.Descriptor) map[state.Kind]*Layout {
	layouts := map[state.Kind]*Layout{}
	for _, m := range rules.Mappings {
		l := layouts[m.Kind]
		if l == nil {
			l = &Layout{Of: kinds(m.Kind)}
			layouts[m.Kind] = l
		}
		l.spelling = l.spelling || m.CaseChanges
		for _, a := range m.Attributes {
			if a.Target.Reported {
				l.aliases = true
			} else if l.Col(a.Target.Name) < 0 { // by name: each mapping may have a schema of its own
				l.Cols = append(l.Cols, a.Target)
			}
		}
	}
	for _, l := range layouts {
		l.trace = l.Of.Trace != "" && traceMatters(rules, l.Cols)
		slices.SortFunc(l.Cols, func(a, b *state.Attribute) int { return strings.Compare(a.Name, b.Name) })
		l.finish()
	}
	return layouts
}

func (l *Layout) finish() {
	names := slices.Clone(l.Of.Identity)
	for _, c := range l.Cols {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	if l.trace && !slices.Contains(names, l.Of.Trace) {
		names = append(names, l.Of.Trace)
	}
	l.Shape = state.NewShape(names...)
	for _, c := range l.Cols {
		l.At = append(l.At, l.Shape.Index(c.Name))
	}
}

// Col is the column of the named attribute, -1 if no mapping writes it.
func (l *Layout) Col(name string) int {
	return slices.IndexFunc(l.Cols, func(a *state.Attribute) bool { return a.Name == name })
}

// traceMatters reports whether it makes a difference which accounts another engine mastered once. If not, the trace is
// not read.
func traceMatters(rules *config.Config, managed []*state.Attribute) bool {
	return slices.ContainsFunc(managed, func(a *state.Attribute) bool { return a.Lockable }) ||
		slices.ContainsFunc(rules.Policies, func(p *config.LinkPolicy) bool { return p.SyncedElsewhere == "take_over" })
}
