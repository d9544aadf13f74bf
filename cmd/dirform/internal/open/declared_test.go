package open

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config/declared"
)

func TestDeclaredSettingsOfABrokenConfiguration(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "a.hcl", `
provider "ad" "corp" {
  lab = "seed"
}
provider "entra" "contoso" {
  lab = var.where
}
scope "broken" {
`)
	writeFile(t, dir, "b.hcl", `
dirform {
  state "file" { path = "records/a.dfstate" }
}
provider "entra" "contoso" { lab = "other" }
`)
	if at, err := declaredState(inFolder(dir), &Variables{}); err != nil || at.StatePath != "records/a.dfstate" {
		t.Errorf("state %+v, %v", at, err)
	}
	if ad, entra, err := declared.Labs(dir); ad != "seed" || entra != "other" || err != nil {
		t.Errorf("labs %q and %q, %v", ad, entra, err)
	}
	if at, err := declaredState(inFolder(t.TempDir()), &Variables{}); err != nil || at.StatePath != "dirform.dfstate" {
		t.Errorf("state of an empty folder: %+v, %v", at, err)
	}
}

func inFolder(dir string) *cli.App { return &cli.App{Env: cli.Environment{Dir: dir}} }

func writeFile(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
