// Package render shows a plan: one view of it, several layouts.
//
// [JSON] is the document for programs. [Text] is for people and logs, [Drift] and [DriftJSON] show only what somebody
// else changed since the last apply. The view (package internal/view) is what readers are shown: groups, counts, limits
// and order, worked out once; a layout lays it out.
//
// Everything streams: a plan of a million changes takes no more memory than one of ten. The view goes through the
// changes once, and once more where a value that many have in common was met among too many others to be counted.
package render

import (
	"iter"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// Source is a plan to show; planfile.Reader is one. Its sequences can be run several times.
type Source interface {
	Header() planner.Header
	Totals() planner.Totals
	Findings() iter.Seq2[*planner.Finding, error]
	Changes() iter.Seq2[*state.Change, error]
	Skipped() iter.Seq2[*planner.Skipped, error]
}
