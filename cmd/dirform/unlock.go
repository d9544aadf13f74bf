package main

import (
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/state/store"
)

func newForceUnlockCommand(a *app) *cobra.Command {
	var o recordOptions
	cmd := &cobra.Command{
		Use:   "force-unlock [ID]",
		Short: "Free the state's lock after its holder has died",
		Long: `Force-unlock frees a lock that a run on another host has left behind. ID is the lock's, as the refused command named it; without
it the holder is shown. A lock whose holder runs on this host is never freed, and one whose holder has died on this host needs
no freeing.`,
		Args: arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := o.path(a)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				if err := store.ForceUnlock(path, args[0]); err != nil {
					return err
				}
				a.notef("The state is unlocked.\n")
				return nil
			}
			s, err := a.lockRecord(cmd.Context(), path, "force-unlock")
			if err != nil {
				return err // it names the holder and the lock's id
			}
			a.notef("The state is not locked.\n")
			return s.Close()
		},
	}
	o.register(cmd)
	return exitStatus(cmd, "0  it is not locked any more", "1  it is locked: by a running process, or under another ID")
}
