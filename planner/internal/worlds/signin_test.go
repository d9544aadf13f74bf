package worlds_test

import (
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
)

// onlyOff reports whether a change turns sign-in off and does nothing else.
func onlyOff(c *state.Change) bool {
	return c.Action == state.ActionUpdate && len(c.Attributes) == 1 && len(c.SourceAttributes) == 0 && turnsOff(c)
}

// turnsOff reports whether a change turns sign-in off.
func turnsOff(c *state.Change) bool {
	return slices.ContainsFunc(c.Attributes, func(a state.AttributeChange) bool {
		return a.Name == "accountEnabled" && a.After.Equal(state.Bool(false))
	})
}

// signedIn are the objects that findings keep signed in, each once: by distinguished name, and by id those without one.
func (p *saved) signedIn() (names []string) {
	for _, f := range p.findings {
		if !f.SignedIn {
			continue
		}
		name := f.Objects[0].SourceDN
		if name == "" {
			name = f.Objects[0].TargetID
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// signedIn checks that nobody whom the source has switched off, or who has left a scope whose policy disables, stays
// signed in without the plan saying so, and that findings about values and names stop no switch-off.
func (t *truth) signedIn() {
	if len(t.h.only)+len(t.h.but) > 0 {
		return // a plan for a part of the objects says nothing about the others
	}
	said := t.p.signedIn()
	for _, l := range t.w.known {
		a := t.w.living(l.TargetID)
		if a == nil || !a.attrs["accountEnabled"].Bool() {
			continue
		}
		off := slices.ContainsFunc(t.p.changes, func(c *state.Change) bool { return c.TargetID == a.id && turnsOff(c) })
		if p := t.switchedOff(l, a); p != nil && !off {
			turnedOn := lastApplied(l, "accountEnabled", state.Bool(false)) && t.h.r.scopeOf(p).policy.OnDrift != config.HealDrift
			switch {
			case t.onlyValues(p, a) && !turnedOn:
				t.out = append(t.out, p.dn()+" stays signed in because of values or names")
			case !slices.Contains(said, p.dn()):
				t.out = append(t.out, p.dn()+" stays signed in, and the plan does not say so")
			}
		}
		taken := slices.ContainsFunc(t.p.changes, func(c *state.Change) bool {
			return c.TargetID == a.id && (c.Action != state.ActionUnlink || !t.offElsewhere(l))
		})
		if t.leftForGood(l, a) && !taken && !slices.Contains(said, a.id) {
			t.out = append(t.out, a.id+" of somebody who left stays signed in, and the plan does not say so")
		}
	}
}

// offElsewhere reports whether the source has somebody switched off who lives in no scope, and whose scope maps that.
func (t *truth) offElsewhere(l *state.Link) bool {
	p, s := t.w.personByGUID(l.SourceGUID), t.h.r.scope(l.Scope)
	return p != nil && s != nil && !s.onceOnly && t.h.r.scopeOf(p) == nil && p.attrs["userAccountControl"].Int()&2 != 0
}

// leftForGood reports whether the person of a link is in no scope, and the policy ends the sign-in of the account, or the source has
// switched it off; which is no other link's.
func (t *truth) leftForGood(l *state.Link, a *account) bool {
	leaving := "disable" // of a scope that is not declared any more
	if s := t.h.r.scope(l.Scope); s != nil {
		leaving = s.policy.Leaving
	}
	if leaving != "disable" && leaving != "delete" && !t.offElsewhere(l) {
		return false
	}
	anchor := a.attrs[anchorName].Str()
	if own := t.w.known[anchor]; anchor != "" && anchor != l.Anchor && (own == nil || own.TargetID == a.id) && slices.ContainsFunc(t.w.people, func(p *person) bool {
		s := t.h.r.scopeOf(p)
		return s != nil && p.anchorUnder(s.policy.Anchor) == anchor
	}) {
		return false // it is somebody else's, who has no other account
	}
	for anchor, other := range t.w.known {
		if other.TargetID == l.TargetID && anchor != l.Anchor {
			return false
		}
	}
	return !slices.ContainsFunc(t.w.people, func(p *person) bool {
		s := t.h.r.scopeOf(p)
		return s != nil && (p.guid == l.SourceGUID || p.anchorUnder(s.policy.Anchor) == l.Anchor)
	})
}

// switchedOff is the person of a link whom the source has switched off, nil if there is none: nobody else has or claims
// the account then.
func (t *truth) switchedOff(l *state.Link, a *account) *person {
	p := t.w.personByGUID(l.SourceGUID)
	if p == nil || p.attrs["userAccountControl"].Int()&2 == 0 {
		return nil
	}
	s := t.h.r.scopeOf(p)
	if s == nil || s.onceOnly || p.anchorUnder(s.policy.Anchor) != l.Anchor {
		return nil
	}
	for anchor, other := range t.w.known {
		if other.TargetID == l.TargetID && anchor != l.Anchor {
			return nil
		}
	}
	return p
}

// onlyValues reports whether nothing but values and names stands against a person's changes, and the account carries the
// person's anchor, which nobody else has.
func (t *truth) onlyValues(p *person, a *account) bool {
	anchor := p.anchorUnder(t.h.r.scopeOf(p).policy.Anchor)
	for _, f := range t.p.findings {
		if f.Severity == planner.Error && len(f.Objects) > 0 && f.Objects[0].SourceDN == p.dn() &&
			!(strings.HasPrefix(f.Code, "DF1") || f.Code == "DF202" && f.Attribute != anchorName) {
			return false
		}
	}
	return a.attrs[anchorName].Str() == anchor && !a.attrs[providers.SyncEnabled].Bool()
}

// offFirst checks that what turns sign-in off comes before everything that no such change waits for.
func (t *truth) offFirst() {
	needed := map[string]bool{}
	for grown := true; grown; {
		grown = false
		for _, c := range t.p.changes {
			if !turnsOff(c) && !needed[c.Anchor] || c.Kind == state.UPNSuffix {
				continue
			}
			for _, n := range c.Needs {
				grown = grown || !needed[n]
				needed[n] = true
			}
		}
	}
	var before *state.Change
	for _, c := range t.p.changes {
		off := turnsOff(c) && c.Action != state.ActionCreate && c.Action != state.ActionRestore
		if off && before != nil {
			t.wrong(c, "it turns sign-in off after %s %s", before.Action, before.Address)
		}
		if !off && !needed[c.Anchor] {
			before = c
		}
	}
}

// lastApplied reports whether a link says that a value was applied last.
func lastApplied(l *state.Link, name string, v state.Value) bool {
	i := l.Shape.Index(name)
	return i >= 0 && l.Fingerprints[i] == fingerprint(name, v)
}

// healed checks what a change of a recorded pair undoes of what somebody did in the tenant: sign-in is turned on only if
// the source has changed since, or the policy heals it, and other attributes are as the policy has it.
func (t *truth) healed(c *state.Change) {
	l, s := t.w.known[c.Anchor], t.h.r.scope(c.Scope)
	if c.Action != state.ActionUpdate || l == nil || s == nil {
		return
	}
	for _, a := range c.Attributes {
		moved := !lastApplied(l, a.Name, a.After)
		switch {
		case a.Name == anchorName || a.Name == providers.CloudManaged:
		case a.Name == "accountEnabled" && a.After.Equal(state.Bool(true)):
			off := lastApplied(l, a.Name, state.Bool(false))
			if !off && !s.policy.HealSignIn && a.Before.Equal(state.Bool(false)) {
				t.wrong(c, "it turns sign-in on, which the source has not changed")
			}
		case a.Drift && s.policy.OnDrift == config.BlockDrift, a.Drift && s.policy.OnDrift == config.ReportDrift && !moved:
			t.wrong(c, "%s was changed in the tenant, and on_drift is %q", a.Name, s.policy.OnDrift)
		}
	}
}

// leftAsIs reports whether a plan leaves an attribute that is not as wanted as somebody else has it, and says so.
func (p *saved) leftAsIs(s *scopeRules, q *person, l *state.Link, name string, want state.Value) bool {
	said := func(code string) bool {
		return slices.ContainsFunc(p.findings, func(f *planner.Finding) bool {
			return f.Code == code && f.Attribute == name && f.Objects[0].SourceDN == q.dn()
		})
	}
	switch {
	case name == "accountEnabled" && want.Equal(state.Bool(true)):
		return !s.policy.HealSignIn && !lastApplied(l, name, state.Bool(false)) && said("DF230")
	case s.policy.OnDrift == config.ReportDrift:
		return lastApplied(l, name, want) && said("DF231")
	}
	return false
}

// TestBlockedNeverMeansUnguarded switches many people off at the source, after anything may have happened on both sides: nobody whom
// the source has switched off stays signed in without the plan saying so, and findings about values and names stop no switch-off. Both
// have to come up; [TestConflictsAreFoundInThePlan] holds every other world to the same.
func TestBlockedNeverMeansUnguarded(t *testing.T) {
	dir := quick.Dir(t)
	all, err := variants(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	passed, kept, left := 0, 0, 0
	met := func() bool { return passed > 0 && kept > 0 && left > 0 }
	quick.Until(t, 300, met, func(rt *rapid.T) {
		w, r := newWorld(rapid.Uint64().Draw(rt, "order")), drawRules(rt)
		for _, s := range r.scopes {
			s.onceOnly = false
			s.policy.Leaving, s.policy.Grace = "disable", 0
		}
		withHarness(rt, dir, all, w, r, false, func(h *harness) {
			for _, e := range rapid.SliceOfN(anEntry, 4, 14).Draw(rt, "before") {
				w.happen(r, e)
			}
			h.converge()
			for _, e := range rapid.SliceOfN(anEvent, 2, 10).Draw(rt, "meanwhile") {
				w.happen(r, e)
			}
			for _, p := range w.people {
				switch pick(rt, "what happens", "nothing", "off", "off", "off and a value", "leaves") {
				case "off":
					p.attrs["userAccountControl"] = state.Int(514)
				case "off and a value":
					p.attrs["userAccountControl"], p.attrs["c"] = state.Int(514), state.String("HUN")
				case "leaves":
					p.ou = outOU
				}
			}
			for _, anchor := range slices.Sorted(maps.Keys(w.known)) {
				if oneIn(rt, 3, "protected") {
					r.protect = append(r.protect, w.known[anchor].TargetID)
				}
			}
			h.configure()
			p := h.plan()
			h.true(w.clone(), p)
			for _, c := range p.changes {
				if c.Partial {
					passed++
				}
			}
			for _, f := range p.findings {
				switch {
				case f.SignedIn && f.Objects[0].SourceDN == "":
					left++
				case f.SignedIn:
					kept++
				}
			}
			h.converge()
		})
	})
	if !t.Failed() && !met() {
		t.Errorf("%d switch-offs passed, %d were kept back, %d of them of leavers: the worlds do not show what they should", passed, kept, left)
	}
	t.Logf("%d switch-offs passed a finding, %d were kept back, %d of them of leavers", passed, kept+left, left)
}
