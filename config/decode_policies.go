package config

import (
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/lapse"
)

// policyArguments are the optional arguments of a link_policy block.
var policyArguments = []string{"object", "anchor", "match", "unmatched", "foreign_anchor", "synced_elsewhere", "privileged", "guests", "deleted", "leaving",
	"grace", "on_unverified_suffix", "on_drift", "heal_sign_in"}

// DefaultPolicy is the link policy of the objects of one kind of a scope that has none; s is nil for a scope that is not declared. A
// kind that this version does not synchronise, which another one has recorded, is left alone.
func DefaultPolicy(s *Scope, kind state.Kind) *LinkPolicy {
	d, leaving := state.Describe(nil)(kind), "keep"
	if len(d.Leaving) > 0 {
		leaving = d.Leaving[0]
	}
	p := &LinkPolicy{
		Scope: s, Kind: kind, Anchor: AnchorObjectGUID, Match: d.DefaultMatch(), Unmatched: "create", ForeignAnchor: "block",
		SyncedElsewhere: "block", Privileged: "block", Guests: "block", Deleted: "restore", Leaving: leaving, OnUnverifiedSuffix: "block",
		OnDrift: HealDrift,
	}
	if s != nil {
		p.Name, p.DeclaredAt = s.Name, s.DeclaredAt
	}
	return p
}

// policyOf names whose policy one is: a scope may have one for each kind of its objects.
type policyOf struct {
	scope *Scope
	kind  state.Kind
}

// decodePolicies reads the link_policy blocks and adds the default to kinds of a scope without one.
func (l *loader) decodePolicies() {
	first := map[policyOf]*hclsyntax.Block{}
	for _, b := range l.byType["link_policy"] {
		c := l.content(b, grammar["link_policy"])
		p := &LinkPolicy{Name: b.Labels[0], Scope: l.scope(c), Kind: state.User, DeclaredAt: place(b.DefRange())}
		if name := c.text("object"); name != "" {
			kind, ok := c.kind("object", name)
			if !ok {
				continue
			}
			p.Kind = kind
		}
		if p.Scope != nil {
			of := policyOf{p.Scope, p.Kind}
			if f := first[of]; f != nil {
				r := f.DefRange()
				l.fail(header(b), "Second link policy", "The %ss of scope %q have a link policy already, at %s:%d,%d. Merge the two.",
					p.Kind, p.Scope.Name, r.Filename, r.Start.Line, r.Start.Column)
			} else {
				first[of] = b
			}
		}
		d := p.Kind.Descriptor()
		p.Anchor, p.Match = l.decodeAnchor(c), l.decodeMatch(c, d)
		p.Unmatched = c.choice("unmatched", "create", "skip", "block")
		p.ForeignAnchor = c.choice("foreign_anchor", "block", "relink")
		p.SyncedElsewhere = c.choice("synced_elsewhere", "block", "take_over")
		p.Privileged = c.choice("privileged", "block", "allow")
		p.Guests = c.choice("guests", "block", "allow")
		p.Deleted = c.choice("deleted", "restore", "create", "block")
		p.Leaving = c.choice("leaving", d.Leaving...)
		p.Grace = decodeGrace(c, p.Leaving)
		p.OnUnverifiedSuffix = c.choice("on_unverified_suffix", "block", "initial_domain")
		p.OnDrift, p.HealSignIn = c.choice("on_drift", HealDrift, ReportDrift, BlockDrift), c.flag("heal_sign_in")
		if p.HealSignIn && p.OnDrift != HealDrift {
			c.bad("heal_sign_in", "Drift is not healed", "heal_sign_in turns sign-in on that somebody blocked in the tenant, and with on_drift = %q nothing that "+
				"somebody changed there is set right. Remove one of the two.", p.OnDrift)
		}
		l.cfg.Policies = append(l.cfg.Policies, p)
	}
	for _, s := range l.cfg.Scopes {
		for _, kind := range s.Objects {
			if first[policyOf{s, kind}] == nil {
				l.cfg.Policies = append(l.cfg.Policies, DefaultPolicy(s, kind))
			}
		}
	}
}

// Policy is the link policy for the objects of one kind of a scope. A scope that is not declared any more, or does not have the kind,
// leaves things to the language's defaults; the policy's Scope is nil then.
func (c *Config) Policy(scope string, kind state.Kind) *LinkPolicy {
	for _, p := range c.Policies {
		if p.Scope.Name == scope && p.Kind == kind {
			return p
		}
	}
	return DefaultPolicy(nil, kind)
}

// misplaced answers an argument of a link policy that stands in a block of another type, and reports whether it is one.
func (l *loader) misplaced(a *hclsyntax.Attribute, block string) bool {
	if !slices.Contains(policyArguments, a.Name) {
		return false
	}
	l.fail(&a.NameRange, "Argument of another block", "%s is an argument of link_policy, where a scope says how its accounts pair up; %s has no such argument. "+
		"Move the line to the scope's link_policy block.", a.Name, block)
	return true
}

// maxGrace is ten years.
const maxGrace = 3650 * 24 * time.Hour

// decodeGrace reads how long accounts that left are kept before they are deleted.
func decodeGrace(c *content, leaving string) time.Duration {
	s := c.text("grace")
	if s == "" {
		return 0
	}
	if leaving == "keep" || leaving == "unlink" {
		c.bad("grace", "Grace without deletion", "grace is how long an account stays disabled before it is deleted, and with leaving = %q nothing is. Remove grace, or set leaving = \"delete\".", leaving)
		return 0
	}
	switch d, ok := lapse.Parse(s); {
	case !ok:
		c.bad("grace", "Not a length of time", "grace can't be %s. Write a whole number of days, weeks or hours: \"30d\", \"4w\" or \"72h\".", c.shown("grace", s))
	case d == 0:
		c.bad("grace", "Grace of no length", "grace is %s, which is none. Remove it, and leaving = \"delete\" deletes accounts at once.", c.shown("grace", s))
	case d > maxGrace:
		c.bad("grace", "Grace too long", "grace is %s, and more than ten years are not kept count of. Remove it, and leaving = \"disable\" keeps accounts disabled for good.", c.shown("grace", s))
	default:
		return d
	}
	return 0
}

// decodeAnchor accepts the attribute in any spelling of its case: Microsoft itself writes both ms-DS- and mS-DS-.
func (l *loader) decodeAnchor(c *content) string {
	s := c.text("anchor")
	switch {
	case s == "" || strings.EqualFold(s, AnchorObjectGUID):
		return AnchorObjectGUID
	case strings.EqualFold(s, AnchorConsistencyGUID):
		return AnchorConsistencyGUID
	}
	anchors := []string{AnchorObjectGUID, AnchorConsistencyGUID}
	c.bad("anchor", "Unknown value", "anchor can't be %s.%s It is one of %s.", c.shown("anchor", s), c.suggest("anchor", s, anchors), quoted(anchors))
	return AnchorObjectGUID
}

func (l *loader) decodeMatch(c *content, d *state.Descriptor) []string {
	if !c.has("match") {
		return d.DefaultMatch()
	}
	matchRules := d.MatchNames()
	var out []string
	for _, s := range c.texts("match") {
		switch {
		case !slices.Contains(matchRules, s):
			c.bad("match", "Unknown value", "There is no match rule %s.%s The rules are %s.", c.shown("match", s), c.suggest("match", s, matchRules), quoted(matchRules))
		case slices.Contains(out, s):
			c.bad("match", "Listed twice", "%q stands twice in match, and the second has no effect. Remove it.", s)
		default:
			out = append(out, s)
		}
	}
	return out
}

// decodeLinks reads the link blocks.
func (l *loader) decodeLinks() {
	sources, tenants := map[string]*Link{}, map[string]*Link{}
	for _, b := range l.byType["link"] {
		c := l.content(b, grammar["link"])
		k := &Link{Name: b.Labels[0], Source: c.text("source"), Tenant: c.text("tenant"), DeclaredAt: place(b.DefRange())}
		if strings.Contains(k.Source, "=") && !strings.Contains(k.Source, "@") {
			c.parseDN("source", k.Source)
		}
		for _, side := range []struct {
			name, value string
			seen        map[string]*Link
		}{{"source", k.Source, sources}, {"tenant", k.Tenant, tenants}} {
			key := strings.ToLower(side.value)
			if f := side.seen[key]; f != nil && key != "" {
				c.bad(side.name, "Linked twice", "%s is linked already by link %q at %s. An object has one counterpart; remove one of the two.", c.shown(side.name, side.value), f.Name, f.DeclaredAt)
				continue
			}
			side.seen[key] = k
		}
		l.cfg.Links = append(l.cfg.Links, k)
	}
}
