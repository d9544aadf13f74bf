package recordcmd

import (
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/planner/snapshot"
	"github.com/dirform/dirform/state/fault"
)

// NewSnapshot is dirform snapshot.
func NewSnapshot(a *cli.App) *cobra.Command {
	var v open.Variables
	var out string
	cmd := &cobra.Command{
		Use:   "snapshot",
		Short: "Keep a reading of both directories, to plan from without them",
		Long: `Snapshot reads both directories and the state once, and writes what a plan of any configuration needs into one file: all users and
groups below the base DN with every attribute that a mapping could use, OUs, domains, roles, the recycle bin, links. Plan, explain
and lint take it with --snapshot, and need no credentials then. It never writes to either directory.`,
		Example: "  dirform snapshot --out monday.dfsnapshot\n  dirform plan --snapshot monday.dfsnapshot",
		Args:    cli.Arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return &fault.Error{Summary: "Option --out is missing", Hint: "Name the file to write: dirform snapshot --out monday.dfsnapshot"}
			}
			if err := snapshot.Output.May(a.Path(out), out); err != nil {
				return err
			}
			f, cfg, err := open.TakeSnapshot(cmd.Context(), a, &v, a.Path(out))
			if err != nil {
				return err
			}
			defer f.Close()
			source, tenant := f.Objects()
			a.Notef("Saved %d objects of the source and %d of the tenant to %s. To plan from it: dirform plan --snapshot %s\n", source, tenant, out, out)
			if cfg.Encryption == nil {
				a.Notef("%s holds personal data in the clear; `dirform help privacy` says how to have it encrypted.\n", out)
			}
			return nil
		},
	}
	v.Register(cmd)
	cmd.Flags().StringVar(&out, "out", "", "write the snapshot to `FILE`")
	return cli.ExitStatus(cmd, "0  done", "1  error: nothing was written")
}
