package dirtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/dirtest/internal/memory"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/visible"
)

// check holds a plan against what a test expects of it.
type check struct {
	*builder
	totals   planner.Totals
	changes  []*state.Change
	findings []*planner.Finding
	skipped  []*planner.Skipped
	expected map[*state.Change]bool
	known    map[*planner.Finding]bool
	failures []Failure
}

func newCheck(b *builder, plan *planfile.Reader) (*check, error) {
	c := &check{builder: b, totals: plan.Totals(), expected: map[*state.Change]bool{},
		known: map[*planner.Finding]bool{}}
	for x, err := range plan.Changes() {
		if err != nil {
			return nil, err
		}
		c.changes = append(c.changes, x)
	}
	for x, err := range plan.Findings() {
		if err != nil {
			return nil, err
		}
		c.findings = append(c.findings, x)
	}
	for x, err := range plan.Skipped() {
		if err != nil {
			return nil, err
		}
		c.skipped = append(c.skipped, x)
	}
	return c, nil
}

func (c *check) fail(at, detail, format string, args ...any) {
	c.failures = append(c.failures, Failure{At: at, Message: visible.Sprintf(format, args...),
		Detail: strings.Trim(detail, "\n")})
}

// all holds every expectation against the plan.
func (c *check) all() []Failure {
	e := c.t.Expect
	if e.Error != "" {
		c.fail(e.places["error"], c.whole(), "expected that there is no plan, because of %s, but there is one",
			visible.Quote(e.Error))
		return c.failures
	}
	for _, w := range e.Changes {
		c.change(w)
	}
	for _, w := range e.Findings {
		c.finding(w)
	}
	for _, label := range e.Blocked {
		c.blocked(label)
	}
	for _, label := range e.Unchanged {
		if is := c.touched(label); is != "" {
			c.fail(e.places["unchanged"], is, "%s: expected unchanged", visible.Quote(label))
		} else if c.objects[label] != nil && c.linked[label] == nil {
			c.fail(e.places["unchanged"], c.about(label),
				"%s: expected unchanged, but it has no account and is in no scope", visible.Quote(label))
		}
	}
	for _, label := range e.OutOfScope {
		if is := c.touched(label); is != "" || c.linked[label] != nil {
			c.fail(e.places["out_of_scope"], c.about(label), "%s: expected out of scope", visible.Quote(label))
		}
	}
	for _, label := range e.Skipped {
		if !slices.ContainsFunc(c.skipped, func(s *planner.Skipped) bool { return c.isSkipped(s, label) }) {
			c.fail(e.places["skipped"], c.about(label), "%s: expected skipped", visible.Quote(label))
		}
	}
	c.sums()
	if e.Only {
		c.others()
	}
	return c.failures
}

// is reports whether what has these identities is what a label of the test names.
func (c *check) is(label, address, anchor, guid, dn, id string) bool {
	if o := c.objects[label]; o != nil {
		if guid == o.GUID.String() || dn != "" && dn == o.DN {
			return true
		}
		if scope := c.scopeOf(o); scope != nil && anchor != "" && anchor == c.anchor(o, scope) {
			return true
		}
	}
	return label == address && address != "" || id != "" && c.ids[label] == id
}

func (c *check) isChange(x *state.Change, label string) bool {
	return c.is(label, x.Address, x.Anchor, x.SourceGUID, x.SourceDN, x.TargetID)
}

func (c *check) isFinding(f *planner.Finding, label string) bool {
	return slices.ContainsFunc(f.Objects, func(o planner.ObjectRef) bool {
		return c.is(label, o.Address, o.Anchor, "",
			o.SourceDN, o.TargetID)
	})
}

func (c *check) isSkipped(s *planner.Skipped, label string) bool {
	return c.is(label, s.Address, s.Anchor, "", s.SourceDN, "")
}

// change holds an expected change against the plan.
func (c *check) change(w *Change) {
	var found []*state.Change
	for _, x := range c.changes {
		if c.isChange(x, w.Label) {
			found = append(found, x)
			c.expected[x] = true
		}
	}
	what := "change " + visible.Quote(w.Label)
	if len(found) == 0 {
		expected := "a change"
		if w.Action != "" {
			expected = "action " + string(w.Action)
		}
		c.fail(w.DeclaredAt, c.about(w.Label), "%s: expected %s, but nothing is to change", what, expected)
		return
	}
	x := found[0]
	if i := slices.IndexFunc(found, func(x *state.Change) bool { return x.Action == w.Action }); i >= 0 {
		x = found[i]
	}
	before := len(c.failures)
	if w.Action != "" && x.Action != w.Action {
		c.fail(w.DeclaredAt, "", "%s: expected action %s, is %s", what, w.Action, x.Action)
	}
	if w.Reason != "" && x.ReasonCode != w.Reason {
		c.fail(w.DeclaredAt, "", "%s: expected reason %s, is %s", what, w.Reason, x.ReasonCode)
	}
	for _, name := range slices.Sorted(maps.Keys(w.Attributes)) {
		c.attribute(w, x, what, name, false)
	}
	for _, name := range slices.Sorted(maps.Keys(w.Before)) {
		c.attribute(w, x, what, name, true)
	}
	if w.Only {
		for _, a := range x.Attributes {
			if _, named := w.Attributes[strings.ToLower(a.Name)]; !named {
				c.fail(w.DeclaredAt, "", "%s: expected only what attributes names, but %s becomes %s too", what,
					a.Name, shown(a.After))
			}
		}
	}
	if len(c.failures) > before {
		c.failures[len(c.failures)-1].Detail = c.about(w.Label)
	}
}

// attribute holds the value of an attribute, after a change or before, against the one that is expected.
func (c *check) attribute(w *Change, x *state.Change, what, name string, before bool) {
	want, which := w.Attributes[name], "attributes"
	if before {
		want, which = w.Before[name], "before"
	}
	a := c.schema(x.Kind, name)
	i := slices.IndexFunc(x.Attributes, func(ac state.AttributeChange) bool { return strings.EqualFold(ac.Name, name) })
	if i < 0 {
		if !want.IsEmpty() || x.Action != state.ActionCreate {
			c.fail(w.DeclaredAt, "", "%s: %s expected %s = %s, but the change does not write it", what, which, a.Name,
				shown(want))
		}
		return
	}
	is := x.Attributes[i].After
	if before {
		is = x.Attributes[i].Before
	}
	if c.same(x.Kind, a, want, is) {
		return
	}
	c.fail(w.DeclaredAt, "", "%s: %s expected %s = %s, is %s", what, which, a.Name, shown(want), shown(is))
}

// exact compares texts as they are, and lists as sets.
var exact state.Attribute

// same compares an expected value with one of the plan, to the letter. The name of an object stands for whatever refers
// to it.
func (c *check) same(kind state.Kind, a *state.Attribute, want, is state.Value) bool {
	h := state.NewHasher(memory.Key)
	if h.Fingerprint(&exact, want) == h.Fingerprint(&exact, is) {
		return true
	}
	o := c.objects[want.Str()]
	text := strings.TrimPrefix(is.Str(), state.PendingRef)
	switch {
	case text == "" || want.Str() == "":
		return false
	case a.Type == state.TypeReference && c.reference(kind, a.Name, want).Str() == text:
		return true
	case o == nil || a.Type != state.TypeReference && a.Name != state.Describe(nil)(o.Kind).Anchor:
		return false
	}
	scope := c.scopeOf(o)
	return scope != nil && c.anchor(o, scope) == text
}

func shown(v state.Value) string {
	text, err := json.Marshal(v)
	if err != nil {
		return v.Text()
	}
	return string(text)
}

// finding holds an expected finding against the plan.
func (c *check) finding(w *Finding) {
	found, near := false, []*planner.Finding{}
	for _, f := range c.findings {
		if w.Label != "" && !c.isFinding(f, w.Label) {
			continue
		}
		if f.Code == w.Code {
			near = append(near, f)
		}
		if f.Code == w.Code && (w.Severity == "" || w.Severity == string(f.Severity)) && (w.Attribute == "" ||
			strings.EqualFold(w.Attribute, f.Attribute)) &&
			strings.Contains(f.Detail, w.Contains) {
			found, c.known[f] = true, true
		}
	}
	if found {
		return
	}
	what, detail := w.Code, ""
	for _, part := range [][2]string{{"severity", w.Severity}, {"attribute", w.Attribute}, {"text", w.Contains}} {
		if part[1] != "" {
			what += ", " + part[0] + " " + visible.Quote(part[1])
		}
	}
	if detail = findingsText(near); detail == "" && w.Label != "" {
		detail = c.about(w.Label)
	} else if detail == "" {
		detail = c.whole()
	}
	name := "finding"
	if w.Label != "" {
		name += " " + visible.Quote(w.Label)
	}
	c.fail(w.DeclaredAt, detail, "%s: expected %s, but there is none", name, what)
}

// blocked expects that an error finding stops an object.
func (c *check) blocked(label string) {
	stopped := false
	for _, f := range c.findings {
		if f.Severity == planner.Error && c.isFinding(f, label) {
			c.known[f], stopped = true, true
		}
	}
	for _, x := range c.changes {
		if c.isChange(x, label) && !x.Partial {
			stopped = false
		}
	}
	if !stopped {
		c.fail(c.t.Expect.places["blocked"], c.about(label), "%s: expected blocked", visible.Quote(label))
	}
}

// touched is what the plan does about an object or says against it, "" if nothing.
func (c *check) touched(label string) string {
	touched := slices.ContainsFunc(c.changes, func(x *state.Change) bool { return c.isChange(x, label) }) ||
		slices.ContainsFunc(c.skipped, func(s *planner.Skipped) bool { return c.isSkipped(s, label) }) ||
		slices.ContainsFunc(c.findings, func(f *planner.Finding) bool {
			return f.Severity == planner.Error &&
				c.isFinding(f, label)
		})
	if !touched {
		return ""
	}
	return c.about(label)
}

// sums holds what the plan comes to as a whole against what is expected.
func (c *check) sums() {
	e := c.t.Expect
	is := map[string]int{}
	if text, err := json.Marshal(c.totals.Summary); err == nil {
		_ = json.Unmarshal(text, &is) // what was marshalled is a map of numbers
	}
	for _, name := range slices.Sorted(maps.Keys(e.Summary)) {
		if is[name] != e.Summary[name] {
			c.fail(e.DeclaredAt, "", "summary: expected %s = %d, is %d", name, e.Summary[name], is[name])
		}
	}
	var tripped []string
	for _, g := range c.totals.Guards {
		if g.Tripped {
			tripped = append(tripped, g.Limit)
		}
	}
	if c.totals.Applicable != e.Applicable {
		at := e.DeclaredAt
		if p := e.places["applicable"]; p != "" {
			at = p
		}
		if e.Applicable {
			c.fail(at, c.whole(), "expected that apply may carry out the plan, but it is refused (%s)",
				strings.Join(tripped, ", "))
		} else {
			c.fail(at, c.whole(), "expected that the plan is refused, but apply may carry it out")
		}
	}
	for _, want := range e.RefusedBy {
		if !slices.ContainsFunc(tripped, func(limit string) bool {
			return limit == want || strings.HasPrefix(limit,
				want+".")
		}) {
			c.fail(e.places["refused_by"], strings.Join(tripped, ", "),
				"expected that the limit %s trips, but it does not", want)
		}
	}
}

// others fails for what the plan has besides what the test names: a test that does not see what it did not expect is of
// little use.
func (c *check) others() {
	const cure = "name it, or write only = false"
	for _, x := range c.changes {
		if !c.expected[x] {
			c.fail(c.t.Expect.DeclaredAt, changeText(x), "not expected: %s of %s (%s)", x.Action, x.Address, cure)
		}
	}
	for _, f := range c.findings {
		if f.Severity == planner.Error && !c.known[f] && c.concerns(f) {
			c.fail(c.t.Expect.DeclaredAt, findingsText([]*planner.Finding{f}), "not expected: %s (%s)", f.Code, cure)
		}
	}
}

// concerns reports whether a finding is about something of the test. Limits are another expectation, and what stands in
// the configuration about somebody whom the test leaves out is none of its business.
func (c *check) concerns(f *planner.Finding) bool {
	return slices.ContainsFunc(f.Objects, func(o planner.ObjectRef) bool {
		if o.Address != "" {
			return true
		}
		for _, label := range slices.Concat(slices.Collect(maps.Keys(c.objects)), slices.Collect(maps.Keys(c.ids))) {
			if c.is(label, "", o.Anchor, "", o.SourceDN, o.TargetID) {
				return true
			}
		}
		return false
	})
}

// about is what the plan says about an object, for people.
func (c *check) about(label string) string {
	var b strings.Builder
	for _, x := range c.changes {
		if c.isChange(x, label) {
			b.WriteString(changeText(x) + "\n")
		}
	}
	var found []*planner.Finding
	for _, f := range c.findings {
		if c.isFinding(f, label) {
			found = append(found, f)
		}
	}
	b.WriteString(findingsText(found))
	for _, s := range c.skipped {
		if c.isSkipped(s, label) {
			fmt.Fprintf(&b, "%s is skipped: no account matches, and the policy creates none\n", render.Plain(s.Address))
		}
	}
	if b.Len() > 0 {
		return b.String()
	}
	switch o := c.objects[label]; {
	case c.linked[label] != nil:
		return "the plan leaves it as it is: source, mapping and account agree"
	case o != nil && o.Gone:
		return "it is gone from Active Directory, and no account is linked to it"
	case o != nil:
		return "it is in no scope, and no account is linked to it: " + render.Plain(o.DN)
	}
	return "the plan leaves it as it is"
}

// whole is everything that the plan has.
func (c *check) whole() string {
	var b strings.Builder
	for _, x := range c.changes {
		b.WriteString(changeText(x) + "\n")
	}
	b.WriteString(findingsText(c.findings))
	if b.Len() == 0 {
		return "the plan has no changes and no findings"
	}
	return b.String()
}

// details is how plans are printed here. A test says little, and its plan is shown as it is.
var details = render.TextOptions{}

func changeText(x *state.Change) string {
	var b bytes.Buffer
	_ = render.Change(&b, x, details) // a buffer takes everything
	return strings.Trim(b.String(), "\n")
}

func findingsText(list []*planner.Finding) string {
	var b bytes.Buffer
	if len(list) > 0 {
		_ = render.Findings(&b, list, details) // a buffer takes everything
	}
	return strings.Trim(b.String(), "\n")
}
