package view

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// Against is what a change of the configuration brings, of a plan that is held against another configuration's.
type Against struct {
	planner.Against
	Alters bool
	Groups []Brought // those that occur most first
	Others int       // changes in none of the groups
	Gone   []Gone    // the first few that only the other configuration wants
}

// Brought is what a change of the configuration does to objects of a kind: an action, or attributes.
type Brought struct {
	Kind   state.Kind
	Action state.Action
	What   string // the attributes of an update
	N      int
}

// Gone is a change that only the other configuration wants.
type Gone struct {
	Address string
	Action  state.Action
	What    string // the attributes of an update
}

const (
	maxGroups = 4
	maxGone   = 10
)

// gathering counts what changes bring.
type gathering map[Brought]int

func (g gathering) add(c *state.Change) {
	if c.Cause == state.CauseDirectory || c.Cause == "" {
		return
	}
	key := Brought{Kind: c.Kind, Action: c.Action, What: brings(c)}
	if _, known := g[key]; !known && len(g) > 1024 {
		key.What = "…"
	}
	g[key]++
}

// brings are the attributes that the configuration brings of an update.
func brings(c *state.Change) string {
	if c.Action != state.ActionUpdate {
		return ""
	}
	var names []string
	for _, a := range slices.Concat(c.Attributes, c.SourceAttributes) {
		if a.Cause != state.CauseDirectory {
			names = append(names, a.Name)
		}
	}
	return strings.Join(names, ", ")
}

// against sums up what was gathered, nil for a plan that is held against none.
func (g gathering) against(r Source) (*Against, error) {
	t := r.Totals()
	if r.Header().Against == nil || t.Against == nil {
		return nil, nil
	}
	a := &Against{Against: *t.Against, Alters: t.Against.Alters(t.Applicable)}
	for key, n := range g {
		key.N = n
		a.Groups = append(a.Groups, key)
	}
	slices.SortFunc(a.Groups, func(x, y Brought) int {
		return cmp.Or(y.N-x.N, cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Action, y.Action), strings.Compare(x.What,
			y.What))
	})
	for len(a.Groups) > maxGroups {
		last := len(a.Groups) - 1
		a.Others += a.Groups[last].N
		a.Groups = a.Groups[:last]
	}
	others, ok := r.(interface {
		NoLonger() iter.Seq2[*state.Change, error]
	})
	if !ok {
		return a, nil
	}
	for c, err := range others.NoLonger() {
		if err != nil {
			return nil, err
		}
		if a.Gone = append(a.Gone, Gone{c.Address, c.Action, brings(c)}); len(a.Gone) == maxGone {
			break
		}
	}
	return a, nil
}

// CauseOf is a class of changes: 0 for what the configuration brings, 1 for what is pending anyway.
func CauseOf(c *state.Change) int {
	if c.Cause == state.CauseDirectory {
		return 1
	}
	return 0
}
