package judge

import (
	"fmt"
	"time"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/leaving"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/offlimits"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/stopped"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// leaver is a recorded pair whose source object is in no scope any more. Its account is nil until the policy is asked.
type leaver struct {
	leaving.Leaver
	j         *Judge
	row       int    // tenant row of the account, or -1
	claimedBy string // see [Fate]
}

// Fate is what is known about a recorded pair whose source object is in no scope any more.
type Fate struct {
	DeleteFrom time.Time // when its grace ends; the zero time if none is being counted, or something keeps the account from being deleted
	Text       string    // what is the case with it if nothing is done
	ClaimedBy  string    // the source object in scope that would get the account, whether it does or not; "" for none
}

// leaver reads link l back.
func (j *Judge) leaver(l int) (*leaver, error) {
	link, err := j.Links.Load(l)
	if err != nil {
		return nil, err
	}
	x := &leaver{leaving.Leaver{Link: link, Of: j.set.Kinds(link.Kind), Policy: j.set.Rules.Policy(link.Scope, link.Kind),
		Where: j.set.Whereabouts[link.SourceGUID].Code, Now: j.set.Now, HoldGraces: j.set.HoldGraces,
		Enabled: func(enabled bool) bool { return j.recordedEnabled(link, enabled) }}, j, j.LinkTarget(l), ""}
	if x.Where == "" {
		x.Where = state.BecauseNotFound
	}
	if s := j.Claimant(x.row); s >= 0 {
		c, err := j.Case(s)
		if err != nil {
			return nil, err
		}
		x.claimedBy, x.Spared = c.Object.DN, words.Claimed(c.Object.DN)
	}
	if x.row >= 0 && x.Of.Anchor != "" && j.Tenant.Meta(x.row).Anchor == 0 {
		x.Spared = words.AnchorLost(x.Of)
	}
	return x, nil
}

// LeaverFate says what is the case with the leaver of link l, to whose account nothing is done.
func (j *Judge) LeaverFate(l int) (*Fate, error) {
	x, err := j.leaver(l)
	if err != nil {
		return nil, err
	}
	f := &Fate{Text: x.Text(), ClaimedBy: x.claimedBy}
	if !x.Spared.Holds() {
		f.DeleteFrom, _ = x.DeleteFrom()
	}
	return f, nil
}

// DecideLeaving works out a recorded link whose source object is in no scope any more.
func (j *Judge) DecideLeaving(l int) (Decision, error) {
	x, err := j.leaver(l)
	if err != nil {
		return Decision{}, err
	}
	switch {
	case !j.Tenant.Lists(x.Link.Kind):
		return Decision{Outcome: Ignored}, nil // what was not read is not gone
	case x.row < 0:
		return x.forget(because{state.BecauseAccountGone, x.goneText(l)}), nil
	case j.Superseded(l, x.row):
		return x.forget(because{state.BecauseAccountTaken,
			fmt.Sprintf("account %s is linked to another source object", x.Link.TargetID)}), nil
	case j.HandedOn(l) && j.set.Alive[x.Link.Anchor] == "":
		return x.claimed(l)
	case x.Of.Anchor != "" && j.Tenant.Meta(x.row).Anchor != j.Links.Meta(l).Anchor:
		return x.unanchored(l)
	}
	if x.Live, err = j.Tenant.Load(x.row); err != nil {
		return Decision{}, err
	}
	return x.decide(), nil
}

// SurveyLeaving decides about a leaver for the first time, and notes how it comes out.
func (j *Judge) SurveyLeaving(l int) (Decision, error) {
	d, err := j.DecideLeaving(l)
	if err == nil {
		j.limits.NoteLoss(d.Change, j.LinkTarget(l), -1)
	}
	return d, err
}

// decide applies the leaving policy to an account that is there.
func (x *leaver) decide() Decision {
	key := table.Readable(x.Live)
	addr := pair.Address(x.Link.Kind, x.Link.Scope, key)
	if !x.j.Selected(addr) {
		return Decision{Outcome: Ignored, Key: key}
	}
	c := &state.Change{Address: addr, Kind: x.Link.Kind, Scope: x.Link.Scope, Anchor: x.Link.Anchor,
		SourceGUID: x.Link.SourceGUID.String(),
		TargetID:   x.Link.TargetID, Match: &state.Match{Rule: pair.Recorded.String(), Value: x.Link.TargetID},
		Reason: words.Left(x.Link.Scope, x.j.set.Whereabouts[x.Link.SourceGUID]), ReasonCode: x.Where, DeclaredAt: x.Policy.DeclaredAt,
		Attributes: []state.AttributeChange{}}
	if x.Policy.Scope == nil {
		c.Reason, c.ReasonCode = words.Undeclared(x.Link.Scope), state.BecauseScopeGone
	}
	written := x.CarryOut(c)
	if x.Unseen {
		ref := table.Ref(x.Live)
		ref.Anchor = x.Link.Anchor
		x.j.Unseen[ref.TargetID] = ref
	}
	if !written {
		return x.tellLeftOn(addr, Decision{Outcome: Unchanged, Key: key, Record: x.note()})
	}
	if f := x.refusal(c); f != nil {
		signedIn := stopped.TellLeaver(f, x.Live, c)
		return x.tellLeftOn(addr, Decision{Outcome: Blocked, Key: key, Findings: []*planner.Finding{f}, SignedIn: signedIn})
	}
	return x.tellLeftOn(addr, Decision{Outcome: Changes, Key: key, Change: c})
}

// tellLeftOn adds to a decision that whoever the source has switched off besides stays signed in, if so it is: what the policy for
// leavers does to the account is to leave it on, or something stops what it does.
func (x *leaver) tellLeftOn(address string, d Decision) Decision {
	if d.SignedIn || !x.j.set.Whereabouts[x.Link.SourceGUID].Off || !stopped.CanSignIn(x.Live, true) || stopped.Ends(x.Of, d.Change) {
		return d
	}
	if len(d.Findings) == 0 {
		f, ref := words.LeaverLeftOn(x.Live, x.Link.Scope, x.Policy), table.Ref(x.Live)
		ref.Address, ref.Anchor = address, x.Link.Anchor
		f.Objects, d.Findings = []planner.ObjectRef{ref}, []*planner.Finding{f}
	}
	words.StillSignedIn(d.Findings[0], words.SwitchedOffAtSource)
	d.SignedIn = true
	return d
}

// goneText is why a record ends whose account is not among the living. Of the source object no more is known than that
// no scope has it: it may well exist.
func (x *leaver) goneText(l int) string {
	where := "is not in the tenant any more"
	if x.j.Bin.ByID.First(x.j.Links.Meta(l).Target) >= 0 {
		where = "lies in the recycle bin"
	}
	return fmt.Sprintf("account %s %s, and its source object is in no scope", x.Link.TargetID, where)
}

// forget drops a link without touching the account.
func (x *leaver) forget(why because) Decision {
	addr := pair.Address(x.Link.Kind, x.Link.Scope, x.Link.Anchor)
	if !x.j.Selected(addr) {
		return Decision{Outcome: Ignored, Key: x.Link.Anchor}
	}
	return Decision{Outcome: Changes, Key: x.Link.Anchor, Change: &state.Change{
		Address: addr, Kind: x.Link.Kind, Action: state.ActionUnlink, Scope: x.Link.Scope, Anchor: x.Link.Anchor,
		SourceGUID: x.Link.SourceGUID.String(), Reason: why.text, ReasonCode: why.code,
		Attributes: []state.AttributeChange{}}}
}

// refusal is the finding about what weighs most against a leaver's change, nil if nothing does.
func (x *leaver) refusal(c *state.Change) *planner.Finding {
	a := offlimits.Attempt{Account: x.Live, Row: x.row, Policy: x.Policy, Action: c.Action, Attrs: c.Attributes,
		Rule:     pair.Recorded,
		Recorded: x.Link.Anchor, Leaving: true}
	list := x.j.limits.Against(a)
	if len(list) == 0 {
		return nil
	}
	f := x.j.limits.Finding(offlimits.Weightiest(list), a)
	ref := table.Ref(x.Live)
	if len(f.Objects) == 0 {
		f.Objects = []planner.ObjectRef{ref}
	}
	ref.Address, ref.Anchor = c.Address, x.Link.Anchor
	f.Objects = append([]planner.ObjectRef{ref}, f.Objects...)
	return f
}

// recordedEnabled reports whether the account was enabled (or was not) when the link was last applied, as far as the
// record knows.
func (j *Judge) recordedEnabled(link *state.Link, enabled bool) bool {
	if link.Shape == nil {
		return false
	}
	signIn := j.set.Kinds(link.Kind).SignIn
	a, i := j.set.Schema(link.Kind).Lookup(signIn), link.Shape.Index(signIn)
	return a != nil && i >= 0 && link.Fingerprints[i] == j.Hash.Of(a, state.Bool(enabled))
}

// note is what the record has to learn about an object that left and to whose account nothing is written, or nil.
func (x *leaver) note() *planner.Record {
	link := x.Link
	r := &planner.Record{Anchor: link.Anchor, Scope: link.Scope, Left: true}
	switch {
	case !link.Left:
		return r
	case x.Policy.Grace == 0:
		return nil
	case link.LeftAt == 0: // noted by an earlier version, which knew no time: the grace begins now
		return r
	case !x.j.recordedEnabled(link, true):
		return nil
	}
	// The policy of its time had left the account enabled, and somebody else has disabled it since: its grace begins now.
	r.Fingerprints = map[string]string{}
	for i, name := range link.Shape.Names() {
		if fp := link.Fingerprints[i]; fp != 0 {
			r.Fingerprints[name] = hexFP(fp)
		}
	}
	enabled := x.j.set.Schema(link.Kind).Lookup(x.Of.SignIn)
	r.Fingerprints[x.Of.SignIn] = hexFP(x.j.Hash.Of(enabled, state.Bool(false)))
	return r
}

// enableAgain adds that sign-in is allowed again, for somebody who came back and whom dirform had disabled. Where a
// mapping says who may sign in, it says so.
func (d *draft) enableAgain() {
	enabled := d.Live.SignIn()
	if d.Link == nil || !d.Link.Left || d.Table.Enables || enabled.Kind() != state.BoolValue || enabled.Bool() ||
		!d.j.recordedEnabled(d.Link, false) {
		return
	}
	d.why = append(d.why, d.Table.Policy.DeclaredAt)
	d.attrs = append(d.attrs, state.AttributeChange{Name: d.Table.Of.SignIn, Before: enabled, After: state.Bool(true)})
}
