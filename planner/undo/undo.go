// Package undo works out what undoes a run: from what the record has kept of its steps, and from what the tenant has now. Whether an
// account may be touched the engine says, as for a plan that the rules ask for.
//
// The undoing of a run is no return to the past: what somebody has changed since stays, and what a rule asks for the next plan asks
// for again.
package undo

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Input is what the undoing of a run is worked out from.
type Input struct {
	Run     int64
	Started time.Time     // when the run began
	Entries []state.Entry // of the run's journal, in its order, see [Steps]
	Later   *Authors      // what later runs wrote is noted
	Link    func(anchor string) (*state.Link, error)
	// Live are the living accounts of the steps by their ids in small letters, with what the steps wrote; those that
	// were made or brought back with all that the record knows of them.
	Live map[string]*state.Object
	// Usage says how accounts with these ids are used. It is asked once, about those that the undoing would delete.
	Usage  func(ids []string) (providers.Usages, error)
	View   *reconcile.View // of today's plan
	Schema func(state.Kind) *state.Schema
	Hasher *state.Hasher
}

// Plan is what undoes a run.
type Plan struct {
	Changes  []*state.Change    // in the order of their execution
	Findings []*planner.Finding // what of it cannot be undone, or is not
	Steps    map[*state.Change]*state.Entry
	Unaimed  []string // --target and --exclude addresses that no step has
}

// New works out what undoes the run.
func New(in Input) (*Plan, error) {
	u := &undoing{Input: in, steps: map[*state.Change]*single{}}
	for i := range slices.Backward(in.Entries) { // what was given up last is taken back first
		if err := u.step(&in.Entries[i]); err != nil {
			return nil, err
		}
	}
	if err := u.spared(); err != nil {
		return nil, err
	}
	if those, f := u.View.LeavesNone(u.changes); f != nil { // before the order, since who is kept keeps its names as well
		u.findings = append(u.findings, f)
		u.changes = slices.DeleteFunc(u.changes, func(c *state.Change) bool { return slices.Contains(those, c) })
	}
	u.refer()
	if err := u.order(); err != nil {
		return nil, err
	}
	p := &Plan{Changes: u.changes, Findings: u.findings, Steps: map[*state.Change]*state.Entry{},
		Unaimed: u.View.Unaimed()}
	for _, c := range u.changes {
		p.Steps[c] = u.steps[c].e
	}
	return p, nil
}

// Steps are the steps of a run's journal that may have written something, and how many there are in all. References, which have steps
// of their own, are undone with the one that they belong to.
func Steps(journal iter.Seq2[*state.Entry, error]) (steps []state.Entry, all int, err error) {
	type of struct {
		key    string
		action state.Action
	}
	refers := map[of]bool{}
	for e, err := range journal {
		if err != nil {
			return nil, 0, err
		}
		all++
		wrote := e.Status == state.StatusIntent || e.Status == state.StatusUnknown || e.Writes != state.Writes{}
		if e.Attribute != "" {
			refers[of{e.Key, e.Action}] = refers[of{e.Key, e.Action}] || wrote
			continue
		}
		if wrote || e.Status != state.StatusSkipped && e.Kept != nil {
			e := *e
			steps = append(steps, e)
		}
	}
	steps = slices.DeleteFunc(steps, func(e state.Entry) bool {
		unsure := e.Status == state.StatusIntent || e.Status == state.StatusUnknown
		return !unsure && e.Writes == state.Writes{} && !refers[of{e.Key, e.Action}]
	})
	return steps, all, nil
}

type undoing struct {
	Input
	changes  []*state.Change
	steps    map[*state.Change]*single // that the changes undo
	findings []*planner.Finding
}

func (u *undoing) tell(code, detail string, ref planner.ObjectRef, attributes ...string) {
	f := planner.NewFinding(code, detail, "")
	f.Objects, f.Attribute = append(f.Objects, ref), strings.Join(attributes, ", ")
	u.findings = append(u.findings, f)
}

// step undoes one step.
func (u *undoing) step(e *state.Entry) error {
	d := e.Kind.Descriptor()
	ref := planner.ObjectRef{Anchor: e.Key, TargetID: e.TargetID, Kind: e.Kind}
	switch {
	case d == nil || !d.Managed:
		if !u.View.Selects(addressed(e)) {
			return nil
		}
		u.tell(planner.NotUndoneCode, fmt.Sprintf("Run %d wrote %s %q, which dirform does not take back.", u.Run, e.Kind, e.Key), ref)
		return nil
	case e.TargetID == "" || e.Kept == nil:
		if !u.View.Selects("") {
			return nil
		}
		u.tell(planner.NotKeptCode, fmt.Sprintf("What run %d wrote over at %s was not kept.", u.Run, e.Key), ref)
		return nil
	}
	l, err := u.Link(e.Key)
	if err != nil {
		return err
	}
	c := &state.Change{Kind: e.Kind, Scope: e.Kept.Scope, SourceGUID: e.Kept.SourceGUID, Anchor: e.Key, TargetID: e.TargetID,
		Reason: fmt.Sprintf("undoes run %d, which made %s of it", u.Run, e.Action), ReasonCode: state.BecauseUndone, Attributes: []state.AttributeChange{}}
	if l != nil {
		c.Scope, c.SourceGUID = l.Scope, l.SourceGUID.String()
	}
	links := e.Action == state.ActionLink || e.Action == state.ActionRelink
	if r := e.Kept.Replaces; r != nil && links { // to whom it goes back
		c.Replaces = &state.Replaced{Anchor: e.Key, Scope: c.Scope, SourceGUID: c.SourceGUID}
		c.Anchor, c.Scope, c.SourceGUID = r.Anchor, r.Scope, r.SourceGUID
	}
	h, err := u.View.Held(c, e.Key)
	if err != nil {
		return err
	}
	if h != nil && !h.Aimed {
		return nil
	}
	if h == nil {
		if e.Action != state.ActionCreate && e.Action != state.ActionRestore && u.View.Selects("") {
			u.tell(planner.NotUndoneCode, "The account does not exist any more, nor in the recycle bin.", ref)
		}
		return nil
	}
	s := &single{undoing: u, e: e, c: c, link: l, held: h, of: d, live: u.Live[strings.ToLower(e.TargetID)]}
	if len(e.Kept.Source) > 0 {
		s.say(planner.NotUndoneCode, fmt.Sprintf("What run %d wrote to the source object stays there.", u.Run), e.Kept.Source[0].Name)
	}
	if wanted, err := s.undo(); err != nil || !wanted {
		return err
	}
	return s.conclude()
}

// addressed is the address of a declared resource that a step was about.
func addressed(e *state.Entry) string {
	if strings.Contains(e.Key, "[") {
		return e.Key
	}
	return fmt.Sprintf("%s[%q]", e.Kind, e.Key)
}

// single is the undoing of one step.
type single struct {
	*undoing
	e    *state.Entry
	c    *state.Change
	link *state.Link   // recorded now; nil if there is none
	live *state.Object // nil if the account does not live
	held *reconcile.Held
	of   *state.Descriptor
}

func (s *single) say(code, detail string, attributes ...string) {
	s.tell(code, detail, s.held.Ref, attributes...)
}

// conclude adds the change, unless something stands against it.
func (s *single) conclude() error {
	if !s.keepOff() {
		return nil
	}
	h, err := s.View.Held(s.c, s.e.Key) // by now its action and attributes are known
	if err != nil {
		return err
	}
	if len(h.Against) > 0 {
		s.findings = append(s.findings, h.Against...)
		return nil
	}
	s.c.Address, s.c.Fingerprints = h.Address, s.fingerprints()
	slices.SortFunc(s.c.Attributes, func(a, b state.AttributeChange) int { return cmp.Compare(a.Name, b.Name) })
	s.changes, s.steps[s.c] = append(s.changes, s.c), s
	return nil
}

// keepOff takes out of the change that it lets somebody sign in for whom the source does not speak today: a leaver, or somebody whom the
// source has switched off. Who is let go gets it in no case, since nothing would turn it off again. goes is false if that leaves nothing
// to do, or nothing that may be done.
func (s *single) keepOff() (goes bool) {
	why, name := s.held.Off, s.of.SignIn
	stays := func(format string) {
		f := planner.NewFinding(planner.StaysOffCode, fmt.Sprintf(format, cmp.Or(why, "Nothing would turn sign-in off again"), s.Run), "")
		f.Objects, f.Attribute = append(f.Objects, s.held.Ref), name
		s.findings = append(s.findings, f)
	}
	switch {
	case name == "":
		return true
	case s.c.Action == state.ActionRestore:
		if why != "" && !s.held.Account.NoSignIn {
			s.c.Attributes = append(s.c.Attributes, state.AttributeChange{Name: name, Before: state.Bool(true), After: state.Bool(false)})
			stays("%s: undoing run %d would sign a leaver in. The account comes back with sign-in off.")
		}
		return true
	}
	turnsOn := func(a state.AttributeChange) bool { return a.Name == name && !a.Before.Bool() && a.After.Bool() }
	if unlinks := s.c.Action == state.ActionUnlink; slices.ContainsFunc(s.c.Attributes, turnsOn) && (unlinks || why != "") {
		s.c.Attributes = slices.DeleteFunc(s.c.Attributes, turnsOn)
		stays("%s: undoing run %d would sign a leaver in. Sign-in stays off.")
	} else if off := s.of.SwitchesOff(s.c) != ""; unlinks && why != "" && !s.held.Account.NoSignIn && !off {
		stays("%s, and the account is not switched off: undoing run %d would leave it so, without a record. It keeps the record.")
		return false
	}
	return s.c.Action != state.ActionUpdate || len(s.c.Attributes) > 0
}

// undo makes the change what undoes the step. wanted is false if there is nothing to do, or nothing that may be done.
func (s *single) undo() (wanted bool, err error) {
	if by := s.Later.later(s.e.TargetID, ""); by != 0 && pairing[s.e.Action] {
		s.say(planner.ChangedSinceCode, fmt.Sprintf("Run %d has decided since whose the account is.", by), s.of.Anchor)
		return false, nil
	}
	action := s.e.Action
	if links := action == state.ActionLink || action == state.ActionRelink; links && s.e.Kept.Rule != "" {
		action = state.ActionUpdate // the pair was recorded before the run too
	}
	switch action {
	case state.ActionCreate, state.ActionRestore:
		s.c.Action = state.ActionDelete
		return s.lives() && s.pairs(), nil
	case state.ActionLink, state.ActionRelink:
		return s.letGo()
	case state.ActionUpdate, state.ActionDisable:
		s.c.Action = state.ActionUpdate
		if !s.lives() {
			s.say(planner.NotUndoneCode, "The account lies in the recycle bin by now.")
			return false, nil
		}
		if !s.pairs() {
			return false, nil
		}
		err = s.inverse()
		return len(s.c.Attributes) > 0, err
	case state.ActionUnlink, state.ActionDelete:
		return s.again()
	}
	return false, nil
}

func (s *single) lives() bool { return s.live != nil }

// pairs reports whether the account still is the one that the step was about: it carries the anchor, and the record has it.
func (s *single) pairs() bool {
	if s.live.Get(s.of.Anchor).Str() == s.e.Key && s.link != nil && strings.EqualFold(s.link.TargetID, s.e.TargetID) {
		return true
	}
	s.say(planner.ChangedSinceCode, "The account is not this object's any more.", s.of.Anchor)
	return false
}

// letGo ends the pair that a linking has made: the account goes back to the object that had it, with the anchor that it
// carried, or is nobody's again. One that was taken over from another sync engine stays.
func (s *single) letGo() (wanted bool, err error) {
	var carried state.Value // before the run; not known is not empty
	stamped := false
	for _, a := range s.e.Kept.Attributes {
		switch a.Name {
		case providers.CloudManaged:
			s.say(planner.NotUndoneCode, fmt.Sprintf("Run %d took the account over; that is not given back.", s.Run), a.Name)
			return false, nil
		case s.of.Anchor:
			carried, stamped = a.Before, true
		}
	}
	s.c.Action = state.ActionUnlink
	if !s.lives() || !s.pairs() {
		return false, nil
	}
	known := s.e.Kept.Values || !stamped
	switch {
	case s.c.Replaces != nil:
		s.c.Action, s.c.Match = state.ActionRelink, &state.Match{Rule: "recorded", Value: s.c.Anchor}
		if !known {
			carried = state.String(s.c.Anchor)
		}
	case !known && s.e.Action == state.ActionRelink:
		s.say(planner.NotKeptCode, fmt.Sprintf("Run %d gave the account another anchor.", s.Run), s.of.Anchor)
		return false, nil
	}
	now := state.String(s.e.Key)
	if !stamped {
		carried = now // an unlinking that lists the anchor leaves it
	}
	if taken, err := s.taken(carried.Str()); taken || err != nil {
		return false, err
	}
	if s.c.Replaces != nil || !carried.IsEmpty() {
		s.c.Attributes = append(s.c.Attributes, state.AttributeChange{Name: s.of.Anchor, Before: now, After: carried})
	}
	return true, s.inverse()
}

// taken tells of an anchor that another account carries by now, and of an object to which the account would go back and
// that has another one.
func (s *single) taken(anchor string) (bool, error) {
	if s.c.Replaces != nil {
		l, err := s.Link(s.c.Anchor)
		if err != nil {
			return false, err
		}
		if l != nil && !strings.EqualFold(l.TargetID, s.e.TargetID) {
			s.say(planner.TakenSinceCode, "The source object that had the account has another one by now.", s.of.Anchor)
			return true, nil
		}
	}
	if anchor == "" {
		return false, nil
	}
	carries, err := s.View.Carries(anchor)
	if err != nil || carries == "" || strings.EqualFold(carries, s.e.TargetID) {
		return false, err
	}
	s.say(planner.TakenSinceCode, "Another account carries the anchor by now.", s.of.Anchor)
	return true, nil
}

// again pairs an account anew that was unlinked or deleted, or brings it back.
func (s *single) again() (wanted bool, err error) {
	if s.link != nil && !strings.EqualFold(s.link.TargetID, s.e.TargetID) {
		s.say(planner.TakenSinceCode, "The source object has another account by now.", s.of.Anchor)
		return false, nil
	}
	carries, err := s.View.Carries(s.e.Key)
	if err != nil {
		return false, err
	}
	if carries != "" && !strings.EqualFold(carries, s.e.TargetID) {
		s.say(planner.TakenSinceCode, "Another account carries the anchor by now.", s.of.Anchor)
		return false, nil
	}
	s.c.Match = &state.Match{Rule: cmp.Or(s.e.Kept.Rule, "recorded"), Value: s.e.Key}
	if s.e.Action == state.ActionDelete {
		s.c.Action = state.ActionRestore
		if s.lives() {
			return false, nil
		}
		return s.nameFree()
	}
	s.c.Action = state.ActionLink
	if !s.lives() {
		s.say(planner.NotUndoneCode, "The account lies in the recycle bin by now.")
		return false, nil
	}
	switch now := s.live.Get(s.of.Anchor); now.Str() {
	case "":
		s.c.Attributes = append(s.c.Attributes, state.AttributeChange{Name: s.of.Anchor, Before: now, After: state.String(s.e.Key)})
	case s.e.Key:
	default:
		s.say(planner.ChangedSinceCode, "The account carries another anchor by now.", s.of.Anchor)
		return false, nil
	}
	return true, s.inverse()
}

// nameFree reports whether nobody else has the names by now that an account in the recycle bin had.
func (s *single) nameFree() (bool, error) {
	for i, name := range append([]string{s.held.Account.Name}, s.held.Account.Addresses...) {
		space := state.MailAddresses
		if i == 0 {
			space = state.SignInNames
		}
		id, err := s.View.HasName(space, name)
		if err != nil {
			return false, err
		}
		if id != "" && !strings.EqualFold(id, s.e.TargetID) {
			s.say(planner.TakenSinceCode, fmt.Sprintf("Account %s has the name %q by now.", id, name), s.of.UserName)
			return false, nil
		}
	}
	return true, nil
}

// inverse gives the attributes back what they held, as far as they still hold what the step wrote.
func (s *single) inverse() error {
	var changed, lost, stays []string
	later := map[int64][]string{}
	for _, k := range s.e.Kept.Attributes {
		a := s.schema(k.Name)
		before, after := k.Before, k.After
		switch {
		case k.Name == providers.CloudManaged, k.Name == s.of.Anchor && s.c.Action == state.ActionUpdate:
			s.say(planner.NotUndoneCode, fmt.Sprintf("Run %d wrote %s, which is not given back.", s.Run, k.Name), k.Name)
			continue
		case k.Name == s.of.Anchor, a.Hidden:
			continue
		case !s.e.Kept.Values && k.Name == s.of.SignIn && s.e.Action == state.ActionDisable:
			before, after = state.Bool(true), state.Bool(false) // all that a disabling does
		case !s.e.Kept.Values:
			lost = append(lost, k.Name)
			continue
		}
		after, err := s.resolved(after)
		if err != nil {
			return err
		}
		switch now := s.live.Get(k.Name); {
		case s.changedLater(a, now):
			changed = append(changed, k.Name)
		case s.same(a, now, before) && (!s.same(a, before, after) || now.Equal(before)):
		case s.Later.later(s.e.TargetID, k.Name) != 0:
			by := s.Later.later(s.e.TargetID, k.Name)
			later[by] = append(later[by], k.Name)
		case s.same(a, now, after) && before.IsEmpty() && a.NotNull:
			stays = append(stays, k.Name)
		case s.same(a, now, after):
			s.c.Attributes = append(s.c.Attributes, state.AttributeChange{Name: k.Name, Before: now, After: before})
		default:
			changed = append(changed, k.Name)
		}
	}
	if len(changed) > 0 {
		s.say(planner.ChangedSinceCode, fmt.Sprintf("Changed since run %d: %s.", s.Run, strings.Join(changed, ", ")), changed...)
	}
	for _, by := range slices.Sorted(maps.Keys(later)) {
		names := later[by]
		s.say(planner.ChangedSinceCode, fmt.Sprintf("Run %d wrote it since: %s.", by, strings.Join(names, ", ")), names...)
	}
	if len(stays) > 0 {
		s.say(planner.NotUndoneCode, fmt.Sprintf("It had no value, and cannot be cleared any more: %s.", strings.Join(stays, ", ")), stays...)
	}
	if len(lost) > 0 {
		s.say(planner.NotKeptCode, fmt.Sprintf("Run %d changed %s.", s.Run, strings.Join(lost, ", ")), lost...)
	}
	return nil
}

// changedLater reports whether a value is not the one that the last run has left, as far as the record knows that: then somebody has
// changed it since, even to what the run had left that is undone.
func (s *single) changedLater(a *state.Attribute, now state.Value) bool {
	if s.link == nil {
		return false
	}
	i := s.link.Shape.Index(a.Name)
	return i >= 0 && s.link.Fingerprints[i] != 0 && !s.Hasher.Recorded(s.link.Fingerprints[i], a, now)
}

// resolved is a reference to an account that the run has made, by its id.
func (s *single) resolved(v state.Value) (state.Value, error) {
	anchor, pending := strings.CutPrefix(v.Str(), state.PendingRef)
	if !pending {
		return v, nil
	}
	l, err := s.Link(anchor)
	if err != nil || l == nil {
		return v, err
	}
	return state.String(l.TargetID), nil
}

func (s *single) schema(name string) *state.Attribute {
	if schema := s.Schema(s.e.Kind); schema != nil {
		if a := schema.Lookup(name); a != nil {
			return a
		}
	}
	return &state.Attribute{Name: name}
}

func (s *single) same(a *state.Attribute, v, w state.Value) bool {
	return s.Hasher.Fingerprint(a, v) == s.Hasher.Fingerprint(a, w)
}

// fingerprints are what the record remembers as last applied once the change is made: what it remembers now, and what the undoing
// writes.
func (s *single) fingerprints() map[string]string {
	if s.link == nil {
		return nil
	}
	prints := map[string]string{}
	for i, name := range s.link.Shape.Names() {
		if fp := s.link.Fingerprints[i]; fp != 0 {
			prints[name] = strconv.FormatUint(fp, 16)
		}
	}
	for _, a := range s.c.Attributes {
		if _, managed := prints[a.Name]; managed {
			prints[a.Name] = strconv.FormatUint(s.Hasher.Fingerprint(s.schema(a.Name), a.After), 16)
		}
	}
	return prints
}

// refer has a change that gives an account its former reference wait until the plan has brought the other account back.
// A reference to one that neither lives nor comes back is not given back.
func (u *undoing) refer() {
	back := map[string]string{} // anchors by ids of accounts
	for _, c := range u.changes {
		if c.Action == state.ActionRestore {
			back[strings.ToLower(c.TargetID)] = c.Anchor
		}
	}
	for _, c := range u.changes {
		c.Attributes = slices.DeleteFunc(c.Attributes, func(a state.AttributeChange) bool {
			anchor := back[strings.ToLower(a.After.Str())]
			switch {
			case c.Kind.Descriptor().Reference(a.Name) == nil || a.After.IsEmpty():
				return false
			case anchor != "":
				c.Needs = append(c.Needs, anchor)
				return false
			case u.View.Lives(a.After.Str()):
				return false
			}
			u.steps[c].say(planner.NotUndoneCode, fmt.Sprintf(
				"The account that was its %s does not live, and this plan does not bring it back.", a.Name), a.Name)
			return true
		})
	}
}

// order puts what turns sign-in off first and deletions last, and has whoever takes a name wait for whoever gives it up. Names that
// go round in a circle, and those that somebody else has by now, stay as they are.
func (u *undoing) order() error {
	slices.SortStableFunc(u.changes, func(a, b *state.Change) int { return cmp.Compare(phase(a), phase(b)) })
	gives := map[string]*state.Change{}
	for _, c := range u.changes {
		for _, n := range names(c) {
			gives[n.before] = c
		}
	}
	waits := map[*state.Change][]*state.Change{}
	for again := true; again; { // what is not given up after all is not to be had
		again = false
		for _, c := range u.changes {
			dropped, err := u.claim(c, gives, waits)
			if err != nil {
				return err
			}
			again = again || dropped
		}
	}
	u.changes = slices.DeleteFunc(u.changes, func(c *state.Change) bool {
		return c.Action == state.ActionUpdate && len(c.Attributes) == 0
	})
	for _, c := range u.changes { // nobody waits for what is not made after all
		c.Needs = slices.DeleteFunc(c.Needs, func(anchor string) bool {
			return !slices.ContainsFunc(u.changes, func(x *state.Change) bool { return x.Anchor == anchor })
		})
	}
	for i, done := 0, map[string]bool{}; i < len(u.changes); i++ { // whoever is waited for stands first
		c := u.changes[i]
		j := slices.IndexFunc(u.changes, func(x *state.Change) bool { return slices.Contains(c.Needs, x.Anchor) && !done[x.Anchor] })
		if j > i {
			x := u.changes[j]
			u.changes = slices.Insert(slices.Delete(u.changes, j, j+1), i, x)
			i--
			continue
		}
		done[c.Anchor] = true
	}
	return nil
}

// claimed is a name that a change gives up, and one that it takes.
type claimed struct {
	attribute     string
	space         state.NameSpace
	before, after string // with the space; a name that there is not is ""
	name          string // to be taken
}

// names are the names that a change is about.
func names(c *state.Change) (list []claimed) {
	for _, n := range c.Kind.Descriptor().Unique {
		for _, a := range c.Attributes {
			if a.Name == n.Attribute && !n.Further {
				in := func(v state.Value) string { return fmt.Sprint(n.Space, " ", strings.ToLower(v.Str())) }
				list = append(list, claimed{a.Name, n.Space, in(a.Before), in(a.After), a.After.Str()})
			}
		}
	}
	return list
}

// claim has a change wait for those that give up the names which it takes. A name that is not to be had is dropped from it, which
// may be one that others wait for.
func (u *undoing) claim(c *state.Change, gives map[string]*state.Change, waits map[*state.Change][]*state.Change) (dropped bool, err error) {
	for _, n := range names(c) {
		from := gives[n.after]
		if n.name == "" || from == c {
			continue
		}
		why := "Accounts would give their names to each other in a circle."
		if from == nil {
			id, err := u.View.HasName(n.space, n.name)
			if err != nil {
				return false, err
			}
			if id == "" || strings.EqualFold(id, c.TargetID) {
				continue
			}
			why = fmt.Sprintf("Account %s has the name %q by now.", id, n.name)
		} else if !leads(waits, from, c) {
			if !slices.Contains(waits[c], from) {
				waits[c], c.Needs = append(waits[c], from), append(c.Needs, from.Anchor)
			}
			continue
		}
		c.Attributes = slices.DeleteFunc(c.Attributes, func(a state.AttributeChange) bool { return a.Name == n.attribute })
		u.tell(planner.TakenSinceCode, why, planner.ObjectRef{Address: c.Address, Anchor: c.Anchor, TargetID: c.TargetID, Kind: c.Kind}, n.attribute)
		delete(gives, n.before)
		return true, nil
	}
	return false, nil
}

// leads reports whether one change waits for another, be it by way of others.
func leads(waits map[*state.Change][]*state.Change, from, to *state.Change) bool {
	return from == to || slices.ContainsFunc(waits[from], func(x *state.Change) bool { return leads(waits, x, to) })
}

// phase is when a change comes: 0 what turns sign-in off, 2 deletions.
func phase(c *state.Change) int {
	signIn := c.Kind.Descriptor().SignIn
	switch {
	case c.Action == state.ActionDelete:
		return 2
	case slices.ContainsFunc(c.Attributes, func(a state.AttributeChange) bool { return a.Name == signIn && !a.After.Bool() }):
		return 0
	}
	return 1
}
