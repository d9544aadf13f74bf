package config_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
)

// load writes files into a folder and loads it as dirform 0.1.0 would.
func load(t testing.TB, files map[string]string, o config.Options) (*config.Config, hcl.Diagnostics) {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(o.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o.Version = "0.1.0"
	o.Schemas = config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema}
	return config.Load(o)
}

// surroundings are the blocks that every configuration needs, by how they begin.
var surroundings = map[string]string{
	`provider "ad"`:    "provider \"ad\" \"corp\" {\n  lab = \"lab\"\n}\n",
	`provider "entra"`: "provider \"entra\" \"contoso\" {\n  lab = \"lab\"\n}\n",
	`scope "`:          "scope \"staff\" {\n  ou = \"OU=Staff,DC=corp\"\n}\n",
}

// complete adds what text lacks, in a file that sorts last.
func complete(name, text string) map[string]string {
	rest := ""
	for _, begin := range slices.Sorted(maps.Keys(surroundings)) {
		if !strings.Contains("\n"+text, "\n"+begin) {
			rest += surroundings[begin]
		}
	}
	return map[string]string{name: text, "zz_rest.hcl": rest}
}

var expectation = regexp.MustCompile(`# (error|warning): ([^:]*)(?:: (.*))?$`)

// mistake is an expected diagnostic: its line, severity, summary and a part of its detail.
type mistake struct {
	line            int
	severity        hcl.DiagnosticSeverity
	summary, detail string
}

func expectations(text string) (list []mistake) {
	for i, line := range strings.Split(text, "\n") {
		for at := strings.Index(line, "# "); at >= 0; at = strings.Index(line, "# ") {
			line = line[at:]
			one := line
			if next := strings.Index(line[1:], "# "); next >= 0 {
				one = strings.TrimRight(line[:next+1], " ")
			}
			if m := expectation.FindStringSubmatch(one); m != nil {
				e := mistake{i + 1, hcl.DiagError, m[2], m[3]}
				if m[1] == "warning" {
					e.severity = hcl.DiagWarning
				}
				list = append(list, e)
			}
			line = line[1:]
		}
	}
	return list
}

// TestMistakes checks that each mistake in testdata/mistakes is reported where it is, as the comment beside it says, and
// nothing else is.
func TestMistakes(t *testing.T) {
	archives, err := filepath.Glob("testdata/mistakes/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, path := range archives {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+strings.TrimSuffix(f.Name, ".hcl"), func(t *testing.T) {
				checkMistakes(t, f.Name, string(f.Data))
			})
		}
	}
}

func checkMistakes(t *testing.T, name, text string) {
	o := config.Options{Vars: map[string]string{}, Environ: []string{"DIRFORM_VAR_list=[1", "DIRFORM_VAR_hidden=s3cr3t", "DIRFORM_VAR_raised=x",
		"DIRFORM_SECRET_raised=s3cr3t", "OF_THE_JOB=s3cr3t"}}
	for _, v := range [][2]string{{"given", "s3cr3t"[:3]}, {"number", "abc"}} {
		if strings.Contains(text, `variable "`+v[0]+`"`) {
			o.Vars[v[0]] = v[1]
		}
	}
	cfg, diags := load(t, complete(name, text), o)
	want := expectations(text)
	var b strings.Builder
	config.WriteDiagnostics(&b, cfg.Files, diags, false)
	if out := b.String(); strings.Contains(out, "hunter2") || strings.Contains(out, "s3c") {
		t.Errorf("a secret is shown:\n%s", out)
	}
	for _, d := range diags {
		found := false
		for i, w := range want {
			// A mistake in the syntax has HCL's words, of which only the place is checked.
			if d.Subject != nil && d.Subject.Filename == name && d.Subject.Start.Line == w.line && d.Severity == w.severity &&
				(w.summary == "" || d.Summary == w.summary) && strings.Contains(d.Detail, w.detail) {
				want, found = append(want[:i], want[i+1:]...), true
				break
			}
		}
		if !found {
			t.Errorf("unexpected: %v", d)
		}
	}
	for _, w := range want {
		t.Errorf("missing on line %d: %s: %s", w.line, w.summary, w.detail)
	}
	if t.Failed() {
		t.Log("\n" + b.String())
	}
}
