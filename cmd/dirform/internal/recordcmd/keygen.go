package recordcmd

import (
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/state/seal"
)

// NewKeygen makes the command.
func NewKeygen(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keygen",
		Short: "Make a key for encryption",
		Long: `Keygen prints a key: 32 random bytes in one line of standard base64. It is written nowhere else. Put it into a secret of the
CI system, as DIRFORM_SECRET_ and the name of a variable, and name that variable in the configuration:

  variable "dirform_key" { sensitive = true }       # DIRFORM_SECRET_dirform_key

  dirform {
    encryption {
      key = var.dirform_key
    }
  }

Then plan files are encrypted, and only those that were made with the key are taken; and so is the state's own key. To change the
key, put the new one in key and the old one in previous, a list, until apply has run and no plan of the old key is left. Keep a copy
where the state's backups are not: without its key a state cannot be read any more.`,
		Example: "  dirform keygen\n  dirform keygen | gh secret set DIRFORM_SECRET_dirform_key",
		Args:    cli.Arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			key, err := seal.NewKey()
			if err != nil {
				return err
			}
			a.Printf("%s\n", key.Text())
			return nil
		},
	}
	return cli.ExitStatus(cmd, "0  done", "1  the system has no random numbers")
}
