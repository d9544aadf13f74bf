// Package rendertest has plans for the tests of layouts.
package rendertest

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// Plan is a plan in memory, or one that is made up while it is read.
type Plan struct {
	TheHeader   planner.Header
	TheTotals   planner.Totals
	TheChanges  iter.Seq[*state.Change]
	TheFindings []*planner.Finding
	TheSkipped  []*planner.Skipped
}

func (p *Plan) Header() planner.Header { return p.TheHeader }
func (p *Plan) Totals() planner.Totals { return p.TheTotals }
func (p *Plan) Changes() iter.Seq2[*state.Change, error] {
	return func(yield func(*state.Change, error) bool) {
		for c := range p.TheChanges {
			if !yield(c, nil) {
				return
			}
		}
	}
}
func (p *Plan) Findings() iter.Seq2[*planner.Finding, error] { return each(p.TheFindings) }
func (p *Plan) Skipped() iter.Seq2[*planner.Skipped, error]  { return each(p.TheSkipped) }

func each[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, x := range list {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// Hostile are pieces of what somebody may write into a directory to be read by a reviewer's browser, or by a CI system.
var Hostile = []string{"@octocat", "jane@contoso.com", "#26", "GH-26", "org/repo#26", "!7", "~label", "%3", "&5", "$9",
	"ABC-12",
	"https://evil.example/x", "www.evil.example", "mailto:x@y.example", "![x](http://evil.example/a.png)", "[x](javascript:alert(1))", "<img src=x onerror=1>",
	"<script>", "</details>", "<!-- x -->", "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0", "deadbeef", "/close", "\n/close", "\r\n", "|", "\\|", "`", "```", "~~~", "**b**", "_i_",
	"~~s~~", "# h", "- [ ] task", "1. one", "> q", "---", "[^1]", "[//]: # (x)", "##vso[task.setvariable variable=PATH]/tmp", "##[error]x", "::error::x", ":tada:", "$x$",
	"&lt;", "&#64;octocat", "\u202e", "\u200b@octocat", "\\", "\\@octocat", "]", "](", "{: .x}", "<https://evil.example>", "\x00", "\xff", "é", "日本", "user@deadbeef1"}

// Text is a text that somebody may have written, out of hostile pieces.
func Text() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(Hostile), rapid.SampledFrom([]string{" ", "a",
			"Ann"}), rapid.String()), 0, 4).Draw(t, "text"), "")
	})
}

// Drawn is a plan whose every text is somebody's.
func Drawn(t *rapid.T) *Plan {
	s := Text()
	draw := func() string { return s.Draw(t, "value") }
	p := &Plan{TheHeader: planner.Header{Source: planner.SourceID{Domain: draw(), SID: "S-1"},
		Tenant: planner.TenantID{ID: draw()}, CreatedAt: "2026-12-01T00:00:00Z",
		Targets: rapid.SliceOfN(s, 0, 3).Draw(t, "targets"), DirformVersion: "1"}}
	user := state.User.Descriptor()
	var list []*state.Change
	for range rapid.IntRange(0, 8).Draw(t, "changes") {
		c := &state.Change{Kind: rapid.SampledFrom([]state.Kind{state.User, state.Group, "other"}).Draw(t, "kind"),
			Action: rapid.SampledFrom(state.Actions).Draw(t, "action"),
			Scope:  draw(), Address: fmt.Sprintf("user.x[%q]",
				draw()), SourceDN: "CN=" + draw() + ",OU=" + draw() + ",DC=x", Reason: draw(), DeclaredAt: draw()}
		for range rapid.IntRange(0, 3).Draw(t, "attributes") {
			c.Attributes = append(c.Attributes, state.AttributeChange{Name: rapid.SampledFrom([]string{user.Display,
				user.UserName, user.SignIn, draw()}).Draw(t, "name"),
				Before: value(t, draw), After: value(t, draw), BeforeName: draw(), Drift: rapid.Bool().Draw(t,
					"drift")})
		}
		p.TheTotals.Summary.Count(c.Action, 1)
		list = append(list, c)
	}
	p.TheChanges = slices.Values(list)
	for range rapid.IntRange(0, 4).Draw(t, "findings") {
		p.TheFindings = append(p.TheFindings, &planner.Finding{Code: "DF202",
			Severity: rapid.SampledFrom([]planner.Severity{planner.Error, planner.Warning}).Draw(t, "severity"),
			Summary:  draw(), Detail: draw(), Hint: draw(), Attribute: draw(), Value: draw(), DeclaredAt: draw(), SignedIn: rapid.Bool().Draw(t, "signed in"),
			Objects: []planner.ObjectRef{{Address: draw(), SourceDN: "CN=" + draw(), Name: draw()}, {Name: draw(),
				TargetID: draw()}},
			Withheld: []planner.Withheld{{Name: draw(), Before: value(t, draw), After: value(t, draw)}}})
	}
	p.TheSkipped = []*planner.Skipped{{Address: draw(), SourceDN: "CN=" + draw()}}
	p.TheTotals.Summary.Skipped = 1
	p.TheTotals.Guards = []planner.GuardResult{{Name: draw(), Limit: "deletes.count", Of: draw(), Allowed: 1,
		Planned: 2, Tripped: true}}
	return p
}

func value(t *rapid.T, draw func() string) state.Value {
	switch rapid.IntRange(0, 4).Draw(t, "type") {
	case 0:
		return state.Null()
	case 1:
		return state.Bool(rapid.Bool().Draw(t, "bool"))
	case 2:
		return state.List([]string{draw(), draw()})
	}
	return state.String(draw())
}

// Person is the change of one of many.
func Person(i int, scope, title string) *state.Change {
	return &state.Change{Kind: "user", Action: state.ActionUpdate, Scope: scope,
		Address: fmt.Sprintf(`user.staff["p%d@contoso.com"]`, i), SourceDN: fmt.Sprintf("CN=P %d,OU=Staff,DC=x", i),
		Reason: "changed at the source", Attributes: []state.AttributeChange{{Name: "jobTitle",
			Before: state.String(fmt.Sprint(i)), After: state.String(title)}}}
}

// Digest is the same for all plans.
func (p *Plan) Digest() string { return "sha256:0" }
