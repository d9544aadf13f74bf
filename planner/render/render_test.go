package render_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/state"
)

var update = flag.Bool("update", false, "write the golden files anew")

// world is a plan in memory.
type world struct {
	header   planner.Header
	totals   planner.Totals
	changes  []*state.Change
	findings []*planner.Finding
	skipped  []*planner.Skipped
	broken   error // ends the changes
}

func (w *world) Header() planner.Header { return w.header }
func (w *world) Totals() planner.Totals { return w.totals }

func (w *world) Changes() iter.Seq2[*state.Change, error] {
	return func(yield func(*state.Change, error) bool) {
		for _, c := range w.changes {
			if !yield(c, nil) {
				return
			}
		}
		if w.broken != nil {
			yield(nil, w.broken)
		}
	}
}

func (w *world) Findings() iter.Seq2[*planner.Finding, error] {
	return func(yield func(*planner.Finding, error) bool) {
		for _, f := range w.findings {
			if !yield(f, nil) {
				return
			}
		}
	}
}

func (w *world) Skipped() iter.Seq2[*planner.Skipped, error] {
	return func(yield func(*planner.Skipped, error) bool) {
		for _, s := range w.skipped {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// count fills in the summary from the changes.
func (w *world) count() *world {
	for _, c := range w.changes {
		w.totals.Summary.Count(c.Action, 1)
	}
	return w
}

// skip adds n objects without an account.
func (w *world) skip(n int) {
	for i := range n {
		w.skipped = append(w.skipped, &planner.Skipped{Address: fmt.Sprintf("user.staff[%q]",
			fmt.Sprintf("skip%02d@contoso.com", i)),
			Anchor: fmt.Sprintf("SKIP%02d==", i), SourceDN: fmt.Sprintf("CN=skip%02d\x1b[2J,%s", i,
				people), ReasonCode: state.BecauseNoMatch})
	}
	w.totals.Summary.Skipped = n
}

func attr(name string, before, after any) state.AttributeChange {
	return state.AttributeChange{Name: name, Before: value(before), After: value(after)}
}

func drifted(name string, before, after any) state.AttributeChange {
	a := attr(name, before, after)
	a.Drift = true
	return a
}

func value(x any) state.Value {
	switch x := x.(type) {
	case string:
		return state.String(x)
	case bool:
		return state.Bool(x)
	case int:
		return state.Int(int64(x))
	case []string:
		return state.List(x)
	}
	return state.Null()
}

const people = "OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com"

func base() *world {
	return &world{
		header: planner.Header{FormatVersion: "1.0", DirformVersion: "0.1.0", CreatedAt: "2026-01-02T03:04:05Z",
			ConfigDigest: "sha256:00",
			State:        planner.StateID{Lineage: "l", Serial: 7},
			Source: planner.SourceID{Domain: "corp.contoso.com",
				SID: "S-1-5-21-1-2-3"}, Tenant: planner.TenantID{ID: "8d0f1b1e-0000-4000-8000-000000000001"}},
		totals: planner.Totals{Applicable: true, Cost: planner.Cost{Writes: 12, Seconds: 3},
			Summary: planner.Summary{Unchanged: 17, Blocked: 2, Drifted: 1},
			Guards:  []planner.GuardResult{{Name: "default", Limit: "deletes.count", Allowed: 5, Planned: 1}},
			Scopes: []planner.ScopeSeen{{Scope: "staff", Kind: state.User, Objects: 25, InScope: 23,
				OUs: []planner.OUSeen{{Declared: people, DN: people, GUID: "g"}}},
				{Scope: "staff", Kind: state.Group, Objects: 1, InScope: 1}}},
	}
}

func user(action state.Action, name string, attrs ...state.AttributeChange) *state.Change {
	c := &state.Change{Address: `user.staff["` + name + `@contoso.com"]`, Kind: state.User, Action: action,
		Scope:  "staff",
		Anchor: "q6sUCn0KbUyy09Rab" + name, SourceDN: "CN=" + name + "," + people, Reason: "changed at the source or in the mapping",
		DeclaredAt: "main.hcl:31", Attributes: attrs}
	if action != state.ActionCreate {
		c.TargetID = "id-of-" + name
		c.Match = &state.Match{Rule: "recorded", Value: c.TargetID}
	}
	return c
}

// everything is a plan with one of each.
func everything() *world {
	w := base()
	link := user(state.ActionLink, "linked", drifted("displayName", "J. Doe", "Jane Doe"))
	link.Match, link.Reason = &state.Match{Rule: "primary_smtp",
		Value: "linked@contoso.com"}, "an account matches by primary_smtp"
	link.SourceAttributes = []state.AttributeChange{attr("mS-DS-ConsistencyGuid", nil, "q6sUCn0KbUyy09RabcA==")}
	members := user(state.ActionUpdate, "info",
		attr("members", numbered("id", 0, 120), numbered("id", 2, 133)))
	members.Address, members.Kind = `group.staff["Info"]`, state.Group
	gone := user(state.ActionDisable, "gone", attr("accountEnabled", true, false))
	gone.SourceDN, gone.Reason = "", "no longer in scope staff"
	w.changes = []*state.Change{
		{Address: `upn_suffix["contoso.com"]`, Kind: state.UPNSuffix, Action: state.ActionCreate, Reason: "declared",
			DeclaredAt: "main.hcl:3"},
		user(state.ActionCreate, "jdoe", attr("accountEnabled", nil, true), attr("businessPhones", nil,
			[]string{"+36 1 234 5678", "+36 1 234 5679"}),
			attr("displayName", nil, "Jane \"JD\" Doe"), attr("employeeNumber", nil, 42)),
		link,
		user(state.ActionRelink, "moved", attr("onPremisesImmutableId", "old==", "new==")),
		user(state.ActionRestore, "back"),
		user(state.ActionUpdate, "many", attr("department", "Sales", nil), drifted("jobTitle", nil, "CEO"),
			attr("otherMails", []string{"a@contoso.com"}, []string{"b@contoso.com"}),
			attr("proxyAddresses", []string{"a", "b", "c"}, []string{"c", "d", "a"}),
			attr("streetAddress", strings.Repeat("Far away in the country. ",
				4)+"Main Street 12, second floor, at the left", strings.Repeat("Far away in the country. ", 4)+"Main Street 21, second floor, at the left"),
			attr("officeLocation", "a long text that has nothing at all in common",
				"0123456789 0123456789 0123456789 0123456789")),
		user(state.ActionUpdate, "evil\x1b[2J\nForged line", attr("displayName", "a\x1b[31m\u202e", "b\r\n\xff")),
		members,
		gone,
		user(state.ActionUnlink, "free", attr("onPremisesImmutableId", "a==", nil)),
		user(state.ActionDelete, "dead"),
	}
	w.findings = []*planner.Finding{
		{Code: "DF301", Severity: planner.Warning, Summary: "Aliases cannot be written",
			Detail: "The tenant keeps them. Nothing is done.", Hint: "Remove them.",
			Objects: []planner.ObjectRef{{Anchor: "QQ=="}}},
		{Code: "DF202", Severity: planner.Error, Summary: "Address already in use", Attribute: "mail",
			Value:  "info@contoso.com",
			Detail: "Two objects of one tenant cannot have the same address, and the one of the group was there first, so that nothing is changed.",
			Hint:   "Give one of the two another address, or delete the group if nobody needs it any more.",
			Objects: []planner.ObjectRef{{Address: `user.staff["info@contoso.com"]`, SourceDN: "CN=Info," + people},
				{TargetID: "id-of-group", Kind: state.Group, Name: "Info"}}, DeclaredAt: "main.hcl:31"},
	}
	w.totals.Summary.Drifted = 2
	w.skip(1)
	return w.count()
}

func numbered(prefix string, from, to int) []string {
	var list []string
	for i := from; i < to; i++ {
		list = append(list, fmt.Sprintf("%s-%03d", prefix, i))
	}
	return list
}

// crowd is a plan in which much is alike.
func crowd() *world {
	w := base()
	w.header.Targets, w.header.Allowed = []string{`user.staff["*"]`}, []string{"creates.count=100"}
	w.totals.Summary.Drifted = 8
	w.totals.Cost = planner.Cost{Writes: 70000, Seconds: 9000}
	w.totals.Scopes[0].OUs[0].DN = "OU=O365," + people
	w.totals.Scopes[0].OUs[0].Renamed = true
	for i := range 30 {
		w.changes = append(w.changes, user(state.ActionCreate, fmt.Sprintf("new%02d", i)))
	}
	for i := range 12 {
		name := fmt.Sprintf("sales%02d", i)
		w.changes = append(w.changes, user(state.ActionUpdate, name, attr("department", "Sales", "Revenue")))
		if i < 8 {
			w.changes = append(w.changes, user(state.ActionUpdate, "both"+name, attr("city", "Pest", "Budapest"),
				drifted("department", nil, "Revenue")))
		}
		if i < 5 {
			w.changes = append(w.changes, user(state.ActionUpdate, "few"+name, attr("department", "Sales",
				"Five do not fold")))
		}
	}
	w.skip(12)
	for i := range 27 {
		w.findings = append(w.findings, &planner.Finding{Code: "DF101", Severity: planner.Error,
			Summary: "Suffix is not verified",
			Objects: []planner.ObjectRef{{Address: fmt.Sprintf("user.staff[%q]", fmt.Sprint("b", i))}}})
	}
	return w.count()
}

func refused() *world {
	w := base()
	w.totals.Applicable, w.totals.Summary = false, planner.Summary{Delete: 1}
	w.totals.Cost = planner.Cost{Writes: 1, Seconds: 130}
	w.totals.Guards = append(w.totals.Guards, planner.GuardResult{Name: "default", Limit: "deletes.percent",
		Allowed: 2, Planned: 12.3456, Tripped: true})
	w.changes = []*state.Change{user(state.ActionDelete, "dead")}
	return w
}

func nothing() *world {
	w := base()
	w.totals.Summary = planner.Summary{Unchanged: 24}
	return w
}

func TestGolden(t *testing.T) {
	text := func(o render.TextOptions) func(io.Writer, render.Source) error {
		return func(w io.Writer, r render.Source) error { return render.Text(w, r, o) }
	}
	drift := func(w io.Writer, r render.Source) error { return render.Drift(w, r, render.TextOptions{}) }
	for name, test := range map[string]struct {
		plan   *world
		layout func(io.Writer, render.Source) error
	}{
		"everything.txt":        {everything(), text(render.TextOptions{})},
		"everything.color.txt":  {everything(), text(render.TextOptions{Color: true})},
		"everything.narrow.txt": {everything(), text(render.TextOptions{Width: 60, Verbose: true})},
		"everything.json":       {everything(), render.JSON},
		"everything.drift.txt":  {everything(), drift},
		"everything.drift.json": {everything(), render.DriftJSON},
		"crowd.txt":             {crowd(), text(render.TextOptions{})},
		"crowd.drift.txt":       {crowd(), drift},
		"refused.txt":           {refused(), text(render.TextOptions{})},
		"nothing.txt":           {nothing(), text(render.TextOptions{})},
		"nothing.json":          {nothing(), render.JSON},
		"nothing.drift.txt":     {&world{}, drift},
	} {
		var b bytes.Buffer
		if err := test.layout(&b, test.plan); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), b.String()); d != "" {
			t.Errorf("%s (go test ./planner/render -update writes it anew):\n%s", name, d)
		}
	}
}

// No value can write a line or a control character of its own.
func TestNothingEscapes(t *testing.T) {
	var b bytes.Buffer
	w := everything()
	w.findings = append(w.findings, &planner.Finding{Code: "DF202", Severity: planner.Error,
		Summary: "Address already in use",
		Detail:  "group Info\nForged line\x1b[2J has it.", Hint: "Rename Info\nForged line.", Attribute: "mail", Value: "a\nForged",
		Objects: []planner.ObjectRef{{TargetID: "id", Kind: state.Group, Name: "Info\nForged line"}}})
	if err := render.Text(&b, w, render.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if strings.HasPrefix(strings.TrimSpace(line), "Forged") {
			t.Errorf("a value wrote the line %q", line)
		}
		for _, r := range strings.TrimSuffix(line, "\n") {
			if r < ' ' || r == 0x7f || r == '\u202e' {
				t.Errorf("a value wrote %q in %q", r, line)
			}
		}
	}
}

func TestVerboseFoldsNothing(t *testing.T) {
	var b bytes.Buffer
	w := crowd()
	if err := render.Text(&b, w, render.TextOptions{Verbose: true}); err != nil {
		t.Fatal(err)
	}
	for _, c := range w.changes {
		if !strings.Contains(b.String(), c.Address+" will be") {
			t.Errorf("%s is not shown", c.Address)
		}
	}
	if n := strings.Count(b.String(), "DF101"); n != len(w.findings) {
		t.Errorf("%d findings shown", n)
	}
}

func TestErrorsReachTheCaller(t *testing.T) {
	w := everything()
	w.broken = errors.New("the plan is broken")
	for name, f := range layouts() {
		if err := f(io.Discard, w); !errors.Is(err, w.broken) {
			t.Errorf("%s hides that the plan is broken: %v", name, err)
		}
		if err := f(full{}, everything()); !errors.Is(err, errFull) {
			t.Errorf("%s hides that nothing can be written: %v", name, err)
		}
	}
}

func layouts() map[string]func(io.Writer, render.Source) error {
	return map[string]func(io.Writer, render.Source) error{
		"JSON": render.JSON, "DriftJSON": render.DriftJSON,
		"Text":  func(w io.Writer, r render.Source) error { return render.Text(w, r, render.TextOptions{}) },
		"Drift": func(w io.Writer, r render.Source) error { return render.Drift(w, r, render.TextOptions{}) },
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// Names, order and conventions of the document.
func TestDocumentMembers(t *testing.T) {
	var b bytes.Buffer
	w := base()
	w.header.Targets = []string{"a"}
	w.totals.Guards, w.totals.Scopes = nil, nil
	w.findings = []*planner.Finding{{Code: "DF1"}}
	w.changes = []*state.Change{{Address: "a", Action: state.ActionUpdate, Scope: "staff", SourceGUID: "g",
		Needs:        []string{"n"},
		Fingerprints: map[string]string{"x": "y"}}}
	if err := render.JSON(&b, w); err != nil {
		t.Fatal(err)
	}
	want := `{"format_version":"1.0","dirform_version":"0.1.0","created_at":"2026-01-02T03:04:05Z","config_digest":"sha256:00",` +
		`"state":{"lineage":"l","serial":7},"source":{"domain":"corp.contoso.com","sid":"S-1-5-21-1-2-3"},` +
		`"tenant":{"id":"8d0f1b1e-0000-4000-8000-000000000001"},"targets":["a"],"applicable":true,` +
		`"summary":{"create":0,"link":0,"relink":0,"restore":0,"update":0,"disable":0,"unlink":0,"delete":0,"unchanged":17,"blocked":2,"drifted":1,"skipped":0},` +
		`"cost":{"writes":12,"source_writes":0,"seconds":3},"changes":[{"address":"a","kind":"","action":"update","source_guid":"g","reason":"","partial":false,"attributes":[],"needs":["n"]}],` +
		`"skipped":[],"findings":[{"code":"DF1","severity":"","summary":"","detail":"","hint":"","objects":[]}],"guards":[],"scopes":[]}` + "\n"
	got := strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\n", "") + "\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !json.Valid(b.Bytes()) || !strings.HasSuffix(b.String(), "}\n") {
		t.Errorf("not a JSON document and a newline: %s", b.Bytes())
	}
}

// Findings with commands, of which there may be one for everybody, are one block that says where the commands are.
func TestAliasesAreFolded(t *testing.T) {
	w := nothing()
	for i := range 5000 {
		w.findings = append(w.findings, &planner.Finding{Code: planner.AliasesCode, Severity: planner.Warning,
			Commands: []string{fmt.Sprintf("Set-Mailbox -Identity '%d'", i)}})
	}
	var b strings.Builder
	if err := render.Text(&b, w, render.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"(warning): 5000 findings\n",
		"      Run: the commands that --aliases-script FILE writes, for 5000 objects\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing:\n%s", want, b.String())
		}
	}
}
