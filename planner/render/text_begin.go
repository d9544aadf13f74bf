package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render/internal/phrase"
	"github.com/dirform/dirform/planner/render/internal/view"
)

// head is what stands before what is to be done.
type head struct{ *text }

// begin writes what stands first: the sum, what was read, and what to know before reading on. A plan without anything
// else has its sum in the last line only.
func (t *text) begin(h planner.Header, totals planner.Totals, empty bool) {
	t.undoes = h.Undoes
	t.partial = len(h.Targets)+len(h.Excludes) > 0
	if !empty {
		t.sum(totals)
		t.line()
	}
	head{t}.read(h, totals)
	if n := totals.Summary.Drifted; n > 0 && !t.drift {
		verb := " were"
		if n == 1 {
			verb = " was"
		}
		t.line("  ", t.paint(yellow, phrase.Plural(n, "")+verb+" changed outside dirform since the last apply"),
			": marked below; dirform drift shows nothing else")
	}
}

// actions writes how often each action occurs, with the limits on it: the symbols' legend as well.
func (t head) actions(list []view.Action, others []view.Limit) {
	alone := len(list) == 1 && len(list[0].Limits)+len(others) == 0 // which the first line says as well
	if t.drift || len(list) == 0 || alone {
		return
	}
	t.line()
	var parts []string
	for _, a := range list {
		st := phrase.StyleOf(a.Action)
		part := t.paint(colours[st.Tone], st.Symbol) + " " + string(a.Action) + " " + t.paint(bold,
			strconv.Itoa(a.Count))
		if len(a.Limits) > 0 {
			part += " (" + t.limits(a.Limits) + ")"
		}
		parts = append(parts, glued(part))
	}
	if len(others) > 0 {
		parts = append(parts, "limits: "+t.limits(others))
	}
	t.line("Actions: ", strings.Join(parts, "  "))
}

// limits says how near a plan gets to limits.
func (t head) limits(list []view.Limit) string {
	var parts []string
	for _, l := range list {
		part := phrase.Limit(l)
		if l.Tripped {
			part = t.paint(red, part)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// read says what was read, and to what the plan is limited.
func (t head) read(h planner.Header, totals planner.Totals) {
	t.line("Read Active Directory ", plain(strings.Join(append([]string{h.Source.Domain}, h.Source.Others...), ", ")),
		" and tenant ", plain(h.Tenant.ID), ".")
	if h.Snapshot != nil {
		t.line("  From a snapshot that was taken at ", plain(h.Snapshot.TakenAt), ", ", phrase.Age(h.Snapshot.Age),
			" before: nothing was asked of either.")
	}
	if h.Source.MovesFrom != "" {
		t.line("  The state belongs to domain ", plain(h.Source.MovesFrom), "; applying this plan moves it to ",
			plain(h.Source.Domain), " (", plain(h.Source.SID), ").")
	}
	for _, s := range totals.Scopes {
		t.line("  scope ", plain(s.Scope), ": ", phrase.Plural(s.Objects, s.Kind), " read, ", fmt.Sprint(s.InScope),
			" in scope")
		t.system(s)
		t.empty(s)
		for _, ou := range s.OUs {
			if ou.Renamed {
				t.line("  scope ", plain(s.Scope), ": ", plain(ou.Declared), " is now ", plain(ou.DN),
					", known by its objectGUID ", plain(ou.GUID))
			}
		}
	}
	t.scopes = totals.Scopes
	t.labelled("Limited to ", h.Targets)
	t.labelled("Left out: ", h.Excludes)
	t.labelled("Limits lifted for this plan: ", h.Allowed)
}

// system says how many objects are left out because they are nobody's; which ones, only the verbose layout says.
func (t head) system(s planner.ScopeSeen) {
	if s.SystemObjects == 0 {
		return
	}
	noun := " system objects"
	if s.SystemObjects == 1 {
		noun = " system object"
	}
	t.line("    ", fmt.Sprint(s.SystemObjects), noun, " left out")
	if !t.o.Verbose {
		return
	}
	for _, o := range s.SystemList {
		t.line("      ", plain(o.DN), ": ", plain(o.What))
	}
	if more := s.SystemObjects - len(s.SystemList); more > 0 {
		t.line("      and ", fmt.Sprint(more), " more")
	}
}

// empty says where it was looked in vain, so that nobody has to wonder whether it was.
func (t head) empty(s planner.ScopeSeen) {
	switch {
	case s.InScope > 0:
	case s.Objects > s.SystemObjects && s.Where != "":
		t.line("    where = ", plain(s.Where), " leaves none of them")
	case s.Objects == 0:
		var ous []string
		for _, ou := range s.OUs {
			if !ou.Exclude {
				ous = append(ous, ou.DN)
			}
		}
		passing := ""
		if s.Filter != "" {
			passing = " that passes filter = " + s.Filter
		}
		t.line("    no ", plain(string(s.Kind)), plain(passing), " lies below ", plain(strings.Join(ous, " or ")))
	}
}

func (t head) labelled(label string, names []string) {
	if len(names) > 0 {
		t.line("  ", label, plain(strings.Join(names, ", ")))
	}
}
