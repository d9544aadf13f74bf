package open

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/declared"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/origin"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// RecordOptions say where the record is for commands that need nothing else of the configuration: no directories, no
// passwords, and of its variables only those that the state's path uses.
type RecordOptions struct {
	Variables
	file string
}

// Register adds the option to a command that needs the record.
func (o *RecordOptions) Register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.file, "state", "", "the state `FILE`; default: what the configuration says")
	o.Variables.Register(cmd)
}

// Declared refuses a record that is named on the command line, for what takes the whole configuration.
func (o *RecordOptions) Declared() error {
	if o.file == "" {
		return nil
	}
	return &fault.Error{Summary: "Option --state does not go with names",
		Detail: "Names are read with the configuration, from its directories.", Hint: "Name the state in the dirform block."}
}

// Place is where the record is.
func (o *RecordOptions) Place(a *cli.App) (store.Place, error) {
	keys, err := o.Keys(a)
	if err != nil {
		return nil, err
	}
	return o.place(a, keys)
}

// LockedPlace is where the record is, for what needs its lock alone and no key.
func (o *RecordOptions) LockedPlace(a *cli.App) (store.Place, error) { return o.place(a, nil) }

func (o *RecordOptions) place(a *cli.App, keys *seal.Keys) (store.Place, error) {
	if o.file != "" {
		return sqlite.At(a.Path(o.file), keys), nil
	}
	at, err := declaredState(a, &o.Variables)
	if err != nil {
		return nil, err
	}
	return placeOf(a, at, keys)
}

// Keys are the keys of encryption that the configuration in the folder declares, nil if it declares none. Nothing else of it
// is needed, nor a configuration.
func (o *RecordOptions) Keys(a *cli.App) (*seal.Keys, error) {
	if is, err := declared.Encryption(a.Dir()); err != nil || !is {
		return nil, err
	}
	options, err := o.options(a)
	if err != nil {
		return nil, err
	}
	keys, secrets, diags := config.Encryption(options)
	a.Hide(secrets)
	if err := Diagnose(a, nil, diags); err != nil || keys != nil {
		return keys, err
	}
	return nil, errors.New("the keys of the encryption block are not known")
}

// declaredState is what the state block in the dirform block says, or the default: a configuration of which nothing else is known.
// What is computed takes the values of variables and locals.
func declaredState(a *cli.App, v *Variables) (*config.Config, error) {
	path, computed, err := declared.State(a.Dir())
	if err != nil || !computed {
		return &config.Config{Dir: a.Dir(), StatePath: cmp.Or(path, config.DefaultStatePath)}, err
	}
	options, err := v.options(a)
	if err != nil {
		return nil, err
	}
	at, diags := config.StatePlace(options)
	return at, Diagnose(a, nil, diags)
}

// WaitFlag gives a command that locks the record the option of how long it waits for whoever has it.
func WaitFlag(cmd *cobra.Command, wait *time.Duration) {
	cmd.Flags().DurationVar(wait, "lock-timeout", 0, "wait up to `TIME` (such as 5m) for another run that has the state")
}

// OpenRecord opens the record for reading. Without a record yet, meta.Exists is false.
func OpenRecord(ctx context.Context, a *cli.App, o *RecordOptions) (store.Record, error) {
	place, err := o.Place(a)
	if err != nil {
		return nil, err
	}
	s, err := place.Load(ctx)
	if err == nil {
		logRecord(a, "record opened", s)
	}
	return s, err
}

// LockRecord opens the record for writing, in the name of a command.
func LockRecord(ctx context.Context, a *cli.App, place store.Place, command string, wait time.Duration) (store.Locked, error) {
	o := Transfer(a, command, wait)
	s, err := store.LockWithin(ctx, place, o.Options, wait, o.Tell)
	if err != nil {
		return nil, err
	}
	logRecord(a, "record opened and locked", s)
	if dead, ok := s.TookOver(); ok {
		a.Logger().Info("the lock of a run that died was taken over", "since", dead.Since)
	}
	return s, nil
}

// holder is how a lock names this run.
func holder(a *cli.App, command string) string {
	return fmt.Sprintf("%s by %s@%s pid %d", command, origin.UserName(a.Env.Getenv), origin.Host(), os.Getpid())
}
