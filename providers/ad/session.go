package ad

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/state/fault"
)

// session is what readers and writers share: the domain controller that answered, and idle connections to it. All requests go
// to that one server, because another may not have replicated the same changes yet.
type session struct {
	cfg    Config
	server server
	root   rootDSE

	mu     sync.Mutex
	idle   []*conn
	closed bool
}

// rootDSE is what a server says about itself.
type rootDSE struct {
	domain        string // defaultNamingContext
	configuration string // configurationNamingContext
	controls      map[string]bool
	clock         time.Time // currentTime; zero if the server does not say
	read          time.Time // when that was read, by this computer's clock
}

// generalizedTime is how a directory writes a time in UTC (RFC 4517, section 3.3.13), with or without a fraction of a
// second.
const generalizedTime = "20060102150405Z0700"

const controlDomainScope = ldap.ControlTypeMicrosoftDomainScope

// openSession connects to the first server that answers. Its errors begin with the server's URL where there is one.
func openSession(ctx context.Context, cfg Config) (*session, error) {
	cfg, servers, err := cfg.prepare()
	if err != nil {
		return nil, err
	}
	var tried []error
	for _, srv := range servers {
		s := &session{cfg: cfg, server: srv}
		if err = s.start(ctx); err == nil {
			return s, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s: %w", srv.url, context.Cause(ctx))
		}
		if isRefused(err) {
			return nil, err
		}
		tried = append(tried, fmt.Errorf("%s: %w", srv.url, err))
	}
	if len(tried) == 1 {
		return nil, tried[0]
	}
	return nil, unreachable(tried)
}

// start makes the first connection and asks the server what it is.
func (s *session) start(ctx context.Context) error {
	c, err := s.connect(ctx)
	if err != nil {
		return err
	}
	if s.root, err = readRootDSE(ctx, c); err == nil {
		err = s.checkBase(ctx, c)
	}
	if err != nil {
		c.close()
		return refused{fmt.Errorf("%s: %w", s.server.url, err)}
	}
	s.put(c)
	return nil
}

func (s *session) connect(ctx context.Context) (*conn, error) {
	c, err := s.cfg.dial(ctx, s.server)
	if err != nil {
		return nil, err
	}
	if err := s.cfg.bind(ctx, c, s.server); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func readRootDSE(ctx context.Context, c *conn) (rootDSE, error) {
	asked := []string{"defaultNamingContext", "configurationNamingContext", "supportedControl", "currentTime"}
	entry, err := c.entry(ctx, "", asked, nil)
	if err != nil {
		return rootDSE{}, fmt.Errorf("reading what the server offers: %w", err)
	}
	r := rootDSE{
		domain:        entry.GetAttributeValue("defaultNamingContext"),
		configuration: entry.GetAttributeValue("configurationNamingContext"),
		controls:      map[string]bool{},
		read:          time.Now(),
	}
	if clock, err := time.Parse(generalizedTime, entry.GetAttributeValue("currentTime")); err == nil {
		r.clock = clock
	}
	for _, oid := range entry.GetAttributeValues("supportedControl") {
		r.controls[oid] = true
	}
	if r.domain == "" {
		return r, &fault.Error{Summary: "the server is no domain controller of Active Directory", Err: errors.New("it names no defaultNamingContext")}
	}
	return r, nil
}

// checkBase fails early and clearly if the configured base DN is wrong.
func (s *session) checkBase(ctx context.Context, c *conn) error {
	if s.cfg.BaseDN == "" {
		return nil
	}
	_, err := c.entry(ctx, s.cfg.BaseDN, []string{"objectGUID"}, nil)
	switch resultCode(err) {
	case ldap.LDAPResultNoSuchObject, ldap.LDAPResultReferral:
		return &fault.Error{Summary: fmt.Sprintf("base_dn %q is not in this server's domain, which is %q", s.cfg.BaseDN, s.root.domain),
			Hint: "Correct base_dn, or leave it out.", Err: err}
	}
	if err != nil {
		return fmt.Errorf("base_dn %q: %w", s.cfg.BaseDN, err)
	}
	return nil
}

// base is where objects are looked up.
func (s *session) base() string {
	if s.cfg.BaseDN != "" {
		return s.cfg.BaseDN
	}
	return s.root.domain
}

// get is an idle connection or a new one; give it back with put.
func (s *session) get(ctx context.Context) (*conn, error) {
	for {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return nil, errors.New("the connection to Active Directory was closed")
		}
		n := len(s.idle)
		if n == 0 {
			s.mu.Unlock()
			c, err := s.connect(ctx)
			if err != nil && !isRefused(err) {
				err = fmt.Errorf("%s: %w", s.server.url, err)
			}
			return c, err
		}
		c := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		if c.usable() {
			return c, nil
		}
		c.close()
	}
}

func (s *session) put(c *conn) {
	c.since = time.Now()
	s.mu.Lock()
	keep := !s.closed && c.usable() && len(s.idle) < s.cfg.Connections
	if keep {
		s.idle = append(s.idle, c)
	}
	s.mu.Unlock()
	if !keep {
		c.close()
	}
}

// with runs requests on one connection.
func (s *session) with(ctx context.Context, f func(*conn) error) error {
	c, err := s.get(ctx)
	if err != nil {
		return err
	}
	defer s.put(c)
	return f(c)
}

// Close ends all connections.
func (s *session) Close() error {
	s.mu.Lock()
	idle := s.idle
	s.idle, s.closed = nil, true
	s.mu.Unlock()
	for _, c := range idle {
		c.close()
	}
	return nil
}
