package ad

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/ad/internal/access"
	"github.com/dirform/dirform/state"
)

// daclOnly asks for the access control list of a security descriptor alone (MS-ADTS 3.1.1.3.4.1.11). Without it, the server
// shows a descriptor to nobody who may not read its audit part.
var daclOnly = &ldap.ControlMicrosoftSDFlags{ControlValue: 4}

// sampled is how many objects of each container are looked at, and sampledBases in how many containers.
const (
	sampled      = 50
	sampledBases = 8
)

// Unreadable are those of names, attributes of the schema, that the account may not read of some of the first objects of a query:
// by the object's access control list, and no value came. tells is false where that cannot be told. It takes a search for
// each container, and four more for the connection.
func (r *Reader) Unreadable(ctx context.Context, q providers.Query, names []string) (unreadable []string, tells bool, err error) {
	if !r.s.root.controls[ldap.ControlTypeMicrosoftSDFlags] || !r.s.root.controls[ldap.ControlTypePaging] {
		return nil, false, nil
	}
	err = r.s.with(ctx, func(c *conn) error {
		who, err := access.TokenOf(ctx, c.list, r.s.root.domain, r.s.principal(), r.s.scopeControls())
		if err != nil || len(who) == 0 {
			return err
		}
		known, err := r.s.attributes(ctx, c, names, access.SchemaAttributes)
		if err != nil {
			return err
		}
		attributes := access.Named(known, names)
		for _, base := range q.Bases[:min(len(q.Bases), sampledBases)] {
			entries, err := r.s.sample(ctx, c, base, q.Kind, names)
			if err != nil {
				return err
			}
			for _, e := range entries {
				lacks, told := access.Lacking(e, who, attributes)
				tells = tells || told
				unreadable = append(unreadable, lacks...)
			}
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("active directory: what the account may read: %w", explainSearch(err))
	}
	slices.Sort(unreadable)
	return slices.Compact(unreadable), tells, nil
}

// sample are the first objects of a kind in a container.
func (s *session) sample(ctx context.Context, c *conn, base string, kind state.Kind, names []string) ([]*ldap.Entry, error) {
	filter, err := kindFilter(kind, "", nil)
	if err != nil {
		return nil, err
	}
	controls := append(s.scopeControls(), daclOnly, ldap.NewControlPaging(sampled))
	return c.list(ctx, base, ldap.ScopeWholeSubtree, filter, append([]string{access.Descriptor}, names...), controls)
}

func (s *session) scopeControls() []ldap.Control {
	if s.root.controls[controlDomainScope] {
		return []ldap.Control{control{oid: controlDomainScope, critical: true}}
	}
	return nil
}

// principal is the account that the configuration names.
func (s *session) principal() string {
	if k := s.cfg.Kerberos; k != nil {
		return k.Principal
	}
	return s.cfg.BindDN
}
