package config_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/config"
)

const secretProvider = `
provider "ad" "corp" {
  url      = "ldaps://dc1"
  bind_dn  = "CN=x"
  password = %s
}
`

// TestSecretSources checks which value of a variable counts, and that values reach credentials however they are passed
// on.
func TestSecretSources(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.dfvars")
	if err := os.WriteFile(file, []byte("pw = \"file\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	both := []string{"DIRFORM_VAR_pw=var", "DIRFORM_SECRET_pw=secret", "JOB=job"}
	for name, test := range map[string]struct {
		text, password string
		o              config.Options
	}{
		"wins over DIRFORM_VAR_": {`variable "pw" {}`, "var.pw", config.Options{Environ: both}},
		"in any order":           {`variable "pw" {}`, "var.pw", config.Options{Environ: []string{both[1], both[0]}}},
		"wins over a default":    {`variable "pw" { default = "default" }`, "var.pw", config.Options{Environ: both}},
		"of another type": {"variable \"pw\" {\n  type = list(string)\n}", "var.pw[0]",
			config.Options{Environ: []string{`DIRFORM_SECRET_pw=["secret"]`}}},
		"through locals": {"variable \"pw\" {}\nlocals {\n  a = \"${var.pw}\"\n  b = trimspace(\" ${local.a} \")\n}",
			"local.b",
			config.Options{Environ: both}},
		"by index": {`variable "pw" {}`, `var["pw"]`, config.Options{Environ: both}},
		"from the file": {`variable "pw" {}`, `var.pw == "file" ? "secret" : "wrong"`,
			config.Options{Environ: both, VarFiles: []string{file}}},
		"from env()": {"", `env("JOB") == "job" ? "secret" : "wrong"`, config.Options{Environ: both}},
		"in a default": {`variable "pw" { default = env("JOB") }`, `replace(var.pw, "job", "secret")`,
			config.Options{Environ: both[2:]}},
		"decoded": {`variable "pw" {}`, `jsondecode(var.pw).inner`,
			config.Options{Environ: []string{`DIRFORM_SECRET_pw={"inner":"secret"}`}}},
		"for nothing":     {"", `"secret"`, config.Options{Environ: []string{"DIRFORM_SECRET_not_declared=x"}}},
		"given as option": {`variable "pw" {}`, "var.pw", config.Options{Vars: map[string]string{"pw": "secret"}}},
	} {
		cfg, diags := load(t, complete("main.hcl", test.text+fmt.Sprintf(secretProvider, test.password)), test.o)
		if len(diags) > 0 || cfg.AD[0].Password != "secret" {
			t.Errorf("%s: %v", name, diags)
		}
	}
}

// TestFailingSecretsTellNothing: a pull request can guess at every character of a secret with an expression each. What
// is said about them must not depend on which of them fail.
func TestFailingSecretsTellNothing(t *testing.T) {
	text := "variable \"pw\" {}\nvariable \"d\" {\n" +
		"  default = substr(env(\"JOB\"), 0, 1) == \"a\" ? \"x\" : parseint(\"z\", 10)\n}\n"
	for i, guess := range []string{
		`substr(var.pw, 0, 1) == "a" ? 1 : parseint("z", 10)`, `substr(var.pw, 0, 1) == "b" ? 1 : parseint("z", 10)`,
		`[1][substr(var.pw, 1, 1) == "a" ? 0 : 1]`,
	} {
		text += fmt.Sprintf("locals {\n  g%d = %s\n}\n", i, guess)
	}
	for i, guess := range []string{
		`substr(var.pw, 0, 1) == "a" ? "x" : ""`, `substr(var.pw, 0, 1) == "a" ? "x" : null`,
		`jsondecode(substr(var.pw, 0, 1) == "a" ? "1" : "[1]")`,
	} {
		text += strings.Replace(fmt.Sprintf(secretProvider, guess), "corp", fmt.Sprintf("p%d", i), 1)
	}
	said := map[string]bool{}
	for _, pw := range []string{"aa", "ab", "ba", "bb"} {
		cfg, diags := load(t, complete("main.hcl", text+`
scope "staff" {
  ou       = "OU=Staff,DC=corp"
  provider = provider.ad.p0
}
`), config.Options{Environ: []string{"DIRFORM_SECRET_pw=" + pw, "JOB=" + pw}})
		var b strings.Builder
		config.WriteDiagnostics(&b, cfg.Files, diags, false)
		j, err := json.Marshal(config.DiagnosticsJSON(cfg.Files, diags))
		if err != nil || len(diags) != 1 || !strings.Contains(b.String(), "main.hcl:3, main.hcl:6") {
			t.Errorf("%s: %v\n%s", pw, err, b.String())
		}
		said[b.String()+string(j)] = true
	}
	if len(said) != 1 {
		t.Errorf("what is said tells secrets apart: %v", said)
	}
}

// TestSecretsAreListed checks what a frontend keeps out of what others say.
func TestSecretsAreListed(t *testing.T) {
	text := `
variable "pw" { sensitive = true }
variable "list" {}
variable "plain" {}
` + fmt.Sprintf(secretProvider, `"${var.pw}${env("JOB")}${var.list}${var.plain}"`)
	cfg := must(t, text, config.Options{Environ: []string{
		"DIRFORM_VAR_pw=one", "DIRFORM_SECRET_list=two", "DIRFORM_VAR_plain=three", "JOB=four", "OTHER=five"}})
	if want := []string{"four", "one", "two"}; !slices.Equal(cfg.Secrets, want) {
		t.Errorf("%q", cfg.Secrets)
	}
}
