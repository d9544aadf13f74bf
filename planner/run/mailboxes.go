package run

import (
	"context"
	"errors"

	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
)

// findMailboxes asks which accounts have a mailbox, of those whose address is to be one that Exchange would drop.
// Without such accounts nothing is asked. Where the service does not say, the address is written as it is to be.
func (r *Reading) findMailboxes(ctx context.Context, b *reconcile.Builder) error {
	ids, err := b.Unhoused()
	if err != nil || len(ids) == 0 {
		return err
	}
	tenant, err := r.run.Directories.Tenant(ctx, r.Config.Entra)
	if err != nil {
		return err
	}
	found, err := tenant.Mailboxes(ctx, ids)
	var refused *providers.ServiceError
	if errors.As(err, &refused) && refused.Status < 500 {
		r.run.log().Warn("the tenant does not say which accounts have a mailbox", "status", refused.Status,
			"asked", len(ids))
		return nil
	}
	if err == nil {
		b.Mailboxes(found)
	}
	return err
}
