package labcmd

import (
	"bytes"
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/config/declared"
	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state/fault"
)

// Access is what "lab serve --json" prints in one line.
type Access struct {
	AD    *lab.ADAccess    `json:"ad,omitempty"`
	Entra *lab.EntraAccess `json:"entra,omitempty"`
}

func newLabServeCommand(a *cli.App) *cobra.Command {
	var asJSON bool
	var o lab.Options
	var people lab.People
	var m manners
	cmd := &cobra.Command{
		Use:   "serve [DIR]",
		Short: "Serve both directories until interrupted",
		Long: `Serve runs both directories on loopback until it is interrupted. DIR is a seed (corp.ldif, tenant.json) or the folder of a
configuration with lab = "FOLDER" in its providers; default is the current folder. It prints provider blocks to paste into
another configuration; any other client of LDAP or Microsoft Graph can use the same addresses, names and passwords.

With --users it makes the people that "lab generate" writes for the same options, in memory and without a seed: a million in
seconds. What is written to them is forgotten at the end.

Options make the tenant behave as the service does on a bad day. The same manners can stand in the seed and then hold wherever
the lab is used, under the key "lab" of tenant.json, each of them optional; options come on top of it:

  {"lab": {"latency": "50ms", "visibility_delay": "5s", "throttle": true, "unavailable": 0.01, "gateway_timeout": 0.01,
           "drop_before": 0.01, "drop_after": 0.01, "late_timeout": 0.01, "token_life": "10m", "delta_life": "1h",
           "read_only": false, "no_take_over": false, "signed_in_as": "admin@contoso.com", "seed": 1,
           "deny": {"svc-dirform": ["department"], "*": ["employeeID"]}},
   "users": [...]}

"throttle" is true, false, a size ("S", "M", "L") or a number of resource units in 10 s; "no_take_over" refuses to take accounts
over from another sync engine, as without the permission for it; "signed_in_as" issues tokens to a user, as if a person were
signed in, and not to the application;
"deny" keeps accounts of Active Directory, by sAMAccountName or "*" for all, from reading attributes, so that rights are rehearsed;
"seed" makes other random choices of what is hit.

The token endpoint takes the client secret, or a client assertion signed with a certificate's key. An assertion must be
well-formed, for this endpoint and in force; whose key signed it is checked with --client-certificate only. It takes the identity
token of a CI system or cluster, too, if tenant.json says whose the application trusts; issuer, subject and audience must be the
same to the letter, and the signature is not checked:

  {"federatedIdentityCredentials": [{"name": "ci", "issuer": "https://token.actions.githubusercontent.com",
    "subject": "repo:contoso/directory:ref:refs/heads/main", "audiences": ["api://AzureADTokenExchange"]}], "users": [...]}

What is not there is refused with an error that names it: of Microsoft Graph servicePrincipals, applications,
administrativeUnits, temporaryAccessPassMethods, assignLicense of groups, $metadata, $expand of anything but a user's manager, and
filters on parts of onPremisesExtensionAttributes and employeeOrgData; of Active Directory Kerberos, DirSync and virtual list views.`,
		Example: `  dirform lab serve lab
  dirform lab serve lab --json
  dirform lab serve lab --throttle --latency 50ms --visibility-delay 5s
  dirform lab serve lab --unavailable 0.05 --drop-after 0.01
  dirform lab serve --users 1000000 --linked`,
		Args: cli.Arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			if err := m.apply(&lab.Faults{}); err != nil {
				return err
			}
			if err := servedPeople(cmd, args, &people, &o); err != nil {
				return err
			}
			return serveLab(cmd.Context(), a, dir, o, &m, asJSON)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "print the access as one line of JSON")
	peopleFlags(f, &people, 0)
	f.StringVar(&o.ADAddr, "ad-addr", "", "serve LDAPS on `HOST:PORT`; default is a free port of 127.0.0.1")
	f.StringVar(&o.EntraAddr, "entra-addr", "", "serve the tenant on `HOST:PORT`; default is a free port of 127.0.0.1")
	f.BoolVar(&o.Gzip, "gzip", false, "compress the tenant's replies, as the service does, for clients that take it")
	m.register(f)
	return cli.ExitStatus(cmd, "0  interrupted, as it is meant to be", "1  the seed cannot be read, an address is taken, or an option makes no sense")
}

// serveLab serves until ctx ends.
func serveLab(ctx context.Context, a *cli.App, dir string, o lab.Options, m *manners, asJSON bool) error {
	adFolder, entraFolder, base := dir, dir, a.Dir()
	if o.People == nil && !isSeed(a.Path(dir)) {
		var err error
		base = a.Path(dir)
		if adFolder, entraFolder, err = declared.Labs(base); err != nil {
			return err
		}
	}
	if adFolder == "" && entraFolder == "" {
		return &fault.Error{
			Summary: fmt.Sprintf("No lab in %s", dir),
			Detail:  "The folder holds neither a seed (corp.ldif, tenant.json) nor a configuration whose providers have lab = \"FOLDER\".",
			Hint:    `"dirform lab generate DIR --users 100" makes a seed.`,
		}
	}
	served, restore := fillMemory(o.People != nil)
	defer restore()
	d := open.NewDirectories(a, base)
	d.LabOptions = o
	defer d.Close()
	access, err := serveLabs(a, d, adFolder, entraFolder, m)
	if err != nil {
		return err
	}
	served()
	if asJSON {
		err = cli.WriteJSONLine(a.Env.Stdout, access)
	} else if _, err = a.Env.Stdout.Write(ProviderBlocks(access)); err == nil {
		a.Notef("Serving until interrupted (Ctrl-C).\n")
	}
	if err != nil {
		return err
	}
	<-ctx.Done()
	return d.Close()
}

// serveLabs starts the sides that have a folder and says how to reach them.
func serveLabs(a *cli.App, d *open.Directories, adFolder, entraFolder string, m *manners) (access Access, err error) {
	if adFolder != "" {
		l, err := d.Lab(adFolder)
		if err != nil {
			return access, err
		}
		if err := m.use(a, l); err != nil {
			return access, err
		}
		at, err := l.ServeAD()
		if err != nil {
			return access, err
		}
		if at.StartTLSURL, err = l.ServeADPlain(); err != nil {
			return access, err
		}
		access.AD = &at
	}
	if entraFolder != "" {
		l, err := d.Lab(entraFolder)
		if err != nil {
			return access, err
		}
		if err := m.use(a, l); err != nil {
			return access, err
		}
		at, err := l.ServeEntra()
		if err != nil {
			return access, err
		}
		access.Entra = &at
	}
	return access, nil
}

// ProviderBlocks are the provider blocks that use a served lab.
func ProviderBlocks(access Access) []byte {
	var b bytes.Buffer
	block := func(kind string, settings ...string) {
		fmt.Fprintf(&b, "provider %q \"lab\" {\n", kind)
		for i := 0; i < len(settings); i += 2 {
			if settings[i+1] != "" {
				fmt.Fprintf(&b, "%s = %s\n", settings[i], declared.Quote(settings[i+1]))
			}
		}
		b.WriteString("}\n")
	}
	if x := access.AD; x != nil {
		block("ad", "url", x.URL, "base_dn", x.BaseDN, "bind_dn", x.BindDN, "password", x.Password, "ca_file", x.CAFile)
	}
	if access.AD != nil {
		fmt.Fprintf(&b, "# with start_tls = true: url = %s\n", declared.Quote(access.AD.StartTLSURL))
	}
	if access.AD != nil && access.Entra != nil {
		b.WriteString("\n")
	}
	if x := access.Entra; x != nil {
		block("entra", "endpoint", x.Endpoint, "authority", x.Authority, "tenant_id", x.TenantID, "client_id", x.ClientID,
			"client_secret", x.ClientSecret, "ca_file", x.CAFile)
	}
	return hclwrite.Format(b.Bytes())
}
