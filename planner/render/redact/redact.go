// Package redact shows a plan to people who must not learn whom it is about: counts, actions, attributes, codes and
// rules stay, people become short tags, and values are withheld.
package redact

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/state"
)

// Plan is a plan without people. What it says of somebody is said of a tag, which stands for the name that the plan has
// for them.
type Plan struct {
	of  render.Digested
	key []byte
}

// New is a plan without the people of of. key makes the tags: with the same one they are the same from plan to plan.
// Without one, nil, they are good for this plan only.
func New(of render.Digested, key []byte) *Plan {
	if key == nil {
		key = make([]byte, sha256.Size)
		rand.Read(key)
	}
	return &Plan{of: of, key: key}
}

// Digest is that of the plan itself.
func (p *Plan) Digest() string { return p.of.Digest() }

// tag stands for somebody, by whatever they are known by; "" for nobody.
func (p *Plan) tag(of string) string {
	if of == "" {
		return ""
	}
	h := hmac.New(sha256.New, p.key)
	h.Write([]byte(strings.ToLower(of)))
	return "p-" + strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)[:5]))
}

// withheld stands for a value.
const withheld = "(withheld)"

// hide is v without what it says. What is true or false, and what is empty, stays: guards and readers go by it.
func hide(v state.Value) state.Value {
	switch v.Kind() {
	case state.StringValue:
		if v.IsEmpty() {
			return v
		}
		return state.String(withheld)
	case state.ListValue:
		return state.List(slices.Repeat([]string{withheld}, len(v.List())))
	case state.NullValue, state.BoolValue:
		return v
	}
	return state.String(withheld)
}

// replaced is hide for what is replaced by after, so that a value that changes is told from one that stays.
func replaced(before, after state.Value) state.Value {
	v := hide(before)
	if v.Kind() == state.StringValue && !v.IsEmpty() && !before.Equal(after) {
		return state.String("(withheld, another)")
	}
	return v
}

// Header is the plan's without the names that it is limited to.
func (p *Plan) Header() planner.Header {
	h := p.of.Header()
	h.Targets, h.Excludes = p.tags(h.Targets), p.tags(h.Excludes)
	return h
}

func (p *Plan) tags(list []string) (out []string) {
	for _, s := range list {
		out = append(out, p.address(s))
	}
	return out
}

// address is an address with a tag for its key: user.staff["p-…"]. A resource of the configuration, such as a scope,
// stays.
func (p *Plan) address(s string) string {
	resource, rest, ok := strings.Cut(s, `["`)
	switch {
	case ok:
		return resource + `["` + p.tag(strings.TrimSuffix(rest, `"]`)) + `"]`
	case strings.ContainsAny(s, "@=") || !strings.Contains(s, "."):
		return p.tag(s)
	}
	return s
}

// Totals are the plan's. Objects that are left out are counted and not named, and conditions are withheld, since they
// may name people.
func (p *Plan) Totals() planner.Totals {
	t := p.of.Totals()
	t.Unaimed, t.Meant = p.tags(t.Unaimed), nil
	t.Guards = slices.Clone(t.Guards)
	for i, g := range t.Guards {
		if !strings.HasPrefix(g.Limit, "clears.") { // of an attribute; else of a group
			t.Guards[i].Of = p.tag(g.Of)
		}
	}
	t.Scopes = slices.Clone(t.Scopes)
	for i := range t.Scopes {
		s := &t.Scopes[i]
		s.SystemList = nil
		for _, text := range []*string{&s.Filter, &s.Where} {
			if *text != "" {
				*text = withheld
			}
		}
	}
	return t
}

// Changes are the plan's changes of tags.
func (p *Plan) Changes() iter.Seq2[*state.Change, error] { return each(p.of.Changes(), p.change) }

// NoLonger are the changes that only the other configuration wants, of tags.
func (p *Plan) NoLonger() iter.Seq2[*state.Change, error] {
	others, ok := p.of.(interface {
		NoLonger() iter.Seq2[*state.Change, error]
	})
	if !ok {
		return func(func(*state.Change, error) bool) {}
	}
	return each(others.NoLonger(), p.change)
}

// Findings are what is said about tags: the code's own words, since those of the finding name objects and values.
func (p *Plan) Findings() iter.Seq2[*planner.Finding, error] { return each(p.of.Findings(), p.finding) }

// Skipped are the tags of those without an account.
func (p *Plan) Skipped() iter.Seq2[*planner.Skipped, error] {
	return each(p.of.Skipped(), func(s *planner.Skipped) *planner.Skipped {
		return &planner.Skipped{Address: p.address(s.Address), Anchor: p.tag(s.Anchor), ReasonCode: s.ReasonCode}
	})
}

func each[T any](seq iter.Seq2[T, error], to func(T) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for x, err := range seq {
			if err == nil {
				x = to(x)
			}
			if !yield(x, err) {
				return
			}
		}
	}
}

func (p *Plan) change(c *state.Change) *state.Change {
	if state.Describe(nil)(c.Kind).Declared { // it is the configuration's, and nobody's
		return c
	}
	out := &state.Change{Address: p.address(c.Address), Kind: c.Kind, Action: c.Action, Scope: c.Scope,
		Anchor:    p.tag(c.Anchor),
		GraceAnew: c.GraceAnew, Cause: c.Cause, Reason: strings.ReplaceAll(string(c.ReasonCode), "_",
			" "), ReasonCode: c.ReasonCode, DeclaredAt: c.DeclaredAt,
		Partial: c.Partial, Attributes: attributes(c.Attributes), SourceAttributes: attributes(c.SourceAttributes), Needs: p.each(c.Needs)}
	if c.Match != nil {
		out.Match = &state.Match{Rule: c.Match.Rule, Value: withheld}
	}
	if c.Replaces != nil {
		out.Replaces = &state.Replaced{Anchor: p.tag(c.Replaces.Anchor), Scope: c.Replaces.Scope}
	}
	if c.Members != nil {
		out.Members = &state.SetChange{Add: p.each(c.Members.Add), Remove: p.each(c.Members.Remove)}
	}
	return out
}

func (p *Plan) each(list []string) (out []string) {
	for _, s := range list {
		out = append(out, p.tag(s))
	}
	return out
}

func attributes(list []state.AttributeChange) (out []state.AttributeChange) {
	for _, a := range list {
		out = append(out, state.AttributeChange{Name: a.Name, Before: replaced(a.Before, a.After),
			After: hide(a.After), Via: hide(a.Via), Drift: a.Drift, Cause: a.Cause})
	}
	return out
}

func (p *Plan) finding(f *planner.Finding) *planner.Finding {
	out := &planner.Finding{Code: f.Code, Severity: f.Severity, Summary: f.Summary, Attribute: f.Attribute,
		More: f.More, DeclaredAt: f.DeclaredAt,
		SignedIn: f.SignedIn, Drift: f.Drift}
	if i := slices.IndexFunc(planner.Codes, func(c planner.Code) bool { return c.Code == f.Code }); i >= 0 {
		out.Detail, out.Hint = planner.Codes[i].Cause, planner.Codes[i].Cure
	}
	if f.Value != "" {
		out.Value = withheld
	}
	for _, o := range f.Objects {
		out.Objects = append(out.Objects, p.object(o))
	}
	for _, w := range f.Withheld {
		out.Withheld = append(out.Withheld, planner.Withheld{Name: w.Name, Before: replaced(w.Before, w.After),
			After: hide(w.After)})
	}
	if n := len(f.Commands); n > 0 {
		out.Commands = []string{fmt.Sprintf("%d commands %s", n, withheld)}
	}
	return out
}

func (p *Plan) object(o planner.ObjectRef) planner.ObjectRef {
	out := planner.ObjectRef{Kind: o.Kind}
	switch {
	case o.Address != "":
		out.Address = p.address(o.Address)
	case o.SourceDN != "":
		out.Name = p.tag(o.SourceDN)
	case o.Name != "":
		out.Name = p.tag(o.Name)
	case o.TargetID != "":
		out.Name = p.tag(o.TargetID)
	default:
		out.Name = p.tag(o.Anchor)
	}
	return out
}
