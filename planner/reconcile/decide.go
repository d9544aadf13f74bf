package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// subject is one source row with everything that deciding about it needs.
type subject struct {
	p       *plan
	row     int
	table   *sourceTable
	v       *verdict
	obj     *state.Object
	key     string
	address string
	anchor  string
	desired []state.Value // parallel to table.columns
	wanted  string        // the user name that the mapping gives, if the account gets another one
	once    string        // that other one, if it is only set when the account is created
	live    *state.Object // the target, if it has one
	liveRow int           // tenant row of live, or -1 for one in the recycle bin
	link    *state.Link

	findings []*planner.Finding
	attrs    []state.AttributeChange
	moved    bool                    // an attribute that was changed outside dirform has another value at the source as well
	locked   []state.AttributeChange // left out of attrs, because the service refuses them
	prints   map[string]string
	err      error    // a value could not be read back
	why      []string // DeclaredAt of the mappings that cause attrs
}

// decision is what is to be done about one subject.
type decision struct {
	outcome   outcome
	key       string
	change    *state.Change // if outcome is outChange
	findings  []*planner.Finding
	record    *planner.Record
	claimed   bool // the change takes the account over from another sync engine
	converted bool // the change links an account that another sync engine mastered once
	// unmatched: nothing is done because no account matches, and the policy creates none.
	unmatched bool
}

// decide works out one source row. It is a function of the rows and verdicts alone, so deciding twice gives the same.
func (p *plan) decide(s int) (decision, error) {
	sub, err := p.subject(s)
	if err != nil {
		return decision{}, err
	}
	if sub.v.flags&vShadowed != 0 || !p.selected(sub.address) {
		return decision{outcome: outIgnored, key: sub.key}, nil
	}
	change, err := sub.decide()
	if err = cmp.Or(err, sub.err); err != nil {
		return decision{}, err
	}
	sub.locate()
	d := decision{key: sub.key, findings: sub.findings, change: change, outcome: outUnchanged}
	switch {
	case sub.blocked():
		if err := sub.advise(); err != nil {
			return decision{}, err
		}
		d.outcome, d.change = outBlocked, nil
		if f := sub.driftWhileBlocked(); f != nil {
			d.findings = append(d.findings, f)
		}
	case change != nil:
		d.outcome = outChange
		d.claimed = sub.claims()
		d.converted = sub.v.link < 0 && sub.live != nil && !d.claimed && onceSynced(sub.live)
	case sub.v.link < 0 || sub.live == nil:
		d.outcome, d.unmatched = outIgnored, true
	default:
		d.record = sub.refresh()
	}
	if p.settled && d.outcome != outBlocked && d.outcome != outIgnored {
		found, err := sub.aliasFindings()
		if err != nil {
			return decision{}, err
		}
		d.findings = append(d.findings, found...)
	}
	return d, nil
}

func (p *plan) subject(s int) (*subject, error) {
	sub := &subject{p: p, row: s, table: p.srcTable(s), v: &p.verdicts[s], liveRow: -1}
	var err error
	if sub.obj, err = p.loadSource(s); err != nil {
		return nil, err
	}
	sub.anchor, _ = sub.table.anchorOf(sub.obj)
	sub.project()
	sub.address = address(sub.table.kind, sub.table.scope.Name, sub.key)
	if sub.v.link >= 0 {
		if sub.link, err = p.links.load(int(sub.v.link)); err != nil {
			return nil, err
		}
	}
	if sub.v.target < 0 {
		return sub, nil
	}
	if sub.v.flags&vDeleted != 0 {
		sub.live, err = p.loadDeleted(int(sub.v.target))
		return sub, err
	}
	sub.liveRow = int(sub.v.target)
	sub.live, err = p.loadTenant(sub.liveRow)
	return sub, err
}

func address(kind state.Kind, scope, key string) string {
	return fmt.Sprintf("%s.%s[%q]", kind, scope, key)
}

// project evaluates the mapping and turns failures into findings.
func (s *subject) project() {
	t := s.table
	s.desired = make([]state.Value, len(t.columns))
	var upn state.Value
	for i, c := range t.columns {
		v, err := c.m.Expr.Eval(s.obj)
		if err != nil {
			s.find(noValue(c.m, err, s.obj))
			continue
		}
		if isEmpty(v) {
			v = state.Null()
		}
		if i == t.upnCol {
			var replaced bool
			if upn, replaced = t.userName(c.m, v, s.obj); replaced {
				s.wanted = v.Str()
			}
			v = upn
		}
		s.desired[i] = v
	}
	s.key = t.readableKey(upn, s.obj)
	if w := t.scope.Where; w != nil {
		if in, err := w.Eval(s.obj); err != nil || in.Kind() != state.BoolValue {
			s.find(noWhere(t.scope, err, s.obj))
		}
	}
}

func (s *subject) blocked() bool {
	return slices.ContainsFunc(s.findings, func(f *planner.Finding) bool { return f.Severity == planner.Error })
}

// find adds a finding about the subject; others stands for the further objects it concerns.
func (s *subject) find(f *planner.Finding, others ...planner.ObjectRef) {
	f.Objects = append([]planner.ObjectRef{s.ref()}, others...)
	s.findings = append(s.findings, f)
}

// driftWhileBlocked tells what somebody else changed about an account that is left alone for another reason.
func (s *subject) driftWhileBlocked() *planner.Finding {
	var names []string
	for _, a := range s.attrs {
		if a.Drift {
			names = append(names, a.Name)
		}
	}
	if s.link != nil && s.live != nil && s.v.flags == 0 && s.live.Get("onPremisesImmutableId").Str() != s.link.Anchor {
		names = append(names, "onPremisesImmutableId")
	}
	if s.link != nil && s.live != nil && s.v.flags == 0 && synced(s.live) {
		names = append(names, providers.SyncEnabled) // when it was linked, no other engine mastered it
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	f := blockedDrift(slices.Compact(names))
	f.Objects = []planner.ObjectRef{s.ref()}
	return f
}

// locate gives findings about a mapped attribute the place where it is mapped, unless they know a better one.
func (s *subject) locate() {
	for _, f := range s.findings {
		for _, c := range s.table.columns {
			if f.DeclaredAt == "" && c.m.Target.Name == f.Attribute {
				f.DeclaredAt = s.table.declaredAt(c.m)
			}
		}
		if f.DeclaredAt == "" && s.table.policy != nil {
			f.DeclaredAt = s.table.policy.DeclaredAt
		}
	}
}

func (s *subject) ref() planner.ObjectRef {
	r := planner.ObjectRef{Address: s.address, Anchor: s.anchor, SourceDN: s.obj.DN, Kind: s.table.kind, Name: s.obj.Get("displayName").Str()}
	if s.address == "" {
		r.Address = address(s.table.kind, s.table.scope.Name, s.table.readableKey(state.Null(), s.obj))
	}
	if s.live != nil {
		r.TargetID = s.live.ID
	}
	return r
}

// decide fills s.findings and returns the change, nil if there is nothing to do.
func (s *subject) decide() (*state.Change, error) {
	for _, f := range s.findings { // those of project were made before the address was known
		f.Objects = []planner.ObjectRef{s.ref()}
	}
	if err := s.checkMatch(); err != nil || s.blocked() {
		return nil, err
	}
	if s.live == nil {
		return s.decideNew()
	}
	return s.decideExisting()
}

// checkMatch turns the flags that matching has set into findings.
func (s *subject) checkMatch() error {
	flags := s.v.flags
	switch {
	case flags&vSameAnchor != 0:
		return s.findTwin()
	case flags&vAnchorChanged != 0:
		s.find(anchorChanged(s.link.Anchor, s.anchor))
	case flags&vVanished != 0:
		s.find(vanished(s.link.TargetID, s.anchor))
	case flags&vBadLink != 0:
		s.findBadLink(s.p.declaredBy[s.row])
	case flags&vClaimed != 0:
		if s.rivalAnchored() {
			return s.findOldOwner(int(s.v.rival))
		}
		return s.findClaimant()
	case flags&vAmbiguous != 0:
		return s.findCandidates()
	case flags&vDeleted != 0 && s.table.policy.Deleted == "block" && s.v.rule != ruleDeclared:
		s.find(inRecycleBin(s.live), tenantRef(s.live))
	}
	return nil
}

func (s *subject) findBadLink(l *config.Link) {
	if s.v.flags&vManyNamed != 0 {
		s.find(manyNamed(l))
		return
	}
	if s.p.b.set.isOwnApplication(l.Tenant) {
		s.find(ownApplication(l))
		return
	}
	s.find(badLink(l, false))
}

func (s *subject) findCandidates() error {
	var refs []planner.ObjectRef
	for _, t := range s.p.candidates(s.row, s.table, s.v.rule) {
		o, err := s.p.loadTenant(t)
		if err != nil {
			return err
		}
		refs = append(refs, tenantRef(o))
	}
	slices.SortFunc(refs, func(a, b planner.ObjectRef) int { return strings.Compare(a.TargetID, b.TargetID) })
	s.find(ambiguous(s.v.rule, s.matchValue()), refs...)
	return nil
}

func tenantRef(o *state.Object) planner.ObjectRef {
	name := o.Get("userPrincipalName").Str()
	if name == "" {
		name = o.Get("displayName").Str()
	}
	return planner.ObjectRef{TargetID: o.ID, Kind: o.Kind, Name: name}
}

// matchValue is the value on which the subject was paired.
func (s *subject) matchValue() string { return s.valueFor(s.v.rule) }

// valueFor is the subject's value under a rule.
func (s *subject) valueFor(r rule) string {
	switch r {
	case ruleRecorded:
		return s.link.TargetID
	case ruleDeclared:
		return s.live.ID
	case ruleImmutable:
		return s.anchor
	case ruleUPN:
		return s.want("userPrincipalName").Str()
	case ruleSMTP:
		if a := s.table.primaryAddress(s.obj); a != "" {
			return a
		}
		if s.table.mailCol >= 0 {
			return s.want("mail").Str()
		}
		return s.obj.Get("mail").Str()
	}
	return ""
}

// want is the desired value of a managed attribute, null if it isn't managed.
func (s *subject) want(name string) state.Value {
	for i, c := range s.table.columns {
		if c.m.Target.Name == name {
			return s.desired[i]
		}
	}
	return state.Null()
}

func (s *subject) change(a state.Action, reason, declaredAt string) *state.Change {
	slices.SortFunc(s.attrs, func(a, b state.AttributeChange) int { return strings.Compare(a.Name, b.Name) })
	c := &state.Change{Address: s.address, Kind: s.table.kind, Action: a, Scope: s.table.scope.Name, Anchor: s.anchor,
		SourceGUID: s.obj.GUID.String(), SourceDN: s.obj.DN, Reason: reason, DeclaredAt: declaredAt,
		Attributes: s.attrs, Fingerprints: s.prints}
	if c.Attributes == nil {
		c.Attributes = []state.AttributeChange{}
	}
	if s.live != nil {
		c.TargetID = s.live.ID
		c.Match = &state.Match{Rule: s.v.rule.String(), Value: s.matchValue()}
		var err error
		if c.Replaces, err = s.replaced(); err != nil {
			s.err = err
			return nil
		}
	}
	if s.p.settled {
		c.Seen = strconv.FormatUint(s.p.h.Seen(s.obj), 16)
		for _, n := range s.p.needs.of[int32(s.row)] {
			needed, err := s.p.subject(int(n.row))
			if err != nil {
				s.err = err
				return nil
			}
			c.Needs = append(c.Needs, needed.anchor)
		}
		s.detours(c.Attributes)
	}
	if a != state.ActionUpdate && s.p.srcMeta(s.row).flags&srcUnstamp != 0 {
		c.SourceAttributes = []state.AttributeChange{{Name: config.AnchorConsistencyGUID, After: state.String(s.anchor)}}
	}
	return c
}

// begin makes room for the changes. While rows are surveyed nobody keeps them, nor asks for fingerprints.
func (s *subject) begin() {
	room := len(s.table.columns) + 4 // anchor, and what is set once
	if s.p.settled {
		s.prints = make(map[string]string, len(s.table.columns))
		s.attrs = make([]state.AttributeChange, 0, room)
		return
	}
	if cap(s.p.room) < room {
		s.p.room = make([]state.AttributeChange, 0, room)
	}
	s.attrs = s.p.room[:0]
}

// decideNew is for a source object without an account.
func (s *subject) decideNew() (*state.Change, error) {
	switch s.table.policy.Unmatched {
	case "skip":
		return nil, nil
	case "block":
		s.find(s.noAccount())
		return nil, nil
	}
	initial, err := s.initial()
	if err != nil {
		return nil, err
	}
	s.begin()
	for i, c := range s.table.columns {
		s.compare(i, c, true)
	}
	s.attrs = append(s.attrs, initial...)
	s.attrs = append(s.attrs, state.AttributeChange{Name: "onPremisesImmutableId", After: state.String(s.anchor)})
	s.lintRequired()
	s.lint()
	if err := cmp.Or(s.checkUnique(), s.checkMailIsName(), s.checkAnchorFree()); err != nil {
		return nil, err
	}
	return s.change(state.ActionCreate, "no account in the tenant matches", s.table.policy.DeclaredAt), nil
}

// initial evaluates the attributes that are set once, leaving out those that are managed anyway.
func (s *subject) initial() ([]state.AttributeChange, error) {
	var attrs []state.AttributeChange
	for _, m := range s.table.mapping.Initial {
		if slices.ContainsFunc(s.table.columns, func(c column) bool { return c.m.Target.Name == m.Target.Name }) {
			continue
		}
		v, err := m.Expr.Eval(s.obj)
		if err != nil {
			s.find(noValue(m, err, s.obj))
			continue
		}
		if name, replaced := s.table.userName(m, v, s.obj); replaced {
			s.wanted, s.once, v = v.Str(), name.Str(), name
		}
		if !isEmpty(v) {
			attrs = append(attrs, state.AttributeChange{Name: m.Target.Name, After: v})
		}
	}
	return attrs, nil
}

// decideExisting is for a source object with an account, recorded or newly matched.
func (s *subject) decideExisting() (*state.Change, error) {
	s.begin()
	for i, c := range s.table.columns {
		s.compare(i, c, false)
	}
	s.enableAgain()
	relink, err := s.checkAnchor()
	if err != nil {
		return nil, err
	}
	action := s.action(relink)
	if !s.claims() && action == state.ActionUpdate && len(s.attrs) == 0 {
		if s.checkMaster(); !s.blocked() { // it is linked, so the other engine has taken it back
			s.reportLocked()
		}
		return nil, nil
	}
	s.checkTarget(action)
	s.lint()
	if err := s.checkUnique(); err != nil {
		return nil, err
	}
	if !s.blocked() {
		s.reportLocked()
		s.claim()
	}
	return s.change(action, s.reason(action), s.declaredAt(action)), nil
}

func (s *subject) action(relink bool) state.Action {
	switch {
	case s.v.flags&vDeleted != 0:
		return state.ActionRestore
	case relink:
		return state.ActionRelink
	case s.v.link < 0:
		return state.ActionLink
	}
	return state.ActionUpdate
}

// checkAnchor compares the account's anchor with the subject's and adds the write it takes, if any.
func (s *subject) checkAnchor() (relink bool, err error) {
	live := s.live.Get("onPremisesImmutableId").Str()
	if live == s.anchor {
		return false, nil
	}
	if live != "" && s.table.policy.ForeignAnchor != "relink" {
		return false, s.findForeignAnchor(live)
	}
	if old := s.oldOwner(live); old >= 0 {
		return false, s.findOldOwner(old)
	}
	if err := s.checkAnchorFree(); err != nil {
		return false, err
	}
	before := state.Null()
	if live != "" {
		before = state.String(live)
	}
	s.attrs = append(s.attrs, state.AttributeChange{Name: "onPremisesImmutableId", Before: before,
		After: state.String(s.anchor), Drift: s.v.link >= 0})
	return live != "", nil
}

// checkTarget refuses accounts that must not be touched.
func (s *subject) checkTarget(action state.Action) {
	s.checkMaster()
	s.checkPrivilege(action)
}

// checkMaster refuses accounts that another sync engine masters, unless they are taken over.
func (s *subject) checkMaster() {
	if !synced(s.live) || s.claims() {
		return
	}
	f := syncedElsewhere(s.live, s.table.policy, s.attrs, s.locked)
	if s.link != nil {
		f.Hint = fmt.Sprintf("To leave the account to the other engine, remove the record with `dirform state rm %s` and exclude the object from dirform's scope; "+
			"to have it back, set synced_elsewhere = \"take_over\" in the link policy. %s", s.link.Anchor, staysInItsScope)
	}
	s.find(f, tenantRef(s.live))
}

func (s *subject) reason(a state.Action) string {
	switch a {
	case state.ActionRestore:
		return "its account lies in the recycle bin"
	case state.ActionRelink:
		return "its account carries the anchor of another domain or object"
	case state.ActionLink:
		if s.claims() {
			return "not linked yet, and another sync engine masters its account"
		}
		return "not linked yet"
	}
	if s.claims() {
		return "another sync engine masters its account again"
	}
	drift, source := false, s.moved
	for _, c := range s.attrs {
		drift, source = drift || c.Drift, source || !c.Drift
	}
	switch {
	case drift && source:
		return "changed at the source and outside dirform"
	case drift:
		return "changed outside dirform"
	case s.link != nil && s.link.Left:
		return "came back into scope " + s.table.scope.Name
	}
	return "changed at the source or in the mapping"
}

func (s *subject) declaredAt(a state.Action) string {
	if a == state.ActionUpdate && len(s.why) > 0 {
		return s.why[0]
	}
	if s.v.rule == ruleDeclared {
		return s.p.declaredBy[s.row].DeclaredAt
	}
	return s.table.policy.DeclaredAt
}
