package cli

import (
	"bytes"
	"encoding/json"
	"log"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/state/crash"
)

// crashing runs a command and gives its status, of the return or of Exit, and standard error.
func crashing(t *testing.T, run func(*App), args ...string) (int, string) {
	t.Helper()
	var stderr bytes.Buffer
	exited := make(chan int, 1)
	env := Environment{Args: append([]string{"fall"}, args...), Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &stderr,
		Environ: []string{"DIRFORM_SECRET_KEY=a-long-secret"}, Terminal: Terminal{Err: true},
		Secret: func(prompt string) (string, error) { return prompt + "typed", nil }, Exit: func(code int) { exited <- code }}
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

// With --log-format json the last words are lines of the log, too, and so is what libraries print.
func TestTheLogOfACrashIsJSON(t *testing.T) {
	status, text := crashing(t, func(a *App) {
		log.SetFlags(0)
		defer log.SetFlags(log.LstdFlags)
		log.Print("a library's word")
		a.Notef("Half a line")
		secret, err := a.Env.Secret("Password: ")
		a.Notef(" and its end: %s %v\n\n", secret, err)
		p := a.StartProgress(func() string { return "Reading" })
		p.draw()
		p.Say("in between")
		p.End()
		panic("a-long-secret was here")
	}, "--log-format", "json")
	if status != ExitFailure {
		t.Errorf("status %d", status)
	}
	said := map[string]bool{}
	for line := range strings.Lines(text) {
		var r struct{ Time, Level, Msg, Detail, Stack string }
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Time == "" || r.Level == "" {
			t.Errorf("%v: %q", err, line)
		}
		said[r.Msg] = true
		if r.Msg == "Where it was" && !strings.Contains(r.Stack, "crash_test.go") || r.Msg == "Crash in dirform" && r.Detail == "" {
			t.Errorf("%+v", r)
		}
	}
	for _, want := range []string{"a library's word", "Password: ", "Half a line and its end: typed <nil>", "Reading", "in between", "Crash in dirform", "Where it was"} {
		if !said[want] {
			t.Errorf("nothing of %q in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "a-long-secret") {
		t.Errorf("tells a secret:\n%s", text)
	}
}
