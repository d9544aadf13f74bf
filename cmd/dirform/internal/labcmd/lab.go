// Package labcmd is "dirform lab": commands around directories in miniature.
package labcmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/config/declared"
	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state/fault"
)

// New is "dirform lab" with its commands.
func New(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Both directories in miniature: generate, serve, show, edit",
		Long: `A lab is an Active Directory and an Entra tenant in miniature, inside dirform: real LDAP and real Microsoft Graph over TLS, on
loopback, without an account anywhere. Use one to learn dirform, to rehearse a change, or to run the tests of another program.

  dirform lab generate --matched 0.5   write a seed of 100 people, half with an account, to lab/corp.ldif and lab/tenant.json
  dirform init --lab lab               write a configuration for it, main.hcl: its providers have lab = "lab"
  dirform plan                         see what dirform would change in the lab's tenant; apply does it
  dirform lab show                     see how many objects each side holds; with a name, an object and all its attributes
  dirform lab serve                    serve both to other clients; it prints provider blocks that use them

The seed is never written to: what changes is kept in .dirform/lab beside the configuration, and reset forgets it. Set, move and
remove edit either side, so that you can play a rename, a leaver, or an edit in the portal, and see the next plan answer it. Where
nobody is there to answer, because standard input is no terminal and has ended, apply changes a lab without being told yes.`,
		Example: `  dirform lab generate staff --users 1000 --matched 0.5
  dirform lab serve staff --throttle --latency 50ms
  dirform lab show jane@contoso.com
  dirform lab set ad "CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com" department=Revenue
  dirform lab set tenant jane@contoso.com jobTitle="Head of Sales" accountEnabled=false
  dirform lab move "CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com" OU=Leavers,DC=corp,DC=contoso,DC=com
  dirform lab remove tenant jane@contoso.com
  dirform lab reset`,
		Args: cobra.ArbitraryArgs,
		RunE: a.MissingCommand,
	}
	cli.AddCommands(cmd, newLabGenerateCommand(a), newLabServeCommand(a), newLabShowCommand(a), newLabSetCommand(a), newLabMoveCommand(a),
		newLabRemoveCommand(a), newLabResetCommand(a))
	return cli.ExitStatus(cmd, "0  done", "1  error")
}

// Sides of a lab, by the words of the command line.
const (
	sideAD     = "ad"
	sideTenant = "tenant"
)

// splitSide takes the side off the front of args or, where none is given, infers it from the object: a distinguished name is
// Active Directory's.
func splitSide(args []string) (side string, rest []string) {
	if len(args) > 1 {
		switch args[0] {
		case sideAD, sideTenant:
			return args[0], args[1:]
		case "entra":
			return sideTenant, args[1:]
		}
	}
	if isDN(args[0]) {
		return sideAD, args
	}
	return sideTenant, args
}

// isDN tells a distinguished name (CN=Jane,OU=Staff,DC=corp) from user principal names and object ids.
func isDN(s string) bool {
	name, _, ok := strings.Cut(s, "=")
	return ok && name != "" && strings.Trim(strings.ToUpper(name), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == ""
}

// editLab opens the lab that one side of the configuration uses and hands it to edit.
func editLab(a *cli.App, side string, edit func(*lab.Lab) error) error {
	ad, entra, err := declared.Labs(a.Dir())
	if err != nil {
		return err
	}
	folder, provider := ad, "ad"
	if side == sideTenant {
		folder, provider = entra, "entra"
	}
	if folder == "" {
		return &fault.Error{
			Summary: fmt.Sprintf("No lab for provider %q", provider),
			Detail:  fmt.Sprintf("No provider %q block in %s has lab = \"FOLDER\".", provider, a.Dir()),
			Hint:    "Run this in the folder of a configuration that uses a lab, or name it with --chdir.",
		}
	}
	l, err := lab.Open(open.LabAt(a.Dir(), folder))
	if err != nil {
		return err
	}
	if err := edit(l); err != nil {
		l.Close()
		return err
	}
	return l.Close()
}

func newLabResetCommand(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Forget what has changed since the seed",
		Long: `Reset takes the labs of the configuration back to their seeds. dirform's state is another file and stays: after a reset it remembers
links to objects that are gone.`,
		Example: "  dirform lab reset",
		Args:    cli.Arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			ad, entra, err := declared.Labs(a.Dir())
			if err != nil {
				return err
			}
			for _, folder := range []string{ad, entra} {
				if folder == "" {
					continue
				}
				if err := lab.Reset(a.Dir(), open.LabAt(a.Dir(), folder).Data); err != nil {
					return err
				}
			}
			if ad == "" && entra == "" {
				return &fault.Error{Summary: "No lab", Detail: "No provider of the configuration has lab = \"FOLDER\"."}
			}
			a.Notef("The lab is as its seed has it.\n")
			return nil
		},
	}
	return cli.ExitStatus(cmd, "0  done", "1  the configuration uses no lab, or it is in use")
}

// isSeed reports whether a folder holds a lab's seed.
func isSeed(dir string) bool {
	for _, name := range []string{lab.ADSeed, lab.TenantSeed} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}
