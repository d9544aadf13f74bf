package guards

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

func text(s string) state.Value {
	if s == "" {
		return state.Null()
	}
	return state.String(s)
}

func from(name, before, after string) state.AttributeChange {
	return state.AttributeChange{Name: name, Before: text(before), After: text(after)}
}

func signIn(before, after bool) state.AttributeChange {
	return state.AttributeChange{Name: "accountEnabled", Before: state.Bool(before), After: state.Bool(after)}
}

func change(a state.Action, attrs ...state.AttributeChange) *state.Change {
	return &state.Change{Kind: state.User, Action: a, Anchor: "a", Attributes: attrs}
}

// recordedChange is a change of an account that the record has.
func recordedChange(a state.Action, attrs ...state.AttributeChange) *state.Change {
	c := change(a, attrs...)
	c.Match = &state.Match{Rule: "recorded"}
	return c
}

// undone is a change that undoes what a run did.
func undone(a state.Action, attrs ...state.AttributeChange) *state.Change {
	c := change(a, attrs...)
	c.ReasonCode = state.BecauseUndone
	return c
}

func rulesOf(guards []*config.Guard, allow map[string]int, now time.Time) *Rules {
	return New(Settings{Guards: guards, Allow: allow, Now: now, Kinds: state.Kind.Descriptor})
}

func keys(counts map[key]int) string {
	var list []string
	for k, n := range counts {
		list = append(list, fmt.Sprintf("%s=%d", k, n))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// TestWhatAChangeCountsAs: each sort of change under the limits that are about it.
func TestWhatAChangeCountsAs(t *testing.T) {
	anchor := from("onPremisesImmutableId", "x", "a")
	group := &state.Change{Kind: state.UPNSuffix, Action: state.ActionCreate}
	for name, x := range map[string]struct {
		c    *state.Change
		want string
	}{
		"a new account":   {change(state.ActionCreate, signIn(false, true), from("mail", "", "a@x")), "creates=1"},
		"a deletion":      {recordedChange(state.ActionDelete, signIn(true, true)), "deletes=1"},
		"a pair given up": {recordedChange(state.ActionUnlink, from("onPremisesImmutableId", "a", "")), "unlinks=1"},
		"a pair given up as a run is undone": {undone(state.ActionUnlink, from("onPremisesImmutableId", "a", ""), signIn(false, true),
			from("userPrincipalName", "a@x", "b@x"), from("city", "x", "")), "clears:city=1 enables=1 renames=1 unlinks=1 updates=1"},
		"restored as a run is undone":      {undone(state.ActionRestore, signIn(true, false), from("city", "", "x")), "paired=1"},
		"a new anchor":                     {change(state.ActionRelink, anchor), "paired=1 relinks=1"},
		"linked and switched off":          {change(state.ActionLink, signIn(true, false), from("mail", "", "a@x")), "disables=1 paired=1"},
		"linked and switched on":           {change(state.ActionLink, signIn(false, true)), "enables=1 paired=1"},
		"restored with another's anchor":   {recordedChange(state.ActionRestore, anchor), "paired=1 relinks=1"},
		"restored with an old department":  {recordedChange(state.ActionRestore, from("department", "x", "y")), "paired=1 updates=1"},
		"taken over":                       {change(state.ActionLink, state.AttributeChange{Name: providers.CloudManaged, After: state.Bool(true)}), "paired=1 takeovers=1"},
		"switched off as it left":          {recordedChange(state.ActionDisable, signIn(true, false)), "disables=1"},
		"switched off at the source":       {change(state.ActionUpdate, signIn(true, false)), "disables=1 updates=1"},
		"switched off, unknown before":     {change(state.ActionUpdate, state.AttributeChange{Name: "accountEnabled", After: state.Bool(false)}), "disables=1"},
		"a name and an address":            {change(state.ActionUpdate, from("userPrincipalName", "a@x", "b@x"), from("mail", "a@x", "b@x")), "renames=1 updates=1"},
		"a first address":                  {change(state.ActionUpdate, from("mail", "", "b@x")), ""},
		"the case of a name":               {change(state.ActionUpdate, from("userPrincipalName", "A@x", "a@x")), "updates=1"},
		"a value goes":                     {change(state.ActionUpdate, from("faxNumber", "1", "")), "clears:faxNumber=1 updates=1"},
		"the last value of a list":         {change(state.ActionUpdate, state.AttributeChange{Name: "businessPhones", Before: state.List([]string{"1"})}), "clears:businessPhones=1 updates=1"},
		"linked, and two values go":        {change(state.ActionLink, from("city", "x", ""), from("mail", "a@x", "")), "clears:city=1 clears:mail=1 paired=1"},
		"a declared resource":              {group, ""},
		"a value where there was none yet": {change(state.ActionUpdate, from("city", "", "x")), ""},
	} {
		tally := NewTally(state.Kind.Descriptor, state.Recent{})
		tally.Change(x.c)
		if got := keys(tally.planned); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

// many is a tally of n changes alike, each about another account.
func many(recent state.Recent, n int, c *state.Change) *Tally {
	t := NewTally(state.Kind.Descriptor, recent)
	for i := range n {
		one := *c
		one.Anchor = fmt.Sprint("a", i)
		t.Change(&one)
	}
	return t
}

// tripped are the limits that trip, with what they are of.
func tripped(results []planner.GuardResult) string {
	var list []string
	for _, r := range results {
		if r.Tripped {
			list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s", r.Limit, r.Of)))
		}
	}
	return strings.Join(list, ", ")
}

func ended(runs ...state.Deeds) state.Recent { return state.Recent{Ended: true, Runs: runs} }

// TestBuiltInLimits: the floors, shares and counts of the table, each at its last number that passes and the first that
// does not.
func TestBuiltInLimits(t *testing.T) {
	off, clear := change(state.ActionUpdate, signIn(true, false)), change(state.ActionUpdate, from("fax", "1", ""))
	for name, x := range map[string]struct {
		t     *Tally
		links int
		want  string
	}{
		"three of four leave":           {many(state.Recent{}, 3, recordedChange(state.ActionDelete)), 4, ""},
		"all of four leave":             {many(state.Recent{}, 4, recordedChange(state.ActionDelete)), 4, "deletes.percent"},
		"a tenth":                       {many(state.Recent{}, 20, recordedChange(state.ActionDelete)), 200, ""},
		"more than a tenth":             {many(state.Recent{}, 21, recordedChange(state.ActionDelete)), 200, "deletes.percent"},
		"501 of many":                   {many(state.Recent{}, 501, recordedChange(state.ActionDelete)), 20_000, "deletes.count"},
		"one in a hundred of very many": {many(state.Recent{}, 1000, recordedChange(state.ActionDelete)), 100_000, ""},
		"and one more":                  {many(state.Recent{}, 1001, recordedChange(state.ActionDelete)), 100_000, "deletes.count"},
		"98 of 100 locked out at first": {many(state.Recent{}, 98, change(state.ActionLink, signIn(true, false))), 0, "disables.percent"},
		"off by updates":                {many(state.Recent{}, 30, off), 200, "disables.percent"},
		"an attribute of 15 %":          {many(state.Recent{}, 150, clear), 1000, "clears.percent fax"},
		"half of all change":            {many(state.Recent{}, 100, change(state.ActionUpdate, from("city", "x", "y"))), 200, ""},
		"more than half change":         {many(state.Recent{}, 101, change(state.ActionUpdate, from("city", "x", "y"))), 200, "updates.percent"},
		"the first run creates":         {many(state.Recent{}, 5000, change(state.ActionCreate)), 0, ""},
		"a second one does":             {many(ended(), 101, change(state.ActionCreate)), 200, "creates.percent"},
	} {
		rules := rulesOf(nil, nil, time.Time{})
		results, findings := rules.Check(x.t, Bases{Links: x.links, InScope: x.links, Holders: func(string) int { return 150 }})
		if got := tripped(results); got != x.want || len(findings) != len(strings.FieldsFunc(got, func(r rune) bool { return r == ',' })) {
			t.Errorf("%s: %q, want %q; %d findings", name, got, x.want, len(findings))
		}
	}
}

// TestLimitsThatAreNotAboutChanges: whom findings stop, and what is missing on either side.
func TestLimitsThatAreNotAboutChanges(t *testing.T) {
	for name, x := range map[string]struct {
		limit string
		n     int
		want  string
	}{
		"a few blocked":     {limits.Blocked, 30, ""},
		"many blocked":      {limits.Blocked, 31, "blocked.percent"},
		"a smaller source":  {limits.SourceShrink, 20, ""},
		"half a source":     {limits.SourceShrink, 21, "source_shrink.percent"},
		"accounts purged":   {limits.TenantShrink, 10, ""},
		"an emptied tenant": {limits.TenantShrink, 11, "tenant_shrink.percent"},
	} {
		tally := NewTally(state.Kind.Descriptor, state.Recent{})
		tally.Add(x.limit, x.n)
		results, _ := rulesOf(nil, nil, time.Time{}).Check(tally, Bases{Links: 100, InScope: 100})
		if got := tripped(results); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

// TestRunsAddUp: slices of a day count together over the base of before, and what was allowed, or is made again, does
// not count twice.
func TestRunsAddUp(t *testing.T) {
	deletion := recordedChange(state.ActionDelete)
	deletes := func(n int) map[string]int { return map[string]int{"deletes": n} }
	cut := state.Recent{Ended: true, Runs: []state.Deeds{{Links: 100, Did: deletes(5), Open: deletes(5)}},
		Uncertain: map[state.Step]bool{}}
	for i := range 5 {
		cut.Uncertain[state.Step{Key: fmt.Sprint("a", i), Action: state.ActionDelete}] = true
	}
	gone := recordedChange(state.ActionUnlink)
	gone.ReasonCode = state.BecauseAccountGone
	for name, x := range map[string]struct {
		t     *Tally
		links int // now
		want  string
	}{
		"slices of two":              {many(ended(state.Deeds{Links: 30, Did: deletes(1)}, state.Deeds{Links: 29, Did: deletes(1)}), 2, deletion), 28, "deletes.percent"},
		"the base of before":         {many(ended(state.Deeds{Links: 100, Did: deletes(5)}), 5, deletion), 95, ""},
		"nothing more to delete":     {many(ended(state.Deeds{Links: 100, Did: deletes(50)}), 0, deletion), 50, ""},
		"cut off, done again":        {many(cut, 5, deletion), 95, ""},
		"cut off, one more":          {many(cut, 6, deletion), 95, "deletes.percent"},
		"cut off, had been deleted":  {many(cut, 5, gone), 95, ""},
		"gone for another reason":    {many(cut, 11, gone), 95, ""}, // five of these are of the run that was cut off
		"the first run's creations":  {many(ended(state.Deeds{First: true, Did: map[string]int{"creates": 1000}}), 10, change(state.ActionCreate)), 1000, ""},
		"linked in part, cut off":    {many(state.Recent{Runs: []state.Deeds{{First: true, Did: map[string]int{"paired": 50, "disables": 5}}}}, 50, change(state.ActionLink)), 50, ""},
		"creations that were wanted": {many(ended(state.Deeds{Links: 50, Did: map[string]int{"made": 1000}}), 5, deletion), 1050, ""},
	} {
		results, _ := rulesOf(nil, nil, time.Time{}).Check(x.t, Bases{Links: x.links, InScope: x.links})
		if got := tripped(results); got != x.want {
			t.Errorf("%s: %q, want %q\n%+v", name, got, x.want, results)
		}
	}
}

// TestGuardBlocks: a block changes what it names and nothing else; --allow stands above all.
func TestGuardBlocks(t *testing.T) {
	count := func(n int) *int { return &n }
	percent := func(n float64) *float64 { return &n }
	day := time.Date(2026, 9, 15, 0, 0, 0, 0, time.UTC)
	event := config.Limit{Count: count(3000), Percent: percent(100), Until: day}
	for name, x := range map[string]struct {
		limit config.Limit
		allow map[string]int
		now   time.Time
		want  string
		codes string
	}{
		"a lower count":               {limit: config.Limit{Count: count(5)}, want: "deletes.count", codes: "DF401"},
		"a higher count":              {limit: config.Limit{Count: count(5000)}},
		"a lower share":               {limit: config.Limit{Percent: percent(5)}, want: "deletes.percent", codes: "DF401"},
		"a floor above it":            {limit: config.Limit{Percent: percent(5), Floor: count(6)}},
		"off":                         {limit: config.Limit{Off: true}, codes: "DF412"},
		"off, and an order":           {limit: config.Limit{Off: true}, allow: map[string]int{"deletes": 5}, want: "deletes.count", codes: "DF401"},
		"an order":                    {limit: config.Limit{Count: count(1)}, allow: map[string]int{"deletes": 6}},
		"on the last day":             {limit: event, now: day.Add(23 * time.Hour)},
		"a lower one, and it is over": {limit: config.Limit{Count: count(1), Until: day}, now: day.Add(24 * time.Hour), codes: "DF413"},
	} {
		guard := &config.Guard{Name: "g", Limits: map[string]config.Limit{"deletes": x.limit}}
		results, findings := rulesOf([]*config.Guard{guard}, x.allow, x.now).Check(many(ended(), 6, recordedChange(state.ActionDelete)),
			Bases{Links: 60, InScope: 60})
		var codes []string
		for _, f := range findings {
			codes = append(codes, f.Code)
		}
		if got := tripped(results); got != x.want || strings.Join(codes, " ") != x.codes {
			t.Errorf("%s: %q %v, want %q %s", name, got, codes, x.want, x.codes)
		}
	}
}

// TestDeeds: what runs to come add up, without what was expressly allowed.
func TestDeeds(t *testing.T) {
	until := time.Date(2026, 9, 15, 0, 0, 0, 0, time.UTC)
	guard := &config.Guard{Name: "g", Limits: map[string]config.Limit{"renames": {Off: true}, "clears": {Until: until}, "creates": {Until: until}}}
	r := rulesOf([]*config.Guard{guard}, map[string]int{"disables": 9}, until)
	got := map[string]int{}
	for _, c := range []*state.Change{
		change(state.ActionUpdate, signIn(true, false), from("mail", "a", "b"), from("fax", "1", "")), change(state.ActionLink),
		change(state.ActionCreate), change(state.ActionDelete),
	} {
		for k, n := range r.Deeds(c) {
			got[k] += n
		}
	}
	if d := cmp.Diff(map[string]int{"updates": 1, "paired": 1, "made": 1, "deletes": 1}, got); d != "" {
		t.Error(d)
	}
	if r.Deeds(&state.Change{Kind: state.UPNSuffix, Action: state.ActionCreate}) != nil {
		t.Error("a declared resource counts as something")
	}
	got = maps.Clone(rulesOf([]*config.Guard{guard}, nil, until.AddDate(0, 0, 1)).Deeds(change(state.ActionUpdate, from("fax", "1", ""))))
	if d := cmp.Diff(map[string]int{"updates": 1, "clears:fax": 1}, got); d != "" {
		t.Errorf("after the last day: %s", d)
	}
}

// TestWords: a finding names the limit's guard, both numbers, the runs before, and the number that --allow takes.
func TestWords(t *testing.T) {
	clears := many(ended(state.Deeds{Links: 100, Did: map[string]int{"clears:fax": 12}}), 30, change(state.ActionUpdate, from("fax", "1", "")))
	clears.Change(change(state.ActionUpdate, signIn(true, false)))
	_, findings := rulesOf(nil, nil, time.Time{}).Check(clears, Bases{Links: 100, InScope: 100, Holders: func(string) int { return 88 }})
	if len(findings) != 1 {
		t.Fatalf("%+v", findings)
	}
	f := findings[0]
	want := "The built-in limit allows accounts that lose their fax for at most 20 % of the accounts that hold one; this plan has 30 of 100 (30 %), " +
		"and with the 12 of the last 24 hours' runs that is 42 %. Nothing of it will be applied."
	if d := cmp.Diff(want, f.Detail); d != "" || f.Attribute != "fax" || !strings.Contains(f.Hint, "--allow clears=30.") {
		t.Errorf("%s\n%+v", d, f)
	}
	guard := &config.Guard{Name: "g", DeclaredAt: "main.hcl:1", Limits: map[string]config.Limit{"blocked": {Count: new(int)}}}
	tally := NewTally(state.Kind.Descriptor, state.Recent{})
	tally.Add(limits.Blocked, 2)
	_, findings = rulesOf([]*config.Guard{guard}, nil, time.Time{}).Check(tally, Bases{Links: 100})
	want = `Guard "g" allows at most 0 recorded accounts to be blocked; this plan has 2. Nothing of it will be applied.`
	if len(findings) != 1 || findings[0].Detail != want || findings[0].DeclaredAt != "main.hcl:1" {
		t.Errorf("%+v", findings)
	}
}
