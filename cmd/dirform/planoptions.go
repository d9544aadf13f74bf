package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/shell"
)

// planOptions are the options that plan and apply share: what the plan is made from and limited to.
type planOptions struct {
	open.Variables
	targets, excludes []string
	allowed           []string // LIMIT=N
	failOnBlocked     bool
	undo              int64  // the run that the plan undoes, see [run.Options]; 0 for none
	against           string // the folder of a configuration that the plan is held against, or ""
	inspect           bool   // objects that no change is about are judged as well
}

// register adds the options to a command that plans.
func (o *planOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.targets, "target", nil, "plan only for `ADDRESS` and its needs: user.staff, 'user.staff[\"jo@contoso.com\"]' or a name; repeatable")
	f.StringArrayVar(&o.excludes, "exclude", nil, "leave `ADDRESS`, or who has that name, out of the plan; may be repeated")
	f.StringArrayVar(&o.allowed, "allow", nil, "let N alone be a guard limit of this run, `LIMIT=N`; may be repeated; see \"dirform help guards\"")
	f.BoolVar(&o.failOnBlocked, "fail-on-blocked", false, "exit with status 1 if an object is blocked")
	o.Variables.Register(cmd)
}

// options are the options as a run takes them; out is the plan file to write, or "".
func (o *planOptions) options(out string) (run.Options, error) {
	allow, err := limits.Allow(o.allowed)
	if err == nil {
		err = planfile.Output.May(out, out)
	}
	return run.Options{Targets: o.targets, Excludes: o.excludes, Allow: allow, Allowed: o.allowed, Inspect: o.inspect, Undo: o.undo, Out: out}, err
}

// applyLine is the command that carries out the plan that was saved in out, which undoes a run or none; withheld says that values of
// variables are left out of it. The file alone says what the plan is limited to.
func (o *planOptions) applyLine(a *cli.App, cfg *config.Config, undoes int64, out string) (line string, withheld bool) {
	words := a.Again("apply")
	if undoes != 0 && cfg.Encryption == nil {
		words = append(words, "--undo", fmt.Sprint(undoes))
	}
	for _, allowed := range o.allowed {
		words = append(words, "--allow", allowed)
	}
	variables, withheld := o.Variables.Again(cfg)
	if strings.HasPrefix(out, "-") { // no option
		out = "./" + out
	}
	return shell.Line(append(append(words, variables...), out)...), withheld
}

// none refuses the options where a saved plan says everything.
func (o *planOptions) none(cmd *cobra.Command) error {
	for _, name := range []string{"target", "exclude"} {
		if cmd.Flags().Changed(name) {
			return &fault.Error{Summary: fmt.Sprintf("Option --%s has no effect on a saved plan", name),
				Detail: "Of a saved plan everything is carried out that today's plan has as well.",
				Hint:   fmt.Sprintf("Give --%s to plan, and apply the plan that it makes.", name)}
		}
	}
	return nil
}
