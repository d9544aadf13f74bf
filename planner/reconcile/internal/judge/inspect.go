package judge

import (
	"cmp"

	"github.com/dirform/dirform/config/system"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/state"
)

// BeginInspecting prepares a settled judge for [Inspect]: from now on what a row wants to be called stands in the way
// of others whether or not the row gets an account. Nothing can be decided afterwards.
func BeginInspecting(j *Judge) {
	j.crowds = map[crowdKey]crowd{}
	j.Source.IndexWantedAnew(func(s int) bool { return j.Verdict(s).Is(pair.Shadowed) })
	j.aliases = j.newAliases(func(s int) bool { return !j.Verdict(s).Is(pair.Shadowed) })
}

// Inspect are the findings about everything that source row s is to have: those that deciding about it comes to,
// where all of it is about to be written. There are none about a row that an earlier scope has, or that --target and
// --exclude leave out.
func Inspect(j *Judge, s int) ([]*planner.Finding, error) {
	d := &draft{j: j}
	if err := j.Load(&d.Case, s); err != nil || d.Verdict.Is(pair.Shadowed) || !j.Selected(d.Address) {
		return nil, err
	}
	d.checkSource()
	newcomer := pair.Unmatched(d.Verdict)
	if newcomer {
		d.attrs = d.initial()
	}
	for i, c := range d.Table.Columns {
		a := c.Mapping.Target
		// of whoever is linked, nothing turns sign-in on now; that it is on is worth a word of what nobody signs in to
		v, known := d.Desired[i], d.Linked() && a.Name == d.Table.Of.SignIn && system.Shared(d.Object) == ""
		if !v.IsNull() && a.Type != state.TypeReference && !known {
			d.attrs = append(d.attrs, state.AttributeChange{Name: a.Name, After: v})
		}
	}
	if newcomer {
		d.checkRequired()
	}
	d.lint()
	// While it is not settled whose account is whose, the other one's names are not in the way.
	if newcomer || d.Live != nil && d.Verdict.Flags&^pair.InBin == 0 {
		if err := (adviser{d}).checkNames(newcomer); err != nil {
			return nil, err
		}
	}
	d.locate()
	aliases, err := j.AliasFindings(&d.Case)
	return append(d.findings, aliases...), err
}

// checkNames looks for whoever is in the way of a name that the object wants, or of its anchor if it has no account
// yet.
func (d adviser) checkNames(newcomer bool) error {
	err := d.checkUnique()
	if newcomer {
		err = cmp.Or(err, d.checkMailIsName(), d.checkAnchorFree())
	}
	if err = cmp.Or(err, d.warn()); err != nil || !d.blocked() {
		return err
	}
	return d.advise()
}
