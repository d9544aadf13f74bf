// Package years_test lets companies live a year under dirform, and holds mistakes against its limits.
package years_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// world is a forest and a tenant in memory. It knows no more of a real service's rules than these tests need: the
// worlds of package worlds_test have them.
type world struct {
	now       time.Time
	ous       map[string]state.GUID
	people    []*person
	accounts  []*account
	groups    []string // ids
	byGUID    map[state.GUID]*person
	elsewhere map[state.GUID]bool // are another forest's, which nobody can ask
	byID      map[string]*account
	lastGUID  uint64
	domainSID string
	tenantID  string
	writes    int // that both sides have taken
	dieAt     int // the write, counted from 1, after which the process is dead; 0: it lives
	cut       func()
	writing   *sync.Mutex
}

// person is an object of the forest.
type person struct {
	guid  state.GUID
	cn    string
	ou    string
	attrs map[string]state.Value
}

// account is an object of the tenant.
type account struct {
	id      string
	deleted bool
	attrs   map[string]state.Value
}

// The forest's containers.
const (
	staffOU    = "OU=Staff,DC=corp"
	salesOU    = "OU=Sales," + staffOU
	leaversOU  = "OU=Leavers,DC=corp"
	emptyOU    = "OU=Empty,DC=corp"
	foreignOU  = "OU=Foreign,DC=corp"
	anchorName = "onPremisesImmutableId"
)

func newWorld() *world {
	w := &world{ous: map[string]state.GUID{}, elsewhere: map[state.GUID]bool{}, byGUID: map[state.GUID]*person{}, byID: map[string]*account{},
		domainSID: "S-1-5-21-1", tenantID: "t1", writing: &sync.Mutex{}}
	for i, ou := range [...]string{staffOU, salesOU, leaversOU, emptyOU, foreignOU} {
		w.ous[ou] = state.GUID{byte(i), 15: 1}
	}
	return w
}

// clone is a copy that lives on by itself.
func (w *world) clone() *world {
	c := *w
	c.ous, c.people, c.accounts, c.writing = maps.Clone(w.ous), nil, nil, &sync.Mutex{}
	c.byGUID, c.byID = map[state.GUID]*person{}, map[string]*account{}
	for _, p := range w.people {
		q := *p
		q.attrs = maps.Clone(p.attrs)
		c.people = append(c.people, &q)
		c.byGUID[q.guid] = &q
	}
	for _, a := range w.accounts {
		b := *a
		b.attrs = maps.Clone(a.attrs)
		c.accounts = append(c.accounts, &b)
		c.byID[b.id] = &b
	}
	return &c
}

// hire adds somebody to the staff.
func (w *world) hire() *person {
	w.lastGUID++
	n := w.lastGUID
	p := &person{cn: fmt.Sprintf("Person %d", n), ou: staffOU, attrs: map[string]state.Value{}}
	for i := range 8 {
		p.guid[i] = byte(n >> (8 * i))
	}
	p.guid[15] = 7
	name := fmt.Sprintf("p%d", n)
	p.set("sAMAccountName", name)
	p.set("userPrincipalName", name+"@contoso.com")
	p.set("mail", name+"@contoso.com")
	p.set("displayName", p.cn)
	p.set("department", departments[n%uint64(len(departments))])
	p.set("title", "Clerk")
	p.set("physicalDeliveryOfficeName", "Main Street")
	p.set("telephoneNumber", fmt.Sprintf("+36 1 %07d", n))
	p.set("c", "HU")
	if n%3 == 0 {
		p.set("mobile", fmt.Sprintf("+36 30 %07d", n))
	}
	p.set("userAccountControl", "512")
	w.people = append(w.people, p)
	w.byGUID[p.guid] = p
	return p
}

var departments = [...]string{"Sales", "Finance", "Legal", "Research", "Service", "Production", "Purchase", "Marketing"}

// set gives an attribute a value; "" takes it away.
func (p *person) set(name, value string) {
	if value == "" {
		delete(p.attrs, name)
		return
	}
	p.attrs[name] = state.String(value)
}

func (p *person) get(name string) string { return p.attrs[name].Str() }

// fire deletes somebody.
func (w *world) fire(p *person) {
	delete(w.byGUID, p.guid)
	w.people = slices.DeleteFunc(w.people, func(q *person) bool { return q == p })
}

// purge takes an account out of the tenant, not leaving it in the recycle bin.
func (w *world) purge(a *account) {
	delete(w.byID, a.id)
	w.accounts = slices.DeleteFunc(w.accounts, func(b *account) bool { return b == a })
}

func (p *person) dn() string { return "CN=" + p.cn + "," + p.ou }

func (p *person) below(ous []string) bool {
	return slices.ContainsFunc(ous, func(ou string) bool { return p.ou == ou || strings.HasSuffix(p.ou, ","+ou) })
}

// filters are those that the forest's server understands.
var filters = map[string]func(*person) bool{
	"":                   func(*person) bool { return true },
	"(department=Sales)": func(p *person) bool { return p.get("department") == "Sales" },
	"(extension=staff)":  func(*person) bool { return false },
	"(!(mobile=*))":      func(p *person) bool { return p.get("mobile") == "" },
}

func (p *person) object(shape *state.Shape) *state.Object {
	o := &state.Object{Kind: state.User, GUID: p.guid, DN: p.dn(), Shape: shape, Values: make([]state.Value, shape.Len())}
	for i, name := range shape.Names() {
		o.Values[i] = p.attrs[name]
	}
	return o
}

func (a *account) object(shape *state.Shape) *state.Object {
	o := &state.Object{Kind: state.User, ID: a.id, Shape: shape, Values: make([]state.Value, shape.Len())}
	for i, name := range shape.Names() {
		o.Values[i] = a.attrs[name]
	}
	return o
}

// source is the forest of a world, read and written.
type source struct{ *world }

func (s source) Domain(context.Context) (providers.Domain, error) {
	return providers.Domain{Name: "corp.contoso.com", SID: s.domainSID, BaseDN: "DC=corp"}, nil
}

func (s source) Container(_ context.Context, dn string, g state.GUID) (providers.Container, bool, error) {
	for ou, guid := range s.ous {
		if dn != "" && strings.EqualFold(dn, ou) || dn == "" && g == guid {
			return providers.Container{DN: ou, GUID: guid}, true, nil
		}
	}
	return providers.Container{}, false, nil
}

func (s source) Read(_ context.Context, q providers.Query) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		passes := filters[q.Filter]
		if passes == nil {
			yield(nil, fmt.Errorf("the server does not understand %s", q.Filter))
			return
		}
		people := s.people
		if len(q.GUIDs) > 0 {
			people = nil
			for _, g := range q.GUIDs {
				if p := s.byGUID[g]; p != nil {
					people = append(people, p)
				}
			}
		}
		for _, p := range people {
			if p.below(q.Bases) && !p.below(q.Exclude) && passes(p) && !yield(p.object(q.Attributes), nil) {
				return
			}
		}
	}
}

func (s source) Lookup(_ context.Context, _ state.Kind, guids []state.GUID, shape *state.Shape) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		for _, g := range guids {
			if p := s.byGUID[g]; p != nil && !yield(p.object(shape), nil) {
				return
			}
		}
	}
}

func (s source) UPNSuffixes(context.Context) ([]string, error) {
	return []string{"contoso.com", "fabrikam.com", "corp.local"}, nil
}

func (s source) Close() error { return nil }

func (s source) AddUPNSuffix(context.Context, string) error { s.writes++; return nil }

func (s source) SetAttribute(_ context.Context, g state.GUID, name string, _, after state.Value) error {
	s.writes++
	s.byGUID[g].attrs[name] = after
	return nil
}

// tenant is the tenant of a world, read and written.
type tenant struct{ *world }

func (t tenant) Organization(context.Context) (providers.Organization, error) {
	return providers.Organization{ID: t.tenantID}, nil
}

func (t tenant) Identity(context.Context) (id providers.Identity, err error) { return id, nil }

func (t tenant) SyncFeatures(context.Context) (f providers.SyncFeatures, err error) { return f, nil }

func (t tenant) Domains(context.Context) ([]providers.TenantDomain, error) {
	return []providers.TenantDomain{{Name: "contoso.com", Verified: true}, {Name: "fabrikam.com", Verified: true},
		{Name: "contoso.onmicrosoft.com", Verified: true, Initial: true}}, nil
}

func (t tenant) RoleHolders(context.Context) (none []providers.RoleHolder, err error) {
	return none, nil
}

func (t tenant) Close() error { return nil }

func (t tenant) Read(_ context.Context, q providers.TenantQuery) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		for _, id := range t.groups {
			o := (&account{id: id}).object(q.Attributes)
			o.Kind = state.Group
			if q.Kind == state.Group && !q.Deleted && !yield(o, nil) {
				return
			}
		}
		for _, a := range t.accounts {
			if q.Kind == state.User && a.deleted == q.Deleted && !yield(a.object(q.Attributes), nil) {
				return
			}
		}
	}
}

func (t tenant) Lookup(_ context.Context, kind state.Kind, ids []string, shape *state.Shape) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		for _, id := range ids {
			if a := t.byID[id]; a != nil && !a.deleted && kind == state.User && !yield(a.object(shape), nil) {
				return
			}
		}
	}
}

// Mailboxes knows of none: nobody has a licence here.
func (tenant) Mailboxes(context.Context, []string) (map[string]bool, error) { return nil, nil }

// Usage knows of none.
func (tenant) Usage(context.Context, []string) (u providers.Usages, err error) { return u, nil }

func (t tenant) FindByAnchor(_ context.Context, _ state.Kind, anchors []string, shape *state.Shape) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		for _, a := range t.accounts {
			if !a.deleted && slices.Contains(anchors, a.attrs[anchorName].Str()) && !yield(a.object(shape), nil) {
				return
			}
		}
	}
}

// Write takes writes one by one, unless the process is dead by then.
func (t tenant) Write(_ context.Context, writes []providers.Write) []providers.WriteResult {
	t.writing.Lock()
	defer t.writing.Unlock()
	out := make([]providers.WriteResult, len(writes))
	for i, x := range writes {
		if t.dieAt > 0 && t.writes >= t.dieAt {
			out[i].Err = providers.ErrUnknownOutcome
			continue
		}
		t.writes++
		out[i].ID, out[i].Err = t.write(x)
		if t.writes == t.dieAt {
			t.cut()
		}
	}
	return out
}

func (t tenant) write(x providers.Write) (id string, err error) {
	if x.Op == providers.OpCreate {
		a := &account{id: fmt.Sprintf("00000000-0000-4000-8000-%012d", len(t.byID)+1), attrs: map[string]state.Value{}}
		a.set(x.Attributes)
		t.accounts = append(t.accounts, a)
		t.byID[a.id] = a
		return a.id, nil
	}
	a := t.byID[x.ID]
	if a == nil || a.deleted != (x.Op == providers.OpRestore) {
		return "", &providers.ServiceError{Status: 404, Code: "Request_ResourceNotFound", Op: "write"}
	}
	switch x.Op {
	case providers.OpDelete, providers.OpRestore:
		a.deleted = x.Op == providers.OpDelete
	case providers.OpTakeOver:
		delete(a.attrs, providers.SyncEnabled)
	default:
		a.set(x.Attributes)
	}
	return a.id, nil
}

func (a *account) set(attrs []state.AttributeChange) {
	for _, c := range attrs {
		a.attrs[c.Name] = c.After
	}
}

// directories opens a world's two sides.
type directories struct{ *world }

func (d directories) Source(context.Context, *config.ADProvider) (providers.SourceReader, error) {
	return source(d), nil
}

func (d directories) Tenant(context.Context, *config.EntraProvider) (providers.TenantReader, error) {
	return tenant(d), nil
}

func (d directories) OpenSourceWriter(context.Context, *config.ADProvider) (providers.SourceWriter, error) {
	return source(d), nil
}

func (d directories) OpenTenantWriter(context.Context, *config.EntraProvider) (providers.TenantWriter, error) {
	return tenant(d), nil
}

// Deleted knows everybody who was ever there and is not any more.
func (s source) Deleted(_ context.Context, guids []state.GUID) (found []state.GUID, shown bool, err error) {
	for _, g := range guids {
		if s.byGUID[g] == nil && !s.elsewhere[g] {
			found = append(found, g)
		}
	}
	return found, true, nil
}

// Clock is the world's time, on either side.
func (w *world) Clock() time.Time { return w.now }

func anchorOf(g state.GUID) string { return base64.StdEncoding.EncodeToString(g[:]) }
