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

// effective is the attribute in which the server lists what the account may write of an object (MS-ADTS 3.1.1.4.5.17).
const effective = "allowedAttributesEffective"

// MayWrite reports whether the account may write an attribute of one of these objects at least. It takes one search. It is true where the server lists nothing of what it shows.
func (r *Reader) MayWrite(ctx context.Context, attribute string, guids []state.GUID) (may bool, err error) {
	filter := providers.GUIDFilter(guids, "objectGUID")
	told := false
	err = r.s.with(ctx, func(c *conn) error {
		entries, err := c.list(ctx, r.s.base(), ldap.ScopeWholeSubtree, filter, []string{effective, "sDRightsEffective"}, r.s.scopeControls())
		for _, e := range entries {
			list := e.GetEqualFoldAttributeValues(effective)
			told = told || len(list) > 0 || e.GetEqualFoldAttributeValue("sDRightsEffective") != ""
			may = may || slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, attribute) })
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("active directory: what the account may write: %w", explainSearch(err))
	}
	return may || !told, nil
}
