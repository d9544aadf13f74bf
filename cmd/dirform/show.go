package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/cmd/dirform/internal/report"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

func newShowCommand(a *cli.App) *cobra.Command {
	var o open.RecordOptions
	var reports report.Options
	var script string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show [FILE]",
		Short:   "Show a saved plan, or the state",
		Long:    "Show prints a saved plan as plan printed it. Without a FILE it prints what the state records.",
		Example: "  dirform show monday.dfplan\n  dirform show --json monday.dfplan",
		Args:    cli.Arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && script != "" {
				return &fault.Error{Summary: "Option --aliases-script takes a saved plan", Hint: "Name the plan: dirform show --aliases-script FILE PLAN."}
			}
			if len(args) == 0 {
				return showRecord(cmd.Context(), a, &o, asJSON)
			}
			if err := reports.May(a, cmd, asJSON); err != nil {
				return err
			}
			keys, err := o.Keys(a)
			if err != nil {
				return err
			}
			plan, err := planfile.Open(a.Path(args[0]), keys)
			if err != nil {
				return err
			}
			defer plan.Close()
			return writePlanAndFiles(a, plan, reports.Shown(plan, keys), &reports, script, asJSON)
		},
	}
	o.Register(cmd)
	reports.Register(cmd)
	a.VerboseFlag(cmd)
	cmd.Flags().StringVar(&script, "aliases-script", "", aliasesHelp)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return cli.ExitStatus(cmd, "0  done", "1  the file cannot be read, or is no plan")
}

// recordDocument is the state in JSON.
type recordDocument struct {
	Path     string          `json:"path"`
	Exists   bool            `json:"exists"`
	Lineage  string          `json:"lineage,omitempty"`
	Serial   int64           `json:"serial"`
	Source   string          `json:"source_sid,omitempty"`
	TenantID string          `json:"tenant_id,omitempty"`
	Links    []linkCount     `json:"links"`
	OUs      []containerText `json:"ous"`
}

type linkCount struct {
	Scope string     `json:"scope"`
	Kind  state.Kind `json:"kind"`
	Links int        `json:"links"`
	Left  int        `json:"left"` // of these, how many have left the scope
}

type containerText struct {
	Scope    string `json:"scope"`
	Declared string `json:"declared"`
	GUID     string `json:"guid"`
}

// showRecord prints what the state records, by the numbers; state list has the single links.
func showRecord(ctx context.Context, a *cli.App, o *open.RecordOptions, asJSON bool) error {
	s, err := open.OpenRecord(ctx, a, o)
	if err != nil {
		return err
	}
	defer s.Close()
	place, err := o.Place(a)
	if err != nil {
		return err
	}
	m := s.Meta()
	doc := recordDocument{Path: place.String(), Exists: m.Exists, Lineage: m.Lineage, Serial: m.Serial, Source: m.SourceSID, TenantID: m.TenantID,
		Links: []linkCount{}, OUs: []containerText{}}
	for l, err := range s.Links(ctx) {
		if err != nil {
			return err
		}
		i := slices.IndexFunc(doc.Links, func(c linkCount) bool { return c.Scope == l.Scope && c.Kind == l.Kind })
		if i < 0 {
			i = len(doc.Links)
			doc.Links = append(doc.Links, linkCount{Scope: l.Scope, Kind: l.Kind})
		}
		doc.Links[i].Links++
		if l.Left {
			doc.Links[i].Left++
		}
	}
	slices.SortFunc(doc.Links, func(a, b linkCount) int {
		return strings.Compare(a.Scope+"/"+string(a.Kind), b.Scope+"/"+string(b.Kind))
	})
	ous, err := s.OUs(ctx)
	if err != nil {
		return err
	}
	for _, ou := range ous {
		doc.OUs = append(doc.OUs, containerText{ou.Scope, ou.Declared, ou.GUID.String()})
	}
	if asJSON {
		return a.PrintJSON(doc)
	}
	doc.write(a)
	return nil
}

func (d *recordDocument) write(a *cli.App) {
	if !d.Exists {
		a.Printf("No state yet: nothing was applied. It will be kept in %s.\n", d.Path)
		return
	}
	a.Printf("State %s\n  lineage %s, serial %d\n  source  %s\n  tenant  %s\n", d.Path, d.Lineage, d.Serial, d.Source, d.TenantID)
	for _, l := range d.Links {
		a.Printf("  scope %s: %s linked", l.Scope, cli.Count(l.Links, string(l.Kind)))
		if l.Left > 0 {
			a.Printf(", of which %d left the scope", l.Left)
		}
		a.Printf("\n")
	}
	for _, o := range d.OUs {
		a.Printf("  scope %s: %s is container %s\n", o.Scope, o.Declared, o.GUID)
	}
}
