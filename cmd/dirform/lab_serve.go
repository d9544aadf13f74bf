package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/providers/lab"
)

// accessDocument is what "lab serve --json" prints in one line.
type accessDocument struct {
	AD    *lab.ADAccess    `json:"ad,omitempty"`
	Entra *lab.EntraAccess `json:"entra,omitempty"`
}

func newLabServeCommand(a *app) *cobra.Command {
	var asJSON, throttle bool
	var o lab.Options
	var faults lab.Faults
	cmd := &cobra.Command{
		Use:   "serve [DIR]",
		Short: "Serve both directories until interrupted",
		Long: `Serve runs both directories on loopback until it is interrupted. DIR is a seed (corp.ldif, tenant.json) or the folder of a
configuration with lab = "FOLDER" in its providers; default is the current folder. It prints provider blocks to paste into
another configuration.`,
		Args: arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			if throttle {
				faults.Throttle = lab.DocumentedThrottle(documentedUsers)
			}
			return a.serveLab(cmd.Context(), dir, o, faults, asJSON)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "print the access as one line of JSON")
	f.StringVar(&o.ADAddr, "ad-addr", "", "serve LDAPS on `HOST:PORT`; default is a free port of 127.0.0.1")
	f.StringVar(&o.EntraAddr, "entra-addr", "", "serve the tenant on `HOST:PORT`; default is a free port of 127.0.0.1")
	f.DurationVar(&faults.Latency, "latency", 0, "the tenant answers every request after `TIME`, such as 50ms")
	f.DurationVar(&faults.VisibilityDelay, "visibility-delay", 0, "what is written to the tenant shows after `TIME` only")
	f.BoolVar(&throttle, "throttle", false, "the tenant has the quota that the service documents, and answers 429 beyond it")
	f.Float64Var(&faults.Unavailable, "unavailable", 0, "the tenant answers this `SHARE` of requests, 0 to 1, with 503")
	f.BoolVar(&faults.ReadOnly, "read-only", false, "the tenant refuses every write")
	return exitStatus(cmd, "0  interrupted, as it is meant to be", "1  the seed cannot be read, or an address is taken")
}

// documentedUsers makes --throttle the quota of a large tenant; that of small ones differs in reading only.
const documentedUsers = 1000

// serveLab serves until ctx ends.
func (a *app) serveLab(ctx context.Context, dir string, o lab.Options, faults lab.Faults, asJSON bool) error {
	adFolder, entraFolder, base := dir, dir, a.dir()
	if !isSeed(a.path(dir)) {
		var err error
		base = a.path(dir)
		if adFolder, entraFolder, err = declaredLabs(base); err != nil {
			return err
		}
	}
	if adFolder == "" && entraFolder == "" {
		return &usageError{
			summary: fmt.Sprintf("No lab in %s", dir),
			detail:  "The folder holds neither a seed (corp.ldif, tenant.json) nor a configuration whose providers have lab = \"FOLDER\".",
			hint:    `"dirform lab generate DIR --users 100" makes a seed.`,
		}
	}
	d := a.openDirectories(base)
	d.labOptions = o
	defer d.Close()
	access, err := d.serveLabs(adFolder, entraFolder, faults)
	if err != nil {
		return err
	}
	if asJSON {
		if err := writeJSONLine(a.env.Stdout, access); err != nil {
			return err
		}
	} else {
		a.env.Stdout.Write(providerBlocks(access))
		a.notef("Serving until interrupted (Ctrl-C).\n")
	}
	<-ctx.Done()
	return d.Close()
}

// serveLabs starts the sides that have a folder and says how to reach them.
func (d *directories) serveLabs(adFolder, entraFolder string, faults lab.Faults) (access accessDocument, err error) {
	if adFolder != "" {
		l, err := d.openLab(adFolder)
		if err != nil {
			return access, err
		}
		at, err := l.lab.ServeAD()
		if err != nil {
			return access, err
		}
		access.AD = &at
	}
	if entraFolder != "" {
		l, err := d.openLab(entraFolder)
		if err != nil {
			return access, err
		}
		l.lab.SetFaults(faults)
		at, err := l.lab.ServeEntra()
		if err != nil {
			return access, err
		}
		access.Entra = &at
	}
	return access, nil
}

// providerBlocks are the provider blocks that use a served lab.
func providerBlocks(access accessDocument) []byte {
	var b bytes.Buffer
	block := func(kind string, settings ...string) {
		fmt.Fprintf(&b, "provider %q \"lab\" {\n", kind)
		for i := 0; i < len(settings); i += 2 {
			if settings[i+1] != "" {
				fmt.Fprintf(&b, "%s = %s\n", settings[i], quote(settings[i+1]))
			}
		}
		b.WriteString("}\n")
	}
	if x := access.AD; x != nil {
		block("ad", "url", x.URL, "base_dn", x.BaseDN, "bind_dn", x.BindDN, "password", x.Password, "ca_file", x.CAFile)
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
