package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

func newExplainCommand(a *app) *cobra.Command {
	var o planOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain OBJECT",
		Short: "Tell why an object is in or out, and what would become of it",
		Long: `Explain answers, for a distinguished name, GUID, user name, mail address, object id, anchor or plan address: which scope has
the object and why, how each attribute comes about, which match rules were tried, what was found, and what the plan would do.`,
		Example: "  dirform explain jdoe@contoso.com\n  dirform explain 'CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com'",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.explain(cmd.Context(), &o, args[0], asJSON)
		},
	}
	o.variables.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return exitStatus(cmd, "0  done", "1  error, or neither directory has such an object")
}

// outside is a source object that is in no scope, and why.
type outside struct {
	DN      string   `json:"source_dn"`
	Reasons []string `json:"reasons"`
}

// explanation is the document of explain --json.
type explanation struct {
	Object     string                 `json:"object"`
	Matches    []*planner.Explanation `json:"matches"`
	OutOfScope []outside              `json:"out_of_scope"`
}

func (a *app) explain(ctx context.Context, o *planOptions, name string, asJSON bool) error {
	cfg, err := a.loadConfig(&o.variables)
	if err != nil {
		return err
	}
	record, err := store.OpenReadOnly(ctx, stateFile(cfg))
	if err != nil {
		return err
	}
	defer record.Close()
	dirs := a.openDirectories(cfg.Dir)
	defer dirs.Close()
	r, err := a.look(ctx, cfg, record, dirs)
	if err != nil {
		return err
	}
	builder := planner.New(r.set)
	defer builder.Close()
	if err := r.all(ctx, builder); err != nil {
		return err
	}
	x := explanation{Object: name, Matches: []*planner.Explanation{}, OutOfScope: []outside{}}
	known, err := builder.Explain(name)
	if err != nil {
		return err
	}
	x.Matches = append(x.Matches, known...)
	if !slices.ContainsFunc(x.Matches, func(m *planner.Explanation) bool { return m.SourceDN != "" }) {
		if err := r.findOutside(ctx, builder, name, &x); err != nil {
			return err
		}
	}
	if len(x.Matches)+len(x.OutOfScope) == 0 {
		return &usageError{summary: fmt.Sprintf("No object is known as %q", name),
			detail: "Neither directory has an object with this name.",
			hint:   "Give a distinguished name, GUID, user principal name, mail address, object id or plan address."}
	}
	if asJSON {
		return a.printJSON(x)
	}
	w := bufio.NewWriter(a.env.Stdout)
	x.write(w)
	return w.Flush()
}

// findOutside looks for the object in the whole of each domain, and says why no scope has it. What a scope does have, known to
// the directory by a name that the plan's index lacks (sAMAccountName), is explained by its distinguished name.
func (r *reading) findOutside(ctx context.Context, builder *planner.Builder, name string, x *explanation) error {
	for _, p := range r.cfg.AD {
		src, err := r.dirs.openSource(ctx, p)
		if err != nil {
			return err
		}
		domain, err := src.Domain(ctx)
		if err != nil {
			return err
		}
		for _, kind := range []state.Kind{state.User, state.Group, state.Contact} {
			shape := r.cfg.SourceShapes[kind]
			if shape == nil {
				shape = state.NewShape("displayName")
			}
			q := providers.Query{Kind: kind, Bases: []string{domain.BaseDN}, Filter: namedFilter(name), Attributes: shape}
			for o, err := range src.Read(ctx, q) {
				if err != nil {
					return err
				}
				known, err := builder.Explain(o.DN)
				if err != nil {
					return err
				}
				if len(known) == 0 {
					x.OutOfScope = append(x.OutOfScope, outside{DN: o.DN, Reasons: r.whyOutside(p, o)})
				}
				x.Matches = append(x.Matches, known...)
			}
		}
	}
	return nil
}

// namedFilter finds an object by any of its names.
func namedFilter(name string) string {
	if g, ok := state.ParseGUID(name); ok {
		var b strings.Builder
		for _, c := range g {
			fmt.Fprintf(&b, "\\%02x", c)
		}
		return "(objectGUID=" + b.String() + ")"
	}
	v := ldap.EscapeFilter(name)
	return fmt.Sprintf("(|(distinguishedName=%s)(userPrincipalName=%s)(mail=%s)(proxyAddresses=smtp:%s)(sAMAccountName=%s))", v, v, v, v, v)
}

// whyOutside says for every scope of the object's directory why it does not have it.
func (r *reading) whyOutside(p *config.ADProvider, o *state.Object) []string {
	var why []string
	for _, s := range r.cfg.Scopes {
		if s.Provider != p {
			continue
		}
		why = append(why, fmt.Sprintf("scope %s (%s): %s", s.Name, s.DeclaredAt, r.whyNot(s, o)))
	}
	return why
}

func (r *reading) whyNot(s *config.Scope, o *state.Object) string {
	if !slices.Contains(s.Objects, o.Kind) {
		return fmt.Sprintf("it synchronises no objects of kind %s", o.Kind)
	}
	var bases []string
	in := false
	for _, ou := range r.set.OUs[s.Name] {
		switch {
		case ou.Exclude && ou.DN != "" && below(o.DN, ou.DN):
			return "it lies below the excluded " + ou.DN
		case !ou.Exclude:
			bases = append(bases, ou.DN)
			in = in || below(o.DN, ou.DN)
		}
	}
	if !in {
		return "it does not lie below " + strings.Join(bases, " or ")
	}
	if s.Where != nil {
		if v, err := s.Where.Eval(o); err == nil && v.Kind() == state.BoolValue && !v.Bool() {
			return "where = " + s.Where.Source() + " is false for it"
		}
	}
	if s.Filter != "" {
		return "the filter " + s.Filter + " does not match it"
	}
	return "the directory does not list it there"
}

// below reports whether a distinguished name is an OU or lies below it.
func below(dn, ou string) bool {
	d, err := ldap.ParseDN(dn)
	if err != nil {
		return false
	}
	base, err := ldap.ParseDN(ou)
	if err != nil {
		return false
	}
	return base.EqualFold(d) || base.AncestorOfFold(d)
}

func (x *explanation) write(w io.Writer) {
	for i, m := range x.Matches {
		if i > 0 {
			fmt.Fprintln(w)
		}
		writeExplanation(w, m)
	}
	for _, o := range x.OutOfScope {
		fmt.Fprintf(w, "%s\n  is in no scope:\n", o.DN)
		for _, why := range o.Reasons {
			fmt.Fprintf(w, "    %s\n", why)
		}
	}
}

func writeExplanation(w io.Writer, m *planner.Explanation) {
	if m.SourceDN != "" {
		fmt.Fprintf(w, "%s\n  source:  %s\n           objectGUID %s\n", m.Address, m.SourceDN, m.SourceGUID)
		fmt.Fprintf(w, "  scope:   %s (%s)\n", m.Scope, m.ScopeAt)
	} else {
		fmt.Fprintf(w, "%s\n", m.TargetName)
	}
	if m.Anchor != "" {
		fmt.Fprintf(w, "  anchor:  %s\n", m.Anchor)
	}
	fmt.Fprintf(w, "  account: %s\n", accountText(m))
	fmt.Fprintf(w, "  outcome: %s\n", m.Outcome)
	writeAttributes(w, m)
	if len(m.Rules) > 0 {
		fmt.Fprintf(w, "\n  match rules, in order:\n")
	}
	for _, r := range m.Rules {
		found := "no account"
		if len(r.Found) > 0 {
			found = strings.Join(r.Found, ", ")
		}
		fmt.Fprintf(w, "    %s %s: %s\n", r.Rule, orNull(r.Value), found)
	}
	for _, f := range m.Findings {
		fmt.Fprintf(w, "\n  %s %s (%s)\n    %s\n    Fix: %s\n", f.Code, f.Summary, f.Severity, f.Detail, f.Hint)
	}
}

func accountText(m *planner.Explanation) string {
	if m.TargetID == "" {
		return "none"
	}
	text := fmt.Sprintf("%s (%s)", m.TargetName, m.TargetID)
	switch {
	case m.InBin:
		text += ", in the recycle bin"
	case m.Linked:
		text += ", linked"
	}
	return text
}

func writeAttributes(w io.Writer, m *planner.Explanation) {
	if len(m.Attributes) > 0 {
		fmt.Fprintf(w, "\n  attributes:\n")
	}
	for _, at := range m.Attributes {
		result := quoted(at.Result)
		if at.Error != "" {
			result = "error: " + at.Error
		}
		fmt.Fprintf(w, "    %s = %s\n      %s (%s)\n", at.Name, result, at.Expression, at.DeclaredAt)
		if at.InsteadOf != "" {
			fmt.Fprintf(w, "      instead of %q, whose domain is not verified in the tenant (on_unverified_suffix)\n", at.InsteadOf)
		}
		names := make([]string, 0, len(at.Inputs))
		for n := range at.Inputs {
			names = append(names, n)
		}
		slices.Sort(names)
		for _, n := range names {
			fmt.Fprintf(w, "      ad.%s = %s\n", n, quoted(at.Inputs[n]))
		}
		if m.TargetID != "" {
			drift := ""
			if at.Drift {
				drift = " (changed outside dirform)"
			}
			fmt.Fprintf(w, "      in the tenant: %s%s\n", quoted(at.Live), drift)
		}
	}
}

// quoted writes a value as the language would.
func quoted(v state.Value) string {
	b, err := v.MarshalJSON()
	if err != nil {
		return v.Text()
	}
	return string(b)
}

func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return s
}
