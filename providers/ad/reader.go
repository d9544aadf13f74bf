package ad

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/fault"
)

// Reader reads an Active Directory domain. It is safe for concurrent use; each read has connections of its own.
type Reader struct{ s *session }

var _ providers.SourceReader = (*Reader)(nil)

// Open connects to the first domain controller that answers, logs on and looks at what it offers. A server that refuses the
// logon ends the attempt. The connections made later go to the same server.
func Open(ctx context.Context, cfg Config) (*Reader, error) {
	s, err := openSession(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &Reader{s}, nil
}

// Close ends all connections.
func (r *Reader) Close() error { return r.s.Close() }

// Read streams the objects of a query, in no particular order. Containers that lie in another one of the query or are named
// twice are read once. Several containers are read at the same time. The query's shape may name any attribute; those the
// server doesn't have are null.
func (r *Reader) Read(ctx context.Context, q providers.Query) providers.Objects {
	b, err := newBatch(q)
	if err != nil {
		return failed(err)
	}
	return r.s.stream(ctx, b)
}

func newBatch(q providers.Query) (batch, error) {
	b := batch{kind: q.Kind, shape: q.Attributes}
	if len(q.Bases) == 0 {
		return b, errors.New("active directory: no container to read was given")
	}
	filter, err := kindFilter(q.Kind, q.Filter, q.GUIDs)
	if err != nil {
		return b, fmt.Errorf("active directory: %w", err)
	}
	bases, err := dn.Outermost(q.Bases)
	if err != nil {
		return b, fmt.Errorf("active directory: %w", err)
	}
	b.left = len(q.Bases)
	for _, name := range slices.Concat(q.Bases, q.Exclude) {
		n, err := dn.Parse(name)
		if err != nil {
			return b, fmt.Errorf("active directory: exclude: %w", err)
		}
		b.containers = append(b.containers, n)
	}
	for _, base := range bases {
		b.searches = append(b.searches, search{base, filter})
	}
	return b, nil
}

// lookupChunk is how many objects one search looks up. The request stays below the 10 MB a domain controller takes, and the
// filter below the limits on its depth and size.
const lookupChunk = 200

// Lookup streams the objects with these GUIDs wherever they are in the domain, below the base DN or not, in no
// particular order.
func (r *Reader) Lookup(ctx context.Context, kind state.Kind, guids []state.GUID, attributes *state.Shape) providers.Objects {
	b := batch{kind: kind, shape: attributes}
	for chunk := range slices.Chunk(uniqueGUIDs(guids), lookupChunk) {
		b.searches = append(b.searches, search{r.s.root.domain, providers.GUIDFilter(chunk, "objectGUID")})
	}
	return r.s.stream(ctx, b)
}

func uniqueGUIDs(guids []state.GUID) []state.GUID {
	seen := make(map[state.GUID]bool, len(guids))
	var list []state.GUID
	for _, g := range guids {
		if !seen[g] {
			seen[g] = true
			list = append(list, g)
		}
	}
	return list
}

func failed(err error) providers.Objects {
	return func(yield func(*state.Object, error) bool) { yield(nil, err) }
}

// Clock is the time that the domain controller's clock shows, by what it said when it was connected to.
func (r *Reader) Clock() time.Time {
	if r.s.root.clock.IsZero() {
		return time.Time{}
	}
	return r.s.root.clock.Add(time.Since(r.s.root.read))
}

// Domain identifies the domain of the server that answers.
func (r *Reader) Domain(ctx context.Context) (providers.Domain, error) {
	d := providers.Domain{Name: dn.Domain(r.s.root.domain), BaseDN: r.s.base()}
	err := r.s.with(ctx, func(c *conn) error {
		entry, err := c.entry(ctx, r.s.root.domain, []string{"objectSid"}, nil)
		if err != nil {
			return err
		}
		d.SID, err = sidText(string(entry.GetRawAttributeValue("objectSid")))
		return err
	})
	if err != nil {
		return providers.Domain{}, fmt.Errorf("active directory: reading the domain's SID: %w", err)
	}
	return d, nil
}

// Container resolves a container by distinguished name or, if name is empty, by GUID.
func (r *Reader) Container(ctx context.Context, name string, guid state.GUID) (providers.Container, bool, error) {
	if name == "" {
		name = guidDN(guid)
	} else if _, err := dn.Parse(name); err != nil {
		return providers.Container{}, false, fmt.Errorf("active directory: %w", err)
	}
	var result providers.Container
	err := r.s.with(ctx, func(c *conn) error {
		entry, err := c.entry(ctx, name, []string{"objectGUID"}, nil)
		if err != nil {
			return err
		}
		raw := entry.GetRawAttributeValue("objectGUID")
		if len(raw) != len(result.GUID) {
			return &fault.Error{Summary: "the server sent no objectGUID", Hint: mayReadGUID}
		}
		result.DN = entry.DN
		copy(result.GUID[:], raw)
		return nil
	})
	switch {
	case resultCode(err) == ldap.LDAPResultNoSuchObject:
		return providers.Container{}, false, nil
	case err != nil:
		return providers.Container{}, false, fmt.Errorf("active directory: %s: %q: %w", r.s.server.url, name, explainSearch(err))
	}
	return result, true, nil
}

// mayReadGUID is what to do about objects whose objectGUID does not show.
const mayReadGUID = "The account needs the right to read objectGUID."

// UPNSuffixes lists the forest's alternative UPN suffixes and the DNS names of its domains, sorted, each once.
func (r *Reader) UPNSuffixes(ctx context.Context) ([]string, error) {
	list := []string{dn.Domain(r.s.root.domain)}
	partitions := r.s.partitions()
	if partitions == "" {
		return list, nil
	}
	err := r.s.with(ctx, func(c *conn) error {
		entry, err := c.entry(ctx, partitions, []string{"uPNSuffixes"}, nil)
		if err != nil {
			return err
		}
		list = append(list, entry.GetEqualFoldAttributeValues("uPNSuffixes")...)
		// Bit 2 of a cross-reference's systemFlags marks the naming contexts that are domains (MS-ADTS 6.1.1.2.1.1.5).
		domains, err := c.list(ctx, partitions, ldap.ScopeSingleLevel, "(&(objectClass=crossRef)(systemFlags:1.2.840.113556.1.4.803:=2))", []string{"dnsRoot"}, nil)
		for _, d := range domains {
			list = append(list, d.GetEqualFoldAttributeValues("dnsRoot")...)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("active directory: reading UPN suffixes from %q: %w", partitions, explainSearch(err))
	}
	fold := func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }
	slices.SortStableFunc(list, fold)
	return slices.CompactFunc(list, strings.EqualFold), nil
}

// partitions is the DN of the container that keeps the forest's UPN suffixes.
func (s *session) partitions() string {
	if s.root.configuration == "" {
		return ""
	}
	return "CN=Partitions," + s.root.configuration
}
