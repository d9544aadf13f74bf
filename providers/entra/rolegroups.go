package entra

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/dirform/dirform/providers"
)

// throughGroups adds to held those who have their roles from a group: its members, and its owners, who can make themselves
// members; the service guards both alike (v1.0 reference, users, "Sensitive actions"). Groups that hold roles can't have groups
// as members, so one level is all there is.
//
// What kind a principal is, an assignment doesn't tell. So every principal is asked for its members, twenty in a request; those
// that are no group answer 404.
func (r *Reader) throughGroups(ctx context.Context, held roles) error {
	principals := slices.Sorted(maps.Keys(held))
	members, err := r.related(ctx, principals, "members")
	if err != nil {
		return err
	}
	groups := slices.Sorted(maps.Keys(members))
	owners, err := r.related(ctx, groups, "owners")
	if err != nil {
		return err
	}
	inherited := roles{}
	for _, g := range groups {
		for _, id := range members[g] {
			inherited[id] = append(inherited[id], held[g]...)
		}
		for _, id := range owners[g] {
			for _, within := range held[g] {
				inherited[id] = append(inherited[id], role{name: within.name})
			}
		}
	}
	for id, more := range inherited {
		held[id] = append(held[id], more...)
	}
	return nil
}

// related lists the ids of the members or owners of those among ids that are groups.
func (r *Reader) related(ctx context.Context, ids []string, relation string) (map[string][]string, error) {
	op := "GET /groups/{id}/" + relation
	found := map[string][]string{}
	for some := range slices.Chunk(ids, providers.MaxBatch) {
		links := make([]string, len(some))
		for i, id := range some {
			links[i] = "/groups/" + url.PathEscape(id) + "/" + relation + "?$select=id&$top=999"
		}
		replies, err := r.client.GetMany(ctx, op, links)
		if err != nil {
			return nil, err
		}
		for i, rep := range replies {
			if rep.Status == http.StatusNotFound {
				continue
			}
			if found[some[i]], err = r.relatedIn(ctx, op, rep.Body); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// relatedIn reads the ids on a first page, and on those that follow it.
func (r *Reader) relatedIn(ctx context.Context, op string, first []byte) ([]string, error) {
	var page struct {
		Next  string   `json:"@odata.nextLink"`
		Value *[]named `json:"value"`
	}
	if err := json.Unmarshal(first, &page); err != nil {
		return nil, fmt.Errorf("%s: the reply is not valid: %w", op, err)
	}
	if page.Value == nil {
		return nil, fmt.Errorf(`%s: the reply has no "value", so it is not a page of objects`, op)
	}
	objects := *page.Value
	if page.Next != "" {
		rest, err := collectFrom[named](ctx, r.client, op, page.Next)
		if err != nil {
			return nil, err
		}
		objects = append(objects, rest...)
	}
	ids := make([]string, len(objects))
	for i, o := range objects {
		ids[i] = o.ID
	}
	return ids, nil
}
