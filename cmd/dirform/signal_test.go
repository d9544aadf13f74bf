package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
)

// process runs dirform as a process of its own.
func startProcess(t *testing.T, env cli.Environment, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	var said bytes.Buffer
	cmd := &exec.Cmd{Path: os.Args[0], Args: append([]string{"dirform"}, args...), Dir: env.Dir, Env: os.Environ(), Stdout: &said, Stderr: &said}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd, &said
}

// ended waits for a process that was signalled, and gives its status.
func ended(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	late := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode()
}

// stalls has a company's Active Directory reached through a server that passes on so many bytes of each connection, and then goes
// silent. reached is called then.
func stalls(t *testing.T, env cli.Environment, after int64, reached func()) {
	t.Helper()
	src, err := os.ReadFile(env.Dir + "/main.hcl")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(src), `"ldaps://`)
	address, _, _ := strings.Cut(rest, `"`)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	write(t, env.Dir, "main.hcl", strings.Replace(string(src), address, l.Addr().String(), 1))
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			up, err := net.Dial("tcp", address)
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close(); up.Close() })
			go io.Copy(up, c)
			go func() {
				if _, err := io.CopyN(c, up, after); err == nil {
					reached()
				}
			}()
		}
	}()
}

// TestReadingEndsAtTheFirstSignal: a command that only reads ends at the first signal, whatever it waits for, and so does an apply
// that has not begun to write.
func TestReadingEndsAtTheFirstSignal(t *testing.T) {
	t.Parallel()
	_, base := servedCompany(t)
	record, err := os.ReadFile(base.Dir + "/dirform.dfstate")
	if err != nil {
		t.Fatal(err)
	}
	waits := map[string]func(env cli.Environment, reached func()){
		"Retry-After": func(env cli.Environment, reached func()) {
			redirect(t, env, func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "/users") {
					return false
				}
				w.Header().Set("Retry-After", "200")
				w.WriteHeader(http.StatusTooManyRequests)
				time.AfterFunc(100*time.Millisecond, reached)
				return true
			})
		},
		"silent tenant": func(env cli.Environment, reached func()) {
			redirect(t, env, func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "/users") {
					return false
				}
				fmt.Fprint(w, `{"value":[`)
				w.(http.Flusher).Flush()
				time.AfterFunc(100*time.Millisecond, reached)
				<-r.Context().Done()
				return true
			})
		},
		"silent domain controller": func(env cli.Environment, reached func()) { stalls(t, env, 4000, reached) },
		"no answer at all":         func(env cli.Environment, reached func()) { stalls(t, env, 0, reached) },
	}
	for name, wait := range waits {
		for _, args := range [][]string{{"plan"}, {"drift"}, {"explain", "linked"}, {"apply", "--auto-approve"}, {"state", "rebuild"}} {
			t.Run(name+" "+args[0], func(t *testing.T) {
				t.Parallel()
				env := cli.Environment{Dir: t.TempDir()}
				copyClean(t, env.Dir, base.Dir)
				if args[0] != "state" {
					write(t, env.Dir, "dirform.dfstate", string(record))
				}
				waiting, once := make(chan bool), atomic.Bool{}
				wait(env, func() {
					if !once.Swap(true) {
						close(waiting)
					}
				})
				cmd, said := startProcess(t, env, args...)
				select {
				case <-waiting:
				case <-time.After(20 * time.Second):
					t.Fatal("it does not wait:", said)
				}
				start := time.Now()
				_ = cmd.Process.Signal(os.Interrupt)
				if status := ended(t, cmd); status != cli.ExitInterrupted || time.Since(start) > 5*time.Second {
					t.Errorf("status %d after %v: %s", status, time.Since(start), said)
				}
			})
		}
	}
}

// TestStuckCommandsEndAtTheFirstSignal: neither somebody who does not read on nor input that does not come keeps a command.
func TestStuckCommandsEndAtTheFirstSignal(t *testing.T) {
	t.Parallel()
	_, env := servedCompany(t)
	succeed(t, env, "plan", "--out", "saved.dfplan")
	for _, args := range [][]string{{"show", "saved.dfplan"}, {"history"}, {"fmt", "-"}, {"plan"}} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			in, typed, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			read, out, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range []*os.File{in, typed, read, out} {
				t.Cleanup(func() { f.Close() })
			}
			fill(t, out)
			cmd := &exec.Cmd{Path: os.Args[0], Args: append([]string{"dirform"}, args...), Dir: env.Dir, Env: os.Environ(),
				Stdin: in, Stdout: out, Stderr: out}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond)
			_ = cmd.Process.Signal(os.Interrupt)
			if status := ended(t, cmd); status != cli.ExitInterrupted {
				t.Errorf("status %d", status)
			}
		})
	}
}

// fill fills a pipe to the brim.
func fill(t *testing.T, pipe *os.File) {
	t.Helper()
	if err := pipe.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := pipe.Write(make([]byte, 1<<10)); err != nil {
			break
		}
	}
}
