package open

import (
	"path/filepath"
	"time"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/origin"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/transfer"
)

// Transfer says who locks a record, to copy it or otherwise, in the name of a command, and how long it waits for that.
func Transfer(a *cli.App, command string, wait time.Duration) transfer.Options {
	return transfer.Options{Wait: wait,
		Options: store.Options{Holder: holder(a, command), Now: a.Env.Now, Origin: origin.Of(a.Env.Getenv)},
		Tell:    func(holder string) { a.Notef("Waiting for up to %v: the state is locked by %q.\n", wait, holder) }}
}

// FormerPlace is where a file with the state block of then says that the record was, and by which keys it was encrypted, if any.
func FormerPlace(a *cli.App, v *Variables, file string) (store.Place, *seal.Keys, error) {
	options, err := v.options(a)
	if err != nil {
		return nil, nil, err
	}
	options.FormerName = filepath.Base(file)
	if options.Former, err = bounds.ReadFile(a.Path(file), bounds.ConfigFile); err != nil {
		return nil, nil, &fault.Error{Summary: "the file with the former state block cannot be read", Err: err}
	}
	keys, secrets, diags := config.Encryption(options)
	a.Hide(secrets)
	if err := Diagnose(a, nil, diags); err != nil {
		return nil, nil, err
	}
	at, diags := config.StatePlace(options)
	if err := Diagnose(a, nil, diags); err != nil {
		return nil, nil, err
	}
	place, err := placeOf(a, at, keys)
	return place, keys, err
}
