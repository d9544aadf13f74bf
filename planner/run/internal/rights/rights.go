// Package rights finds out which rights a plan's changes take that nobody has granted.
package rights

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// Lack is a right that is missing: for what, and how it is granted.
type Lack struct{ why, grant string }

// Needs counts what rights a plan's changes take, on their way to the sink.
type Needs struct {
	planner.Sink // nil: they go nowhere
	// Held are the permissions in the tenant; nothing is known about them unless Known.
	Held  []string
	Known bool
	// MayWrite asks the source whether an attribute of one of these objects of a scope may be written.
	MayWrite func(ctx context.Context, scope, attribute string, guids []state.GUID) (bool, error)

	tenant map[tenantNeed]int
	source map[sourceNeed]*sample
}

// tenantNeed is a permission that changes of a kind lack.
type tenantNeed struct {
	kind       state.Kind
	permission string
}

// sourceNeed is an attribute that changes write to a scope's objects at the source.
type sourceNeed struct{ scope, attribute string }

// sample is how many objects a need is about, and a few of them.
type sample struct {
	objects int
	guids   []state.GUID
}

// sampled is of how many objects the server is asked whether an attribute may be written. Accounts in protected groups do not
// inherit rights, so that one alone would prove nothing.
const sampled = 20

// Change notes what a change needs and hands it on.
func (n *Needs) Change(c *state.Change) error {
	n.Note(c)
	return n.Sink.Change(c)
}

// Note notes what a change needs. What is declared for the source as a whole, such as a UPN suffix, is one write that nothing else
// depends on: it fails by itself.
func (n *Needs) Note(c *state.Change) {
	if n.tenant == nil {
		n.tenant, n.source = map[tenantNeed]int{}, map[sourceNeed]*sample{}
	}
	d := state.Describe(nil)(c.Kind)
	if d.AtSource {
		return
	}
	if n.Known {
		for _, p := range d.Lacks(c, n.Held) {
			n.tenant[tenantNeed{c.Kind, p}]++
		}
	}
	for _, a := range c.SourceAttributes {
		need := sourceNeed{c.Scope, a.Name}
		s := n.source[need]
		if s == nil {
			s = &sample{}
			n.source[need] = s
		}
		s.objects++
		if g, ok := state.ParseGUID(c.SourceGUID); ok && len(s.guids) < sampled {
			s.guids = append(s.guids, g)
		}
	}
}

// Tell adds a finding to the plan for each right that is missing, and returns them.
func (n *Needs) Tell(ctx context.Context) ([]Lack, error) {
	list, err := n.Lacks(ctx)
	for _, l := range list {
		if err == nil {
			err = n.Sink.Finding(planner.NewFinding(planner.RightsCode, l.why, l.grant))
		}
	}
	return list, err
}

// Lacks are the rights that are missing for the changes noted.
func (n *Needs) Lacks(ctx context.Context) (list []Lack, err error) {
	for need, changes := range n.tenant {
		list = append(list, Lack{
			why: fmt.Sprintf("%s of %ss %s %s, which the access token does not carry.", several(changes, "change"),
				state.Describe(nil)(need.kind).Noun, map[bool]string{true: "takes", false: "take"}[changes == 1], need.permission),
			grant: fmt.Sprintf("Grant the application the permission %s (type Application, with admin consent) in Microsoft Entra ID.",
				need.permission)})
	}
	for need, s := range n.source {
		if len(s.guids) == 0 {
			continue
		}
		may, err := n.MayWrite(ctx, need.scope, need.attribute, s.guids)
		if err != nil {
			return nil, err
		}
		if !may {
			list = append(list, need.lack(s.objects))
		}
	}
	slices.SortFunc(list, func(a, b Lack) int { return strings.Compare(a.why, b.why) })
	return list, nil
}

func several(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (n sourceNeed) lack(objects int) Lack {
	return Lack{
		why: fmt.Sprintf("%s of scope %s %s to get %s, and the account may not write it.", several(objects, "object"), n.scope,
			map[bool]string{true: "is", false: "are"}[objects == 1], n.attribute),
		grant: fmt.Sprintf("Grant the account that dirform binds with \"Write %s\" on the container, inherited by users (dsacls "+
			"CONTAINER /I:S /G ACCOUNT:WP;%s;user).", n.attribute, n.attribute)}
}

// Refuse refuses an apply for want of rights, with all that is missing; nil if nothing is.
func Refuse(list []Lack) error {
	if len(list) == 0 {
		return nil
	}
	var why, grants []string
	for _, l := range list {
		why = append(why, l.why)
		if !slices.Contains(grants, l.grant) {
			grants = append(grants, l.grant)
		}
	}
	return &fault.Error{Summary: "Rights are missing, so nothing was changed", Detail: strings.Join(why, "\n"),
		Hint: strings.Join(grants, "\n")}
}
