package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
)

func newStateRebuildCommand(a *cli.App) *cobra.Command {
	var v open.Variables
	r := rebuilding{a: a}
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Make a lost or damaged state anew from both directories",
		Long: `Rebuild reads both directories, pairs source objects with the accounts that carry their anchors, shows the
links, asks, and records them. It writes to neither directory. A backup is better: what only the state knew (how pairs
came about, since when leavers are gone, what was applied last where the two sides differ) cannot be told from the
directories, and rebuild says so. A damaged state is kept under another name; one that is whole is not replaced.`,
		Example: "  dirform state rebuild\n  dirform state rebuild --auto-approve",
		Args:    cli.Arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if r.cfg, err = open.LoadConfig(a, &v); err != nil {
				return err
			}
			return r.run(cmd.Context())
		},
	}
	v.Register(cmd)
	a.InputFlag(cmd)
	open.WaitFlag(cmd, &r.wait)
	cmd.Flags().BoolVar(&r.approved, "auto-approve", false, "do not ask before recording the links")
	return cli.ExitStatus(cmd, "0  done, or there is nothing to record",
		"1  error, there is a whole state already, or the answer was not yes; nothing was recorded",
		"3  the links are recorded, but standard output did not take that")
}

// rebuilding is one run of state rebuild.
type rebuilding struct {
	a        *cli.App
	cfg      *config.Config
	approved bool
	wait     time.Duration
	damaged  *store.Damaged // nil if there is no file
}

func (r *rebuilding) run(ctx context.Context) error {
	r.a.Writes()
	place, err := open.PlaceOf(r.a, r.cfg)
	if err != nil {
		return err
	}
	o := open.Transfer(r.a, store.CommandRebuild, r.wait)
	s, damaged, err := store.RebuildWithin(ctx, place, o.Options, r.wait, o.Tell)
	if err != nil {
		return err
	}
	defer s.Close()
	r.damaged = damaged
	dirs, err := open.AdmitDirectories(ctx, r.a, r.cfg, s)
	if err != nil {
		return err
	}
	defer dirs.Close()
	now := open.NewRun(r.a, r.cfg, s, dirs)
	now.Watch = open.WatchReading(r.a)
	found, err := now.Rebuild(ctx, run.RebuildOptions{Record: open.WritableRecord{Locked: s}, Show: r.show, Consent: r.ask})
	if err != nil || len(found.Pairs)+len(found.Leavers) == 0 {
		return err
	}
	tell := func(to func(string, ...any)) {
		to("\nRecorded %s in %s.\n", cli.Count(len(found.Pairs)+len(found.Leavers), "link"), r.cfg.StateName())
	}
	tell(r.a.Printf)
	if r.damaged != nil {
		r.a.Notef("The damaged file is kept as %s.\n", filepath.Base(r.damaged.KeptAs))
	}
	if err := r.a.Lost(); err != nil {
		tell(r.a.Notef)
		return &cli.ExitError{Code: cli.ExitPartial, Err: err}
	}
	return nil
}

// ask asks whoever has seen what would be recorded.
func (r *rebuilding) ask() error {
	if err := r.a.Lost(); err != nil || r.approved {
		return err
	}
	return consent(r.a, r.cfg, &question{text: "Do you want to record these links?",
		alone:   "they are recorded without an answer",
		unasked: "Standard input is empty, and nothing is recorded unasked.",
		hint:    "Look at the links above, and add --auto-approve.", no: "Not recorded"})
}

// show prints what was read, what would be recorded of it, and what would not.
func (r *rebuilding) show(x *run.Rebuilt) error {
	p := r.a.Printf
	if r.damaged != nil {
		p("The state cannot be read any more: %s\n\n", fault.Sentence(r.damaged.Reason))
	}
	domains := strings.Join(append([]string{x.Source.Domain}, x.Source.Others...), ", ")
	p("Read Active Directory %s and tenant %s.\n", render.Plain(domains), x.Tenant.ID)
	for _, s := range x.Scopes {
		p("  scope %s: %s read, %d in scope\n", s.Scope, cli.Count(s.Objects, string(s.Kind)), s.InScope)
	}
	if len(x.Pairs)+len(x.Leavers) == 0 {
		p("\nNothing to record: no account carries the anchor of an object in Active Directory.\n")
		r.unrecorded(x)
		if r.damaged != nil {
			r.a.Notef("\nThe damaged file stays. Move it away to start with a first run.\n")
		}
		return nil
	}
	r.links("Links of objects in scope", x.Pairs, func(*run.RebuiltLink) string { return "" })
	r.links("Links of leavers, whose objects no scope has any more", x.Leavers, func(l *run.RebuiltLink) string {
		if l.Enabled {
			return "  (can sign in; the next plan does what its policy says about leaving)"
		}
		return "  (cannot sign in)"
	})
	r.unrecorded(x)
	r.unknown(x)
	return nil
}

func (r *rebuilding) links(title string, list []*run.RebuiltLink, note func(*run.RebuiltLink) string) {
	if len(list) == 0 {
		return
	}
	r.a.Printf("\n%s: %d\n", title, len(list))
	for _, l := range list {
		r.a.Printf("  %-20s  %-24s  %-36s  %s%s\n", string(l.Kind)+"."+l.Scope, l.Anchor, l.TargetID,
			render.Plain(l.Name), note(l))
	}
}

// unrecorded tells which accounts carry an anchor and get no link.
func (r *rebuilding) unrecorded(x *run.Rebuilt) {
	var lines []string
	if n := len(x.Strays); n > 0 {
		lines = append(lines, fmt.Sprintf("%s with an anchor whose object was not found in Active Directory: %s",
			cli.Count(n, "account"), firstNames(x.Strays)),
			"  (whoever of them has left has to be disabled by hand; the next plan names them again as DF411)")
	}
	if n := len(x.Contested); n > 0 {
		lines = append(lines, fmt.Sprintf("%s with an anchor that several objects in scope have (DF201): %s",
			cli.Count(n, "account"), firstNames(x.Contested)))
	}
	if x.Mastered > 0 {
		lines = append(lines, cli.Count(x.Mastered, "account")+" with an anchor that another sync engine masters")
	}
	if len(lines) == 0 {
		return
	}
	r.a.Printf("\nNot recorded:\n")
	for _, l := range lines {
		r.a.Printf("  %s\n", l)
	}
}

// unknown tells what the directories do not know.
func (r *rebuilding) unknown(x *run.Rebuilt) {
	lines := []string{`how the pairs came about: the rule of all links is "rebuilt"`}
	if len(x.Leavers) > 0 {
		lines = append(lines, "since when leavers are gone, and whether dirform disabled them: a grace begins with the next "+
			"apply, and nobody who comes back is enabled")
	}
	if len(x.Leavers) > 0 && len(x.Scopes) > 1 {
		lines = append(lines, "which scope leavers were in, where their objects lie in none: they are noted in the one that "+
			"does the least about leavers")
	}
	if x.Differing > 0 {
		lines = append(lines, fmt.Sprintf("what was applied last where the two sides differ, which is so of %s: plans tell "+
			"the difference as pending, not as drift", cli.Count(x.Differing, "account")))
	}
	if x.Stopped > 0 {
		lines = append(lines, fmt.Sprintf("what was applied last to %s that findings stop", cli.Count(x.Stopped, "account")))
	}
	lines = append(lines, "earlier runs: the history begins anew, and plans saved before are refused")
	if x.Unanchored {
		lines = append(lines, "links of groups, which keep no anchor in the tenant: the next plan matches them by its rules")
	}
	r.a.Printf("\nNot known any more:\n")
	for _, l := range lines {
		r.a.Printf("  %s\n", l)
	}
}

// namedAccounts is how many accounts a line names.
const namedAccounts = 10

func firstNames(list []*reconcile.Anchored) string {
	var names []string
	for _, a := range list[:min(len(list), namedAccounts)] {
		name := render.Plain(a.Name)
		if a.Enabled {
			name += " (can sign in)"
		}
		names = append(names, name)
	}
	if n := len(list) - len(names); n > 0 {
		names = append(names, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(names, ", ")
}
