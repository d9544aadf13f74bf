package ad

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/dirform/dirform/providers/ad/internal/kerberos"
	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/fault"
)

// Config says how to reach a domain and as whom.
type Config struct {
	URLs       []string      // ldaps://host[:port], or ldap://host[:port] with StartTLS; the first that answers is used
	StartTLS   bool          // switch ldap:// connections to TLS before anything else
	BaseDN     string        // where to look objects up; default: the server's defaultNamingContext
	CA         []byte        // trusted certificates, PEM; empty: the system's
	ServerName string        // name in the server's certificate; default: the URL's host
	SkipVerify bool          // accept any certificate
	BindDN     string        // DN, user principal name or DOMAIN\user
	Password   string        // for BindDN
	Kerberos   *Kerberos     // instead of BindDN and Password
	Warn       func(string)  // is told what needs somebody to see to it before it breaks; nil tells nobody
	PageSize   int           // entries per page; default 1000, Windows' limit
	Timeout    time.Duration // longest silence of the server; default bounds.LDAPSilence
	// ReplyTime is for how long the server is waited for at most, from a request to the end of its reply, or of a page
	// of one. SearchTime is how long a search with all its pages takes at most. Default: those of package bounds.
	ReplyTime, SearchTime time.Duration
	// Connections is the most searches that run at the same time, each on a connection of its own; default 4.
	Connections int
}

// Kerberos are the credentials of a GSSAPI bind.
type Kerberos = kerberos.Credentials

const (
	defaultPageSize    = 1000
	defaultConnections = 4
	connectTimeout     = 15 * time.Second // for TCP and TLS of one URL
	maxIdle            = 5 * time.Minute  // domain controllers close connections that were idle for 15 minutes
)

// The ports of a global catalogue (MS-ADTS 3.1.1.3.1.10).
const (
	globalCatalogue    = "3268"
	globalCatalogueTLS = "3269"
)

// server is one URL of a Config.
type server struct {
	url  string
	addr string // host:port
	host string
	tls  bool // ldaps
}

// prepare checks cfg and fills in defaults.
func (cfg Config) prepare() (Config, []server, error) {
	if cfg.PageSize <= 0 {
		cfg.PageSize = defaultPageSize
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = bounds.LDAPSilence
	}
	cfg.ReplyTime, cfg.SearchTime = cmp.Or(cfg.ReplyTime, bounds.PageTime), cmp.Or(cfg.SearchTime, bounds.SearchTime)
	if cfg.Connections <= 0 {
		cfg.Connections = defaultConnections
	}
	if len(cfg.URLs) == 0 {
		return cfg, nil, &fault.Error{Summary: "no domain controller given", Hint: `Set url = "ldaps://dc1.corp.contoso.com".`}
	}
	if cfg.BaseDN != "" {
		if _, err := dn.Parse(cfg.BaseDN); err != nil {
			return cfg, nil, fmt.Errorf("base_dn: %w", err)
		}
	}
	if cfg.Kerberos == nil {
		switch {
		case cfg.BindDN == "":
			return cfg, nil, &fault.Error{Summary: "no account given to read Active Directory with",
				Hint: "Set bind_dn and password, or kerberos."}
		case cfg.Password == "":
			// A bind with an empty password succeeds as nobody on some servers.
			return cfg, nil, &fault.Error{Summary: fmt.Sprintf("the password of %s is empty", cfg.BindDN), Hint: "Set password."}
		}
	}
	var servers []server
	for _, u := range cfg.URLs {
		s, err := parseURL(u, cfg.StartTLS)
		if err != nil {
			return cfg, nil, err
		}
		servers = append(servers, s)
	}
	return cfg, servers, nil
}

func parseURL(raw string, startTLS bool) (server, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return server{}, &fault.Error{Summary: fmt.Sprintf("%q is not the URL of a domain controller", raw),
			Hint: "It should look like ldaps://dc1.corp.contoso.com."}
	}
	s := server{url: raw, host: u.Hostname()}
	port := u.Port()
	switch strings.ToLower(u.Scheme) {
	case "ldaps":
		s.tls = true
		if port == "" {
			port = "636"
		}
	case "ldap":
		if !startTLS {
			return server{}, &fault.Error{Summary: raw + " is not encrypted, so the password would travel in the clear",
				Hint: fmt.Sprintf("Use ldaps://%s, or set start_tls = true.", u.Host)}
		}
		if port == "" {
			port = "389"
		}
	default:
		return server{}, &fault.Error{Summary: fmt.Sprintf("%q: the scheme must be ldaps or ldap, not %q", raw, u.Scheme)}
	}
	if port == globalCatalogue || port == globalCatalogueTLS {
		return server{}, &fault.Error{Summary: raw + " is a global catalogue, which has but a part of each object",
			Detail: "It would look as if most attributes had been emptied.",
			Hint:   "Use the domain controller's own port: 636 for ldaps, 389 for ldap with start_tls."}
	}
	s.addr = net.JoinHostPort(s.host, port)
	return s, nil
}
