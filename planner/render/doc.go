// Package render shows a plan: one view of it, several layouts.
//
// [JSON] is the document for programs. [Text] is for people and logs, [Drift] and [DriftJSON] show only what somebody else
// changed since the last apply. The view (what is shown, in which order, what is folded) is one walk over the plan; a layout
// says how each of its parts looks, so that another layout is another implementation of one small interface.
//
// Everything streams: a plan of a million changes takes no more memory than one of ten. The text walks through the changes
// up to three times, to fold what is alike.
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
