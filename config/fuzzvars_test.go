package config_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"golang.org/x/text/unicode/norm"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state/bounds"
)

// varsConfig declares what a variable file of a test gives: a secret, and a value of each other type.
const varsConfig = `variable "secret" {
  sensitive = true
}

variable "count" {
  type    = number
  default = 1
}

variable "on" {
  type    = bool
  default = true
}

variable "ous" {
  type    = list(string)
  default = ["OU=x,DC=corp"]
}

provider "ad" "corp" {
  urls     = ["ldaps://dc1.corp.contoso.com"]
  bind_dn  = "CN=svc,DC=corp"
  password = var.secret
}
`

// varsMarker stands for a secret, which no output has; no name can hold its characters.
const varsMarker = "s3cr3t+;?^"

// FuzzVarFile reads anything as a file of variables, and one line of it that is right. Whatever stands in the file,
// it is refused with its place or gives the variables their values, and none of it is shown.
func FuzzVarFile(f *testing.F) {
	values := []string{"", "x", "a\nb\t\"\\", "${var.secret}", "%{ if true }", "é\u0301", "\u202e", "R&D"}
	for i, text := range []string{"", "count = 3\n", "count = \"MARK\"\n", "on = MARK\n", "ous = [MARK]\n",
		"ous = [\"MARK\", 1]\n", "other = \"MARK\"\n", "MARK\n", "\"MARK\" = 1\n",
		"secret = \"MARK\"\n", "count = \"MARK\" + 1\n", "on = \"${MARK}\"\n", "secret = <<E\nMARK\nE\n",
		"secret = \"MARK\n", "variable \"MARK\" {\n}\n", "count = file(\"MARK\")\n",
		"count = var.MARK\n", "on = {MARK = 1}\n", "ous = {\"MARK\" = [1]}\n", "# MARK\n", "\ufeffcount = 2\n",
		"count = 1\r\n", "count = 1e400\n", "\xff MARK", "0\x00MARK\n", "#" + strings.Repeat("[", 2*bounds.Nesting) + "MARK",
		"ous = " + strings.Repeat("[", 2*bounds.Nesting) + "MARK", "ous = null\n",
		"secret = \"MARK\" + 1\n", "secret = tonumber(\"MARK\")\n", "secret = {}[\"MARK\"]\n",
		"secret = upper([\"MARK\"])\n", "secret = guid(\"MARK\")\n", "secret = {MARK = 1}\n",
		"count = tonumber(\"MARK\")\n", "count = {}[\"MARK\"]\n", "ous = [upper([\"MARK\"])]\n",
		"on = regex(\"(\", \"MARK\")\n", "count = guid(\"MARK\")\n"} {
		f.Add(text, values[i%len(values)])
	}
	dir := f.TempDir()
	path := filepath.Join(f.TempDir(), "x.vars")
	f.Fuzz(func(t *testing.T, text, value string) {
		if len(text) > 1<<12 || len(value) > 1<<10 {
			return
		}
		text = strings.ReplaceAll(text, "MARK", varsMarker)
		line := "secret = " + string(hclwrite.TokensForValue(cty.StringVal(value)).Bytes()) + "\n"
		for _, file := range []string{text, line, text + "\n" + line} {
			if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg, diags := load(t, complete("main.hcl", varsConfig), config.Options{Dir: dir, VarFiles: []string{path}})
			var b strings.Builder
			files := maps.Clone(cfg.Files) // as if somebody had added the file, to show its lines
			files[path] = &hcl.File{Bytes: []byte(file)}
			config.WriteDiagnostics(&b, files, diags, false)
			js, err := json.Marshal(config.DiagnosticsJSON(files, diags))
			if err != nil || strings.Contains(b.String()+string(js), varsMarker) {
				t.Errorf("%q is shown:\n%s", file, b.String())
			}
			for _, d := range diags {
				if d.Subject == nil || d.Subject.Filename != path && d.Subject.Filename != "main.hcl" &&
					d.Subject.Filename != "zz_rest.hcl" || len(d.Detail) < 10 {
					t.Errorf("%q: %v has no place or says nothing", file, d)
				}
			}
			if file != line || !utf8.ValidString(value) || strings.ContainsAny(value, "\r\x00") {
				continue
			}
			if diags.HasErrors() {
				if value != "" && strings.IndexFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) < 0 {
					t.Errorf("%q: %v", file, diags)
				}
			} else if got := cfg.AD[0].Password; got != norm.NFC.String(value) {
				t.Errorf("%q gives %q", file, got)
			}
		}
	})
}
