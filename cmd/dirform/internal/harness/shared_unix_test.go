//go:build unix

package harness_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/cmd/dirform/internal/labcmd"
	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/store/storetest"
)

// shared is a stage whose record is in PostgreSQL, for processes of dirform.
type shared struct {
	*stage
	t      *testing.T
	binary string
	want   []string
}

// accounts are a picture's lines about the directories.
func accounts(picture []string) []string {
	return slices.DeleteFunc(slices.Clone(picture), func(line string) bool { return strings.HasPrefix(line, "link ") })
}

// share copies a stage whose record does not exist, with its record at an address.
func share(t *testing.T, first *stage, binary string, want []string, address string) *shared {
	t.Helper()
	s := &shared{first.copied(t), t, binary, want}
	s.lab.SetFaults(lab.Faults{Latency: 100 * time.Millisecond})
	source, err := s.lab.ServeAD()
	check(t, err)
	tenant, err := s.lab.ServeEntra()
	check(t, err)
	_, rules, _ := strings.Cut(rulesText(), "upn_suffix")
	text := string(labcmd.ProviderBlocks(labcmd.Access{AD: &source, Entra: &tenant})) + "upn_suffix" + rules +
		fmt.Sprintf("dirform {\n  state \"postgres\" {\n    url = %q\n    name = \"contoso\"\n  }\n}\n", address)
	check(t, os.WriteFile(filepath.Join(s.dir, "main.hcl"), []byte(text), 0o600))
	return s
}

// dirform is a process that has not started.
func (s *shared) dirform(args ...string) (cmd *exec.Cmd, out *bytes.Buffer) {
	out = &bytes.Buffer{}
	cmd = exec.Command(s.binary, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, out, out
	return cmd, out
}

// run runs dirform, and fails the test if that ends otherwise than with a status.
func (s *shared) run(status int, args ...string) string {
	s.t.Helper()
	cmd, out := s.dirform(args...)
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != status {
		s.t.Errorf("%v: %v\n%s", args, err, out)
	}
	return out.String()
}

// unlock frees the lock of a run, should it be held, as a person does: by the id that the refusal names.
func (s *shared) unlock() {
	s.t.Helper()
	cmd, out := s.dirform("force-unlock")
	if cmd.Run() == nil {
		return
	}
	id := regexp.MustCompile(`force-unlock ([0-9a-f]{16})`).FindStringSubmatch(out.String())
	if id == nil {
		s.t.Fatal(out)
	}
	s.run(0, "force-unlock", id[1])
}

// converged checks that one more apply, and nothing else, makes all as it should be.
func (s *shared) converged() {
	s.t.Helper()
	s.lab.SetFaults(lab.Faults{})
	s.unlock()
	s.run(0, "apply", "--auto-approve")
	s.run(0, "plan", "--detailed-exitcode")
	if d := cmp.Diff(accounts(s.want), accounts(s.picture())); d != "" {
		s.t.Error(d)
	}
	links := 0
	for _, line := range s.want {
		if strings.HasPrefix(line, "link ") {
			links++
		}
	}
	if got := strings.Count(s.run(0, "state", "list"), "\n"); got < links || got > links+3 { // and some words
		s.t.Errorf("%d links, not %d", got, links)
	}
}

// TestProcessesShareARecord: processes of dirform whose record is in PostgreSQL are killed at any moment, lose their
// server, are stopped until somebody else has the lock, or lose the lock while they write. Nothing is doubled, lost or
// left over.
func TestProcessesShareARecord(t *testing.T) {
	if !quick.Long() {
		t.Skip("part of the long form: DIRFORM_LONG=1")
	}
	binary := filepath.Join(t.TempDir(), "dirform")
	if out, err := exec.Command("go", "build", "-o", binary,
		"github.com/dirform/dirform/cmd/dirform").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	server := storetest.StartServer(t)
	first := scenes()[0].set(t)
	want := undisturbed(t, first)
	first.rest()
	random := rand.New(rand.NewPCG(3, 4))
	kill := func(address string) func(*testing.T) {
		return func(t *testing.T) {
			s := share(t, first, binary, want, address)
			defer s.close()
			killed := 0
			for range 8 {
				cmd, _ := s.dirform("apply", "--auto-approve")
				check(t, cmd.Start())
				time.Sleep(time.Duration(100+random.IntN(900)) * time.Millisecond)
				_ = cmd.Process.Kill()
				if cmd.Wait() != nil {
					killed++
				}
				s.unlock()
			}
			if killed < 3 {
				t.Errorf("only %d of 8 were killed", killed)
			}
			s.converged()
		}
	}
	t.Run("killed", kill(server.Database()))
	t.Run("killed behind a pooler", kill(server.Pooled(server.Database())))
	t.Run("the server restarts", func(t *testing.T) {
		s := share(t, first, binary, want, server.Database())
		defer s.close()
		cmd, out := s.dirform("apply", "--auto-approve")
		check(t, cmd.Start())
		for range 3 {
			time.Sleep(time.Duration(300+random.IntN(500)) * time.Millisecond)
			server.Stop()
			server.Start()
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		s.converged()
	})
	t.Run("the network is cut for a while", func(t *testing.T) {
		proxy, through := storetest.NewProxy(t, server.Database())
		s := share(t, first, binary, want, through)
		defer s.close()
		cmd, out := s.dirform("apply", "--auto-approve")
		check(t, cmd.Start())
		time.Sleep(time.Second)
		proxy.Cut()
		time.Sleep(4 * time.Second)
		proxy.Mend()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		s.converged()
	})
	t.Run("the lock is freed and another applies", func(t *testing.T) {
		s := share(t, first, binary, want, server.Database())
		defer s.close()
		s.lab.SetFaults(lab.Faults{Latency: 300 * time.Millisecond})
		robbed, out := s.dirform("apply", "--auto-approve")
		check(t, robbed.Start())
		time.Sleep(2500 * time.Millisecond)
		s.unlock()
		other, said := s.dirform("apply", "--auto-approve", "--lock-timeout", "20s")
		otherErr := other.Run()
		err := robbed.Wait()
		lostTheLock(t, "robbed", err, out)
		if otherErr != nil { // a write of the robbed one may have been in flight
			t.Logf("the other: %v\n%s", otherErr, said)
		}
		s.converged()
	})
	t.Run("stopped until its lock was taken over", func(t *testing.T) {
		s := share(t, first, binary, want, server.Database())
		defer s.close()
		s.lab.SetFaults(lab.Faults{Latency: 300 * time.Millisecond})
		stopped, out := s.dirform("apply", "--auto-approve")
		check(t, stopped.Start())
		time.Sleep(2500 * time.Millisecond)
		check(t, stopped.Process.Signal(syscall.SIGSTOP))
		s.lab.SetFaults(lab.Faults{})
		s.run(0, "apply", "--auto-approve", "--lock-timeout", "60s")
		check(t, stopped.Process.Signal(syscall.SIGCONT))
		lostTheLock(t, "stopped", stopped.Wait(), out)
		s.converged()
	})
}

// lostTheLock checks that a run has ended with the word that its lock is lost.
func lostTheLock(t *testing.T, what string, err error, out *bytes.Buffer) {
	t.Helper()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(out.String(), "Error: The lock of the state was lost") {
		t.Errorf("%s: %v\n%s", what, err, out)
	}
}
