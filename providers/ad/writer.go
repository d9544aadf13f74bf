package ad

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// Writer makes the few changes dirform makes in Active Directory. It is safe for concurrent use.
type Writer struct{ s *session }

var _ providers.SourceWriter = (*Writer)(nil)

// OpenWriter connects as [Open] does.
func OpenWriter(ctx context.Context, cfg Config) (*Writer, error) {
	s, err := openSession(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &Writer{s}, nil
}

// Close ends all connections.
func (w *Writer) Close() error { return w.s.Close() }

// modify sends one request. Its error wraps ErrUnknownOutcome if it was sent and no answer came.
func (w *Writer) modify(ctx context.Context, req *ldap.ModifyRequest) error {
	return w.s.with(ctx, func(c *conn) error {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		err := c.do(ctx, func() error { return c.Modify(req) })
		if err != nil && resultCode(err) == 0 {
			return fmt.Errorf("%w: %w", providers.ErrUnknownOutcome, err)
		}
		return err
	})
}

// AddUPNSuffix adds an alternative UPN suffix to the forest. One that exists already is fine.
func (w *Writer) AddUPNSuffix(ctx context.Context, suffix string) error {
	partitions := w.s.partitions()
	if partitions == "" {
		return fmt.Errorf("active directory: UPN suffix %s: the server names no configurationNamingContext", suffix)
	}
	if suffix == "" || strings.ContainsAny(suffix, "@ ") {
		return &fault.Error{Summary: fmt.Sprintf("active directory: %q is not a UPN suffix", suffix),
			Hint: "A UPN suffix is what follows the @, such as contoso.com."}
	}
	req := ldap.NewModifyRequest(partitions, nil)
	req.Add("uPNSuffixes", []string{suffix})
	err := w.modify(ctx, req)
	switch resultCode(err) {
	case ldap.LDAPResultAttributeOrValueExists:
		return nil
	case ldap.LDAPResultInsufficientAccessRights:
		err = &fault.Error{Summary: fmt.Sprintf("the account may not write uPNSuffixes on %q", partitions), Err: err,
			Hint: "Let a member of Enterprise Admins grant it that right or add the suffix (Active Directory Domains and Trusts, Properties)."}
	}
	if err != nil {
		return fmt.Errorf("active directory: UPN suffix %s: %w", suffix, err)
	}
	return nil
}

// SetAttribute replaces the value of a single-valued attribute in one request that the server refuses as a whole if the value
// isn't before: Active Directory has no assertion control, but deleting a value that isn't there fails (noSuchAttribute), and
// so does adding to a single-valued attribute that has one (attributeOrValueExists). Null means no value.
func (w *Writer) SetAttribute(ctx context.Context, guid state.GUID, name string, before, after state.Value) error {
	fail := func(err error) error {
		return fmt.Errorf("active directory: %s of the object %s: %w", name, guid, err)
	}
	conv := writeConversion(name)
	old, err := wireValue(conv, before)
	if err != nil {
		return fail(err)
	}
	value, err := wireValue(conv, after)
	if err != nil {
		return fail(err)
	}
	if old == value {
		return nil
	}
	req := ldap.NewModifyRequest(guidDN(guid), nil)
	if old != "" {
		req.Delete(name, []string{old})
	}
	if value != "" {
		req.Add(name, []string{value})
	}
	if err := w.modify(ctx, req); err != nil {
		return fail(explainModify(err, name, old != ""))
	}
	return nil
}

func explainModify(err error, name string, replaces bool) error {
	switch resultCode(err) {
	case ldap.LDAPResultNoSuchAttribute:
		if replaces {
			return fmt.Errorf("it has another value by now: %w: %w", providers.ErrStale, err)
		}
		return fmt.Errorf("the forest's schema has no such attribute: %w", err)
	case ldap.LDAPResultAttributeOrValueExists:
		return fmt.Errorf("it has a value by now: %w: %w", providers.ErrStale, err)
	case ldap.LDAPResultNoSuchObject:
		return fmt.Errorf("the object is gone: %w: %w", providers.ErrStale, err)
	case ldap.LDAPResultInsufficientAccessRights:
		return &fault.Error{Summary: "the account may not write it", Err: err, Hint: fmt.Sprintf("Grant it \"Write %s\" on the container, "+
			"inherited by users (dsacls CONTAINER /I:S /G ACCOUNT:WP;%s;user). Accounts in protected groups (adminCount = 1) don't inherit it.", name, name)}
	case ldap.LDAPResultInvalidAttributeSyntax, ldap.LDAPResultConstraintViolation:
		return fmt.Errorf("the directory doesn't accept the value: %w", err)
	}
	return err
}

// writeConversion is how values of the named attribute are written, whatever kind of object has it.
func writeConversion(name string) conversion {
	for _, kind := range []state.Kind{state.User, state.Group, state.Contact} {
		if a := providers.ADSchema(kind).Lookup(name); a != nil {
			return conversionOf(name, a)
		}
	}
	return asString
}
