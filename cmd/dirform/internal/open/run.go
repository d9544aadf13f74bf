package open

import (
	"context"
	"fmt"
	"time"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/database"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/trusted"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/objects/stores"
	"github.com/dirform/dirform/state/store/sqlite"
)

// ForReading loads the configuration and opens the record for a run that writes nothing. Call done in the end.
func ForReading(ctx context.Context, a *cli.App, v *Variables) (r *run.Run, done func(), err error) {
	cfg, err := LoadConfig(a, v)
	if err != nil {
		return nil, nil, err
	}
	if v.snapshot != "" {
		return fromSnapshot(a, v, cfg)
	}
	place, err := PlaceOf(a, cfg)
	if err != nil {
		return nil, nil, err
	}
	record, err := place.Load(ctx)
	if err != nil {
		return nil, nil, err
	}
	logRecord(a, "record opened", record)
	dirs, err := AdmitDirectories(ctx, a, cfg, record)
	if err != nil {
		record.Close()
		return nil, nil, err
	}
	return NewRun(a, cfg, record, dirs), func() { dirs.Close(); record.Close() }, nil
}

// NewRun is a run over what a configuration names.
func NewRun(a *cli.App, cfg *config.Config, record run.Record, dirs *Directories) *run.Run {
	return &run.Run{Config: cfg, Record: record, Directories: dirs, Schema: providers.TenantSchema, Now: a.Env.Now, Version: cli.Version,
		Hosts: dirs.used, Log: a.Logger()}
}

// WatchReading is what a run tells of its reading: it counts objects while both directories are read.
func WatchReading(a *cli.App) func(*run.Reading) (end func()) {
	return func(r *run.Reading) (end func()) {
		start := time.Now()
		return a.StartProgress(func() string {
			s, t := r.Seen()
			rate := float64(s+t) / max(time.Since(start).Seconds(), 0.001)
			return fmt.Sprintf("Reading: %d source objects, %d tenant objects (%.0f a second)", s, t, rate)
		}).End
	}
}

// PlaceOf is where a configuration's record is.
func PlaceOf(a *cli.App, cfg *config.Config) (store.Place, error) {
	return placeOf(a, cfg, cfg.Encryption)
}

// placeOf is a database or a bucket, if there is one that may get its credentials, or else a file. keys wrap the record's own.
func placeOf(a *cli.App, cfg *config.Config, keys *seal.Keys) (place store.Place, err error) {
	if !cfg.Shared() {
		return sqlite.At(cli.InDir(cfg.Dir, cfg.StatePath), keys), nil
	}
	rules, err := recordRules(a)
	if err != nil {
		return nil, err
	}
	if b := cfg.StateBucket; b != nil {
		place, hosts, err := stores.Record{Type: b.Type, URL: b.URL, Bucket: b.Bucket, Object: b.Object, Region: b.Region,
			Endpoint: b.Endpoint, EncryptExisting: b.EncryptExisting}.Place(keys)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.DeclaredAt, err)
		}
		return place, rules.Check(trusted.Destination{Name: fmt.Sprintf("state %q", b.Type), At: b.DeclaredAt, Hosts: hosts})
	}
	db := cfg.StateDatabase
	p, err := database.At(db, a.Env.Getenv, func(hosts []string) error {
		return rules.Check(trusted.Destination{Name: "state \"postgres\"", At: db.DeclaredAt, Hosts: hosts})
	})
	if err != nil {
		return nil, err
	}
	return p.Encrypted(keys), nil
}
