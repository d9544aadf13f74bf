package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/declared"
	"github.com/dirform/dirform/planner/survey"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state/fault"
)

func newInitCommand(a *cli.App) *cobra.Command {
	var o survey.Told
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Look at both directories and write a starting configuration",
		Long: `Init writes main.hcl: providers, the domain suffixes in use, and a scope for the OU that holds the people, with what it found in
comments: OUs with their numbers of users (enabled, disabled, without mail, without suffix), suffixes and whether the tenant has
verified them. OUs below it that hold service accounts, leavers, shared mailboxes or disabled accounts are proposed as exclude. It
writes to no directory.

It reads Active Directory if --url and --bind-dn are given. The password stands in DIRFORM_SECRET_ad_password (or
DIRFORM_VAR_ad_password); a terminal is asked for it. It reads the tenant if --tenant-id is given; credentials of the tenant are
found as the Azure SDKs find them, and --environment, --endpoint and --authority name another cloud or server. If the tenant
cannot be read, what Active Directory holds is written all the same. A configuration that exists is never overwritten.`,
		Example: `  dirform init --lab lab
  dirform init --url ldaps://dc1.corp.contoso.com --ca-file corp-ca.pem \
    --bind-dn "CN=svc-dirform,OU=Service Accounts,DC=corp,DC=contoso,DC=com" --tenant-id 8d0f1b1e-...`,
		Args: cli.Arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return runInit(cmd.Context(), a, &o) },
	}
	a.InputFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&o.Lab, "lab", "", "use the embedded directories seeded from `FOLDER`")
	f.StringVar(&o.URL, "url", "", "the domain controller's `URL`, ldaps://host")
	f.BoolVar(&o.StartTLS, "start-tls", false, "with an ldap:// URL: switch to TLS first")
	f.StringVar(&o.BindDN, "bind-dn", "", "the account to read with, a `DN` or user principal name")
	f.StringVar(&o.CAFile, "ca-file", "", "certificates to trust, a PEM `FILE`; with --endpoint for the tenant's server, too")
	f.StringVar(&o.TenantID, "tenant-id", "", "the tenant's `ID`")
	f.StringVar(&o.ClientID, "client-id", "", "the application's `ID` in the tenant")
	f.StringVar(&o.Environment, "environment", "", "the tenant's `CLOUD`: global, usgovernment, dod or china; default global")
	f.StringVar(&o.Endpoint, "endpoint", "", "another server than Microsoft's, a `URL` with version: https://host/v1.0")
	f.StringVar(&o.Authority, "authority", "", "the `URL` where that server's tokens are had")
	return cli.ExitStatus(cmd, "0  main.hcl is written",
		"1  there is a configuration already, or a directory cannot be read; without the tenant main.hcl is written nevertheless")
}

func runInit(ctx context.Context, a *cli.App, o *survey.Told) error {
	if files, err := declared.Configuration(a.Dir()); err != nil || len(files) > 0 {
		return refuseInit(files, err)
	}
	if o.Lab != "" && (o.URL != "" || o.TenantID != "") {
		return &fault.Error{Summary: "--lab replaces both directories", Hint: "Give either --lab, or --url and --tenant-id."}
	}
	if err := checkTold(o); err != nil {
		return err
	}
	d, err := open.OpenUnrecorded(ctx, a)
	if err != nil {
		return err
	}
	defer d.Close()
	var found survey.Survey
	if o.Lab != "" || o.URL != "" && o.BindDN != "" {
		if err := lookAtSource(ctx, a, d, o, &found); err != nil {
			return err
		}
	}
	var missing error
	if o.Lab != "" || o.TenantID != "" {
		missing = lookAtTenant(ctx, a, d, o, &found)
	}
	if missing != nil && found.Domain.BaseDN == "" || ctx.Err() != nil {
		return cmp.Or(missing, context.Cause(ctx))
	}
	// O_EXCL: never overwrite, not even what appeared meanwhile
	file, err := os.OpenFile(a.Path("main.hcl"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	text := found.Configuration(o)
	if _, err := file.Write(text); err != nil {
		file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	reportInit(a, survey.MadeUp(text))
	if missing != nil {
		a.Notef("\nThe tenant could not be read, so main.hcl lacks which suffixes it has verified (upn_suffix), and whether another\n" +
			"engine synchronises it (link_policy). Once sign-in works, remove main.hcl and run init again, or write both yourself.\n\n")
	}
	return missing
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

// checkTold refuses options with which the configuration would not be valid, before anything is sent to anybody.
func checkTold(o *survey.Told) error {
	dir, err := os.MkdirTemp("", "dirform-init-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "main.hcl"), new(survey.Survey).Configuration(o), 0o600); err != nil {
		return err
	}
	_, diags := config.Load(config.Options{Dir: dir, ValuesOptional: true,
		Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema}})
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			return &fault.Error{Summary: d.Summary, Detail: d.Detail, Hint: "Correct the option. Each stands for the argument " +
				"of the configuration that has its name: --start-tls for start_tls = true."}
		}
	}
	return nil
}

// lookAtSource surveys Active Directory.
func lookAtSource(ctx context.Context, a *cli.App, d *open.Directories, o *survey.Told, s *survey.Survey) error {
	p := &config.ADProvider{Name: "corp", Lab: o.Lab, StartTLS: o.StartTLS, BindDN: o.BindDN, CAFile: absolute(a, o.CAFile),
		Password: cmp.Or(a.Env.Getenv(config.SecretPrefix+"ad_password"), a.Env.Getenv(config.EnvPrefix+"ad_password")), DeclaredAt: "the command line"}
	if o.URL != "" {
		p.URLs = []string{o.URL}
		if err := askPassword(a, p); err != nil {
			return err
		}
	}
	src, err := d.Source(ctx, p)
	if err != nil {
		return err
	}
	return s.Source(ctx, src)
}

// askPassword asks a terminal for the password that is not in the environment. It is never taken from the command line, where others
// see it.
func askPassword(a *cli.App, p *config.ADProvider) (err error) {
	if p.Password == "" && a.Env.Secret != nil && a.Asks() {
		if p.Password, err = a.Env.Secret(fmt.Sprintf("Password of %s: ", p.BindDN)); err != nil {
			return err
		}
	}
	if p.Password == "" {
		return &fault.Error{Summary: "No password for --bind-dn", Detail: "It is neither in the environment nor may somebody be asked at a terminal.",
			Hint: "Set DIRFORM_SECRET_ad_password, or run init on a terminal."}
	}
	a.Hide([]string{p.Password})
	return nil
}

func absolute(a *cli.App, file string) string {
	if file == "" {
		return ""
	}
	return a.Path(file)
}

// lookAtTenant surveys the tenant.
func lookAtTenant(ctx context.Context, a *cli.App, d *open.Directories, o *survey.Told, s *survey.Survey) error {
	p := &config.EntraProvider{Name: "tenant", Lab: o.Lab, TenantID: o.TenantID, ClientID: o.ClientID, Environment: o.Environment,
		Endpoint: o.Endpoint, Authority: o.Authority, DeclaredAt: "the command line"}
	if o.Endpoint != "" {
		p.CAFile = absolute(a, o.CAFile)
	}
	tenant, err := d.Tenant(ctx, p)
	if err != nil {
		return err
	}
	return s.ReadTenant(ctx, tenant)
}
