package config_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state/seal"
)

// Two keys for tests, and whoever else may read them.
const (
	newKey = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
	oldKey = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
)

const encrypted = `
dirform {
  encryption {
    key      = %KEY
    previous = %PREVIOUS
  }
}
variable "key" { sensitive = true }
variable "old" { default = null }
variable "all" {
  type    = list(string)
  default = []
}
`

// opens reports whether keys open what a key has sealed.
func opens(t *testing.T, keys *seal.Keys, text string) bool {
	t.Helper()
	key, err := seal.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w, err := seal.New(key).Writer(&file, seal.Plan)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = keys.Open(bytes.NewReader(file.Bytes()), int64(file.Len()), seal.Plan)
	return err == nil
}

// TestEncryptionKeys: keys come from variables, the environment or, for nobody's secrets, the configuration itself.
func TestEncryptionKeys(t *testing.T) {
	for _, test := range []struct{ key, previous string }{
		{"var.key", "[var.old]"}, {"var.key", `[env("OLD")]`}, {"var.key", "var.all"}, {`env("KEY")`, `["` + oldKey + `"]`},
	} {
		text := strings.NewReplacer("%KEY", test.key, "%PREVIOUS", test.previous).Replace(encrypted)
		o := config.Options{Environ: []string{"DIRFORM_SECRET_key=" + newKey, "DIRFORM_SECRET_old=" + oldKey,
			`DIRFORM_SECRET_all=["` + oldKey + `"]`, "KEY=" + newKey, "OLD=" + oldKey}}
		cfg := must(t, text, o)
		if !opens(t, cfg.Encryption, newKey) || !opens(t, cfg.Encryption, oldKey) {
			t.Errorf("%v: a key is not among them", test)
		}
	}
	if cfg := must(t, "", config.Options{}); cfg.Encryption != nil {
		t.Error("keys from nowhere")
	}
}

// TestEncryptionAlone: what needs only the keys gets them from a configuration that is not right elsewhere; keys that are
// declared and missing are an error and never none.
func TestEncryptionAlone(t *testing.T) {
	text := strings.NewReplacer("%KEY", "var.key", "%PREVIOUS", "[]").Replace(encrypted)
	for name, test := range map[string]struct {
		text    string
		environ []string
		keys    bool
		fault   string
	}{
		"all right":     {text, []string{"DIRFORM_SECRET_key=" + newKey}, true, ""},
		"no value":      {text, nil, false, "The key of the encryption block is missing"},
		"a wrong value": {text, []string{"DIRFORM_SECRET_key=" + newKey[1:]}, false, "Invalid key"},
		"wrong elsewhere": {text + "scope \"x\" { ou = nothing }\nvariable \"unset\" {}\n",
			[]string{"DIRFORM_SECRET_key=" + newKey}, true, ""},
		"no block":      {`dirform { required_version = ">= 99" }`, nil, false, ""},
		"cannot parse":  {text + "scope {", []string{"DIRFORM_SECRET_key=" + newKey}, false, "Unclosed configuration block"},
		"not a block":   {`dirform { encryption = "x" }`, nil, false, ""},
		"without value": {strings.Replace(text, "var.key", "null", 1), nil, false, "Value missing"},
	} {
		dir := t.TempDir()
		load(t, map[string]string{"main.hcl": test.text}, config.Options{Dir: dir})
		keys, secrets, diags := config.Encryption(config.Options{Dir: dir, Environ: test.environ, Version: "0.1.0"})
		if (keys != nil) != test.keys || diags.HasErrors() != (test.fault != "") {
			t.Errorf("%s: keys %v, %v", name, keys != nil, diags)
		}
		if test.keys && !strings.Contains(strings.Join(secrets, " "), newKey) {
			t.Errorf("%s: the key is not among the secrets", name)
		}
		if test.fault != "" && !said(diags, test.fault) {
			t.Errorf("%s: %v", name, diags)
		}
	}
}

func said(diags hcl.Diagnostics, summary string) bool {
	for _, d := range diags {
		if d.Summary == summary {
			return true
		}
	}
	return false
}
