package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/labcmd"
	"github.com/dirform/dirform/providers/lab"
)

// requests is what a run has asked of both directories.
type requests struct {
	LDAP  int            // searches, a page each
	Graph map[string]int // by method and path
}

// total is the number of HTTP requests.
func (r requests) total() int {
	n := 0
	for _, k := range r.Graph {
		n += k
	}
	return n
}

// pages is how many requests the pages of so many users take on each side: 1,000 and 999 users to a page.
func pages(users int) (ldap, graph int) { return (users + 999) / 1000, (users + 998) / 999 }

// countedPlan plans against a lab in this process, which can be asked afterwards what it was asked. dir holds the seed and, if
// it was planned for before, the state.
func countedPlan(dir string) (status int, counted requests, output string, err error) {
	l, err := lab.Open(lab.Options{Seed: filepath.Join(dir, "seed")})
	if err != nil {
		return 0, requests{}, "", err
	}
	defer l.Close()
	source, err := l.ServeAD()
	if err != nil {
		return 0, requests{}, "", err
	}
	tenant, err := l.ServeEntra()
	if err != nil {
		return 0, requests{}, "", err
	}
	access := labcmd.Access{AD: &source, Entra: &tenant}
	if err := os.WriteFile(filepath.Join(dir, "main.hcl"), append(labcmd.ProviderBlocks(access), benchRules...), 0o600); err != nil {
		return 0, requests{}, "", err
	}
	var out strings.Builder
	status = Main(cli.Environment{
		Args: []string{"plan", "--detailed-exitcode"}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Dir: dir, Now: time.Now,
	})
	return status, requests{LDAP: l.ADSearches(), Graph: l.Stats().Requests}, out.String(), nil
}

// countedPlanCommand is countedPlan as a command, so that a benchmark can keep the lab out of its own process: it prints the
// requests as JSON and exits with the plan's status.
func countedPlanCommand() {
	status, counted, output, err := countedPlan(os.Args[1])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(counted)
	}
	if err != nil {
		output += err.Error()
		status = cli.ExitFailure
	}
	os.Stderr.WriteString(output)
	os.Exit(status)
}

// A plan asks for pages, never for single objects, whatever it then finds to do for them.
func TestPlanAsksForPagesOnly(t *testing.T) {
	for _, options := range []lab.GenerateOptions{{Linked: true}, {Matched: 0.5}, {}} {
		counted := func(users int) requests {
			dir := t.TempDir()
			if err := lab.Generate(filepath.Join(dir, "seed"), users, options); err != nil {
				t.Fatal(err)
			}
			status, counted, output, err := countedPlan(dir)
			if err != nil || status != cli.ExitPending {
				t.Fatalf("status %d, %v\n%s", status, err, output)
			}
			return counted
		}
		few, many := counted(10), counted(2000)
		want := requests{LDAP: few.LDAP + 1, Graph: maps.Clone(few.Graph)}
		switch {
		case options.Linked:
			want.Graph["GET /users"] += 2 // 2,000 and the administrator
		case options.Matched > 0:
			want.Graph["GET /users"]++
		}
		if diff := cmp.Diff(want, many); diff != "" {
			t.Errorf("%+v: requests of 2,000 users, from those of 10\n%s", options, diff)
		}
		if n := few.total(); n > 13 {
			t.Errorf("%+v: %d requests for 10 users: %v", options, n, slices.Sorted(maps.Keys(few.Graph)))
		}
	}
}
