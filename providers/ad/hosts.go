package ad

import (
	"net"
	"slices"
	"strings"

	"github.com/jcmturner/gokrb5/v8/config"
)

// Hosts are the hosts that the credentials of cfg are sent to, without ports: the domain controllers in its URLs, and
// the key distribution centres that a Krb5Conf names. The system's own krb5.conf is not looked into.
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
	if cfg.Kerberos == nil || cfg.Kerberos.Krb5Conf == "" {
		return hosts, nil
	}
	krb5, err := config.Load(cfg.Kerberos.Krb5Conf)
	if err != nil {
		return hosts, nil // logging on says so, before it sends anything
	}
	for _, realm := range krb5.Realms {
		for _, kdc := range realm.KDC {
			if host, _, err := net.SplitHostPort(kdc); err == nil {
				kdc = host
			}
			add(kdc)
		}
	}
	return hosts, nil
}
