package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/cmd/dirform/internal/recordcmd"
	"github.com/dirform/dirform/planner/explain"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/tell"
)

func newStateCommand(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "state",
		Short: "Look at the record of links, copy or move it, forget some, or make it anew",
		Long: `The state is dirform's record: which source object is linked to which tenant object and what was last applied to it. It holds
no names and no addresses: an anchor is the base64 of the source object's GUID, as the tenant's onPremisesImmutableId.`,
		Args: cobra.ArbitraryArgs,
		RunE: a.MissingCommand,
	}
	cli.AddCommands(cmd, newStateListCommand(a), newStateShowCommand(a), newStateRmCommand(a), recordcmd.NewPull(a),
		recordcmd.NewPush(a), recordcmd.NewMigrate(a), newStateRebuildCommand(a))
	return cli.ExitStatus(cmd, "0  done", "1  error")
}

func newStateListCommand(a *cli.App) *cobra.Command {
	var o open.RecordOptions
	var asJSON, names bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List all links, or whoever is in sync, unmanaged, an orphan or skipped",
		Long: `List prints a line for each link: kind and scope, anchor, the tenant object's id, and the rule that paired them. With --names it
reads both directories and joins the links with what they hold now: user name and distinguished name. No name is recorded. The views
show what administrators know from the portal; several may be asked for at once:

  --synced     recorded pairs whose source object is in scope and whose account is alive
  --unmanaged  living accounts that nobody in scope has or is about to get, and that carry no anchor: made in the cloud
  --orphans    recorded pairs whose source object is in no scope any more, or whose account is gone, and accounts with an anchor
               that neither the record nor any scope has
  --skipped    source objects in scope that have no account, where unmatched = "skip" makes none`,
		Example: "  dirform state list\n  dirform state list --names\n  dirform state list --orphans --skipped --json",
		Args:    cli.Arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if views := viewsOf(cmd, names); len(views) > 0 {
				return listViews(cmd.Context(), a, &o, views, asJSON)
			}
			s, err := open.OpenRecord(cmd.Context(), a, &o)
			if err != nil {
				return err
			}
			defer s.Close()
			w := bufio.NewWriter(a.Env.Stdout)
			write := tell.Links
			if asJSON {
				write = tell.LinksJSON
			} else if !s.Meta().Exists {
				a.Notef("There is no state yet: nothing was applied.\n")
			}
			if err := write(cmd.Context(), w, s); err != nil {
				return err
			}
			return w.Flush()
		},
	}
	o.Register(cmd)
	f := cmd.Flags()
	f.BoolVar(&names, "names", false, "read both directories, and add the names that they have now")
	for _, v := range listedViews {
		f.Bool(v.option, false, "list "+v.what+", with names")
	}
	f.BoolVar(&asJSON, "json", false, "print one JSON document")
	return cli.ExitStatus(cmd, "0  done", "1  the state cannot be read, or with names a directory cannot")
}

// listedViews are the views of a list by their options.
var listedViews = []struct{ option, view, what string }{
	{"synced", explain.Synced, "pairs in sync"}, {"unmanaged", explain.Unmanaged, "accounts that are nobody's"},
	{"orphans", explain.Orphan, "pairs and anchors that have lost a side"}, {"skipped", explain.Unpaired, "who gets no account"},
}

// viewsOf are the views that are asked for; with names and no view, those of all that is recorded.
func viewsOf(cmd *cobra.Command, names bool) (views []string) {
	for _, v := range listedViews {
		if on, _ := cmd.Flags().GetBool(v.option); on {
			views = append(views, v.view)
		}
	}
	if names && len(views) == 0 {
		return []string{explain.Synced, explain.Orphan}
	}
	return views
}

// listViews prints views of what is recorded and of what both directories have now.
func listViews(ctx context.Context, a *cli.App, o *open.RecordOptions, views []string, asJSON bool) error {
	if err := o.Declared(); err != nil {
		return err
	}
	return viewed(ctx, a, &o.Variables, func(asked *explain.Explainer) error {
		w := bufio.NewWriter(a.Env.Stdout)
		write := explain.WriteList
		if asJSON {
			write = explain.WriteListJSON
		}
		if err := write(w, explain.List(asked.View, views)); err != nil {
			return err
		}
		return w.Flush()
	})
}

func newStateShowCommand(a *cli.App) *cobra.Command {
	var o open.RecordOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show LINK",
		Short: "Show one link",
		Long: `Show prints what the record knows about one link. LINK is its anchor, the tenant object's id or the source object's GUID; or
any name that explain takes, for which both directories are read, since the record knows none.`,
		Args: cli.Arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := open.OpenRecord(cmd.Context(), a, &o)
			if err != nil {
				return err
			}
			defer s.Close()
			l, err := findLink(cmd.Context(), s, args[0])
			if errors.Is(err, errNoLink) && o.Declared() == nil { // by a name that only the directories know
				err = viewed(cmd.Context(), a, &o.Variables, func(asked *explain.Explainer) (err error) {
					l, err = asked.Link(cmd.Context(), args[0])
					return err
				})
			}
			if err != nil {
				return err
			}
			d := tell.LinkOf(l)
			if asJSON {
				return a.PrintJSON(d)
			}
			a.Printf("kind         %s\nscope        %s\nanchor       %s\nsource GUID  %s\ntenant id    %s\npaired by    %s\n",
				d.Kind, d.Scope, d.Anchor, d.SourceGUID, d.TargetID, d.Rule)
			switch {
			case d.LeftAt != "":
				a.Printf("left scope   since %s\n", d.LeftAt)
			case d.Left:
				a.Printf("left scope   yes\n")
			}
			a.Printf("last applied %s\n", strings.Join(d.Attributes, ", "))
			return nil
		},
	}
	o.Register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return cli.ExitStatus(cmd, "0  done", "1  there is no such link")
}

// errNoLink is why the record does not have a link.
var errNoLink = errors.New("nothing recorded has this name")

// findLink finds a link by its anchor or, reading them all, by either object's id.
func findLink(ctx context.Context, s store.Record, name string) (*state.Link, error) {
	if !s.Meta().Exists {
		return nil, store.ErrMissing
	}
	if l, ok, err := s.Link(ctx, name); ok || err != nil {
		return l, err
	}
	guid, isGUID := state.ParseGUID(name)
	for l, err := range s.Links(ctx) {
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(l.TargetID, name) || isGUID && l.SourceGUID == guid {
			return l, nil
		}
	}
	return nil, &fault.Error{
		Summary: fmt.Sprintf("No link %q in the state", name),
		Detail:  "A link is named by its anchor, by the tenant object's id or by the source object's GUID; the state knows no names of people.",
		Hint:    `Run "dirform state list" for all links, or "dirform explain OBJECT" to find a person's.`,
		Err:     errNoLink,
	}
}

func newStateRmCommand(a *cli.App) *cobra.Command {
	var o open.RecordOptions
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "rm LINK...",
		Short: "Forget links, without touching either directory",
		Long: `Rm removes links from the record. Neither directory is written to: the accounts keep their anchors, so the next plan finds the
pairs again if the source objects are still in scope. Plans made before are refused afterwards.`,
		Args: cli.Arguments(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			place, err := o.Place(a)
			if err != nil {
				return err
			}
			s, err := open.LockRecord(cmd.Context(), a, place, "state rm", wait)
			if err != nil {
				return err
			}
			defer s.Close()
			anchors := make([]string, len(args))
			for i, name := range args {
				l, err := findLink(cmd.Context(), s, name)
				if err != nil {
					return err
				}
				anchors[i] = l.Anchor
			}
			if err := s.RemoveLinks(cmd.Context(), anchors...); err != nil {
				return err
			}
			a.Notef("Forgot %s.\n", cli.Count(len(anchors), "link"))
			return nil
		},
	}
	o.Register(cmd)
	open.WaitFlag(cmd, &wait)
	return cli.ExitStatus(cmd, "0  done", "1  a link is not in the state; none was removed")
}
