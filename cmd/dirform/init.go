package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/fault"
)

// initOptions are the options of init: which directories to look at.
type initOptions struct {
	lab                 string
	url, bindDN, caFile string
	startTLS            bool
	tenantID, clientID  string
}

func newInitCommand(a *cli.App) *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Look at both directories and write a starting configuration",
		Long: `Init writes main.hcl: providers, the domain suffixes in use, and a scope, with what it found (OUs with their numbers of users,
suffixes and whether the tenant has verified them) in comments. It reads Active Directory if --url and --bind-dn are given
and DIRFORM_SECRET_ad_password (or DIRFORM_VAR_ad_password) holds the password, and the tenant if --tenant-id is given; credentials
of the tenant are found as the Azure SDKs find them. A configuration that exists is never overwritten.`,
		Example: `  dirform init --lab lab
  DIRFORM_SECRET_ad_password=... dirform init --url ldaps://dc1.corp.contoso.com --ca-file corp-ca.pem \
    --bind-dn "CN=svc-dirform,OU=Service Accounts,DC=corp,DC=contoso,DC=com" --tenant-id 8d0f1b1e-...`,
		Args: cli.Arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return runInit(cmd.Context(), a, &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.lab, "lab", "", "use the embedded directories seeded from `FOLDER`")
	f.StringVar(&o.url, "url", "", "the domain controller's `URL`, ldaps://host")
	f.BoolVar(&o.startTLS, "start-tls", false, "with an ldap:// URL: switch to TLS first")
	f.StringVar(&o.bindDN, "bind-dn", "", "the account to read with, a `DN` or user principal name")
	f.StringVar(&o.caFile, "ca-file", "", "certificates to trust, a PEM `FILE`")
	f.StringVar(&o.tenantID, "tenant-id", "", "the tenant's `ID`")
	f.StringVar(&o.clientID, "client-id", "", "the application's `ID` in the tenant")
	return cli.ExitStatus(cmd, "0  main.hcl is written", "1  there is a configuration already, or a directory cannot be read")
}

func runInit(ctx context.Context, a *cli.App, o *initOptions) error {
	if files, err := open.ConfigurationFiles(a.Dir()); err != nil || len(files) > 0 {
		return refuseInit(files, err)
	}
	if o.lab != "" && (o.url != "" || o.tenantID != "") {
		return &fault.Error{Summary: "--lab replaces both directories", Hint: "Give either --lab, or --url and --tenant-id."}
	}
	d, err := open.OpenUnrecorded(ctx, a)
	if err != nil {
		return err
	}
	defer d.Close()
	found, err := look(ctx, a, d, o)
	if err != nil {
		return err
	}
	// O_EXCL: never overwrite, not even what appeared meanwhile
	file, err := os.OpenFile(a.Path("main.hcl"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	text := startingConfiguration(o, found)
	if _, err := file.Write(text); err != nil {
		file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	reportInit(a, madeUp(text))
	return nil
}

// reportInit says what to do with the configuration that was written.
func reportInit(a *cli.App, madeUp []string) {
	if len(madeUp) == 0 {
		a.Notef("Wrote main.hcl. Look it over, then run \"dirform plan\".\n")
		return
	}
	a.Notef("Wrote main.hcl, with examples for what init was not told.\n")
	a.Printf("Replace the made-up values in these lines of main.hcl, then run \"dirform plan\":\n")
	for _, line := range madeUp {
		a.Printf("  %s\n", line)
	}
}

func refuseInit(files []string, err error) error {
	if err != nil {
		return err
	}
	return &fault.Error{
		Summary: "There is a configuration already",
		Detail:  fmt.Sprintf("The folder holds %s, which init would not fit in with and never overwrites.", strings.Join(files, ", ")),
		Hint:    "Run init in an empty folder and copy what you need.",
	}
}

// survey is what init found in the directories it was allowed to look at.
type survey struct {
	domain   providers.Domain // zero if not read
	ous      []ouCount        // most users first, outer ones first
	suffixes []suffixCount    // most users first
	tenant   *providers.Organization
	verified map[string]bool // the tenant's domains, lower case
}

type ouCount struct {
	dn    string
	users int // in it and below it
}

type suffixCount struct {
	name  string
	users int
}

// look looks at the directories that the options name.
func look(ctx context.Context, a *cli.App, d *open.Directories, o *initOptions) (*survey, error) {
	s := &survey{verified: map[string]bool{}}
	if o.lab != "" || o.url != "" && o.bindDN != "" {
		caFile := o.caFile
		if caFile != "" {
			caFile = a.Path(caFile)
		}
		p := &config.ADProvider{
			Name: "corp", Lab: o.lab, StartTLS: o.startTLS, BindDN: o.bindDN, CAFile: caFile,
			Password: cmp.Or(a.Env.Getenv(config.SecretPrefix+"ad_password"), a.Env.Getenv(config.EnvPrefix+"ad_password")), DeclaredAt: "the command line",
		}
		if o.url != "" {
			p.URLs = []string{o.url}
		}
		if err := surveySource(ctx, d, p, s); err != nil {
			return nil, err
		}
	}
	if o.lab != "" || o.tenantID != "" {
		p := &config.EntraProvider{Name: "tenant", Lab: o.lab, TenantID: o.tenantID, ClientID: o.clientID, DeclaredAt: "the command line"}
		if err := surveyTenant(ctx, d, p, s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// surveySource counts the users of each OU and of each suffix.
func surveySource(ctx context.Context, d *open.Directories, p *config.ADProvider, s *survey) error {
	src, err := d.Source(ctx, p)
	if err != nil {
		return err
	}
	if s.domain, err = src.Domain(ctx); err != nil {
		return err
	}
	ous, suffixes := map[string]int{}, map[string]int{}
	q := providers.Query{Kind: state.User, Bases: []string{s.domain.BaseDN}, Attributes: state.NewShape("userPrincipalName")}
	for u, err := range src.Read(ctx, q) {
		if err != nil {
			return err
		}
		for ou := dn.Parent(u.DN); ou != "" && len(ou) > len(s.domain.BaseDN); ou = dn.Parent(ou) {
			ous[ou]++
		}
		if _, suffix, ok := strings.Cut(u.Get("userPrincipalName").Text(), "@"); ok {
			suffixes[strings.ToLower(suffix)]++
		}
	}
	for ou, n := range ous {
		s.ous = append(s.ous, ouCount{ou, n})
	}
	slices.SortFunc(s.ous, func(a, b ouCount) int {
		return cmp.Or(b.users-a.users, len(a.dn)-len(b.dn), strings.Compare(a.dn, b.dn))
	})
	for name, n := range suffixes {
		s.suffixes = append(s.suffixes, suffixCount{name, n})
	}
	slices.SortFunc(s.suffixes, func(a, b suffixCount) int { return cmp.Or(b.users-a.users, strings.Compare(a.name, b.name)) })
	return nil
}

func surveyTenant(ctx context.Context, d *open.Directories, p *config.EntraProvider, s *survey) error {
	tenant, err := d.Tenant(ctx, p)
	if err != nil {
		return err
	}
	org, err := tenant.Organization(ctx)
	if err != nil {
		return err
	}
	s.tenant = &org
	domains, err := tenant.Domains(ctx)
	for _, dom := range domains {
		if dom.Verified {
			s.verified[strings.ToLower(dom.Name)] = true
		}
	}
	return err
}
