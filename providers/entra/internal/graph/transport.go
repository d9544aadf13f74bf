package graph

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/dirform/dirform/providers/entra/internal/signin"
	"github.com/dirform/dirform/state/fault"
)

// newTransport is the bottom of the chain. It speaks HTTP/1.1 only: pages of megabytes come one or two at a time, which HTTP/2
// carries no faster, and a connection that belongs to one request at a time says clearly which replies were lost with it.
func newTransport(s *Settings) (*http.Transport, error) {
	pool := x509.NewCertPool()
	if !s.CAOnly {
		if system, err := x509.SystemCertPool(); err == nil {
			pool = system
		}
	}
	if len(s.CA) > 0 && !pool.AppendCertsFromPEM(s.CA) {
		return nil, errors.New("ca_file holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
		TLSHandshakeTimeout: 30 * time.Second,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     90 * time.Second,
		ReadBufferSize:      64 << 10,
	}, nil
}

// noRedirects hands a redirect to whoever sent the request: what signs in must not be sent elsewhere.
func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// sameOriginRedirects follows a redirect only within the host the configuration names, and only if the request stays what it
// was: a token must not go elsewhere, and a POST must not silently become a GET.
func sameOriginRedirects(s *Settings) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		switch {
		case !s.sameOrigin(req.URL):
			return fmt.Errorf("the service redirects to another host, %s, which is not followed: the access token is for %s only", req.URL.Host, s.Endpoint.Host)
		case req.Method != via[0].Method:
			return fault.Advise(fmt.Errorf("the service answers %s with a redirect that would make it a %s", via[0].Method, req.Method), checkEndpoint)
		case len(via) >= 5:
			return fault.Advise(errors.New("the service redirects in a circle"), checkEndpoint)
		}
		return nil
	}
}

const checkEndpoint = "Check the endpoint."

// Drain empties and closes a reply that is not wanted, so that its connection can be used again.
func Drain(resp *http.Response) {
	if resp != nil {
		_, _ = io.CopyN(io.Discard, resp.Body, 256<<10)
		_ = resp.Body.Close()
	}
}

// rewound is req with a fresh body, so that it can be sent (again).
func rewound(req *http.Request) (*http.Request, error) {
	r := req.Clone(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		r.Body = body
	}
	return r, nil
}

// authorizer adds the access token, and on a 401 gets another and repeats the request once.
type authorizer struct {
	next     http.RoundTripper
	settings *Settings
	tokens   *signin.Tokens
}

func (a *authorizer) RoundTrip(req *http.Request) (*http.Response, error) {
	if !a.settings.sameOrigin(req.URL) {
		return nil, fmt.Errorf("a request to %s was stopped: the access token is for %s only", req.URL.Host, a.settings.Endpoint.Host)
	}
	token, err := a.tokens.Get(req.Context())
	if err != nil {
		return nil, err
	}
	resp, err := a.send(req, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	fresh, ok, err := a.tokens.Renew(req.Context(), token, signin.ChallengeClaims(resp.Header))
	if err != nil {
		Drain(resp)
		return nil, err
	}
	if !ok {
		return resp, nil
	}
	Drain(resp)
	return a.send(req, fresh)
}

func (a *authorizer) send(req *http.Request, token string) (*http.Response, error) {
	r, err := rewound(req)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return a.next.RoundTrip(r)
}
