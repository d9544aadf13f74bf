package servers_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/dirform/dirform/state/crash"
)

// network lies between a process of dirform and its servers. It counts what is asked, and can be cut.
type network struct {
	mu     sync.Mutex
	mended sync.Cond
	cut    bool
	n      int
	watch  func(point) (through bool)
}

// point is a moment of a run: before a request is handed on, or before its answer is.
type point struct {
	n        int // of the request, from 1
	answered bool
	what     string // "ldap"; or "store" or "graph", method, and path
}

func (p point) String() string {
	if p.answered {
		return fmt.Sprintf("answer to request %d, %s", p.n, p.what)
	}
	return fmt.Sprintf("request %d, %s", p.n, p.what)
}

// ofStore reports whether the store is asked.
func (p point) ofStore() bool { return strings.HasPrefix(p.what, "store ") }

// writes reports whether the store is asked to write an object.
func (p point) writes() bool {
	return strings.HasPrefix(p.what, "store PUT ") || strings.HasPrefix(p.what, "store POST ")
}

// reads reports whether the tenant's users are read, after which a run writes.
func (p point) reads() bool { return p.what == "graph GET /v1.0/users" }

func newNetwork() *network {
	n := &network{}
	n.mended.L = &n.mu
	return n
}

// begin counts anew, and has each point watched by somebody who says what comes through; nil is nobody.
func (w *network) begin(watch func(point) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n, w.watch = 0, watch
}

// setCut lets nothing through until it is called with false. Nobody is told.
func (w *network) setCut(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	w.mended.Broadcast()
}

// ask counts a request and reports whether it comes through.
func (w *network) ask(what string) (p point, through bool) {
	w.mu.Lock()
	w.n++
	p = point{n: w.n, what: what}
	w.mu.Unlock()
	return p, w.pass(p)
}

func (w *network) pass(p point) (through bool) {
	w.mu.Lock()
	watch := w.watch
	w.mu.Unlock()
	through = watch == nil || watch(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.cut && p.ofStore() {
		w.mended.Wait()
	}
	return through
}

var errGone = errors.New("the process is gone")

// relay stands before an HTTP server, and tells its own address. What the network does not let through breaks the
// connection, as does a server that is down.
func (w *network) relay(t *testing.T, name, server string, certificate *tls.Certificate) (address string) {
	t.Helper()
	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableCompression: true}
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: to.Scheme, Host: to.Host})
			r.Out.Host = r.In.Host // which is signed
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:     log.New(io.Discard, "", 0),
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		p, through := w.ask(name + " " + r.Method + " " + r.URL.Path + r.URL.Query().Get("name"))
		if !through {
			panic(http.ErrAbortHandler)
		}
		proxy := *proxy
		proxy.ModifyResponse = func(*http.Response) error {
			p.answered = true
			if !w.pass(p) {
				return errGone
			}
			return nil
		}
		proxy.ServeHTTP(out, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if certificate != nil {
		s.TLS = &tls.Config{Certificates: []tls.Certificate{*certificate}}
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(func() { w.setCut(false); s.CloseClientConnections(); s.Close(); transport.CloseIdleConnections() })
	return s.URL
}

// relayLDAP stands before an LDAP server, and tells its own address (host:port). What a client sends at once is a
// request.
func (w *network) relayLDAP(t *testing.T, server string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		defer crash.Guard()
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer crash.Guard(); w.serveLDAP(client, server) }()
		}
	}()
	return l.Addr().String()
}

func (w *network) serveLDAP(client net.Conn, server string) {
	defer client.Close()
	to, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer to.Close()
	go func() { defer crash.Guard(); defer client.Close(); _, _ = io.Copy(client, to) }()
	for b := make([]byte, 64<<10); ; {
		n, err := client.Read(b)
		if err != nil {
			return
		}
		if _, through := w.ask("ldap"); !through {
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}
