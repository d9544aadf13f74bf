package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/state/crash"
)

// crashing runs a command and gives its status, of the return or of Exit, and standard error.
func crashing(t *testing.T, run func(*App)) (int, string) {
	t.Helper()
	var stderr bytes.Buffer
	exited := make(chan int, 1)
	env := Environment{Args: []string{"fall"}, Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &stderr,
		Environ: []string{"DIRFORM_SECRET_KEY=a-long-secret"}, Exit: func(code int) { exited <- code }}
	status := Main(env, func(a *App) []*cobra.Command {
		return []*cobra.Command{{Use: "fall", RunE: func(*cobra.Command, []string) error { run(a); return nil }}}
	})
	select {
	case status = <-exited:
	default:
	}
	return status, stderr.String()
}

func TestACrashIsStatusOne(t *testing.T) {
	released := false
	where := map[string]func(*App){
		"in a command": func(*App) {
			defer func() { released = true }()
			var none []int
			_ = none[3]
		},
		"in a goroutine": func(*App) {
			done := make(chan bool)
			go func() {
				defer close(done)
				defer func() { _ = recover() }() // the real Exit does not return
				defer crash.Guard()
				panic("a-long-secret was here")
			}()
			<-done
		},
	}
	for name, run := range where {
		status, text := crashing(t, run)
		if status != ExitFailure {
			t.Errorf("%s: status %d", name, status)
		}
		for _, want := range []string{"Crash in dirform", reportTo, "crash_test.go"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: nothing of %q in:\n%s", name, want, text)
			}
		}
		if strings.Contains(text, "a-long-secret") {
			t.Errorf("%s: tells a secret:\n%s", name, text)
		}
	}
	if !released {
		t.Error("what the command held was not given back")
	}
	if status, _ := crashing(t, func(*App) {}); status != ExitDone {
		t.Errorf("without a crash: status %d", status)
	}
}
