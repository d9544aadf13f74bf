// Package open opens what a configuration names: its files, its record and its directories.
package open

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/providers/trusted"
	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/fault"
)

// Directories are the directories a configuration names, opened for reading when first asked for and each once per run. Plan,
// drift and explain get nothing else: what writes is in open_writers.go.
type Directories struct {
	app *cli.App
	dir string // the configuration's folder
	// hosts say who may get credentials; nothing is opened that sends them to others.
	hosts trusted.Rules
	used  []string // the hosts that get credentials, for the record, once the configuration was admitted
	// labOptions are the addresses and faults of labs that are served for others; their seeds and data are filled in.
	LabOptions lab.Options
	labs       map[string]*servedLab
	session    entra.Session                     // of readers and writers of the tenant: one sign-in a run
	warned     sync.Map                          // warnings that were given, which a second connection would repeat
	sources    map[string]providers.SourceReader // by provider name
	tenants    map[string]providers.TenantReader
	closers    []func() error // in the order of opening
}

// NewDirectories prepares to open what the configuration in dir names. Close it in the end.
func NewDirectories(a *cli.App, dir string) *Directories {
	return &Directories{app: a, dir: dir, hosts: trusted.Rules{Always: always}, labs: map[string]*servedLab{}, sources: map[string]providers.SourceReader{}, tenants: map[string]providers.TenantReader{}}
}

// Close closes what was opened, last first.
func (d *Directories) Close() error {
	var errs []error
	for i := len(d.closers) - 1; i >= 0; i-- {
		errs = append(errs, d.closers[i]())
	}
	d.closers = nil
	return errors.Join(errs...)
}

// Source opens an Active Directory for reading.
func (d *Directories) Source(ctx context.Context, p *config.ADProvider) (providers.SourceReader, error) {
	if r, ok := d.sources[p.Name]; ok {
		return r, nil
	}
	cfg, err := d.adConfig(p)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	r, err := ad.Open(ctx, cfg)
	if err != nil {
		return nil, sourceError(p, err)
	}
	d.sources[p.Name] = logSource(d.app, r, p, cfg, started)
	d.closers = append(d.closers, r.Close)
	return d.sources[p.Name], nil
}

// warnOnce tells what somebody has to see to, once a run.
func (d *Directories) warnOnce(text string) {
	if _, told := d.warned.LoadOrStore(text, true); !told {
		d.app.Logger().Warn(text)
	}
}

// sourceError is why an Active Directory cannot be opened.
func sourceError(p *config.ADProvider, err error) error {
	return notOpened("Active Directory", fmt.Sprintf("provider \"ad\" %q (%s)", p.Name, p.DeclaredAt), err)
}

// tenantError is why a tenant cannot be opened.
func tenantError(p *config.EntraProvider, err error) error {
	return notOpened("the tenant", fmt.Sprintf("provider \"entra\" %q (%s)", p.Name, p.DeclaredAt), err)
}

// notOpened says which directory could not be opened, and which provider block says where it is.
func notOpened(what, provider string, err error) error {
	return &fault.Error{Summary: what + " cannot be opened", Detail: provider + "\n" + fault.Sentence(err), Err: err}
}

// Tenant opens an Entra tenant for reading.
func (d *Directories) Tenant(ctx context.Context, p *config.EntraProvider) (providers.TenantReader, error) {
	if r, ok := d.tenants[p.Name]; ok {
		return r, nil
	}
	cfg, err := d.entraConfig(p)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	r, err := entra.Open(ctx, cfg)
	if err != nil {
		return nil, tenantError(p, err)
	}
	d.tenants[p.Name] = logTenant(d.app, r, p, cfg, started)
	d.closers = append(d.closers, r.Close, func() error { logRequests(d.app, "tenant reader closed", r.Stats()); return nil })
	return d.tenants[p.Name], nil
}

// adConfig says how to reach p: the server that its settings name, or a lab started for it.
func (d *Directories) adConfig(p *config.ADProvider) (ad.Config, error) {
	if p.Lab != "" {
		l, err := d.openLab(p.Lab)
		if err != nil {
			return ad.Config{}, err
		}
		return l.adConfig()
	}
	cfg := adSettings(d.app, p)
	to, err := adDestination(p, cfg)
	if err == nil {
		err = d.hosts.Check(to)
	}
	if err == nil {
		cfg.CA, err = readCA(p.CAFile, p.DeclaredAt)
	}
	cfg.Warn = d.warnOnce
	return cfg, err
}

// adSettings are p's settings but for the certificates.
func adSettings(a *cli.App, p *config.ADProvider) ad.Config {
	cfg := ad.Config{
		URLs: p.URLs, StartTLS: p.StartTLS, BaseDN: p.BaseDN, ServerName: p.ServerName, SkipVerify: p.SkipVerify,
		BindDN: p.BindDN, Password: p.Password, PageSize: p.PageSize,
	}
	if k := p.Kerberos; k != nil {
		cfg.Kerberos = &ad.Kerberos{Keytab: k.Keytab, KeytabHidden: k.KeytabHidden, CCache: k.CCache,
			Principal: k.Principal, SPN: k.SPN, Krb5Conf: k.Krb5Conf, Getenv: a.Env.Getenv}
	}
	return cfg
}

// entraConfig says how to reach p: Microsoft Graph, the server that its settings name, or a lab started for it.
func (d *Directories) entraConfig(p *config.EntraProvider) (cfg entra.Config, err error) {
	defer func() {
		cfg.Tell, cfg.Session = func(text string) { d.app.Logger().Warn(text) }, &d.session
	}()
	if p.Lab != "" {
		l, err := d.openLab(p.Lab)
		if err != nil {
			return entra.Config{}, err
		}
		return l.entraConfig()
	}
	cfg = entraSettings(d.app, p)
	to, err := entraDestination(p, cfg)
	if err == nil {
		err = d.hosts.Check(to)
	}
	if err == nil {
		cfg.CA, err = readCA(p.CAFile, p.DeclaredAt)
	}
	return cfg, err
}

// entraSettings are p's settings but for the certificates.
func entraSettings(a *cli.App, p *config.EntraProvider) entra.Config {
	return entra.Config{
		TenantID: p.TenantID, ClientID: p.ClientID, ClientSecret: p.ClientSecret, CertificateFile: p.CertificateFile, CertificateHidden: p.CertificateHidden,
		Environment: p.Environment, Endpoint: p.Endpoint, Authority: p.Authority, AccessToken: p.AccessToken,
		UserAgent: userAgent, Getenv: a.Env.Getenv,
	}
}

const userAgent = "dirform/" + cli.Version

// readCA reads a ca_file; "" means the system's certificates.
func readCA(file, declaredAt string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := bounds.ReadStream(file, bounds.Credential)
	if err != nil {
		return nil, &fault.Error{
			Summary: "Cannot read the certificates in ca_file",
			Detail:  fmt.Sprintf("%s: %v.", declaredAt, err),
			Hint:    "ca_file is relative to the configuration's folder and holds certificates in PEM form.",
			Err:     err,
		}
	}
	return pem, nil
}

// openLab opens the embedded directories of a folder once; both providers may name the same one.
func (d *Directories) openLab(folder string) (*servedLab, error) {
	at := LabAt(d.dir, folder)
	if l, ok := d.labs[at.Data]; ok {
		return l, nil
	}
	o := d.LabOptions
	o.Now = d.app.Env.Now
	o.Seed, o.Data, o.Home, o.Record = at.Seed, at.Data, at.Home, d.app.Env.Getenv("DIRFORM_LAB_RECORD")
	l, err := lab.Open(o)
	if err != nil {
		return nil, fmt.Errorf("lab %q: %w", folder, err)
	}
	s := &servedLab{lab: l}
	d.labs[at.Data] = s
	d.closers = append(d.closers, l.Close)
	return s, nil
}

// Lab opens the embedded directories of a folder, without serving either.
func (d *Directories) Lab(folder string) (*lab.Lab, error) {
	s, err := d.openLab(folder)
	if err != nil {
		return nil, err
	}
	return s.lab, nil
}

// LabAt is where the lab of a configuration in dir is seeded, from folder, and where it keeps what has changed since: one folder for
// each seed.
func LabAt(dir, folder string) lab.Options {
	slug := strings.NewReplacer("+", "++", "/", "+", ":", "+").Replace(filepath.ToSlash(filepath.Clean(folder)))
	if strings.HasPrefix(slug, ".") { // ".", "..", "../x": never a step out of where labs are kept
		slug = "+" + slug
	}
	return lab.Options{Seed: cli.InDir(dir, folder), Data: filepath.Join(dir, ".dirform", "lab", slug), Home: dir}
}
