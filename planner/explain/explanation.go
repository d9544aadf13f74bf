package explain

import (
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// What an explanation is about.
const (
	IsSource   = "source_object"  // in scope, with its account if it has one
	IsTenant   = "tenant_object"  // that no source object in scope has
	IsDeleted  = "deleted_object" // in the tenant's recycle bin, and nobody's
	IsRecord   = "record"         // a recorded pair whose source object is in no scope and whose account is gone
	IsDeclared = "declared"       // a resource that is no object, such as upn_suffix["contoso.com"]
)

// Explanation tells everything the plan knows about one object.
type Explanation struct {
	What       string     `json:"what"` // IsSource …
	Kind       state.Kind `json:"kind,omitempty"`
	Address    string     `json:"address,omitempty"`
	Scope      string     `json:"scope,omitempty"`
	ScopeAt    string     `json:"scope_declared_at,omitempty"`
	PolicyAt   string     `json:"policy_declared_at,omitempty"` // of the link policy whose rules are tried
	SourceDN   string     `json:"source_dn,omitempty"`
	SourceGUID string     `json:"source_guid,omitempty"`
	Anchor     string     `json:"anchor,omitempty"`
	TargetID   string     `json:"target_id,omitempty"`
	TargetName string     `json:"target_name,omitempty"`
	// all mail addresses of the tenant object, the primary one first
	Addresses []string `json:"addresses,omitempty"`
	InBin     bool     `json:"in_recycle_bin,omitempty"` // the target lies in the recycle bin
	Linked    bool     `json:"linked"`                   // the pair is recorded
	LinkedBy  string   `json:"linked_by,omitempty"`      // the rule by which it was linked
	// it left its scope earlier, and the policy was carried out
	Left       bool   `json:"left,omitempty"`
	LeftAt     string `json:"left_at,omitempty"`     // when that was, RFC 3339, if the record knows
	DeleteFrom string `json:"delete_from,omitempty"` // when its grace ends
	// what else matters about the tenant object, in sentences
	Notes      []string           `json:"notes,omitempty"`
	Attributes []Attribute        `json:"attributes,omitempty"`
	Rules      []Rule             `json:"rules,omitempty"`
	Findings   []*planner.Finding `json:"findings"`         // all that name the object, those about others included
	Change     *state.Change      `json:"change,omitempty"` // nil: nothing would be done
	Outcome    string             `json:"outcome"`
}

// Attribute is how one managed attribute came about.
type Attribute struct {
	Name       string `json:"name"`
	Expression string `json:"expression"`
	DeclaredAt string `json:"declared_at"`
	// set when the account is created, never managed afterwards
	Initial bool                   `json:"initial,omitempty"`
	Inputs  map[string]state.Value `json:"inputs"`
	Result  state.Value            `json:"result"`
	// what the expression gives, if the link policy puts Result in its place
	InsteadOf string `json:"instead_of,omitempty"`
	// what people know the account by that a reference stands for
	ResultName string      `json:"result_name,omitempty"`
	Error      string      `json:"error,omitempty"`
	Live       state.Value `json:"live"`
	LiveName   string      `json:"live_name,omitempty"`
	Drift      bool        `json:"drift"`         // the tenant does not have what was last applied
	Write      bool        `json:"write"`         // apply would write it
	Why        string      `json:"why,omitempty"` // why it is not written although the two differ
}

// Rule is how one way of finding the account fared, in the order in which they are tried.
type Rule struct {
	Rule       string      `json:"rule"` // "recorded", "declared", one of the link policy's rules, or [RuleBin]
	Value      string      `json:"value"`
	Outcome    string      `json:"outcome"` // RuleDecides …
	Detail     string      `json:"detail,omitempty"`
	Found      []string    `json:"found"` // names of the accounts it finds
	Candidates []Candidate `json:"candidates,omitempty"`
}

// RuleBin is finding an account by its anchor in the recycle bin, which comes after the anchor among the living.
const RuleBin = "recycle_bin"

// How a rule fares.
const (
	RuleDecides   = "decides"   // it gives the object its account
	RuleNothing   = "nothing"   // it finds none
	RuleNotTried  = "not_tried" // an earlier one has decided
	RuleTaken     = "taken"     // what it finds is another source object's
	RuleAmbiguous = "ambiguous" // it finds several
	RuleFails     = "fails"     // it leads to something that cannot be used
	RuleOff       = "off"       // the link policy does not have it
)

// Candidate is a tenant object that has a rule's value.
type Candidate struct {
	TargetID string     `json:"target_id"`
	Kind     state.Kind `json:"kind"`
	Name     string     `json:"name"`
	Counts   bool       `json:"counts"`        // false: it has the value in a way that proves nothing
	Why      string     `json:"why,omitempty"` // why it does not count, or whose it is
}
