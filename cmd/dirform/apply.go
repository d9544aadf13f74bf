package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/cmd/dirform/internal/report"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/planner/render/done"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
)

func newApplyCommand(a *cli.App) *cobra.Command {
	var o planOptions
	var reports report.Options
	var autoApprove, asJSON, switchOffs bool
	var undo int64
	var lockTimeout time.Duration
	cmd := &cobra.Command{
		Use:   "apply [FILE]",
		Short: "Make the changes of a plan",
		Long: `Apply plans, shows the plan, asks, and makes its changes. With the FILE of a saved plan it makes a fresh plan as well, and
carries out, without asking, those changes of the saved one that the fresh one has too: with the same action, account, evidence,
attributes and values. Those that are in place already count as done, and of those that a run has made in part before it was cut
off, the rest is made: the same file can be applied again. The others are skipped, with the reason. Each object is read again
right before it is written; one that changed meanwhile is skipped. What was done is recorded in the state.

Only "yes" makes the changes; Ctrl-D is a no. Where standard input is no terminal and ends without an answer, nothing is changed,
unless both directories are embedded labs: then the changes are made.

With --switch-offs it makes only what turns sign-in off, also when the plan is over other limits than that of disables: a plan that
is held back keeps nobody signed in who has left. The other changes stay undone, which is status 3.`,
		Example: "  dirform apply\n  dirform apply monday.dfplan",
		Args:    cli.Arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r := &applyRun{a: a, o: &o, asJSON: asJSON, approved: autoApprove, offs: switchOffs, lockTimeout: lockTimeout, undo: undo, reports: &reports}
			if err := reports.May(a, cmd, asJSON); err != nil {
				return err
			}
			if reports.Redacts() && asJSON {
				return &fault.Error{Summary: "Options --redact and --json do not go together for apply",
					Detail: "Its events name whom each change is about.", Hint: "Leave one of the two out."}
			}
			if undo != 0 && len(args) == 0 {
				return &fault.Error{Summary: "Option --undo goes with a saved plan", Hint: "Make one with `dirform undo --out FILE`."}
			}
			if len(args) == 1 {
				r.file = a.Path(args[0])
				if err := o.none(cmd); err != nil {
					return err
				}
				if switchOffs {
					return &fault.Error{Summary: "Option --switch-offs does not go with a saved plan",
						Detail: "What turns sign-in off is today's plan's.", Hint: "Run apply --switch-offs without FILE."}
				}
			}
			return r.applyPlan(cmd.Context())
		},
	}
	o.register(cmd)
	o.MaxAge(cmd)
	reports.Register(cmd)
	a.VerboseFlag(cmd)
	cmd.Flags().BoolVar(&autoApprove, "auto-approve", false, "do not ask before making the changes")
	a.InputFlag(cmd)
	open.WaitFlag(cmd, &lockTimeout)
	cmd.Flags().BoolVar(&switchOffs, "switch-offs", false, "make only what turns sign-in off, over other limits too; not with FILE")
	cmd.Flags().Int64Var(&undo, "undo", 0, "say that FILE is to undo `RUN`; without encryption nothing else is believed")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what is done as JSON, one document a line; needs --auto-approve or FILE")
	return cli.ExitStatus(cmd, "0  everything was applied, or there were no changes", "1  error, or the plan was refused: nothing was changed; or all was applied, and objects are blocked (--fail-on-blocked)",
		"3  applied in part: some changes failed or were skipped, or an error ended it after something was written", "130  interrupted; what was done is recorded")
}

// applyRun is one apply.
type applyRun struct {
	a        *cli.App
	o        *planOptions
	file     string // saved plan, or ""
	asJSON   bool
	approved bool
	// lockTimeout is how long to wait for another run that has the record.
	lockTimeout time.Duration
	offs        bool // only what turns sign-in off
	undo        int64
	reports     *report.Options
	keys        *seal.Keys // of the configuration
}

// mayUndo refuses a saved plan that undoes run n, 0 for none, unless that was said here or the file is sealed. A plan file takes
// changes away from today's plan and never asks for others, and whoever can write one could have it undo any run.
func (r *applyRun) mayUndo(n int64, sealed bool) error {
	switch {
	case r.undo != 0 && r.undo != n:
		return &fault.Error{Summary: fmt.Sprintf("The saved plan does not undo run %d", r.undo), Detail: "It was made for something else.",
			Hint: fmt.Sprintf("Make one with `dirform undo %d --out FILE`.", r.undo)}
	case n != 0 && r.undo == 0 && !sealed:
		return &fault.Error{Summary: fmt.Sprintf("The saved plan would undo run %d", n),
			Detail: "Without encryption, whoever can write the file can make it say so.", Hint: fmt.Sprintf("If that is what you want: dirform apply --undo %d FILE", n)}
	case n != 0 && !r.asJSON:
		r.a.Notef("This plan undoes run %d.\n", n)
	}
	return nil
}

// applyPlan is the main job's second half: lock, and let a run plan, hold a saved plan against it, ask, carry out and record.
func (r *applyRun) applyPlan(ctx context.Context) error {
	if r.asJSON && r.file == "" && !r.approved {
		return &fault.Error{Summary: "--json leaves nobody to ask", Hint: "Add --auto-approve, or give the file of a saved plan."}
	}
	r.a.Writes()
	options, err := r.o.options("")
	if err != nil {
		return err
	}
	cfg, err := open.LoadConfig(r.a, &r.o.Variables)
	if err != nil {
		return err
	}
	place, err := open.PlaceOf(r.a, cfg)
	if err != nil {
		return err
	}
	record, err := open.LockRecord(ctx, r.a, place, "apply", r.lockTimeout)
	if err != nil {
		return err
	}
	defer record.Close()
	if err := r.reportLast(ctx, record); err != nil {
		return err
	}
	r.keys = cfg.Encryption
	reviewed, err := r.openReviewed(cfg)
	if err != nil {
		return err
	}
	if reviewed != nil {
		defer reviewed.Close()
		if err := r.mayUndo(reviewed.Header().Undoes, cfg.Encryption != nil); err != nil {
			return err
		}
	}
	dirs, err := open.AdmitDirectories(ctx, r.a, cfg, record)
	if err != nil {
		return err
	}
	defer dirs.Close()
	if r.file == "" && !r.asJSON {
		noteFirstRun(r.a, cfg, record)
	}
	now := open.NewRun(r.a, cfg, record, dirs)
	now.Watch = open.WatchReading(r.a)
	var progress *applying
	result, err := now.Apply(ctx, run.ApplyOptions{Options: options, Record: open.WritableRecord{Locked: record}, Writer: open.WritableDirectories{Directories: dirs}, Reviewed: reviewed, SwitchOffs: r.offs,
		Show: r.showFresh, Consent: func(n int) error { return r.ask(cfg, n) }, Hard: r.a.Kill,
		Report: func(did run.Carried, result *run.Result) error {
			return r.reports.Done(doneLine(result, nil)).Write(r.a, r.reports.Shown(done.New(did), r.keys), "`dirform history RUN` has every step.")
		},
		Begun:    func(changes int) { progress = applyProgress(r.a, changes, r.asJSON, r.reports.Redacts()) },
		Progress: func(e apply.Event) { progress.event(e) }})
	if progress != nil {
		progress.End()
	}
	return r.finish(result, err)
}

// openReviewed opens the saved plan, nil if there is none.
func (r *applyRun) openReviewed(cfg *config.Config) (*planfile.Reader, error) {
	if r.file == "" {
		return nil, nil
	}
	plan, err := planfile.Open(r.file, cfg.Encryption)
	if err != nil {
		return nil, err
	}
	if err := r.o.Fresh(r.a, plan.Header()); err != nil {
		plan.Close()
		return nil, err
	}
	return plan, nil
}

// showFresh prints a plan that nobody has seen yet.
func (r *applyRun) showFresh(plan *planfile.Reader) error {
	if r.asJSON || r.reports.Alone() {
		return nil
	}
	return render.Text(r.a.Env.Stdout, r.reports.Shown(plan, r.keys), textOptions(r.a))
}

func (r *applyRun) refused(e *run.Refused) error {
	where := "Look at the findings above."
	switch {
	case r.file != "":
		where = "`dirform show FILE` has the findings with which the plan was made, `dirform plan` those of today. --allow LIMIT=N is an order of " +
			"whoever applies it."
	case r.asJSON:
		where = "`dirform plan` has the findings."
	}
	if e.SwitchOffs > 0 && !r.offs {
		where += fmt.Sprintf(" `dirform apply --switch-offs` makes only what turns sign-in off: %s.",
			cli.Count(e.SwitchOffs, "change"))
	}
	return &fault.Error{Summary: "The plan is refused", Detail: e.Error(), Err: e,
		Hint: where + " `dirform help findings` tells what each code means and what to do."}
}

// reportLast tells about a run that was cut off. Nothing has to be repaired: this run's plan sees what was written.
func (r *applyRun) reportLast(ctx context.Context, record store.Record) error {
	unfinished, err := record.Unfinished(ctx)
	if err != nil || len(unfinished) == 0 {
		return err
	}
	r.a.Notef("The last run was cut off with %s in flight. This run looks at what became of them.\n", cli.Count(len(unfinished), "write"))
	return nil
}

// ask gets a person's consent to so many changes.
func (r *applyRun) ask(cfg *config.Config, changes int) error {
	if r.approved || r.file != "" {
		return nil
	}
	text := "Do you want to make these changes?"
	if r.offs {
		text = fmt.Sprintf("Do you want to turn off the sign-in of %s, and make none of the other changes?",
			cli.Count(changes, "account"))
	}
	return consent(r.a, cfg, &question{text: text, alone: "the changes are made without an answer",
		unasked: "Standard input is empty, and apply makes no changes unasked.",
		hint:    "Run `dirform plan --out FILE`, review it, and `dirform apply FILE`; or add --auto-approve.",
		no:      "Not applied"})
}

// finish tells how the run went. Without a result nothing was changed.
func (r *applyRun) finish(result *run.Result, err error) error {
	var refused *run.Refused
	if errors.As(err, &refused) {
		return r.refused(refused)
	}
	if result == nil {
		return err
	}
	if r.report(result, err); err == nil {
		err = r.a.Lost()
	}
	switch {
	case err != nil && result.Wrote:
		return &cli.ExitError{Code: cli.ExitPartial, Err: err}
	case err != nil:
		return err
	case result.Interrupted:
		return &cli.ExitError{Code: cli.ExitInterrupted}
	case !result.Complete() || result.Undone > 0:
		return &cli.ExitError{Code: cli.ExitPartial}
	case r.o.failOnBlocked && result.Totals.Summary.Blocked > 0:
		return &cli.ExitError{Code: cli.ExitFailure}
	}
	return nil
}
