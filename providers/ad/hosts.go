package ad

import (
	"net"
	"slices"
	"strings"
)

// Hosts are the hosts that the credentials of cfg are sent to, without ports: the domain controllers in its URLs, and
// the key distribution centres that a Krb5Conf names. That of the system, or of
// KRB5_CONFIG, is not looked into.
func (cfg Config) Hosts() ([]string, error) {
	var hosts []string
	add := func(host string) {
		host = strings.TrimSuffix(strings.ToLower(host), ".")
		if host != "" && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	for _, raw := range cfg.URLs {
		s, err := parseURL(raw, cfg.StartTLS)
		if err != nil {
			return nil, err
		}
		add(s.host)
	}
	if cfg.Kerberos != nil {
		for _, kdc := range cfg.Kerberos.KDCs() {
			if host, _, err := net.SplitHostPort(kdc); err == nil {
				kdc = host
			}
			add(kdc)
		}
	}
	return hosts, nil
}
