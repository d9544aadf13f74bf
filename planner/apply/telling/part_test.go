package telling_test

import (
	"strings"
	"testing"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/apply/telling"
	"github.com/dirform/dirform/state"
)

// An interrupted run that has written everything does not speak of what is left.
func TestPart(t *testing.T) {
	for name, x := range map[string]struct {
		out  apply.Outcome
		want string
	}{
		"part":                {apply.Outcome{Counts: state.Counts{Applied: 1, Skipped: 1}}, "Applied in part: 1 of 2 changes applied, 0 failed, 1 skipped, 0 with unknown outcome. Plan again to see what is left."},
		"nothing":             {apply.Outcome{}, "Nothing was applied: of 2 changes, 0 failed, 0 skipped, 0 with unknown outcome. Plan again to see what is left."},
		"all skipped":         {apply.Outcome{Counts: state.Counts{Skipped: 2}}, "Nothing was applied: of 2 changes, 0 failed, 2 skipped, 0 with unknown outcome. Plan again to see what is left."},
		"written, and failed": {apply.Outcome{Counts: state.Counts{Failed: 2}, Wrote: true}, "Applied in part: 0 of 2 changes applied, 2 failed, 0 skipped, 0 with unknown outcome. Plan again to see what is left."},
		"interrupted":         {apply.Outcome{Counts: state.Counts{Applied: 1}, Interrupted: true}, "Plan again to see what is left."},
		"managers missing": {apply.Outcome{Counts: state.Counts{Applied: 2, References: 57}, Interrupted: true},
			"0 with unknown outcome, 57 references of those applied not written. Plan again to see what is left."},
		"all written": {apply.Outcome{Counts: state.Counts{Applied: 2}, Interrupted: true}, "All of them are written; plan again to see whether the tenant shows them."},
	} {
		if got := telling.Part(x.out, 2); !strings.HasSuffix(got, x.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
