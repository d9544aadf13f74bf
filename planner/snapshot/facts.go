package snapshot

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
)

// facts are what a snapshot holds besides objects and links.
type facts struct {
	Version string       `json:"dirform_version"`
	Taken   time.Time    `json:"taken_at"`
	Record  recordFacts  `json:"record"`
	Sources []*adFacts   `json:"sources"`
	Tenant  *tenantFacts `json:"tenant"`
}

// recordFacts are what the record tells.
type recordFacts struct {
	Exists    bool                      `json:"exists"`
	Lineage   string                    `json:"lineage"`
	Serial    int64                     `json:"serial"`
	SourceSID string                    `json:"source_sid"`
	FormerSID string                    `json:"former_sid"`
	TenantID  string                    `json:"tenant_id"`
	Key       []byte                    `json:"key"` // of the fingerprints: the record's where the file is encrypted, and never otherwise
	OUs       []state.OU                `json:"ous"`
	Scopes    []store.ScopeCount        `json:"scopes"`
	Recent    recentFacts               `json:"recent"`
	LastRun   time.Time                 `json:"last_run"`
	Positions map[string]store.Position `json:"positions"`
}

// recentFacts are a [state.Recent].
type recentFacts struct {
	Ended     bool          `json:"ended"`
	Runs      []state.Deeds `json:"runs"`
	Uncertain []state.Step  `json:"uncertain"`
}

func keepRecent(r state.Recent) recentFacts {
	k := recentFacts{Ended: r.Ended, Runs: r.Runs}
	for s, is := range r.Uncertain {
		if is {
			k.Uncertain = append(k.Uncertain, s)
		}
	}
	slices.SortFunc(k.Uncertain, func(a, b state.Step) int {
		return strings.Compare(a.Key+"\x00"+string(a.Action), b.Key+"\x00"+string(b.Action))
	})
	return k
}

func (k recentFacts) recent() state.Recent {
	r := state.Recent{Ended: k.Ended, Runs: k.Runs, Uncertain: map[state.Step]bool{}}
	for _, s := range k.Uncertain {
		r.Uncertain[s] = true
	}
	return r
}

// adFacts are what a domain tells.
type adFacts struct {
	Provider string           `json:"provider"` // the name of its block
	Domain   providers.Domain `json:"domain"`
	Suffixes []string         `json:"suffixes"`
	Clock    *time.Duration   `json:"clock"` // how far its clock is ahead of this computer's; nil if it shows none
	// Unknown are the attributes asked for that the schema does not have; NoSchema says that it cannot be read.
	Unknown  []string `json:"unknown"`
	NoSchema bool     `json:"no_schema"`
	Inspects bool     `json:"inspects"` // it tells about itself at all
	// Unreadable are what the account may not read of a kind's objects in a container; the base DN's is among the
	// containers.
	Unreadable []unreadable       `json:"unreadable"`
	MayWrite   map[string]bool    `json:"may_write"` // the anchor attribute of a container's objects, by the container's key
	Gone       []state.GUID       `json:"gone"`      // recorded objects that were deleted
	GoneShown  bool               `json:"gone_shown"`
	Position   providers.Position `json:"-"`
	Place      *position          `json:"position"`
	PlaceError string             `json:"position_error"`
}

type unreadable struct {
	Kind  state.Kind `json:"kind"`
	Base  string     `json:"base"` // in normal form
	Names []string   `json:"names"`
	Known bool       `json:"known"`
}

// position is a [providers.Position].
type position struct {
	Invocation string           `json:"invocation"`
	USN        int64            `json:"usn"`
	Seen       map[string]int64 `json:"seen"`
}

func keepPosition(p providers.Position) *position {
	k := &position{Invocation: p.Invocation.String(), USN: p.USN}
	if p.Seen != nil {
		k.Seen = map[string]int64{}
	}
	for id, usn := range p.Seen {
		k.Seen[id.String()] = usn
	}
	return k
}

func (k *position) position() providers.Position {
	p := providers.Position{USN: k.USN}
	p.Invocation, _ = state.ParseGUID(k.Invocation)
	if k.Seen != nil {
		p.Seen = map[state.GUID]int64{}
	}
	for id, usn := range k.Seen {
		if g, ok := state.ParseGUID(id); ok {
			p.Seen[g] = usn
		}
	}
	return p
}

// tenantFacts are what a tenant tells.
type tenantFacts struct {
	Organization providers.Organization   `json:"organization"`
	Domains      []providers.TenantDomain `json:"domains"`
	Roles        []providers.RoleHolder   `json:"roles"`
	RolesRefused *refusal                 `json:"roles_refused"`
	Identity     providers.Identity       `json:"identity"`
	Switches     providers.SyncFeatures   `json:"switches"`
	NoSwitches   *refusal                 `json:"switches_refused"`
	Clock        *time.Duration           `json:"clock"`
	Held         []string                 `json:"permissions"`
	HeldKnown    bool                     `json:"permissions_known"`
	Inspects     bool                     `json:"inspects"`
	NoMailboxes  *refusal                 `json:"mailboxes_refused"`
	// Refused are the streams that the service refuses, by the name of the section.
	Refused map[string]*refusal `json:"refused"`
}

// refusal is the service's refusal as an error: it says the same again.
type refusal struct {
	Text    string                  `json:"text"`
	Hint    string                  `json:"hint"`
	Service *providers.ServiceError `json:"service"`
}

// refused is err as a refusal, nil if the service did not refuse a request: then it is an error here and now.
func refused(err error) *refusal {
	var e *providers.ServiceError
	if !errors.As(err, &e) || e.Status >= 500 {
		return nil
	}
	return &refusal{Text: err.Error(), Hint: fault.Hint(err), Service: e}
}

func (r *refusal) err() error {
	if r == nil {
		return nil
	}
	return r
}

// Error is what the service's error said.
func (r *refusal) Error() string { return r.Text }

// Unwrap is the service's error.
func (r *refusal) Unwrap() error { return r.Service }

// Fault says what to do, as the service's error did.
func (r *refusal) Fault() *fault.Error {
	return &fault.Error{Summary: "Microsoft Graph refuses the request", Detail: r.Text + ".", Hint: r.Hint}
}
