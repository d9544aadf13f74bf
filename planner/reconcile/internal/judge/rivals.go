package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// rivals tells of whose account is whose where matching has found something against a pair.
type rivals struct{ *draft }

// checkMatch turns the flags that matching has set into findings.
func (d rivals) checkMatch() error {
	v := d.Verdict
	switch {
	case v.Is(pair.SameAnchor):
		return d.reportTwin()
	case v.Is(pair.AnchorChanged):
		d.report(words.AnchorChanged(&d.Case))
	case v.Is(pair.Vanished):
		d.report(words.Vanished(d.Table.Of, d.Link.TargetID, d.Anchor))
	case v.Is(pair.BadLink):
		d.reportBadLink(d.j.DeclaredFor(d.Row))
	case v.Is(pair.Contested):
		if d.rivalAnchored() {
			return d.reportOldOwner(int(v.Rival))
		}
		return d.reportClaimant()
	case v.Is(pair.Ambiguous):
		return d.reportCandidates()
	case v.Is(pair.InBin) && d.Table.Policy.Deleted == "block" && v.Rule != pair.Declared:
		d.report(words.InRecycleBin(d.Live), table.Ref(d.Live))
	}
	return nil
}

func (d rivals) reportBadLink(l *config.Link) {
	switch {
	case d.Verdict.Is(pair.ManyNamed):
		d.report(words.ManyNamed(l))
	case d.j.limits.IsOwnApplication(l.Tenant):
		d.report(words.OwnApplication(l))
	default:
		d.report(words.BadLink(l, false))
	}
}

func (d rivals) reportCandidates() error {
	var refs []planner.ObjectRef
	for _, t := range d.j.Candidates(d.Row, d.Verdict.Rule) {
		o, err := d.j.Tenant.Load(t)
		if err != nil {
			return err
		}
		refs = append(refs, table.Ref(o))
	}
	slices.SortFunc(refs, func(a, b planner.ObjectRef) int { return strings.Compare(a.TargetID, b.TargetID) })
	d.report(words.Ambiguous(d.Verdict.Rule, d.MatchValue()), refs...)
	return nil
}

// reportTwin is about another source object with the same anchor. The record tells which of them had it first.
func (d rivals) reportTwin() error {
	other, err := d.j.Case(int(d.Verdict.Rival))
	if err != nil {
		return err
	}
	f := words.SameAnchor(d.Anchor)
	for _, link := range []*state.Link{d.Link, other.Link} {
		for _, both := range [][2]*pair.Case{{&d.Case, other}, {other, &d.Case}} {
			if owner := both[0]; link != nil && link.Anchor == d.Anchor && link.SourceGUID == owner.Object.GUID {
				f.Hint = words.CopiedFrom(owner.Object.DN, both[1].Object.DN, both[1].RecordedAnchor())
			}
		}
	}
	d.reportRival(f, other)
	return nil
}

// reportClaimant is about another source object that has, or claims, the account that this one matches.
func (d rivals) reportClaimant() error {
	other, err := d.j.Case(int(d.Verdict.Rival))
	if err != nil {
		return err
	}
	how, name := "", other.Address
	if name == d.Address {
		name = other.Object.DN
	}
	switch {
	case other.Verdict.Rule == pair.Recorded:
		how = name + " is linked to it"
	case other.Verdict.Rule == pair.Declared:
		how = "a link block gives it to " + name
	case other.Verdict.Is(pair.Contested):
		how = name + " matches it too, by " + other.MatchedBy()
	default:
		how = name + " has it by " + other.MatchedBy()
	}
	d.reportRival(words.ClaimedTwice(d.Verdict.Rule, d.MatchValue(), d.Live, how), other)
	return nil
}

// reportRival adds a finding about the object, another source object and the account that both have in view.
func (d rivals) reportRival(f *planner.Finding, other *pair.Case) {
	refs := []planner.ObjectRef{other.Ref()}
	if d.Live != nil {
		refs = append(refs, table.Ref(d.Live))
	}
	d.report(f, refs...)
}

// rivalAnchored reports whether the account that the object claims carries the anchor of its rival, and only that
// stands in the way of relinking it.
func (d rivals) rivalAnchored() bool {
	anchor := d.Live.Anchor()
	return d.Table.Policy.ForeignAnchor == "relink" && anchor != "" && anchor != d.Anchor &&
		d.j.Hash.Anchor(anchor) == d.j.Source.Meta(int(d.Verdict.Rival)).Anchor
}

// reportOldOwner is about an account that the object is to get and the one of source row s still has.
func (d rivals) reportOldOwner(s int) error {
	old, err := d.j.Case(s)
	if err != nil {
		return err
	}
	f := words.OldAnchorAlive(d.Live, d.how(), old.Ref(), old.Table.Scope, d.Table.Policy)
	f.Hint, f.Snippet = d.cure(old)
	d.report(f, old.Ref(), table.Ref(d.Live))
	return nil
}

// cure is what settles that the account carries the anchor of old, another object in scope: a hint, and a link block where that is
// a part of it. Nobody is to delete an object whose account is another one.
func (d rivals) cure(old *pair.Case) (hint, block string) {
	other := old.Live
	if other != nil && other.ID == d.Live.ID {
		other = nil
	}
	switch l := d.j.DeclaredFor(d.Row); {
	case other != nil || d.Verdict.Rule == pair.Recorded:
		return words.ClearAnchors(d.Live, other), ""
	case l != nil:
		return words.BlockWaits(l, old.Object.DN), ""
	case old.Table.Scope.Provider == d.Table.Scope.Provider:
		return words.OldInForest(old.Object.DN), adviser(d).linkBlock(table.Ref(d.Live))
	}
	return words.OldInOtherForest(d.Object.DN, old.Table.Scope), ""
}

// how says how the account is the object's.
func (d rivals) how() string {
	if d.Verdict.Rule == pair.Recorded {
		return "is linked to this object"
	}
	return "matches this object by " + d.MatchedBy()
}

// reportOwnerElsewhere is about an account that a link block names and that carries the anchor of an object which lives
// under another name, in no scope.
func (d rivals) reportOwnerElsewhere(name string) {
	old := planner.ObjectRef{Anchor: d.Live.Anchor(), SourceDN: name, Kind: d.Table.Kind}
	d.report(words.OwnerLives(d.Live, d.j.DeclaredFor(d.Row), old), old, table.Ref(d.Live))
}

// noAccount says by which values no account was found.
func (d rivals) noAccount() *planner.Finding {
	var tried []string
	for _, name := range d.Table.Policy.Match {
		value := d.ValueFor(pair.RuleNamed(name))
		if value == "" {
			value = "(no value)"
		}
		tried = append(tried, name+" "+value)
	}
	return words.NoAccount(tried, d.Table.Policy)
}

// reportForeignAnchor is about an account that carries the anchor theirs instead of the object's, and names the object
// that the anchor belongs to, or its GUID.
func (d rivals) reportForeignAnchor(theirs string) error {
	whose := "which no source object in scope has"
	if g, ok := table.AnchorGUID(theirs); ok {
		whose = fmt.Sprintf("which no source object in scope has (as a GUID: %s)", g)
	}
	refs, hint, snippet := []planner.ObjectRef{table.Ref(d.Live)}, "", ""
	if l := d.RecordedLink(); l >= 0 && l != int(d.Verdict.Link) && d.j.LinkSource(l) < 0 {
		link, err := d.j.Links.Load(l)
		if err != nil {
			return err
		}
		where := d.j.set.Whereabouts[link.SourceGUID].DN
		whose, hint = words.Predecessor(link, where, d.j.Succeeds(d.Row, l))
		if where == "" { // else no link block takes the account from it
			snippet = adviser(d).linkBlock(refs[0])
		}
	}
	if row := d.OldOwner(theirs); row >= 0 {
		old, err := d.j.Case(row)
		if err != nil {
			return err
		}
		whose = fmt.Sprintf("that of %s in scope %s", old.Object.DN, old.Table.Scope.Name)
		hint, snippet = d.cure(old)
		refs = append(refs, old.Ref())
	}
	f := words.ForeignAnchor(d.Live, d.how(), theirs, whose, d.Anchor, hint, d.Table.Policy)
	f.Snippet = snippet
	d.report(f, refs...)
	return nil
}

// decidedBy is the rule by which action a is taken: that of the pair, or, where only a link block lets a recorded account
// be relinked, the block's.
func (d rivals) decidedBy(a state.Action) pair.Rule {
	if a == state.ActionRelink && d.j.DeclaredFor(d.Row) != nil {
		return pair.Declared
	}
	return d.Verdict.Rule
}
