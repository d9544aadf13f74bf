package shell_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/dirform/dirform/state/shell"
)

func TestLine(t *testing.T) {
	words := []string{"monday.dfplan", "a b", "it's", `"x"`, "$HOME", "`id`", "*", "~", "", `a\b`, "a=[\"b\", 'c']", "deletes=5", "ö", "#", "!x", "a;b", "{a,b}", "!"}
	line := shell.Line(words...)
	if !strings.HasPrefix(line, `monday.dfplan 'a b' 'it'\''s' `) {
		t.Errorf("%s", line)
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell here")
	}
	out, err := exec.Command(sh, "-c", `printf '%s\n' `+line).Output()
	if want := strings.Join(words, "\n") + "\n"; err != nil || string(out) != want {
		t.Errorf("%v: a shell takes %s for %q, want %q", err, line, out, want)
	}
}
