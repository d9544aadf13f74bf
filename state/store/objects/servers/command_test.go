package servers_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// program is the folder of dirform: $DIRFORM, or one that is built.
func program(t *testing.T) string {
	t.Helper()
	if p := os.Getenv("DIRFORM"); p != "" {
		return filepath.Dir(p)
	}
	dir := t.TempDir()
	c := exec.Command("go", "build", "-o", filepath.Join(dir, "dirform"), "./cmd/dirform")
	c.Dir = "../../../.."
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// The key of the encryption, which the environment has.
const (
	keyVariable = "DIRFORM_SECRET_dirform_key"
	key         = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
)

const encryption = "  encryption {\n    key = var.dirform_key\n  }\n}\n"

// script runs testdata/record.txtar with the state in a store, of which block is the state block, and elsewhere one whose server
// nobody has named.
func script(t *testing.T, block, elsewhere string, environment map[string]string) {
	bin := program(t)
	testscript.Run(t, testscript.Params{Files: []string{"testdata/record.txtar"}, Setup: func(e *testscript.Env) error {
		e.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
		e.Setenv(keyVariable, key)
		for name, value := range environment {
			e.Setenv(name, value)
		}
		for name, block := range map[string]string{"state.hcl": block, "elsewhere.hcl.txt": elsewhere} {
			if err := os.WriteFile(filepath.Join(e.WorkDir, name), []byte("dirform {\n"+block+encryption), 0o600); err != nil {
				return err
			}
		}
		return nil
	}})
}
