package config

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/dirform/dirform/state/near"
)

// decodeProviders reads the provider blocks. A configuration needs at least one "ad" and exactly one "entra".
func (l *loader) decodeProviders() {
	for _, b := range l.byType["provider"] {
		switch b.Labels[0] {
		case "ad":
			l.cfg.AD = append(l.cfg.AD, l.decodeAD(b))
		case "entra":
			if l.cfg.Entra != nil {
				l.fail(header(b), "Second tenant", "A configuration synchronises into one tenant, and provider \"entra\" %q at %s is one already. Use a folder of its own for each tenant.",
					l.cfg.Entra.Name, l.cfg.Entra.DeclaredAt)
				continue
			}
			l.cfg.Entra = l.decodeEntra(b)
		default:
			l.broken = true
			l.fail(&b.LabelRanges[0], "Unknown provider", "There is no provider %q.%s The source is an \"ad\", the tenant an \"entra\".",
				b.Labels[0], near.DidYouMean(b.Labels[0], []string{"ad", "entra"}))
		}
	}
	if l.broken {
		return
	}
	if len(l.cfg.AD) == 0 {
		l.fail(nil, "No source directory", "No provider \"ad\" block says where Active Directory is. Add one: provider \"ad\" \"corp\" { url = \"ldaps://…\" }.")
	}
	if l.cfg.Entra == nil {
		l.fail(nil, "No tenant", "No provider \"entra\" block says which tenant to synchronise into. Add one: provider \"entra\" \"contoso\" { tenant_id = \"…\" }.")
	}
}

var adConnection = []string{"url", "urls", "start_tls", "base_dn", "ca_file", "server_name", "insecure_skip_verify", "bind_dn", "password"}

func (l *loader) decodeAD(b *hclsyntax.Block) *ADProvider {
	c := l.content(b, grammar["provider.ad"])
	p := &ADProvider{Name: b.Labels[1], DeclaredAt: place(b.DefRange()), PageSize: 1000}
	if n, ok := c.number("page_size", 1, true); ok {
		p.PageSize = int(min(n, 1<<20))
	}
	p.Lab = c.text("lab")
	if c.has("lab") {
		c.noneWithLab(adConnection)
		return p
	}
	p.StartTLS, p.SkipVerify = c.flag("start_tls"), c.flag("insecure_skip_verify")
	p.URLs = c.oneOrMore("url", "urls")
	if !c.has("url") && !c.has("urls") {
		l.fail(header(b), "Missing argument", "%s needs the argument \"url\": url = \"ldaps://dc1.corp.contoso.com\", or urls = […], or lab = \"FOLDER\".", title(b))
	}
	c.checkLDAP(p)
	p.BaseDN, p.CAFile, p.ServerName = c.text("base_dn"), c.file("ca_file"), c.text("server_name")
	if c.has("base_dn") {
		c.parseDN("base_dn", p.BaseDN)
	}
	l.credentials(c, p)
	return p
}

// credentials reads how to bind: with a name and a password, or with Kerberos.
func (l *loader) credentials(c *content, p *ADProvider) {
	p.BindDN, p.Password = c.text("bind_dn"), c.text("password")
	in := c.inner["kerberos"]
	switch {
	case in != nil:
		for _, name := range []string{"bind_dn", "password"} {
			if c.has(name) {
				c.bad(name, "Conflicting arguments", "The kerberos block says how to sign in, so %s can't be used besides. Remove one of them.", name)
			}
		}
		p.Kerberos = l.decodeKerberos(in)
	case c.has("bind_dn") != c.has("password"):
		have, missing := "bind_dn", "password"
		if c.has("password") {
			have, missing = missing, have
		}
		c.bad(have, "Missing argument", "%s is of use only together with %s. Add it.", have, missing)
	case !c.has("bind_dn"):
		l.fail(header(c.block), "Missing argument", "%s says nothing about signing in, and Active Directory answers nobody it doesn't know. Add bind_dn and password, or a kerberos block.", title(c.block))
	}
}

func (l *loader) decodeKerberos(b *hclsyntax.Block) *Kerberos {
	c := l.content(b, grammar["provider.ad.kerberos"])
	k := &Kerberos{Keytab: c.file("keytab"), CCache: c.file("ccache"), Principal: c.text("principal"), SPN: c.text("spn"), Krb5Conf: c.file("krb5_conf")}
	k.KeytabHidden = c.sensitive("keytab")
	switch {
	case c.has("keytab") && c.has("ccache"):
		c.bad("ccache", "Conflicting arguments", "keytab and ccache are two ways to sign in. Remove one of them.")
	case c.has("keytab") && !c.has("principal"):
		c.bad("keytab", "Missing argument", "A keytab can hold several keys: principal = \"user@REALM\" says which one to use. Add it.")
	}
	return k
}

// noneWithLab reports connection settings beside lab.
func (c *content) noneWithLab(names []string) {
	for _, name := range names {
		if c.has(name) {
			c.bad(name, "Conflicting arguments", "With lab, dirform starts the directory itself and knows how to reach it. Remove %s, or remove lab to use a real directory.", name)
		}
	}
	if in := c.inner["kerberos"]; in != nil {
		c.l.fail(header(in), "Conflicting arguments", "With lab, dirform starts the directory itself and knows how to sign in. Remove the kerberos block, or lab.")
	}
}

// checkLDAP checks the addresses: passwords and people's data may not travel in the clear.
func (c *content) checkLDAP(p *ADProvider) {
	name := "url"
	if c.has("urls") {
		name = "urls"
	}
	for _, s := range p.URLs {
		u, err := url.Parse(s)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "ldaps" && u.Scheme != "ldap":
			c.bad(name, "Invalid address", "%s is not the address of an LDAP server. Write it as ldaps://dc1.corp.contoso.com, with :PORT if it isn't 636.", c.shown(name, s))
		case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.User != nil:
			c.bad(name, "Invalid address", "%s holds more than scheme, host and port. Use base_dn, bind_dn and password for the rest.", c.shown(name, s))
		case u.Port() == "3268" || u.Port() == "3269":
			c.bad(name, "Global catalogue", "Port %s is a global catalogue. It has but a part of each object's attributes, so it would look as if the others had been emptied. Leave the port out, or write that of the domain controller itself: 636, or 389 with start_tls.", u.Port())
		case u.Scheme == "ldap" && !p.StartTLS:
			c.bad(name, "Connection without encryption", "ldap:// sends passwords and people's data in the clear. Use ldaps://, or add start_tls = true.")
		case u.Scheme == "ldaps" && p.StartTLS:
			c.bad("start_tls", "Conflicting arguments", "ldaps:// is encrypted from the first byte, and start_tls begins encryption later. Remove start_tls.")
		}
	}
}

// Loopback reports whether a host, a name or an address without port, is this machine.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

var entraConnection = []string{"tenant_id", "client_id", "client_secret", "client_certificate_file", "environment", "endpoint", "authority", "ca_file", "access_token"}

func (l *loader) decodeEntra(b *hclsyntax.Block) *EntraProvider {
	c := l.content(b, grammar["provider.entra"])
	p := &EntraProvider{Name: b.Labels[1], DeclaredAt: place(b.DefRange()), Environment: "global"}
	p.Lab = c.text("lab")
	if c.has("lab") {
		c.noneWithLab(entraConnection)
		return p
	}
	p.TenantID, p.ClientID, p.ClientSecret = c.text("tenant_id"), c.text("client_id"), c.text("client_secret")
	p.CertificateFile, p.CAFile, p.AccessToken = c.file("client_certificate_file"), c.file("ca_file"), c.text("access_token")
	p.CertificateHidden = c.sensitive("client_certificate_file")
	p.Environment = c.choice("environment", Environments...)
	p.Endpoint, p.Authority = c.webAddress("endpoint"), c.webAddress("authority")
	if !c.has("tenant_id") && !c.has("access_token") {
		l.fail(header(b), "Missing argument", "%s needs the argument \"tenant_id\". Add it: tenant_id = \"the directory (tenant) ID shown in the Entra portal\".", title(b))
	}
	l.oneCredential(c)
	return p
}

// oneCredential checks that at most one kind of credential is given.
func (l *loader) oneCredential(c *content) {
	kinds := []string{"client_secret", "client_certificate_file", "access_token"}
	given := slices.DeleteFunc(slices.Clone(kinds), func(n string) bool { return !c.has(n) })
	if len(given) > 1 {
		c.bad(given[1], "Conflicting arguments", "%s and %s are two ways to sign in. Remove one of them.", given[0], given[1])
		return
	}
	if len(given) == 1 && given[0] != "access_token" && !c.has("client_id") {
		c.bad(given[0], "Missing argument", "%s belongs to an application: add its client_id.", given[0])
	}
}

// webAddress is an https address, or an http one of this machine.
func (c *content) webAddress(name string) string {
	s := c.text(name)
	if s == "" {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		c.bad(name, "Invalid address", "%s is not a web address. Write it as https://….", c.shown(name, s))
	case u.Scheme == "http" && !Loopback(u.Hostname()):
		c.bad(name, "Connection without encryption", "http:// would send tokens and people's data in the clear; it is accepted for this machine only (localhost, 127.0.0.1). Use https://.")
	}
	return s
}
