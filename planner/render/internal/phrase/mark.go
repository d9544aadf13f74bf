package phrase

import (
	"time"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"

	"github.com/dirform/dirform/state/visible"
)

// When the changed part of a string is marked: from markFrom characters on, because shorter ones are seen at a glance,
// and up to markTo, because the search for differences is quadratic.
const (
	markFrom = 40
	markTo   = 2000
	context  = 30 // unchanged characters shown beside a changed part
)

// Part is a piece of a string that was changed.
type Part struct {
	Text string // escaped, without quotes
	Op   diffmatchpatch.Operation
}

// Mark splits a changed string into parts, or returns nil if before and after are better shown whole: because they are
// short, too long to compare or have less than half in common.
func Mark(before, after string, verbose bool) []Part {
	n := max(utf8.RuneCountInString(before), utf8.RuneCountInString(after))
	if n < markFrom || n > markTo {
		return nil
	}
	d := diffmatchpatch.New()
	d.DiffTimeout = 200 * time.Millisecond
	d.DiffEditCost = 8 // a few characters that happen to be the same within a changed word are no island of their own
	diffs := d.DiffCleanupEfficiency(d.DiffCleanupSemantic(d.DiffMainRunes([]rune(before), []rune(after), false)))
	var parts []Part
	common := 0
	for i, x := range diffs {
		text := x.Text
		if x.Type == diffmatchpatch.DiffEqual {
			common += utf8.RuneCountInString(text)
			if !verbose {
				text = elide(text, i == 0, i == len(diffs)-1)
			}
		}
		q := visible.Quote(text)
		parts = append(parts, Part{Text: q[1 : len(q)-1], Op: x.Type})
	}
	if 2*common < n {
		return nil
	}
	return parts
}

// elide cuts the inside out of an unchanged stretch; at the start or end of the string, what is far from the change.
func elide(s string, start, end bool) string {
	r := []rune(s)
	if len(r) <= 2*context+1 {
		return s
	}
	head, tail := string(r[:context]), string(r[len(r)-context:])
	switch {
	case start:
		return "…" + tail
	case end:
		return head + "…"
	}
	return head + "…" + tail
}
