package telling

import (
	"fmt"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/state/visible"
)

// Part tells how far a run came that did not end as planned. One that was interrupted when its last change was written has only
// failed to look at the results.
func Part(out apply.Outcome, changes int) string {
	begins, next := fmt.Sprintf("Applied in part: %d of %d changes applied", out.Applied, changes), "Plan again to see what is left."
	switch {
	case out.Interrupted:
		begins = fmt.Sprintf("Interrupted: %d of %d changes applied", out.Applied, changes)
		if out.Applied == changes && out.Failed+out.References+out.Skipped+out.Unknown == 0 {
			next = "All of them are written; plan again to see whether the tenant shows them."
		}
	case out.Applied == 0 && !out.Wrote:
		begins = "Nothing was applied: of " + visible.Count(changes, "change")
	}
	references := ""
	if out.References > 0 {
		references = ", " + visible.Count(out.References, "reference") + " of those applied not written"
	}
	return fmt.Sprintf("%s, %d failed, %d skipped, %d with unknown outcome%s. %s", begins, out.Failed, out.Skipped, out.Unknown, references, next)
}
