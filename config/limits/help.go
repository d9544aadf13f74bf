package limits

import (
	"fmt"
	"strings"
)

// Help is the text of "dirform help guards", made from the table itself.
func Help() string {
	var b strings.Builder
	b.WriteString(introduction)
	for _, l := range All {
		fmt.Fprintf(&b, "\n  %s\n      %s\n", l.Name, l.Counts)
		each := ""
		if l.Each != "" {
			each = ", for each " + l.Each
		}
		fmt.Fprintf(&b, "      more than %d, and more than %v %% of the %s%s\n", l.Share.Floor, l.Share.Percent, l.Base, each)
		if l.Overall != nil {
			fmt.Fprintf(&b, "      over all of them: more than %d, and more than %v %% of the memberships\n", l.Overall.Floor, l.Overall.Percent)
		}
		var more []string
		if l.Uncounted {
			more = append(more, "no count unless one is named")
		}
		if l.FromEnded {
			more = append(more, "the share holds from the first run on that did everything")
		}
		if l.Alone {
			more = append(more, "looks at the plan alone")
		}
		if len(more) > 0 {
			fmt.Fprintf(&b, "      %s\n", strings.Join(more, "; "))
		}
	}
	b.WriteString(notes)
	return b.String()
}

const introduction = `GUARDS

A guard holds a whole plan against limits. One that trips refuses the plan as a whole, before anything is written. All limits
below hold without a guard block, and a block changes only those it names.

  guard "default" {
    deletes {
      count   = 5                      # trips when more than 5 are planned
      floor   = 1                      # percent trips only when more than 1 are planned
      percent = 2                      # trips when more than 2 % of the base are planned
    }
    disables {                         # a planned event, which ends by itself
      count   = 3000
      percent = 100                    # lets everything pass that count does
      until   = "2026-09-15"           # that day included, in UTC; then the block counts as not written, and plan says so
    }
    protect = ["breakglass@contoso.com"]   # never changed, whatever else says so
  }

Either count or percent trips a limit. What a block does not name keeps its built-in value: whoever wants to allow more names
both. The built-in count is 500, or one in a hundred of the base if that is more. off = true takes a limit away, which every
plan says. A limit stands in one guard block at most.

LIMITS
`

const notes = `
SLICES

  What is held against a limit is the plan together with what the runs of the last 24 hours did, deletions included, and the
  base is as it was before those runs. So a mistake in slices trips as well, and a run that was cut off does not trip over its
  own work. What ran under --allow, until or off is not added again. What a run did counts no more once it is undone: who was
  disabled by mistake and is enabled again takes nothing from the limit. The undoing counts like any run, as what it does itself.
  The limits about whom findings stop and about what has shrunk look at the plan alone. A limit does not trip on a plan that adds
  nothing to it.

THE WAY THROUGH

  --allow LIMIT=N is an order of whoever runs plan or apply: for this run N alone is the limit (for each attribute or group
  where it holds for each), and earlier runs are not added. It is recorded with the run. A saved plan does not carry it: apply
  FILE takes it too.

  apply --switch-offs makes only what turns sign-in off, also when other limits trip, so that a plan which is held back keeps
  nobody signed in who has left. It asks, unless --auto-approve is given; if disables trips, nothing is made. Its status is 3
  when other changes stay undone.
`
