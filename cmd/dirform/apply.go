package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

func newApplyCommand(a *app) *cobra.Command {
	var o planOptions
	var autoApprove, asJSON bool
	cmd := &cobra.Command{
		Use:   "apply [FILE]",
		Short: "Make the changes of a plan",
		Long: `Apply plans, shows the plan, asks, and makes its changes. With the FILE of a saved plan it makes exactly that plan's
changes, without asking. Each object is read again right before it is written; one that changed since the plan was made is
skipped. What was done is recorded in the state.`,
		Example: "  dirform apply\n  dirform apply monday.dfplan",
		Args:    arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run := &applyRun{a: a, o: &o, asJSON: asJSON, approved: autoApprove}
			if len(args) == 1 {
				run.file = a.path(args[0])
				if err := o.none(cmd); err != nil {
					return err
				}
			}
			return run.run(cmd.Context())
		},
	}
	o.register(cmd)
	cmd.Flags().BoolVar(&autoApprove, "auto-approve", false, "do not ask before making the changes")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what is done as JSON, one document a line; needs --auto-approve or FILE")
	return exitStatus(cmd, "0  everything was applied, or there were no changes", "1  error, or the plan was refused; nothing was changed",
		"3  applied in part: some changes failed or were skipped", "130  interrupted; what was done is recorded")
}

// applyRun is one apply.
type applyRun struct {
	a        *app
	o        *planOptions
	file     string // saved plan, or ""
	asJSON   bool
	approved bool
}

// run is the main job's second half: lock, plan or open a plan, ask, carry out, record.
func (r *applyRun) run(ctx context.Context) error {
	if r.asJSON && r.file == "" && !r.approved {
		return &usageError{summary: "--json leaves nobody to ask", hint: "Add --auto-approve, or give the file of a saved plan."}
	}
	cfg, err := r.a.loadConfig(&r.o.variables)
	if err != nil {
		return err
	}
	record, err := r.a.lockRecord(ctx, stateFile(cfg), "apply")
	if err != nil {
		return err
	}
	defer record.Close()
	if err := r.reportLast(ctx, record); err != nil {
		return err
	}
	dirs := r.a.openDirectories(cfg.Dir)
	defer dirs.Close()
	plan, err := r.plan(ctx, cfg, record, dirs)
	if err != nil {
		return err
	}
	defer plan.Close()
	if !plan.Totals().Applicable {
		return r.refused(plan)
	}
	if plan.Totals().Summary.Changes() > 0 {
		if err := r.ask(cfg); err != nil {
			return err
		}
	}
	return r.carryOut(ctx, cfg, record, dirs, plan)
}

// plan opens the saved plan, or makes and shows one.
func (r *applyRun) plan(ctx context.Context, cfg *config.Config, record *store.Store, dirs *directories) (*planfile.Reader, error) {
	if r.file != "" {
		plan, err := planfile.Open(r.file)
		if err != nil {
			return nil, err
		}
		if err := sameDirectories(ctx, cfg, dirs, plan.Header()); err != nil {
			plan.Close()
			return nil, err
		}
		return plan, nil
	}
	plan, err := r.a.plan(ctx, r.o, cfg, record, dirs, "")
	if err != nil || r.asJSON {
		return plan, err
	}
	if err := render.Text(r.a.env.Stdout, plan, r.a.textOptions()); err != nil {
		plan.Close()
		return nil, err
	}
	return plan, nil
}

// sameDirectories refuses a plan that was made from another domain or for another tenant.
func sameDirectories(ctx context.Context, cfg *config.Config, dirs *directories, h planner.Header) error {
	domain, _, err := dirs.home(ctx, cfg, h.Source.SID)
	if err != nil {
		return err
	}
	tenant, err := dirs.openTenant(ctx, cfg.Entra)
	if err != nil {
		return err
	}
	org, err := tenant.Organization(ctx)
	if err != nil {
		return err
	}
	if domain.SID == h.Source.SID && org.ID == h.Tenant.ID {
		return nil
	}
	return &usageError{summary: "The plan was made for other directories",
		detail: fmt.Sprintf("It is for domain %s (%s) and tenant %s; the configuration reaches domain %s (%s) and tenant %s.",
			h.Source.Domain, h.Source.SID, h.Tenant.ID, domain.Name, domain.SID, org.ID),
		hint: "Apply it with the configuration it was made with, or make a new plan."}
}

func (r *applyRun) refused(plan *planfile.Reader) error {
	var why []string
	for _, g := range plan.Totals().Guards {
		if g.Tripped {
			why = append(why, fmt.Sprintf("guard %q allows %s %v, planned are %v", g.Name, g.Limit, g.Allowed, g.Planned))
		}
	}
	if len(why) == 0 {
		why = append(why, "an error finding concerns the plan as a whole")
	}
	where := "Look at the findings above."
	switch {
	case r.file != "":
		where = "`dirform show FILE` has the findings."
	case r.asJSON:
		where = "`dirform plan` has the findings."
	}
	return &usageError{summary: "The plan is refused", detail: strings.Join(why, "; ") + ". Nothing was changed.",
		hint: where + " `dirform help findings` tells what each code means and what to do."}
}

// reportLast tells about a run that was cut off. Nothing has to be repaired: this run's plan sees what was written.
func (r *applyRun) reportLast(ctx context.Context, record *store.Store) error {
	unfinished, err := record.Unfinished(ctx)
	if err != nil || len(unfinished) == 0 {
		return err
	}
	r.a.notef("The last run was cut off with %s in flight. This run looks at what became of them.\n", count(len(unfinished), "write"))
	return nil
}

// ask gets a person's consent.
func (r *applyRun) ask(cfg *config.Config) error {
	if r.approved || r.file != "" {
		return nil
	}
	fmt.Fprint(r.a.env.Stdout, "\nDo you want to make these changes? Only \"yes\" is accepted: ")
	line, err := r.a.readLine()
	fmt.Fprintln(r.a.env.Stdout)
	switch answer := strings.TrimSpace(line); {
	case answer == "yes":
		return nil
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case errors.Is(err, io.EOF) && answer == "" && embedded(cfg):
		r.a.notef("Nobody is there to answer. Both directories are embedded labs, so the changes are made without an answer.\n")
		return nil
	case errors.Is(err, io.EOF) && answer == "":
		return &usageError{summary: "Nobody is there to answer", detail: "Standard input is empty, and apply makes no changes unasked.",
			hint: "Run `dirform plan --out FILE`, review it, and `dirform apply FILE`; or add --auto-approve."}
	}
	return &usageError{summary: "Not applied", detail: "The answer was not \"yes\". Nothing was changed."}
}

// readLine reads a line of standard input. A signal ends the wait, though not the reading, which nothing can.
func (a *app) readLine() (line string, err error) {
	read := make(chan struct{})
	go func() {
		defer close(read)
		line, err = bufio.NewReader(a.env.Stdin).ReadString('\n')
	}()
	select {
	case <-read:
		return line, err
	case <-a.stop.Done():
		return "", errInterrupted
	}
}

// embedded reports whether a configuration touches nothing but embedded labs.
func embedded(cfg *config.Config) bool {
	for _, p := range cfg.AD {
		if p.Lab == "" {
			return false
		}
	}
	return cfg.Entra.Lab != ""
}

// carryOut applies the plan and records what was done.
func (r *applyRun) carryOut(ctx context.Context, cfg *config.Config, record *store.Store, dirs *directories, plan *planfile.Reader) error {
	h := plan.Header()
	run, err := record.Begin(ctx, store.RunInfo{Lineage: h.State.Lineage, Serial: h.State.Serial, SourceSID: h.Source.SID,
		MovesFrom: h.Source.MovesFrom, TenantID: h.Tenant.ID, PlanDigest: plan.Digest(), Allowed: h.Allowed})
	if err != nil {
		return err
	}
	in, err := r.input(ctx, cfg, record, dirs, plan)
	if err != nil {
		return err
	}
	in.Journal = run
	progress := r.a.applyProgress(plan.Totals().Summary.Changes(), r.asJSON)
	in.Progress = progress.event
	out, runErr := apply.Run(ctx, in)
	progress.end()
	r.a.logger().Info("applied", "applied", out.Applied, "failed", out.Failed, "skipped", out.Skipped, "unknown", out.Unknown)
	return r.finish(run, plan, out, runErr)
}

// finish records the end of the run and tells how it went.
func (r *applyRun) finish(run *store.Writer, plan *planfile.Reader, out apply.Outcome, runErr error) error {
	ctx := context.WithoutCancel(r.a.stop)
	outcome := store.OutcomeApplied
	switch {
	case runErr != nil:
		outcome = store.OutcomeFailed
	case out.Interrupted:
		outcome = store.OutcomeInterrupted
	case !out.Complete():
		outcome = store.OutcomePartial
	}
	t := plan.Totals()
	ous, err := recordedOUs(t.Scopes)
	if err == nil {
		err = run.OUs(ctx, ous)
	}
	if err == nil {
		err = run.Finish(ctx, outcome, out.Counts, scopeCounts(t.Scopes))
	}
	if err == nil {
		err = r.report(out, t, runErr)
	}
	switch {
	case runErr != nil && out.Applied > 0:
		return &exitError{code: exitPartial, err: runErr}
	case runErr != nil:
		return runErr
	case err != nil:
		return err
	case out.Interrupted:
		return &exitError{code: exitInterrupted}
	case !out.Complete():
		return &exitError{code: exitPartial}
	case r.o.failOnBlocked && t.Summary.Blocked > 0:
		return &exitError{code: exitFailure}
	}
	return nil
}

func recordedOUs(scopes []planner.ScopeSeen) ([]state.OU, error) {
	var ous []state.OU
	seen := map[state.OU]bool{}
	for _, s := range scopes {
		for _, o := range s.OUs {
			g, ok := state.ParseGUID(o.GUID)
			if !ok {
				return nil, fmt.Errorf("the plan names container %q of scope %s, which is no GUID", o.GUID, s.Scope)
			}
			if ou := (state.OU{Scope: s.Scope, Declared: o.Declared, GUID: g}); !seen[ou] {
				seen[ou] = true
				ous = append(ous, ou)
			}
		}
	}
	return ous, nil
}

func scopeCounts(scopes []planner.ScopeSeen) []store.ScopeCount {
	var counts []store.ScopeCount
	for _, s := range scopes {
		counts = append(counts, store.ScopeCount{Scope: s.Scope, Kind: s.Kind, Objects: s.Objects, InScope: s.InScope})
	}
	return counts
}
