package worlds_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// untrue lists what a plan says that is not so, or does that the rules forbid.
func (h *harness) untrue(w *world, p *saved) (out []string) {
	t := &truth{h: h, w: w, p: p, seen: map[string]bool{}}
	blocked := p.blocked()
	for _, c := range p.changes {
		stopped := blocked[c.SourceDN] && c.SourceDN != "" || blocked[c.TargetID] && c.TargetID != "" && c.SourceDN == ""
		if stopped != c.Partial || c.Partial && !onlyOff(c) {
			t.wrong(c, "it is blocked: %v, partial: %v", stopped, c.Partial)
		}
		t.change(c)
	}
	t.summary()
	t.guards()
	t.signedIn()
	t.offFirst()
	return t.out
}

type truth struct {
	h    *harness
	w    *world
	p    *saved
	seen map[string]bool
	out  []string
}

func (t *truth) wrong(c *state.Change, format string, args ...any) {
	t.out = append(t.out, fmt.Sprintf("%s %s: ", c.Action, c.Address)+fmt.Sprintf(format, args...))
}

// leaves are the actions about objects that have left.
var leaves = []state.Action{state.ActionDisable, state.ActionUnlink, state.ActionDelete}

func (t *truth) change(c *state.Change) {
	if c.Kind == state.UPNSuffix {
		name := c.SourceAttributes[0].After.Str()
		if !slices.Contains(t.h.r.suffixes, name) || slices.Contains(t.w.suffixes, name) || !verified(name) {
			t.wrong(c, "the suffix is not to be made")
		}
		return
	}
	for _, id := range [...]string{c.Anchor, c.TargetID} {
		if id != "" && t.seen[id] {
			t.wrong(c, "%s has two changes", id)
		}
		t.seen[id] = true
	}
	a := t.w.account(c.TargetID)
	switch {
	case (c.TargetID == "") != (c.Action == state.ActionCreate || c.Action == state.ActionUnlink && len(c.Attributes) == 0):
		t.wrong(c, "its account is %q", c.TargetID)
	case c.TargetID != "" && (a == nil || a.deleted != (c.Action == state.ActionRestore)):
		t.wrong(c, "there is no such account")
	case a != nil:
		t.befores(c, a)
		t.untouchable(c, a)
	}
	if slices.Contains(leaves, c.Action) {
		t.leaver(c, a)
	} else {
		t.scoped(c, a)
		t.healed(c)
	}
}

// befores compares the plan's values before with what the tenant has.
func (t *truth) befores(c *state.Change, a *account) {
	now := *a
	now.attrs = maps.Clone(a.attrs)
	if now.deleted {
		now.unbury()
	}
	for _, x := range c.Attributes {
		have := t.w.shown(&now, x.Name)
		if x.Name == providers.CloudManaged {
			have = state.Bool(!now.attrs[providers.SyncEnabled].Bool())
		}
		if !x.Before.Equal(have) && !(x.Before.IsNull() && have.Text() == "") {
			t.wrong(c, "%s is %s, not %s", x.Name, text(have), text(x.Before))
		}
		l := t.w.known[c.Anchor]
		if l == nil || x.Name == anchorName || x.Name == providers.CloudManaged {
			continue
		}
		i := l.Shape.Index(x.Name)
		drift := i >= 0 && l.Fingerprints[i] != 0 && l.Fingerprints[i] != fingerprint(x.Name, have)
		if drift != x.Drift && !slices.Contains(leaves, c.Action) {
			t.wrong(c, "drift of %s is %v", x.Name, x.Drift)
		}
	}
}

// untouchable are accounts that the rules say must be left alone, whoever they belong to.
func (t *truth) untouchable(c *state.Change, a *account) {
	policy := t.h.r.scope(c.Scope)
	claims := slices.ContainsFunc(c.Attributes, func(x state.AttributeChange) bool { return x.Name == providers.CloudManaged })
	if synced := a.attrs[providers.SyncEnabled].Bool(); synced != claims || claims && policy.policy.SyncedElsewhere != "take_over" {
		t.wrong(c, "another engine masters the account")
	}
	if len(t.w.roles[a.id]) > 0 && (policy == nil || policy.policy.Privileged != "allow") {
		t.wrong(c, "the account holds a role")
	}
	if len(t.w.roles[a.id]) > 0 && slices.ContainsFunc(c.Attributes, func(x state.AttributeChange) bool { return x.Name == anchorName && !x.After.IsNull() }) {
		t.wrong(c, "the account holds a role and is taken over by an anchor")
	}
	upn := strings.TrimPrefix(a.attrs["userPrincipalName"].Str(), strings.ReplaceAll(a.id, "-", ""))
	for _, name := range t.h.r.protect {
		if slices.ContainsFunc(append(a.addresses(), upn, a.id), func(x string) bool { return strings.EqualFold(x, name) }) {
			t.wrong(c, "the account is protected as %s", name)
		}
	}
}

// leaver checks what is done about somebody who left.
func (t *truth) leaver(c *state.Change, a *account) {
	l := t.w.known[c.Anchor]
	if l == nil || c.TargetID != "" && l.TargetID != c.TargetID {
		t.wrong(c, "no such pair is recorded")
		return
	}
	for _, p := range t.w.people {
		if s := t.h.r.scopeOf(p); s != nil && (p.guid == l.SourceGUID || p.anchorUnder(s.policy.Anchor) == c.Anchor) {
			t.wrong(c, "%s is in scope %s", p.dn(), s.name)
		}
	}
	leaving := "disable" // of a scope that is not declared any more
	if s := t.h.r.scope(c.Scope); s != nil {
		leaving = s.policy.Leaving
		if grace := s.policy.Grace; grace > 0 && leaving != "keep" {
			leaving = "disable"
			if a != nil && l.LeftAt != 0 && !t.w.now.Before(time.Unix(l.LeftAt, 0).Add(grace)) && !a.attrs["accountEnabled"].Bool() {
				leaving = "delete"
			}
		}
	}
	if leaving == "delete" && t.w.personByGUID(l.SourceGUID) == nil && !t.w.gone[l.SourceGUID] {
		leaving = "disable" // nothing shows that the object left
	}
	if leaving == "delete" && a != nil && a.attrs[anchorName].Str() != l.Anchor {
		leaving = "disable" // the record alone says whose account it is
	}
	aimed := len(t.h.only)+len(t.h.but) > 0 // and what claims the account may be left out
	if leaving == "delete" && (t.claimed(c.TargetID) || aimed && c.Action == state.ActionDisable) {
		leaving = "disable" // it waits for a decision about the account
	}
	if string(c.Action) != leaving && !(c.Action == state.ActionUnlink && c.TargetID == "") {
		t.wrong(c, "the policy says %s", leaving)
	}
}

// claimed reports whether a finding stops an object in scope from getting an account that carries another one's anchor.
func (t *truth) claimed(id string) bool {
	return slices.ContainsFunc(t.p.findings, func(f *planner.Finding) bool {
		return (f.Code == "DF207" || f.Code == "DF217") && f.Objects[0].SourceDN != "" && f.Objects[0].TargetID == id
	})
}

// scoped checks what is done about somebody in scope.
func (t *truth) scoped(c *state.Change, a *account) {
	g, _ := state.ParseGUID(c.SourceGUID)
	p, s := t.w.personByGUID(g), t.h.r.scope(c.Scope)
	if p == nil || s == nil || t.h.r.scopeOf(p) != s {
		t.wrong(c, "the source object is not in scope")
		return
	}
	switch {
	case p.dn() != c.SourceDN || p.anchorUnder(s.policy.Anchor) != c.Anchor:
		t.wrong(c, "it is %s with the anchor %s", p.dn(), p.anchorUnder(s.policy.Anchor))
	case c.Action == state.ActionCreate && s.policy.Unmatched != "create", c.Action == state.ActionRestore && s.policy.Deleted != "restore" && c.Match.Rule != "declared",
		c.Action == state.ActionRelink && s.policy.ForeignAnchor != "relink" && c.Match.Rule != "declared":
		t.wrong(c, "the policy forbids it")
	case c.Action == state.ActionRelink && c.Match.Rule != "declared" && t.leftBehind(a):
		t.wrong(c, "the account is recorded for somebody of the same forest who has left, and no link block gives it away")
	case a != nil && c.Match.Rule == "declared" && t.livesElsewhere(p, a):
		t.wrong(c, "a link block takes the account of an object that lives")
	case a != nil && c.Action != state.ActionRelink && s.policy.ForeignAnchor != "relink" &&
		c.Match.Rule != "declared" && a.attrs[anchorName].Str() != c.Anchor && a.attrs[anchorName].Str() != "":
		t.wrong(c, "the account carries another anchor")
	case a != nil:
		t.evidence(c, s, p, a)
	}
}

// leftBehind reports whether an account is recorded, and for nobody in scope, but as far as can be told for somebody of this forest.
func (t *truth) leftBehind(a *account) bool {
	recorded := false
	for _, l := range t.w.known {
		if l.TargetID != a.id {
			continue
		}
		if slices.ContainsFunc(t.w.people, func(q *person) bool {
			s := t.h.r.scopeOf(q)
			return s != nil && (q.guid == l.SourceGUID || q.anchorUnder(s.policy.Anchor) == l.Anchor)
		}) {
			return false
		}
		recorded = recorded || t.h.r.scope(l.Scope) != nil || t.w.gone[l.SourceGUID] || t.w.personByGUID(l.SourceGUID) != nil
	}
	return recorded
}

// livesElsewhere reports whether an account carries the anchor, under whichever attribute, of somebody else in the
// forest.
func (t *truth) livesElsewhere(p *person, a *account) bool {
	anchor := a.attrs[anchorName].Str()
	return anchor != "" && slices.ContainsFunc(t.w.people, func(q *person) bool {
		return q != p && (base64Of(q.guid) == anchor || q.attrs[consistencyGUID].Str() == anchor) &&
			anchor != p.anchorUnder(config.AnchorObjectGUID) && anchor != p.anchorUnder(consistencyGUID)
	})
}

// evidence checks that source object and account have in common what the plan says.
func (t *truth) evidence(c *state.Change, s *scopeRules, p *person, a *account) {
	upn := a.attrs["userPrincipalName"].Str()
	holds := false
	switch l := t.w.known[c.Anchor]; c.Match.Rule {
	case "recorded":
		holds = l != nil && l.TargetID == a.id && c.Match.Value == a.id
	case "declared":
		for _, d := range t.h.r.links {
			holds = holds || (strings.EqualFold(d.Tenant, a.id) || strings.EqualFold(d.Tenant, upn)) &&
				(d.Source == p.guid.String() || strings.EqualFold(d.Source, p.dn()) || strings.EqualFold(d.Source, p.attrs["userPrincipalName"].Str()))
		}
	case "immutable_id":
		holds = a.attrs[anchorName].Str() == c.Anchor && c.Match.Value == c.Anchor
	case "primary_smtp":
		holds = slices.Contains(s.policy.Match, c.Match.Rule) && slices.ContainsFunc(append([]string{"SMTP:" + a.attrs["mail"].Str()}, a.attrs["proxyAddresses"].List()...),
			func(x string) bool { return strings.HasPrefix(x, "SMTP:") && strings.EqualFold(x[5:], c.Match.Value) })
	case "user_principal_name":
		holds = slices.Contains(s.policy.Match, c.Match.Rule) && strings.EqualFold(upn, c.Match.Value)
	}
	if !holds {
		t.wrong(c, "it does not match by %s %s", c.Match.Rule, c.Match.Value)
	}
}

// summary compares the counts with what is listed.
func (t *truth) summary() {
	var s planner.Summary
	for _, c := range t.p.changes {
		s.Count(c.Action, 1)
	}
	have := t.p.totals.Summary
	have.Unchanged, have.Blocked, have.Skipped, have.Drifted, have.Aliases = 0, 0, 0, 0, 0
	s.SignedIn = len(t.p.signedIn())
	if s != have {
		t.out = append(t.out, fmt.Sprintf("the summary is %+v, listed are %+v", have, s))
	}
}

// guards counts what the limits are about, and checks that exactly those are tripped that are exceeded.
func (t *truth) guards() {
	n := map[string]int{}
	for _, c := range t.p.changes {
		if c.Kind == state.UPNSuffix {
			continue
		}
		t.countActions(c, n)
	}
	tripped := false
	for _, l := range t.h.r.limits {
		limit := l.count
		if lifted, ok := t.h.allow[l.name]; ok {
			limit = lifted
		}
		if l.name == "source_shrink" {
			if n[l.name] = t.missing(); n[l.name] > limit {
				limit = t.shrinks(n[l.name], limit)
			}
		}
		tripped = tripped || n[l.name] > limit
	}
	if tripped == t.p.totals.Applicable {
		t.out = append(t.out, fmt.Sprintf("applicable is %v with %v", t.p.totals.Applicable, n))
	}
}

// countActions counts what a change is for the limits that worlds draw.
func (t *truth) countActions(c *state.Change, n map[string]int) {
	if c.Action != state.ActionUpdate && c.Action != state.ActionDisable {
		n[string(c.Action)+"s"]++
	}
	if c.Action == state.ActionCreate || c.Action == state.ActionDelete {
		return
	}
	replaced := false
	for _, a := range c.Attributes {
		switch {
		case a.Name == "accountEnabled" && !a.After.Equal(a.Before):
			n[map[bool]string{true: "enables", false: "disables"}[a.After.Bool()]]++
		case a.Name == providers.CloudManaged:
			n["takeovers"]++
		case a.Name == anchorName && c.Action == state.ActionRestore && !a.Before.IsNull():
			n["relinks"]++
		}
		replaced = replaced || a.Name != anchorName && a.Name != providers.CloudManaged && !a.Before.IsEmpty()
	}
	known := c.Action == state.ActionUpdate || c.Match != nil && c.Match.Rule == "recorded" && c.Action != state.ActionDisable
	if replaced && known && c.Action != state.ActionUnlink {
		n["updates"]++
	}
}

// shrinks is the limit to hold missing links against. Those whose accounts other source objects want are not missing, which is
// left to the planner to know: it may trip or not then, but not without any reason.
func (t *truth) shrinks(missing, limit int) int {
	for _, g := range t.p.totals.Guards {
		if strings.HasPrefix(g.Limit, "source_shrink") && g.Tripped {
			return limit
		}
	}
	return missing
}

// missing counts the recorded links that have not left and whose source objects are in no scope.
func (t *truth) missing() (n int) {
	for _, l := range t.w.known {
		if !l.Left && !slices.ContainsFunc(t.w.people, func(p *person) bool {
			s := t.h.r.scopeOf(p)
			return s != nil && (p.guid == l.SourceGUID || p.anchorUnder(s.policy.Anchor) == l.Anchor)
		}) {
			n++
		}
	}
	return n
}

// finished checks the end: everybody in scope has the account that the rules ask for, unless a finding says why not.
func (h *harness) finished(p *saved) {
	blocked := p.blocked()
	var out []string
	for _, q := range h.w.people {
		if s := h.r.scopeOf(q); s != nil && !blocked[q.dn()] {
			out = append(out, h.unfinished(s, q, p)...)
		}
	}
	if len(out) > 0 {
		h.t.Fatalf("nothing is left to be done, but not everything is as it should be:\n%s%s", list(out), h.scene(h.w, p))
	}
}

func (h *harness) unfinished(s *scopeRules, q *person, p *saved) (out []string) {
	anchor := q.anchorUnder(s.policy.Anchor)
	l := h.w.known[anchor]
	gone := l == nil || h.w.living(l.TargetID) == nil
	if gone && s.policy.Unmatched == "skip" && (l == nil || s.policy.Deleted == "create") {
		return nil
	}
	if gone {
		return []string{q.dn() + " has no account"}
	}
	a := h.w.living(l.TargetID)
	if a.attrs[anchorName].Str() != anchor || l.Left || l.Scope != s.name {
		out = append(out, q.dn()+" is not linked: "+linkText(l))
	}
	want, ok := s.wanted(h.w, q)
	if !ok {
		return append(out, q.dn()+" has an expression without a value")
	}
	if s.manager {
		if id, known := h.managerOf(q, p.blocked()); known {
			want["manager"] = id
		}
	}
	for name, v := range want {
		have := h.w.shown(a, name)
		if v.Text() == "" && schema.Lookup(name).NotNull || fingerprint(name, v) == fingerprint(name, have) ||
			p.leftAsIs(s, q, l, name, v) {
			continue
		}
		out = append(out, fmt.Sprintf("%s: %s is %s, wanted is %s", q.dn(), name, text(have), text(v)))
	}
	return out
}

// managerOf is the id of a person's manager in the tenant. known is false if the manager is not synchronised.
func (h *harness) managerOf(q *person, blocked map[string]bool) (id state.Value, known bool) {
	if h.w.get(q, "manager").IsNull() {
		return state.Null(), true
	}
	g, _ := state.ParseGUID(q.manager)
	m := h.w.personByGUID(g)
	if m == nil || blocked[m.dn()] || m == q {
		return state.Null(), false
	}
	s := h.r.scopeOf(m)
	if s == nil || h.w.known[m.anchorUnder(s.policy.Anchor)] == nil {
		return state.Null(), false
	}
	return state.String(h.w.known[m.anchorUnder(s.policy.Anchor)].TargetID), true
}
