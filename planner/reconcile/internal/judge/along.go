package judge

import (
	"slices"

	"github.com/dirform/dirform/planner/reconcile/internal/pair"
)

// --target names what somebody wants changed. What such a change needs comes along: the change that gives up a name
// which it takes, and the account of a manager whom it refers to and who has none yet. What --exclude names never comes
// along; what needs that is blocked where the service would refuse it, and its finding names what is missing.

// TakeAlong selects the rows that surveyed changes need and --target left out, and returns them to be surveyed; none
// are left once what those need has come along, too.
func TakeAlong(j *Judge) (rows []int, err error) {
	if len(j.set.Targets) == 0 {
		return nil, nil
	}
	needed := map[int]bool{}
	for _, row := range j.waiting() {
		for _, n := range j.waits.Of(int(row)) {
			needed[int(n.Row)] = true
		}
	}
	for row, of := range j.aim.Referred {
		for _, s := range of {
			needed[row] = needed[row] || j.states[s].outcome == Changes
		}
	}
	for row, really := range needed {
		if !really || j.states[row].outcome != Ignored {
			continue
		}
		c, err := j.Case(row)
		if err != nil {
			return nil, err
		}
		if j.aim.Include(row, c.Address) {
			j.states[row].outcome = Undecided
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, j.Source.CompareGUID)
	return rows, nil
}

// Along are the rows that came along with the targets and about which there is something to do, in an order that
// depends on no reading.
func Along(j *Judge) []int {
	rows := slices.DeleteFunc(slices.Clone(j.aim.Rows), func(row int) bool { return j.states[row].outcome != Changes })
	slices.SortFunc(rows, j.Source.CompareGUID)
	return rows
}

// unlinked is the source row without a recorded, living account that one of row s's references points to, or -1.
func (d *draft) unlinked(col int) int {
	m := d.j.Source.ByDN.First(d.Table.FP(d.Row)[col])
	if m < 0 || m == d.Row || hasAccount(d.j.Verdict(m)) {
		return -1
	}
	return m
}

// hasAccount reports whether a row with a verdict has a recorded account that lives.
func hasAccount(v *pair.Verdict) bool { return v.Link >= 0 && v.Target >= 0 && v.Flags == 0 }

// leftOut reports whether a source row is not in the plan and has an account all the same, so that others can refer to
// it.
func leftOut(j *Judge, row int) bool {
	return j.states[row].outcome == Ignored && hasAccount(j.Verdict(row)) && !j.SelectedRow(row)
}
