package harness_test

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/cmd/dirform/internal/labcmd"
	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state/quick"
)

// TestProcessesKilled kills real processes of dirform at any moment, one after the other, until one gets to its end.
func TestProcessesKilled(t *testing.T) {
	if !quick.Long() {
		t.Skip("part of the long form: DIRFORM_LONG=1")
	}
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "dirform")
	if out, err := exec.Command("go", "build", "-o", binary, "github.com/dirform/dirform/cmd/dirform").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	list := scenes()
	first := list[len(list)-1].set(t)
	want := undisturbed(t, first)
	first.rest()
	tally := newTally("processes", "ended", "killed", "done (0)", "lost")
	random := rand.New(rand.NewPCG(1, 2))
	for range 6 {
		s := first.copied(t)
		s.lab.SetFaults(lab.Faults{Latency: 5 * time.Millisecond})
		source, err := s.lab.ServeAD()
		check(t, err)
		tenant, err := s.lab.ServeEntra()
		check(t, err)
		_, rules, _ := strings.Cut(rulesText(), "upn_suffix")
		text := string(labcmd.ProviderBlocks(labcmd.Access{AD: &source, Entra: &tenant})) + "upn_suffix" + rules +
			"dirform {\n  state \"file\" {\n    path = \"x.dfstate\"\n  }\n}\n"
		check(t, os.WriteFile(filepath.Join(s.dir, "main.hcl"), []byte(text), 0o600))
		dirform := func(args ...string) *exec.Cmd {
			cmd := exec.Command(binary, args...)
			cmd.Dir = s.dir
			return cmd
		}
		for range 8 {
			cmd := dirform("apply", "--auto-approve")
			check(t, cmd.Start())
			time.Sleep(time.Duration(30+random.IntN(400)) * time.Millisecond)
			cmd.Process.Kill()
			if err := cmd.Wait(); err == nil {
				tally.add("of dirform apply", "done (0)")
			} else {
				tally.add("of dirform apply", "killed")
			}
		}
		for _, args := range [][]string{{"apply", "--auto-approve"}, {"plan", "--detailed-exitcode"}} {
			if out, err := dirform(args...).CombinedOutput(); err != nil {
				t.Errorf("after the kills: %v: %v\n%s", args, err, out)
			}
		}
		s.as(t, want)
		s.close()
	}
	t.Logf("\n%s", tally)
}
