package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/user"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/state/store"
)

// recordOptions say where the record is for commands that need nothing else of the configuration: neither its variables nor
// its passwords.
type recordOptions struct{ file string }

// register adds the option to a command that needs the record.
func (o *recordOptions) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.file, "state", "", "the state `FILE`; default: what the configuration says")
}

// path is where the record is.
func (o *recordOptions) path(a *app) (string, error) {
	if o.file != "" {
		return a.path(o.file), nil
	}
	file, err := declaredState(a.dir())
	return inDir(a.dir(), file), err
}

// openRecord opens the record for reading. Without a record yet, meta.Exists is false.
func (a *app) openRecord(ctx context.Context, o *recordOptions) (*store.Store, error) {
	path, err := o.path(a)
	if err != nil {
		return nil, err
	}
	s, err := store.OpenReadOnly(ctx, path)
	if err == nil {
		a.logRecord("record opened", s)
	}
	return s, err
}

// lockRecord opens the record for writing, in the name of a command.
func (a *app) lockRecord(ctx context.Context, path, command string) (*store.Store, error) {
	s, err := store.Open(ctx, path, store.Options{Holder: a.holder(command), Now: a.env.Now})
	if err != nil {
		return nil, err
	}
	a.logRecord("record opened and locked", s)
	if dead, ok := s.TookOver(); ok {
		a.logger().Info("the lock of a run that died was taken over", "since", dead.Since)
	}
	return s, nil
}

// holder is how a lock names this run.
func (a *app) holder(command string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s by %s@%s pid %d", command, a.userName(), host, os.Getpid())
}

// userName is who runs this, as the environment says or else, as in cron and containers, the system.
func (a *app) userName() string {
	name := cmp.Or(a.env.Getenv("USER"), a.env.Getenv("LOGNAME"), a.env.Getenv("USERNAME"))
	if name != "" {
		return name
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	if uid := os.Getuid(); uid >= 0 {
		return fmt.Sprintf("uid %d", uid)
	}
	return "unknown user"
}
