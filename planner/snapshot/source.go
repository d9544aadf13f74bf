package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/snapshot/internal/filters"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/ldapfilter"
	"github.com/dirform/dirform/state/near"
)

// Source is a domain as a snapshot has it.
type Source struct {
	f     *File
	facts *adFacts

	once       sync.Once
	containers map[string]providers.Container // by dn.Key
	byGUID     map[state.GUID]providers.Container
	failed     error
}

var (
	_ providers.SourceReader    = (*Source)(nil)
	_ providers.SourceInspector = (*Source)(nil)
)

// objects streams a section's objects. Each is valid until the next; keep, if there are any, are the only attributes
// that are read.
func (f *File) objects(name string, kind state.Kind) iter.Seq2[*state.Object, error] {
	return func(yield func(*state.Object, error) bool) {
		s, ok := f.sections[name]
		if !ok {
			return
		}
		in, err := f.rows(s)
		if err != nil {
			yield(nil, err)
			return
		}
		o := &state.Object{Kind: kind, Shape: state.NewShape(s.Names...), Values: make([]state.Value, len(s.Names))}
		for {
			r, err := in.next()
			if err == io.EOF {
				return
			}
			if err == nil {
				err = r.object(o)
			}
			if err != nil {
				yield(nil, fmt.Errorf("reading the snapshot: %w", err))
				return
			}
			if !yield(o, nil) {
				return
			}
		}
	}
}

// rows are the objects of a section of the domain; those that need an attribute which it lacks fail.
func (s *Source) rows(name string, kind state.Kind, needs ...string) iter.Seq2[*state.Object, error] {
	section := s.section(name)
	for _, n := range needs {
		if !slices.ContainsFunc(s.f.sections[section].Names, func(x string) bool { return strings.EqualFold(x, n) }) {
			return failed(lacks(string(kind)+"s", []string{n}))
		}
	}
	return s.f.objects(section, kind)
}

func (s *Source) section(name string) string { return "ad/" + s.facts.Provider + "/" + name }

func failed(err error) providers.Objects {
	return func(yield func(*state.Object, error) bool) { yield(nil, err) }
}

// Domain identifies the domain.
func (s *Source) Domain(context.Context) (providers.Domain, error) { return s.facts.Domain, nil }

// UPNSuffixes lists the forest's suffixes.
func (s *Source) UPNSuffixes(context.Context) ([]string, error) { return s.facts.Suffixes, nil }

// Clock is the time that the server's clock showed when the snapshot was taken.
func (s *Source) Clock() time.Time { return shown(s.f, s.facts.Clock) }

// shown is what a clock showed that was ahead of the snapshot's time.
func shown(f *File, ahead *time.Duration) time.Time {
	if ahead == nil {
		return time.Time{}
	}
	return f.facts.Taken.Add(*ahead)
}

// Close does nothing: the file is closed by whoever opened it.
func (s *Source) Close() error { return nil }

// Container resolves a container by distinguished name or GUID.
func (s *Source) Container(_ context.Context, name string, guid state.GUID) (c providers.Container, ok bool,
	err error) {
	if name != "" {
		if _, err := dn.Parse(name); err != nil {
			return c, false, fmt.Errorf("active directory: %w", err)
		}
	}
	s.once.Do(s.index)
	if s.failed != nil {
		return c, false, s.failed
	}
	if name == "" {
		c, ok = s.byGUID[guid]
	} else {
		c, ok = s.containers[filters.Key(name)]
	}
	return c, ok, nil
}

func (s *Source) index() {
	s.containers, s.byGUID = map[string]providers.Container{}, map[state.GUID]providers.Container{}
	for o, err := range s.rows("other", providers.AnyKind) {
		if err != nil {
			s.failed = err
			return
		}
		c := providers.Container{DN: o.DN, GUID: o.GUID}
		s.containers[filters.Key(o.DN)], s.byGUID[o.GUID] = c, c
	}
}

// Read streams the objects of a query.
func (s *Source) Read(ctx context.Context, q providers.Query) providers.Objects {
	where, err := s.place(q)
	if err != nil {
		return failed(err)
	}
	return func(yield func(*state.Object, error) bool) {
		kinds := []string{string(q.Kind)}
		if q.Kind == providers.AnyKind {
			kinds = []string{string(state.User), string(state.Group), string(state.Contact), "other"}
		}
		for _, name := range kinds {
			if !s.read(ctx, name, q, where, yield) {
				return
			}
		}
	}
}

// read yields what a section has for a query; false ends everything.
func (s *Source) read(ctx context.Context, name string, q providers.Query, where *within, yield func(*state.Object,
	error) bool) bool {
	kind := q.Kind
	if kind == providers.AnyKind {
		kind = state.Kind(name)
	}
	section := s.f.sections[s.section(name)]
	l := &filters.Leaves{Shape: state.NewShape(section.Names...), Schema: filters.SchemaOf(kind), Unknown: s.unknown,
		Chain: s.chainOf}
	match := func(*state.Object) bool { return true }
	if strings.TrimSpace(q.Filter) != "" {
		f, err := l.Compile(q.Filter)
		if err != nil {
			yield(nil, err)
			return false
		}
		match = func(o *state.Object) bool { return f.Match(o) == ldapfilter.Yes }
	}
	p := newProjection(section.Names, q.Attributes, q.Kind)
	missing := append(l.Lacking, p.missing(s.unknown)...)
	if len(missing) > 0 && q.Kind != providers.AnyKind {
		yield(nil, lacks(string(q.Kind)+"s", missing))
		return false
	}
	for o, err := range s.rows(name, q.Kind) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			yield(nil, err)
			return false
		}
		if where.has(o) && match(o) && !yield(p.of(o), nil) {
			return false
		}
	}
	return true
}

func (s *Source) unknown(name string) bool {
	return slices.Contains(s.facts.Unknown, strings.ToLower(name))
}

// within is which objects a query is about by their place and identity.
type within struct {
	containers []dn.Normal // of these, the first are searched and the others left out
	bases      int
	guids      map[state.GUID]bool
	name       []byte // scratch
}

// place is where a query searches. What lies outside of the base DN is not in a snapshot but for its identity.
func (s *Source) place(q providers.Query) (*within, error) {
	if len(q.Bases) == 0 {
		return nil, errors.New("active directory: no container to read was given")
	}
	w := &within{bases: len(q.Bases)}
	for i, name := range slices.Concat(q.Bases, q.Exclude) {
		n, err := dn.Parse(name)
		if err != nil {
			return nil, fmt.Errorf("active directory: %w", err)
		}
		if base := s.facts.Domain.BaseDN; i < len(q.Bases) && !dn.Within(name, base) {
			return nil, &fault.Error{Summary: "The snapshot lacks what the configuration asks for",
				Detail: fmt.Sprintf("%s does not lie below %s, and nothing else was read of provider.ad.%s.", name,
					base, s.facts.Provider),
				Hint: "Take one with the base_dn that this configuration has, or plan with both directories."}
		}
		w.containers = append(w.containers, n)
	}
	if len(q.GUIDs) > 0 {
		w.guids = map[state.GUID]bool{}
		for _, g := range q.GUIDs {
			w.guids[g] = true
		}
	}
	return w, nil
}

// has reports whether an object is among those that a query is about. It is for one goroutine.
func (w *within) has(o *state.Object) bool {
	if w.guids != nil && !w.guids[o.GUID] {
		return false
	}
	b, err := dn.AppendNormal(w.name[:0], o.DN)
	if err != nil {
		return false
	}
	w.name = b
	i := dn.Normal(b).Nearest(w.containers)
	return i >= 0 && i < w.bases
}

// projection makes objects of one shape of those of another.
type projection struct {
	from []int // index of each attribute in the section's, -1 if that lacks it
	out  *state.Object
}

func newProjection(have []string, want *state.Shape, kind state.Kind) *projection {
	shape := state.NewShape(have...)
	p := &projection{out: &state.Object{Kind: kind, Shape: want, Values: make([]state.Value, want.Len())}}
	for _, name := range want.Names() {
		base, _, _ := strings.Cut(name, ";")
		p.from = append(p.from, shape.Index(base))
	}
	return p
}

// missing are the attributes that the section lacks and that somebody may have.
func (p *projection) missing(unknown func(string) bool) (names []string) {
	for i, name := range p.out.Shape.Names() {
		if p.from[i] < 0 && !unknown(name) {
			names = append(names, name)
		}
	}
	return names
}

func (p *projection) of(o *state.Object) *state.Object {
	p.out.GUID, p.out.ID, p.out.DN = o.GUID, o.ID, o.DN
	for i, from := range p.from {
		if p.out.Values[i] = state.Null(); from >= 0 {
			p.out.Values[i] = o.Values[from]
		}
	}
	return p.out
}

// Lookup streams the objects with these GUIDs wherever they are in the domain.
func (s *Source) Lookup(ctx context.Context, kind state.Kind, guids []state.GUID,
	attributes *state.Shape) providers.Objects {
	asked := map[state.GUID]bool{}
	for _, g := range guids {
		asked[g] = true
	}
	return func(yield func(*state.Object, error) bool) {
		for _, name := range []string{string(kind), "outside/" + string(kind)} {
			p := newProjection(s.f.sections[s.section(name)].Names, attributes, kind)
			for o, err := range s.rows(name, kind) {
				if err == nil {
					err = context.Cause(ctx)
				}
				if err == nil && asked[o.GUID] && len(p.missing(s.unknown)) > 0 {
					err = lacks(string(kind)+"s", p.missing(s.unknown))
				}
				if err != nil {
					yield(nil, err)
					return
				}
				if asked[o.GUID] && !yield(p.of(o), nil) {
					return
				}
			}
		}
	}
}

// Deleted says which of the objects were deleted.
func (s *Source) Deleted(_ context.Context, guids []state.GUID) (found []state.GUID, shown bool, err error) {
	for _, g := range s.facts.Gone {
		if slices.Contains(guids, g) {
			found = append(found, g)
		}
	}
	return found, s.facts.GoneShown, nil
}

// Inspector is the domain, if its server told about itself.
func (s *Source) inspector() providers.SourceReader {
	if s.facts.Inspects {
		return s
	}
	return plainSource{s}
}

// plainSource is a domain whose server told nothing about itself.
type plainSource struct{ providers.SourceReader }

// UnknownNames are those of names that the server's schema does not have. Of a name that was not asked for nothing is
// known.
func (s *Source) UnknownNames(_ context.Context, names []string) (list []providers.UnknownName, err error) {
	if s.facts.NoSchema {
		return nil, providers.ErrNoSchema
	}
	have := map[string]string{}
	for _, kind := range sourceKinds() {
		for _, n := range s.f.sections[s.section(string(kind))].Names {
			if !s.unknown(n) {
				have[strings.ToLower(n)] = n
			}
		}
	}
	var all, missing []string
	for _, n := range have {
		all = append(all, n)
	}
	slices.Sort(all)
	for _, n := range names {
		switch _, known := have[strings.ToLower(n)]; {
		case known:
		case s.unknown(n):
			list = append(list, providers.UnknownName{Name: n, Near: near.Closest(n, all)})
		default:
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		return nil, lacks("objects in Active Directory", missing)
	}
	return list, nil
}

// Unreadable are those of names that the account might not read, by what was found in the query's containers or in
// those around them.
func (s *Source) Unreadable(_ context.Context, q providers.Query, names []string) (list []string, known bool,
	err error) {
	for _, base := range q.Bases {
		var best *unreadable
		for i, u := range s.facts.Unreadable {
			if u.Kind == q.Kind && (u.Base == filters.Key(base) || best == nil &&
				u.Base == filters.Key(s.facts.Domain.BaseDN)) {
				best = &s.facts.Unreadable[i]
			}
		}
		if best == nil {
			continue
		}
		known = known || best.Known
		for _, n := range best.Names {
			if !slices.Contains(list, n) && slices.ContainsFunc(names,
				func(x string) bool { return strings.EqualFold(x, n) }) {
				list = append(list, n)
			}
		}
	}
	slices.Sort(list)
	return list, known, nil
}

// MayWrite reports whether the account could write the anchor of objects in the containers of these.
func (s *Source) MayWrite(ctx context.Context, attribute string, guids []state.GUID) (bool, error) {
	if !strings.EqualFold(attribute, config.AnchorConsistencyGUID) {
		return true, nil
	}
	told := false
	for _, kind := range sourceKinds() {
		for o, err := range s.Lookup(ctx, kind, guids, state.NewShape()) {
			if err != nil {
				return false, err
			}
			may, known := s.facts.MayWrite[containerKey(o.DN)]
			if told = told || known; may {
				return true, nil
			}
		}
	}
	return !told, nil
}

// Position is how far the server's copy of the directory had come.
func (s *Source) Position(context.Context) (providers.Position, error) {
	switch {
	case s.facts.Place != nil:
		return s.facts.Place.position(), nil
	case s.facts.PlaceError != "":
		return providers.Position{}, errors.New(s.facts.PlaceError)
	}
	return providers.Position{}, errors.New("the snapshot was taken with one domain controller, and does not say")
}

// chainOf follows memberships: those that are members of a group, or the groups that somebody is a member of, over any
// number of steps.
func (s *Source) chainOf(attribute, name string) (map[string]bool, error) {
	if attribute != "memberof" && attribute != "member" {
		return nil, fmt.Errorf("a filter follows the chain of %s, and a snapshot can follow member and memberOf alone",
			attribute)
	}
	next := map[string][]string{}
	for o, err := range s.rows(string(state.Group), state.Group, "member") {
		if err != nil {
			return nil, err
		}
		group := filters.Key(o.DN)
		for _, m := range o.Get("member").List() {
			if member := filters.Key(m); attribute == "memberof" {
				next[group] = append(next[group], member)
			} else {
				next[member] = append(next[member], group)
			}
		}
	}
	reached := map[string]bool{}
	for queue := []string{filters.Key(name)}; len(queue) > 0; queue = queue[1:] {
		for _, n := range next[queue[0]] {
			if !reached[n] {
				reached[n] = true
				queue = append(queue, n)
			}
		}
	}
	return reached, nil
}
