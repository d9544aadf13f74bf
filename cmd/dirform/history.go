package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/planner/explain"
	"github.com/dirform/dirform/planner/render/files"
	"github.com/dirform/dirform/planner/render/page"
	"github.com/dirform/dirform/planner/render/past"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/origin"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/tell"
)

func newHistoryCommand(a *cli.App) *cobra.Command {
	var o open.RecordOptions
	var asJSON, names, values, all bool
	var limit int
	var html string
	cmd := &cobra.Command{
		Use:   "history [RUN]",
		Short: "List the runs that wrote, or the steps of one",
		Long: `History lists the runs that changed something, failed or were cut off, newest first, and with --all those that had nothing to
change, too: how many changes of each action they made, how often they wrote to either directory, and who ran them for which
commit: what DIRFORM_RUN_URL and DIRFORM_RUN_REF say, or a job of GitHub, GitLab or Azure Pipelines has in its environment, else
user@host. With the number of a run it lists that run's steps, and how often each of them wrote. With --names, a run has whom
its steps were about: ten of them, and all in JSON or where the run's number is given. With --values, the steps of a run have
the attributes that they wrote, and what these held before and after: where encryption is configured the record keeps that of
its latest runs, sealed with its key, and else the names alone.`,
		Example: "  dirform history\n  dirform history 12",
		Args:    cli.Arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if html != "" && len(args) == 0 {
				return &fault.Error{Summary: "Option --html shows a run", Hint: "Name it: dirform history --html FILE RUN."}
			}
			if err := files.Page.May(a.Path(html), html); err != nil {
				return err
			}
			s, err := open.OpenRecord(cmd.Context(), a, &o)
			if err != nil {
				return err
			}
			defer s.Close()
			w := bufio.NewWriter(a.Env.Stdout)
			if len(args) == 1 {
				j := journal{a: a, s: s, asJSON: asJSON, values: values}
				if err := j.open(cmd.Context(), args[0], names, &o); err != nil {
					return err
				}
				if err = j.write(cmd.Context(), w); err == nil && html != "" {
					err = j.page(cmd.Context(), html)
				}
			} else {
				err = writeRuns(cmd.Context(), a, w, s, &o, limit, asJSON, names, all)
			}
			if err != nil {
				return err
			}
			return w.Flush()
		},
	}
	o.Register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, one document a line")
	cmd.Flags().BoolVar(&names, "names", false, "read both directories, and add the names that they have now; none is recorded")
	cmd.Flags().BoolVar(&values, "values", false, "with RUN: add what its steps wrote over, which is personal data")
	cmd.Flags().BoolVar(&all, "all", false, "list runs that had nothing to change, too")
	cmd.Flags().StringVar(&html, "html", "", "with RUN: write its steps to `FILE` as a page to look through in a browser, as plan does")
	cmd.Flags().IntVar(&limit, "limit", 20, "list the latest `N` runs; 0 lists all")
	return cli.ExitStatus(cmd, "0  done", "1  the state cannot be read, or has no such run")
}

// writeRuns lists the latest runs, those that had nothing to change only with all; with names, each with whom its steps are about, as far as its journal is kept.
func writeRuns(ctx context.Context, a *cli.App, w io.Writer, s store.Record, o *open.RecordOptions, limit int,
	asJSON, names, all bool) error {
	runs, err := s.Runs(ctx, 0)
	if err != nil {
		return err
	}
	if !all {
		runs = slices.DeleteFunc(runs, func(r store.Run) bool { return r.Idle() })
	}
	if limit > 0 {
		runs = runs[:min(limit, len(runs))]
	}
	if len(runs) == 0 {
		a.Notef("No run has written anything yet.\n")
	}
	j := journal{a: a, s: s}
	if names {
		for _, r := range runs {
			j.runs = append(j.runs, r.ID)
		}
		if err := j.name(ctx, o); err != nil {
			return err
		}
	}
	for _, r := range runs {
		d := tell.RunOf(r)
		if names {
			if d.Names, err = j.namesOf(ctx, r.ID); err != nil {
				return err
			}
		}
		if asJSON {
			err = cli.WriteJSONLine(w, d)
		} else {
			tell.Run(w, r)
			err = tell.Names(w, d.Names)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// journal is the steps of runs, and whose they are as far as names are asked for.
type journal struct {
	a      *cli.App
	s      store.Record
	asJSON bool
	values bool // what steps wrote over is told too
	runs   []int64
	names  map[string]string // by anchor
}

// open finds the run and, with names, whom its steps are about.
func (j *journal) open(ctx context.Context, number string, names bool, o *open.RecordOptions) error {
	run, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return &fault.Error{Summary: fmt.Sprintf("%q is not the number of a run", number),
			Hint: `Run "dirform history" for a list of runs.`}
	}
	j.runs = []int64{run}
	if names {
		err = j.name(ctx, o)
	}
	return err
}

// name reads both directories for the names of whom the steps are about.
func (j *journal) name(ctx context.Context, o *open.RecordOptions) error {
	if err := o.Declared(); err != nil {
		return err
	}
	keys := map[string]bool{}
	for _, id := range j.runs {
		for e, err := range j.s.Journal(ctx, id) {
			if err != nil {
				return err
			}
			keys[e.Key] = true
		}
	}
	return viewed(ctx, j.a, &o.Variables, func(asked *explain.Explainer) (err error) {
		j.names, err = explain.NamesOf(asked.View, keys)
		return err
	})
}

// namesOf are the names of whom a run's steps are about, each once, in the order of the steps; of who has none any more
// it is the anchor.
func (j *journal) namesOf(ctx context.Context, id int64) (names []string, err error) {
	seen := map[string]bool{}
	for e, err := range j.s.Journal(ctx, id) {
		if err != nil {
			return nil, err
		}
		if !seen[e.Key] {
			names = append(names, cmp.Or(j.names[e.Key], e.Key))
		}
		seen[e.Key] = true
	}
	return names, nil
}

func (j *journal) write(ctx context.Context, w io.Writer) error {
	n := 0
	for e, err := range j.s.Journal(ctx, j.runs[0]) {
		if err != nil {
			return err
		}
		n++
		if j.asJSON {
			err = cli.WriteJSONLine(w, tell.EntryOf(e, j.names[e.Key], j.values))
		} else if err = tell.Entry(w, e, j.names[e.Key]); err == nil && j.values {
			err = tell.Kept(w, e)
		}
		if err != nil {
			return err
		}
	}
	if n > 0 && j.asJSON {
		return nil
	}
	return writeSum(ctx, j.a, w, j.s, j.runs[0], n)
}

// page writes the run's steps to a file, as a plan is written.
func (j *journal) page(ctx context.Context, name string) error {
	runs, err := j.s.Runs(ctx, 0)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(runs, func(r store.Run) bool { return r.ID == j.runs[0] })
	var line strings.Builder
	tell.Run(&line, runs[i])
	return files.Page.Write(j.a.Path(name), name, func(w io.Writer) error {
		return page.Write(w, past.New(ctx, j.s, runs[i], j.names, j.values), page.Options{Sum: strings.TrimSpace(line.String()), Digest: runs[i].PlanDigest,
			Origin: origin.Origin{By: runs[i].By, Ref: runs[i].Ref}})
	})
}

// writeSum says after a run's n steps what it wrote. It tells a run without steps from one that never was.
func writeSum(ctx context.Context, a *cli.App, w io.Writer, s store.Record, run int64, n int) error {
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
