package entra

import (
	"net/url"
	"os"
	"slices"

	"github.com/dirform/dirform/providers/entra/internal/address"
)

// Hosts are the hosts that the credentials of cfg are sent to, without ports: the service, which gets tokens, and the
// authority, which gets what tokens are asked for with. One that AZURE_AUTHORITY_HOST names counts, unless the
// configuration names another.
func (cfg Config) Hosts() ([]string, error) {
	s, err := cfg.settings()
	if err != nil {
		return nil, err
	}
	hosts := []string{address.Name(s.Endpoint.Hostname())}
	if cfg.AccessToken != "" {
		return hosts, nil
	}
	authorities := []string{s.Login}
	getenv := cfg.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	if cfg.Authority == "" {
		authorities = append(authorities, getenv("AZURE_AUTHORITY_HOST"))
	}
	for _, a := range authorities {
		u, err := url.Parse(a)
		if err != nil || u.Host == "" {
			continue
		}
		if host := address.Name(u.Hostname()); !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts, nil
}

// Microsoft reports whether a host belongs to one of Microsoft's clouds: where they sign in, or Graph.
func Microsoft(host string) bool {
	if address.MicrosoftLogin(host) {
		return true
	}
	for _, c := range clouds() {
		if u, err := url.Parse(c.graph); err == nil && u.Host == address.Name(host) {
			return true
		}
	}
	return false
}
