package entra

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

// Config says which tenant to reach and who to be there. Credentials are tried in this order: AccessToken, ClientSecret,
// CertificateFile, and then what the Azure SDKs find by themselves (environment, workload identity, the identity token of a
// GitHub Actions job, managed identity, Azure CLI).
type Config struct {
	TenantID        string
	ClientID        string // the application's id
	ClientSecret    string
	CertificateFile string // PEM or PFX, with its private key
	AccessToken     string // used as it is; not renewed

	Environment string // "global" (default), "usgovernment", "dod" or "china"
	Endpoint    string // overrides the environment's Graph root, with the version: https://…/v1.0
	Authority   string // overrides the environment's login root
	CA          []byte // PEM certificates to trust besides the system's, for both hosts

	UserAgent string

	// IdleTimeout is how long an attempt may go without receiving anything; 0 means two minutes. There is no limit on the
	// whole of a request, because waiting out throttling may take long.
	IdleTimeout time.Duration
	// Unpaced is for servers without the service's write quota, such as an embedded lab: writes are sent as fast as they come.
	Unpaced bool
	// Clock is for tests; nil means the real one.
	Clock Clock
	// Getenv looks up the environment variables that the Azure SDKs define (AZURE_CLIENT_SECRET and so on); nil means os.Getenv.
	Getenv func(name string) string
}

// cloud is one of Microsoft's clouds. Tokens are not interchangeable between them.
type cloud struct{ graph, login string }

// clouds are the roots that Microsoft's page "national cloud deployments" lists.
func clouds() map[string]cloud {
	return map[string]cloud{
		"global":       {"https://graph.microsoft.com", "https://login.microsoftonline.com"},
		"usgovernment": {"https://graph.microsoft.us", "https://login.microsoftonline.us"},
		"dod":          {"https://dod-graph.microsoft.us", "https://login.microsoftonline.us"},
		"china":        {"https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn"},
	}
}

// settings is a checked Config with every default filled in.
type settings struct {
	Config
	endpoint *url.URL // without a trailing slash
	login    string   // authority root
	scope    string   // what a token is asked for
}

func (cfg Config) check() (*settings, error) {
	s := &settings{Config: cfg}
	if s.Environment == "" {
		s.Environment = "global"
	}
	c, ok := clouds()[strings.ToLower(s.Environment)]
	if !ok {
		return nil, fmt.Errorf("there is no Microsoft cloud %q: environment must be global, usgovernment, dod or china", s.Environment)
	}
	s.login, s.scope = c.login, c.graph+"/.default"
	if s.Authority != "" {
		u, err := checkURL("authority", s.Authority)
		if err != nil {
			return nil, err
		}
		s.login = u.String()
	}
	if s.Endpoint == "" {
		s.Endpoint = c.graph
	}
	var err error
	if s.endpoint, err = checkURL("endpoint", s.Endpoint); err != nil {
		return nil, err
	}
	if s.endpoint.Path == "" {
		s.endpoint.Path = "/v1.0"
	}
	s.defaults()
	return s, nil
}

func (s *settings) defaults() {
	if s.UserAgent == "" {
		s.UserAgent = "dirform"
	}
	if s.IdleTimeout == 0 {
		s.IdleTimeout = 2 * time.Minute
	}
	if s.Clock == nil {
		s.Clock = realClock{}
	}
	if s.Getenv == nil {
		s.Getenv = os.Getenv
	}
}

// checkURL accepts an absolute https address, or an http one on this machine: tokens and passwords travel there.
func checkURL(name, raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(raw, "/"))
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the %s must be an address such as https://graph.microsoft.com/v1.0, without user name, query or fragment", name)
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && isLoopback(u.Hostname()):
	case u.Scheme == "http":
		return nil, fmt.Errorf("the %s %s is not encrypted, and the access token would be readable on the way: use https (http is accepted for loopback addresses only)", name, u.Redacted())
	default:
		return nil, fmt.Errorf("the %s must begin with https://, not %s://", name, u.Scheme)
	}
	return u, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// sameOrigin reports whether u points at the host the configuration names; nothing is ever sent anywhere else.
func (s *settings) sameOrigin(u *url.URL) bool {
	return strings.EqualFold(u.Scheme, s.endpoint.Scheme) && strings.EqualFold(u.Host, s.endpoint.Host)
}
