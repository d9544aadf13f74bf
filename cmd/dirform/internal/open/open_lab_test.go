package open

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
)

func TestLabDataStaysInItsFolder(t *testing.T) {
	seen := map[string]string{}
	for _, folder := range []string{"lab", "./lab/", "labs/corp", "labs+corp", "../lab", "..", ".", "/lab", ".lab"} {
		data := LabAt("/c", folder).Data
		if filepath.Dir(data) != "/c/.dirform/lab" {
			t.Errorf("%s: %s", folder, data)
		}
		clean := filepath.Clean(folder)
		if other, ok := seen[data]; ok && other != clean {
			t.Errorf("%s and %s share %s", other, clean, data)
		}
		seen[data] = clean
	}
}

func TestHolderNamesCommandPersonAndProcess(t *testing.T) {
	a := &cli.App{Env: cli.Environment{Environ: []string{"USER=jane"}}}
	if got := holder(a, "apply"); !strings.HasPrefix(got, "apply by jane@") || !strings.Contains(got, " pid ") {
		t.Error(got)
	}
	a.Env.Environ = nil // in cron and containers
	if got := holder(a, "apply"); strings.Contains(got, "unknown") || strings.Contains(got, "by @") {
		t.Error(got)
	}
}

// The seed's manners hold where the lab is used, and a lab with a quota is not asked for more than it grants.
func TestLabMannersInSeed(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "seed"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "seed/corp.ldif", "version: 1\n\ndn: OU=Staff,DC=corp,DC=contoso,DC=com\nobjectClass: organizationalUnit\n")
	writeFile(t, dir, "seed/tenant.json", `{"lab":{"throttle":"L","read_only":true},"domains":[{"id":"contoso.com","isDefault":true}]}`)
	d := NewDirectories(&cli.App{}, dir)
	defer d.Close()
	l, err := d.openLab("seed")
	if err != nil {
		t.Fatal(err)
	}
	if f := l.lab.Faults(); !f.ReadOnly || f.Throttle == nil {
		t.Errorf("%+v", f)
	}
	if c, err := l.entraConfig(); err != nil || c.Unpaced {
		t.Errorf("unpaced %v, %v", c.Unpaced, err)
	}
}
