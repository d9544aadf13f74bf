package recordcmd

import (
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
)

// NewForceUnlock makes the command.
func NewForceUnlock(a *cli.App) *cobra.Command {
	var o open.RecordOptions
	cmd := &cobra.Command{
		Use:   "force-unlock [ID]",
		Short: "Free the state's lock after its holder has died",
		Long: `Force-unlock frees a lock that a run on another host has left behind. ID is the lock's, as the refused command named it; without
it the holder is shown. A lock whose holder runs on this host is never freed, and one whose holder has died on this host needs
no freeing.`,
		Args: cli.Arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				place, err := o.LockedPlace(a)
				if err != nil {
					return err
				}
				if err := place.ForceUnlock(cmd.Context(), args[0]); err != nil {
					return err
				}
				a.Notef("The state is unlocked.\n")
				return nil
			}
			place, err := o.Place(a)
			if err != nil {
				return err
			}
			s, err := open.LockRecord(cmd.Context(), a, place, "force-unlock", 0)
			if err != nil {
				return err // it names the holder and the lock's id
			}
			a.Notef("The state is not locked.\n")
			return s.Close()
		},
	}
	o.Register(cmd)
	return cli.ExitStatus(cmd, "0  it is not locked any more", "1  it is locked: by a running process, or under another ID")
}
