package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// world is both directories in memory, with the rules of the real ones that a plan has to foresee.
type world struct {
	source  map[state.GUID]*person
	tenant  map[string]map[string]state.Value // by object id
	deleted map[string]map[string]state.Value
	roles   map[string][]string
	nextID  int
	writes  int
	refused []string // writes that the tenant refused, which a truthful plan never causes
	shuffle *rand.Rand
}

type person struct {
	dn    string
	attrs map[string]state.Value
}

func newWorld(seed uint64) *world {
	return &world{source: map[state.GUID]*person{}, tenant: map[string]map[string]state.Value{}, deleted: map[string]map[string]state.Value{},
		roles: map[string][]string{}, shuffle: rand.New(rand.NewPCG(seed, 1))}
}

func shuffled[K comparable, V any](r *rand.Rand, m map[K]V, less func(a, b K) int) []K {
	keys := slices.SortedFunc(maps.Keys(m), less)
	r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return keys
}

func compareGUID(a, b state.GUID) int { return slices.Compare(a[:], b[:]) }

// The source.

func (w *world) Domain(context.Context) (providers.Domain, error) {
	return providers.Domain{Name: "corp.contoso.com", SID: "S-1-5-21-1", BaseDN: "DC=corp"}, nil
}

func (w *world) Container(_ context.Context, dn string, _ state.GUID) (providers.Container, bool, error) {
	return providers.Container{DN: dn, GUID: state.GUID{1}}, true, nil
}

func (w *world) Read(_ context.Context, q providers.Query) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		for _, g := range shuffled(w.shuffle, w.source, compareGUID) {
			p := w.source[g]
			if strings.HasSuffix(p.dn, q.Bases[0]) && !yield(p.object(g, q.Attributes), nil) {
				return
			}
		}
	}
}

func (p *person) object(g state.GUID, shape *state.Shape) *state.Object {
	o := &state.Object{Kind: state.User, GUID: g, DN: p.dn, Shape: shape, Values: make([]state.Value, shape.Len())}
	for i, name := range shape.Names() {
		o.Values[i] = served(p.attrs, p.dn, name)
	}
	return o
}

// served is an attribute as Active Directory gives it: some it gives every object, unless the test says null.
func served(attrs map[string]state.Value, dn, name string) state.Value {
	if v, ok := attrs[name]; ok {
		return v
	}
	cn, _, _ := strings.Cut(strings.TrimPrefix(dn, "CN="), ",")
	switch name {
	case "cn", "sAMAccountName":
		return state.String(cn)
	case "userAccountControl":
		return state.Int(512)
	}
	return state.Null()
}

func (w *world) Lookup(_ context.Context, _ state.Kind, guids []state.GUID, shape *state.Shape) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		for _, g := range guids {
			if p := w.source[g]; p != nil && !yield(p.object(g, shape), nil) {
				return
			}
		}
	}
}

func (w *world) UPNSuffixes(context.Context) ([]string, error) { return []string{"contoso.com"}, nil }
func (w *world) Close() error                                  { return nil }
func (w *world) AddUPNSuffix(context.Context, string) error    { return errors.New("not asked for") }

func (w *world) SetAttribute(_ context.Context, g state.GUID, name string, before, after state.Value) error {
	p := w.source[g]
	if !p.attrs[name].Equal(before) {
		return providers.ErrStale
	}
	p.attrs[name] = after
	return nil
}

// worldTenant is the tenant's side of a world.
type worldTenant struct{ *world }

// Clock is not told.
func (worldTenant) Clock() time.Time { return time.Time{} }

func (w worldTenant) Organization(context.Context) (providers.Organization, error) {
	return providers.Organization{ID: "t1"}, nil
}

func (w worldTenant) Domains(context.Context) ([]providers.TenantDomain, error) {
	return []providers.TenantDomain{{Name: "contoso.com", Verified: true, Initial: true}}, nil
}

// globalAdministrator is the role that a world's accounts hold by its name.
const globalAdministrator = "Global Administrator"

func (w worldTenant) RoleHolders(context.Context) (out []providers.RoleHolder, err error) {
	out = []providers.RoleHolder{{ID: "application", Roles: []string{"Privileged Authentication Administrator"}, Templates: []string{providers.PrivilegedAuthenticationAdministrator}}}
	for id, roles := range w.roles {
		h := providers.RoleHolder{ID: id, Roles: roles}
		if slices.Contains(roles, globalAdministrator) {
			h.Templates = []string{providers.GlobalAdministrator}
		}
		out = append(out, h)
	}
	return out, nil
}

func (w worldTenant) Read(_ context.Context, q providers.TenantQuery) providers.Objects {
	from := w.tenant
	if q.Deleted {
		from = w.deleted
	}
	return func(yield func(*state.Object, error) bool) {
		if q.Kind != state.User {
			return
		}
		for _, id := range shuffled(w.shuffle, from, strings.Compare) {
			if !yield(tenantObject(id, from[id], q.Attributes), nil) {
				return
			}
		}
	}
}

func tenantObject(id string, attrs map[string]state.Value, shape *state.Shape) *state.Object {
	o := &state.Object{Kind: state.User, ID: id, Shape: shape, Values: make([]state.Value, shape.Len())}
	for i, name := range shape.Names() {
		o.Values[i] = attrs[name]
	}
	return o
}

func (w worldTenant) Identity(context.Context) (id providers.Identity, err error) {
	return providers.Identity{ID: "application"}, nil
}

func (w worldTenant) SyncFeatures(context.Context) (f providers.SyncFeatures, err error) {
	return f, nil
}

func (w worldTenant) Lookup(_ context.Context, _ state.Kind, ids []string, shape *state.Shape) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		for _, id := range ids {
			if attrs := w.tenant[id]; attrs != nil && !yield(tenantObject(id, attrs, shape), nil) {
				return
			}
		}
	}
}

// Mailboxes knows of none: nobody has a licence here.
func (worldTenant) Mailboxes(context.Context, []string) (map[string]bool, error) { return nil, nil }

// Usage knows of none.
func (worldTenant) Usage(context.Context, []string) (u providers.Usages, err error) { return u, nil }

func (w worldTenant) FindByAnchor(_ context.Context, _ state.Kind, anchors []string, shape *state.Shape) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		for _, id := range slices.Sorted(maps.Keys(w.tenant)) {
			if slices.Contains(anchors, w.tenant[id]["onPremisesImmutableId"].Str()) && !yield(tenantObject(id, w.tenant[id], shape), nil) {
				return
			}
		}
	}
}

func (w worldTenant) Write(_ context.Context, writes []providers.Write) []providers.WriteResult {
	out := make([]providers.WriteResult, len(writes))
	for i, x := range writes {
		w.writes++
		out[i].ID, out[i].Err = w.write(x)
		if out[i].Err != nil {
			w.refused = append(w.refused, fmt.Sprintf("op %d on %s %v: %v", x.Op, x.ID, x.Attributes, out[i].Err))
		}
	}
	return out
}

func (w worldTenant) write(x providers.Write) (string, error) {
	id := x.ID
	attrs := maps.Clone(w.tenant[id])
	switch x.Op {
	case providers.OpCreate:
		w.nextID++
		id, attrs = fmt.Sprintf("00000000-0000-4000-9000-%012d", w.nextID), map[string]state.Value{}
	case providers.OpRestore:
		if w.deleted[id] == nil {
			return "", &providers.ServiceError{Status: 404, Code: "Request_ResourceNotFound", Op: "restore"}
		}
		attrs = maps.Clone(w.deleted[id])
	}
	if attrs == nil {
		return "", &providers.ServiceError{Status: 404, Code: "Request_ResourceNotFound", Op: "write"}
	}
	if x.Op == providers.OpDelete {
		w.deleted[id] = attrs
		delete(w.tenant, id)
		return id, nil
	}
	for _, a := range x.Attributes {
		attrs[a.Name] = a.After
	}
	if len(w.roles[id]) > 0 {
		return "", &providers.ServiceError{Status: 403, Code: "Authorization_RequestDenied", Op: "write"}
	}
	if err := w.check(id, attrs); err != nil {
		return "", err
	}
	w.tenant[id] = attrs
	delete(w.deleted, id)
	return id, nil
}

// check has the service's rules that concern several objects, or demand a value.
func (w worldTenant) check(id string, attrs map[string]state.Value) error {
	bad := func(code, message string) error {
		return &providers.ServiceError{Status: 400, Code: code, Message: message, Op: "write"}
	}
	upn := attrs["userPrincipalName"].Str()
	if !strings.HasSuffix(upn, "@contoso.com") {
		return bad("Request_BadRequest", "domain portion of "+upn)
	}
	if attrs["displayName"].Str() == "" || attrs["mailNickname"].Str() == "" {
		return bad("Request_BadRequest", "required value missing")
	}
	for other, have := range w.tenant {
		if other == id {
			continue
		}
		if strings.EqualFold(have["userPrincipalName"].Str(), upn) {
			return bad("ObjectConflict", "userPrincipalName "+upn)
		}
		if m := attrs["mail"].Str(); m != "" && strings.EqualFold(have["mail"].Str(), m) {
			return bad("ObjectConflict", "mail "+m)
		}
		if a := attrs["onPremisesImmutableId"].Str(); a != "" && have["onPremisesImmutableId"].Str() == a {
			return bad("ObjectConflict", "anchor "+a)
		}
	}
	return nil
}

// harness plans and applies a world through the real plan file, apply engine and record.
type harness struct {
	t     testing.TB
	w     *world
	cfg   *config.Config
	dir   string
	state string
	key   state.Key
	file  int
	// inspect has plans judge everything in scope
	inspect bool
}

func newHarness(t testing.TB, w *world, hcl string) *harness {
	dir := quick.Dir(t)
	if err := os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(hcl), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, diags := config.Load(config.Options{Dir: dir, Version: "0.1.0",
		Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	unguard(cfg)
	return &harness{t: t, w: w, cfg: cfg, dir: dir, state: filepath.Join(dir, "x.dfstate"), key: state.Key{1, 2, 3}}
}

// unguard lifts the limits that the rules do not name: worlds of a few people in which everything changes trip them.
func unguard(cfg *config.Config) {
	many, all := 1<<30, 100.0
	lifted := &config.Guard{Name: "lifted", Limits: map[string]config.Limit{}}
	for _, name := range limits.Names() {
		if !slices.ContainsFunc(cfg.Guards, func(g *config.Guard) bool { _, named := g.Limits[name]; return named }) {
			lifted.Limits[name] = config.Limit{Count: &many, Percent: &all}
		}
	}
	cfg.Guards = append(cfg.Guards, lifted)
}

// plan makes a plan from freshly shuffled streams.
func (h *harness) plan() *planfile.Reader {
	h.t.Helper()
	ctx := context.Background()
	record, err := sqlite.OpenReadOnly(ctx, h.state)
	check(h.t, err)
	defer record.Close()
	tenant := worldTenant{h.w}
	domains, _ := tenant.Domains(ctx)
	roles, _ := tenant.RoleHolders(ctx)
	header := planner.Header{FormatVersion: planner.FormatVersion, State: planner.StateID{Lineage: "lineage-1"},
		Source: planner.SourceID{SID: "S-1-5-21-1"}, Tenant: planner.TenantID{ID: "t1"}}
	if m := record.Meta(); m.Exists {
		header.State.Serial = m.Serial
	}
	b := reconcile.New(reconcile.Settings{Rules: h.cfg, Schema: providers.TenantSchema, Key: h.key, Domains: domains, RoleHolders: roles,
		TempDir: h.dir, Inspect: h.inspect})
	defer b.Close()
	for _, s := range h.cfg.Scopes {
		check(h.t, b.ReadSource(s, state.User, h.w.Read(ctx, providers.Query{Bases: s.OUs, Attributes: h.cfg.SourceShapes[state.User]})))
	}
	check(h.t, b.ReadTenant(state.User, tenant.Read(ctx, providers.TenantQuery{Kind: state.User, Attributes: b.TenantShape(state.User)})))
	check(h.t, b.ReadDeleted(state.User, tenant.Read(ctx, providers.TenantQuery{Kind: state.User, Deleted: true, Attributes: b.TenantShape(state.User)})))
	check(h.t, b.ReadLinks(record.Links(ctx)))
	h.file++
	w, err := planfile.Create(filepath.Join(h.dir, fmt.Sprintf("%d.dfplan", h.file)), header, nil)
	check(h.t, err)
	totals, err := b.Plan(w)
	check(h.t, err)
	check(h.t, w.Close(totals))
	r, err := w.Reopen()
	check(h.t, err)
	return r
}

func (h *harness) apply(p *planfile.Reader) apply.Outcome {
	h.t.Helper()
	ctx := context.Background()
	record, err := sqlite.Open(ctx, h.state, store.Options{Holder: "test"})
	check(h.t, err)
	defer record.Close()
	hd := p.Header()
	run, err := record.Begin(ctx, store.RunInfo{Lineage: hd.State.Lineage, Serial: hd.State.Serial, SourceSID: hd.Source.SID,
		TenantID: hd.Tenant.ID, PlanDigest: p.Digest()})
	check(h.t, err)
	out, err := apply.Run(ctx, apply.Input{Changes: p.Changes(), Records: p.Records(),
		SourceWriter: func(string) providers.SourceWriter { return h.w },
		Tenant:       worldTenant{h.w}, TenantWriter: worldTenant{h.w}, Schema: providers.TenantSchema, Key: h.key, Journal: run, Workers: 1})
	check(h.t, err)
	check(h.t, run.Finish(ctx, "complete", out.Counts, nil))
	return out
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func collect[T any](t testing.TB, seq iter.Seq2[*T, error]) (out []*T) {
	t.Helper()
	for x, err := range seq {
		check(t, err)
		out = append(out, x)
	}
	return out
}
