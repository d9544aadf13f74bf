package run

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// lack is a right that is missing: for what, and how it is granted.
type lack struct{ why, grant string }

// needs counts what rights a plan's changes take, on their way to the sink.
type needs struct {
	planner.Sink // nil: they go nowhere
	reading      *Reading
	held         []string // permissions in the tenant
	known        bool     // held is all that decides
	tenant       map[tenantNeed]int
	source       map[sourceNeed]*sample
}

// tenantNeed is a permission that changes of a kind lack.
type tenantNeed struct {
	kind       state.Kind
	permission string
}

// sourceNeed is an attribute that changes write at the source, in a scope or, where that is "", for the whole forest.
type sourceNeed struct{ scope, attribute string }

// sample is how many objects a need is about, and a few of them.
type sample struct {
	objects int
	guids   []state.GUID
}

// sampled is of how many objects the server is asked whether an attribute may be written. Accounts in protected groups do not
// inherit rights, so that one alone would prove nothing.
const sampled = 20

func (r *Reading) newNeeds(ctx context.Context) (*needs, error) {
	n := &needs{reading: r, tenant: map[tenantNeed]int{}, source: map[sourceNeed]*sample{}}
	tenant, err := r.run.Directories.Tenant(ctx, r.Config.Entra)
	if err != nil {
		return nil, err
	}
	if i := providers.TenantInspectorOf(tenant); i != nil {
		n.held, n.known, err = i.Permissions(ctx)
	}
	return n, err
}

// Change notes what a change needs and hands it on.
func (n *needs) Change(c *state.Change) error {
	n.note(c)
	return n.Sink.Change(c)
}

func (n *needs) note(c *state.Change) {
	d := state.Describe(nil)(c.Kind)
	if n.known && !d.AtSource {
		for _, p := range d.Lacks(c, n.held) {
			n.tenant[tenantNeed{c.Kind, p}]++
		}
	}
	for _, a := range c.SourceAttributes {
		need := sourceNeed{c.Scope, a.Name}
		if d.AtSource {
			need.scope = ""
		}
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

// tell adds a finding to the plan for each right that is missing, and returns them.
func (n *needs) tell(ctx context.Context) ([]lack, error) {
	list, err := n.lacks(ctx)
	for _, l := range list {
		if err == nil {
			err = n.Sink.Finding(planner.NewFinding(planner.RightsCode, l.why, l.grant))
		}
	}
	return list, err
}

// lacks are the rights that are missing: in the tenant, then at the source.
func (n *needs) lacks(ctx context.Context) (list []lack, err error) {
	for need, changes := range n.tenant {
		list = append(list, lack{
			fmt.Sprintf("%s of %ss %s %s, which the access token does not carry.", counted1(changes, "change"),
				state.Describe(nil)(need.kind).Noun, takes(changes), need.permission),
			fmt.Sprintf("Grant the application the permission %s (type Application, with admin consent) in Microsoft Entra ID.",
				need.permission)})
	}
	for need, s := range n.source {
		may, err := n.mayWrite(ctx, need, s)
		if err != nil {
			return nil, err
		}
		if !may {
			list = append(list, need.lack(s.objects))
		}
	}
	slices.SortFunc(list, func(a, b lack) int { return strings.Compare(a.why, b.why) })
	return list, nil
}

func counted1(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func takes(n int) string {
	if n == 1 {
		return "takes"
	}
	return "take"
}

// mayWrite asks the server of the need's scope.
func (n *needs) mayWrite(ctx context.Context, need sourceNeed, s *sample) (bool, error) {
	provider := n.reading.Config.AD[0]
	i := slices.IndexFunc(n.reading.Config.Scopes, func(s *config.Scope) bool { return s.Name == need.scope })
	if i >= 0 {
		provider = n.reading.Config.Scopes[i].Provider
	}
	src, err := n.reading.run.Directories.Source(ctx, provider)
	if err != nil {
		return false, err
	}
	inspector := providers.InspectorOf(src)
	if inspector == nil || need.scope != "" && len(s.guids) == 0 {
		return true, nil
	}
	return inspector.MayWrite(ctx, need.attribute, s.guids)
}

func (n sourceNeed) lack(objects int) lack {
	if n.scope == "" {
		return lack{fmt.Sprintf("The forest is to get %s, and the account may not write %s.", counted1(objects, "UPN suffix"), n.attribute),
			fmt.Sprintf("Let a member of Enterprise Admins grant the account the right to write %s of CN=Partitions in the "+
				"configuration, or add it.", n.attribute)}
	}
	return lack{fmt.Sprintf("%s of scope %s %s %s, and the account may not write it.", counted1(objects, "object"), n.scope,
		map[bool]string{true: "is to get", false: "are to get"}[objects == 1], n.attribute),
		fmt.Sprintf("Grant the account that dirform binds with \"Write %s\" on the container, inherited by users (dsacls CONTAINER "+
			"/I:S /G ACCOUNT:WP;%s;user).", n.attribute, n.attribute)}
}

// lacksOf are the rights that are missing for some changes.
func (r *Reading) lacksOf(ctx context.Context, changes iter.Seq2[*state.Change, error]) ([]lack, error) {
	n, err := r.newNeeds(ctx)
	if err != nil {
		return nil, err
	}
	for c, err := range changes {
		if err != nil {
			return nil, err
		}
		n.note(c)
	}
	return n.lacks(ctx)
}

// withoutRights refuses an apply for want of rights, with all that is missing; nil if nothing is.
func withoutRights(list []lack) error {
	if len(list) == 0 {
		return nil
	}
	e := &fault.Error{Summary: "Rights are missing, so nothing was changed"}
	var why, grants []string
	for _, l := range list {
		why = append(why, l.why)
		if !slices.Contains(grants, l.grant) {
			grants = append(grants, l.grant)
		}
	}
	e.Detail, e.Hint = strings.Join(why, "\n"), strings.Join(grants, "\n")
	return e
}
