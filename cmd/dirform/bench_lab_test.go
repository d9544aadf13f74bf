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
	"testing"
	"time"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/labcmd"
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
	access labcmd.Access
	cfg    *config.Config
}

// newBench builds dirform, generates a seed and serves it until the benchmark ends. options are those of "lab generate".
func newBench(b *testing.B, users int, options ...string) *bench {
	b.Helper()
	x := &bench{b: b, dir: b.TempDir()}
	x.binary = build(b, x.dir)
	x.succeed(append([]string{"lab", "generate", "seed", "--users", strconv.Itoa(users)}, options...)...)
	x.serve()
	if err := os.WriteFile(filepath.Join(x.dir, "main.hcl"), append(labcmd.ProviderBlocks(x.access), benchRules...), 0o600); err != nil {
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
	Wall, CPU time.Duration
	RSS       int64 // peak, bytes
	Code      int
	stdout    string
}

// measuredCommand runs the command that its arguments are and writes the usage to the file that the first one names. It is a
// process of its own because Linux begins counting a child's peak memory with its parent's.
func measuredCommand() {
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	start := time.Now()
	if err := cmd.Run(); cmd.ProcessState == nil { // it did not start; anything else shows in the status
		os.Stderr.WriteString(err.Error())
		os.Exit(cli.ExitFailure)
	}
	u := usage{Wall: time.Since(start), Code: cmd.ProcessState.ExitCode(), RSS: peakMemory(cmd.ProcessState)}
	u.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	text, err := json.Marshal(u)
	if err == nil {
		err = os.WriteFile(os.Args[1], text, 0o600)
	}
	if err != nil {
		os.Exit(cli.ExitFailure)
	}
}

// runMain runs dirform in a process of its own.
func (x *bench) run(args ...string) usage {
	x.b.Helper()
	file := filepath.Join(x.dir, "usage.json")
	cmd := exec.Command("dirform-measured", append([]string{file, x.binary}, args...)...)
	cmd.Dir = x.dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var text []byte
	if err == nil {
		text, err = os.ReadFile(file)
	}
	u := usage{stdout: string(out)}
	if err == nil {
		err = json.Unmarshal(text, &u)
	}
	if err != nil || u.Code == cli.ExitFailure {
		x.b.Fatalf("dirform %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return u
}

// succeed is run for commands that must succeed.
func (x *bench) succeed(args ...string) usage {
	x.b.Helper()
	u := x.run(args...)
	if u.Code != 0 {
		x.b.Fatalf("dirform %s: status %d\n%s", strings.Join(args, " "), u.Code, u.stdout)
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

// reportCost prints the table and hands the numbers to testing. A budget that is exceeded is said, but fails nothing: on a busy
// machine times mean little.
func reportCost(b *testing.B, title string, rows ...row) {
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
