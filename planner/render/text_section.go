package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dirform/dirform/planner/render/internal/phrase"
	"github.com/dirform/dirform/planner/render/internal/view"
	"github.com/dirform/dirform/state"
)

// When the changes of an action are folded: from so many on, in a plan of up to manyChanges changes and in a larger
// one.
const (
	manyChanges = 25
	foldFew     = 6 // changes
	foldMany    = 4
	foldCreates = 2 // which have many attributes
)

// How much is shown of a section that is folded.
const (
	namedFew      = 3 // objects
	namedMany     = 6 // objects that lose something
	shownValues   = 3 // values of an attribute
	shownExamples = 3 // changes of an attribute that are not alike
	fewAttributes = 6 // beyond which nobody is named for each
)

// section writes the changes of one action, kind and scope; many says that they are part of a plan of many changes.
func (t *text) section(s *view.Section, many bool) {
	from := foldFew
	if many {
		from = foldMany
	}
	if many && s.Action == state.ActionCreate {
		from = foldCreates
	}
	if s.Count < from && s.Count == len(s.Changes) {
		for _, c := range s.Changes {
			t.change(c)
		}
		return
	}
	folded{t, s, many}.write()
}

// folded is a section that is written by attribute.
type folded struct {
	*text
	s    *view.Section
	many bool // it is part of a plan of many changes
}

func (t folded) write() {
	s := t.s
	st := phrase.StyleOf(s.Action)
	t.line()
	fate := st.Will
	if t.drift {
		fate = "were changed outside dirform"
	}
	t.line(outer, t.paint(colours[st.Tone], st.Symbol+" "), t.paint(bold, phrase.Plural(s.Count,
		s.Kind)+phrase.In(s.Scope)), " ", fate)
	if !t.drift {
		evidence := ""
		if phrase.Matters(s.Action) && len(s.Rules) > 0 {
			evidence = "matched by " + tallied(s.Rules)
		}
		t.tallies(s.Reasons, evidence)
		t.signIns()
	}
	for _, n := range []struct {
		n    int
		what string
	}{{s.Partial, "turn sign-in off only; the rest is blocked"}, {s.Replacing,
		"take the place of a link to another object"}} {
		if n.n > 0 {
			t.note(fmt.Sprintf("%d of them %s", n.n, n.what))
		}
	}
	if s.Action != state.ActionUpdate || len(s.Attributes)+len(s.Source)+s.Sets == 0 {
		t.people()
	}
	if s.Sets > 0 {
		t.line(inner, fmt.Sprintf("%s: members: %d added, %d removed", phrase.Plural(s.Sets, s.Kind), s.Adds,
			s.Removes))
	}
	t.attributeLines()
	for _, a := range s.Source {
		t.line(inner, phrase.Plural(a.Count, s.Kind), ": ", plain(a.Name), " in Active Directory", t.special(a))
	}
}

// people names the first objects of a section: one a line, or all on one in a plan of many changes.
func (t folded) people() {
	n := namedFew
	switch t.s.Action {
	case state.ActionDelete, state.ActionDisable, state.ActionUnlink, state.ActionRelink:
		n = namedMany
	}
	n = min(n, len(t.s.Changes))
	if t.many {
		var addresses []string
		for _, c := range t.s.Changes[:n] {
			addresses = append(addresses, c.Address)
		}
		line := phrase.Names(addresses, t.s.Count)
		if t.s.Count > n {
			line += namesAll
		}
		t.line(inner, line)
		return
	}
	for _, c := range t.s.Changes[:n] {
		t.line(inner, phrase.Who(view.WhoIs(c)))
	}
	if more := t.s.Count - n; more > 0 {
		t.line(inner, "… and ", strconv.Itoa(more), " more", namesAll)
	}
}

// namesAll is where all are named of whom some are.
const namesAll = " (--verbose names all)"

// tallies writes the reasons of a section, with counts if there are several, and the evidence behind them.
func (t folded) tallies(list []view.Tally, evidence string) {
	if len(list) == 1 {
		t.note(strings.TrimPrefix(strings.TrimSuffix(list[0].Text+", "+evidence, ", "), ", "))
		return
	}
	for _, x := range list {
		if x.Text == "" {
			x.Text = "others"
		}
		t.note(strconv.Itoa(x.N) + ": " + x.Text)
	}
	t.note(evidence)
}

// tallied are texts with their counts on one line.
func tallied(list []view.Tally) string {
	var parts []string
	for _, x := range list {
		if x.Text == "" {
			x.Text = "others"
		}
		if len(list) > 1 {
			x.Text += " " + strconv.Itoa(x.N)
		}
		parts = append(parts, x.Text)
	}
	return strings.Join(parts, ", ")
}

// signIns says what the first sign-in of new accounts will be.
func (t folded) signIns() {
	s := t.s
	signIn := state.Describe(nil)(s.Kind).SignIn
	if s.Action != state.ActionCreate || signIn == "" {
		return
	}
	on := 0
	for _, a := range s.Attributes {
		for _, g := range a.Alike {
			if a.Name == signIn && g.After.After.Bool() {
				on += g.Count
			}
		}
		for _, e := range a.First {
			if a.Name == signIn && e.Change.After.Bool() {
				on++
			}
		}
	}
	switch {
	case on == s.Count:
		t.note("first sign-in: " + firstSignIn)
	case on == 0:
		t.note("first sign-in: none, it is off")
	default:
		t.note(fmt.Sprintf("first sign-in: %d with %s, %d off", on, firstSignIn, s.Count-on))
	}
}

// firstSignIn is what new accounts have to sign in with.
const firstSignIn = "a random password that nobody knows"

// attributeLines writes a line for each attribute of a section. Those of new accounts that vary share one.
func (t folded) attributeLines() {
	s := t.s
	var own []string
	for _, a := range s.Attributes {
		if s.Action == state.ActionDisable && a.Count == s.Count && a.Drift == 0 &&
			a.Name == state.Describe(nil)(s.Kind).SignIn {
			continue // which is what disabling is
		}
		if s.Action == state.ActionCreate && varies(a) {
			own = append(own, counted(plain(a.Name), a.Count, s.Count))
			continue
		}
		examples := t.examples(a)
		line := []string{inner, t.paint(bold, phrase.Plural(a.Count, s.Kind)), ": ", plain(a.Name), t.becomes(a),
			t.special(a)}
		if s.Action == state.ActionCreate && a.Count == s.Count {
			line = slices.Delete(line, 1, 3)
		}
		if len(examples) == 1 && len(a.Alike) == 0 && a.Count > 1 {
			line = append(line, ", e.g. ", examples[0])
			examples = nil
		}
		t.line(line...)
		if s.Action == state.ActionUpdate && len(s.Attributes) <= fewAttributes {
			t.named(a, examples)
		}
	}
	if len(own) > 0 {
		t.line(inner, "varying: ", strings.Join(own, ", "))
	}
}

// varies reports whether the values that would be shown of an attribute are those of less than three quarters.
func varies(a *view.Attribute) bool {
	n := 0
	for _, g := range a.Alike[:min(shownValues, len(a.Alike))] {
		n += g.Count
	}
	return 4*n < 3*a.Count
}

// named says who gets the values of an attribute.
func (t folded) named(a *view.Attribute, examples []string) {
	for i, g := range a.Alike {
		if i == shownValues {
			break
		}
		label := ""
		if len(a.Alike) > 1 || a.Others > 0 {
			label = t.after(g.After) + ": "
		}
		t.line(inner, outer, label, phrase.Names(g.People, g.Count))
	}
	for _, e := range examples {
		t.line(inner, outer, e)
	}
	if more := a.Others - len(examples); more > 0 && len(examples) > 0 {
		t.line(inner, outer, "… and ", strconv.Itoa(more), " more", t.all)
	}
}

// becomes is what an attribute is changed to, and what it was, with counts where there are several values.
func (t folded) becomes(a *view.Attribute) string {
	if len(a.Alike) == 0 {
		return ""
	}
	one := len(a.Alike) == 1 && a.Others == 0
	var parts []string
	rest := a.Others
	for i, g := range a.Alike {
		if i >= shownValues && len(a.Alike) > shownValues {
			rest += g.Count
			continue
		}
		parts = append(parts, counted(t.after(g.After), g.Count, a.Count))
	}
	after := others(parts, rest)
	was, single := t.was(a)
	switch {
	case t.drift:
		return ": " + was + " in the tenant, " + after + " declared"
	case t.s.Action == state.ActionCreate:
		return " = " + after
	case one && single:
		return " " + t.beforeAfter(a.Before[0].Change)
	case was == "":
		return " -> " + after
	}
	return " -> " + after + " (was " + was + ")"
}

// was is what an attribute was changed from; "" if there is nothing to tell of several values. single says that it is
// one value.
func (t folded) was(a *view.Attribute) (text string, single bool) {
	single = len(a.Before) == 1 && a.Olds == 0
	var parts []string
	rest := a.Olds
	for i, o := range a.Before {
		if i >= shownValues || o.N == 1 && len(a.Before) > shownValues && !t.drift {
			rest += o.N
			continue
		}
		parts = append(parts, counted(t.before(o.Change), o.N, a.Count))
	}
	if len(parts) == 0 {
		return "", false
	}
	return others(parts, rest), single
}

// counted is a text with its count, unless that is all of them.
func counted(text string, n, of int) string {
	if n == of {
		return text
	}
	return text + " " + strconv.Itoa(n)
}

// others are texts, and how many others there are.
func others(parts []string, rest int) string {
	switch {
	case rest == 1:
		parts = append(parts, "1 other")
	case rest > 1:
		parts = append(parts, strconv.Itoa(rest)+" others")
	}
	return strings.Join(parts, ", ")
}

// beforeAfter is one change of an attribute, before and after.
func (t *text) beforeAfter(a state.AttributeChange) string {
	before, after := phrase.Values(a)
	if phrase.IsAnchor(a.Name) || phrase.IsReference(a.Name) {
		return t.before(a) + " -> " + t.after(a)
	}
	return t.arrow(before, after)
}

// outside says how many of n changes correct what somebody else did.
func outside(drifted, n int) string {
	if drifted == n {
		return "changed outside dirform"
	}
	return strconv.Itoa(drifted) + " changed outside dirform"
}

// examples are the first changes of an attribute of a section that are not alike.
func (t folded) examples(a *view.Attribute) (list []string) {
	if phrase.IsAnchor(a.Name) {
		return nil
	}
	most := shownExamples
	switch {
	case t.many || t.s.Action != state.ActionUpdate || len(t.s.Attributes) > fewAttributes:
		most = 1
	case a.Others <= view.MaxAlike:
		most = view.MaxAlike
	}
	for i, e := range a.First {
		if i == most {
			break
		}
		list = append(list, plain(view.Key(e.Address))+": "+t.valueChange(e.Change))
	}
	return list
}

// valueChange is one change of an attribute with what is special about it.
func (t folded) valueChange(a state.AttributeChange) string {
	before, after := phrase.Values(a)
	switch {
	case t.drift:
		return t.before(a) + " in the tenant, " + t.after(a) + " declared"
	case phrase.ListOrNull(before) && phrase.ListOrNull(after) && len(before.List())+len(after.List()) > 2:
		return phrase.ListCounts(before.List(), after.List()) + t.mark(a)
	}
	return t.beforeAfter(a) + t.mark(a)
}

// special says what is special about the changes of an attribute.
func (t folded) special(a *view.Attribute) string {
	var parts []string
	if phrase.IsAnchor(a.Name) && len(a.Alike) == 0 {
		parts = append(parts, "each its own anchor")
	}
	if a.Detour > 0 {
		parts = append(parts, strconv.Itoa(a.Detour)+" by way of another value")
	}
	if a.Drift > 0 && !t.drift {
		parts = append(parts, t.paint(yellow, outside(a.Drift, a.Count)))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
