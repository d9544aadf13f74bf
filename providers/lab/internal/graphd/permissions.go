package graphd

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/state"
)

// permissions are those that tokens carry: those of the manners, or all that any kind of object takes.
func (f Faults) permissions() []string {
	if f.Permissions != "" {
		return strings.Fields(f.Permissions)
	}
	all := []string{"Domain.ReadWrite.All", "RoleManagement.Read.Directory", "LicenseAssignment.ReadWrite.All"}
	for _, d := range state.Kinds {
		all = append(all, d.Read)
		for _, g := range d.Grants {
			if !g.Delegated || f.SignedInAs != "" {
				all = append(all, g.Permission)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// permits reports whether the application may write at a route, as far as the permissions of the kinds of objects tell: it
// has one of those that the kind named there may be written with. Which attributes those cover is not looked at.
func (f Faults) permits(r *route) bool {
	if f.Permissions == "" {
		return true
	}
	kind, held := state.User, strings.Fields(f.Permissions)
	switch {
	case strings.HasPrefix(r.path, "/groups"):
		kind = state.Group
	case strings.HasPrefix(r.path, "/organization"):
		kind = state.DirectorySync
	}
	return slices.ContainsFunc(kind.Descriptor().Grants, func(g state.Grant) bool {
		return g.Apart == r.isSyncBehavior() && slices.Contains(held, g.Permission)
	})
}

// seesSignIns reports whether the application may read when people signed in.
func (f Faults) seesSignIns() bool {
	return f.Permissions == "" || slices.Contains(strings.Fields(f.Permissions), "AuditLog.Read.All")
}
