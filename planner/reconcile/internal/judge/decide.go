package judge

import (
	"cmp"
	"slices"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/lint"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// decide fills d.findings and returns the change, nil if there is nothing to do.
func (d *draft) decide() (*state.Change, error) {
	if d.j.Idle(d.Row) {
		return nil, nil // whatever is wrong with its values stops nothing
	}
	d.checkSource()
	if err := (rivals{d}).checkMatch(); err != nil || d.blocked() {
		return nil, err
	}
	if d.Live == nil {
		return d.decideNew()
	}
	return d.decideExisting()
}

// checkSource reports expressions without a value, and an anchor that is none.
func (d *draft) checkSource() {
	for _, f := range words.NoValues(&d.Case) {
		d.report(f)
	}
	if bad := d.Table.BadAnchor(d.Object); bad != "" {
		d.report(words.BadAnchor(bad, d.Live, d.Table.Policy))
	}
}

// decideNew is for a source object without an account.
func (d *draft) decideNew() (*state.Change, error) {
	switch d.Table.Policy.Unmatched {
	case "skip":
		return nil, nil // whose account was deleted, and is not to be restored, has none
	case "block":
		d.report(rivals{d}.noAccount())
		return nil, nil
	}
	initial := d.initial()
	d.begin()
	for i, c := range d.Table.Columns {
		d.compare(i, c, true)
	}
	d.attrs = append(d.attrs, initial...)
	if d.Table.Anchored {
		d.attrs = append(d.attrs, state.AttributeChange{Name: d.Table.Of.Anchor, After: state.String(d.Anchor)})
	}
	d.checkRequired()
	d.lint()
	if err := cmp.Or(d.checkUnique(), adviser{d}.checkMailIsName(), d.checkAnchorFree(), adviser{d}.warn()); err != nil {
		return nil, err
	}
	return d.change(state.ActionCreate, because{state.BecauseNew, "no account in the tenant matches"},
		d.Table.Policy.DeclaredAt)
}

// initial evaluates the attributes that are set once, leaving out those that are managed anyway.
func (d *draft) initial() (attrs []state.AttributeChange) {
	for _, m := range d.Table.Mapping.Initial {
		if slices.ContainsFunc(d.Table.Columns, func(c table.Column) bool { return c.Mapping.Target.Name == m.Target.Name }) {
			continue
		}
		v, err := table.Want(m, d.Object)
		if err != nil {
			d.report(words.NoValue(m, err, d.Object))
			continue
		}
		if name, replaced := d.Table.UserName(m, v, d.Object); replaced {
			d.Mapped, d.once, v = v.Str(), name.Str(), name
		}
		if !v.IsEmpty() {
			attrs = append(attrs, state.AttributeChange{Name: m.Target.Name, After: v})
		}
	}
	return attrs
}

// decideExisting is for a source object with an account, recorded or newly matched.
func (d *draft) decideExisting() (*state.Change, error) {
	d.compareAll()
	d.enableAgain()
	relink, err := d.checkAnchor()
	if err != nil {
		return nil, err
	}
	action := d.action(relink)
	if !d.takesOver() && action == state.ActionUpdate && len(d.attrs) == 0 {
		// It is linked, so another engine that masters the account has taken it back.
		if d.checkMaster(); !d.blocked() {
			d.reportLocked()
		}
		return nil, nil
	}
	d.checkTarget(action)
	d.lint()
	if err := cmp.Or(d.checkUnique(), adviser{d}.warn()); err != nil {
		return nil, err
	}
	if !d.blocked() {
		d.reportLocked()
		d.takeOver()
	}
	return d.change(action, d.reason(action), d.declaredAt(action))
}

func (d *draft) action(relink bool) state.Action {
	switch {
	case d.InBin():
		return state.ActionRestore
	case relink:
		return state.ActionRelink
	case !d.Linked():
		return state.ActionLink
	}
	return state.ActionUpdate
}

// because is why a change is made: for machines, and for people.
type because struct {
	code state.ReasonCode
	text string
}

// reason says why a change is made to an account that is there.
func (d *draft) reason(a state.Action) because {
	switch a {
	case state.ActionRestore:
		return because{state.BecauseDeleted, "its account lies in the recycle bin"}
	case state.ActionRelink:
		return because{state.BecauseForeignAnchor, "its account carries the anchor of another domain or object"}
	case state.ActionLink:
		if d.takesOver() {
			return because{state.BecauseMastered, "not linked yet, and another sync engine masters its account"}
		}
		return because{state.BecauseMatched, "not linked yet"}
	}
	if d.takesOver() {
		return because{state.BecauseMastered, "another sync engine masters its account again"}
	}
	drift, source := false, d.moved
	for _, c := range d.attrs {
		drift, source = drift || c.Drift, source || !c.Drift
	}
	switch {
	case drift && source:
		return because{state.BecauseSourceAndDrift, "changed at the source and outside dirform"}
	case drift:
		return because{state.BecauseDrift, "changed outside dirform"}
	case d.Link != nil && d.Link.Left:
		return because{state.BecauseBack, "came back into scope " + d.Table.Scope.Name}
	case d.remapped():
		return because{state.BecauseMappingChanged, "changed at the source or in the mapping"}
	}
	return because{state.BecauseSourceChanged, "changed at the source or in the mapping"}
}

// remapped reports whether all attributes that change are mapped by other expressions than at the last apply.
func (d *draft) remapped() bool {
	return !slices.ContainsFunc(d.attrs, func(a state.AttributeChange) bool {
		return !d.j.set.Remapped[config.Mapped{Scope: d.Table.Scope.Name, Kind: d.Table.Kind, Attribute: a.Name}]
	})
}

func (d *draft) declaredAt(a state.Action) string {
	if a == state.ActionUpdate && len(d.why) > 0 {
		return d.why[0]
	}
	if (rivals{d}).decidedBy(a) == pair.Declared {
		return d.j.DeclaredFor(d.Row).DeclaredAt
	}
	return d.Table.Policy.DeclaredAt
}

// checkAnchor compares the account's anchor with the object's and adds the write it takes, if any.
func (d *draft) checkAnchor() (relink bool, err error) {
	live := d.Live.Anchor()
	if live == d.Anchor && d.InBin() {
		return false, d.checkAnchorFree() // a living account may have got it since
	}
	if live == d.Anchor || !d.Table.Anchored {
		return false, nil
	}
	declared := d.j.DeclaredFor(d.Row) != nil
	relinks := d.Table.Policy.ForeignAnchor == "relink" && !d.j.Succeeds(d.Row, d.RecordedLink())
	if live != "" && !relinks && !declared {
		return false, rivals{d}.reportForeignAnchor(live)
	}
	if old := d.OldOwner(live); old >= 0 {
		return false, rivals{d}.reportOldOwner(old)
	}
	if name := d.j.set.Alive[live]; declared && name != "" {
		rivals{d}.reportOwnerElsewhere(name)
		return false, nil
	}
	if err := d.checkAnchorFree(); err != nil {
		return false, err
	}
	before := state.Null()
	if live != "" {
		before = state.String(live)
	}
	d.attrs = append(d.attrs, state.AttributeChange{Name: d.Table.Of.Anchor, Before: before,
		After: state.String(d.Anchor), Drift: d.Linked()})
	return live != "", nil
}

// checkAnchorFree refuses to give an account the object's anchor while another one carries it: the service keeps
// anchors unique.
func (d *draft) checkAnchorFree() error {
	other := -1
	d.j.Tenant.ByAnchor.Each(d.j.Source.Meta(d.Row).Anchor, func(t int) {
		if t != d.LiveRow && (other < 0 || d.j.Tenant.Meta(t).ID < d.j.Tenant.Meta(other).ID) {
			other = t
		}
	})
	if other < 0 {
		return nil
	}
	o, err := d.j.Tenant.Load(other)
	if err != nil {
		return err
	}
	refs, own := []planner.ObjectRef{table.Ref(o)}, ""
	if d.Live != nil {
		refs = append(refs, table.Ref(d.Live))
		own = refs[1].Name
	}
	d.report(words.AnchorTaken(o, own, d.Verdict.Rule, d.Anchor, d.Table.Policy), refs...)
	return nil
}

// lint reports what is wrong with the values that are about to be written.
func (d *draft) lint() {
	if d.Mapped != "" && !d.j.keepsFallback(d.Row) {
		d.report(words.FallbackName(d.Table.Of.UserName, d.Mapped, d.Key, d.once, d.Table.Policy))
	}
	rules := d.lintRules()
	for _, f := range rules.Values(d.attrs) {
		d.report(f)
	}
}

// checkRequired reports what a new account must have and this one would not.
func (d *draft) checkRequired() {
	rules := d.lintRules()
	for _, f := range rules.Missing(d.attrs, d.Expression) {
		d.report(f)
	}
}

func (d *draft) lintRules() lint.Rules {
	return lint.Rules{Schema: d.j.set.Schema(d.Table.Kind), UserName: d.Table.Of.UserName, Domains: d.j.Domains,
		Policy: d.Table.Policy}
}
