package planfile_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/quick"
)

var _ planner.Sink = (*planfile.Writer)(nil)

func header() planner.Header {
	return planner.Header{FormatVersion: planner.FormatVersion, DirformVersion: "0.1.0", CreatedAt: "2026-01-02T03:04:05Z",
		ConfigDigest: "sha256:00", State: planner.StateID{Lineage: "l", Serial: 7},
		Source: planner.SourceID{Domain: "corp.contoso.com", SID: "S-1-5-21-1-2-3"}, Tenant: planner.TenantID{ID: "t"},
		Targets: []string{`user.staff["a"]`}, Allowed: []string{"deletes.count=9"}}
}

func findings() []*planner.Finding {
	return []*planner.Finding{{Code: "DF202", Severity: planner.Error, Summary: "Address already in use", Detail: "R&D <x>", Hint: "h", Commands: []string{"Set-Mailbox 'a'", "b"},
		Attribute: "mail", Value: "info@contoso.com", Objects: []planner.ObjectRef{{Address: "a"}, {TargetID: "g", Kind: state.Group}}}}
}

func changes() []*state.Change {
	return []*state.Change{
		{Address: `upn_suffix["contoso.com"]`, Kind: state.UPNSuffix, Action: state.ActionCreate, Reason: "declared"},
		{Address: `user.staff["jdoe@contoso.com"]`, Kind: state.User, Action: state.ActionLink, Scope: "staff", Anchor: "QQ==", GraceAnew: true,
			TargetID: "id", Match: &state.Match{Rule: "primary_smtp", Value: "jdoe@contoso.com"}, Reason: "r", DeclaredAt: "main.hcl:31",
			Attributes: []state.AttributeChange{{Name: "displayName", Before: state.String("J"), After: state.Null(), Drift: true},
				{Name: "otherMails", Before: state.List([]string{}), After: state.List([]string{"a\nb", "é"})}},
			SourceAttributes: []state.AttributeChange{{Name: "mS-DS-ConsistencyGuid", After: state.String("QQ==")}},
			Needs:            []string{"RR=="}, Fingerprints: map[string]string{"displayName": "00", "otherMails": "01"}},
	}
}

func records() []*planner.Record {
	return []*planner.Record{{Anchor: "UU==", Scope: "staff", Fingerprints: map[string]string{"mail": "02"}}, {Anchor: "VV==", Left: true}}
}

func skipped() []*planner.Skipped {
	return []*planner.Skipped{{Address: `user.staff["eve\n@contoso.com"]`, Anchor: "WW==", SourceDN: "CN=Eve \"E\",OU=Staff", ReasonCode: "no_match"},
		{Address: `group.staff["All"]`}}
}

func totals() planner.Totals {
	return planner.Totals{Applicable: true, Summary: planner.Summary{Create: 1, Link: 1, Unchanged: 17, Blocked: 1, Drifted: 1},
		Cost:   planner.Cost{Writes: 2, Seconds: 1},
		Guards: []planner.GuardResult{{Name: "default", Limit: "deletes.percent", Allowed: 2.5}},
		Scopes: []planner.ScopeSeen{{Scope: "staff", Kind: state.User, Objects: 20, InScope: 18, Filter: "(a=b)", Where: "true", OUs: []planner.OUSeen{{Declared: "OU=a", DN: "OU=b", GUID: "g"}}}}}
}

func fill(t testing.TB, w *planfile.Writer) {
	t.Helper()
	check(t, w.Record(records()[0])) // they may come in any mixture
	check(t, w.Change(changes()[0]))
	check(t, w.Finding(findings()[0]))
	check(t, w.Skipped(skipped()[0]))
	check(t, w.Record(records()[1]))
	check(t, w.Change(changes()[1]))
	check(t, w.Skipped(skipped()[1]))
	check(t, w.Close(totals()))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB) string {
	t.Helper()
	path := filepath.Join(quick.Dir(t), "plan")
	w, err := planfile.Create(path, header(), nil)
	check(t, err)
	fill(t, w)
	return path
}

func collect[T any](t testing.TB, seq iter.Seq2[*T, error]) []*T {
	t.Helper()
	var all []*T
	for v, err := range seq {
		check(t, err)
		all = append(all, v)
	}
	return all
}

func compare(t *testing.T, r *planfile.Reader) {
	t.Helper()
	equal := cmpopts.EquateEmpty()
	for range 2 { // sequences can be run again
		for _, d := range []string{
			cmp.Diff(header(), r.Header()), cmp.Diff(totals(), r.Totals()), cmp.Diff(findings(), collect(t, r.Findings()), equal),
			cmp.Diff(changes(), collect(t, r.Changes()), equal), cmp.Diff(records(), collect(t, r.Records()), equal),
			cmp.Diff(skipped(), collect(t, r.Skipped()), equal),
		} {
			if d != "" {
				t.Error(d)
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	path := write(t)
	info, err := os.Stat(path)
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	r, err := planfile.Open(path, nil)
	check(t, err)
	compare(t, r)
	data, err := os.ReadFile(path)
	check(t, err)
	sum := sha256.Sum256(data)
	if want := "sha256:" + hex.EncodeToString(sum[:]); r.Digest() != want {
		t.Errorf("digest %s, sha256sum says %s", r.Digest(), want)
	}
	check(t, r.Close())
}

func TestSamePlanSameBytes(t *testing.T) {
	a, err := os.ReadFile(write(t))
	check(t, err)
	b, err := os.ReadFile(write(t))
	check(t, err)
	if d := cmp.Diff(string(a), string(b)); d != "" {
		t.Error(d)
	}
}

func TestEmptyPlan(t *testing.T) {
	path := filepath.Join(quick.Dir(t), "plan")
	w, err := planfile.Create(path, planner.Header{}, nil)
	check(t, err)
	check(t, w.Close(planner.Totals{}))
	r, err := w.Reopen()
	check(t, err)
	defer r.Close()
	if n := len(collect(t, r.Changes())) + len(collect(t, r.Findings())) + len(collect(t, r.Records())); n != 0 {
		t.Errorf("%d lines", n)
	}
	if r.Header().FormatVersion != planner.FormatVersion {
		t.Errorf("format version %q", r.Header().FormatVersion)
	}
}

func TestTemporaryPlanLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	w, err := planfile.CreateTemp(dir, header())
	check(t, err)
	if _, err := w.Reopen(); err == nil {
		t.Error("an unfinished plan was reopened")
	}
	fill(t, w)
	r, err := w.Reopen()
	check(t, err)
	compare(t, r)
	check(t, r.Close())
	w, err = planfile.CreateTemp(dir, header())
	check(t, err)
	w.Abort()
	wantFiles(t, dir)
}

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	check(t, err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAbortKeepsTheOldPlan(t *testing.T) {
	path := write(t)
	old, err := os.ReadFile(path)
	check(t, err)
	w, err := planfile.Create(path, header(), nil)
	check(t, err)
	check(t, w.Change(changes()[0]))
	w.Abort()
	if err := w.Close(totals()); err == nil {
		t.Error("a plan that was given up was closed")
	}
	if err := w.Change(changes()[0]); err == nil {
		t.Error("a closed plan took a change")
	}
	wantFiles(t, filepath.Dir(path), "plan")
	now, err := os.ReadFile(path)
	check(t, err)
	if string(old) != string(now) {
		t.Error("the old plan changed")
	}
}

func TestCloseReplacesTheOldPlan(t *testing.T) {
	path := write(t)
	link := filepath.Join(t.TempDir(), "link")
	check(t, os.Symlink(path, link))
	w, err := planfile.Create(link, planner.Header{ConfigDigest: "new"}, nil)
	check(t, err)
	check(t, w.Close(planner.Totals{}))
	w.Abort() // deferred in real life
	r, err := planfile.Open(path, nil)
	check(t, err)
	defer r.Close()
	if r.Header().ConfigDigest != "new" {
		t.Error("the file behind the link is the old one")
	}
	wantFiles(t, filepath.Dir(path), "plan")
}

func TestCreateRefusesWhatIsNoFile(t *testing.T) {
	for _, path := range []string{t.TempDir(), os.DevNull, filepath.Join(t.TempDir(), "missing", "plan")} {
		if w, err := planfile.Create(path, header(), nil); err == nil {
			w.Abort()
			t.Errorf("%s was opened for a plan", path)
		}
	}
}

// reseal gives an edited plan the checksum that fits.
func reseal(text string) string {
	body := text[:strings.LastIndex(text, `{"sha256"`)]
	return body + fmt.Sprintf("{\"sha256\":\"%x\"}\n", sha256.Sum256([]byte(body)))
}

func TestRefusals(t *testing.T) {
	path := write(t)
	data, err := os.ReadFile(path)
	check(t, err)
	plan := string(data)
	replace := func(old, new string) string {
		t.Helper()
		if !strings.Contains(plan, old) {
			t.Fatalf("the plan has no %s", old)
		}
		return strings.Replace(plan, old, new, 1)
	}
	lines := strings.SplitAfter(plan, "\n")
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"empty":                     {"", planfile.ErrTruncated},
		"text":                      {"hello\n", planfile.ErrNotPlan},
		"the JSON document":         {`{"format_version":"1.0"}`, planfile.ErrNotPlan},
		"value edited":              {replace(`"before":"J"`, `"before":"K"`), planfile.ErrEdited},
		"header edited":             {replace(`"serial":7`, `"serial":8`), planfile.ErrEdited},
		"header no JSON":            {replace(`"serial":7`, `"serial":`), planfile.ErrEdited},
		"totals edited":             {replace(`"unchanged":17`, `"unchanged":18`), planfile.ErrEdited},
		"checksum edited":           {replace(lines[len(lines)-2][20:30], "0000000000"), planfile.ErrEdited},
		"line removed":              {replace(lines[2], ""), planfile.ErrEdited},
		"line removed and resealed": {reseal(replace(lines[2], "")), planfile.ErrEdited},
		"lines swapped, resealed":   {reseal(replace(lines[2]+lines[3], lines[3]+lines[2])), planfile.ErrEdited},
		"strange line, resealed":    {reseal(replace(lines[1], lines[1]+"{\"x\":1}\n")), planfile.ErrEdited},
		"Windows line endings":      {strings.ReplaceAll(plan, "\n", "\r\n"), planfile.ErrEdited},
		"newline added":             {plan + "\n", planfile.ErrAppended},
		"twice":                     {plan + plan, planfile.ErrAppended},
		"newer":                     {replace(`"format_version":"1.0"`, `"format_version":"2.3"`), planfile.ErrNewer},
		"newer and truncated":       {replace(`"format_version":"1.0"`, `"format_version":"2.3"`)[:500], planfile.ErrNewer},
		"older":                     {replace(`"format_version":"1.0"`, `"format_version":"0.9"`), planfile.ErrOlder},
		"no version":                {replace(`"format_version":"1.0"`, `"format_version":""`), planfile.ErrEdited},
	} {
		wantRefusal(t, path, name, test.text, test.want)
	}
	for i := range plan {
		wantRefusal(t, path, fmt.Sprintf("%d bytes", i), plan[:i], planfile.ErrTruncated)
	}
}

func wantRefusal(t *testing.T, path, name, text string, want error) {
	t.Helper()
	check(t, os.WriteFile(path, []byte(text), 0o600))
	r, err := planfile.Open(path, nil)
	if err == nil {
		r.Close()
		t.Errorf("%s: opened", name)
		return
	}
	if !errors.Is(err, want) {
		t.Errorf("%s: %v; want %v", name, err, want)
	}
	if !strings.Contains(err.Error(), path) || !regexp.MustCompile("dirform|make a new plan").MatchString(fault.Hint(err)) {
		t.Errorf("%s: the error does not name the file and the way out: %v", name, err)
	}
}

// One flipped bit anywhere is found.
func TestEveryBitCounts(t *testing.T) {
	data, err := os.ReadFile(write(t))
	check(t, err)
	path := filepath.Join(quick.Dir(t), "plan")
	for i := range data {
		data[i] ^= 1
		check(t, os.WriteFile(path, data, 0o600))
		if r, err := planfile.Open(path, nil); err == nil {
			r.Close()
			t.Errorf("a bit of byte %d was flipped and nobody saw", i)
		}
		data[i] ^= 1
	}
}

func TestMinorVersionsAreRead(t *testing.T) {
	data, err := os.ReadFile(write(t))
	check(t, err)
	path := filepath.Join(quick.Dir(t), "plan")
	text := strings.Replace(string(data), `"format_version":"1.0"`, `"format_version":"1.9","new":[{}]`, 1)
	text = strings.Replace(text, `"action":"link"`, `"action":"link","new":{"a":[1.5e3,null]}`, 1)
	check(t, os.WriteFile(path, []byte(reseal(text)), 0o600))
	r, err := planfile.Open(path, nil)
	check(t, err)
	defer r.Close()
	if d := cmp.Diff(changes(), collect(t, r.Changes()), cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
}

// A plan file of a version that did not list who is skipped is read all the same.
func TestPlansWithoutSkippedAreRead(t *testing.T) {
	data, err := os.ReadFile(write(t))
	check(t, err)
	var kept []string
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, `{"skipped":`) {
			kept = append(kept, line)
		}
	}
	text := strings.Join(kept, "")
	for _, member := range []string{`,"skipped":0}`, `,"skipped":2}`} {
		if !strings.Contains(text, member) {
			t.Fatalf("the plan's end has no %s", member)
		}
		text = strings.Replace(text, member, "}", 1)
	}
	path := filepath.Join(quick.Dir(t), "plan")
	check(t, os.WriteFile(path, []byte(reseal(text)), 0o600))
	r, err := planfile.Open(path, nil)
	check(t, err)
	defer r.Close()
	if got := collect(t, r.Skipped()); len(got) != 0 {
		t.Errorf("it skips %v", got)
	}
	if d := cmp.Diff(records(), collect(t, r.Records()), cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
}

func TestUnknownActionIsNotPassedOver(t *testing.T) {
	data, err := os.ReadFile(write(t))
	check(t, err)
	path := filepath.Join(quick.Dir(t), "plan")
	check(t, os.WriteFile(path, []byte(reseal(strings.Replace(string(data), `"action":"link"`, `"action":"merge"`, 1))), 0o600))
	r, err := planfile.Open(path, nil)
	check(t, err)
	defer r.Close()
	n := 0
	for _, err := range r.Changes() {
		n++
		if n == 2 && (err == nil || !strings.Contains(err.Error(), `"merge"`)) {
			t.Errorf("got %v", err)
		}
	}
	if n != 2 {
		t.Errorf("%d changes", n)
	}
}

// Findings and records outgrow memory while changes are written, and keep their order.
func TestSpools(t *testing.T) {
	dir := t.TempDir()
	w, err := planfile.CreateTemp(dir, header())
	check(t, err)
	const n = 20_000
	for i := range n {
		check(t, w.Finding(&planner.Finding{Code: fmt.Sprint("DF", i), Detail: strings.Repeat("x", 100)}))
		check(t, w.Change(&state.Change{Address: fmt.Sprint("a", i), Action: state.ActionUpdate}))
		check(t, w.Record(&planner.Record{Anchor: fmt.Sprint("r", i), Scope: strings.Repeat("x", 100)}))
		check(t, w.Skipped(&planner.Skipped{Address: fmt.Sprint("s", i), SourceDN: strings.Repeat("x", 100)}))
	}
	check(t, w.Close(totals()))
	r, err := w.Reopen()
	check(t, err)
	defer r.Close()
	f, c, rec := collect(t, r.Findings()), collect(t, r.Changes()), collect(t, r.Records())
	s := collect(t, r.Skipped())
	if len(f) != n || len(c) != n || len(rec) != n || len(s) != n {
		t.Fatalf("%d findings, %d changes, %d records, %d skipped", len(f), len(c), len(rec), len(s))
	}
	for i := range n {
		if f[i].Code != fmt.Sprint("DF", i) || c[i].Address != fmt.Sprint("a", i) || rec[i].Anchor != fmt.Sprint("r", i) ||
			s[i].Address != fmt.Sprint("s", i) {
			t.Fatalf("number %d is %v, %v, %v, %v", i, f[i], c[i], rec[i], s[i])
		}
	}
	wantFiles(t, dir)
}

// What Reopen knows from writing is what Open finds in the same bytes.
func TestReopenAgreesWithOpen(t *testing.T) {
	w, err := planfile.CreateTemp(t.TempDir(), header())
	check(t, err)
	fill(t, w)
	temporary, err := w.Reopen()
	check(t, err)
	defer temporary.Close()
	named, err := planfile.Open(write(t), nil)
	check(t, err)
	defer named.Close()
	if temporary.Digest() != named.Digest() {
		t.Errorf("digests %s and %s", temporary.Digest(), named.Digest())
	}
	compare(t, temporary)
}

// A group of 100,000 members is one line of several megabytes.
func TestLongLines(t *testing.T) {
	members := make([]string, 100_000)
	for i := range members {
		members[i] = fmt.Sprintf("0a14abab-0a7d-4c6d-b2d3-%012d", i)
	}
	w, err := planfile.CreateTemp(t.TempDir(), header())
	check(t, err)
	want := &state.Change{Kind: state.Group, Action: state.ActionUpdate,
		Attributes: []state.AttributeChange{{Name: "members", After: state.List(members)}}}
	for range 3 {
		check(t, w.Change(want))
	}
	check(t, w.Close(planner.Totals{}))
	r, err := w.Reopen()
	check(t, err)
	defer r.Close()
	for _, c := range collect(t, r.Changes()) {
		if !c.Attributes[0].After.Equal(want.Attributes[0].After) {
			t.Error("members differ")
		}
	}
}

// FuzzOpen opens any text, and a plan whose lines are chosen by the second argument, each as a letter. What opens
// is whole: a header, the sections in their order, totals that count them, and a checksum of all; and each line is
// read, or an error names it. What is a plan opens.
func FuzzOpen(f *testing.F) {
	data, err := os.ReadFile(write(f))
	check(f, err)
	f.Add(string(data), "")
	f.Add(string(data[:len(data)-78]), "")
	f.Add(string(data)+"\n", "keep")
	f.Add(string(data)+"xx", "keep")
	f.Add(strings.Replace(string(data), "jdoe", "jdob", 1), "keep")
	f.Add("{\"dirform_plan\":{\"format_version\":\"1.0\"}}\n{\"end\":{}}\n{\"sha256\":\"\"}\n", "")
	for _, letters := range []string{"hccffrrsse", "he", "hhe", "hee", "hcfrs", "ce", "hfce", "hrfe", "hsre", "hcrce",
		"hxe", "hece", "hce ", "hcCe", "hcfFe", "hrRe", "hsSe", "hnce", "hc1", "hc2", "h3", "hs4"} {
		f.Add(string(data), letters)
	}
	lines := strings.SplitAfter(string(data), "\n")
	path := filepath.Join(f.TempDir(), "plan")
	f.Fuzz(func(t *testing.T, text, letters string) {
		if strings.Trim(letters, "hcfrse1234CFRSnx ") == "" && letters != "" {
			text = chosenLines(lines, letters)
		}
		if strings.Contains(text, `{"sha256"`) && letters != "keep" {
			text = reseal(text) // or nothing would ever get past the checksum
		}
		check(t, os.WriteFile(path, []byte(text), 0o600))
		r, err := planfile.Open(path, nil)
		if err != nil {
			if d := fault.Describe(err); d.Summary == "" || d.Hint == "" ||
				regexp.MustCompile(`^hc*f*r*s*e$`).MatchString(letters) {
				t.Fatalf("%s is refused: %+v", letters, d)
			}
			return
		}
		defer r.Close()
		counts := sections(t, text)
		if want := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text))); r.Digest() != want {
			t.Fatalf("the digest is %s and not %s", r.Digest(), want)
		}
		read(t, r.Changes(), counts["change"])
		read(t, r.Findings(), counts["finding"])
		read(t, r.Records(), counts["record"])
		read(t, r.Skipped(), counts["skipped"])
		for c := range r.Changes() {
			if c != nil && !slices.Contains(state.Actions, c.Action) {
				t.Fatalf("an action %q is read", c.Action)
			}
		}
	})
}

// chosenLines are lines of a plan: the header, a change, a finding, a record, one that was skipped and the end,
// which counts them, by their first letters; in upper case cut off, x is no line of any plan, n an action that
// nobody knows.
func chosenLines(lines []string, letters string) (text string) {
	first := map[rune]string{'x': "{\"other\":{}}\n", ' ': "\n", 'n': "{\"change\":{\"action\":\"invent\"}}\n"}
	for _, line := range lines {
		for letter, prefix := range map[rune]string{'h': `{"dirform_plan":`, 'c': `{"change":`, 'f': `{"finding":`,
			'r': `{"record":`, 's': `{"skipped":`} {
			if strings.HasPrefix(line, prefix) && first[letter] == "" {
				first[letter], first[letter-'a'+'A'] = line, prefix+"{\n"
			}
		}
	}
	count := func(of string) int { return strings.Count(strings.ToLower(letters), of) }
	for i, letter := range "e1234" { // a number counts one line too many of a kind
		more := make([]int, 5)
		more[i] = 1
		first[letter] = fmt.Sprintf(
			"{\"end\":{\"totals\":{},\"changes\":%d,\"findings\":%d,\"records\":%d,\"skipped\":%d}}\n",
			count("c")+count("n")+more[1], count("f")+more[2], count("r")+more[3], count("s")+more[4])
	}
	for _, letter := range letters {
		text += first[letter]
	}
	return text + `{"sha256"`
}

// sections fails unless a text is built as a plan is, and counts the lines of each kind.
func sections(t *testing.T, text string) map[string]int64 {
	const prefix = `{"sha256":"`
	last := max(strings.LastIndex(text, prefix), 0)
	body, sum := text[:last], strings.TrimPrefix(text[last:], prefix)
	if sum != fmt.Sprintf("%x\"}\n", sha256.Sum256([]byte(body))) {
		t.Fatalf("a plan without its checksum opens: %q", text)
	}
	order := []string{"dirform_plan", "change", "finding", "record", "skipped", "end"}
	counts, at := map[string]int64{}, 0
	for line := range strings.Lines(body) {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, `{"`), `"`)
		now := slices.Index(order, name)
		if now < at || !strings.HasPrefix(line, `{"`+name+`":`) {
			t.Fatalf("the line %q opens behind %s", line, order[at])
		}
		counts[name]++
		at = now
	}
	var said struct {
		End struct {
			Changes  int64 `json:"changes"`
			Findings int64 `json:"findings"`
			Records  int64 `json:"records"`
			Skipped  int64 `json:"skipped"`
		} `json:"end"`
	}
	all := strings.SplitAfter(body, "\n")
	_ = json.Unmarshal([]byte(all[max(len(all)-2, 0)]), &said)
	if e := said.End; e.Changes != counts["change"] || e.Findings != counts["finding"] || e.Records != counts["record"] ||
		e.Skipped != counts["skipped"] {
		t.Fatalf("a plan with %v that says %v opens", counts, e)
	}
	if counts["dirform_plan"] != 1 || counts["end"] != 1 {
		t.Fatalf("a plan with %v opens", counts)
	}
	return counts
}

// read fails unless there are so many lines, or an error ends them.
func read[T any](t *testing.T, lines iter.Seq2[*T, error], want int64) {
	var n int64
	for v, err := range lines {
		if n++; (v == nil) == (err == nil) {
			t.Fatal("neither a line nor an error")
		} else if err != nil {
			return
		}
	}
	if n != want {
		t.Fatalf("%d of %d lines are read", n, want)
	}
}
