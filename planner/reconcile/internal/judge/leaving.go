package judge

import (
	"fmt"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/offlimits"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/stopped"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// leaver is a recorded pair whose source object is in no scope any more.
type leaver struct {
	j      *Judge
	link   *state.Link
	row    int               // tenant row of the account, or -1
	live   *table.Account    // nil until the policy is asked
	of     *state.Descriptor // of the account's kind; never nil
	policy *config.LinkPolicy
}

// leaver reads link l back.
func (j *Judge) leaver(l int) (*leaver, error) {
	link, err := j.Links.Load(l)
	if err != nil {
		return nil, err
	}
	x := newLeaver(j, link)
	x.row = j.LinkTarget(l)
	return x, nil
}

// newLeaver is the leaver of a link, whose account is not known yet.
func newLeaver(j *Judge, link *state.Link) *leaver {
	return &leaver{j: j, link: link, row: -1, policy: j.set.Rules.Policy(link.Scope, link.Kind),
		of: j.set.Kinds(link.Kind)}
}

// DecideLeaving works out a recorded link whose source object is in no scope any more.
func (j *Judge) DecideLeaving(l int) (Decision, error) {
	x, err := j.leaver(l)
	if err != nil {
		return Decision{}, err
	}
	switch {
	case !j.Tenant.Lists(x.link.Kind):
		return Decision{Outcome: Ignored}, nil // what was not read is not gone
	case x.row < 0:
		return x.forget(because{state.BecauseAccountGone, x.goneText(l)}), nil
	case j.Superseded(l, x.row):
		return x.forget(because{state.BecauseAccountTaken,
			fmt.Sprintf("account %s is linked to another source object", x.link.TargetID)}), nil
	case j.HandedOn(l) && j.set.Alive[x.link.Anchor] == "":
		return x.claimed(l)
	case x.of.Anchor != "" && j.Tenant.Meta(x.row).Anchor != j.Links.Meta(l).Anchor:
		return x.forget(because{state.BecauseAccountTaken,
			fmt.Sprintf("the source object has left, and account %s does not carry its anchor any more", x.link.TargetID)}), nil
	}
	if x.live, err = j.Tenant.Load(x.row); err != nil {
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
	key := table.Readable(x.live)
	addr := pair.Address(x.link.Kind, x.link.Scope, key)
	if !x.j.Selected(addr) {
		return Decision{Outcome: Ignored, Key: key}
	}
	c := &state.Change{Address: addr, Kind: x.link.Kind, Scope: x.link.Scope, Anchor: x.link.Anchor,
		SourceGUID: x.link.SourceGUID.String(),
		TargetID:   x.link.TargetID, Match: &state.Match{Rule: pair.Recorded.String(), Value: x.link.TargetID},
		Reason: words.Left(x.link.Scope, x.j.set.Whereabouts[x.link.SourceGUID]), ReasonCode: x.whereabouts(), DeclaredAt: x.policy.DeclaredAt,
		Attributes: []state.AttributeChange{}}
	if x.policy.Scope == nil {
		c.Reason, c.ReasonCode = words.Undeclared(x.link.Scope), state.BecauseScopeGone
	}
	if !x.carryOut(c) {
		return Decision{Outcome: Unchanged, Key: key, Record: x.note()}
	}
	if f := x.refusal(c); f != nil {
		signedIn := stopped.TellLeaver(f, x.live, c)
		return Decision{Outcome: Blocked, Key: key, Findings: []*planner.Finding{f}, SignedIn: signedIn}
	}
	return Decision{Outcome: Changes, Key: key, Change: c}
}

// whereabouts is where the source object is by now, as far as somebody has looked for it.
func (x *leaver) whereabouts() state.ReasonCode {
	if where := x.j.set.Whereabouts[x.link.SourceGUID].Code; where != "" {
		return where
	}
	return state.BecauseNotFound
}

// goneText is why a record ends whose account is not among the living. Of the source object no more is known than that
// no scope has it: it may well exist.
func (x *leaver) goneText(l int) string {
	where := "is not in the tenant any more"
	if x.j.Bin.ByID.First(x.j.Links.Meta(l).Target) >= 0 {
		where = "lies in the recycle bin"
	}
	return fmt.Sprintf("account %s %s, and its source object is in no scope", x.link.TargetID, where)
}

// forget drops a link without touching the account.
func (x *leaver) forget(why because) Decision {
	addr := pair.Address(x.link.Kind, x.link.Scope, x.link.Anchor)
	if !x.j.Selected(addr) {
		return Decision{Outcome: Ignored, Key: x.link.Anchor}
	}
	return Decision{Outcome: Changes, Key: x.link.Anchor, Change: &state.Change{
		Address: addr, Kind: x.link.Kind, Action: state.ActionUnlink, Scope: x.link.Scope, Anchor: x.link.Anchor,
		SourceGUID: x.link.SourceGUID.String(), Reason: why.text, ReasonCode: why.code,
		Attributes: []state.AttributeChange{}}}
}

// leavings are what can be done to the account of an object that left, by the word for it in the language; the kind's
// descriptor says which of them its policies may have. Each fills in a change; false means that nothing has to be
// written.
var leavings = map[string]struct {
	do, withGrace func(x *leaver, c *state.Change) bool
}{
	"keep":    {(*leaver).keep, (*leaver).keep},
	"disable": {(*leaver).disable, (*leaver).afterGrace},
	"unlink":  {(*leaver).unlink, (*leaver).unlink},
	"delete":  {(*leaver).delete, (*leaver).afterGrace},
}

// carryOut fills in what the leaving policy does to the account; false means nothing has to be written.
func (x *leaver) carryOut(c *state.Change) bool {
	l, known := leavings[x.policy.Leaving]
	switch {
	case !known:
		return false
	case x.policy.Grace > 0:
		return l.withGrace(x, c)
	}
	return l.do(x, c)
}

func (x *leaver) keep(*state.Change) bool { return false }

// delete fills in that the account is deleted, if its source object was seen where it is now. Otherwise it is disabled:
// that an object was not found may say more about who looks than about the object.
func (x *leaver) delete(c *state.Change) bool {
	if x.seen() {
		c.Action = state.ActionDelete
		return true
	}
	x.noteUnseen()
	if !x.disable(c) {
		return false
	}
	c.Reason += "; " + words.NotSeen
	return true
}

// seen reports whether there is positive evidence that the source object left: it lives outside of its scope, or it was
// deleted.
func (x *leaver) seen() bool { return x.whereabouts() != state.BecauseNotFound }

// noteUnseen notes that the account is not deleted because its source object was not found.
func (x *leaver) noteUnseen() {
	ref := table.Ref(x.live)
	ref.Anchor = x.link.Anchor
	x.j.Unseen[ref.TargetID] = ref
}

// unlink fills in that the account loses its anchor.
func (x *leaver) unlink(c *state.Change) bool {
	c.Action = state.ActionUnlink
	if anchor := x.live.Get(x.of.Anchor); !anchor.IsEmpty() {
		c.Attributes = append(c.Attributes, state.AttributeChange{Name: x.of.Anchor, Before: anchor})
	}
	return true
}

// disable fills in that sign-in is blocked, where it is allowed. That is the correction of drift if an earlier apply
// did so already.
func (x *leaver) disable(c *state.Change) bool {
	before := x.live.SignIn()
	if !before.Bool() {
		return false
	}
	c.Action = state.ActionDisable
	c.Attributes = append(c.Attributes, state.AttributeChange{Name: x.of.SignIn, Before: before, After: state.Bool(false),
		Drift: x.link.Left && x.j.recordedEnabled(x.link, false)})
	return true
}

// refusal is the finding about what weighs most against a leaver's change, nil if nothing does.
func (x *leaver) refusal(c *state.Change) *planner.Finding {
	a := offlimits.Attempt{Account: x.live, Row: x.row, Policy: x.policy, Action: c.Action, Attrs: c.Attributes,
		Rule:     pair.Recorded,
		Recorded: x.link.Anchor, Leaving: true}
	list := x.j.limits.Against(a)
	if len(list) == 0 {
		return nil
	}
	f := x.j.limits.Finding(offlimits.Weightiest(list), a)
	ref := table.Ref(x.live)
	if len(f.Objects) == 0 {
		f.Objects = []planner.ObjectRef{ref}
	}
	ref.Address, ref.Anchor = c.Address, x.link.Anchor
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
	link := x.link
	r := &planner.Record{Anchor: link.Anchor, Scope: link.Scope, Left: true}
	switch {
	case !link.Left:
		return r
	case x.policy.Grace == 0:
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
	enabled := x.j.set.Schema(link.Kind).Lookup(x.of.SignIn)
	r.Fingerprints[x.of.SignIn] = hexFP(x.j.Hash.Of(enabled, state.Bool(false)))
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
