package render_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/state"
)

// textOf is a plan as text.
func textOf(t interface{ Fatal(...any) }, w render.Source, o render.TextOptions) string {
	var b bytes.Buffer
	if err := render.Text(&b, w, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// person is a finding's source object in scope.
func person(i int) planner.ObjectRef {
	return planner.ObjectRef{Address: fmt.Sprintf(`user.staff["jane.doe%03d@contoso.com"]`, i),
		SourceDN: fmt.Sprintf("CN=Jane Doe %03d,OU=Sales,%s", i, people), TargetID: fmt.Sprint("id-", i)}
}

// mixture is a plan of 168 changes and a dozen findings, as a team meets it on a Monday.
func mixture() *world {
	w := base()
	w.totals.Guards = []planner.GuardResult{{Name: "default", Limit: "deletes.count", Allowed: 10, Planned: 8},
		{Name: "default", Limit: "renames.count", Allowed: 20, Planned: 14}, {Name: "default",
			Limit: "creates.percent", Allowed: 50, Planned: 5}}
	w.totals.Scopes = w.totals.Scopes[:1]
	name := func(i int) string { return fmt.Sprintf("jane.doe%03d", i) }
	for i := range 8 {
		w.changes = append(w.changes, user(state.ActionDelete, name(i)))
	}
	for i := range 12 {
		w.changes = append(w.changes, user(state.ActionDisable, name(10+i), attr("accountEnabled", true, false)))
	}
	for i := range 30 {
		w.changes = append(w.changes, user(state.ActionCreate, name(30+i), attr("accountEnabled", nil, i > 3),
			attr("department", nil, []string{"Sales", "IT"}[i%2]), attr("displayName", nil, name(i)), attr("mail", nil,
				name(i)+"@contoso.com"),
			attr("mailNickname", nil, name(i)), attr("onPremisesImmutableId", nil,
				"anchor"+name(i)), attr("usageLocation", nil, "HU"),
			attr("userPrincipalName", nil, name(i)+"@contoso.com")))
	}
	for i := range 38 {
		c := user(state.ActionLink, name(60+i), attr("department", "Old", []string{"Sales", "IT"}[i%2]),
			attr("onPremisesImmutableId", nil, "anchor"+name(i)))
		c.Match, c.Reason = &state.Match{Rule: "primary_smtp", Value: name(i)}, "not linked yet"
		w.changes = append(w.changes, c)
	}
	for i := range 80 {
		c := user(state.ActionUpdate, name(100+i), attr("department", []string{"Sales", "Marketing"}[i%2], "Revenue"))
		if i%3 == 0 {
			c.Attributes = append(c.Attributes, attr("jobTitle", fmt.Sprint("Clerk ", i), fmt.Sprint("Chief ", i)))
		}
		w.changes = append(w.changes, c)
	}
	for i := range 9 {
		w.findings = append(w.findings, &planner.Finding{Code: "DF101", Severity: planner.Error,
			Summary: "Unverified domain suffix",
			Detail:  "The domain corp.local is not verified in the tenant.", Hint: "Verify it, or map userPrincipalName to another one.",
			Attribute: "userPrincipalName", Value: fmt.Sprintf("jane.doe%03d@corp.local",
				200+i), Objects: []planner.ObjectRef{person(200 + i)}})
	}
	w.totals.Summary.Blocked, w.totals.Summary.Drifted = 9, 0
	return w.count()
}

// links is a first plan of many people.
func links(n int) *world {
	w := base()
	for i := range n {
		name := fmt.Sprintf("jane.doe%04d", i)
		c := user(state.ActionLink, name, attr("onPremisesImmutableId", nil, "anchor"+name))
		c.Match = &state.Match{Rule: []string{"primary_smtp", "user_principal_name"}[i%2], Value: name}
		for j, a := range []string{"city", "companyName", "country", "department", "faxNumber", "givenName",
			"jobTitle", "mobilePhone",
			"officeLocation", "postalCode", "streetAddress", "surname"} {
			if (i+j)%3 == 0 {
				c.Attributes = append(c.Attributes, attr(a, nil, fmt.Sprint("A value of ", a, " ", i%(1+j*j*j))))
			}
		}
		w.changes = append(w.changes, c)
	}
	w.totals.Summary.Blocked = 0
	return w.count()
}

// aliased is a plan without changes, in which many have aliases to be set elsewhere.
func aliased(n int) *world {
	w := nothing()
	for i := range n {
		alias := fmt.Sprintf("smtp:alias%03d@contoso.com", i)
		w.findings = append(w.findings, &planner.Finding{Code: planner.AliasesCode, Severity: planner.Warning,
			Summary: "Aliases to be set in Exchange",
			Detail:  "To add: " + alias + ".", Hint: "Set them in Exchange Online.", Attribute: "proxyAddresses", Value: alias,
			Objects: []planner.ObjectRef{person(i)}, Commands: []string{"Set-Mailbox -Identity x"}})
	}
	w.totals.Summary.Aliases = n
	return w
}

// A plan that many people are in is read in a minute: two screens, with every code and count, and the way to
// everything.
func TestPlansFitTwoScreens(t *testing.T) {
	for _, test := range []struct {
		name string
		plan *world
		want []string
	}{
		{"168 changes", mixture(), []string{"DF101 Unverified domain suffix (error): 9 findings", "8 users",
			"12 users", "30 users",
			"38 users", "80 users: department -> \"Revenue\" (was \"Sales\" 40, \"Marketing\" 40)", "27 users: jobTitle",
			"deletes 8 of 10", "renames 14 of 20", "sign-in: 26 with a random password", "(--verbose"}},
		{"1,500 links", links(1500), []string{"1500 users of scope staff will be linked",
			"primary_smtp 750, user_principal_name 750",
			"500 users: companyName", "500 users: surname", "1500 users: onPremisesImmutableId", "(--verbose"}},
		{"70 aliases", aliased(70), []string{"No changes.",
			"DF302 Aliases to be set in Exchange (warning): 70 findings",
			"… and 67 more DF302 findings (--verbose", "To add: smtp:alias000@contoso.com.", "for 70 objects"}},
	} {
		for _, width := range []int{80, 160} {
			got := textOf(t, test.plan, render.TextOptions{Width: width})
			if n := strings.Count(got, "\n"); n > 60 {
				t.Errorf("%s: %d lines of %d columns:\n%s", test.name, n, width, got)
			}
			words := strings.Join(strings.Fields(got), " ")
			for _, want := range test.want {
				if !strings.Contains(words, want) {
					t.Errorf("%s: %q is missing:\n%s", test.name, want, got)
				}
			}
			summary, _, _ := strings.Cut(got, "\n\n")
			if !strings.HasSuffix(got, "\n\n"+summary+"\n") {
				t.Errorf("%s: what it comes to does not stand first and last:\n%s", test.name, got)
			}
		}
	}
}

// hostileWords are some of which values are made.
var hostileWords = []string{"Sales", "IT", "a b", "x\nForged line", "bidi\u202e", "ctl\x1b[2J", "##vso[x]", "ö", "",
	"zero\u200b",
	"a longer text of several words that has to be broken on narrow terminals", "oneverylongwordwithoutanyblankinitatallthatcannotbebroken"}

// randomPlan draws a plan of which much is alike.
func randomPlan(t *rapid.T) *world {
	w := base()
	word := rapid.SampledFrom(hostileWords)
	for i := range rapid.IntRange(0, 60).Draw(t, "changes") {
		c := user(rapid.SampledFrom(state.Actions).Draw(t, "action"), fmt.Sprintf("p%d%s", i, word.Draw(t, "name")))
		c.Scope = rapid.SampledFrom([]string{"staff", "guests"}).Draw(t, "scope")
		c.Reason = word.Draw(t, "reason")
		for _, name := range []string{"accountEnabled", "department", "jobTitle", "otherMails"} {
			if rapid.Bool().Draw(t, name) {
				a := attr(name, nil, word.Draw(t, "after"))
				if rapid.Bool().Draw(t, "replaces") {
					a.Before = state.String(word.Draw(t, "before"))
				}
				a.Drift = rapid.Bool().Draw(t, "drift")
				c.Attributes = append(c.Attributes, a)
			}
		}
		w.changes = append(w.changes, c)
	}
	for range rapid.IntRange(0, 40).Draw(t, "findings") {
		f := &planner.Finding{Code: rapid.SampledFrom([]string{"DF101", "DF202", "DF302"}).Draw(t, "code"),
			Summary:  "Something",
			Severity: rapid.SampledFrom([]planner.Severity{planner.Error, planner.Warning}).Draw(t, "severity"),
			Detail:   word.Draw(t, "detail"), Hint: word.Draw(t, "hint"), Attribute: "mail", Value: word.Draw(t,
				"value")}
		for range rapid.IntRange(0, 3).Draw(t, "objects") {
			f.Objects = append(f.Objects, person(rapid.IntRange(0, 5).Draw(t, "person")))
		}
		f.SignedIn = rapid.Bool().Draw(t, "signed in")
		w.findings = append(w.findings, f)
	}
	w.totals.Summary.Blocked = 0
	return w.count()
}

var (
	manyFindings = regexp.MustCompile(`(?m)^  [!?] (DF\d+) .* \((error|warning)\)(?:: ([\d,]+) findings)?$`)
	manyChanged  = regexp.MustCompile(`(?m)^  (\S) (?:\S.*"\]|([\d,]+) users? of scope \S+) will be`)
)

func number(s string) int {
	if s == "" {
		return 1
	}
	n, _ := strconv.Atoi(strings.ReplaceAll(s, ",", ""))
	return n
}

// What is folded is counted: the findings of each code and severity, and the changes of each action, come to what they
// are.
func TestFoldingLosesNoCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := randomPlan(t)
		want, got := map[string]int{}, map[string]int{}
		for _, f := range w.findings {
			want[f.Code+" "+string(f.Severity)]++
		}
		symbols := map[state.Action]string{state.ActionCreate: "+", state.ActionLink: "=", state.ActionRestore: "^",
			state.ActionUpdate:  "~",
			state.ActionDisable: "o", state.ActionUnlink: "/", state.ActionDelete: "-", state.ActionRelink: "%"}
		for _, c := range w.changes {
			if c.Action != state.ActionRelink { // which "will get a new anchor"
				want[symbols[c.Action]]++
			}
		}
		text := textOf(t, w, render.TextOptions{})
		for _, m := range manyFindings.FindAllStringSubmatch(text, -1) {
			got[m[1]+" "+m[2]] += number(m[3])
		}
		for _, m := range manyChanged.FindAllStringSubmatch(text, -1) {
			got[m[1]] += number(m[2])
		}
		for k, n := range want {
			if got[k] != n {
				t.Fatalf("%s: %d, want %d:\n%s", k, got[k], n, text)
			}
		}
	})
}

// The verbose text has every object, code and value.
func TestVerboseHasEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := randomPlan(t)
		text := textOf(t, w, render.TextOptions{Verbose: true})
		has := func(s string) {
			if !strings.Contains(text, s) {
				t.Fatalf("%q is missing:\n%s", s, text)
			}
		}
		for _, c := range w.changes {
			has(render.Plain(c.Address))
			has(render.Plain(c.SourceDN))
			if c.Action != state.ActionUpdate {
				has(render.Plain(c.TargetID))
			}
		}
		for _, f := range w.findings {
			has(f.Code)
			for _, o := range f.Objects {
				has(render.Plain(o.Address))
				has(render.Plain(o.SourceDN))
				has(render.Plain(o.TargetID))
			}
		}
		n := 0
		for _, c := range w.changes {
			for _, a := range c.Attributes {
				has(render.Plain(a.Name))
				if a.Before.IsNull() {
					n++
				}
			}
		}
		if got := strings.Count(text, "\n      ") - strings.Count(text, "\n        "); got < n {
			t.Fatalf("%d attributes in %d lines:\n%s", n, got, text)
		}
	})
}

// No line is wider than the terminal, but for a word that is by itself, and no value writes a line or drives a
// terminal.
func TestLinesFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := randomPlan(t)
		o := render.TextOptions{Width: rapid.SampledFrom([]int{40, 80, 120}).Draw(t, "width"),
			Verbose: rapid.Bool().Draw(t, "verbose")}
		text := textOf(t, w, o)
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if n := utf8.RuneCountInString(line); n > o.Width && strings.Contains(strings.TrimSpace(line), " ") {
				t.Fatalf("%d columns in %d: %q", n, o.Width, line)
			}
			if strings.Contains(line, "##vso[") || strings.HasPrefix(strings.TrimSpace(line), "Forged") &&
				!strings.Contains(text, `\nForged`) ||
				strings.ContainsFunc(line, func(r rune) bool { return unicode.Is(unicode.C, r) }) {
				t.Fatalf("a value wrote %q", line)
			}
		}
	})
}

// A colour is no text: without it the coloured plan is the plan, and lines are broken at the same words.
func TestColourIsNoText(t *testing.T) {
	sgr := regexp.MustCompile("\x1b\\[[0-9]+m")
	for _, width := range []int{0, 40, 80} {
		want := textOf(t, mixture(), render.TextOptions{Width: width})
		got := textOf(t, mixture(), render.TextOptions{Width: width, Color: true})
		if got == want || sgr.ReplaceAllString(got, "") != want {
			t.Errorf("%d columns: the coloured plan differs in more than colours:\n%s", width, got)
		}
	}
}
