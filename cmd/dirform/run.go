package main

import (
	"context"
	"fmt"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state/store"
)

// openForReading loads the configuration and opens the record for a run that writes nothing. Call done in the end.
func (a *app) openForReading(ctx context.Context, v *variables) (r *run.Run, done func(), err error) {
	cfg, err := a.loadConfig(v)
	if err != nil {
		return nil, nil, err
	}
	record, err := store.OpenReadOnly(ctx, stateFile(cfg))
	if err != nil {
		return nil, nil, err
	}
	a.logRecord("record opened", record)
	dirs, err := a.admitDirectories(ctx, cfg, record)
	if err != nil {
		record.Close()
		return nil, nil, err
	}
	return a.newRun(cfg, record, dirs), func() { dirs.Close(); record.Close() }, nil
}

// newRun is a run over what a configuration names.
func (a *app) newRun(cfg *config.Config, record run.Record, dirs *directories) *run.Run {
	return &run.Run{Config: cfg, Record: record, Directories: dirs, Schema: providers.TenantSchema, Now: a.env.Now, Version: version,
		Hosts: dirs.used, Log: a.logger()}
}

// watchReading is what a run tells of its reading: it counts objects while both directories are read.
func (a *app) watchReading() func(*run.Reading) (end func()) {
	return func(r *run.Reading) (end func()) {
		start := time.Now()
		return a.startProgress(func() string {
			s, t := r.Seen()
			rate := float64(s+t) / max(time.Since(start).Seconds(), 0.001)
			return fmt.Sprintf("Reading: %d source objects, %d tenant objects (%.0f a second)", s, t, rate)
		}).end
	}
}

// stateFile is where a configuration's record is.
func stateFile(cfg *config.Config) string { return inDir(cfg.Dir, cfg.StatePath) }
