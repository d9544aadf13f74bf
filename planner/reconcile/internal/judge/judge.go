package judge

import (
	"strings"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/aim"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/aliases"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/notes"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/offlimits"
	"github.com/dirform/dirform/planner/reconcile/internal/order"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Settings is what judging depends on besides the pairs.
type Settings struct {
	Rules        *config.Config
	Schema       func(state.Kind) *state.Schema     // the tenant's
	Kinds        func(state.Kind) *state.Descriptor // never gives nil
	Domains      []providers.TenantDomain
	RoleHolders  []providers.RoleHolder
	Identity     providers.Identity     // who dirform is signed in as
	SyncFeatures providers.SyncFeatures // what the tenant allows sync clients
	// Targets limits the plan to these addresses, Excludes takes addresses out; "user.staff" stands for all of a scope.
	Targets, Excludes []string
	Remapped          map[config.Mapped]bool           // attributes whose expressions are not those of the last apply
	Whereabouts       map[state.GUID]words.Whereabouts // of objects that left their scopes; the others are not found
	Alive             map[string]string                // names of living objects in no scope, by anchors of accounts that link blocks name
	Now               time.Time                        // graces are counted up to it; the zero time lets none of them end
	HoldGraces        bool                             // none of them ends, because some clock is wrong
}

// Judge decides about source rows and leavers.
type Judge struct {
	*pair.Pairs
	set      Settings
	aim      *aim.Aim
	limits   *offlimits.Limits
	Domains  table.Domains
	states   []rowState // by source row
	settled  bool       // every row's outcome is known
	waits    *order.Waits
	restored map[uint64][]int // see restoredWith
	crowds   map[crowdKey]crowd
	aliases  *aliases.Checker
	room     []state.AttributeChange
	Notes    *notes.Notes
	// Unseen are the accounts, by id, that would be deleted if their source objects had been found anywhere
	Unseen map[string]planner.ObjectRef
}

// rowState is how deciding about a source row has come out.
type rowState struct {
	outcome Outcome
	agreed  bool // recorded, and all fingerprints agree: nothing is to be done, and its values need not be looked at
	stuck   bool // the name it waits for will not be released
	first   bool // its change turns sign-in off
	off     bool // … and that passes whatever stops the rest
}

// Outcome is what becomes of a row.
type Outcome uint8

// What may become of a row.
const (
	Unchanged Outcome = iota // recorded, and both sides agree
	Undecided                // has to be looked at with its values
	Changes                  // looked at: there is a change
	Blocked
	Ignored // in scope, but nothing is to be done by policy, or it belongs to another scope
)

// Decision is what is to be done about one row.
type Decision struct {
	Outcome   Outcome
	Key       string        // the readable key it is sorted by
	Change    *state.Change // if Outcome is Changes; if it is Blocked, the part that turns sign-in off, or nil
	Findings  []*planner.Finding
	Record    *planner.Record
	TakenOver bool // the change takes the account over from another sync engine
	Converted bool // the change links an account that another sync engine mastered once
	// Skipped tells of an object about which nothing is done because no account matches, and the policy creates none; else nil
	Skipped  *planner.Skipped
	SignedIn bool // findings keep somebody signed in whom the source has switched off
	off      bool // the change turns sign-in off, and that passes whatever stops the rest
}

// New prepares to decide about pairs.
func New(p *pair.Pairs, s Settings) *Judge {
	j := &Judge{Pairs: p, set: s, aim: aim.New(s.Targets, s.Excludes), Unseen: map[string]planner.ObjectRef{}, crowds: map[crowdKey]crowd{},
		Domains: table.NewDomains(s.Domains),
		states:  make([]rowState, p.Source.Len()),
		waits:   order.New(p.Source.CompareGUID), Notes: notes.New()}
	j.limits = offlimits.New(p.Rows, offlimits.Settings{Guards: s.Rules.Guards, RoleHolders: s.RoleHolders,
		Identity:     s.Identity,
		SyncFeatures: s.SyncFeatures})
	j.aliases = j.newAliases(j.wantsAliases)
	for row := range j.states {
		if p.Verdict(row).Is(pair.Shadowed) {
			j.states[row].outcome = Ignored
		}
	}
	return j
}

// Selected reports whether --target and --exclude leave an address in the plan.
func (j *Judge) Selected(address string) bool { return j.aim.Selects(address) }

// SelectedRow reports whether --target and --exclude leave a source row in the plan. Its values are read only if there
// are any.
func (j *Judge) SelectedRow(s int) bool {
	if j.aim.SelectsAll() {
		return true
	}
	c, err := j.Case(s)
	return err == nil && j.Selected(c.Address)
}

// Unaimed are the --target and --exclude addresses that nothing asked about so far has.
func (j *Judge) Unaimed() []string { return j.aim.Missed() }

// Outcome is what becomes of source row s; Undecided until it has been decided about.
func (j *Judge) Outcome(s int) Outcome { return j.states[s].outcome }

// Agreed reports whether source row s and its account agree by their fingerprints.
func (j *Judge) Agreed(s int) bool { return j.states[s].agreed }

// ProtectsNobody are findings about names on protect lists that nobody has.
func (j *Judge) ProtectsNobody() []*planner.Finding { return j.limits.Unknown() }

// Standing is what sets an account apart. row is its tenant row, or -1 for one in the recycle bin.
func (j *Judge) Standing(o *table.Account, row int) offlimits.Standing {
	return j.limits.Standing(o, row)
}

// AliasFindings tells what has to be done in Exchange for an object.
func (j *Judge) AliasFindings(c *pair.Case) ([]*planner.Finding, error) { return j.aliases.Findings(c) }

// newAliases is a checker of aliases; wants reports whether a row may get some.
func (j *Judge) newAliases(wants func(row int) bool) *aliases.Checker {
	return &aliases.Checker{Pairs: j.Pairs, Limits: j.limits, Changes: j.changes, Wants: wants, Holder: j.holder}
}

// changes reports whether source row s is going to be changed.
func (j *Judge) changes(s int) bool { return j.states[s].outcome == Changes }

// wantsAliases reports whether source row s may get aliases that it is not known to have.
func (j *Judge) wantsAliases(s int) bool {
	st := &j.states[s]
	return st.outcome != Blocked && st.outcome != Ignored && !(st.agreed && j.aliases.Agree(s))
}

// IndexWanted indexes what source rows want to be called; it is needed only where something changes.
func (j *Judge) IndexWanted() { j.Source.IndexWanted(j.Idle) }

// Against is what weighs most among what stands against an attempt that no rule makes, nil if nothing does.
func (j *Judge) Against(a offlimits.Attempt) *planner.Finding {
	if list := j.limits.Against(a); len(list) > 0 {
		return j.limits.Finding(offlimits.Weightiest(list), a)
	}
	return nil
}

// LeavesNone tells which changes of a plan that undoes a run would leave no administrator, and says so.
func (j *Judge) LeavesNone(changes []*state.Change) ([]*state.Change, *planner.Finding) {
	return j.limits.LeavesNone(changes, func(c *state.Change) int { return j.Tenant.ByID.First(j.Hash.ID(strings.ToLower(c.TargetID))) })
}
