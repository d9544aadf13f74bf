// Package worlds_test plays random worlds through planner and apply, and holds what becomes of both directories and the record
// against what the plan said. See [TestConflictsAreFoundInThePlan].
package worlds_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// world is both directories and the record in memory, with the rules of the real ones that a plan has to foresee.
type world struct {
	people   []*person           // the forest's
	accounts []*account          // the tenant's users, groups and contacts, living and deleted
	gone     map[state.GUID]bool // deleted objects of the forest that still show; others are forgotten
	roles    map[string][]string
	suffixes []string               // UPN suffixes of the forest
	known    map[string]*state.Link // the record, by anchor
	lastID   int
	now      time.Time

	// mailboxes: the accounts have mailboxes, so that Exchange keeps their addresses as further ones.
	mailboxes bool

	allowed bool      // the application may write to accounts that hold roles
	writes  int       // requests that the tenant was sent
	sets    int       // writes that the forest has carried out
	refused []string  // those it refused, which a truthful plan never causes
	shuffle *shuffler // the order of streams
	killer  *killer
	log     []string // what was asked of either side, attribute by attribute

	// What the record has besides links.
	unrecorded bool // there is none yet
	serial     int64
	ous        []state.OU
	scopes     []store.ScopeCount
}

// shuffler orders streams, which are read at the same time.
type shuffler struct {
	sync.Mutex
	*rand.Rand
}

// Who the two sides are.
const domainSID, tenantID = "S-1-5-21-1", "t1"

// person is an object of the source.
type person struct {
	guid    state.GUID
	cn, ou  string
	manager string // "" for none, a GUID's text, or the name of somebody outside the forest
	attrs   map[string]state.Value
}

// account is an object of the tenant.
type account struct {
	id      string
	kind    state.Kind
	deleted bool
	created bool // by this process, so that its id is no more than chance
	attrs   map[string]state.Value
}

func newWorld(seed uint64) *world {
	return &world{lastID: 100, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), roles: map[string][]string{}, known: map[string]*state.Link{},
		gone:    map[state.GUID]bool{},
		shuffle: &shuffler{Rand: rand.New(rand.NewPCG(seed, 1))}}
}

// clone is a copy that later events leave alone.
func (w *world) clone() *world {
	c := *w
	c.people, c.accounts, c.suffixes, c.log = nil, nil, slices.Clone(w.suffixes), nil
	for _, p := range w.people {
		q := *p
		q.attrs = maps.Clone(p.attrs)
		c.people = append(c.people, &q)
	}
	for _, a := range w.accounts {
		b := *a
		b.attrs, b.created = maps.Clone(a.attrs), false
		c.accounts = append(c.accounts, &b)
	}
	c.roles, c.known, c.gone = maps.Clone(w.roles), map[string]*state.Link{}, maps.Clone(w.gone)
	for anchor, l := range w.known {
		c.known[anchor] = cloneLink(l)
	}
	return &c
}

func cloneLink(l *state.Link) *state.Link {
	m := *l
	m.Fingerprints = slices.Clone(l.Fingerprints)
	return &m
}

// shuffled is xs in another order each time.
func shuffled[T any](w *world, xs []T) []T {
	xs = slices.Clone(xs)
	w.shuffle.Lock()
	defer w.shuffle.Unlock()
	w.shuffle.Shuffle(len(xs), func(i, j int) { xs[i], xs[j] = xs[j], xs[i] })
	return xs
}

func base64Of(g state.GUID) string { return base64.StdEncoding.EncodeToString(g[:]) }

func (w *world) personByGUID(g state.GUID) *person {
	for _, p := range w.people {
		if p.guid == g {
			return p
		}
	}
	return nil
}

func (w *world) account(id string) *account {
	for _, a := range w.accounts {
		if a.id == id {
			return a
		}
	}
	return nil
}

// living is the living account with an id, or nil.
func (w *world) living(id string) *account {
	if a := w.account(id); a != nil && !a.deleted {
		return a
	}
	return nil
}

// The source.

func (p *person) dn() string { return "CN=" + p.cn + "," + p.ou }

// get is an attribute as the directory shows it: a manager by its distinguished name, which follows renames.
func (w *world) get(p *person, name string) state.Value {
	if name != "manager" {
		return p.attrs[name]
	}
	if g, ok := state.ParseGUID(p.manager); ok {
		if m := w.personByGUID(g); m != nil {
			return state.String(m.dn())
		}
		return state.Null() // the directory drops references to what is deleted
	}
	if p.manager == "" {
		return state.Null()
	}
	return state.String(p.manager)
}

func (w *world) Domain(context.Context) (providers.Domain, error) {
	return providers.Domain{Name: "corp.contoso.com", SID: domainSID, BaseDN: "DC=corp"}, nil
}

func (w *world) Container(_ context.Context, dn string, g state.GUID) (providers.Container, bool, error) {
	for i, ou := range [...]string{inOU, subOU, secondOU, outOU} {
		if c := (providers.Container{DN: ou, GUID: state.GUID{byte(i), 15: 1}}); dn == ou || dn == "" && g == c.GUID {
			return c, true, nil
		}
	}
	return providers.Container{}, false, nil
}

func (w *world) Read(_ context.Context, q providers.Query) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		var found []*state.Object
		for _, p := range shuffled(w, w.people) {
			asked := len(q.GUIDs) == 0 || slices.Contains(q.GUIDs, p.guid)
			if asked && p.below(q.Bases) && !p.below(q.Exclude) && p.passes(q.Filter) {
				found = append(found, w.object(p, q.Attributes))
			}
		}
		w.deliver(found, yield)
	}
}

// deliver yields objects, and some of them twice: on an earlier page as they are, or as they were before, when they were called
// otherwise.
func (w *world) deliver(objects []*state.Object, yield func(*state.Object, error) bool) {
	var pages []*state.Object
	for _, o := range objects {
		if w.twice() {
			earlier := o.Clone()
			if w.twice() {
				earlier.DN = "CN=Before," + outOU
				for i, v := range earlier.Values {
					if v.Kind() == state.StringValue {
						earlier.Values[i] = state.String("before." + v.Str())
					}
				}
			}
			pages = slices.Insert(pages, w.place(len(pages)), earlier)
		}
		pages = append(pages, o)
	}
	for _, o := range pages {
		if !yield(o, nil) {
			return
		}
	}
}

// twice says whether an object is delivered twice.
func (w *world) twice() bool { return w.place(5) == 0 }

// place is a random one of n places and the end.
func (w *world) place(n int) int {
	w.shuffle.Lock()
	defer w.shuffle.Unlock()
	return w.shuffle.IntN(n + 1)
}

func (p *person) below(ous []string) bool {
	return slices.ContainsFunc(ous, func(ou string) bool { return p.ou == ou || strings.HasSuffix(p.ou, ","+ou) })
}

// notRobots is the one filter that the worlds' server understands.
const notRobots = "(!(employeeType=robot))"

func (p *person) passes(filter string) bool {
	return filter != notRobots || !strings.EqualFold(p.attrs["employeeType"].Str(), "robot")
}

func (w *world) object(p *person, shape *state.Shape) *state.Object {
	o := &state.Object{Kind: state.User, GUID: p.guid, DN: p.dn(), Shape: shape, Values: make([]state.Value, shape.Len())}
	for i, name := range shape.Names() {
		o.Values[i] = w.get(p, name)
	}
	return o
}

func (w *world) Lookup(_ context.Context, _ state.Kind, guids []state.GUID, shape *state.Shape) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		for _, g := range guids {
			if p := w.personByGUID(g); p != nil && !yield(w.object(p, shape), nil) {
				return
			}
		}
	}
}

// Deleted shows tombstones of those who do not live again.
func (w *world) Deleted(_ context.Context, guids []state.GUID) (found []state.GUID, shown bool, err error) {
	for _, g := range guids {
		if w.gone[g] && w.personByGUID(g) == nil {
			found = append(found, g)
		}
	}
	return found, true, nil
}

// Clock is right, on both sides.
func (w *world) Clock() time.Time { return w.now }

func (w *world) UPNSuffixes(context.Context) ([]string, error) { return w.suffixes, nil }
func (w *world) Close() error                                  { return nil }

func (w *world) AddUPNSuffix(_ context.Context, suffix string) error {
	w.killer.mayDie()
	w.log = append(w.log, "suffix "+suffix)
	w.suffixes = append(w.suffixes, suffix)
	w.sets++
	return nil
}

func (w *world) SetAttribute(_ context.Context, g state.GUID, name string, before, after state.Value) error {
	w.killer.mayDie()
	w.log = append(w.log, fmt.Sprintf("source %s %s: %s -> %s", g, name, text(before), text(after)))
	p := w.personByGUID(g)
	if p == nil {
		return errors.New("no such object")
	}
	if !p.attrs[name].Equal(before) {
		return providers.ErrStale
	}
	p.attrs[name] = after
	w.sets++
	w.killer.mayDie()
	return nil
}

// anchorUnder is a person's anchor under an anchor attribute.
func (p *person) anchorUnder(attribute string) string {
	if stamp := p.attrs[consistencyGUID].Str(); attribute == consistencyGUID && stamp != "" {
		return stamp
	}
	return base64Of(p.guid)
}

func text(v state.Value) string {
	if v.IsNull() {
		return "null"
	}
	return fmt.Sprintf("%q", v.Text())
}
