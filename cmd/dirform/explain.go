package main

import (
	"bufio"
	"context"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/planner/explain"
)

func newExplainCommand(a *cli.App) *cobra.Command {
	var o planOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain OBJECT",
		Short: "Tell why an object is in or out, and what would become of it",
		Long: `Explain answers, for a distinguished name, GUID, user name, mail address (aliases too), object id, anchor, plan address, logon
name or display name on either side: which scope has the object and why, how each attribute comes about, which match rules were
tried and what they found, which findings name it, and what the plan would do. It knows objects that no scope has, accounts that
nobody is linked to, groups and contacts of the tenant, its recycle bin, who has left, and declared resources such as
upn_suffix["contoso.com"]. A name that several objects have is answered for each of them. It never writes.

JSON: "matches" holds what the plan knows, each with "what" (source_object, tenant_object, deleted_object, record or declared),
"scopes" (each with "in" and "reason"), "attributes" (expression, inputs, result, live, drift, write), "rules" (value, outcome and
candidates; an outcome is decides, nothing, not_tried, taken, ambiguous, fails or off), "findings" and "change" as in a plan, and
"outcome". "out_of_scope" holds source objects that no scope has, with "reasons". "findings" are those about no match, and those
that make the whole plan inapplicable.`,
		Example: "  dirform explain jdoe@contoso.com\n  dirform explain 'CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com'\n  dirform explain 'upn_suffix[\"contoso.com\"]'",
		Args:    cli.Arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return explainObject(cmd.Context(), a, &o, args[0], asJSON)
		},
	}
	o.Variables.Register(cmd)
	o.FromSnapshot(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return cli.ExitStatus(cmd, "0  done", "1  error, or neither directory has such an object")
}

// explainObject prints what is known of the objects that name means.
func explainObject(ctx context.Context, a *cli.App, o *planOptions, name string, asJSON bool) error {
	return viewed(ctx, a, &o.Variables, func(asked *explain.Explainer) error {
		x, err := asked.Explain(ctx, name)
		if err != nil {
			return err
		}
		if asJSON {
			return a.PrintJSON(x)
		}
		w := bufio.NewWriter(a.Env.Stdout)
		explain.Write(w, x, textOptions(a))
		return w.Flush()
	})
}

// viewed reads both directories and the record, decides about everything, and lets ask look at that.
func viewed(ctx context.Context, a *cli.App, v *open.Variables, ask func(*explain.Explainer) error) error {
	now, done, err := open.ForReading(ctx, a, v)
	if err != nil {
		return err
	}
	defer done()
	looked, err := now.Look(ctx)
	if err != nil {
		return err
	}
	builder, err := looked.Build(ctx)
	if err != nil {
		return err
	}
	defer builder.Close()
	view, err := builder.View()
	if err != nil {
		return err
	}
	return ask(&explain.Explainer{View: view, Config: looked.Config, Directories: now.Directories, Record: now.Record.(explain.Record),
		OUs: looked.Settings.OUs, Query: looked.Query})
}
