// Package tell writes what a record knows of its runs as lines for people.
package tell

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/visible"
)

// Run writes a run as a line.
func Run(w io.Writer, r store.Run) {
	outcome, took := r.Outcome, ""
	if outcome == "" {
		outcome = "no end recorded"
	}
	if !r.Finished.IsZero() {
		took = " in " + r.Finished.Sub(r.Started).Round(time.Second).String()
	}
	visible.Fprintf(w, "%4d  %s  serial %d  %s: %s%s; %d applied%s, %d failed, %d skipped",
		r.ID, r.Started.UTC().Format("2006-01-02 15:04:05Z"),
		r.Serial, r.Command, outcome, took, r.Counts.Applied, actions(r.Counts.Actions),
		r.Counts.Failed, r.Counts.Skipped)
	if r.Counts.Unknown > 0 {
		fmt.Fprintf(w, ", %d unknown", r.Counts.Unknown)
	}
	if r.Counts.References > 0 {
		fmt.Fprintf(w, ", %s not written", count(r.Counts.References, "reference"))
	}
	if r.Writes != nil && *r.Writes != (state.Writes{}) {
		fmt.Fprintf(w, "; %s", Writes(*r.Writes))
	}
	if len(r.Allowed) > 0 {
		visible.Fprintf(w, "; allowed %s", strings.Join(r.Allowed, ", "))
	}
	if r.By != "" {
		visible.Fprintf(w, "; by %s", r.By)
	}
	if r.Ref != "" {
		visible.Fprintf(w, "; commit %s", r.Ref)
	}
	fmt.Fprintln(w)
}

// fewNames is how many names of a run its line is followed by.
const fewNames = 10

// Names writes whom a run was about, on a line below it; nothing if that is nobody.
func Names(w io.Writer, names []string) error {
	if len(names) == 0 {
		return nil
	}
	more := ""
	if n := len(names) - fewNames; n > 0 {
		names, more = names[:fewNames], fmt.Sprintf(" and %d more", n)
	}
	_, err := visible.Fprintf(w, "      %s%s\n", strings.Join(names, ", "), more)
	return err
}

// actions are the numbers of applied changes by action, " (2 create, 1 link)"; "" if they are not known.
func actions(counts map[state.Action]int) string {
	var parts []string
	for _, a := range state.Actions {
		if n := counts[a]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, a))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// Writes says how often something was written to each directory; it was to one at least.
func Writes(n state.Writes) string {
	switch {
	case n.Source == 0:
		return count(n.Tenant, "write") + " to the tenant"
	case n.Tenant == 0:
		return count(n.Source, "write") + " to Active Directory"
	}
	return fmt.Sprintf("%s to Active Directory, %d to the tenant", count(n.Source, "write"), n.Tenant)
}

// Entry writes a step as a line, with whose it is if that is known.
func Entry(w io.Writer, e *state.Entry, name string) error {
	what := string(e.Action) + " " + string(e.Kind)
	if e.Attribute != "" {
		what += "." + e.Attribute
	}
	line := fmt.Sprintf("%6d  %-8s %-24s  %s", e.Seq, e.Status, what, e.Key)
	if e.TargetID != "" {
		line += "  " + e.TargetID
	}
	if name != "" {
		line += "  " + name
	}
	if e.Writes != (state.Writes{}) {
		line += "  (" + Writes(e.Writes) + ")"
	}
	if e.Code != "" {
		line += "  " + e.Code
	}
	if e.RequestID != "" {
		line += "  (request-id " + e.RequestID + ")"
	}
	_, err := fmt.Fprintln(w, visible.Line(line))
	return err
}

// Kept writes below a step what it has written over, as far as that was kept: values with their attributes, or these alone.
func Kept(w io.Writer, e *state.Entry) error {
	if e.Kept == nil {
		return nil
	}
	for _, a := range slices.Concat(e.Kept.Source, e.Kept.Attributes) {
		line := a.Name
		if e.Kept.Values {
			line += ": " + shown(a.Before) + " -> " + shown(a.After)
		}
		if _, err := fmt.Fprintln(w, "          "+visible.Line(line)); err != nil {
			return err
		}
	}
	return nil
}

func shown(v state.Value) string {
	b, err := v.MarshalJSON()
	if err != nil {
		return "?"
	}
	return string(b)
}

// count is a number of things.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
