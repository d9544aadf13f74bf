// Package harness_test puts dirform between two real servers and breaks what lies between them: it kills runs at every
// request and at every write to the record, damages replies and files, and changes things behind a plan's back. What a run
// leaves is then held against what an undisturbed one leaves.
//
// The short form is part of go test. The long form takes minutes and asks every question at every point:
//
//	DIRFORM_LONG=1 go test -v ./cmd/dirform/internal/harness
package harness_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// long reports whether the long form is asked for.
// stage is both directories, the relays before them, and a folder with the record.
type stage struct {
	t     testing.TB
	dir   string
	lab   *lab.Lab
	ldap  *ldapRelay
	graph *graphRelay
	cfg   *config.Config
	state string // the record's path
	now   time.Time
	ahead *atomic.Int64 // nanoseconds by which the servers' clocks are

	identity ad.Config // how to sign in to the source, through the relay
	token    string    // of the tenant
	clock    *clock
	timeout  time.Duration // of silence, on either side
}

// open serves the directories that lie in a folder, and puts relays before them.
func openStage(t testing.TB, dir string, cfg *config.Config) *stage {
	t.Helper()
	s := &stage{t: t, dir: dir, cfg: cfg, state: filepath.Join(dir, "x.dfstate"), now: time.Now(), clock: newClock(), ahead: new(atomic.Int64),
		timeout: 20 * time.Second}
	l, err := lab.Open(lab.Options{Seed: filepath.Join(dir, "lab"), Data: filepath.Join(dir, "data"),
		Record: os.Getenv("DIRFORM_LAB_RECORD"),
		Now:    func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }})
	check(t, err)
	t.Cleanup(func() { l.Close() })
	source, err := l.ServeAD()
	check(t, err)
	tenant, err := l.ServeEntra()
	check(t, err)
	ca, err := os.ReadFile(source.CAFile)
	check(t, err)
	server := filepath.Join(dir, "data", "server.pem")
	cert, err := tls.LoadX509KeyPair(server, server)
	check(t, err)
	s.lab, s.token = l, tenant.AccessToken
	s.ldap = startLDAP(t, strings.TrimPrefix(source.URL, "ldaps://"), cert)
	s.graph = startGraph(t, l.Tenant().Handler())
	s.identity = ad.Config{URLs: []string{s.ldap.url()}, BaseDN: source.BaseDN, BindDN: source.BindDN,
		Password: source.Password, CA: ca}
	return s
}

// copied is the stage as it lies on the disk, in another folder: with the record and both directories as they are.
func (s *stage) copied(t testing.TB) *stage {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Dir(s.dir), "stage")
	check(t, err)
	copyAll(t, s.dir, dir)
	c := openStage(t, dir, s.cfg)
	c.later(time.Duration(s.ahead.Load()))
	return c
}

// later lets time go by, on all clocks.
func (s *stage) later(d time.Duration) {
	s.ahead.Add(int64(d))
	s.now = s.now.Add(d)
}

// copyAll copies the files below a folder, locks and marks of a running process aside.
func copyAll(t testing.TB, from, to string) {
	t.Helper()
	check(t, filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		rel, _ := filepath.Rel(from, path)
		switch {
		case err != nil || strings.Contains(d.Name(), "lock") || strings.HasSuffix(d.Name(), "-shm"):
			return err
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o600)
	}))
}

// rest stops the servers, and leaves what lies on the disk.
func (s *stage) rest() {
	s.ldap.stop()
	s.graph.stop()
	s.lab.Close()
}

// close stops the servers before the test ends, so that hundreds of them do not run at once.
func (s *stage) close() {
	s.rest()
	os.RemoveAll(s.dir)
}

// process is one process of dirform: its connections, and its record.
type process struct {
	s       *stage
	closers []func() error
	readers map[string]providers.SourceReader
	tenant  providers.TenantReader
	life    *life // nil: nobody kills it
	// progress is told what becomes of changes; may be nil.
	progress func(apply.Event)
}

func (s *stage) process(l *life) *process {
	return &process{s: s, life: l, readers: map[string]providers.SourceReader{}}
}

// end closes what the process has opened, as its end would.
func (p *process) end() {
	for _, c := range slices.Backward(p.closers) {
		c()
	}
}

func (p *process) source() ad.Config {
	cfg := p.s.identity
	cfg.Timeout = p.s.timeout
	return cfg
}

func (p *process) entra() entra.Config {
	return entra.Config{TenantID: p.s.lab.Tenant().ID(), Endpoint: p.s.graph.endpoint(), AccessToken: p.s.token,
		CAOnly: true, Unpaced: true, Clock: p.s.clock, IdleTimeout: p.s.timeout, Getenv: func(string) string { return "" }}
}

func (p *process) Source(ctx context.Context, c *config.ADProvider) (providers.SourceReader, error) {
	if r, ok := p.readers[c.Name]; ok {
		return r, nil
	}
	r, err := ad.Open(ctx, p.source())
	if err != nil {
		return nil, err
	}
	p.readers[c.Name], p.closers = r, append(p.closers, r.Close)
	return r, nil
}

func (p *process) Tenant(ctx context.Context, _ *config.EntraProvider) (providers.TenantReader, error) {
	if p.tenant != nil {
		return p.tenant, nil
	}
	r, err := entra.Open(ctx, p.entra())
	if err != nil {
		return nil, err
	}
	p.tenant, p.closers = r, append(p.closers, r.Close)
	return r, nil
}

func (p *process) OpenSourceWriter(ctx context.Context, _ *config.ADProvider) (providers.SourceWriter, error) {
	w, err := ad.OpenWriter(ctx, p.source())
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, w.Close)
	return w, nil
}

func (p *process) OpenTenantWriter(ctx context.Context, _ *config.EntraProvider) (providers.TenantWriter, error) {
	w, err := entra.OpenWriter(ctx, p.entra())
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, w.Close)
	return w, nil
}

// run is a run of the process with a record.
func (p *process) run(record run.Record) *run.Run {
	return &run.Run{Config: p.s.cfg, Record: record, Directories: p, Schema: providers.TenantSchema,
		Now: func() time.Time { return p.s.now }, Version: "0.1.0", TempDir: p.s.dir, RetryDelay: time.Millisecond}
}

// plan makes a plan; out is where it is saved, "" for nowhere.
func (s *stage) plan(out string) (*planfile.Reader, error) {
	p := s.process(nil)
	defer p.end()
	record, err := sqlite.OpenReadOnly(s.t.Context(), s.state)
	if err != nil {
		return nil, err
	}
	defer record.Close()
	return p.run(record).Plan(s.t.Context(), run.Options{Out: out})
}

// apply plans and applies, or with a reviewed plan applies what it has in common with today's.
func (s *stage) apply(reviewed *planfile.Reader) (*run.Result, error) {
	return s.applyAs(s.process(nil), reviewed)
}

func (s *stage) applyAs(p *process, reviewed *planfile.Reader) (*run.Result, error) {
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	defer p.end()
	record, err := sqlite.Open(ctx, s.state, store.Options{Holder: "test", Now: func() time.Time { return s.now }})
	if err != nil {
		return nil, err
	}
	defer record.Close()
	writable := run.WritableRecord(open.WritableRecord{Locked: record})
	if p.life != nil {
		defer p.life.over()
		p.life.begin(s, cancel)
		writable = &mortalRecord{writable, p.life}
	}
	return p.run(record).Apply(ctx, run.ApplyOptions{Record: writable, Writer: p, Reviewed: reviewed, Hard: ctx,
		Progress: p.progress})
}

// status is what the command would exit with.
func status(r *run.Result, err error) int {
	switch {
	case err != nil && r != nil && r.Applied > r.InPlace:
		return 3
	case err != nil:
		return 1
	case r.Interrupted:
		return 130
	case !r.Complete():
		return 3
	}
	return 0
}

// mustApply applies, of which everything must succeed.
func (s *stage) mustApply() *run.Result {
	s.t.Helper()
	r, err := s.apply(nil)
	if err != nil || !r.Complete() {
		s.t.Fatalf("apply: %v\n%s", err, failures(r))
	}
	return r
}

func failures(r *run.Result) string {
	if r == nil {
		return "no result"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%+v\n", r.Counts)
	for _, f := range r.Failures {
		fmt.Fprintf(&b, "%s %s %s %s: %s\n", f.Action, f.Address, f.Attribute, f.Status, f.Reason)
	}
	return b.String()
}

// settled checks that nothing is left to be done.
func (s *stage) settled() error {
	file, err := s.plan("")
	if err != nil {
		return err
	}
	defer file.Close()
	var left []string
	for c, err := range file.Changes() {
		if err != nil {
			return err
		}
		left = append(left, fmt.Sprintf("%s %s %v", c.Action, c.Address, c.Attributes))
	}
	for r, err := range file.Records() {
		if err != nil {
			return err
		}
		left = append(left, fmt.Sprintf("record %+v", *r))
	}
	if len(left) > 0 {
		return fmt.Errorf("a second plan is not empty:\n%s", strings.Join(left, "\n"))
	}
	return nil
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// load compiles a configuration.
func load(t testing.TB, dir, text string) *config.Config {
	t.Helper()
	check(t, os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(text), 0o600))
	cfg, diags := config.Load(config.Options{Dir: dir, Version: "0.1.0",
		Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return cfg
}
