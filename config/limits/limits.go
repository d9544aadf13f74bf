// Package limits is the table of the limits that guards hold plans against, as data. The language's blocks, --allow,
// "dirform help guards" and the judging of plans all read it, so that a limit is one row here and what counts toward it
// in planner/reconcile.
package limits

import "slices"

// The limits, by the names of the language.
const (
	Deletes         = "deletes"
	Unlinks         = "unlinks"
	Relinks         = "relinks"
	Takeovers       = "takeovers"
	Disables        = "disables"
	Enables         = "enables"
	Renames         = "renames"
	Clears          = "clears"
	Updates         = "updates"
	Creates         = "creates"
	MemberRemovals  = "member_removals"
	LicenceRemovals = "licence_removals"
	Blocked         = "blocked"
	SourceShrink    = "source_shrink"
	TenantShrink    = "tenant_shrink"
)

// Base is what a limit's percentage is of, in words.
type Base string

// The bases.
const (
	Linked   Base = "recorded links plus this plan's link, relink and restore"
	Recorded Base = "recorded accounts"
	Holders  Base = "accounts that hold a value"
	InScope  Base = "objects in scope at the last apply"
	Members  Base = "members"
	Held     Base = "licences held"
)

// Share trips a limit: more than Floor, and more than Percent of the base.
type Share struct {
	Floor   int
	Percent float64
}

// Limit is a row of the table.
type Limit struct {
	Name   string
	Counts string // what it counts, for people
	Base   Base
	Share  Share // the built-in one
	// Each is what the limit holds for by itself, "attribute" or "group"; "" if it holds for the plan.
	Each string
	// Overall holds beside Share over all groups; nil where there is none.
	Overall *Share
	// Uncounted: it has no built-in count, only a share.
	Uncounted bool
	// Alone: it looks at one plan alone. The others add what the runs of the last 24 hours did.
	Alone bool
	// FromEnded: its share holds from the first run on that did everything.
	FromEnded bool
}

// All are the limits, in the order in which they are listed everywhere.
var All = []Limit{
	{Name: Deletes, Counts: "accounts deleted", Base: Linked, Share: Share{3, 10}},
	{Name: Unlinks, Counts: "pairs given up", Base: Linked, Share: Share{3, 10}},
	{Name: Relinks, Counts: "accounts that get a new anchor in place of another", Base: Linked,
		Share: Share{3, 10}},
	{Name: Takeovers, Counts: "accounts taken over from another sync engine", Base: Linked,
		Share: Share{3, 10}},
	{Name: Disables, Counts: "sign-in turned off, by whatever action", Base: Linked, Share: Share{3, 10}},
	{Name: Enables, Counts: "sign-in turned on for an account that exists, by whatever action", Base: Linked,
		Share: Share{3, 10}},
	{Name: Renames, Counts: "a user name or primary address replaced by another", Base: Linked,
		Share: Share{3, 10}},
	{Name: Clears, Counts: "a value becomes empty", Base: Holders, Share: Share{10, 20}, Each: "attribute"},
	{Name: Updates, Counts: "recorded accounts in which an existing value is replaced or cleared", Base: Recorded,
		Share: Share{20, 50}, Uncounted: true},
	{Name: Creates, Counts: "new accounts", Base: Recorded, Share: Share{100, 50}, Uncounted: true, FromEnded: true},
	{Name: MemberRemovals, Counts: "members removed from a group", Base: Members, Share: Share{20, 30}, Each: "group",
		Overall: &Share{100, 10}},
	{Name: LicenceRemovals, Counts: "licences taken away", Base: Held, Share: Share{10, 10}},
	{Name: Blocked, Counts: "recorded accounts that error findings stop", Base: Recorded, Share: Share{10, 30}, Alone: true},
	{Name: SourceShrink, Counts: "objects that were in scope at the last apply and are in none now",
		Base: InScope, Share: Share{5, 20}, Alone: true},
	{Name: TenantShrink, Counts: "recorded accounts neither living nor in the recycle bin", Base: Recorded,
		Share: Share{5, 10}, Alone: true},
}

// Names are the names of all limits.
func Names() []string {
	names := make([]string, len(All))
	for i, l := range All {
		names[i] = l.Name
	}
	return names
}

// Named is the limit with a name, nil if there is none.
func Named(name string) *Limit {
	i := slices.IndexFunc(All, func(l Limit) bool { return l.Name == name })
	if i < 0 {
		return nil
	}
	return &All[i]
}

// leastCount and countShare make up the built-in count.
const (
	leastCount = 500
	countShare = 100 // one in so many of the base
)

// BuiltInCount is how many of a base may be concerned where no guard names a count: 500, or one in a hundred if that is
// more.
func BuiltInCount(base int) int { return max(leastCount, base/countShare) }
