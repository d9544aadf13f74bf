package open

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/providers/trusted"
	"github.com/dirform/dirform/state/store"
)

// rulesFor are the rules for a run with a record, which is nil for what keeps none.
func rulesFor(ctx context.Context, a *cli.App, record store.Record) (trusted.Rules, error) {
	list, set := a.Env.Lookup(trusted.Variable)
	if set {
		hosts, err := trusted.Parse(list)
		return trusted.Rules{Always: always, Hosts: hosts, Not: trusted.Variable + " does not name this host"}, err
	}
	if record == nil {
		return trusted.Rules{Always: always, Any: true}, nil
	}
	hosts, recorded, err := record.Hosts(ctx)
	not := "the last apply used only Microsoft's clouds and this machine"
	if len(hosts) > 0 {
		not = "the last apply used " + strings.Join(hosts, ", ")
	}
	return trusted.Rules{Always: always, Hosts: hosts, Not: not, Any: !recorded}, err
}

// recordRules are the rules for the server of the record itself: only DIRFORM_ALLOW_HOSTS can name it. What the record
// says of hosts comes from that server, and one that a configuration's author has chosen would say what that author
// wants.
func recordRules(a *cli.App) (trusted.Rules, error) {
	if _, set := a.Env.Lookup(trusted.Variable); set {
		return rulesFor(context.Background(), a, nil)
	}
	return trusted.Rules{Always: always, Not: trusted.Variable + " is not set, by which alone you say that the server of the state is yours: " +
		"the hosts of the last apply stand in the state itself"}, nil
}

// always reports whether a host may get credentials whatever the rules say.
func always(host string) bool { return config.Loopback(host) || entra.Microsoft(host) }

// destinations are what a configuration sends credentials to. Embedded labs are none.
func destinations(a *cli.App, cfg *config.Config) (list []trusted.Destination, err error) {
	for _, p := range cfg.AD {
		if p.Lab != "" {
			continue
		}
		d, err := adDestination(p, adSettings(a, p))
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	if cfg.Entra.Lab != "" {
		return list, nil
	}
	d, err := entraDestination(cfg.Entra, entraSettings(a, cfg.Entra))
	return append(list, d), err
}

func adDestination(p *config.ADProvider, cfg ad.Config) (trusted.Destination, error) {
	hosts, err := cfg.Hosts()
	if err != nil {
		err = sourceError(p, err)
	}
	return trusted.Destination{Name: fmt.Sprintf("provider \"ad\" %q", p.Name), At: p.DeclaredAt, Hosts: hosts}, err
}

func entraDestination(p *config.EntraProvider, cfg entra.Config) (trusted.Destination, error) {
	hosts, err := cfg.Hosts()
	if err != nil {
		err = tenantError(p, err)
	}
	return trusted.Destination{Name: fmt.Sprintf("provider \"entra\" %q", p.Name), At: p.DeclaredAt, Hosts: hosts}, err
}

// AdmitDirectories prepares to open what a configuration names, or refuses a configuration that sends credentials to
// hosts which may not get them.
func AdmitDirectories(ctx context.Context, a *cli.App, cfg *config.Config, record store.Record) (*Directories, error) {
	d := NewDirectories(a, cfg.Dir)
	var err error
	d.hosts, err = rulesFor(ctx, a, record)
	if b := cfg.StateBucket; b != nil && !here(cmp.Or(b.Endpoint, b.URL)) { // everybody may have one at Amazon or Google
		d.hosts, err = recordRules(a)
	}
	if err == nil {
		d.used, err = admitHosts(a, cfg, d.hosts)
	}
	return d, err
}

// here reports whether an address is this machine's.
func here(address string) bool {
	u, err := url.Parse(address)
	return err == nil && config.Loopback(u.Hostname())
}

// OpenUnrecorded prepares to open directories that no configuration names yet, in the folder of one to be. No record
// says which hosts may get credentials.
func OpenUnrecorded(ctx context.Context, a *cli.App) (d *Directories, err error) {
	d = NewDirectories(a, a.Dir())
	d.hosts, err = rulesFor(ctx, a, nil)
	return d, err
}

// admitHosts refuses a configuration that sends credentials to hosts which may not get them, before any of them is
// spoken to, and names those that nobody has vouched for. The hosts are for the record: all but those that always may
// get credentials.
func admitHosts(a *cli.App, cfg *config.Config, rules trusted.Rules) (hosts []string, err error) {
	list, err := destinations(a, cfg)
	if err != nil {
		return nil, err
	}
	hosts = []string{}
	for _, d := range list {
		if err := rules.Check(d); err != nil {
			return nil, err
		}
		for _, h := range d.Hosts {
			if !always(h) && !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
	}
	slices.Sort(hosts)
	if rules.Any && len(hosts) > 0 {
		shown := make([]string, len(hosts))
		for i, h := range hosts {
			shown[i] = trusted.Shown(h)
		}
		a.Notef("Credentials go to: %s. No apply has recorded hosts yet, so any host gets them; "+
			"%s limits that (dirform help sign-in).\n", strings.Join(shown, ", "), trusted.Variable)
	}
	return hosts, nil
}
