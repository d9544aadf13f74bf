package phrase

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/planner/render/internal/view"
	"github.com/dirform/dirform/state"
)

// Brought says what a change of the configuration brings, and how much is pending anyway.
func Brought(a *view.Against) string {
	text := "This change alters nothing"
	if a.Alters {
		var parts []string
		for _, g := range a.Groups {
			part := Plural(g.N, g.Kind) + " to " + string(g.Action)
			if g.Action == state.ActionUpdate {
				part = Plural(g.N, g.Kind) + ": " + Plain(g.What)
			}
			parts = append(parts, part)
		}
		for _, more := range []struct {
			n    int
			what string
		}{{a.Others, "%d more"}, {a.NoLonger, "no longer: %d"}, {a.Findings, "findings that are new: %d"}} {
			if more.n > 0 {
				parts = append(parts, fmt.Sprintf(more.what, more.n))
			}
		}
		if len(parts) == 0 {
			parts = append(parts, "whether the plan can be applied")
		}
		text = "This change of the configuration: " + strings.Join(parts, "; ")
	}
	return fmt.Sprintf("%s; pending anyway: %d", text, a.Directory)
}

// Gone says what is no longer wanted.
func Gone(g view.Gone) string {
	if g.What != "" {
		return g.Address + ": " + g.What
	}
	return g.Address + ": " + string(g.Action)
}
