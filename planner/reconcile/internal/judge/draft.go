package judge

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/drift"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/offlimits"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// draft is a case's change in the making: what is to be written, and what has been found against it.
type draft struct {
	pair.Case
	j        *Judge
	findings []*planner.Finding
	attrs    []state.AttributeChange
	why      []string // DeclaredAt of the mappings that cause attrs
	// an attribute that was changed outside dirform has another value at the source as well
	moved    bool
	locked   []state.AttributeChange // left out of attrs, because the service refuses them
	kept     []string                // likewise, names that a guest's account keeps
	left     []drift.Left            // left out of attrs, because somebody else changed them
	drifted  []string                // of attrs, what somebody else changed so that it stops the object
	prints   map[string]string
	signedIn bool   // what is left keeps somebody signed in whom the source has switched off
	once     string // the user name in place of Case.Mapped, if it is only set when the account is created
	err      error  // a value could not be read back
}

// Decide works out one source row. It is a function of the rows and verdicts alone, so deciding twice gives the same.
func (j *Judge) Decide(s int) (Decision, error) {
	d := &draft{j: j}
	if err := j.Load(&d.Case, s); err != nil {
		return Decision{}, err
	}
	if d.Verdict.Is(pair.Shadowed) || !j.Selected(d.Address) {
		return Decision{Outcome: Ignored, Key: d.Key}, nil
	}
	change, err := d.decide()
	if err == nil {
		err = d.err
	}
	if err != nil {
		return Decision{}, err
	}
	d.locate()
	return d.decision(change)
}

// Survey decides about a source row for the first time, and notes how it comes out.
func (j *Judge) Survey(s int) (Decision, error) {
	d, err := j.Decide(s)
	if err != nil {
		return d, err
	}
	st := &j.states[s]
	st.outcome, st.off = d.Outcome, d.off
	st.first = d.Change != nil && j.Source.Table(s).Of.SwitchesOff(d.Change) != ""
	if v := j.Verdict(s); !v.Is(pair.InBin) {
		j.limits.NoteLoss(d.Change, int(v.Target), s)
	}
	return d, nil
}

// decision is what comes of a draft; change is nil if there is nothing to do.
func (d *draft) decision(change *state.Change) (Decision, error) {
	x := Decision{Key: d.Key, Findings: d.findings, Change: change, Outcome: Unchanged}
	switch {
	case d.blocked():
		if err := (adviser{d}).advise(); err != nil {
			return Decision{}, err
		}
		if err := (stop{d}).decide(&x); err != nil {
			return Decision{}, err
		}
	case change != nil:
		x.Outcome = Changes
		_, x.off = d.stopped().SwitchOff()
		x.TakenOver = d.takesOver()
		x.Converted = !d.Linked() && d.Live != nil && !x.TakenOver && offlimits.OnceSynced(d.Live)
	case !d.Linked() || d.Live == nil:
		x.Outcome = Ignored
		x.Skipped = &planner.Skipped{Address: d.Address, Anchor: d.Anchor, SourceDN: d.Object.DN, ReasonCode: state.BecauseNoMatch}
	default:
		x.Record = d.j.Refresh(&d.Case)
	}
	x.SignedIn = x.SignedIn || d.signedIn
	if d.j.settled && x.Outcome != Blocked && x.Outcome != Ignored {
		found, err := d.j.AliasFindings(&d.Case)
		if err != nil {
			return Decision{}, err
		}
		x.Findings = append(x.Findings, found...)
	}
	return x, nil
}

// report adds a finding about the object; others stands for the further objects it concerns.
func (d *draft) report(f *planner.Finding, others ...planner.ObjectRef) {
	f.Objects = append([]planner.ObjectRef{d.Ref()}, others...)
	d.findings = append(d.findings, f)
}

func (d *draft) blocked() bool {
	return slices.ContainsFunc(d.findings, func(f *planner.Finding) bool { return f.Severity == planner.Error })
}

// locate gives findings about a mapped attribute the place where it is mapped, unless they know a better one.
func (d *draft) locate() {
	for _, f := range d.findings {
		for _, c := range d.Table.Columns {
			if f.DeclaredAt == "" && c.Mapping.Target.Name == f.Attribute {
				f.DeclaredAt = d.Table.DeclaredAt(c.Mapping)
			}
		}
		if f.DeclaredAt == "" && d.Table.Policy != nil {
			f.DeclaredAt = d.Table.Policy.DeclaredAt
		}
	}
}

// begin makes room for the changes. While rows are surveyed nobody keeps them, nor asks for fingerprints.
func (d *draft) begin() {
	room := len(d.Table.Columns) + 4 // anchor, and what is set once
	if d.j.settled {
		d.prints = make(map[string]string, len(d.Table.Columns))
		d.attrs = make([]state.AttributeChange, 0, room)
		return
	}
	if cap(d.j.room) < room {
		d.j.room = make([]state.AttributeChange, 0, room)
	}
	d.attrs = d.j.room[:0]
}

// change is the change that the draft has come to.
func (d *draft) change(a state.Action, why because, declaredAt string) (*state.Change, error) {
	slices.SortFunc(d.attrs, func(a, b state.AttributeChange) int { return strings.Compare(a.Name, b.Name) })
	c := &state.Change{Address: d.Address, Kind: d.Table.Kind, Action: a, Scope: d.Table.Scope.Name, Anchor: d.Anchor,
		SourceGUID: d.Object.GUID.String(), SourceDN: d.Object.DN, Reason: why.text, ReasonCode: why.code,
		DeclaredAt: declaredAt,
		Attributes: d.attrs, Fingerprints: d.prints}
	if c.Attributes == nil {
		c.Attributes = []state.AttributeChange{}
	}
	if d.Live != nil {
		c.TargetID = d.Live.ID
		rule := rivals{d}.decidedBy(a)
		c.Match = &state.Match{Rule: rule.String(), Value: d.ValueFor(rule)}
		var err error
		if c.Replaces, err = d.Replaced(); err != nil {
			return nil, err
		}
	}
	if d.j.settled {
		c.Seen = strconv.FormatUint(d.j.Hash.Seen(d.Object), 16)
		for _, n := range d.j.waits.Of(d.Row) {
			needed, err := d.j.Case(int(n.Row))
			if err != nil {
				return nil, err
			}
			c.Needs = append(c.Needs, needed.Anchor)
		}
		d.detours(c.Attributes)
	}
	if a != state.ActionUpdate && d.j.Source.Meta(d.Row).Flags&table.SourceUnstamped != 0 {
		c.SourceAttributes = []state.AttributeChange{{Name: config.AnchorConsistencyGUID, After: state.String(d.Anchor)}}
	}
	return c, nil
}
