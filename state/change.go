package state

import "slices"

// Action is what a change does. The constants stand in the order in which plans show and count them.
type Action string

// The actions of a plan. ActionUnchanged and ActionBlocked are counted but are never the action of a change.
const (
	ActionCreate    Action = "create"    // a new tenant object
	ActionLink      Action = "link"      // adopt an existing tenant object
	ActionRelink    Action = "relink"    // give a tenant object a new anchor
	ActionRestore   Action = "restore"   // bring back from the recycle bin and link
	ActionUpdate    Action = "update"    // change attributes of a linked object
	ActionDisable   Action = "disable"   // block sign-in of an account that left the scope
	ActionUnlink    Action = "unlink"    // forget the pair and clear the anchor
	ActionDelete    Action = "delete"    // move the tenant object to the recycle bin
	ActionUnchanged Action = "unchanged" // nothing to do
	ActionBlocked   Action = "blocked"   // not touched because of an error finding
)

// Actions are the actions a change can have, in display order.
var Actions = []Action{ActionCreate, ActionLink, ActionRelink, ActionRestore, ActionUpdate, ActionDisable, ActionUnlink, ActionDelete}

// AttributeChange is one attribute's part of a change. Before is the value read while planning; apply re-checks it.
type AttributeChange struct {
	Name   string `json:"name"`
	Before Value  `json:"before"`
	After  Value  `json:"after"`
	Drift  bool   `json:"drift"` // Before is not what dirform last applied: somebody else changed it
	// Via is a value that is written first, so that Before is free for another object of the same plan, which in turn has what
	// is wanted here: the way out of a circle of names. Null, as nearly always, means that After is written at once.
	Via Value `json:"via,omitzero"`
	// BeforeName and AfterName are what people know the objects by that a reference's Before and After name by id.
	BeforeName string `json:"before_name,omitempty"`
	AfterName  string `json:"after_name,omitempty"`
	Cause      Cause  `json:"cause,omitempty"`
}

// Cause is what asks for a change, in a plan that is held against another configuration's; "" in any other plan.
type Cause string

// The causes.
const (
	CauseConfiguration Cause = "configuration" // the other configuration does not ask for it
	CauseDirectory     Cause = "directory"     // pending anyway: the other configuration asks for it too
	CauseMixed         Cause = "mixed"         // some of it is pending anyway
)

// Match is the evidence on which a source object and a tenant object were paired.
type Match struct {
	Rule  string `json:"rule"`  // "recorded", "declared", "immutable_id", "primary_smtp" or "user_principal_name"
	Value string `json:"value"` // the value both sides share
}

// SetChange is what a set of references gains and loses. Both lists are sorted and hold ids of tenant objects, or for accounts that the
// same plan creates [PendingRef] and their anchors. A set is compared as a set: what is in neither list stays as it is.
type SetChange struct {
	Add    []string `json:"add"`
	Remove []string `json:"remove"`
}

// Replaced is a recorded link of an account to another source object, or to an earlier anchor of the same: once the change that
// names it is done, the account's new link stands in its place.
type Replaced struct {
	Anchor     string `json:"anchor"`
	Scope      string `json:"scope"`
	SourceGUID string `json:"source_guid"` // objectGUID in text form of the source object that had the account
}

// PendingRef is the prefix of a reference value whose target is created by the same plan: "anchor:" + the target's anchor.
const PendingRef = "anchor:"

// Change is one step of a plan, complete in itself: whom it concerns, what is written where, and why.
type Change struct {
	Address    string    `json:"address"` // kind.scope["key"], for people and --target
	Kind       Kind      `json:"kind"`
	Action     Action    `json:"action"`
	Scope      string    `json:"scope,omitempty"`
	Anchor     string    `json:"anchor,omitempty"`
	SourceGUID string    `json:"source_guid,omitempty"` // objectGUID in text form
	SourceDN   string    `json:"source_dn,omitempty"`
	GraceAnew  bool      `json:"grace_anew,omitempty"` // the account's grace is counted from this disabling, not from the one before
	TargetID   string    `json:"target_id,omitempty"`  // empty until created
	Match      *Match    `json:"match,omitempty"`
	Replaces   *Replaced `json:"replaces,omitempty"` // the account's recorded link that ends with this change
	Reason     string    `json:"reason"`
	// ReasonCode is the reason for machines: one of the constants that begin with Because.
	ReasonCode ReasonCode        `json:"reason_code,omitempty"`
	DeclaredAt string            `json:"declared_at,omitempty"` // file:line of the rule that asks for it
	Attributes []AttributeChange `json:"attributes"`            // written to the tenant; sorted by name
	// SourceAttributes are written to Active Directory, before the tenant is.
	SourceAttributes []AttributeChange `json:"source_attributes,omitempty"`
	// Members are the references that the object's set gains and loses, nil if it has none or they stay as they are.
	Members *SetChange `json:"members,omitempty"`
	// Cause is what asks for it; the attributes have causes of their own.
	Cause Cause `json:"cause,omitempty"`
	// Needs are anchors of changes in the same plan that must succeed first. A change with a Via value needs nothing for the
	// first of its two writes, after which those that need it may go on.
	Needs []string `json:"needs,omitempty"`
	// Partial says that this is only the part of a change that turns sign-in off; the rest of it is not made.
	Partial bool `json:"partial,omitempty"`
	// Seen is [Hasher.Seen] of the source object that the change was planned for, in hexadecimal; "" where it was not looked at.
	// Apply holds the object against it right before it writes.
	Seen string `json:"seen,omitempty"`
	// Fingerprints are the keyed fingerprints of every managed attribute once this change is applied, in hexadecimal by
	// attribute name: what the record remembers as last applied. They reveal nothing without the record's key, and a plan that is
	// saved for review has neither them nor Seen.
	Fingerprints map[string]string `json:"fingerprints,omitempty"`
}

// ReasonCode says why a change is made.
type ReasonCode string

// The reasons of changes.
const (
	BecauseNew             ReasonCode = "new_at_source"        // no account matches
	BecauseMatched         ReasonCode = "matched"              // an account matches, and is not recorded yet
	BecauseMastered        ReasonCode = "synced_elsewhere"     // another sync engine masters the account, from which it is taken over
	BecauseForeignAnchor   ReasonCode = "foreign_anchor"       // the account carries the anchor of another domain or object
	BecauseDeleted         ReasonCode = "in_recycle_bin"       // the account was deleted in the tenant
	BecauseSourceChanged   ReasonCode = "changed_at_source"    // the source has another value than last applied
	BecauseMappingChanged  ReasonCode = "changed_in_mapping"   // the mapping gives another value than last applied
	BecauseDrift           ReasonCode = "drift"                // somebody else changed the account
	BecauseSourceAndDrift  ReasonCode = "drift_and_source"     // both
	BecauseBack            ReasonCode = "came_back"            // the object is in scope again
	BecauseMoved           ReasonCode = "left_scope_moved"     // the object left its scope: it lies elsewhere
	BecauseGone            ReasonCode = "left_scope_deleted"   // … it was deleted at the source
	BecauseFiltered        ReasonCode = "left_scope_filtered"  // … the scope's filter or condition leaves it out
	BecauseNotFound        ReasonCode = "left_scope_not_found" // … it is in no scope; more is not known
	BecauseScopeGone       ReasonCode = "scope_undeclared"     // its scope is not declared any more
	BecauseGraceOver       ReasonCode = "grace_over"           // it left longer ago than its grace
	BecauseAccountGone     ReasonCode = "account_gone"         // the record leads to no living account
	BecauseAccountTaken    ReasonCode = "account_taken"        // the record's account is another object's
	BecauseMissingAtForest ReasonCode = "missing_in_forest"    // a declared suffix that the forest lacks
	BecauseNoMatch         ReasonCode = "no_match"             // no account matches, and the policy creates none
	BecauseUndone          ReasonCode = "undone"               // a run is undone that did the opposite
	BecauseDeclared        ReasonCode = "declared"             // the configuration declares the tenant otherwise than it is
)

// WithoutHashes is the change as it may be shown and kept: without the hashes of values, which only an apply needs and which tell
// something about values that the change does not show. nil stays nil.
func (c *Change) WithoutHashes() *Change {
	if c == nil {
		return nil
	}
	shown := *c
	shown.Fingerprints, shown.Seen = nil, ""
	return &shown
}

// ByDetour reports whether the change takes two writes, because a name has to be given up before the one that is wanted is free.
func (c *Change) ByDetour() bool {
	return slices.ContainsFunc(c.Attributes, func(a AttributeChange) bool { return !a.Via.IsNull() })
}

// Writes counts the write requests the change needs at the tenant: one for the object and one for each attribute that travels
// alone, such as a reference.
func (c *Change) Writes(alone func(attribute string) bool) int {
	n, plain := 0, 0
	if c.ByDetour() {
		n++
	}
	for _, a := range c.Attributes {
		if alone(a.Name) {
			n++
		} else {
			plain++
		}
	}
	switch c.Action {
	case ActionCreate, ActionDelete:
		return n + 1
	case ActionRestore:
		n++
	}
	if plain > 0 {
		n++
	}
	return n
}
