package open

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/planner/snapshot"
	"github.com/dirform/dirform/providers"
)

// FromSnapshot adds the option to work from a snapshot to a command that reads both directories.
func (v *Variables) FromSnapshot(cmd *cobra.Command) {
	cmd.Flags().StringVar(&v.snapshot, "snapshot", "", "take what `FILE` has, of \"dirform snapshot\", instead of asking the directories and the state")
	v.MaxAge(cmd)
}

// MaxAge adds the option that limits the age of a snapshot.
func (v *Variables) MaxAge(cmd *cobra.Command) {
	cmd.Flags().StringVar(&v.maxAge, "max-age", "7d", "refuse a snapshot, or a plan from one, that is older than `TIME`, such as 7d or 12h")
}

// Fresh refuses a plan that was made from too old a snapshot.
func (v *Variables) Fresh(a *cli.App, h planner.Header) error {
	return snapshot.Fresh(h.Snapshot, a.Env.Now(), v.maxAge)
}

// fromSnapshot is a run over a snapshot: no directory and no record is opened.
func fromSnapshot(a *cli.App, v *Variables, cfg *config.Config) (*run.Run, func(), error) {
	f, err := snapshot.Open(a.Path(v.snapshot), cfg.Encryption)
	if err != nil {
		return nil, nil, err
	}
	if err := snapshot.Fresh(f.ID(a.Env.Now()), a.Env.Now(), v.maxAge); err != nil {
		f.Close()
		return nil, nil, err
	}
	r := &run.Run{Config: cfg, Schema: providers.TenantSchema, Now: a.Env.Now, Version: cli.Version, Log: a.Logger()}
	return r.From(f), func() { f.Close() }, nil
}

// TakeSnapshot reads both directories and the record into a file.
func TakeSnapshot(ctx context.Context, a *cli.App, v *Variables, path string) (*snapshot.File, *config.Config, error) {
	r, done, err := ForReading(ctx, a, v)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	f, err := r.TakeSnapshot(ctx, path)
	return f, r.Config, err
}
