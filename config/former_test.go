package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dirform/dirform/config"
)

// TestFormer: a file says where the state was, with the variables of the configuration, whatever that says by now.
func TestFormer(t *testing.T) {
	dir := t.TempDir()
	now := "variable \"folder\" {}\nvariable \"key\" {}\ndirform {\n  state \"file\" {\n    path = \"now.dfstate\"\n  }\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(now), 0o600); err != nil {
		t.Fatal(err)
	}
	const state = "state \"file\" {\n  path = \"${var.folder}/was.dfstate\"\n}\n"
	const sealed = state + "encryption {\n  key = var.key\n}\n"
	for name, test := range map[string]struct {
		src, path, says string
		keys            bool
	}{
		"by itself":          {src: state, path: "old/was.dfstate"},
		"with a key":         {src: sealed, path: "old/was.dfstate", keys: true},
		"in a dirform block": {src: "dirform {\n" + sealed + "}\n", path: "old/was.dfstate", keys: true},
		"in a whole configuration": {src: "variable \"folder\" {}\ndirform {\n" + state + "}\nprovider \"ad\" \"x\" {\n  lab = \"lab\"\n}\n",
			path: "old/was.dfstate"},
		"no state":                {src: "encryption {\n  key = var.key\n}\n", says: "has no state block"},
		"nothing":                 {src: "", says: "has no state block"},
		"a broken file":           {src: "state {", says: "former.txt"},
		"of no sort":              {src: "state \"flie\" {}\n", says: "former.txt"},
		"without a path":          {src: "state \"file\" {}\n", says: "path"},
		"a value that is missing": {src: "state \"file\" {\n  path = var.nothing\n}\n", says: "nothing"},
	} {
		o := config.Options{Dir: dir, Environ: []string{"DIRFORM_VAR_folder=old",
			"DIRFORM_SECRET_key=AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="}, Former: []byte(test.src), FormerName: "former.txt"}
		at, diags := config.StatePlace(o)
		keys, _, more := config.Encryption(o)
		if at.StatePath != test.path || diags.HasErrors() != (test.says != "") || !strings.Contains(diags.Error(), test.says) {
			t.Errorf("%s: %q, %v", name, at.StatePath, diags)
		}
		if test.says == "" && ((keys != nil) != test.keys || more.HasErrors()) {
			t.Errorf("%s: keys %v, %v", name, keys != nil, more)
		}
	}
}
