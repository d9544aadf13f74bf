package reconcile

import (
	"fmt"
	"iter"
	"math"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// tally counts a plan's actions as guards see them: an update that blocks sign-in counts as a disable too, because a
// wrong mapping can lock out as many people as a wrong scope. A restore that gives the account another anchor counts as
// a relink.
type tally struct {
	by      map[string]int // by limit name
	kinds   func(state.Kind) *state.Descriptor
	linked  int // recorded links whose source object was in scope at the last apply
	missing int // of those, how many are in no scope now
}

var limitOf = map[state.Action]string{
	state.ActionCreate: config.LimitCreates, state.ActionUpdate: config.LimitUpdates,
	state.ActionDisable: config.LimitDisables, state.ActionUnlink: config.LimitUnlinks,
	state.ActionRelink: config.LimitRelinks, state.ActionDelete: config.LimitDeletes,
}

func (t *tally) count(c *state.Change) {
	of := t.kinds(c.Kind)
	if of.Declared {
		return
	}
	if name := limitOf[c.Action]; name != "" {
		t.by[name]++
	}
	if c.Action == state.ActionDisable {
		return
	}
	for _, a := range c.Attributes {
		if c.Action == state.ActionRestore && a.Name == of.Anchor && !a.Before.IsNull() {
			t.by[config.LimitRelinks]++
		}
		if a.Name == of.SignIn && a.Before.Bool() && a.After.Kind() == state.BoolValue && !a.After.Bool() {
			t.by[config.LimitDisables]++
		}
	}
}

// limitNames are the limits in the order in which results list them.
var limitNames = []string{config.LimitCreates, config.LimitUpdates, config.LimitDisables, config.LimitUnlinks,
	config.LimitRelinks, config.LimitDeletes, config.LimitMemberRemovals, config.LimitSourceShrink}

// Judge holds changes, some of those that the plan has, against the guards. What was recorded and what is missing at
// the source is as the plan has found it, so call it after [Builder.Plan]. Findings are the limits that are exceeded.
func (b *Builder) Judge(changes iter.Seq2[*state.Change, error]) (guards []planner.GuardResult,
	findings []*planner.Finding, err error) {
	t := tally{by: map[string]int{}, kinds: b.set.Kinds, linked: b.found.linked, missing: b.found.missing}
	for c, err := range changes {
		if err != nil {
			return nil, nil, err
		}
		t.count(c)
	}
	guards, findings = t.check(b.set.Rules.Guards, b.set.Allow)
	return guards, findings, nil
}

// check holds the tally against every guard.
func (t *tally) check(guards []*config.Guard, allow map[string]int) (results []planner.GuardResult,
	findings []*planner.Finding) {
	results = []planner.GuardResult{}
	for _, g := range guards {
		for _, name := range limitNames {
			limit, ok := g.Limits[name]
			if !ok {
				continue
			}
			for _, r := range t.limit(g, name, limit, allow) {
				results = append(results, r)
				if r.Tripped {
					findings = append(findings, t.tripped(g, name, r))
				}
			}
		}
	}
	return results, findings
}

func (t *tally) limit(g *config.Guard, name string, l config.Limit, allow map[string]int) []planner.GuardResult {
	n := t.by[name]
	if name == config.LimitSourceShrink {
		n = t.missing
	}
	if lifted, ok := allow[name]; ok {
		return []planner.GuardResult{{Name: g.Name, Limit: name + ".count", Allowed: float64(lifted), Planned: float64(n),
			Tripped: n > lifted}}
	}
	var out []planner.GuardResult
	if l.Count != nil {
		out = append(out, planner.GuardResult{Name: g.Name, Limit: name + ".count", Allowed: float64(*l.Count),
			Planned: float64(n), Tripped: n > *l.Count})
	}
	if l.Percent != nil {
		share := 0.0
		if t.linked > 0 {
			share = math.Round(float64(n)/float64(t.linked)*1000) / 10
		}
		tripped := t.linked > l.MinLinked && n > l.Beyond && float64(n)*100 > *l.Percent*float64(t.linked)
		out = append(out, planner.GuardResult{Name: g.Name, Limit: name + ".percent", Allowed: *l.Percent, Planned: share,
			Tripped: tripped})
	}
	return out
}

func (t *tally) tripped(g *config.Guard, name string, r planner.GuardResult) *planner.Finding {
	code, n, what := "DF401", t.by[name], strings.ReplaceAll(name, "_", " ")
	if name == config.LimitSourceShrink {
		code, n, what = "DF402", t.missing, "linked objects to be missing at the source"
	}
	allowed, planned := fmt.Sprintf("%v %s", r.Allowed, what), fmt.Sprintf("%d", n)
	if strings.HasSuffix(r.Limit, ".percent") {
		allowed = fmt.Sprintf("%s for %v %% of the linked objects", what, r.Allowed)
		if name == config.LimitSourceShrink {
			allowed = fmt.Sprintf("%v %% of the %s", r.Allowed, what)
		}
		planned = fmt.Sprintf("%d of %d (%v %%)", n, t.linked, r.Planned)
	}
	detail := fmt.Sprintf("Guard %q allows at most %s; this plan has %s. Nothing of it will be applied.", g.Name, allowed,
		planned)
	meant := "If this is meant"
	if name == config.LimitRelinks {
		meant = "If this is meant, or the rest of a run that was cut off"
	}
	hint := fmt.Sprintf("Look whether a scope, filter or mapping is wrong. %s, run again with --allow %s=%d.", meant, name,
		n)
	return words.About(planner.NewFinding(code, detail, hint), "", "", g.DeclaredAt)
}

// guards holds the plan against the guards: its actions, and how many of the linked objects are missing at the source.
func (t *teller) guards() error {
	for l := range t.Links.Len() {
		if !t.Links.Meta(l).Left {
			t.tally.linked++
			if t.LinkSource(l) < 0 && !t.HandedOn(l) {
				t.tally.missing++
			}
		}
	}
	results, findings := t.tally.check(t.set.Rules.Guards, t.set.Allow)
	t.totals.Guards = results
	return t.findings(findings)
}
