package reconcile

import (
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/guards"
	"github.com/dirform/dirform/planner/reconcile/internal/judge"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Want is what a mapping wants an attribute of an object's account to be, without the blanks around it.
var Want = table.Want

// Settings is everything a plan depends on besides the streams of objects.
type Settings struct {
	Rules  *config.Config
	Schema func(state.Kind) *state.Schema // the tenant's schema
	// Kinds describes a kind, nil for one that nobody knows. Left out, it is [state.Kind.Descriptor].
	Kinds        func(state.Kind) *state.Descriptor
	Key          state.Key // the record's
	FirstRun     bool      // there is no record
	Organization providers.Organization
	Domains      []providers.TenantDomain
	RoleHolders  []providers.RoleHolder
	Identity     providers.Identity     // who dirform is signed in as
	SyncFeatures providers.SyncFeatures // what the tenant allows sync clients
	// Suffixes are the UPN suffixes each forest has, by provider name.
	Suffixes map[string][]string
	// OUs are the resolved containers of each scope, by scope name.
	OUs map[string][]planner.OUSeen
	// Renamed and other findings about the reading itself, made by whoever read.
	Findings []*planner.Finding
	// Targets limits the plan to these addresses, Excludes takes addresses out; "user.staff" stands for all of a scope.
	Targets, Excludes []string
	// Remapped are the attributes whose expressions are not those of the last apply.
	Remapped map[config.Mapped]bool
	// Whereabouts are where objects are that left their scopes, [Builder.Leavers]; what is not among them counts as not found.
	Whereabouts map[state.GUID]Whereabouts
	// Alive are the names of living source objects in no scope, by their anchors, as far as a link block names the account
	// that carries one. [Builder.Claimed] are those to look for.
	Alive map[string]string
	// Now is when the plan is made: graces are counted up to it. The zero time lets none of them end.
	Now time.Time
	// HoldGraces lets none of them end, because some clock is wrong.
	HoldGraces bool
	// Allow is the limit of this plan alone, by the name of the limit.
	Allow map[string]int
	// Recent is what the runs of the last 24 hours did, which limits on actions add to the plan.
	Recent state.Recent
	// Inspect adds the findings about every object in scope whose values no change is about: it is unchanged, blocked, skipped or
	// without an account. Nothing else becomes of the plan, but it takes longer.
	Inspect bool
	// TempDir is where values are spooled; "" for the system's temporary folder.
	TempDir string
}

// forTables are the settings that rows are made by.
func (s *Settings) forTables() table.Settings {
	return table.Settings{Rules: s.Rules, Kinds: s.Kinds, Key: s.Key, Domains: s.Domains, TempDir: s.TempDir}
}

// forGuards are the settings that guards hold a plan by.
func (s *Settings) forGuards() guards.Settings {
	return guards.Settings{Guards: s.Rules.Guards, Allow: s.Allow, Now: s.Now, Kinds: s.Kinds}
}

// forJudge are the settings that rows are judged by.
func (s *Settings) forJudge() judge.Settings {
	return judge.Settings{Rules: s.Rules, Schema: s.Schema, Kinds: s.Kinds, Domains: s.Domains, RoleHolders: s.RoleHolders,
		Identity:     s.Identity,
		SyncFeatures: s.SyncFeatures, Targets: s.Targets, Excludes: s.Excludes, Remapped: s.Remapped,
		Whereabouts: s.Whereabouts, Alive: s.Alive, Now: s.Now, HoldGraces: s.HoldGraces}
}

// remembered asks for each kind's schema once: it is looked into for every change. Only planning does so, which is one
// goroutine.
func remembered(schema func(state.Kind) *state.Schema) func(state.Kind) *state.Schema {
	known := map[state.Kind]*state.Schema{}
	return func(kind state.Kind) *state.Schema {
		s, ok := known[kind]
		if !ok {
			s = schema(kind)
			known[kind] = s
		}
		return s
	}
}
