// Package recordcmd is the commands about the state as a whole: they copy it and move it, free its lock, and make a key for it.
package recordcmd

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
	"github.com/dirform/dirform/state/store/transfer"
	"github.com/dirform/dirform/state/store/transfer/file"
)

// NewPull makes the command.
func NewPull(a *cli.App) *cobra.Command {
	var o open.RecordOptions
	var out string
	cmd := &cobra.Command{
		Use:   "pull",
		Short: "Write a copy of the state as a file",
		Long: `Pull reads the state, wherever it is, and writes it as a state file: a backup, or what "dirform state push" puts somewhere
else. The copy has everything, also the state's own key: encrypted where encryption is configured, otherwise in the clear;
only its owner may read it. A file that is no state, one of another state and one that is newer are not replaced.`,
		Example: "  dirform state pull --out backup.dfstate\n  dirform state pull | age -r age1… > backup.age",
		Args:    cli.Arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := open.OpenRecord(cmd.Context(), a, &o)
			if err != nil {
				return err
			}
			defer s.Close()
			keys, err := o.Keys(a)
			if err != nil {
				return err
			}
			options := open.Transfer(a, "state pull", 0)
			switch stdout := out == "" || out == "-"; {
			case stdout && a.Env.Terminal.Out:
				return &fault.Error{Summary: "A state is not written to a terminal", Hint: "Write it to a file: --out FILE."}
			case stdout:
				return file.Stream(cmd.Context(), s, keys, a.FileOut(), options)
			}
			if err := sqlite.Output.May(a.Path(out), out); err != nil {
				return err
			}
			done, err := transfer.Push(cmd.Context(), s, sqlite.At(a.Path(out), keys), options)
			if err == nil {
				a.Notef("%s has %s of serial %d.\n", out, cli.Count(done.Links, "link"), done.Serial)
			}
			return err
		},
	}
	o.Register(cmd)
	cmd.Flags().StringVar(&out, "out", "", "write `FILE`; default, or -: standard output, which may not be a terminal")
	return cli.ExitStatus(cmd, "0  done", "1  there is no state, or it cannot be read, or the file is not replaced")
}

// copying are the options of commands that put a copy into place.
type copying struct {
	wait  time.Duration
	force bool
}

func (c *copying) register(cmd *cobra.Command) {
	open.WaitFlag(cmd, &c.wait)
	cmd.Flags().BoolVar(&c.force, "force", false, "replace another state, one that is newer, and one that is damaged")
}

// options are those of a command's transfer.
func (c *copying) options(a *cli.App, command string) transfer.Options {
	o := open.Transfer(a, command, c.wait)
	o.Force = c.force
	return o
}

// tell says what a command has copied, and to where.
func (c *copying) tell(a *cli.App, done transfer.Done, to string) {
	if done.Already {
		a.Notef("Nothing to copy: %s has %s of serial %d already.\n", to, cli.Count(done.Links, "link"), done.Serial)
		return
	}
	a.Notef("%s has now %s and %s, serial %d; what was written was read back and compared.\n", to, cli.Count(done.Links, "link"),
		cli.Count(done.Runs, "run"), done.Serial)
	if done.Damaged != nil {
		a.Notef("What was damaged is kept as %s.\n", done.Damaged.KeptAs)
	}
}

// NewPush makes the command.
func NewPush(a *cli.App) *cobra.Command {
	var o open.RecordOptions
	var c copying
	cmd := &cobra.Command{
		Use:   "push FILE",
		Short: "Put a copy of the state where the configuration says",
		Long: `Push puts the state that FILE holds, as "dirform state pull" wrote it, into the place that the configuration names, under
that place's lock and in one step: whatever stops it, the place has what it had, or all that is new. FILE is - for standard
input. A place with another state, with one that is newer, or with one that has gone on apart is left alone, unless --force
says otherwise: plans would be made from what was applied long ago, or to others. So is a FILE that is not encrypted, where
encryption is configured: anybody could have made it.`,
		Example: "  dirform state push backup.dfstate",
		Args:    cli.Arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.Writes()
			place, err := o.Place(a)
			if err != nil {
				return err
			}
			keys, err := o.Keys(a)
			if err != nil {
				return err
			}
			from := file.Source{Keys: keys}
			if c.force {
				from.Clear = func() { a.Notef("The key of %s is in the clear: it is taken all the same.\n", args[0]) }
			}
			push := func(r store.Record) error {
				done, err := transfer.Push(cmd.Context(), r, place, c.options(a, "state push"))
				if err == nil {
					c.tell(a, done, place.String())
				}
				return err
			}
			if args[0] == "-" {
				return from.Received(cmd.Context(), a.Env.Stdin, push)
			}
			return from.Opened(cmd.Context(), a.Path(args[0]), push)
		},
	}
	o.Register(cmd)
	c.register(cmd)
	return cli.ExitStatus(cmd, "0  done, or it is there already", "1  error; nothing was written")
}

// NewMigrate makes the command.
func NewMigrate(a *cli.App) *cobra.Command {
	var v open.Variables
	var c copying
	var from string
	var keep, decrypt bool
	cmd := &cobra.Command{
		Use:   "migrate --from FILE",
		Short: "Move the state to where the configuration says",
		Long: `Migrate moves the state to the place that the configuration names by now from where it was. FILE holds the state block of
then, and the encryption block if there was one; they may use variables of the configuration:

  state "file" {
    path = "dirform.dfstate"
  }

Both places are locked, the state is copied in one step, read back and compared. Then the former one is marked: it stays as
it was, and every command that opens it says where the state is now. With --copy it is not marked, and whoever still runs
against it goes on apart.`,
		Example: "  dirform state migrate --from former.txt\n  dirform state migrate --from former.txt --copy",
		Args:    cli.Arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.Writes()
			if from == "" {
				return &fault.Error{Summary: "Option --from is missing", Hint: "Name a file with the state block of the former place."}
			}
			former, then, err := open.FormerPlace(a, &v, from)
			if err != nil {
				return err
			}
			var o open.RecordOptions
			o.Variables = v
			place, err := o.Place(a)
			if err != nil {
				return err
			}
			now, err := o.Keys(a)
			if err == nil && !decrypt {
				err = transfer.StaysEncrypted(then, now)
			}
			if err != nil {
				return err
			}
			options := c.options(a, "state migrate")
			options.Copy = keep
			done, err := transfer.Migrate(cmd.Context(), former, place, options)
			if err != nil {
				return err
			}
			c.tell(a, done, place.String())
			if !keep {
				a.Notef("%s is marked: it says from now on that the state was moved.\n", former)
			}
			return nil
		},
	}
	v.Register(cmd)
	c.register(cmd)
	cmd.Flags().StringVar(&from, "from", "", "read where the state was from `FILE`")
	cmd.Flags().BoolVar(&keep, "copy", false, "leave the former state unmarked")
	cmd.Flags().BoolVar(&decrypt, "decrypt", false, "leave an encrypted state in the clear where it goes, without the values that it keeps")
	return cli.ExitStatus(cmd, "0  done", "1  error; the former state is as it was")
}
