package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/planner/explain"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/tell"
)

func newHistoryCommand(a *cli.App) *cobra.Command {
	var o open.RecordOptions
	var asJSON, names bool
	var limit int
	cmd := &cobra.Command{
		Use:   "history [RUN]",
		Short: "List the runs that wrote, or the steps of one",
		Long: `History lists the runs that changed something, newest first, with how many changes of each action they made, how often they
wrote to either directory, and who ran them for which commit: what DIRFORM_RUN_URL and DIRFORM_RUN_REF say, or a
job of GitHub, GitLab or Azure Pipelines has in its environment, else user@host. With the number of a run it lists that run's
steps, and how often each of them wrote.`,
		Example: "  dirform history\n  dirform history 12",
		Args:    cli.Arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := open.OpenRecord(cmd.Context(), a, &o)
			if err != nil {
				return err
			}
			defer s.Close()
			w := bufio.NewWriter(a.Env.Stdout)
			if len(args) == 1 {
				j := journal{a: a, s: s, asJSON: asJSON}
				if err := j.open(cmd.Context(), args[0], names, &o); err != nil {
					return err
				}
				err = j.write(cmd.Context(), w)
			} else {
				err = writeRuns(cmd.Context(), a, w, s, limit, asJSON)
			}
			if err != nil {
				return err
			}
			return w.Flush()
		},
	}
	o.Register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, one document a line")
	cmd.Flags().BoolVar(&names, "names", false, "of a run: read both directories, and add the names that they have now; none is recorded")
	cmd.Flags().IntVar(&limit, "limit", 20, "list the latest `N` runs; 0 lists all")
	return cli.ExitStatus(cmd, "0  done", "1  the state cannot be read, or has no such run")
}

// runDocument is a run in JSON.
type runDocument struct {
	Run        int64              `json:"run"`
	Command    string             `json:"command"`
	Serial     int64              `json:"serial"`
	Started    time.Time          `json:"started_at"`
	Finished   *time.Time         `json:"finished_at"`
	Outcome    string             `json:"outcome"`
	Counts     state.Counts       `json:"counts"`
	PlanDigest string             `json:"plan_digest"`
	Allowed    []string           `json:"allowed"`
	Scopes     []store.ScopeCount `json:"scopes"`
	Writes     *state.Writes      `json:"writes"` // null if the run is older than the counting
	By         string             `json:"by"`     // empty likewise
	Ref        string             `json:"ref"`
}

func writeRuns(ctx context.Context, a *cli.App, w io.Writer, s *store.Store, limit int, asJSON bool) error {
	runs, err := s.Runs(ctx, limit)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		a.Notef("No run has written anything yet.\n")
	}
	for _, r := range runs {
		if asJSON {
			d := runDocument{r.ID, r.Command, r.Serial, r.Started, nil, r.Outcome, r.Counts, r.PlanDigest, r.Allowed, r.Scopes, r.Writes, r.By, r.Ref}
			if !r.Finished.IsZero() {
				d.Finished = &r.Finished
			}
			if err := cli.WriteJSONLine(w, d); err != nil {
				return err
			}
			continue
		}
		tell.Run(w, r)
	}
	return nil
}

// entryDocument is a journalled step in JSON.
type entryDocument struct {
	Seq       int64             `json:"seq"`
	Key       string            `json:"key"`
	Kind      state.Kind        `json:"kind"`
	Action    state.Action      `json:"action"`
	Attribute string            `json:"attribute,omitempty"`
	Status    state.EntryStatus `json:"status"`
	TargetID  string            `json:"target_id,omitempty"`
	Code      string            `json:"code,omitempty"`
	RequestID string            `json:"request_id,omitempty"`
	Writes    state.Writes      `json:"writes"`
	Deeds     map[string]int    `json:"-"` // for guards alone
}

// journal is a run's steps, and whose they are as far as names are asked for.
type journal struct {
	a      *cli.App
	s      *store.Store
	asJSON bool
	run    int64
	names  map[string]string // by anchor
}

// open finds the run and, with names, whom its steps are about.
func (j *journal) open(ctx context.Context, number string, names bool, o *open.RecordOptions) (err error) {
	if j.run, err = strconv.ParseInt(number, 10, 64); err != nil {
		return &fault.Error{Summary: fmt.Sprintf("%q is not the number of a run", number), Hint: `Run "dirform history" for a list of runs.`}
	}
	if !names {
		return nil
	}
	if err := o.Declared(); err != nil {
		return err
	}
	keys := map[string]bool{}
	for e, err := range j.s.Journal(ctx, j.run) {
		if err != nil {
			return err
		}
		keys[e.Key] = true
	}
	return viewed(ctx, j.a, &o.Variables, func(_ *run.Run, _ *run.Reading, view *reconcile.View) (err error) {
		j.names, err = explain.NamesOf(view, keys)
		return err
	})
}

func (j *journal) write(ctx context.Context, w io.Writer) error {
	n := 0
	for e, err := range j.s.Journal(ctx, j.run) {
		if err != nil {
			return err
		}
		n++
		if j.asJSON {
			err = cli.WriteJSONLine(w, struct {
				entryDocument
				Name string `json:"name,omitempty"`
			}{entryDocument(*e), j.names[e.Key]})
		} else {
			err = tell.Entry(w, e, j.names[e.Key])
		}
		if err != nil {
			return err
		}
	}
	if n > 0 && j.asJSON {
		return nil
	}
	return writeSum(ctx, j.a, w, j.s, j.run, n)
}

// writeSum says after a run's n steps what it wrote. It tells a run without steps from one that never was.
func writeSum(ctx context.Context, a *cli.App, w io.Writer, s *store.Store, run int64, n int) error {
	runs, err := s.Runs(ctx, 0)
	if err != nil {
		return err
	}
	for _, r := range runs {
		switch {
		case r.ID != run:
			continue
		case n == 0 && (r.Writes == nil || *r.Writes == state.Writes{}):
			a.Notef("Run %d has no steps: it wrote to neither directory, or its steps are too old to be kept.\n", run)
		case n == 0:
			a.Notef("The steps of run %d are too old to be kept: %s.\n", run, tell.Writes(*r.Writes))
		case r.Writes != nil && *r.Writes != (state.Writes{}):
			_, err = fmt.Fprintf(w, "In all: %s.\n", tell.Writes(*r.Writes))
		}
		return err
	}
	return &fault.Error{Summary: fmt.Sprintf("The state has no run %d", run), Hint: `Run "dirform history" for a list of runs.`}
}
