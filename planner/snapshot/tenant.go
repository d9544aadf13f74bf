package snapshot

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Tenant is a tenant as a snapshot has it.
type Tenant struct {
	f     *File
	facts *tenantFacts

	once   sync.Once
	housed map[string]bool // accounts with a mailbox, by id
	failed error
}

var (
	_ providers.TenantReader    = (*Tenant)(nil)
	_ providers.TenantInspector = (*Tenant)(nil)
)

// Organization identifies the tenant.
func (t *Tenant) Organization(context.Context) (providers.Organization, error) {
	return t.facts.Organization, nil
}

// Domains lists the tenant's domains.
func (t *Tenant) Domains(context.Context) ([]providers.TenantDomain, error) {
	return t.facts.Domains, nil
}

// RoleHolders lists who held a role.
func (t *Tenant) RoleHolders(context.Context) ([]providers.RoleHolder, error) {
	return t.facts.Roles, t.facts.RolesRefused.err()
}

// Identity says who was signed in.
func (t *Tenant) Identity(context.Context) (providers.Identity, error) { return t.facts.Identity, nil }

// SyncFeatures are the tenant's switches.
func (t *Tenant) SyncFeatures(context.Context) (providers.SyncFeatures, error) {
	return t.facts.Switches, t.facts.NoSwitches.err()
}

// Clock is the time that the service's clock showed when the snapshot was taken.
func (t *Tenant) Clock() time.Time { return shown(t.f, t.facts.Clock) }

// Close does nothing: the file is closed by whoever opened it.
func (t *Tenant) Close() error { return nil }

// Permissions are those that the access token carried.
func (t *Tenant) Permissions(context.Context) ([]string, bool, error) {
	return t.facts.Held, t.facts.HeldKnown, nil
}

// Read streams all objects of a kind.
func (t *Tenant) Read(ctx context.Context, q providers.TenantQuery) providers.Objects {
	name := tenantSection(q.Kind, q.Deleted)
	if r := t.facts.Refused[name]; r != nil {
		return failed(r)
	}
	section, ok := t.f.sections[name]
	if !ok {
		return failed(fmt.Errorf("the snapshot has no section %s", name))
	}
	p := newProjection(section.Names, q.Attributes, q.Kind)
	if missing := p.missing(hidden(q.Kind)); len(missing) > 0 {
		return failed(lacks("a "+string(q.Kind)+" in the tenant", missing))
	}
	return func(yield func(*state.Object, error) bool) {
		for o, err := range t.f.objects(name, q.Kind) {
			if err == nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(p.of(o), nil) {
				return
			}
		}
	}
}

// hidden reports which attributes of a kind never come back from the service.
func hidden(kind state.Kind) func(string) bool {
	schema := providers.TenantSchema(kind)
	return func(name string) bool {
		a := schema.Lookup(name)
		return a != nil && a.Hidden
	}
}

// Lookup is what apply asks right before a write.
func (t *Tenant) Lookup(context.Context, state.Kind, []string, *state.Shape) providers.Objects {
	return failed(absent("How accounts are right now"))
}

// FindByAnchor is what apply asks about a write whose reply was lost.
func (t *Tenant) FindByAnchor(context.Context, state.Kind, []string, *state.Shape) providers.Objects {
	return failed(absent("Who carries an anchor right now"))
}

// Mailboxes says which of the accounts had a mailbox.
func (t *Tenant) Mailboxes(_ context.Context, ids []string) (map[string]bool, error) {
	if t.facts.NoMailboxes != nil {
		return nil, t.facts.NoMailboxes
	}
	t.once.Do(t.index)
	found := map[string]bool{}
	for _, id := range ids {
		if t.housed[strings.ToLower(id)] {
			found[id] = true
		}
	}
	return found, t.failed
}

func (t *Tenant) index() {
	t.housed = map[string]bool{}
	in, err := t.f.rows(t.f.sections[mailboxSection])
	for err == nil {
		var r row
		if r, err = in.next(); err == nil {
			t.housed[strings.ToLower(r.text())] = true
		}
	}
	if err != io.EOF {
		t.failed = err
	}
}

// Usage is what undo asks.
func (t *Tenant) Usage(context.Context, []string) (providers.Usages, error) {
	return providers.Usages{}, absent("How accounts are used")
}

// plainTenant is a tenant that told nothing about what may be done in it.
type plainTenant struct{ providers.TenantReader }
