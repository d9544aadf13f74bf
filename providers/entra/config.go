package entra

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/dirform/dirform/providers/entra/internal/address"
	"github.com/dirform/dirform/providers/entra/internal/graph"
	"github.com/dirform/dirform/providers/entra/internal/signin"
	"github.com/dirform/dirform/state/fault"
)

// Config says which tenant to reach and who to be there. Credentials are tried in this order: AccessToken, ClientSecret,
// CertificateFile, and then what the environment, the CI system and the machine offer, as package signin lists it.
type Config struct {
	TenantID        string
	ClientID        string // the application's id
	ClientSecret    string
	CertificateFile string // PEM or PFX, with its private key
	// CertificateHidden keeps the file's name out of messages.
	CertificateHidden bool
	AccessToken       string // used as it is; not renewed

	Environment string // "global" (default), "usgovernment", "dod" or "china"
	Endpoint    string // overrides the environment's Graph root, with the version: https://…/v1.0
	Authority   string // overrides the environment's login root
	CA          []byte // PEM certificates to trust besides the system's, for both hosts
	CAOnly      bool   // no others are trusted: reading the system's takes a third of a small plan

	UserAgent string

	// IdleTimeout is how long an attempt may go without receiving anything; 0 means two minutes. There is no limit on the
	// whole of a request, because waiting out throttling may take long.
	IdleTimeout time.Duration
	// Unpaced is for servers without the service's write quota, such as an embedded lab: writes are sent as fast as they come.
	Unpaced bool
	// Clock is for tests; nil means the real one.
	Clock Clock
	// Tell is told of waits that are long, in a sentence without a full stop; nil tells nobody.
	Tell func(string)
	// Session shares the sign-in with other readers and writers that have the same one; nil shares it with nobody.
	Session *Session
	// Getenv looks up the environment variables of the Azure SDKs (AZURE_CLIENT_SECRET and so on) and of CI systems; nil means os.Getenv.
	Getenv func(name string) string
}

// Clock tells the time and waits. Tests pass their own, so that waiting for a service takes no time.
type Clock = graph.Clock

// Session is a sign-in for several readers and writers. The zero value is ready to use.
type Session = signin.Session

// Stats counts what a Reader or a Writer has asked of the service.
type Stats = graph.Stats

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

// settings checks the configuration and fills in what belongs to the cloud.
func (cfg Config) settings() (s graph.Settings, err error) {
	environment := cmp.Or(strings.ToLower(cfg.Environment), "global")
	c, ok := clouds()[environment]
	if !ok {
		return s, &fault.Error{Summary: fmt.Sprintf("there is no Microsoft cloud %q", cfg.Environment),
			Hint: "environment must be global, usgovernment, dod or china."}
	}
	s = graph.Settings{
		Settings: signin.Settings{
			TenantID: cfg.TenantID, ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret,
			CertificateFile: cfg.CertificateFile, CertificateHidden: cfg.CertificateHidden, AccessToken: cfg.AccessToken,
			Authority: cfg.Authority, Login: c.login, Scope: c.graph + "/.default", Getenv: cfg.Getenv, Session: cfg.Session,
		},
		CA: cfg.CA, CAOnly: cfg.CAOnly, UserAgent: cfg.UserAgent, IdleTimeout: cfg.IdleTimeout, Clock: cfg.Clock, Tell: cfg.Tell,
	}
	if cfg.Authority != "" {
		u, err := address.Check("authority", cfg.Authority)
		if err != nil {
			return s, err
		}
		s.Login = u.String()
	}
	if s.Endpoint, err = address.Check("endpoint", cmp.Or(cfg.Endpoint, c.graph)); err != nil {
		return s, err
	}
	if s.Endpoint.Path == "" {
		s.Endpoint.Path = "/v1.0"
	}
	return s, nil
}
