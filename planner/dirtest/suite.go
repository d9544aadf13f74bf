// Package dirtest is "dirform test": it reads *.dirtest.hcl files, plans for what their tests say is in both
// directories, in memory and with nothing to reach, and holds the plans against what the tests expect.
package dirtest

import (
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/dirform/dirform/state"
)

// Suffix is how the names of test files end.
const Suffix = ".dirtest.hcl"

// Suite are the tests of some files.
type Suite struct {
	Files map[string]*hcl.File // by name, for diagnostics
	Tests []*Test              // in the order of files and places
}

// Test is one test.
type Test struct {
	Name       string
	File       string
	DeclaredAt string // file:line

	Variables map[string]string // as --var gives them
	Now       time.Time         // the zero time is the real one
	FirstRun  bool              // there is no record yet
	SyncOn    *bool             // whether sync clients may write to the tenant; nil: as declared
	Domains   []string          // that the tenant has verified; nil: all that are used
	Suffixes  []string          // of the forest; nil: all that are used
	Targets   []string
	Excludes  []string
	Allow     map[string]int

	Sources  []*Source
	Accounts []*Account
	Expect   *Expect
}

// Source is an object of Active Directory.
type Source struct {
	Label      string
	Kind       state.Kind
	DN         string // "": below the first OU of the first scope
	Attributes map[string]state.Value
	Gone       string // "", "deleted" or "unseen"
	DeclaredAt string
	spelled    map[string]string // the attributes' names by those in small letters
}

// Account is an object of the tenant.
type Account struct {
	Label      string
	Kind       state.Kind
	Attributes map[string]state.Value
	LinkedTo   string                 // label of a source
	Scope      string                 // of the link; "": the one in which the source lies
	Applied    map[string]state.Value // what the last apply wrote, where that is not what the account has
	Left       time.Duration          // how long ago the source left the scope; 0: it did not
	Deleted    bool
	Mailbox    bool
	Roles      []string
	DeclaredAt string
}

// Expect is what a test expects of the plan.
type Expect struct {
	Changes    []*Change
	Findings   []*Finding
	Unchanged  []string
	Blocked    []string
	Skipped    []string
	OutOfScope []string
	Applicable bool
	RefusedBy  []string // limits that trip
	Summary    map[string]int
	Only       bool   // changes and errors that are not named are failures
	Error      string // part of the error for which there is no plan
	DeclaredAt string
	places     map[string]string // of arguments
}

// Change is an expected change.
type Change struct {
	Label      string
	Action     state.Action // "" for any
	Reason     state.ReasonCode
	Attributes map[string]state.Value // after
	Before     map[string]state.Value
	Only       bool // no other attribute changes
	DeclaredAt string
}

// Finding is an expected finding.
type Finding struct {
	Label      string // "" for any object or none
	Code       string
	Severity   string
	Attribute  string
	Contains   string // part of its detail
	DeclaredAt string
}
