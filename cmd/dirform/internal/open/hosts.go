package open

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
)

// allowHosts is the environment variable that names the hosts which may get credentials. Who writes a configuration, as
// in a pull request, can point a provider at any server; who runs dirform says with it which ones are theirs.
const allowHosts = "DIRFORM_ALLOW_HOSTS"

// hostRules say to which hosts credentials may be sent. Microsoft's clouds and this machine always may get them; the
// zero value allows nothing else.
type hostRules struct {
	hosts []string // that DIRFORM_ALLOW_HOSTS names or else the last apply recorded
	not   string   // why a host is none of these, as the end of a sentence
	any   bool     // DIRFORM_ALLOW_HOSTS is not set, and no apply has recorded any
}

// destination is what gets credentials.
type destination struct {
	provider string // such as provider "ad" "corp", or state "postgres"
	at       string // where that is declared: file:line
	hosts    []string
}

// rulesFor are the rules for a run with a record, which is nil for what keeps none.
func rulesFor(ctx context.Context, a *cli.App, record store.Record) (hostRules, error) {
	list, set := a.Env.Lookup(allowHosts)
	if set {
		hosts, err := parseHosts(list)
		return hostRules{hosts: hosts, not: allowHosts + " does not name this host"}, err
	}
	if record == nil {
		return hostRules{any: true}, nil
	}
	hosts, recorded, err := record.Hosts(ctx)
	not := "the last apply used only Microsoft's clouds and this machine"
	if len(hosts) > 0 {
		not = "the last apply used " + strings.Join(hosts, ", ")
	}
	return hostRules{hosts: hosts, not: not, any: !recorded}, err
}

// recordRules are the rules for the server of the record itself: only DIRFORM_ALLOW_HOSTS can name it. What the record
// says of hosts comes from that server, and one that a configuration's author has chosen would say what that author
// wants.
func recordRules(a *cli.App) (hostRules, error) {
	if _, set := a.Env.Lookup(allowHosts); set {
		return rulesFor(context.Background(), a, nil)
	}
	return hostRules{not: allowHosts + " is not set, by which alone you say that the server of the state is yours: " +
		"the hosts of the last apply stand in the state itself"}, nil
}

// parseHosts reads the value of DIRFORM_ALLOW_HOSTS: names or addresses, separated by commas. An empty one names none.
func parseHosts(list string) (hosts []string, err error) {
	for entry := range strings.SplitSeq(list, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		host := strings.TrimSuffix(strings.ToLower(entry), ".")
		if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil && !strings.ContainsFunc(ip.Zone(), noHost) &&
			!strings.HasSuffix(host, ".") {
			host = ip.String()
		} else if host == "" || strings.HasSuffix(host, ".") || strings.ContainsFunc(host, noHost) {
			return nil, &fault.Error{
				Summary: allowHosts + " names no host",
				Detail:  fmt.Sprintf("%q is not the name or address of a host.", entry),
				Hint: "Write names of hosts without port, path or wildcard, separated by commas: " + allowHosts +
					"=dc1.corp.contoso.com,dc2.corp.contoso.com.",
			}
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}

// noHost reports whether a character stands in no name of a host: what begins a port, a path or an account, a wildcard, a bracket,
// a blank, and whatever cannot be seen.
func noHost(r rune) bool {
	return strings.ContainsRune(":/*@[]", r) || r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsPrint(r)
}

// always reports whether a host may get credentials whatever the rules say.
func always(host string) bool { return config.Loopback(host) || entra.Microsoft(host) }

// check refuses a destination that has a host which may not get credentials.
func (r hostRules) check(d destination) error {
	for _, host := range d.hosts {
		if r.any || always(host) || slices.Contains(r.hosts, host) {
			continue
		}
		all := strings.Join(append(slices.Clone(r.hosts), host), ",")
		return &fault.Error{
			Summary: fmt.Sprintf("Credentials may not be sent to %s", shownHost(host)),
			Detail:  fmt.Sprintf("%s (%s) would send its credentials there, and %s.", d.provider, d.at, r.not),
			Hint: fmt.Sprintf("Nothing was sent. If the host is yours, run this with %s=%s, which names all hosts that may get "+
				"credentials; else correct the configuration. \"dirform help sign-in\" tells more.", allowHosts, all),
		}
	}
	return nil
}

// shownHost is a host for a message; what is not ASCII could look like another one.
func shownHost(host string) string {
	return strings.Trim(strconv.QuoteToASCII(host), `"`)
}

// destinations are what a configuration sends credentials to. Embedded labs are none.
func destinations(a *cli.App, cfg *config.Config) (list []destination, err error) {
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

func adDestination(p *config.ADProvider, cfg ad.Config) (destination, error) {
	hosts, err := cfg.Hosts()
	if err != nil {
		err = sourceError(p, err)
	}
	return destination{fmt.Sprintf("provider \"ad\" %q", p.Name), p.DeclaredAt, hosts}, err
}

func entraDestination(p *config.EntraProvider, cfg entra.Config) (destination, error) {
	hosts, err := cfg.Hosts()
	if err != nil {
		err = tenantError(p, err)
	}
	return destination{fmt.Sprintf("provider \"entra\" %q", p.Name), p.DeclaredAt, hosts}, err
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
func admitHosts(a *cli.App, cfg *config.Config, rules hostRules) (hosts []string, err error) {
	list, err := destinations(a, cfg)
	if err != nil {
		return nil, err
	}
	hosts = []string{}
	for _, d := range list {
		if err := rules.check(d); err != nil {
			return nil, err
		}
		for _, h := range d.hosts {
			if !always(h) && !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
	}
	slices.Sort(hosts)
	if rules.any && len(hosts) > 0 {
		shown := make([]string, len(hosts))
		for i, h := range hosts {
			shown[i] = shownHost(h)
		}
		a.Notef("Credentials go to: %s. No apply has recorded hosts yet, so any host gets them; "+
			"%s limits that (dirform help sign-in).\n", strings.Join(shown, ", "), allowHosts)
	}
	return hosts, nil
}
