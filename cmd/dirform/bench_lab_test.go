package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
)

// benchUsers is how large the directories of benchmarks are: DIRFORM_BENCH_USERS, or 100,000.
func benchUsers(b *testing.B) int {
	text := os.Getenv("DIRFORM_BENCH_USERS")
	if text == "" {
		return 100_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("DIRFORM_BENCH_USERS=%s is not a number of users", text)
	}
	return n
}

// benchRules is what the benchmarks plan: everybody, with the default mapping.
const benchRules = `
upn_suffix "contoso.com" {}
scope "staff" {
  ou = "OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com"
}
mapping "staff" {
  scope  = scope.staff
  object = "user"
  preset = "default"
}
link_policy "staff" {
  scope = scope.staff
}
`

// bench is a directory pair served by a process of its own, and a configuration that uses it.
type bench struct {
	b      *testing.B
	dir    string // of the configuration
	binary string // dirform as it is released
	access accessDocument
	cfg    *config.Config
}

// newBench builds dirform, generates a seed and serves it until the benchmark ends. options are those of "lab generate".
func newBench(b *testing.B, users int, options ...string) *bench {
	b.Helper()
	x := &bench{b: b, dir: b.TempDir()}
	x.binary = build(b, x.dir)
	x.succeed(append([]string{"lab", "generate", "seed", "--users", strconv.Itoa(users)}, options...)...)
	x.serve()
	if err := os.WriteFile(filepath.Join(x.dir, "main.hcl"), append(providerBlocks(x.access), benchRules...), 0o600); err != nil {
		b.Fatal(err)
	}
	cfg, diags := config.Load(config.Options{Dir: x.dir, Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema}})
	if diags.HasErrors() {
		b.Fatal(diags)
	}
	x.cfg = cfg
	return x
}

// build makes the binary that people run: the test's own is another, larger one.
func build(b *testing.B, dir string) string {
	b.Helper()
	binary := filepath.Join(dir, "dirform")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// serve runs "lab serve" in a process of its own.
func (x *bench) serve() {
	x.b.Helper()
	cmd := exec.Command(x.binary, "lab", "serve", "seed", "--json")
	cmd.Dir, cmd.Stderr = x.dir, os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		x.b.Fatal(err)
	}
	x.b.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &x.access)
	}
	if err != nil {
		x.b.Fatalf("lab serve: %v", err)
	}
}

// usage is what a run of dirform took.
type usage struct {
	wall, cpu time.Duration
	rss       int64 // peak, bytes
	code      int
	stdout    string
}

// run runs dirform in a process of its own.
func (x *bench) run(args ...string) usage {
	x.b.Helper()
	cmd := exec.Command(x.binary, args...)
	cmd.Dir = x.dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	start := time.Now()
	out, err := cmd.Output()
	u := usage{wall: time.Since(start), code: cmd.ProcessState.ExitCode(), stdout: string(out)}
	u.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.rss = r.Maxrss << 10 // Linux counts in KiB
	}
	if err != nil && u.code <= exitFailure {
		x.b.Fatalf("dirform %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return u
}

// succeed is run for commands that must succeed.
func (x *bench) succeed(args ...string) usage {
	x.b.Helper()
	u := x.run(args...)
	if u.code != 0 {
		x.b.Fatalf("dirform %s: status %d\n%s", strings.Join(args, " "), u.code, u.stdout)
	}
	return u
}

// row is one line of a benchmark's table: a number, and the budget it is held against, 0 for none.
type row struct {
	name   string
	value  float64
	unit   string // as testing reports it
	budget float64
}

// report prints the table and hands the numbers to testing. A budget that is exceeded is said, but fails nothing: on a busy
// machine times mean little.
func report(b *testing.B, title string, rows ...row) {
	fmt.Printf("\n%s\n", title)
	for _, r := range rows {
		note := ""
		if r.budget > 0 {
			note = fmt.Sprintf("  budget %g", r.budget)
			if r.value > r.budget {
				note += ", over budget"
			}
		}
		fmt.Printf("  %-36s %10.2f %s%s\n", r.name, r.value, r.unit, note)
		b.ReportMetric(r.value, r.unit)
	}
	b.ReportMetric(0, "ns/op") // whole rounds are measured, so that a time per iteration means nothing
}
