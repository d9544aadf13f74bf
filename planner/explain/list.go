package explain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/visible"
)

// The views of a list, as administrators know them from the portal.
const (
	Synced    = "synced"    // the pair is recorded, its source object in scope and its account alive
	Unmanaged = "unmanaged" // a living account in the tenant that no record and no source object in scope has
	Orphan    = "orphan"    // a record whose source object is in no scope or whose account is gone, or an account with an anchor that nobody has
	Unpaired  = "skipped"   // a source object in scope without an account, and the policy creates none
)

// Listed is an object of a list.
type Listed struct {
	View     string     `json:"view"`
	Kind     state.Kind `json:"kind,omitempty"`
	Scope    string     `json:"scope,omitempty"`
	Address  string     `json:"address,omitempty"`
	Name     string     `json:"name,omitempty"` // the account's, or the source object's user name
	Anchor   string     `json:"anchor,omitempty"`
	TargetID string     `json:"target_id,omitempty"`
	SourceDN string     `json:"source_dn,omitempty"`
	Note     string     `json:"note,omitempty"` // what is the matter with an orphan
}

// List streams what views ask for: recorded pairs and accounts as both directories have them now, then what is skipped.
func List(v *reconcile.View, views []string) iter.Seq2[*Listed, error] {
	return func(yield func(*Listed, error) bool) {
		for p, err := range v.Pairs() {
			if err != nil {
				yield(nil, err)
				return
			}
			if x := listed(p); slices.Contains(views, x.View) && !yield(x, nil) {
				return
			}
		}
		if !slices.Contains(views, Unpaired) {
			return
		}
		if err := v.Tell(skippedOnly{func(s *planner.Skipped) bool {
			return yield(&Listed{View: Unpaired, Address: s.Address, Name: s.Address, Anchor: s.Anchor, SourceDN: s.SourceDN}, nil)
		}}); err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

// listed is a pair, or an account without one, in the view that it belongs to.
func listed(p *reconcile.Paired) *Listed {
	x := &Listed{View: Synced, Address: p.Address}
	if p.Source != nil {
		x.SourceDN, x.Name = p.Source.DN, sourceName(p.Source)
	}
	if a := p.Account; a != nil {
		x.Kind, x.Anchor, x.TargetID, x.Name = a.Kind, a.Anchor, a.ID, a.Name
	}
	if p.Link != nil {
		x.Kind, x.Scope, x.Anchor, x.TargetID = p.Link.Kind, p.Link.Scope, p.Link.Anchor, p.Link.TargetID
	}
	switch {
	case p.Link == nil && x.Anchor == "":
		x.View = Unmanaged
	case p.Link == nil:
		x.View, x.Note = Orphan, "carries an anchor that neither the record nor a scope has"
	case p.Source == nil && p.Account == nil:
		x.View, x.Note = Orphan, "in no scope, and the account is gone"
	case p.Source == nil:
		x.View, x.Note = Orphan, "in no scope any more"
	case p.Account == nil:
		x.View, x.Note = Orphan, "the account is gone"
	}
	return x
}

var errEnough = errors.New("enough is known")

// skippedOnly hears only what a plan skips.
type skippedOnly struct{ said func(*planner.Skipped) bool }

func (skippedOnly) Change(*state.Change) error     { return nil }
func (skippedOnly) Finding(*planner.Finding) error { return nil }
func (skippedOnly) Record(*planner.Record) error   { return nil }
func (s skippedOnly) Skipped(x *planner.Skipped) error {
	if !s.said(x) {
		return errEnough
	}
	return nil
}

// WriteList prints a list for people: what it is called, where it lies, and its ids.
func WriteList(w io.Writer, list iter.Seq2[*Listed, error]) error {
	for x, err := range list {
		if err != nil {
			return err
		}
		where := string(x.Kind)
		if x.Scope != "" {
			where += "." + x.Scope
		}
		visible.Fprintf(w, "%-9s  %-16s  %-36s  %s", x.View, where, x.TargetID, x.Name)
		for _, more := range []string{x.SourceDN, x.Note} {
			if more != "" {
				visible.Fprintf(w, "  %s", more)
			}
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return nil
}

// WriteListJSON prints a list as one document, without ever holding it.
func WriteListJSON(w io.Writer, list iter.Seq2[*Listed, error]) error {
	separator := "{\"objects\":[\n"
	for x, err := range list {
		if err != nil {
			return err
		}
		b, err := json.Marshal(x)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s%s", separator, b); err != nil {
			return err
		}
		separator = ",\n"
	}
	if separator != ",\n" {
		io.WriteString(w, separator)
	}
	_, err := io.WriteString(w, "]}\n")
	return err
}

// Link is the recorded pair of whom a name means. A name of several recorded pairs is an error, one of an object that has none is
// another, and of a name that nobody has it is what [Explainer.Explain] says.
func (e *Explainer) Link(ctx context.Context, name string) (found *state.Link, err error) {
	cases, err := e.View.Named(name)
	if err != nil {
		return nil, err
	}
	for _, c := range cases {
		switch {
		case c.Link == nil:
		case found != nil && found.Anchor != c.Link.Anchor:
			return nil, &fault.Error{Summary: fmt.Sprintf("Several links are known as %q", name),
				Detail: found.Anchor + " is one, and " + c.Link.Anchor + " another.", Hint: "Name the one that is meant by its anchor."}
		default:
			found = c.Link
		}
	}
	if found != nil {
		return found, nil
	}
	if _, err := e.Explain(ctx, name); err != nil {
		return nil, err
	}
	return nil, &fault.Error{Summary: fmt.Sprintf("No link %q in the state", name), Detail: "An object has this name, and nothing is recorded of it.",
		Hint: fmt.Sprintf("`dirform explain %s` tells why.", name)}
}

// NamesOf are the names of those whose anchors are keys, as the directories have them now. Only these are held.
func NamesOf(v *reconcile.View, keys map[string]bool) (map[string]string, error) {
	names := map[string]string{}
	for p, err := range v.Pairs() {
		if err != nil {
			return nil, err
		}
		if x := listed(p); keys[x.Anchor] && x.Name != "" {
			names[x.Anchor] = x.Name
		}
	}
	return names, nil
}
