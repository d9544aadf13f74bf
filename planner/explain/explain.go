package explain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// Document is all that is known about a name, as explain --json prints it.
type Document struct {
	Object     string             `json:"object"`
	Matches    []Match            `json:"matches"`
	OutOfScope []Outside          `json:"out_of_scope"`
	Findings   []*planner.Finding `json:"findings"`
	More       int                `json:"more,omitempty"` // objects with this name that are not listed

	OutsideFirst bool `json:"-"` // what is in no scope has the name; the matches are others that share an address with it
}

// Match is what the plan knows about one object, with what only the directories and the record tell.
type Match struct {
	*Explanation
	Class   string       `json:"object_class,omitempty"` // the source object's most specific
	Scopes  []Membership `json:"scopes,omitempty"`
	History []PastStep   `json:"history,omitempty"`
}

// Directories opens domains for reading.
type Directories interface {
	Source(ctx context.Context, p *config.ADProvider) (providers.SourceReader, error)
}

// Explainer knows a plan, and asks the directories and the record what that does not tell.
type Explainer struct {
	View        *reconcile.View
	Config      *config.Config
	Directories Directories
	Record      Record
	OUs         map[string][]planner.OUSeen // the resolved containers of each scope, by scope name
	// Query asks for the objects of one kind that a scope's OUs and filter have; its condition is not part of it.
	Query func(*config.Scope, state.Kind) providers.Query
}

// Explain asks the plan about a name, and the source about the objects that it leads to. A name that nobody has is an
// error that says which one was perhaps meant.
func (e *Explainer) Explain(ctx context.Context, name string) (*Document, error) {
	name = withoutType(name)
	x := &Document{Object: name, Matches: []Match{}, OutOfScope: []Outside{}, Findings: []*planner.Finding{}}
	q := Question{Clues: reconcile.Clues{Name: name}}
	near, err := x.byShortName(e.View, &q)
	if err != nil {
		return nil, err
	}
	guids, err := e.View.SourceGUIDs(q.Clues)
	if err != nil {
		return nil, err
	}
	found, err := e.findInSource(ctx, name, guids)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		q.GUIDs, q.DNs = append(q.GUIDs, f.object.GUID), append(q.DNs, f.object.DN)
		if !slices.ContainsFunc(f.scopes, func(m Membership) bool { return m.In }) {
			q.Also = append(q.Also, f.accountNames()...)
		}
	}
	answer, err := Ask(e.View, q)
	if err != nil {
		return nil, err
	}
	x.Findings = append(x.Findings, answer.Findings...)
	for _, m := range answer.Matches {
		x.Matches = append(x.Matches, Match{Explanation: m})
	}
	others, err := e.findInSource(ctx, "", x.unseen(found))
	if err != nil {
		return nil, err
	}
	x.OutsideFirst = len(others) > 0
	found = append(found, others...)
	x.sortOut(found, len(e.Config.AD))
	if len(x.Matches)+len(x.OutOfScope)+len(x.Findings) == 0 || x.onlyPlanWide() {
		return nil, unknownObject(e.View, name, near)
	}
	return x, x.recall(ctx, e.Record)
}

// withoutType is a mail address that was given in the form of a value of proxyAddresses, smtp:jdoe@contoso.com, without
// its type.
func withoutType(name string) string {
	if len(name) > 5 && strings.EqualFold(name[:5], "smtp:") {
		return name[5:]
	}
	return name
}

// unseen are the source objects of matches that the source was not asked about, because they have another name: they
// share an address with the object that is meant.
func (x *Document) unseen(found []sourceFound) (guids []state.GUID) {
	for i := range x.Matches {
		m := &x.Matches[i]
		guid, ok := m.origin()
		if ok && m.What == IsSource && !slices.ContainsFunc(found,
			func(f sourceFound) bool { return f.object.GUID == guid }) {
			guids = append(guids, guid)
		}
	}
	return guids
}

// onlyPlanWide reports whether nothing is known about the name itself.
func (x *Document) onlyPlanWide() bool {
	return len(x.Matches)+len(x.OutOfScope) == 0 &&
		!slices.ContainsFunc(x.Findings, func(f *planner.Finding) bool { return strings.EqualFold(f.Value, x.Object) })
}

// unknownObject says that nobody has a name, and which one is nearest; near is that if it is known already.
func unknownObject(v *reconcile.View, name, near string) error {
	e := &fault.Error{Summary: fmt.Sprintf("No object is known as %q", name),
		Detail: "Neither directory has an object with this name.",
		Hint:   "Give a distinguished name, GUID, user principal name, mail address, object id or plan address."}
	if near == "" {
		var err error
		if near, err = nearest(v, name); err != nil {
			return err
		}
	}
	if near != "" {
		e.Detail += fmt.Sprintf(" Did you mean %q?", near)
	}
	return e
}

// sortOut adds to each match why scopes have its source object or not, and sets apart the source objects that no scope
// has.
func (x *Document) sortOut(found []sourceFound, domains int) {
	told := map[state.GUID]bool{}
	for _, f := range found {
		in := false
		for i := range x.Matches {
			if m := &x.Matches[i]; m.What == IsSource && m.SourceGUID == f.object.GUID.String() {
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
		if guid, ok := m.origin(); ok && m.What != IsSource && !told[guid] {
			where := "the domain has"
			if domains > 1 {
				where = "the domains have"
			}
			m.Notes = append(m.Notes, fmt.Sprintf(
				"%s no object %s (objectGUID or mS-DS-ConsistencyGuid) any more, or the account may not see it", where, guid))
		}
	}
}

// origin is the GUID of the source object that a match is recorded for.
func (m *Match) origin() (state.GUID, bool) { return state.ParseGUID(m.SourceGUID) }
