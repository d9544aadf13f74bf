package explain

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/state"
)

// Write writes an explanation for a person to read.
func Write(w io.Writer, x *Document, o render.TextOptions) {
	o.Verbose = true // nobody who asks about one object wants less than everything
	parts := []func(){}
	for i := range x.Matches {
		parts = append(parts, func() { writeMatch(w, &x.Matches[i], o) })
	}
	first := len(parts)
	if x.OutsideFirst {
		first = 0
	}
	for i, out := range x.OutOfScope {
		parts = slices.Insert(parts, first+i, func() { writeOutside(w, &out) })
	}
	for i, part := range parts {
		if i > 0 {
			fmt.Fprintln(w)
		}
		part()
	}
	if x.More > 0 {
		noun := "objects"
		if x.More == 1 {
			noun = "object"
		}
		fmt.Fprintf(w, "\n%d %s more with this name; a user principal name or object id finds one.\n", x.More, noun)
	}
	render.Findings(w, x.Findings, o)
}

func writeOutside(w io.Writer, o *Outside) {
	fmt.Fprintf(w, "%s\n  is in no scope:\n", render.Plain(o.DN))
	for _, why := range o.Reasons {
		fmt.Fprintf(w, "    %s\n", render.Plain(why))
	}
}

func writeMatch(w io.Writer, m *Match, o render.TextOptions) {
	fmt.Fprintf(w, "%s\n", render.Plain(title(m)))
	if m.SourceDN != "" {
		fmt.Fprintf(w, "  source:  %s\n           objectGUID %s\n", render.Plain(m.SourceDN), m.SourceGUID)
		if m.Class != "" && !strings.EqualFold(m.Class, string(m.Kind)) {
			fmt.Fprintf(w, "           object class %s, which is a %s\n", render.Plain(m.Class), m.Kind)
		}
	} else if m.SourceGUID != "" {
		fmt.Fprintf(w, "  source:  objectGUID %s, in no scope\n", m.SourceGUID)
	}
	writeMembership(w, m)
	if m.Anchor != "" {
		fmt.Fprintf(w, "  anchor:  %s\n", render.Plain(m.Anchor))
	}
	writeAccount(w, m)
	for i, h := range m.History {
		label := "history:"
		if i > 0 {
			label = "        "
		}
		fmt.Fprintf(w, "  %s %s %s (run %d, %s)\n", label, h.Action, h.Status, h.Run, h.At)
	}
	fmt.Fprintf(w, "  outcome: %s%s\n", render.Plain(m.Outcome), declaredAt(m.Change))
	writeAttributes(w, m)
	writeRules(w, m)
	if m.Change != nil {
		render.Change(w, m.Change, o)
	}
	render.Findings(w, m.Findings, o)
}

// title is what a match is known by.
func title(m *Match) string {
	switch {
	case m.Address != "":
		return m.Address
	case m.What == IsRecord && m.TargetName == "":
		return "record of account " + m.TargetID
	}
	return fmt.Sprintf("%s %q", m.Kind, m.TargetName)
}

func writeMembership(w io.Writer, m *Match) {
	switch {
	case m.What == IsDeclared:
		fmt.Fprintf(w, "  declared: %s\n", m.ScopeAt)
		writeNotes(w, "  ", m.Notes)
		return
	case m.Scope == "":
		return
	case m.ScopeAt == "":
		fmt.Fprintf(w, "  scope:   was in %s\n", m.Scope)
		if m.LeftAt != "" {
			fmt.Fprintf(w, "           seen to have left on %s\n", m.LeftAt)
		}
		if m.DeleteFrom != "" {
			fmt.Fprintf(w, "           deleted from %s on, when its grace ends\n", m.DeleteFrom)
		}
		return
	}
	fmt.Fprintf(w, "  scope:   %s (%s)\n", m.Scope, m.ScopeAt)
	for _, s := range m.Scopes {
		switch reason := render.Plain(s.Reason.String()); {
		case s.Scope == m.Scope:
			for _, clause := range s.Reason {
				fmt.Fprintf(w, "           %s\n", render.Plain(clause))
			}
		case s.In:
			fmt.Fprintf(w, "           also in %s (%s): %s\n", s.Scope, s.DeclaredAt, reason)
		default:
			fmt.Fprintf(w, "           not in %s (%s): %s\n", s.Scope, s.DeclaredAt, reason)
		}
	}
}

func writeAccount(w io.Writer, m *Match) {
	if m.What == IsDeclared {
		return
	}
	fmt.Fprintf(w, "  account: %s\n", render.Plain(accountText(m)))
	if len(m.Addresses) > 0 {
		fmt.Fprintf(w, "           addresses %s\n", render.Plain(strings.Join(m.Addresses, ", ")))
	}
	writeNotes(w, "           ", m.Notes)
}

func writeNotes(w io.Writer, indent string, notes []string) {
	for _, n := range notes {
		fmt.Fprintf(w, "%s%s\n", indent, render.Plain(n))
	}
}

func accountText(m *Match) string {
	if m.TargetID == "" {
		return "none"
	}
	text := m.TargetID
	if m.TargetName != "" {
		text = fmt.Sprintf("%s (%s)", m.TargetName, m.TargetID)
	}
	if m.InBin {
		text += ", in the recycle bin"
	}
	if m.Linked {
		text += ", linked"
		if m.LinkedBy == "created" {
			text += " (dirform created it)"
		} else if m.LinkedBy != "" {
			text += " (by " + m.LinkedBy + ")"
		}
	}
	return text
}

func writeAttributes(w io.Writer, m *Match) {
	if len(m.Attributes) > 0 {
		fmt.Fprintf(w, "\n  attributes:\n")
	}
	for _, at := range m.Attributes {
		if at.Result.IsEmpty() && at.Live.IsEmpty() && at.Error == "" && !at.Write {
			fmt.Fprintf(w, "    %s = null: %s (%s)\n", at.Name, at.Expression, at.DeclaredAt)
			continue
		}
		result := named(at.Result, at.ResultName)
		if at.Error != "" {
			result = "error: " + render.Plain(at.Error)
		}
		fmt.Fprintf(w, "    %s = %s\n      %s (%s)\n", at.Name, result, at.Expression, at.DeclaredAt)
		if at.InsteadOf != "" {
			fmt.Fprintf(w, "      instead of %q, whose domain is not verified in the tenant (on_unverified_suffix)\n", at.InsteadOf)
		}
		for _, n := range slices.Sorted(maps.Keys(at.Inputs)) {
			fmt.Fprintf(w, "      ad.%s = %s\n", n, Quoted(at.Inputs[n]))
		}
		if text := attributeFate(m, &at); text != "" {
			fmt.Fprintf(w, "      %s\n", render.Plain(text))
		}
	}
}

// attributeFate is what an attribute is in the tenant, and what becomes of it.
func attributeFate(m *Match, at *Attribute) string {
	var parts []string
	if m.TargetID != "" && !at.Initial {
		live := "in the tenant: " + named(at.Live, at.LiveName)
		if at.Drift {
			live += " (changed outside dirform)"
		}
		parts = append(parts, live)
	}
	switch {
	case at.Write && m.TargetID != "":
		parts = append(parts, "to be written")
	case at.Why != "":
		parts = append(parts, "not written: "+at.Why)
	}
	return strings.Join(parts, "; ")
}

// named is a value, by the name that people know a reference by.
func named(v state.Value, name string) string {
	if name == "" {
		return Quoted(v)
	}
	return Quoted(state.String(name)) + " (" + v.Text() + ")"
}

func writeRules(w io.Writer, m *Match) {
	if len(m.Rules) > 0 {
		fmt.Fprintf(w, "\n  match rules, in order (%s):\n", m.PolicyAt)
	}
	for _, r := range m.Rules {
		head := r.Rule
		if r.Value != "" || r.Rule != "recorded" && r.Rule != "declared" {
			head += " " + orNull(r.Value)
		}
		fmt.Fprintf(w, "    %s: %s\n", render.Plain(head), render.Plain(ruleText(&r)))
		for _, c := range r.Candidates {
			if c.Why != "" {
				fmt.Fprintf(w, "      %s %s (%s): %s\n", c.Kind, render.Plain(c.Name), c.TargetID, render.Plain(c.Why))
			}
		}
	}
}

// ruleText is how a rule fared.
func ruleText(r *Rule) string {
	text := strings.Join(r.Found, ", ")
	switch r.Outcome {
	case RuleDecides:
		text = join(text, "this decides")
	case RuleNotTried:
		text = join(text, "not tried, because an earlier rule decides")
	case RuleTaken:
		text = join(text, "but that is taken")
	case RuleAmbiguous:
		text = join(text, "several, so it cannot decide")
	case RuleNothing:
		if r.Detail == "" {
			text = "no account"
		}
	}
	return join(text, r.Detail)
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// declaredAt is where a change is asked for, in brackets.
func declaredAt(c *state.Change) string {
	if c == nil || c.DeclaredAt == "" {
		return ""
	}
	return " (" + c.DeclaredAt + ")"
}

func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return s
}
