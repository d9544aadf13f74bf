package planner

import (
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
)

// FormatVersion is the version of the plan document and file. A reader refuses a greater major version.
const FormatVersion = "1.0"

// Header identifies a plan: what it was made from and what it may be applied to.
type Header struct {
	FormatVersion  string   `json:"format_version"`
	DirformVersion string   `json:"dirform_version"`
	CreatedAt      string   `json:"created_at"` // RFC 3339, UTC
	ConfigDigest   string   `json:"config_digest"`
	State          StateID  `json:"state"`
	Source         SourceID `json:"source"`
	Tenant         TenantID `json:"tenant"`
	// Snapshot is what the plan was made from instead of both directories; nil for a plan that read them.
	Snapshot *SnapshotID `json:"snapshot,omitempty"`
	// Against is the other configuration that the plan is held against; nil for a plan that is held against none.
	Against *AgainstID `json:"against,omitempty"`
	// Undoes is the number of the run that the plan undoes; 0 for a plan that carries out what the configuration asks for.
	Undoes int64 `json:"undoes,omitempty"`
	// Targets and Excludes are the --target and --exclude addresses the plan was limited to.
	Targets  []string `json:"targets,omitempty"`
	Excludes []string `json:"excludes,omitempty"`
	// Allowed are the guard limits lifted for this plan with --allow, as LIMIT=N.
	Allowed []string `json:"allowed,omitempty"`
}

// SnapshotID names the snapshot that a plan was made from.
type SnapshotID struct {
	TakenAt string `json:"taken_at"`    // RFC 3339, UTC
	Age     int64  `json:"age_seconds"` // when the plan was made
	Digest  string `json:"digest"`
}

// AgainstID names a configuration that a plan is held against.
type AgainstID struct {
	ConfigDigest string `json:"config_digest"`
}

// Against counts how a plan differs from that of another configuration over the same reading.
type Against struct {
	Configuration int  `json:"configuration"` // changes that only this configuration asks for
	Directory     int  `json:"directory"`     // that are pending anyway
	Mixed         int  `json:"mixed"`         // of which a part is pending anyway
	NoLonger      int  `json:"no_longer"`     // objects of which only the other configuration wants something
	Findings      int  `json:"findings"`      // that only this plan has
	Applicable    bool `json:"applicable"`    // the other configuration's plan is
}

// Alters reports whether the change of the configuration makes any difference to a plan that is applicable or not.
func (a *Against) Alters(applicable bool) bool {
	return a.Configuration+a.Mixed+a.NoLonger+a.Findings > 0 || a.Applicable != applicable
}

// StateID is the state a plan was made against.
type StateID struct {
	Lineage string `json:"lineage"`
	Serial  int64  `json:"serial"`
}

// SourceID is the directory a plan was made from.
type SourceID struct {
	Domain string `json:"domain"`
	SID    string `json:"sid"`
	// MovesFrom is the SID of the domain that the state belongs to until this plan is applied, if that is another one.
	MovesFrom string `json:"moves_from,omitempty"`
	// Others are the names of the further domains that the plan was made from, in the order of their declaration.
	Others []string `json:"others,omitempty"`
}

// TenantID is the tenant a plan was made for.
type TenantID struct {
	ID string `json:"id"`
}

// Severity of a finding.
type Severity string

// An error finding blocks the objects it names; a warning does not.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is a coded diagnostic about objects: what is wrong, with what exactly, and the way out.
type Finding struct {
	Code       string      `json:"code"` // DF101 …
	Severity   Severity    `json:"severity"`
	Summary    string      `json:"summary"` // constant per code
	Detail     string      `json:"detail"`
	Hint       string      `json:"hint"`
	Snippet    string      `json:"snippet,omitempty"` // configuration that would resolve it, ready to be pasted
	Attribute  string      `json:"attribute,omitempty"`
	Value      string      `json:"value,omitempty"`
	Objects    []ObjectRef `json:"objects"`
	More       int         `json:"more,omitempty"` // how many others it is about, of which Objects are the first
	DeclaredAt string      `json:"declared_at,omitempty"`
	// Commands are what a person runs to bring about what dirform cannot write, one a line: Exchange Online PowerShell.
	Commands []string `json:"commands,omitempty"`
	// Withheld are the changes of an account that is there which the finding holds back.
	Withheld []Withheld `json:"withheld,omitempty"`
	// SignedIn says that the finding keeps somebody signed in whom the source has switched off.
	SignedIn bool `json:"still_signed_in,omitempty"`
	// Drift says that the finding is about something that was changed outside dirform, and that no change sets right.
	Drift bool `json:"drift,omitempty"`
}

// Withheld is the change of an attribute that a finding holds back.
type Withheld struct {
	Name   string      `json:"name"`
	Before state.Value `json:"before"`
	After  state.Value `json:"after"`
}

// ObjectRef names an object of either side in a finding.
type ObjectRef struct {
	Address  string     `json:"address,omitempty"` // source objects in scope
	Anchor   string     `json:"anchor,omitempty"`
	SourceDN string     `json:"source_dn,omitempty"`
	TargetID string     `json:"target_id,omitempty"` // tenant objects
	Kind     state.Kind `json:"kind,omitempty"`
	Name     string     `json:"name,omitempty"` // display name or UPN
}

// GuardResult is one limit's outcome.
type GuardResult struct {
	Name    string  `json:"name"`         // of the guard block, or "built-in"
	Limit   string  `json:"limit"`        // "deletes.count", "deletes.percent", "source_shrink.percent"
	Of      string  `json:"of,omitempty"` // the attribute or group, of a limit that holds for each by itself
	Allowed float64 `json:"allowed"`      // the limit, a count or a percentage
	Planned float64 `json:"planned"`      // what the plan, and runs before it, would come to, in the same unit
	Tripped bool    `json:"tripped"`
}

// Summary counts a plan's objects by action.
type Summary struct {
	Create    int `json:"create"`
	Link      int `json:"link"`
	Relink    int `json:"relink"`
	Restore   int `json:"restore"`
	Update    int `json:"update"`
	Disable   int `json:"disable"`
	Unlink    int `json:"unlink"`
	Delete    int `json:"delete"`
	Unchanged int `json:"unchanged"`
	Blocked   int `json:"blocked"`
	Aliases   int `json:"aliases,omitempty"`         // objects whose aliases are to be set in Exchange; they are counted under their action too
	SignedIn  int `json:"still_signed_in,omitempty"` // accounts that the source has switched off, and that findings keep able to sign in
	Drifted   int `json:"drifted"`                   // objects with at least one drifted attribute; they are counted under their action too
	Skipped   int `json:"skipped"`                   // in scope, but no account matches and the policy creates none: the plan's list of [Skipped]
}

// Count adds n to the counter of action a.
func (s *Summary) Count(a state.Action, n int) {
	switch a {
	case state.ActionCreate:
		s.Create += n
	case state.ActionLink:
		s.Link += n
	case state.ActionRelink:
		s.Relink += n
	case state.ActionRestore:
		s.Restore += n
	case state.ActionUpdate:
		s.Update += n
	case state.ActionDisable:
		s.Disable += n
	case state.ActionUnlink:
		s.Unlink += n
	case state.ActionDelete:
		s.Delete += n
	case state.ActionUnchanged:
		s.Unchanged += n
	case state.ActionBlocked:
		s.Blocked += n
	}
}

// Changes is the number of changes apply would make.
func (s Summary) Changes() int {
	return s.Create + s.Link + s.Relink + s.Restore + s.Update + s.Disable + s.Unlink + s.Delete
}

// Cost is what carrying out a plan takes at both directories.
type Cost struct {
	Writes  int `json:"writes"`        // write requests, to either directory
	Source  int `json:"source_writes"` // those of them that go to Active Directory
	Seconds int `json:"seconds"`       // estimate, rounded up
}

// How many writes a second the directories take. A tenant's is the sustained quota of an application: 3,000 writes in 150 seconds
// (Microsoft Graph throttling limits, identity and access). Active Directory has no quota; its writes are made one after the
// other, at some ten milliseconds each.
const (
	tenantRate = 20
	sourceRate = 100
)

// NewCost is the cost of so many writes.
func NewCost(source, tenant int) Cost {
	const unit = tenantRate * sourceRate
	units := tenant*(unit/tenantRate) + source*(unit/sourceRate)
	return Cost{Writes: source + tenant, Source: source, Seconds: (units + unit - 1) / unit}
}

// Record is what an apply notes about a linked object to which nothing is written: the recorded fingerprints are not those on
// which both directories agree, it moved to another scope, another object has its anchor now, or it left and the policy asks for no
// write. It causes no write to a directory. Of one who has left it has fingerprints only if that counts from now on.
type Record struct {
	Anchor       string            `json:"anchor"`
	Scope        string            `json:"scope"`
	SourceGUID   string            `json:"source_guid,omitempty"` // absent: keep the recorded one
	Left         bool              `json:"left,omitempty"`
	Fingerprints map[string]string `json:"fingerprints,omitempty"` // absent: keep the recorded ones
}

// Skipped is an object in scope about which nothing is done because it has no account, and its policy creates none
// (unmatched = "skip"). Whatever is wrong with its values is no finding of a plan.
type Skipped struct {
	Address    string           `json:"address"`
	Anchor     string           `json:"anchor"`
	SourceDN   string           `json:"source_dn"`
	ReasonCode state.ReasonCode `json:"reason_code"`
}

// ScopeSeen is what reading a scope found.
type ScopeSeen struct {
	Scope   string     `json:"scope"`
	Kind    state.Kind `json:"kind"`
	Objects int        `json:"objects"`  // read from the directory
	InScope int        `json:"in_scope"` // left after where
	Filter  string     `json:"filter,omitempty"`
	Where   string     `json:"where,omitempty"` // its source text
	OUs     []OUSeen   `json:"ous,omitempty"`
	// SystemObjects is how many of the objects read are no people and left out (system_objects = "exclude"); SystemList names the
	// first 500 of them.
	SystemObjects int            `json:"system_objects,omitempty"`
	SystemList    []SystemObject `json:"system_list,omitempty"`
}

// NearestOU is the container of a scope that decides about an object by a distinguished name: the one that it lies in most directly.
// ok is false if it lies in none.
func NearestOU(ous []OUSeen, name string) (ou OUSeen, ok bool) {
	n, err := dn.Parse(name)
	if err != nil {
		return ou, false
	}
	var of []OUSeen
	var containers []dn.Normal
	for _, o := range ous {
		if c, err := dn.Parse(o.DN); err == nil && o.DN != "" {
			of, containers = append(of, o), append(containers, c)
		}
	}
	if i := n.Nearest(containers); i >= 0 {
		return of[i], true
	}
	return ou, false
}

// SystemObject is a source object that a scope leaves out because it is no person's.
type SystemObject struct {
	DN   string `json:"source_dn"`
	What string `json:"what"` // "a mailbox of Exchange itself"
}

// OUSeen is a declared OU and what it resolved to; apply records it, so that a renamed OU is followed by its GUID.
type OUSeen struct {
	Declared string `json:"declared"` // DN as declared
	DN       string `json:"dn"`       // where it is now; empty if it is gone, which only an excluded one may be
	GUID     string `json:"guid"`
	Exclude  bool   `json:"exclude,omitempty"` // it is taken out of the scope
	Renamed  bool   `json:"renamed,omitempty"` // it is not where it was declared, and was found by the recorded GUID
}

// Totals closes a plan: everything that is known only after the last change.
type Totals struct {
	Applicable bool          `json:"applicable"` // false when a guard tripped
	Summary    Summary       `json:"summary"`
	Cost       Cost          `json:"cost"`
	Guards     []GuardResult `json:"guards"`
	Unaimed    []string      `json:"unaimed,omitempty"` // --target and --exclude addresses and names that nothing has
	Meant      []string      `json:"meant,omitempty"`   // what is nearest to those, as far as anything is
	Scopes     []ScopeSeen   `json:"scopes"`
	Against    *Against      `json:"against,omitempty"` // of a plan that is held against another configuration's
}

// Sink receives a plan as it is made. Changes come in the order of their execution; findings, records and what is skipped come in
// between, each in an order that depends on nothing but the plan's input. planfile.Writer is one.
type Sink interface {
	Finding(*Finding) error
	Change(*state.Change) error
	Record(*Record) error
	Skipped(*Skipped) error
}
