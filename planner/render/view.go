package render

import (
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// layout says how the parts of a plan look. The walk calls begin first, then the changes, the skipped, findings and guards, and end last.
type layout interface {
	begin(planner.Header, planner.Totals)
	change(*state.Change)
	// skipped is somebody about whom nothing is done, one of n; nil stands for those that follow the ones shown.
	skipped(s *planner.Skipped, n int)
	// alike stands for all updates that change the same as c.
	alike(c *state.Change, g *group)
	// moreCreates stands for the n creates of a kind and scope that follow the ones shown.
	moreCreates(c *state.Change, n int)
	finding(*planner.Finding)
	// moreFindings stands for the n findings of f's code that follow the ones shown.
	moreFindings(f *planner.Finding, n int)
	guard(planner.GuardResult) // one that tripped
	end(planner.Totals)
	failed() error // the first error of writing
}

// How much is shown before folding begins.
const (
	maxAlike    = 5  // updates that change the same
	maxCreates  = 25 // creates of one kind and scope
	maxFindings = 25 // findings of one code
	maxSkipped  = 3  // objects without an account
	maxCommands = 10 // findings with commands, which are to be run and not to be read
)

// limitOf is how many findings like f are shown.
func limitOf(f *planner.Finding) int {
	if f.Code == planner.AliasesCode {
		return maxCommands
	}
	return maxFindings
}

// walk shows the plan r in l: changes in the order of their execution, then who is skipped, then findings, errors first, then tripped guards.
func walk(r Source, l layout, fold bool) error {
	t := r.Totals()
	l.begin(r.Header(), t)
	if err := walkChanges(r, l, fold); err != nil {
		return err
	}
	if err := walkSkipped(r, l, fold); err != nil {
		return err
	}
	if err := walkFindings(r, l, fold); err != nil {
		return err
	}
	for _, g := range t.Guards {
		if g.Tripped {
			l.guard(g)
		}
	}
	l.end(t)
	return l.failed()
}

func walkChanges(r Source, l layout, fold bool) error {
	f := &folds{}
	if fold {
		if err := f.count(r); err != nil {
			return err
		}
	}
	shown := map[creation]int{}
	for c, err := range r.Changes() {
		if err == nil {
			err = l.failed()
		}
		if err != nil {
			return err
		}
		g, first := f.group(c)
		switch {
		case first:
			l.alike(c, g)
		case g != nil:
		case fold && c.Action == state.ActionCreate:
			k := creation{c.Kind, c.Scope}
			shown[k]++
			switch n := shown[k]; {
			case n <= maxCreates:
				l.change(c)
			case n == maxCreates+1:
				l.moreCreates(c, f.creates[k]-maxCreates)
			}
		default:
			l.change(c)
		}
	}
	return nil
}

// walkSkipped shows who is skipped, the first few only if it is to fold.
func walkSkipped(r Source, l layout, fold bool) error {
	n, shown := r.Totals().Summary.Skipped, 0
	for s, err := range r.Skipped() {
		if err == nil {
			err = l.failed()
		}
		if err != nil {
			return err
		}
		if shown++; fold && shown > maxSkipped {
			l.skipped(nil, n)
			break
		}
		l.skipped(s, n)
	}
	return nil
}

func walkFindings(r Source, l layout, fold bool) error {
	total := map[string]int{}
	severities := map[planner.Severity]bool{}
	for f, err := range r.Findings() {
		if err != nil {
			return err
		}
		total[f.Code]++
		severities[f.Severity] = true
	}
	shown := map[string]int{}
	for _, severity := range []planner.Severity{planner.Error, planner.Warning} {
		if !severities[severity] {
			continue
		}
		for f, err := range r.Findings() {
			if err == nil {
				err = l.failed()
			}
			if err != nil {
				return err
			}
			if f.Severity != severity {
				continue
			}
			shown[f.Code]++
			switch n, limit := shown[f.Code], limitOf(f); {
			case !fold || n <= limit:
				l.finding(f)
			case n == limit+1:
				l.moreFindings(f, total[f.Code]-limit)
			}
		}
	}
	return nil
}
