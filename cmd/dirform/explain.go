package main

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/reconcile"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
)

func newExplainCommand(a *app) *cobra.Command {
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
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.explain(cmd.Context(), &o, args[0], asJSON)
		},
	}
	o.variables.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return exitStatus(cmd, "0  done", "1  error, or neither directory has such an object")
}

// explanation is the document of explain --json.
type explanation struct {
	Object     string             `json:"object"`
	Matches    []match            `json:"matches"`
	OutOfScope []outside          `json:"out_of_scope"`
	Findings   []*planner.Finding `json:"findings"`
	More       int                `json:"more,omitempty"` // objects with this name that are not listed

	outsideFirst bool // what is in no scope has the name; the matches are others that share an address with it
}

// match is what the plan knows about one object, with what only the directories and the record tell.
type match struct {
	*reconcile.Explanation
	Class   string       `json:"object_class,omitempty"` // the source object's most specific
	Scopes  []membership `json:"scopes,omitempty"`
	History []pastStep   `json:"history,omitempty"`
}

func (a *app) explain(ctx context.Context, o *planOptions, name string, asJSON bool) error {
	now, done, err := a.openForReading(ctx, &o.variables)
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
	r := &reading{looked, now.Directories, now.Record.(*store.Store)}
	x, err := r.explain(ctx, builder, name)
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(x)
	}
	w := bufio.NewWriter(a.env.Stdout)
	x.write(w, a.textOptions())
	return w.Flush()
}

// reading is a reading of both directories with what answers further questions about single objects.
type reading struct {
	*run.Reading
	dirs   run.Directories
	record *store.Store
}

// explain asks the plan about a name, and the source about the objects that it leads to.
func (r *reading) explain(ctx context.Context, builder *reconcile.Builder, name string) (*explanation, error) {
	name = withoutType(name)
	x := &explanation{Object: name, Matches: []match{}, OutOfScope: []outside{}, Findings: []*planner.Finding{}}
	q := reconcile.Question{Name: name}
	near, err := x.byShortName(builder, &q)
	if err != nil {
		return nil, err
	}
	guids, err := builder.SourceGUIDs(q)
	if err != nil {
		return nil, err
	}
	found, err := r.findInSource(ctx, name, guids)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		q.GUIDs, q.DNs = append(q.GUIDs, f.object.GUID), append(q.DNs, f.object.DN)
		if !slices.ContainsFunc(f.scopes, func(m membership) bool { return m.In }) {
			q.Also = append(q.Also, f.accountNames()...)
		}
	}
	answer, err := builder.Explain(q)
	if err != nil {
		return nil, err
	}
	x.Findings = append(x.Findings, answer.Findings...)
	for _, m := range answer.Matches {
		x.Matches = append(x.Matches, match{Explanation: m})
	}
	others, err := r.findInSource(ctx, "", x.unseen(found))
	if err != nil {
		return nil, err
	}
	x.outsideFirst = len(others) > 0
	found = append(found, others...)
	x.sortOut(found, len(r.Config.AD))
	if len(x.Matches)+len(x.OutOfScope)+len(x.Findings) == 0 || onlyPlanWide(x) {
		return nil, unknownObject(name, near, builder)
	}
	return x, x.recall(ctx, r.record)
}

// withoutType is a mail address that was given in the form of a value of proxyAddresses, smtp:jdoe@contoso.com, without its type.
func withoutType(name string) string {
	if len(name) > 5 && strings.EqualFold(name[:5], "smtp:") {
		return name[5:]
	}
	return name
}

// unseen are the source objects of matches that the source was not asked about, because they have another name: they share an address
// with the object that is meant.
func (x *explanation) unseen(found []sourceFound) (guids []state.GUID) {
	for i := range x.Matches {
		m := &x.Matches[i]
		guid, ok := m.origin()
		if ok && m.What == reconcile.IsSource && !slices.ContainsFunc(found, func(f sourceFound) bool { return f.object.GUID == guid }) {
			guids = append(guids, guid)
		}
	}
	return guids
}

// onlyPlanWide reports whether nothing is known about the name itself.
func onlyPlanWide(x *explanation) bool {
	return len(x.Matches)+len(x.OutOfScope) == 0 &&
		!slices.ContainsFunc(x.Findings, func(f *planner.Finding) bool { return strings.EqualFold(f.Value, x.Object) })
}

func unknownObject(name, near string, builder *reconcile.Builder) error {
	e := &fault.Error{Summary: fmt.Sprintf("No object is known as %q", name), Detail: "Neither directory has an object with this name.",
		Hint: "Give a distinguished name, GUID, user principal name, mail address, object id or plan address."}
	if near == "" {
		var err error
		if near, err = nearest(builder, name); err != nil {
			return err
		}
	}
	if near != "" {
		e.Detail += fmt.Sprintf(" Did you mean %q?", near)
	}
	return e
}

// sortOut adds to each match why scopes have its source object or not, and sets apart the source objects that no scope has.
func (x *explanation) sortOut(found []sourceFound, domains int) {
	told := map[state.GUID]bool{}
	for _, f := range found {
		in := false
		for i := range x.Matches {
			if m := &x.Matches[i]; m.What == reconcile.IsSource && m.SourceGUID == f.object.GUID.String() {
				m.Scopes, m.Class, in = f.scopes, f.class, true
			}
		}
		if !in {
			x.OutOfScope = append(x.OutOfScope, f.outside())
		}
		told[f.object.GUID] = true
	}
	for i := range x.Matches {
		m := &x.Matches[i]
		if guid, ok := m.origin(); ok && m.What != reconcile.IsSource && !told[guid] {
			where := "the domain has"
			if domains > 1 {
				where = "the domains have"
			}
			m.Notes = append(m.Notes, fmt.Sprintf("%s no object %s (objectGUID or mS-DS-ConsistencyGuid) any more, or the account may not see it", where, guid))
		}
	}
}

// origin is the GUID of the source object that a match is recorded for.
func (m *match) origin() (state.GUID, bool) { return state.ParseGUID(m.SourceGUID) }

// pastStep is something that a run did to a recorded pair.
type pastStep struct {
	Run    int64             `json:"run"`
	At     string            `json:"at"` // RFC 3339, UTC: when the run started
	Action state.Action      `json:"action"`
	Status state.EntryStatus `json:"status"`
}

// rememberedSteps is how many steps of the past are told.
const rememberedSteps = 5

// recall adds what earlier runs did.
func (x *explanation) recall(ctx context.Context, record *store.Store) error {
	for i := range x.Matches {
		m := &x.Matches[i]
		key := m.Anchor
		if m.What == reconcile.IsDeclared || key == "" {
			continue
		}
		steps, err := record.StepsOf(ctx, key, rememberedSteps)
		if err != nil {
			return err
		}
		for _, s := range steps {
			m.History = append(m.History, pastStep{Run: s.Run, At: s.Started.UTC().Format("2006-01-02T15:04:05Z"), Action: s.Action, Status: s.Status})
		}
	}
	return nil
}
