package ad

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/visible"
)

// search is one subtree search.
type search struct {
	base   string
	filter string
}

// batch is a set of searches whose results make one stream.
type batch struct {
	kind     state.Kind
	shape    *state.Shape
	searches []search
	// An object is dropped whose nearest container is among those from left on.
	containers []dn.Normal
	left       int
}

// arrival is what a search's goroutine hands to the stream: a run of entries or an error.
type arrival struct {
	run string
	err error
}

// maxArrivals is how many runs (of at most 64 KiB, mostly 16) may wait for the decoder.
const maxArrivals = 32

// stream runs the searches, several at a time, and decodes their entries.
func (s *session) stream(ctx context.Context, b batch) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		ctx, cancel := context.WithCancelCause(ctx)
		arrivals, wait := s.launch(ctx, b)
		defer wait()
		defer cancel(errors.New("the reader stopped"))
		x := extractor{session: s, batch: b, decoder: newDecoder(b.kind, b.shape), yield: yield}
		for a := range arrivals {
			err := a.err
			if err == nil {
				err = x.run(ctx, a.run)
			}
			if err == errStopped {
				return
			}
			if err != nil {
				yield(nil, x.incomplete(err))
				return
			}
		}
		if ctx.Err() != nil {
			// The searches ended early; they may not have found anybody to tell.
			yield(nil, x.incomplete(context.Cause(ctx)))
		}
	}
}

func (x *extractor) incomplete(err error) error {
	return &fault.Error{Summary: "the read of Active Directory is incomplete",
		Err: fmt.Errorf("%s, after %d objects: %w", x.session.server.url, x.count, err)}
}

// launch runs the searches on up to as many connections as the configuration allows. The channel is closed when all are done;
// wait returns after that.
func (s *session) launch(ctx context.Context, b batch) (arrivals <-chan arrival, wait func()) {
	out := make(chan arrival, maxArrivals)
	jobs := make(chan search, len(b.searches))
	for _, j := range b.searches {
		jobs <- j
	}
	close(jobs)
	var group sync.WaitGroup
	for range min(s.cfg.Connections, len(b.searches)) {
		group.Go(func() {
			defer crash.Guard()
			for j := range jobs {
				if err := s.run(ctx, j, b.shape, out); err != nil {
					select {
					case out <- arrival{err: err}:
					case <-ctx.Done():
					}
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer crash.Guard()
		group.Wait()
		close(out)
		close(done)
	}()
	return out, func() { <-done }
}

// run carries out one search, page by page, and hands its entries over.
func (s *session) run(ctx context.Context, j search, shape *state.Shape, out chan<- arrival) error {
	c, err := s.get(ctx)
	if err != nil {
		return err
	}
	defer s.put(c)
	c.tap.Divert(func(run string) error {
		select {
		case out <- arrival{run: run}:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	defer c.tap.Divert(nil)
	if err := s.pages(ctx, c, j, shape); err != nil {
		return fmt.Errorf("%q: %w", j.base, err)
	}
	return nil
}

func (s *session) pages(ctx context.Context, c *conn, j search, shape *state.Shape) error {
	endless := fmt.Errorf("the search had no end after %v, the limit for one search (dirform help limits)", s.cfg.SearchTime)
	ctx, cancel := context.WithTimeoutCause(ctx, s.cfg.SearchTime, endless)
	defer cancel()
	var controls []ldap.Control
	if s.root.controls[controlDomainScope] {
		controls = append(controls, control{oid: controlDomainScope, critical: true})
	}
	var paging *ldap.ControlPaging
	if s.root.controls[ldap.ControlTypePaging] {
		paging = ldap.NewControlPaging(uint32(s.cfg.PageSize))
		c.tap.PageSize(s.cfg.PageSize)
		defer c.tap.PageSize(0)
		controls = append(controls, paging)
	}
	req := ldap.NewSearchRequest(j.base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, j.filter, wireAttributes(shape), controls)
	for {
		var result *ldap.SearchResult
		err := c.do(ctx, func() (err error) {
			result, err = c.Search(req)
			return err
		})
		if err != nil {
			return explainSearch(err)
		}
		if err := checkReferences(result.Referrals, j.base); err != nil {
			return err
		}
		if paging == nil {
			return nil
		}
		answer, ok := ldap.FindControl(result.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if !ok {
			return errors.New("the server ended a page without saying whether more follow (it left the paging control out)")
		}
		if len(answer.Cookie) == 0 {
			return nil
		}
		paging.SetCookie(answer.Cookie)
	}
}

// explainSearch words the refusal or the end of a search.
func explainSearch(err error) error {
	f := &fault.Error{Err: err}
	switch resultCode(err) {
	case ldap.LDAPResultNoSuchObject:
		f.Summary, f.Hint = "there is no such container, or the account may not see it", "Check the distinguished name."
	case ldap.LDAPResultReferral:
		f.Summary, f.Hint = "the container is not in this server's domain", "Add a provider for the domain that holds it."
	case ldap.LDAPResultInvalidDNSyntax:
		f.Summary = "the container's name is not a distinguished name"
	case ldap.LDAPResultSizeLimitExceeded, ldap.LDAPResultAdminLimitExceeded:
		f.Summary = "the server's limit on results was reached; nothing is planned from a part"
	case ldap.LDAPResultTimeLimitExceeded:
		f.Summary = "the server's time limit was reached; nothing is planned from a part"
		f.Hint = "Narrow the filter or the containers."
	case ldap.LDAPResultInsufficientAccessRights:
		f.Summary = "the account may not read the container"
	case ldap.LDAPResultBusy, ldap.LDAPResultUnavailable, ldap.LDAPResultUnwillingToPerform:
		f.Summary, f.Hint = "the server gave up (too busy, or it forgot where the pages were)", "Try again."
	case ldap.LDAPResultOperationsError:
		f.Summary = "the server failed, or the account is not logged on"
	default:
		return err
	}
	return f
}

// checkReferences refuses references to servers that hold a part of what was asked for. Those to other naming contexts
// beside the base are harmless.
func checkReferences(uris []string, base string) error {
	normal, err := dn.Parse(base)
	if err != nil {
		return err
	}
	for _, uri := range uris {
		if name, err := referredDN(uri); err == nil {
			if n, err := dn.Parse(name); err == nil && n != "" && !n.Within(normal) {
				continue
			}
		}
		return &fault.Error{Hint: "Name containers that one domain holds.",
			Summary: visible.Sprintf("the server refers to %s for a part of it, and referrals are not followed", uri)}
	}
	return nil
}

// referredDN is the distinguished name in an LDAP URL (RFC 4516): ldaps://host/DN?…
func referredDN(uri string) (string, error) {
	_, rest, ok := strings.Cut(uri, "://")
	if !ok {
		return "", fmt.Errorf("%q is not a URL", uri)
	}
	_, name, _ := strings.Cut(rest, "/")
	name, _, _ = strings.Cut(name, "?")
	return unescapeURL(name)
}
