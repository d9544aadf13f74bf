package entra

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/entra/internal/graph"
	"github.com/dirform/dirform/state/fault"
)

// Reader reads an Entra tenant. It is safe for concurrent use, and it cannot write.
type Reader struct{ client *graph.Client }

var _ providers.TenantReader = (*Reader)(nil)

// Open signs in and returns a reader.
func Open(ctx context.Context, cfg Config) (*Reader, error) {
	s, err := cfg.settings()
	if err != nil {
		return nil, err
	}
	c, err := graph.ForReading(ctx, s)
	if err != nil {
		return nil, err
	}
	return &Reader{client: c}, nil
}

// Close gives connections back.
func (r *Reader) Close() error {
	r.client.Close()
	return nil
}

// Stats counts what has been asked of the service so far.
func (r *Reader) Stats() Stats { return r.client.Count.Stats() }

// Clock is the time that the service's clock shows, as its latest reply said.
func (r *Reader) Clock() time.Time { return r.client.ServiceTime() }

// Organization identifies the tenant. It needs the permission Organization.Read.All (User.Read.All does as well).
func (r *Reader) Organization(ctx context.Context) (providers.Organization, error) {
	type organization struct {
		ID          string `json:"id"`
		DisplayName string `json:"displayName"`
		SyncEnabled *bool  `json:"onPremisesSyncEnabled"` // null in a tenant that never was synchronised
	}
	all, err := collect[organization](ctx, r.client, "/organization", "?$select=id,displayName,onPremisesSyncEnabled")
	if err != nil {
		return providers.Organization{}, fmt.Errorf("reading the organisation: %w", graph.Explain(err, "Organization.Read.All"))
	}
	if len(all) != 1 || all[0].ID == "" {
		return providers.Organization{}, fault.Advise(
			fmt.Errorf("reading the organisation: the service returned %d of them instead of one", len(all)), "Check tenant_id and endpoint.")
	}
	o := all[0]
	return providers.Organization{ID: o.ID, DisplayName: o.DisplayName, SyncEnabled: o.SyncEnabled != nil && *o.SyncEnabled,
		SyncedOnce: o.SyncEnabled != nil}, nil
}

// Domains lists the tenant's domain names. It needs the permission Domain.Read.All.
func (r *Reader) Domains(ctx context.Context) ([]providers.TenantDomain, error) {
	type domain struct {
		ID             string `json:"id"`
		IsVerified     bool   `json:"isVerified"`
		IsInitial      bool   `json:"isInitial"`
		Authentication string `json:"authenticationType"`
	}
	all, err := collect[domain](ctx, r.client, "/domains", "?$select=id,isVerified,isInitial,authenticationType")
	if err != nil {
		return nil, fmt.Errorf("reading the domains: %w", graph.Explain(err, "Domain.Read.All"))
	}
	domains := make([]providers.TenantDomain, 0, len(all))
	for _, d := range all {
		domains = append(domains, providers.TenantDomain{Name: d.ID, Verified: d.IsVerified, Initial: d.IsInitial, Federated: d.Authentication == "Federated"})
	}
	return domains, nil
}

// collect reads a small collection whole, with all its pages.
func collect[T any](ctx context.Context, c *graph.Client, path, params string) ([]T, error) {
	return collectFrom[T](ctx, c, "GET "+path, path+params)
}

// collectFrom reads the page at link and those that follow it; op names it in messages.
func collectFrom[T any](ctx context.Context, c *graph.Client, op, link string) (all []T, err error) {
	err = pagesFrom(ctx, c, op, link, func(page []T) error {
		all = append(all, page...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// pagesFrom hands out the page at link and those that follow it, one after the other.
func pagesFrom[T any](ctx context.Context, c *graph.Client, op, link string, take func([]T) error) error {
	for seen := newLinks(link); link != ""; {
		c.Count.Reads.Add(1)
		text, err := c.Get(ctx, op, link, nil)
		if err != nil {
			return err
		}
		var page struct {
			Next  string `json:"@odata.nextLink"`
			Value *[]T   `json:"value"`
		}
		if err := json.Unmarshal([]byte(text), &page); err != nil {
			return fmt.Errorf("%s: the reply is not valid: %w", op, err)
		}
		if page.Value == nil {
			return fmt.Errorf(`%s: the reply has no "value", so it is not a page of objects`, op)
		}
		if err := take(*page.Value); err != nil {
			return err
		}
		link = page.Next
		if err := seen.add(link); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
	}
	return nil
}
