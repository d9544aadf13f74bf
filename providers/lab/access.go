package lab

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/dirform/dirform/providers/lab/internal/ldapd"
	"github.com/dirform/dirform/providers/lab/record"
	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/inside"
)

// ADAccess is what a client needs to use the lab's Active Directory.
type ADAccess struct {
	URL      string `json:"url"` // ldaps://127.0.0.1:port
	BaseDN   string `json:"base_dn"`
	BindDN   string `json:"bind_dn"`
	Password string `json:"password"`
	CAFile   string `json:"ca_file"` // path of the CA certificate, PEM
	// StartTLSURL is another port of the same directory, where connections begin without TLS; empty unless it is served too.
	StartTLSURL string `json:"starttls_url,omitempty"`
}

// EntraAccess is what a client needs to use the lab's tenant. Either the access token or the client id and secret will do.
type EntraAccess struct {
	Endpoint     string `json:"endpoint"`  // ends in /v1.0
	Authority    string `json:"authority"` // the token endpoint is below, at /{tenant}/oauth2/v2.0/token
	TenantID     string `json:"tenant_id"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	AccessToken  string `json:"access_token"`
	CAFile       string `json:"ca_file"`
}

// ServeAD starts the LDAP server, or says again where it is.
func (l *Lab) ServeAD() (ADAccess, error) {
	base := l.ad.BaseDN() // before mu: a journal that fails takes mu under the directory's lock
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.adAccess != nil {
		return *l.adAccess, nil
	}
	config, ca, err := l.tls()
	if err != nil {
		return ADAccess{}, err
	}
	ln, err := listen(l.opts.ADAddr)
	if err != nil {
		return ADAccess{}, err
	}
	bind := "CN=svc-dirform,CN=Users," + base
	config = config.Clone()
	config.SessionTicketsDisabled = true // which stall the TLS 1.3 clients of Samba 4.17, as ldbsearch is one
	server := &ldapd.Server{Dir: l.ad, BindDN: bind, Password: l.creds.Password, TLS: config}
	server.Deny = func() map[string][]string { return l.tenant.Faults().Deny }
	if err := l.ad.CheckDeny(server.Deny()); err != nil {
		return ADAccess{}, errors.Join(err, ln.Close())
	}
	l.adServer = server
	l.ad.Tell(l.opts.Now)
	go func() { // ends with Close; a listener that breaks shows in the clients' errors
		defer crash.Guard()
		server.Serve(ln, true)
	}()
	l.adAccess = &ADAccess{URL: "ldaps://" + ln.Addr().String(), BaseDN: base, BindDN: bind, Password: l.creds.Password, CAFile: ca}
	return *l.adAccess, nil
}

// ServeADPlain starts the LDAP server on another port as well, where connections begin without TLS: nobody can bind there before
// StartTLS. It returns the URL; everything else is as [Lab.ServeAD] says.
func (l *Lab) ServeADPlain() (url string, err error) {
	if _, err := l.ServeAD(); err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	ln, err := listen("")
	if err != nil {
		return "", err
	}
	server := l.adServer
	go func() {
		defer crash.Guard()
		server.Serve(ln, false)
	}()
	return "ldap://" + ln.Addr().String(), nil
}

// ServeEntra starts the Graph server, or says again where it is.
func (l *Lab) ServeEntra() (EntraAccess, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.entra != nil {
		return *l.entra, nil
	}
	config, ca, err := l.tls()
	if err != nil {
		return EntraAccess{}, err
	}
	ln, err := listen(l.opts.EntraAddr)
	if err != nil {
		return EntraAccess{}, err
	}
	config = config.Clone()
	config.NextProtos = []string{"http/1.1"} // pages are large, and HTTP/2 frames cost more than they bring
	config.DynamicRecordSizingDisabled = true
	handler, err := l.recorded(l.tenant.Handler())
	if err != nil {
		return EntraAccess{}, errors.Join(err, ln.Close())
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 30 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	l.httpServer = server
	go func() {
		defer crash.Guard()
		server.Serve(tls.NewListener(ln, config))
	}()
	url := "https://" + ln.Addr().String()
	l.entra = &EntraAccess{Endpoint: url + "/v1.0", Authority: url, TenantID: l.tenant.ID(), ClientID: clientID,
		ClientSecret: l.creds.ClientSecret, AccessToken: l.creds.AccessToken, CAFile: ca}
	return *l.entra, nil
}

// recorded is the tenant's handler with its exchanges written to Options.Record. Caller holds mu.
func (l *Lab) recorded(h http.Handler) (http.Handler, error) {
	if l.opts.Record == "" {
		return h, nil
	}
	r, err := record.Open(l.opts.Record)
	if err != nil {
		return nil, err
	}
	l.closers = append(l.closers, r.Close)
	return r.Handler(h), nil
}

// tls prepares the certificates on first use. Caller holds mu.
func (l *Lab) tls() (config *tls.Config, ca string, err error) {
	if l.folder == nil {
		if l.folder, err = l.certificateFolder(); err != nil {
			return nil, "", err
		}
	}
	cert, err := certificates(l.folder)
	if err != nil {
		return nil, "", fmt.Errorf("the lab's certificates: %w", err)
	}
	ca, err = filepath.Abs(l.folder.Path(caFile))
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, ca, err
}

// certificateFolder is the data folder, or without one a temporary folder that goes with the lab. Caller holds mu.
func (l *Lab) certificateFolder() (*inside.Folder, error) {
	if l.data != nil {
		return l.data, nil
	}
	dir, err := os.MkdirTemp("", "dirform-lab-")
	if err != nil {
		return nil, err
	}
	l.closers = append(l.closers, func() error { return os.RemoveAll(dir) })
	f, err := inside.Open(dir, dir)
	if err == nil {
		l.closers = append(l.closers, f.Close)
	}
	return f, err
}

// listen refuses addresses that others can reach: the lab has one password and no access control.
func listen(addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("the lab can't listen on %q: %w", addr, err)
	}
	if !tcp.IP.IsLoopback() {
		return nil, fmt.Errorf("the lab listens on loopback only, since it has no access control; use 127.0.0.1:%d instead of %q", tcp.Port, addr)
	}
	return net.ListenTCP("tcp", tcp)
}
