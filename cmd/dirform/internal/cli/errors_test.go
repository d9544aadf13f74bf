package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// An error in JSON is on standard output, where no wall looks for secrets, so it has none.
func TestErrorsInJSONTellNoSecret(t *testing.T) {
	var stdout, stderr bytes.Buffer
	env := Environment{Args: []string{"fall", "--json"}, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Environ: []string{"DIRFORM_SECRET_KEY=a-long-secret"}}
	Main(env, func(*App) []*cobra.Command {
		cmd := &cobra.Command{Use: "fall", RunE: func(*cobra.Command, []string) error {
			return errors.New("the server says: a-long-secret is wrong")
		}}
		cmd.Flags().Bool("json", false, "")
		return []*cobra.Command{cmd}
	})
	const want = `{"error":{"summary":"The server says: (sensitive value) is wrong","detail":"","hint":"","code":null}}` + "\n"
	if stdout.String() != want || strings.Contains(stderr.String(), "a-long-secret") {
		t.Errorf("%s%s", stdout.String(), stderr.String())
	}
}

// A live line is no wider than the terminal: what has gone on to the next row cannot be taken back.
func TestLiveLineFits(t *testing.T) {
	columns := 0
	p := &Progress{wide: func() int { return columns }}
	const line = "Reading: 1 Öbject"
	for wide, want := range map[int]string{0: line, 18: line, 17: "Reading: 1 Öbje…", 10: "Reading:…", 2: "…"} {
		columns = wide
		if got := p.fitting(line); got != want || wide > 0 && len([]rune(got)) >= wide {
			t.Errorf("%d columns: %q", wide, got)
		}
	}
	if got := (&Progress{}).fitting(line); got != line {
		t.Errorf("without a terminal: %q", got)
	}
}

// A terminal that is to get no colours, or that can show none, gets no escape sequence for a live line either.
func TestLiveLineNeedsEscapes(t *testing.T) {
	for set, live := range map[string]bool{"": true, "NO_COLOR=1": false, "TERM=dumb": false} {
		var stderr bytes.Buffer
		a := &App{Env: Environment{Stderr: &stderr, Environ: []string{set}, Terminal: Terminal{Err: true}}}
		a.StartProgress(func() string { return "Reading" }).End()
		if strings.Contains(stderr.String(), "\x1b") != live {
			t.Errorf("with %q: %q", set, &stderr)
		}
	}
}
