package ad

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state/near"
)

var _ providers.SourceInspector = (*Reader)(nil)

// knownName is an attribute that every schema has: where it does not show, the schema does not.
const knownName = "objectGUID"

// UnknownNames are those of names that the server's schema has no attribute of, regardless of case.
func (r *Reader) UnknownNames(ctx context.Context, names []string) (unknown []providers.UnknownName, err error) {
	err = r.s.with(ctx, func(c *conn) error {
		known, err := r.s.attributes(ctx, c, names, nil)
		if err != nil {
			return err
		}
		for _, name := range names {
			if known[strings.ToLower(name)] == nil {
				unknown = append(unknown, providers.UnknownName{Name: name})
			}
		}
		if len(unknown) == 0 {
			return nil
		}
		all, err := r.s.attributeNames(ctx, c)
		for i := range unknown {
			unknown[i].Near = near.Closest(unknown[i].Name, all)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("active directory: reading the schema: %w", explainSearch(err))
	}
	return unknown, nil
}

// schemaChunk is how many attributes one search asks for.
const schemaChunk = 100

// attributes are the schema's objects of some attributes, with what is asked of them, by name in lower case.
func (s *session) attributes(ctx context.Context, c *conn, names, ask []string) (map[string]*ldap.Entry, error) {
	if s.root.schema == "" {
		return nil, providers.ErrNoSchema
	}
	known := map[string]*ldap.Entry{}
	for chunk := range slices.Chunk(append([]string{knownName}, names...), schemaChunk) {
		filter := "(&(objectClass=attributeSchema)(|"
		for _, name := range chunk {
			filter += "(lDAPDisplayName=" + ldap.EscapeFilter(name) + ")"
		}
		entries, err := c.list(ctx, s.root.schema, ldap.ScopeSingleLevel, filter+"))", append([]string{"lDAPDisplayName"}, ask...), nil)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			known[strings.ToLower(e.GetEqualFoldAttributeValue("lDAPDisplayName"))] = e
		}
	}
	if known[strings.ToLower(knownName)] == nil {
		return nil, providers.ErrNoSchema
	}
	return known, nil
}

// attributeNames are the names of all attributes in the schema, sorted.
func (s *session) attributeNames(ctx context.Context, c *conn) (names []string, err error) {
	req := ldap.NewSearchRequest(s.root.schema, ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 0, 0, false,
		"(objectClass=attributeSchema)", []string{"lDAPDisplayName"}, nil)
	var result *ldap.SearchResult
	err = c.do(ctx, func() (err error) {
		result, err = c.SearchWithPaging(req, uint32(s.cfg.PageSize))
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, e := range result.Entries {
		names = append(names, e.GetEqualFoldAttributeValue("lDAPDisplayName"))
	}
	slices.Sort(names)
	return names, nil
}
