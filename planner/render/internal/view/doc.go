// Package view works out once what a plan's readers are shown: what is refused, how much of what is done and which
// limits stand beside it, and what changes, alike things together. Layouts only lay it out.
//
// A view is made from a plan of any size in bounded memory. It holds counts, which are exact, and of everything that is
// counted the first few; whoever wants all of them goes through the plan itself.
package view

import (
	"iter"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// Source is a plan to look at. Its sequences can be run several times.
type Source interface {
	Header() planner.Header
	Totals() planner.Totals
	Findings() iter.Seq2[*planner.Finding, error]
	Changes() iter.Seq2[*state.Change, error]
	Skipped() iter.Seq2[*planner.Skipped, error]
}

// Plan is what readers are shown of a plan, in the order in which they are.
type Plan struct {
	Header   planner.Header
	Totals   planner.Totals
	Refused  []*Block // of error findings
	Actions  []Action // those that occur
	Limits   []Limit  // that belong to no single action
	Sections []*Section
	Skipped  []*planner.Skipped // the first few of Totals.Summary.Skipped
	Warned   []*Block           // of warnings
	Against  *Against           // nil unless it is held against another configuration's plan
}

// maxSkipped is how many objects without an account are named.
const maxSkipped = 3

// Build makes the view of a plan. What is done stands in the order of its actions.
func Build(r Source) (*Plan, error) {
	return BuildBy(r, CauseOf, nil)
}

// BuildBy is Build with the changes told apart by class as well, of which a lower one stands first. Whoever wants to
// see each change once gives each, and need not go through the plan for that.
func BuildBy(r Source, class func(*state.Change) int, each func(*state.Change)) (*Plan, error) {
	p := &Plan{Header: r.Header(), Totals: r.Totals()}
	p.Actions, p.Limits = Actions(p.Totals, false)
	var err error
	if p.Refused, p.Warned, err = Blocks(r); err != nil {
		return nil, err
	}
	brought := gathering{}
	if p.Sections, err = sections(r, class, func(c *state.Change) {
		brought.add(c)
		if each != nil {
			each(c)
		}
	}); err != nil {
		return nil, err
	}
	if p.Against, err = brought.against(r); err != nil {
		return nil, err
	}
	for s, err := range r.Skipped() {
		if err != nil {
			return nil, err
		}
		if p.Skipped = append(p.Skipped, s); len(p.Skipped) == maxSkipped {
			break
		}
	}
	return p, nil
}

// Empty reports whether there is nothing between the first line and the last.
func (p *Plan) Empty() bool {
	return len(p.Refused)+len(p.Sections)+len(p.Skipped)+len(p.Warned) == 0
}

// Tally is how often something is said.
type Tally struct {
	Text string
	N    int
}

// maxTallies is how many different texts are told apart.
const maxTallies = 4

// tally counts text in list. What is no longer told apart is counted under "".
func tally(list []Tally, text string) []Tally {
	for i := range list {
		if list[i].Text == text {
			list[i].N++
			return list
		}
	}
	if len(list) >= maxTallies {
		text = ""
		if last := &list[len(list)-1]; last.Text == "" {
			last.N++
			return list
		}
	}
	return append(list, Tally{text, 1})
}
