package dirtest

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/dirtest/internal/memory"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/visible"
)

// Options are what tests are run with.
type Options struct {
	// Load loads the configuration with values of variables besides those that it has anyway.
	Load    func(variables map[string]string) (*config.Config, hcl.Diagnostics)
	Now     func() time.Time
	Version string
	TempDir string
	Only    func(name string) bool // which tests; nil for all
	Done    func(*Result)          // is told of each; may be nil
}

// Result is what became of a test.
type Result struct {
	Test     *Test
	Seconds  float64
	Failures []Failure // none if it passed
}

// Passed reports whether everything was as expected.
func (r *Result) Passed() bool { return len(r.Failures) == 0 }

// Failure is an expectation that was not met.
type Failure struct {
	At      string // file:line of the expectation
	Message string // what was expected, and what is
	Detail  string // what the plan says about it, several lines perhaps
}

// Run runs the tests one after the other.
func (s *Suite) Run(ctx context.Context, o Options) (results []*Result, err error) {
	plain, diags := o.Load(nil)
	for _, t := range s.Tests {
		if o.Only != nil && !o.Only(t.Name) {
			continue
		}
		if ctx.Err() != nil {
			return results, context.Cause(ctx)
		}
		started := time.Now()
		cfg, wrong := plain, diags
		if len(t.Variables) > 0 {
			cfg, wrong = o.Load(t.Variables)
		}
		r := &Result{Test: t, Failures: t.run(ctx, cfg, wrong, &o)}
		r.Seconds = time.Since(started).Seconds()
		results = append(results, r)
		if o.Done != nil {
			o.Done(r)
		}
	}
	return results, nil
}

// run runs one test.
func (t *Test) run(ctx context.Context, cfg *config.Config, diags hcl.Diagnostics, o *Options) []Failure {
	if wrong := errorsOf(diags); len(wrong) > 0 {
		var b bytes.Buffer
		config.WriteDiagnostics(&b, cfg.Files, wrong, false)
		return t.without("the configuration has errors", b.String())
	}
	now := t.Now
	if now.IsZero() {
		now = o.Now()
	}
	b, err := build(t, cfg, now)
	if err != nil {
		return []Failure{{At: t.DeclaredAt, Message: "the test cannot be set up", Detail: told(err)}}
	}
	r := &run.Run{Config: cfg, Record: memory.Record{World: b.world}, Directories: b.world,
		Schema: providers.TenantSchema,
		Now:    func() time.Time { return now }, Version: o.Version, TempDir: o.TempDir, NewKey: func() (state.Key,
			error) {
			return memory.Key, nil
		}}
	var allowed []string
	for name, n := range t.Allow {
		allowed = append(allowed, visible.Sprintf("%s=%d", name, n))
	}
	file, err := r.Plan(ctx, run.Options{Targets: t.Targets, Excludes: t.Excludes, Allow: t.Allow, Allowed: allowed})
	if err != nil {
		return t.without("there is no plan", told(err))
	}
	defer file.Close()
	c, err := newCheck(b, file)
	if err != nil {
		return []Failure{{At: t.DeclaredAt, Message: "the plan cannot be read", Detail: told(err)}}
	}
	return c.all()
}

// without judges a test for which there is no plan.
func (t *Test) without(message, detail string) []Failure {
	want := t.Expect.Error
	switch {
	case want == "":
		return []Failure{{At: t.DeclaredAt, Message: message, Detail: detail}}
	case strings.Contains(strings.Join(strings.Fields(detail), " "), strings.Join(strings.Fields(want), " ")):
		return nil
	}
	return []Failure{{At: t.Expect.places["error"], Message: message + " as expected, but not because of " +
		visible.Quote(want), Detail: detail}}
}

func errorsOf(diags hcl.Diagnostics) (list hcl.Diagnostics) {
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			list = append(list, d)
		}
	}
	return list
}

// told is an error as people read it.
func told(err error) string {
	d := fault.Describe(err)
	text := d.Summary
	if d.Detail != "" {
		text += "\n" + d.Detail
	}
	if d.Hint != "" {
		text += "\n" + d.Hint
	}
	return text
}
