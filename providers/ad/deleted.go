package ad

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Controls that show what was deleted: tombstones and, with the recycle bin, what can still be brought back; and of
// the latter what lies there so long that it cannot (MS-ADTS 3.1.1.3.4.1.14 and 26).
const (
	controlShowDeleted  = "1.2.840.113556.1.4.417"
	controlShowRecycled = "1.2.840.113556.1.4.2064"
)

// wellKnownDeleted is the well-known GUID of the container of deleted objects, which may go by any name (MS-ADTS
// 6.1.1.4).
const wellKnownDeleted = "18E2EA80684F11D2B9AA00C04F79F805"

// deletedMark is what the name of a deleted object has between its old name and its GUID: a line feed and DEL: (MS-ADTS
// 3.1.1.5.5). A line feed in a distinguished name is written \0A.
const deletedMark = `\0ADEL:`

// Deleted says which of the objects with these GUIDs were deleted, as far as the domain still knows, many in one
// search. shown is false where the account may not see deleted objects: to such accounts their container looks empty,
// which says nothing.
func (r *Reader) Deleted(ctx context.Context, guids []state.GUID) (found []state.GUID, shown bool, err error) {
	if !r.s.root.controls[controlShowDeleted] {
		return nil, false, nil
	}
	err = r.s.with(ctx, func(c *conn) error {
		if shown, err = r.s.showsDeleted(ctx, c); !shown || err != nil {
			return err
		}
		for chunk := range slices.Chunk(uniqueGUIDs(guids), lookupChunk) {
			list, err := r.s.deleted(ctx, c, chunk)
			if err != nil {
				return err
			}
			found = append(found, list...)
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("active directory: %s: looking for deleted objects: %w", r.s.server.url,
			explainSearch(err))
	}
	return found, shown, nil
}

// showsDeleted reports whether the account may see deleted objects. An account without the right finds at most the
// name of their container (Samba 4.17, 2026-11-30).
func (s *session) showsDeleted(ctx context.Context, c *conn) (bool, error) {
	name := fmt.Sprintf("<WKGUID=%s,%s>", wellKnownDeleted, s.root.domain)
	entry, err := c.entry(ctx, name, []string{"objectGUID"}, s.showDeleted())
	switch resultCode(err) {
	case ldap.LDAPResultNoSuchObject, ldap.LDAPResultInsufficientAccessRights:
		return false, nil
	}
	return err == nil && len(entry.GetRawAttributeValue("objectGUID")) > 0, err
}

// deleted are those of up to lookupChunk objects that were deleted. The filter asks for their GUIDs alone, which
// everybody may read; what somebody has brought back meanwhile is left out by its name.
func (s *session) deleted(ctx context.Context, c *conn, guids []state.GUID) (found []state.GUID, err error) {
	entries, err := c.list(ctx, s.root.domain, ldap.ScopeWholeSubtree, providers.GUIDFilter(guids, "objectGUID"),
		[]string{"objectGUID"}, s.showDeleted())
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		var g state.GUID
		if raw := e.GetRawAttributeValue("objectGUID"); len(raw) == len(g) && strings.Contains(e.DN, deletedMark) {
			copy(g[:], raw)
			found = append(found, g)
		}
	}
	return found, nil
}

// showDeleted are the controls of a search that finds deleted objects, too.
func (s *session) showDeleted() []ldap.Control {
	controls := []ldap.Control{control{oid: controlShowDeleted, critical: true}}
	for _, oid := range []string{controlShowRecycled, controlDomainScope} {
		if s.root.controls[oid] {
			controls = append(controls, control{oid: oid})
		}
	}
	return controls
}
