package entra

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/dirform/dirform/providers/entra/internal/address"
	"github.com/dirform/dirform/providers/entra/internal/signin"
)

// databases are Azure's databases for PostgreSQL by how their names end: where their clouds sign in, and whom tokens
// are for (`az cloud show --query endpoints.ossrdbmsResourceId`).
var databases = []struct{ suffix, login, audience string }{
	{".postgres.database.azure.com", "https://login.microsoftonline.com", "https://ossrdbms-aad.database.windows.net"},
	{".postgres.database.usgovcloudapi.net", "https://login.microsoftonline.us",
		"https://ossrdbms-aad.database.usgovcloudapi.net"},
	{".postgres.database.chinacloudapi.cn", "https://login.chinacloudapi.cn",
		"https://ossrdbms-aad.database.chinacloudapi.cn"},
}

// DatabaseTokens gives tokens that Azure's databases for PostgreSQL take in place of a password, as the environment
// signs in; ok is false if hosts are not all databases of one cloud. A token is asked for once and kept until shortly
// before it ends. getenv looks up environment variables, nil means os.Getenv.
func DatabaseTokens(hosts []string, getenv func(string) string) (get func(context.Context) (string, error), ok bool,
	err error) {
	for _, d := range databases {
		is := len(hosts) > 0
		for _, h := range hosts {
			is = is && strings.HasSuffix(h, d.suffix)
		}
		if is {
			get, err = tokensFor(d.login, d.audience, getenv)
			return get, true, err
		}
	}
	return nil, false, nil
}

// tokensFor signs in as the environment says, for an audience. AZURE_AUTHORITY_HOST, which belongs to whoever runs
// dirform, may name another authority.
func tokensFor(login, audience string, getenv func(string) string) (func(context.Context) (string, error), error) {
	if getenv == nil {
		getenv = os.Getenv
	}
	aud, err := url.Parse(audience)
	if err != nil {
		return nil, err
	}
	s := &signin.Settings{Authority: getenv("AZURE_AUTHORITY_HOST"), Scope: audience + "/.default", Endpoint: aud,
		Getenv: getenv, Blockless: true}
	s.Login = cmp.Or(s.Authority, login)
	if _, err := address.Check("address in AZURE_AUTHORITY_HOST", s.Login); err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	tokens, err := signin.New(s, &http.Client{Transport: signin.Guard(s, transport)})
	if err != nil {
		return nil, err
	}
	return tokens.Get, nil
}
