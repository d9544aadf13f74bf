package signin

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/dirform/dirform/providers/entra/internal/address"
	"github.com/dirform/dirform/state/fault"
)

// platform are the environment variables in which whoever runs a job says where it gets its own identity. What is sent
// there was given out by the same platform.
var platform = []string{"ACTIONS_ID_TOKEN_REQUEST_URL", "SYSTEM_OIDCREQUESTURI", "IDENTITY_ENDPOINT", "IMDS_ENDPOINT",
	"MSI_ENDPOINT"}

// Guard stands below what signs in and lets requests go to the configured authority, to Microsoft's own, to this
// machine and to the platform that a job runs on. An authority's document says where tokens are asked for, so without
// it a server that may be asked for the document could have credentials sent to any other.
func Guard(s *Settings, next http.RoundTripper) http.RoundTripper { return &guard{s, next} }

type guard struct {
	settings *Settings
	next     http.RoundTripper
}

func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if !g.allows(req.URL) {
		return nil, &elsewhere{host: req.URL.Host, login: g.settings.Login}
	}
	resp, err := g.next.RoundTrip(req)
	var certificate *tls.CertificateVerificationError
	var dns *net.DNSError
	if errors.As(err, &certificate) || errors.As(err, &dns) && dns.IsNotFound {
		err = &final{err}
	}
	return resp, err
}

// final is a failure that repeating the request does not mend.
type final struct{ error }

func (e *final) Unwrap() error { return e.error }

// NonRetriable tells the Azure SDK that repeating the request is of no use.
func (e *final) NonRetriable() {}

func (g *guard) allows(u *url.URL) bool {
	host := u.Hostname()
	// Link-local is the metadata service of a virtual machine, which is asked for a token and given nothing.
	if ip, err := netip.ParseAddr(host); address.Loopback(host) || err == nil && ip.IsLinkLocalUnicast() {
		return true
	}
	if u.Scheme == "https" && (address.MicrosoftLogin(host) || sameHost(u, g.settings.Login)) {
		return true
	}
	for _, name := range platform {
		if sameHost(u, g.settings.Getenv(name)) {
			return true
		}
	}
	return false
}

// sameHost reports whether u is at the host and port of an address; an address that is none has no host.
func sameHost(u *url.URL, other string) bool {
	o, err := url.Parse(other)
	return err == nil && o.Host != "" && address.Name(o.Host) == address.Name(u.Host)
}

// elsewhere is a request of signing in that was stopped, because its host is none that credentials may go to.
type elsewhere struct{ host, login string }

// NonRetriable tells the Azure SDK that repeating the request is of no use.
func (e *elsewhere) NonRetriable() {}

func (e *elsewhere) Error() string {
	return fmt.Sprintf("signing in at %s leads to %s, which gets no credentials", e.login, e.host)
}

// Fault adds what to do.
func (e *elsewhere) Fault() *fault.Error {
	return &fault.Error{Summary: e.Error(),
		Hint: "Correct authority in the provider \"entra\" block: the address that tokens are asked for."}
}
