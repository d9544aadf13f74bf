package entra

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/entra/internal/graph"
)

// RoleHolders lists who holds a directory role, directly or as a member or owner of a group that holds it, sorted by id. It needs
// the permission RoleManagement.Read.Directory, and GroupMember.Read.All for the groups.
//
// Who is only eligible for a role (Privileged Identity Management) does not hold it, and is not listed.
//
// The unified role API knows every assignment, custom roles and administrative units included. Where it is not to be had
// (403, 404), the older list of activated roles with their members answers.
func (r *Reader) RoleHolders(ctx context.Context) ([]providers.RoleHolder, error) {
	held, err := r.assignedRoles(ctx)
	if s := graph.StatusOf(err); s == http.StatusForbidden || s == http.StatusNotFound {
		held, err = r.activatedRoles(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("reading who holds an Entra role: %w", graph.Explain(err, "RoleManagement.Read.Directory"))
	}
	if err := r.throughGroups(ctx, held); err != nil {
		return nil, fmt.Errorf("reading who holds an Entra role through a group: %w", graph.Explain(err, "GroupMember.Read.All"))
	}
	return roleHolders(held), nil
}

// roles are the roles that principals hold, by the principal's id: a user, a group, or an application.
type roles map[string][]role

// role is a role as somebody holds it.
type role struct {
	name     string
	template string // template id; empty if the role is only within reach, see [Reader.throughGroups]
}

type named struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
}

func (r *Reader) assignedRoles(ctx context.Context) (roles, error) {
	known, err := collect[named](ctx, r.client, "/roleManagement/directory/roleDefinitions", "?$select=id,displayName")
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(known))
	for _, role := range known {
		names[role.ID] = role.DisplayName
	}
	type assignment struct {
		PrincipalID      string `json:"principalId"`
		RoleDefinitionID string `json:"roleDefinitionId"`
	}
	assigned, err := collect[assignment](ctx, r.client, "/roleManagement/directory/roleAssignments", "?$select=principalId,roleDefinitionId")
	if err != nil {
		return nil, err
	}
	held := roles{}
	for _, a := range assigned {
		name := names[a.RoleDefinitionID]
		if name == "" { // a role without a name is a role all the same
			name = a.RoleDefinitionID
		}
		// The id of a built-in role's definition is its template's (unifiedRoleDefinition reference).
		held[a.PrincipalID] = append(held[a.PrincipalID], role{name, a.RoleDefinitionID})
	}
	return held, nil
}

func (r *Reader) activatedRoles(ctx context.Context) (roles, error) {
	type activated struct {
		named
		Template string `json:"roleTemplateId"`
	}
	known, err := collect[activated](ctx, r.client, "/directoryRoles", "?$select=id,displayName,roleTemplateId")
	if err != nil {
		return nil, err
	}
	held := roles{}
	for _, x := range known {
		members, err := collect[named](ctx, r.client, "/directoryRoles/"+x.ID+"/members", "?$select=id")
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			held[m.ID] = append(held[m.ID], role{x.DisplayName, x.Template})
		}
	}
	return held, nil
}

func roleHolders(held roles) []providers.RoleHolder {
	holders := make([]providers.RoleHolder, 0, len(held))
	for id, roles := range held {
		h := providers.RoleHolder{ID: id}
		for _, r := range roles {
			h.Roles = append(h.Roles, r.name)
			if r.template != "" {
				h.Templates = append(h.Templates, r.template)
			}
		}
		slices.Sort(h.Roles)
		slices.Sort(h.Templates)
		h.Roles, h.Templates = slices.Compact(h.Roles), slices.Compact(h.Templates)
		holders = append(holders, h)
	}
	slices.SortFunc(holders, func(a, b providers.RoleHolder) int { return strings.Compare(a.ID, b.ID) })
	return holders
}
