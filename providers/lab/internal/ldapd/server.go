package ldapd

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/dn"
)

// Server answers LDAP requests about a directory. Set the fields before the first call of Serve; use SetReadOnly at any time.
type Server struct {
	Dir      *Directory
	BindDN   string // the server's own account; it need not exist in the directory
	Password string
	// Deny gives, when an account binds, the attributes that accounts may not read, by sAMAccountName or [Everybody]; nil
	// for none.
	Deny func() map[string][]string
	TLS  *tls.Config // for LDAPS and StartTLS; without it no simple bind is possible

	readOnly  atomic.Bool
	writes    atomic.Int64
	searches  atomic.Int64
	lastSet   atomic.Uint64 // numbers paging cookies
	mu        sync.Mutex
	closed    bool
	listeners map[net.Listener]bool
	conns     map[net.Conn]bool
	wg        sync.WaitGroup
}

// Time limits of a connection.
const (
	handshakeTime = 30 * time.Second
	idleTime      = 15 * time.Minute // MaxConnIdleTime
	receiveTime   = 2 * time.Minute  // for the rest of a request once it has begun
	sendTime      = 2 * time.Minute  // for a client that does not read
)

// SetReadOnly makes the server refuse every write with 50 (insufficientAccessRights), as it does to an account that may only read.
func (s *Server) SetReadOnly(on bool) { s.readOnly.Store(on) }

// WriteAttempts is how many writes clients have asked for, refused ones included.
func (s *Server) WriteAttempts() int { return int(s.writes.Load()) }

// Searches is how many search requests clients have sent; each page of a search is one.
func (s *Server) Searches() int { return int(s.searches.Load()) }

// Serve accepts connections until the listener or the server is closed, which is not an error. With implicitTLS the connections
// are LDAPS; otherwise they start in the clear and a bind needs StartTLS first.
func (s *Server) Serve(ln net.Listener, implicitTLS bool) error {
	if implicitTLS && s.TLS == nil {
		return errors.New("ldapd: LDAPS needs a certificate: set Server.TLS")
	}
	if !s.track(ln, nil) {
		return ln.Close()
	}
	defer s.untrack(ln, nil)
	for {
		raw, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if !s.track(nil, raw) {
			return raw.Close()
		}
		go func() {
			defer crash.Guard()
			defer s.untrack(nil, raw)
			newConn(s, raw, implicitTLS).run()
		}()
	}
}

// track registers a listener or connection; false if the server is closed.
func (s *Server) track(ln net.Listener, c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.conns == nil {
		s.listeners, s.conns = map[net.Listener]bool{}, map[net.Conn]bool{}
	}
	if ln != nil {
		s.listeners[ln] = true
	} else {
		s.conns[c] = true
	}
	s.wg.Add(1)
	return true
}

func (s *Server) untrack(ln net.Listener, c net.Conn) {
	s.mu.Lock()
	delete(s.listeners, ln)
	delete(s.conns, c)
	s.mu.Unlock()
	if c != nil {
		c.Close()
	} else {
		ln.Close()
	}
	s.wg.Done()
}

// Close ends all connections and waits until they are gone.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	for ln := range s.listeners {
		ln.Close()
	}
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
	return nil
}

// isAccount reports whether a bind name is the server's account, in any of the forms AD takes: DN, UPN, sam@domain,
// sam@NETBIOS, NETBIOS\sam.
func (s *Server) isAccount(label string) bool {
	for _, have := range s.accountNames() {
		if strings.EqualFold(label, have) {
			return true
		}
	}
	return dn.Equal(label, s.BindDN)
}

func (s *Server) accountNames() []string {
	d := s.Dir
	sam := s.accountSAM()
	names := []string{s.BindDN, sam + "@" + d.domain, sam + "@" + d.netbios, d.netbios + `\` + sam}
	d.mu.RLock()
	defer d.mu.RUnlock()
	if e, _, _ := d.resolve(s.BindDN); e != nil {
		if upn := firstValue(e.blob.get(d.attr("userPrincipalName"))); upn != "" {
			names = append(names, upn)
		}
	}
	return names
}

// accountSAM is the sAMAccountName of the server's account: that of its entry, else its common name.
func (s *Server) accountSAM() string {
	d := s.Dir
	d.mu.RLock()
	defer d.mu.RUnlock()
	if e, _, _ := d.resolve(s.BindDN); e != nil {
		if sam := firstValue(e.blob.get(d.attr("sAMAccountName"))); sam != "" {
			return sam
		}
	}
	return cmp.Or(dn.FirstValue(s.BindDN), s.BindDN)
}
