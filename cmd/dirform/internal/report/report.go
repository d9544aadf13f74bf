// Package report has the options by which commands write a plan in further layouts, into files or on standard output.
package report

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/planner/render/files"
	"github.com/dirform/dirform/planner/render/markdown"
	"github.com/dirform/dirform/planner/render/page"
	"github.com/dirform/dirform/planner/render/past"
	"github.com/dirform/dirform/planner/render/redact"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/origin"
	"github.com/dirform/dirform/state/outfile"
	"github.com/dirform/dirform/state/seal"
)

// Options are where a plan goes beside the text or the JSON on standard output. The name "-" is standard output, which
// then has nothing else.
type Options struct {
	markdown, place, html, csv string
	limit                      int
	redact                     bool
	drift                      bool
	days                       []page.Day
	done                       string // what an apply has done
}

// Register adds the options to a command that shows a plan.
func (o *Options) Register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.markdown, "markdown", "",
		"write the plan to `FILE` as Markdown, for a pull request; \"-\" prints nothing else")
	f.StringVar(&o.place, "markdown-for", "github", "let the Markdown fit `PLACE`: "+markdown.PlaceNames())
	f.StringVar(&o.html, "html", "",
		"write the plan to `FILE` as a page to look through in a browser; \"-\" prints nothing else")
	f.StringVar(&o.csv, "csv", "",
		"write the plan to `FILE` as a table of its findings and changes; \"-\" prints nothing else")
	f.BoolVar(&o.redact, "redact", false, "show tags for people and withhold values, on standard output too")
	f.IntVar(&o.limit, "markdown-limit", 0, "let the Markdown have `BYTES` at most, instead of what the place takes")
}

// Drift says that what is shown is drift alone.
func (o *Options) Drift() { o.drift = true }

// Done says what an apply has done whose changes are shown.
func (o *Options) Done(line string) *Options {
	o.done = line
	return o
}

// Recall has the page show what was done on the last days, as far as the record of what is planned is one that tells.
func (o *Options) Recall(ctx context.Context, record any) error {
	if o.html == "" {
		return nil
	}
	days, err := past.Days(ctx, record)
	o.days = days
	return err
}

// form is a layout that is asked for.
type form struct {
	option, file string
	kind         *outfile.Kind
	write        func(io.Writer, render.Digested) error
}

func (o *Options) forms(a *cli.App, more string) []form {
	place, _ := markdown.PlaceNamed(o.place)
	all := []form{{"--markdown", o.markdown, &files.Markdown, func(w io.Writer, plan render.Digested) error {
		return markdown.Write(w, plan, markdown.Options{Place: place, Limit: o.limit, Tag: a.Folder(), Drift: o.drift,
			Sum: o.done, Digest: plan.Digest(), Origin: origin.Of(a.Env.Getenv), More: more})
	}}, {"--html", o.html, &files.Page, func(w io.Writer, plan render.Digested) error {
		return page.Write(w, plan, page.Options{Days: o.days, Drift: o.drift, Sum: o.done, Digest: plan.Digest(),
			Origin: origin.Of(a.Env.Getenv)})
	}}, {"--csv", o.csv, &files.Plan, func(w io.Writer, plan render.Digested) error { return render.CSV(w, plan) }}}
	return slices.DeleteFunc(all, func(f form) bool { return f.file == "" })
}

// May refuses options that cannot be met, before anything is read. asJSON says that standard output is taken.
func (o *Options) May(a *cli.App, cmd *cobra.Command, asJSON bool) error {
	printed := ""
	if asJSON {
		printed = "--json"
	}
	if _, ok := markdown.PlaceNamed(o.place); !ok {
		return &fault.Error{Summary: fmt.Sprintf("--markdown-for does not know %q", o.place), Hint: "Known are " +
			markdown.PlaceNames() + "."}
	}
	if o.limit != 0 && o.limit < markdown.Least {
		return &fault.Error{Summary: fmt.Sprintf("--markdown-limit %d is too small", o.limit),
			Hint: fmt.Sprintf("The counts, the limits and the last line take up to %d bytes.", markdown.Least)}
	}
	for _, name := range []string{"markdown-for", "markdown-limit"} {
		if o.markdown == "" && cmd.Flags().Changed(name) {
			return &fault.Error{Summary: "Option --" + name + " goes with --markdown", Hint: "Add --markdown FILE."}
		}
	}
	for _, f := range o.forms(a, "") {
		if f.file != "-" {
			if err := f.kind.May(a.Path(f.file), f.file); err != nil {
				return err
			}
			continue
		}
		if printed != "" {
			return &fault.Error{Summary: fmt.Sprintf("Options %s and %s - both print on standard output", printed,
				f.option),
				Hint: fmt.Sprintf("Name a file: %s FILE.", f.option)}
		}
		printed = f.option + " -"
	}
	return nil
}

// Redacts reports whether nobody is to be named.
func (o *Options) Redacts() bool { return o.redact }

// Shown is the plan as it is shown: without people, if that is asked for. With keys their tags are the same for all
// plans of a record.
func (o *Options) Shown(plan render.Digested, keys *seal.Keys) render.Digested {
	if !o.redact {
		return plan
	}
	return redact.New(plan, keys.Secret("redaction", plan.Header().State.Lineage))
}

// Alone reports whether standard output is for one of the layouts.
func (o *Options) Alone() bool { return slices.Contains([]string{o.markdown, o.html, o.csv}, "-") }

// Write writes the plan in the layouts that are asked for. more says where everything is that has no room in one of
// them.
func (o *Options) Write(a *cli.App, plan render.Digested, more string) error {
	for _, f := range o.forms(a, more) {
		write := func(w io.Writer) error { return f.write(w, plan) }
		if f.file == "-" {
			if err := write(a.FileOut()); err != nil {
				return err
			}
		} else if err := f.kind.Write(a.Path(f.file), f.file, write); err != nil {
			return err
		}
	}
	return nil
}
