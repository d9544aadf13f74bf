package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/quick"
)

const whole = `
provider "ad" "a" {
  lab = "lab"
}
provider "entra" "e" {
  lab = "lab"
}
scope "s" {
  ou = "OU=S,DC=x"
}
mapping "s" {
  scope  = scope.s
  object = "user"
  preset = "default"
  attributes {
    displayName = %s
  }
}
`

// loadFiles loads a folder with these files and gives the text of all that is wrong.
func loadFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, diags := config.Load(config.Options{Dir: dir, Version: "0.1.0",
		Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema}})
	var b strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&b, "%s: %s\n", d.Summary, d.Detail)
	}
	return b.String()
}

// doubled is a locals block whose last value is 2 to the power of n times as long as the first.
func doubled(n int, first, twice string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "locals {\n  l0 = %s\n", first)
	for i := range n {
		fmt.Fprintf(&b, "  l%d = %s\n", i+1, strings.ReplaceAll(twice, "@", fmt.Sprintf("local.l%d", i)))
	}
	return b.String() + "}\n"
}

// TestNoConfigurationEatsTheMachine: every one of these would take gigabytes, or end the process, and is an error that
// names the limit instead, within a moment and with little memory.
func TestNoConfigurationEatsTheMachine(t *testing.T) {
	deep := func(open, inner, shut string) string {
		return strings.Repeat(open, 50_000) + inner + strings.Repeat(shut, 50_000)
	}
	local := func(expr string) map[string]string {
		return map[string]string{"a.hcl": "locals {\n  x = " + expr + "\n}\n"}
	}
	mapped := func(expr string) map[string]string { return map[string]string{"a.hcl": fmt.Sprintf(whole, expr)} }
	big := `"` + strings.Repeat("x", 400_000) + `"`
	list := "[" + strings.Repeat("1, ", 1500) + "1]"
	tests := map[string]struct {
		files map[string]string
		want  string
	}{
		"brackets":            {local(deep("[", "1", "]")), "Too deeply nested"},
		"parentheses":         {local(deep("(", "1", ")")), "Too deeply nested"},
		"braces":              {map[string]string{"a.hcl": deep("a {\n", "", "}\n")}, "Too deeply nested"},
		"interpolations":      {local(deep(`"${`, "1", `}"`)), "Too deeply nested"},
		"not closed":          {local(strings.Repeat("[", 50_000)), "Too deeply nested"},
		"nots":                {local(strings.Repeat("!", 50_000) + "true"), "Expression too long"},
		"minuses":             {local(strings.Repeat("-", 50_000) + "1"), "Expression too long"},
		"sums":                {local("1" + strings.Repeat(" + 1", 50_000)), "Expression too long"},
		"sums over lines":     {local("[1" + strings.Repeat(" +\n 1", 50_000) + "]"), "Expression too long"},
		"choices":             {local(strings.Repeat("true ? 1 : ", 50_000) + "1"), "Expression too long"},
		"indexes":             {local("[]" + strings.Repeat("[0]", 50_000)), "Expression too long"},
		"directives":          {local(`"` + strings.Repeat("%{ if true }", 50_000) + `"`), "Expression too long"},
		"doubled text":        {map[string]string{"a.hcl": doubled(50, `"xx"`, `"${@}${@}"`)}, "Value too large"},
		"doubled list":        {map[string]string{"a.hcl": doubled(50, `["x"]`, `concat(@, @)`)}, "Value too large"},
		"doubled tuple":       {map[string]string{"a.hcl": doubled(50, `["x"]`, `[@, @]`)}, "Value too large"},
		"joined":              {local("join(" + big + ", split(\",\", \"1,2,3,4,5\"))"), "comes to more than"},
		"replaced":            {local("replace(" + big + ", \"x\", " + big + ")"), "comes to more than"},
		"replaced by pattern": {local("replace(" + big + ", \"/x/\", " + big + ")"), "comes to more than"},
		"formatted":           {local(`format("%99999999s", "x")`), "comes to more than"},
		"formatted often":     {local(`format("` + strings.Repeat("%[1]s", 1000) + `", "` + strings.Repeat("x", 5000) + `")`), "comes to more than"},
		"indented":            {local(`indent(99999999, "a\nb")`), "comes to more than"},
		"all matches":         {local(`regexall("` + strings.Repeat("()", 1000) + `", "` + strings.Repeat("x", 5000) + `")`), "comes to more than"},
		"loops":               {local("[for a in [1]: [for b in [1]: [for c in [1]: 1]]]"), "Too many loops"},
		"long loops":          {local("[for a in " + list + ": [for b in [1]: 1]]"), "Too many elements"},
		"long inner loops":    {mapped("join(\"\", [for a in [1]: join(\"\", [for b in " + list + ": \"1\"])])"), "Too many elements"},
		"a filter": {map[string]string{"a.hcl": strings.Replace(fmt.Sprintf(whole, "ad.displayName"), "scope \"s\" {\n",
			"scope \"s\" {\n  filter = \""+deep("(!", "(a=b)", ")")+"\"\n", 1)}, "LDAP filter"},
		"a deep filter": {map[string]string{"a.hcl": strings.Replace(fmt.Sprintf(whole, "ad.displayName"), "scope \"s\" {\n",
			"scope \"s\" {\n  filter = \""+strings.Repeat("(!", 200)+"(a=b)"+strings.Repeat(")", 200)+"\"\n", 1)}, "parentheses are open"},
		"a file":     {map[string]string{"a.hcl": strings.Repeat("# x\n", bounds.ConfigFile/3)}, "larger than"},
		"many files": {manyFiles(), "Configuration too large"},
	}
	most := 20 * time.Second
	if testing.Short() { // as under the race detector, where everything takes several times as long
		most = 90 * time.Second
	}
	for name, test := range tests {
		if quick.Skips(4) {
			continue
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		got := loadFiles(t, test.files)
		runtime.ReadMemStats(&after)
		if !strings.Contains(got, test.want) || len(got) > 4000 {
			t.Errorf("%s: not %q, but: %.300s", name, test.want, got)
		}
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 1024 || time.Since(start) > most {
			t.Errorf("%s: %d MiB were asked for, and %s", name, used, time.Since(start))
		}
	}
}

func manyFiles() map[string]string {
	files := map[string]string{}
	for i := range 1 + bounds.Config/(1<<20) {
		files[fmt.Sprintf("%d.hcl", i)] = strings.Repeat("# a line that says nothing "+strings.Repeat("-", 500)+"\n", 1<<20/528)
	}
	return files
}

// TestWhatPeopleWriteFits: the limits are far above it.
func TestWhatPeopleWriteFits(t *testing.T) {
	table := "{\n"
	for i := range 5000 {
		table += fmt.Sprintf("    \"OU=%d,DC=x\" = \"Department %d\"\n", i, i)
	}
	for _, expr := range []string{
		strings.Repeat("(", 40) + "ad.displayName" + strings.Repeat(")", 40),
		"\"" + strings.Repeat("${ad.displayName} ", 200) + "\"",
		"coalesce(" + strings.Repeat("ad.displayName, ", 300) + "\"x\")",
		"lookup(" + table + "}, ad.displayName, \"none\")",
		`format("%-9999s 123456 %s", ad.displayName, "x")`,
		`join(", ", [for a in ad.proxyAddresses: join("", [for b in split(":", a): upper(b)])])`,
		`replace(replace(ad.displayName, "a", "bb"), "/([a-z])/", "<$1>")`,
	} {
		if got := loadFiles(t, map[string]string{"a.hcl": fmt.Sprintf(whole, expr)}); got != "" {
			t.Errorf("%.80s: %s", expr, got)
		}
	}
}

// TestLineEndsOfACheckout: a text of several lines is the same whatever ends the lines of the file.
func TestLineEndsOfACheckout(t *testing.T) {
	text := strings.Replace(fmt.Sprintf(whole, "<<EOT\none\ntwo\nEOT"), "displayName ", "streetAddress ", 1)
	digest := func(text string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a.hcl"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, diags := config.Load(config.Options{Dir: dir, Version: "0.1.0",
			Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema}})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		return cfg.Digest
	}
	if unix, windows := digest(text), digest(strings.ReplaceAll(text, "\n", "\r\n")); unix != windows {
		t.Errorf("%s and %s", unix, windows)
	}
}
