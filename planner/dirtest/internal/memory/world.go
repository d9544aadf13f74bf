// Package memory is both directories and a record in memory, for tests of a configuration: what a plan reads, and
// nothing that could be written or reached.
package memory

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/store"
)

// World is what a plan is made from besides the configuration.
type World struct {
	Objects  []*Object
	Accounts []*Account
	Links    []*state.Link
	Domains  []providers.TenantDomain
	Suffixes []string // UPN suffixes of the forests
	SyncOn   bool     // sync clients may write to the tenant
	FirstRun bool     // there is no record
	Now      time.Time
	Config   *config.Config
}

// Object is an object of a forest.
type Object struct {
	Kind  state.Kind
	GUID  state.GUID
	DN    string
	Attrs map[string]state.Value // by names in small letters
	Gone  bool                   // it lives nowhere any more
	Told  bool                   // its deletion shows
}

// Account is an object of the tenant.
type Account struct {
	Kind    state.Kind
	ID      string
	Attrs   map[string]state.Value // by names in small letters
	Deleted bool                   // it lies in the recycle bin
	Mailbox bool
	Roles   []string
}

// Key is the key of every record here.
var Key = state.Key(sha256.Sum256([]byte("dirform test")))

const (
	tenantID = "00000000-0000-4000-8000-00000000d1f0"
	lineage  = "00000000-0000-4000-8000-0000000d1f00"
)

// GUIDOf is the GUID of what has a name, the same in every run.
func GUIDOf(name string) (g state.GUID) {
	sum := sha256.Sum256([]byte(name))
	copy(g[:], sum[:])
	g[7], g[8] = g[7]&0x0f|0x40, g[8]&0x3f|0x80
	return g
}

// Head is the distinguished name of a provider's domain: what the configuration says, or the domain of the first OU
// that it names.
func Head(cfg *config.Config, p *config.ADProvider) string {
	if p.BaseDN != "" {
		return p.BaseDN
	}
	for _, s := range cfg.Scopes {
		if domain := dn.Domain(append(slices.Clone(s.OUs), "")[0]); s.Provider == p && domain != "" {
			return dn.OfDomain(domain)
		}
	}
	return "DC=" + dn.Escape(p.Name) + ",DC=example"
}

func shaped(attrs map[string]state.Value, shape *state.Shape) []state.Value {
	values := make([]state.Value, shape.Len())
	for i, name := range shape.Names() {
		values[i] = attrs[strings.ToLower(name)]
	}
	return values
}

// Source gives the objects of a provider's domain.
func (w *World) Source(_ context.Context, p *config.ADProvider) (providers.SourceReader, error) {
	return &source{World: w, provider: p, head: Head(w.Config, p)}, nil
}

// Tenant gives the accounts.
func (w *World) Tenant(context.Context, *config.EntraProvider) (providers.TenantReader, error) {
	return tenant{w}, nil
}

// source is one domain.
type source struct {
	*World
	provider *config.ADProvider
	head     string
}

func (s *source) sid() string {
	i := slices.Index(s.Config.AD, s.provider)
	return fmt.Sprintf("S-1-5-21-1000-2000-%d", 3000+i)
}

// Domain identifies the directory.
func (s *source) Domain(context.Context) (providers.Domain, error) {
	return providers.Domain{Name: dn.Domain(s.head), SID: s.sid(), BaseDN: s.head}, nil
}

// containers are those that scopes name, and what objects lie in.
func (s *source) containers() map[dn.Normal]string {
	found := map[dn.Normal]string{}
	add := func(name string) {
		for ; name != ""; name = dn.Parent(name) {
			n, err := dn.Parse(name)
			if err != nil || found[n] != "" {
				return
			}
			found[n] = name
		}
	}
	for _, scope := range s.Config.Scopes {
		for _, name := range slices.Concat(scope.OUs, scope.Exclude) {
			if scope.Provider == s.provider {
				add(name)
			}
		}
	}
	for _, o := range s.here() {
		add(dn.Parent(o.DN))
	}
	return found
}

// Container finds a container by name or GUID.
func (s *source) Container(_ context.Context, name string, guid state.GUID) (c providers.Container, ok bool,
	err error) {
	known := s.containers()
	if name != "" {
		n, err := dn.Parse(name)
		if err != nil || known[n] == "" {
			return c, false, err
		}
		return providers.Container{DN: known[n], GUID: GUIDOf("container " + string(n))}, true, nil
	}
	for n, spelled := range known {
		if GUIDOf("container "+string(n)) == guid {
			return providers.Container{DN: spelled, GUID: guid}, true, nil
		}
	}
	return c, false, nil
}

// here are the living objects of the domain.
func (s *source) here() (list []*Object) {
	for _, o := range s.Objects {
		if !o.Gone && dn.Within(o.DN, s.head) {
			list = append(list, o)
		}
	}
	return list
}

// Shaped is an object as it is read.
func Shaped(o *Object, shape *state.Shape) *state.Object {
	return &state.Object{Kind: o.Kind, GUID: o.GUID, DN: o.DN, Shape: shape, Values: shaped(o.Attrs, shape)}
}

// Read streams the objects of a query.
func (s *source) Read(_ context.Context, q providers.Query) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		passes, err := compile(q.Filter)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, o := range s.here() {
			asked := q.Kind == providers.AnyKind || q.Kind == o.Kind
			asked = asked && (len(q.GUIDs) == 0 || slices.Contains(q.GUIDs, o.GUID)) && Below(o.DN, q.Bases, q.Exclude)
			if asked && passes(o.Attrs) == yes && !yield(Shaped(o, q.Attributes), nil) {
				return
			}
		}
	}
}

// Below reports whether the nearest of bases and excluded containers is one of the bases.
func Below(name string, bases, exclude []string) bool {
	n, err := dn.Parse(name)
	var containers []dn.Normal
	for _, c := range slices.Concat(bases, exclude) {
		m, _ := dn.Parse(c)
		containers = append(containers, m)
	}
	at := n.Nearest(containers)
	return err == nil && at >= 0 && at < len(bases)
}

// Lookup streams the objects with these GUIDs.
func (s *source) Lookup(_ context.Context, kind state.Kind, guids []state.GUID, shape *state.Shape) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		for _, o := range s.here() {
			if o.Kind == kind && slices.Contains(guids, o.GUID) && !yield(Shaped(o, shape), nil) {
				return
			}
		}
	}
}

// Deleted says which were deleted.
func (s *source) Deleted(_ context.Context, guids []state.GUID) (found []state.GUID, shown bool, err error) {
	for _, o := range s.Objects {
		if o.Gone && o.Told && slices.Contains(guids, o.GUID) {
			found = append(found, o.GUID)
		}
	}
	return found, true, nil
}

// Clock is the test's.
func (w *World) Clock() time.Time { return w.Now }

// UPNSuffixes are the test's, and the names of the domains.
func (s *source) UPNSuffixes(context.Context) ([]string, error) {
	return append(slices.Clone(s.Suffixes), dn.Domain(s.head)), nil
}

// Close has nothing to close.
func (w *World) Close() error { return nil }

// tenant is the tenant's side.
type tenant struct{ *World }

// Organization identifies the tenant.
func (t tenant) Organization(context.Context) (providers.Organization, error) {
	return providers.Organization{ID: tenantID, DisplayName: "Test", SyncEnabled: t.SyncOn, SyncedOnce: t.SyncOn}, nil
}

// Domains are the test's.
func (t tenant) Domains(context.Context) ([]providers.TenantDomain, error) {
	return t.World.Domains, nil
}

// Identity is nobody's.
func (t tenant) Identity(context.Context) (id providers.Identity, err error) { return id, nil }

// SyncFeatures are not known.
func (t tenant) SyncFeatures(context.Context) (f providers.SyncFeatures, err error) { return f, nil }

// RoleHolders are the accounts with roles.
func (t tenant) RoleHolders(context.Context) (list []providers.RoleHolder, err error) {
	for _, a := range t.Accounts {
		if len(a.Roles) == 0 || a.Deleted {
			continue
		}
		h := providers.RoleHolder{ID: a.ID, Roles: a.Roles}
		for _, name := range a.Roles {
			h.Templates = append(h.Templates, cmp.Or(templates[name], GUIDOf("role "+name).String()))
		}
		list = append(list, h)
	}
	return list, nil
}

// templates are the ids of the roles that decide more than that there is one.
var templates = map[string]string{"Global Administrator": providers.GlobalAdministrator,
	"Privileged Authentication Administrator": providers.PrivilegedAuthenticationAdministrator}

func (t tenant) object(a *Account, shape *state.Shape) *state.Object {
	return &state.Object{Kind: a.Kind, ID: a.ID, Shape: shape, Values: shaped(a.Attrs, shape)}
}

// Read streams the accounts of a kind.
func (t tenant) Read(_ context.Context, q providers.TenantQuery) providers.Objects {
	return t.those(q.Attributes, func(a *Account) bool { return a.Kind == q.Kind && a.Deleted == q.Deleted })
}

// Lookup streams the living accounts with these ids.
func (t tenant) Lookup(_ context.Context, kind state.Kind, ids []string, shape *state.Shape) providers.Objects {
	return t.those(shape, func(a *Account) bool { return a.Kind == kind && !a.Deleted && slices.Contains(ids, a.ID) })
}

// FindByAnchor streams the living accounts that carry one of anchors.
func (t tenant) FindByAnchor(_ context.Context, kind state.Kind, anchors []string,
	shape *state.Shape) providers.Objects {
	name := strings.ToLower(state.Describe(nil)(kind).Anchor)
	return t.those(shape, func(a *Account) bool {
		return a.Kind == kind && !a.Deleted && slices.Contains(anchors, a.Attrs[name].Str())
	})
}

func (t tenant) those(shape *state.Shape, has func(*Account) bool) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		for _, a := range t.Accounts {
			if has(a) && !yield(t.object(a, shape), nil) {
				return
			}
		}
	}
}

// Mailboxes are the test's.
func (t tenant) Mailboxes(_ context.Context, ids []string) (map[string]bool, error) {
	found := map[string]bool{}
	for _, a := range t.Accounts {
		if slices.Contains(ids, a.ID) {
			found[a.ID] = a.Mailbox
		}
	}
	return found, nil
}

// Usage knows of none.
func (t tenant) Usage(context.Context, []string) (u providers.Usages, err error) { return u, nil }

// Record is the record of the world's links.
type Record struct{ *World }

// Meta identifies the record. It belongs to the domain of the first provider.
func (r Record) Meta() store.Meta {
	if r.FirstRun {
		return store.Meta{}
	}
	home := &source{World: r.World, provider: r.Config.AD[0]}
	return store.Meta{Exists: true, Lineage: lineage, Serial: 1, SourceSID: home.sid(), TenantID: tenantID, Key: Key}
}

// Links streams the links.
func (r Record) Links(context.Context) iter.Seq2[*state.Link, error] {
	return func(yield func(*state.Link, error) bool) {
		for _, l := range r.World.Links {
			if !yield(l, nil) {
				return
			}
		}
	}
}

// OUs are the containers of scopes, which are where they were.
func (r Record) OUs(context.Context) (list []state.OU, err error) {
	for _, s := range r.Config.Scopes {
		for _, name := range slices.Concat(s.OUs, s.Exclude) {
			n, err := dn.Parse(name)
			if err != nil {
				return nil, err
			}
			if !r.FirstRun {
				list = append(list, state.OU{Scope: s.Name, Declared: name, GUID: GUIDOf("container " + string(n))})
			}
		}
	}
	return list, nil
}

// LastScopes tells of none: no mapping has changed.
func (r Record) LastScopes(context.Context) ([]store.ScopeCount, error) { return nil, nil }

// Recent is that of a record whose runs are long over.
func (r Record) Recent(context.Context, time.Time) (state.Recent, error) {
	return state.Recent{Ended: !r.FirstRun}, nil
}

// LastRun is not told.
func (r Record) LastRun(context.Context) (time.Time, error) { return time.Time{}, nil }

// Names are the attributes' names of a record's link, as the configuration maps them.
func Names(cfg *config.Config, scope string, kind state.Kind) []string {
	names := map[string]bool{}
	for _, m := range cfg.Mappings {
		if m.Scope.Name != scope || m.Kind != kind {
			continue
		}
		for _, a := range m.Attributes {
			names[a.Target.Name] = true
		}
	}
	if anchor := state.Describe(nil)(kind).Anchor; anchor != "" {
		names[anchor] = true
	}
	return slices.Sorted(maps.Keys(names))
}
