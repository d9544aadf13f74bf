package entra

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/entra/internal/wire"
	"github.com/dirform/dirform/state"
)

// exchangeFoundation is a service plan of Exchange that nearly every product contains and that has no mailbox in it
// (Microsoft Entra, "Product names and service plan identifiers for licensing").
const exchangeFoundation = "113feb6c-3fe4-4440-bddc-54d774bf0318"

// Mailboxes says which of the users with these ids have a service plan of Exchange, by id.
func (r *Reader) Mailboxes(ctx context.Context, ids []string) (map[string]bool, error) {
	q, err := wire.NewQuery(state.User, state.NewShape(), false)
	if err != nil {
		return nil, err
	}
	links := make([]string, len(ids))
	for i, id := range ids {
		links[i] = "/users/" + url.PathEscape(id) + "?$select=id,assignedPlans"
	}
	found := map[string]bool{}
	var failed error
	stop := func(_ *state.Object, err error) bool {
		failed = err
		return false
	}
	r.ask(ctx, q, "GET /users/{id}", links, stop, func(_ int, body string) (bool, error) {
		var u licensed
		if err := json.Unmarshal([]byte(body), &u); err != nil {
			return true, fmt.Errorf("GET /users/{id}: the reply is not a user: %w", err)
		}
		if u.mailbox() {
			found[u.ID] = true
		}
		return true, nil
	})
	return found, failed
}

var _ providers.MailboxLister = (*Reader)(nil)

// AllMailboxes tells the ids of all users that have a service plan of Exchange.
func (r *Reader) AllMailboxes(ctx context.Context, tell func(id string) error) error {
	link := "/users?$select=id,assignedPlans&$top=" + strconv.Itoa(pageSize)
	return pagesFrom(ctx, r.client, "GET /users", link, func(page []licensed) error {
		for i := range page {
			if !page[i].mailbox() {
				continue
			}
			if err := tell(page[i].ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// licensed is a user with the service plans of its licences.
type licensed struct {
	ID            string `json:"id"`
	AssignedPlans []struct {
		Service          string `json:"service"` // in lower case: exchange
		ServicePlanID    string `json:"servicePlanId"`
		CapabilityStatus string `json:"capabilityStatus"`
	} `json:"assignedPlans"`
}

func (u *licensed) mailbox() bool {
	for _, p := range u.AssignedPlans {
		if strings.EqualFold(p.Service, "exchange") && !strings.EqualFold(p.CapabilityStatus, "Deleted") &&
			!strings.EqualFold(p.ServicePlanID, exchangeFoundation) {
			return true
		}
	}
	return false
}
