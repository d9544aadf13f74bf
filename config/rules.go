package config

import (
	"errors"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/dirform/dirform/config/expr"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/seal"
)

// Config is everything a folder of *.hcl files declares, checked and typed. The zero of an optional field means "not declared"
// unless its comment names a default that Load has filled in.
type Config struct {
	Dir    string // the folder
	Digest string // "sha256:…" over the files' names and contents, variables left out

	StatePath string // dirform { state "file" { path } }, relative to Dir; default "dirform.dfstate"
	// StateDatabase is where the state is instead, dirform { state "postgres" }; nil for a file.
	StateDatabase *Database
	// StateBucket is where it is instead, dirform { state "azure" }, "s3" or "gcs"; nil otherwise.
	StateBucket *Bucket

	// Encryption are the keys of dirform { encryption { key, previous } }; nil without that block.
	Encryption *seal.Keys

	AD    []*ADProvider
	Entra *EntraProvider

	UPNSuffixes []*UPNSuffix
	Scopes      []*Scope // in declaration order (file name, then position)
	Mappings    []*Mapping
	Policies    []*LinkPolicy // one per scope and kind: Load adds the default where there is none
	Links       []*Link
	Guards      []*Guard // the built-in limits hold beside them, as far as these do not name them

	// Secrets are the sensitive values that the configuration was given, for whoever prints what others have said: texts, each
	// once. What is computed from them is not among them.
	Secrets []string
	Hidden  []string // the names of variables whose values are sensitive

	DirectorySync *DirectorySync // nil: whether the tenant has it on is nobody's business

	// Files are the parsed files by name as ranges have it, for diagnostics with source lines.
	Files map[string]*hcl.File

	// SourceShapes lists, per kind, the source attributes that mappings, where clauses and matching need.
	SourceShapes map[state.Kind]*state.Shape
}

// ADProvider is a provider "ad" block.
type ADProvider struct {
	Name       string
	Lab        string // lab = "FOLDER", relative to Dir; excludes all connection settings
	URLs       []string
	StartTLS   bool
	BaseDN     string
	CAFile     string // resolved against Dir
	ServerName string // expected certificate name if it is not the URL's host
	SkipVerify bool   // insecure_skip_verify = true: TLS certificates are not checked
	BindDN     string
	Password   string
	Kerberos   *Kerberos
	PageSize   int // default 1000
	DeclaredAt string
}

// Kerberos says how to bind with GSSAPI.
type Kerberos struct {
	Keytab string // file; empty, as is CCache, where the environment says what to use
	// KeytabHidden keeps the file's name out of messages, because it comes from a sensitive value.
	KeytabHidden bool
	CCache       string // file
	Principal    string // user@REALM, for a keytab
	SPN          string // default ldap/<host of the URL>
	Krb5Conf     string // default $KRB5_CONFIG or /etc/krb5.conf
}

// Environments are the clouds that a tenant may be in; the first is meant where none is named.
var Environments = []string{"global", "usgovernment", "dod", "china"}

// EntraProvider is the provider "entra" block.
type EntraProvider struct {
	Name            string
	Lab             string
	TenantID        string
	ClientID        string
	ClientSecret    string
	CertificateFile string
	// CertificateHidden keeps the file's name out of messages, because it comes from a sensitive value.
	CertificateHidden bool
	Environment       string // one of Environments
	Endpoint          string // overrides the environment's Graph root, with version: https://…/v1.0
	Authority         string // overrides the environment's login root
	CAFile            string
	AccessToken       string
	DeclaredAt        string
}

// UPNSuffix is an upn_suffix block.
type UPNSuffix struct {
	Name       string
	Provider   *ADProvider
	DeclaredAt string // file:line, as everywhere
}

// DirectorySync is the directory_sync block: whether sync clients may write to the tenant.
type DirectorySync struct {
	Enabled    bool
	DeclaredAt string
}

// Scope is a scope block: which objects are synchronised.
type Scope struct {
	Name     string
	Provider *ADProvider
	OUs      []string
	Exclude  []string
	Objects  []state.Kind // default user
	Filter   string
	// FilterNames are the attributes that Filter asks about, as it spells them.
	FilterNames []string
	Where       *expr.Program // evaluates to a boolean; nil means all
	// SystemObjects says that accounts which are no people are in scope as well, see package system.
	SystemObjects bool
	DeclaredAt    string
}

// Has reports whether the scope's condition lets in an object that its OUs and its filter have. It is not known where the condition
// has no value for the object: then the object is in scope, and blocked.
func (s *Scope) Has(o *state.Object) (in, known bool) {
	if s.Where == nil {
		return true, true
	}
	v, err := s.Where.Eval(o)
	if err != nil || v.Kind() != state.BoolValue {
		return true, false
	}
	return v.Bool(), true
}

// Unread is the source attribute that an error of an expression says could not be read, or "" if it says something else.
func Unread(err error) string {
	var e *expr.Unread
	if errors.As(err, &e) {
		return e.Attribute
	}
	return ""
}

// Undecided reports whether the error is that of a condition which is null.
func Undecided(err error) bool { return errors.Is(err, expr.ErrUndecided) }

// LeavesDrift reports whether an attribute stays as somebody changed it in the tenant, because on_drift is "report" and the source has
// not changed its value since: by the fingerprints of what was applied last, of what the tenant has, and of what is desired; 0 is none.
func (p *LinkPolicy) LeavesDrift(last, have, want uint64) bool {
	return p != nil && p.OnDrift == ReportDrift && last != 0 && last != have && last == want
}

// Mapping is a mapping block: how an object looks in the cloud. A scope has at most one mapping per kind; Load adds one with
// the default preset where there is none.
type Mapping struct {
	Name       string
	Scope      *Scope
	Kind       state.Kind
	Attributes []*AttributeMapping // managed, preset included, sorted by name
	Initial    []*AttributeMapping // set at creation only, sorted by name
	// CaseChanges has user names written that differ from the account's in the case of letters only.
	CaseChanges bool
	DeclaredAt  string
}

// AttributeMapping gives one tenant attribute its value.
type AttributeMapping struct {
	Target *state.Attribute
	Expr   *expr.Program
	Preset bool // comes from the preset, not from the file
	// KeepNull leaves the account's value alone while the source has none (on_null = { … = "keep" }).
	KeepNull bool
	// KeepOnLink leaves a value alone that the account had when it was linked, until the source has had one (keep_on_link).
	KeepOnLink bool
	DeclaredAt string
}

// Mapped names an attribute as the objects of one scope and kind have it.
type Mapped struct {
	Scope     string
	Kind      state.Kind
	Attribute string
}

// Anchor attributes of a link policy.
const (
	AnchorObjectGUID      = "objectGUID"
	AnchorConsistencyGUID = "mS-DS-ConsistencyGuid"
)

// LinkPolicy is a link_policy block. The strings are those of the language.
type LinkPolicy struct {
	Name            string
	Scope           *Scope
	Kind            state.Kind // whose objects it is about; default user
	Anchor          string     // AnchorObjectGUID (default) or AnchorConsistencyGUID
	Match           []string   // by default the kind's rules
	Unmatched       string     // create (default), skip, block
	ForeignAnchor   string     // block (default), relink
	SyncedElsewhere string     // block (default), take_over
	Privileged      string     // block (default), allow
	Deleted         string     // restore (default), create, block
	Guests          string     // block (default), allow: accounts of guests, and of people who were invited
	Leaving         string     // disable (default), keep, unlink, delete
	// Grace is how long an account that left stays disabled before it is deleted, whether Leaving is disable or delete; 0: with
	// disable it is never deleted, with delete at once.
	Grace time.Duration
	// OnUnverifiedSuffix says what becomes of a user name under a domain that the tenant has not verified: block (default), or
	// initial_domain, a name under the tenant's own *.onmicrosoft.com.
	OnUnverifiedSuffix string
	// OnDrift says what becomes of mapped attributes that somebody changed in the tenant: heal (default), report or block.
	OnDrift string
	// HealSignIn turns sign-in on again that somebody blocked in the tenant; without it, only a change at the source does.
	HealSignIn bool
	DeclaredAt string
}

// DeletesLeaver reports whether the policy deletes, at a time, the account of an object that left at another (seconds
// since 1970; 0 is not known), if it is disabled by then. Without a clock (the zero time) no grace ends.
func (p *LinkPolicy) DeletesLeaver(left int64, now time.Time) bool {
	switch {
	case p.Leaving != "delete" && p.Leaving != "disable":
		return false
	case p.Grace == 0:
		return p.Leaving == "delete"
	}
	return left != 0 && !now.IsZero() && !now.Before(time.Unix(left, 0).Add(p.Grace))
}

// What a link policy may do about attributes that somebody changed in the tenant.
const (
	HealDrift   = "heal"   // set them right
	ReportDrift = "report" // leave them until the source's value changes, and say so
	BlockDrift  = "block"  // an error finding stops the object
)

// Link is a link block: a pair decided by a person.
type Link struct {
	Name       string
	Source     string // DN, objectGUID or UPN
	Tenant     string // UPN or object id
	DeclaredAt string
}

// Limit is what a guard block says about one limit. What is nil keeps its built-in value, see package limits.
type Limit struct {
	Count   *int     // trips when more than this many are planned
	Floor   *int     // Percent trips only beyond this many
	Percent *float64 // trips when more than this share of the base is planned; 100 lets everything pass
	Off     bool     // the limit does not hold
	// Until is the last day, at 0:00 UTC, on which the block holds; afterwards it counts as not written. Zero: it has no end.
	Until      time.Time
	DeclaredAt string
}

// Ended reports whether the last day of the block was before now. Without a clock (the zero time) no block ends.
func (l *Limit) Ended(now time.Time) bool {
	return !l.Until.IsZero() && !now.IsZero() && !now.Before(l.Until.AddDate(0, 0, 1))
}

// Guard is a guard block: limits on a whole plan, and who is never changed. A limit stands in one guard at most.
type Guard struct {
	Name       string
	Limits     map[string]Limit // by name; one that is absent keeps its built-in values
	Protect    []string         // UPNs, addresses or object ids that are never changed
	DeclaredAt string
}
