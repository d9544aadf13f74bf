package snapshot

import (
	"context"
	"slices"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

func (t *taking) tenant(ctx context.Context, tenant providers.TenantReader) (err error) {
	f := &tenantFacts{Refused: map[string]*refusal{}}
	t.facts.Tenant = f
	if f.Organization, err = tenant.Organization(ctx); err != nil {
		return err
	}
	if f.Domains, err = tenant.Domains(ctx); err != nil {
		return err
	}
	if f.Identity, err = tenant.Identity(ctx); err != nil {
		return err
	}
	if f.Roles, err = tenant.RoleHolders(ctx); err != nil {
		if f.RolesRefused = refused(err); f.RolesRefused == nil {
			return err
		}
	}
	if f.Identity.ID == "" || f.Identity.User { // an application is refused them, and need not ask
		if f.Switches, err = tenant.SyncFeatures(ctx); err != nil {
			if f.NoSwitches = refused(err); f.NoSwitches == nil {
				return err
			}
		}
	}
	if i := providers.TenantInspectorOf(tenant); i != nil {
		f.Inspects = true
		if f.Held, f.HeldKnown, err = i.Permissions(ctx); err != nil {
			return err
		}
	}
	if err := t.accounts(ctx, tenant, f); err != nil {
		return err
	}
	f.Clock = t.skew(tenant.Clock())
	return nil
}

// accounts takes the tenant's objects.
func (t *taking) accounts(ctx context.Context, tenant providers.TenantReader, f *tenantFacts) error {
	for _, d := range state.Kinds {
		schema := providers.TenantSchema(d.Kind)
		if d.Declared || schema == nil {
			continue
		}
		shape := state.NewShape(t.tenantNames(d.Kind)...)
		for _, deleted := range []bool{false, true} {
			if deleted && !d.Managed {
				continue
			}
			name := tenantSection(d.Kind, deleted)
			objects := tenant.Read(ctx, providers.TenantQuery{Kind: d.Kind, Attributes: shape, Deleted: deleted})
			err := t.add(name, shape, objects, nil)
			if err == nil {
				continue
			}
			if d.Managed && !deleted {
				return err
			}
			if f.Refused[name] = refused(err); f.Refused[name] == nil {
				return err
			}
			if err := t.w.end(); err != nil {
				return err
			}
		}
	}
	return t.mailboxes(ctx, tenant, f)
}

func tenantSection(kind state.Kind, deleted bool) string {
	if deleted {
		return "tenant/deleted/" + string(kind)
	}
	return "tenant/" + string(kind)
}

// mailboxes takes which accounts have a mailbox.
func (t *taking) mailboxes(ctx context.Context, tenant providers.TenantReader, f *tenantFacts) error {
	lister := providers.MailboxListerOf(tenant)
	if lister == nil {
		return nil
	}
	t.w.begin(mailboxSection, nil)
	err := lister.AllMailboxes(ctx, func(id string) error {
		return t.w.add(func(b []byte) []byte { return appendText(b, id) })
	})
	if err != nil {
		if f.NoMailboxes = refused(err); f.NoMailboxes == nil {
			return err
		}
	}
	return t.w.end()
}

const mailboxSection = "tenant/mailboxes"

// special are attributes of the tenant that a snapshot has only where its configuration names them: some tenants, or a
// lack of permissions, refuse a request that asks for them.
var special = []string{"showInAddressList", "employeeLeaveDateTime", "employeeHireDate"}

// tenantNames are the attributes of a kind that are taken.
func (in *Input) tenantNames(kind state.Kind) (names []string) {
	mapped := map[string]bool{}
	for _, cfg := range in.configs() {
		for _, m := range cfg.Mappings {
			for _, a := range slices.Concat(m.Attributes, m.Initial) {
				mapped[a.Target.Name] = mapped[a.Target.Name] || m.Kind == kind
			}
		}
	}
	schema := providers.TenantSchema(kind)
	for _, name := range schema.Names() {
		if !schema.Lookup(name).Hidden && name != providers.CloudManaged && (mapped[name] || !slices.Contains(special,
			name)) {
			names = append(names, name)
		}
	}
	return names
}
