package apply_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

var userSchema = state.NewSchema("entra", state.User, false, []state.Attribute{
	{Name: "accountEnabled", Type: state.TypeBool}, {Name: "department"}, {Name: "displayName"}, {Name: "mail", Equality: state.EqualFold},
	{Name: "manager", Type: state.TypeReference}, {Name: "onPremisesImmutableId"}, {Name: "userPrincipalName", Equality: state.EqualFold},
})

func schema(state.Kind) *state.Schema { return userSchema }

var key = state.Key{1, 2, 3}

// fault is what happens to one write.
type fault int

const (
	fine fault = iota
	refused
	lostBefore // the reply and the write are lost
	lostAfter  // only the reply is lost
	lostOnce   // the reply and the write are lost, but not when it is sent again
	notFound   // refused once with 404
)

type account struct {
	id      string
	attrs   map[string]state.Value
	deleted bool
}

// tenant is a tenant in memory.
type tenant struct {
	providers.TenantReader
	mu       sync.Mutex
	accounts map[string]*account
	next     int
	fault    func(w providers.Write) fault
	sent     []providers.Write                              // every request, effective or not
	effects  []providers.Write                              // those that had an effect, with the id of what they created
	before   func(ctx context.Context, w []providers.Write) // called with each batch, before anything else
	lookups  int
	failRead error
	failFrom int  // the look-up from which on reading fails, counted from 1
	blind    bool // replication: nothing written is to be seen
	late     int  // replication: so many look-ups find nothing
}

func newTenant() *tenant {
	return &tenant{accounts: map[string]*account{}, fault: func(providers.Write) fault { return fine }}
}

func (t *tenant) add(id string, attrs map[string]state.Value) *account {
	a := &account{id: id, attrs: maps.Clone(attrs)}
	t.accounts[id] = a
	return a
}

func (t *tenant) Lookup(ctx context.Context, kind state.Kind, ids []string, shape *state.Shape) providers.Objects {
	return t.stream(ctx, shape, func(a *account) bool { return slices.Contains(ids, a.id) })
}

func (t *tenant) FindByAnchor(ctx context.Context, _ state.Kind, anchors []string, shape *state.Shape) providers.Objects {
	return t.stream(ctx, shape, func(a *account) bool { return slices.Contains(anchors, a.attrs["onPremisesImmutableId"].Str()) })
}

func (t *tenant) stream(ctx context.Context, shape *state.Shape, want func(*account) bool) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		t.mu.Lock()
		t.lookups++
		if t.failFrom > 0 && t.lookups >= t.failFrom {
			t.failRead = errors.New("the connection broke")
		}
		if len(t.effects) > 0 && t.late > 0 {
			t.late--
			want = func(*account) bool { return false }
		}
		var found []*state.Object
		for _, id := range slices.Sorted(maps.Keys(t.accounts)) {
			if a := t.accounts[id]; !a.deleted && want(a) {
				o := &state.Object{Kind: state.User, ID: a.id, Shape: shape}
				for _, n := range shape.Names() {
					o.Values = append(o.Values, a.attrs[n])
				}
				found = append(found, o)
			}
		}
		err := errors.Join(t.failRead, ctx.Err())
		t.mu.Unlock()
		if err != nil {
			yield(nil, err)
			return
		}
		for _, o := range found {
			if !yield(o, nil) {
				return
			}
		}
	}
}

func (t *tenant) Write(ctx context.Context, writes []providers.Write) []providers.WriteResult {
	if t.before != nil {
		t.before(ctx, writes)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	results := make([]providers.WriteResult, len(writes))
	if len(writes) > providers.MaxBatch || len(writes) == 0 {
		panic(fmt.Sprintf("a batch of %d", len(writes)))
	}
	for i, w := range writes {
		results[i] = t.one(w)
	}
	return results
}

func (t *tenant) one(w providers.Write) providers.WriteResult {
	t.sent = append(t.sent, w)
	f := t.fault(w)
	if f == lostOnce && !w.Resent {
		f = lostBefore
	}
	switch f {
	case refused:
		return providers.WriteResult{Err: &providers.ServiceError{Status: 400, Code: "Request_BadRequest", Message: "jane@contoso.com is taken", RequestID: "req-1", Op: "PATCH"}}
	case notFound:
		return providers.WriteResult{Err: &providers.ServiceError{Status: 404, Code: "Request_ResourceNotFound", Message: "does not exist", Op: "PUT"}}
	case lostBefore:
		return providers.WriteResult{Err: fmt.Errorf("POST: %w", providers.ErrUnknownOutcome)}
	case lostAfter:
		t.effect(w)
		return providers.WriteResult{Err: fmt.Errorf("POST: %w", providers.ErrUnknownOutcome)}
	}
	id, err := t.effect(w)
	return providers.WriteResult{ID: id, Err: err}
}

func (t *tenant) effect(w providers.Write) (string, error) {
	a := t.accounts[w.ID]
	if again := w.Op == providers.OpCreate && t.carried(anchorOf(w)) || w.Op == providers.OpRestore && a != nil && !a.deleted; again {
		if w.Resent {
			return "", fmt.Errorf("it is there already: %w", providers.ErrUnknownOutcome)
		}
		return "", &providers.ServiceError{Status: 400, Code: "Request_BadRequest", Message: "already exists"}
	}
	if w.Op == providers.OpCreate {
		t.next++
		a = t.add(fmt.Sprintf("new-%04d", t.next), nil)
		a.attrs = map[string]state.Value{}
		w.ID = a.id
	}
	if a == nil || a.deleted != (w.Op == providers.OpRestore) {
		return "", &providers.ServiceError{Status: 404, Code: "Request_ResourceNotFound", Message: "does not exist"}
	}
	if mastered := a.attrs[providers.SyncEnabled].Bool() && w.Kind == state.User; mastered && (w.Op == providers.OpPatch || w.Op == providers.OpSetReference) {
		return "", &providers.ServiceError{Status: 400, Code: "Request_BadRequest", Message: "on-premises mastered"}
	}
	if t.blind {
		return a.id, nil
	}
	t.effects = append(t.effects, w)
	switch w.Op {
	case providers.OpDelete:
		a.deleted = true
	case providers.OpRestore:
		a.deleted = false
	case providers.OpTakeOver:
		delete(a.attrs, providers.SyncEnabled)
		return a.id, nil
	}
	for _, c := range w.Attributes {
		if c.After.IsNull() {
			delete(a.attrs, c.Name)
		} else {
			a.attrs[c.Name] = c.After
		}
	}
	return a.id, nil
}

// carried reports whether a living account carries an anchor.
func (t *tenant) carried(anchor string) bool {
	for _, a := range t.accounts {
		if !a.deleted && a.attrs["onPremisesImmutableId"].Str() == anchor {
			return true
		}
	}
	return false
}

// source is a forest in memory.
type source struct {
	objects  map[state.GUID]map[string]state.Value
	suffixes []string
	fail     error
	sets     int
	reads    int
	failFrom int // the reading from which on it fails, counted from 1
}

// sourceShape is what is read of a source object.
var sourceShape = state.NewShape("department", "mS-DS-ConsistencyGuid")

// inScope are the source objects of changes, all of which are in scope as long as they exist.
func (s *source) inScope(_ context.Context, changes []*state.Change) (map[*state.Change]*state.Object, error) {
	found := map[*state.Change]*state.Object{}
	if s.reads++; s.failFrom > 0 && s.reads >= s.failFrom {
		return nil, errors.New("the connection broke")
	}
	for _, c := range changes {
		g, _ := state.ParseGUID(c.SourceGUID)
		if attrs, ok := s.objects[g]; ok {
			o := &state.Object{Kind: state.User, GUID: g, Shape: sourceShape}
			for _, n := range sourceShape.Names() {
				o.Values = append(o.Values, attrs[n])
			}
			found[c] = o
		}
	}
	return found, nil
}

func (s *source) AddUPNSuffix(_ context.Context, suffix string) error {
	if s.fail == nil {
		s.suffixes = append(s.suffixes, suffix)
	}
	return s.fail
}

func (s *source) SetAttribute(_ context.Context, g state.GUID, name string, before, after state.Value) error {
	if s.fail != nil {
		return s.fail
	}
	if !s.objects[g][name].Equal(before) {
		return fmt.Errorf("%s: %w", name, providers.ErrStale)
	}
	s.sets++
	s.objects[g][name] = after
	return nil
}

// memory is a record in memory. It checks that nothing is concluded that was not intended where a write was needed.
type memory struct {
	mu      sync.Mutex
	links   map[string]*state.Link
	journal map[int64]state.Entry
	order   []state.Entry
	failAt  int // the call that fails, counted from 1
	calls   int
}

func newMemory(links ...*state.Link) *memory {
	m := &memory{links: map[string]*state.Link{}, journal: map[int64]state.Entry{}}
	for _, l := range links {
		m.links[l.Anchor] = l
	}
	return m
}

var errDiskFull = errors.New("no space left on device")

func (m *memory) call() error {
	m.calls++
	if m.failAt > 0 && m.calls >= m.failAt {
		return errDiskFull
	}
	return nil
}

func (m *memory) Links(_ context.Context, anchors []string) (map[string]*state.Link, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := map[string]*state.Link{}
	for _, a := range anchors {
		if l := m.links[a]; l != nil {
			found[a] = clone(l)
		}
	}
	return found, nil
}

func clone(l *state.Link) *state.Link {
	c := *l
	c.Fingerprints = slices.Clone(l.Fingerprints)
	return &c
}

func (m *memory) Intents(ctx context.Context, entries []state.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := errors.Join(m.call(), ctx.Err()); err != nil {
		return err
	}
	for _, e := range entries {
		e.Status = state.StatusIntent
		m.journal[e.Seq] = e
		m.order = append(m.order, e)
	}
	return nil
}

func (m *memory) Results(ctx context.Context, results []state.Result) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := errors.Join(m.call(), ctx.Err()); err != nil {
		return err
	}
	for _, r := range results {
		m.journal[r.Seq] = r.Entry
		m.order = append(m.order, r.Entry)
		if r.Forget {
			delete(m.links, r.Key)
		}
		if l := m.links[r.Replaces]; l != nil && r.Link != nil && l.TargetID == r.Link.TargetID {
			delete(m.links, r.Replaces)
		}
		if r.Link != nil {
			m.links[r.Link.Anchor] = clone(r.Link)
		}
	}
	return nil
}

func (m *memory) Records(_ context.Context, links []*state.Link) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.call(); err != nil {
		return err
	}
	for _, l := range links {
		m.links[l.Anchor] = clone(l)
	}
	return nil
}

func (m *memory) entry(t *testing.T, key, attribute string) state.Entry {
	t.Helper()
	for _, e := range m.journal {
		if e.Key == key && e.Attribute == attribute {
			return e
		}
	}
	t.Fatalf("%s %s is not in the journal: %v", key, attribute, m.order)
	return state.Entry{}
}

// world is everything a run works with.
type world struct {
	tenant  *tenant
	source  *source
	journal *memory
	events  []apply.Event
	in      apply.Input
}

func newWorld() *world {
	w := &world{tenant: newTenant(), source: &source{objects: map[state.GUID]map[string]state.Value{}}, journal: newMemory()}
	w.in = apply.Input{
		Sources:      w.source.inScope,
		SourceWriter: func(string) providers.SourceWriter { return w.source },
		Tenant:       w.tenant, TenantWriter: w.tenant, Schema: schema, Key: key, Journal: w.journal,
		Progress: func(e apply.Event) { w.events = append(w.events, e) }, RetryDelay: time.Microsecond,
	}
	return w
}

func (w *world) run(t testing.TB, changes ...*state.Change) apply.Outcome {
	t.Helper()
	out, err := w.try(context.Background(), changes...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (w *world) try(ctx context.Context, changes ...*state.Change) (apply.Outcome, error) {
	w.in.Changes = each(changes)
	return apply.Run(ctx, w.in)
}

func each[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, x := range list {
			if !yield(x, nil) {
				return
			}
		}
	}
}

func str(s string) state.Value { return state.String(s) }

func set(name string, before, after state.Value) state.AttributeChange {
	return state.AttributeChange{Name: name, Before: before, After: after}
}

func fp(name string, v state.Value) uint64 {
	return state.NewHasher(key).Fingerprint(userSchema.Lookup(name), v)
}

// change makes a change whose fingerprints are those of its attributes.
func change(action state.Action, n int, target string, attrs ...state.AttributeChange) *state.Change {
	c := &state.Change{Address: fmt.Sprintf("user.staff[%q]", fmt.Sprintf("p%d", n)), Kind: state.User, Action: action, Scope: "staff",
		Anchor: anchor(n), TargetID: target, Attributes: attrs, Fingerprints: map[string]string{}}
	for _, a := range attrs {
		if a.Name != "onPremisesImmutableId" && a.Name != providers.CloudManaged && !strings.HasPrefix(a.After.Str(), state.PendingRef) {
			c.Fingerprints[a.Name] = fmt.Sprintf("%016x", fp(a.Name, a.After))
		}
	}
	return c
}

func create(n int, attrs ...state.AttributeChange) *state.Change {
	return change(state.ActionCreate, n, "", append(attrs, set("displayName", state.Null(), str(fmt.Sprintf("P%d", n))),
		set("onPremisesImmutableId", state.Null(), str(anchor(n))))...)
}

func anchor(n int) string { return fmt.Sprintf("anchor%03d==", n) }

// linked adds an account with a recorded link.
func (w *world) linked(n int, attrs map[string]state.Value) string {
	id := fmt.Sprintf("id-%04d", n)
	a := w.tenant.add(id, attrs)
	a.attrs["onPremisesImmutableId"] = str(anchor(n))
	l := &state.Link{Anchor: anchor(n), Kind: state.User, Scope: "staff", TargetID: id, Rule: "primary_smtp", Shape: state.NewShape("department", "displayName"),
		Fingerprints: []uint64{fp("department", attrs["department"]), fp("displayName", attrs["displayName"])}}
	w.journal.links[l.Anchor] = l
	return id
}
