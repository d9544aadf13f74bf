package run

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
)

// refusing is a tenant that refuses some questions.
type refusing struct {
	providers.TenantReader
	identity        providers.Identity
	roles, switches error
	asked           int // for switches
}

func (t *refusing) Domains(context.Context) ([]providers.TenantDomain, error)   { return nil, nil }
func (t *refusing) Identity(context.Context) (providers.Identity, error)        { return t.identity, nil }
func (t *refusing) RoleHolders(context.Context) ([]providers.RoleHolder, error) { return nil, t.roles }
func (t *refusing) SyncFeatures(context.Context) (providers.SyncFeatures, error) {
	t.asked++
	return providers.SyncFeatures{Known: t.switches == nil, BlockSoftMatch: true}, t.switches
}

func status403(what string) error {
	return fmt.Errorf("reading %s: %w", what, &providers.ServiceError{Status: 403, Code: "Authorization_RequestDenied", Op: "GET",
		Permissions: []string{"Some.Read.All"}})
}

func (t *refusing) Source(context.Context, *config.ADProvider) (providers.SourceReader, error) {
	return nil, nil
}

func (t *refusing) Tenant(context.Context, *config.EntraProvider) (providers.TenantReader, error) {
	return t, nil
}

// look is what lookAtTenant makes of a tenant under one link policy.
func (t *refusing) look(privileged string) (reconcile.Settings, error) {
	cfg := &config.Config{Entra: &config.EntraProvider{Name: "contoso"}, Policies: []*config.LinkPolicy{{Privileged: privileged}}}
	r := &Reading{run: &Run{Directories: t}, Config: cfg}
	err := r.lookAtTenant(context.Background())
	return r.Settings, err
}

// TestSwitchesThatCannotBeRead: the tenant's switches are asked for once, by whom they may be shown to, and being refused means that
// nothing is known, while a failure of any other sort is one.
func TestSwitchesThatCannotBeRead(t *testing.T) {
	person := providers.Identity{ID: "u", User: true}
	for name, x := range map[string]struct {
		identity providers.Identity
		err      error
		asked    int
		known    bool
		fails    bool
	}{
		"a person":                   {identity: person, asked: 1, known: true},
		"a person without the right": {identity: person, err: status403("switches"), asked: 1},
		"nobody knows who":           {err: status403("switches"), asked: 1},
		"an application":             {identity: providers.Identity{ID: "sp"}},
		"a broken connection":        {identity: person, err: errors.New("connection reset"), asked: 1, fails: true},
		"a service in trouble":       {identity: person, err: &providers.ServiceError{Status: 503}, asked: 1, fails: true},
	} {
		tenant := &refusing{identity: x.identity, switches: x.err}
		set, err := tenant.look("block")
		if tenant.asked != x.asked || !x.fails && set.SyncFeatures.Known != x.known || (err != nil) != x.fails {
			t.Errorf("%s: asked %d times, %+v, %v", name, tenant.asked, set.SyncFeatures, err)
		}
	}
}

// TestRolesThatCannotBeRead: no plan is made without knowing who holds a role, unless no policy asks for it; then the plan says
// that the last administrator cannot be kept.
func TestRolesThatCannotBeRead(t *testing.T) {
	tenant := &refusing{roles: status403("roles")}
	if _, err := tenant.look("block"); err == nil {
		t.Error("a plan is made although nobody knows who holds a role")
	}
	set, err := tenant.look("allow")
	if err != nil || len(set.Findings) != 1 || set.Findings[0].Code != "DF501" || set.Findings[0].Severity != planner.Warning ||
		!strings.Contains(set.Findings[0].Hint, "Some.Read.All") {
		t.Errorf("%+v, %v", set.Findings, err)
	}
}
