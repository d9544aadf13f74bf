package snapshot

import (
	"context"
	"errors"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/planner/snapshot/internal/filters"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
)

// Record is what a snapshot takes of the record of links.
type Record interface {
	Meta() store.Meta
	Links(ctx context.Context) iter.Seq2[*state.Link, error]
	OUs(ctx context.Context) ([]state.OU, error)
	LastScopes(ctx context.Context) ([]store.ScopeCount, error)
	Recent(ctx context.Context, since time.Time) (state.Recent, error)
	LastRun(ctx context.Context) (time.Time, error)
}

// Directories opens the directories that a configuration names, each once.
type Directories interface {
	Source(ctx context.Context, p *config.ADProvider) (providers.SourceReader, error)
	Tenant(ctx context.Context, p *config.EntraProvider) (providers.TenantReader, error)
}

// Input is what a snapshot is taken of.
type Input struct {
	Config      *config.Config
	Also        *config.Config // another one whose attributes are taken too; or nil
	Record      Record
	Directories Directories
	Now         func() time.Time
	Version     string // dirform's own
	// NewKey mints the key of a snapshot in the clear; nil stands for [store.NewKey].
	NewKey func() (state.Key, error)
	// Wanted is what the configuration wants, over what a file has: nil if no plan can be made of it. done ends it.
	Wanted func(ctx context.Context, f *File) (view *reconcile.View, done func(), err error)
}

// Take reads everything into the file path, which keys seal; with nil it is in the clear.
func Take(ctx context.Context, in Input, path string, keys *seal.Keys) (*File, error) {
	to, err := named(path, keys)
	if err != nil {
		return nil, err
	}
	if keys != nil {
		return in.take(ctx, to)
	}
	f, err := in.disclose(ctx, to, filepath.Dir(path))
	if err != nil {
		to.discard()
	}
	return f, err
}

// TakeTemp reads everything into a file that is gone once it is closed, in dir or the system's folder for such files.
func TakeTemp(ctx context.Context, in Input, dir string) (*File, error) {
	to, err := temporary(dir)
	if err != nil {
		return nil, err
	}
	return in.take(ctx, to)
}

func (in Input) take(ctx context.Context, to *target) (*File, error) {
	t := &taking{Input: in, w: newWriter(to), facts: &facts{Version: in.Version,
		Taken: in.Now().UTC().Truncate(time.Second)}}
	f, err := t.all(ctx)
	if err != nil {
		to.discard()
	}
	return f, err
}

// taking is a snapshot that is being taken.
type taking struct {
	Input
	w       *writer
	facts   *facts
	missing map[state.GUID]bool // source objects of links that have not been read
}

// all takes everything.
func (t *taking) all(ctx context.Context) (*File, error) {
	if err := t.record(ctx); err != nil {
		return nil, err
	}
	for _, p := range t.Config.AD {
		src, err := t.Directories.Source(ctx, p)
		if err != nil {
			return nil, err
		}
		if err := t.domain(ctx, p, src); err != nil {
			return nil, err
		}
	}
	tenant, err := t.Directories.Tenant(ctx, t.Config.Entra)
	if err == nil {
		err = t.tenant(ctx, tenant)
	}
	if err == nil {
		err = t.gone(ctx)
	}
	if err == nil {
		err = t.links(ctx)
	}
	if err != nil {
		return nil, err
	}
	return t.w.close(t.facts)
}

// positioned is a record that knows which domain controllers the last apply read.
type positioned interface {
	Positions(ctx context.Context) (map[string]store.Position, error)
}

func (t *taking) record(ctx context.Context) (err error) {
	m, r := t.Record.Meta(), &t.facts.Record
	r.Exists, r.Lineage, r.Serial, r.SourceSID, r.FormerSID, r.TenantID = m.Exists, m.Lineage, m.Serial, m.SourceSID, m.FormerSID, m.TenantID
	if r.OUs, err = t.Record.OUs(ctx); err != nil {
		return err
	}
	if r.Scopes, err = t.Record.LastScopes(ctx); err != nil {
		return err
	}
	recent, err := t.Record.Recent(ctx, t.facts.Taken.Add(-state.RecentTime))
	if err != nil {
		return err
	}
	r.Recent = keepRecent(recent)
	if r.LastRun, err = t.Record.LastRun(ctx); err != nil {
		return err
	}
	if p, ok := t.Record.(positioned); ok {
		if r.Positions, err = p.Positions(ctx); err != nil {
			return err
		}
	}
	r.Key = m.Key[:]
	t.missing = map[state.GUID]bool{}
	for l, err := range t.Record.Links(ctx) {
		if err != nil {
			return err
		}
		t.missing[l.SourceGUID] = true
	}
	return nil
}

// add writes a stream of objects into a section.
func (t *taking) add(name string, shape *state.Shape, objects providers.Objects, see func(*state.Object)) error {
	t.w.begin(name, shape.Names())
	for o, err := range objects {
		if err != nil {
			return err
		}
		if see != nil {
			see(o)
		}
		if err := t.w.add(func(b []byte) []byte { return appendObject(b, o) }); err != nil {
			return err
		}
	}
	return t.w.end()
}

// skew is how far a clock is ahead of this computer's, nil if it shows nothing.
func (t *taking) skew(shows time.Time) *time.Duration {
	if shows.IsZero() {
		return nil
	}
	d := shows.Sub(t.Now())
	return &d
}

// sourceKinds are the kinds of objects that a domain has.
func sourceKinds() (kinds []state.Kind) {
	for _, d := range state.Kinds {
		if providers.ADSchema(d.Kind) != nil {
			kinds = append(kinds, d.Kind)
		}
	}
	return kinds
}

// notTaken are attributes of the source that a snapshot has only where its configuration names them: what the server
// computes for each object, what is large, and what only counts on one server.
var notTaken = []string{"tokenGroups", "nTSecurityDescriptor", "allowedAttributesEffective", "canonicalName",
	"parentGUID",
	"msDS-User-Account-Control-Computed", "msDS-UserPasswordExpiryTimeComputed", "msDS-PrincipalName", "thumbnailPhoto", "jpegPhoto",
	"photo", "userCertificate", "userSMIMECertificate", "msDS-KeyCredentialLink", "logonHours", "lastLogon", "lastLogoff",
	"badPasswordTime", "badPwdCount", "logonCount", "isDeleted", "lastKnownParent"}

// configs are those whose attributes are taken.
func (in *Input) configs() []*config.Config {
	if in.Also == nil {
		return []*config.Config{in.Config}
	}
	return []*config.Config{in.Config, in.Also}
}

// sourceNames are the attributes of a kind that are taken: its own first.
func (in *Input) sourceNames(kind state.Kind) []string {
	var names []string
	add := func(list []string, but []string) {
		for _, n := range list {
			fold := func(x string) bool { return strings.EqualFold(x, n) }
			if !slices.ContainsFunc(names, fold) && !slices.ContainsFunc(but, fold) {
				names = append(names, n)
			}
		}
	}
	for _, k := range append([]state.Kind{kind}, sourceKinds()...) { // a filter may name for one what only others have
		add(providers.ADSchema(k).Names(), notTaken)
	}
	for _, cfg := range in.configs() {
		if shape := cfg.SourceShapes[kind]; shape != nil {
			add(shape.Names(), nil)
		}
		for _, s := range cfg.Scopes {
			if slices.Contains(s.Objects, kind) {
				add(s.FilterNames, nil)
			}
		}
	}
	return names
}

// otherNames are what is taken of objects that are of none of the kinds: containers, computers and the like.
var otherNames = []string{"objectGUID", "objectClass", "objectCategory", "cn", "displayName", "sAMAccountName"}

// otherFilter finds these.
const otherFilter = "(!(|(&(objectCategory=person)(objectClass=user))(objectCategory=group)(&(objectCategory=person)(objectClass=contact))))"

// outsideNames are what is taken of objects outside of the base DN: that they live, and whose anchor they carry.
var outsideNames = []string{"objectGUID", config.AnchorConsistencyGUID}

func (t *taking) domain(ctx context.Context, p *config.ADProvider, src providers.SourceReader) (err error) {
	f := &adFacts{Provider: p.Name, MayWrite: map[string]bool{}}
	t.facts.Sources = append(t.facts.Sources, f)
	if f.Domain, err = src.Domain(ctx); err != nil {
		return err
	}
	if f.Suffixes, err = src.UPNSuffixes(ctx); err != nil {
		return err
	}
	inspector := providers.InspectorOf(src)
	if f.Inspects = inspector != nil; f.Inspects {
		if err := t.inspect(ctx, p, src, inspector, f); err != nil {
			return err
		}
	}
	root, section := dn.OfDomain(f.Domain.Name), "ad/"+p.Name+"/"
	beyond := !dn.Equal(root, f.Domain.BaseDN)
	sample := map[string][]state.GUID{}
	for _, kind := range sourceKinds() {
		shape := state.NewShape(t.sourceNames(kind)...)
		q := providers.Query{Kind: kind, Bases: []string{f.Domain.BaseDN}, Attributes: shape}
		if err := t.add(section+string(kind), shape, src.Read(ctx, q), func(o *state.Object) {
			delete(t.missing, o.GUID)
			if in := containerKey(o.DN); kind != state.Contact && len(sample[in]) < sampled {
				sample[in] = append(sample[in], o.GUID)
			}
		}); err != nil {
			return err
		}
		if !beyond {
			continue
		}
		shape = state.NewShape(outsideNames...)
		q = providers.Query{Kind: kind, Bases: []string{root}, Exclude: []string{f.Domain.BaseDN}, Attributes: shape}
		if err := t.add(section+"outside/"+string(kind), shape, src.Read(ctx, q),
			func(o *state.Object) { delete(t.missing, o.GUID) }); err != nil {
			return err
		}
	}
	shape := state.NewShape(otherNames...)
	q := providers.Query{Kind: providers.AnyKind, Bases: []string{root}, Filter: otherFilter, Attributes: shape}
	if err := t.add(section+"other", shape, src.Read(ctx, q), nil); err != nil {
		return err
	}
	if f.Inspects {
		for in, guids := range sample {
			if f.MayWrite[in], err = inspector.MayWrite(ctx, config.AnchorConsistencyGUID, guids); err != nil {
				return err
			}
		}
	}
	f.Clock = t.skew(src.Clock())
	return nil
}

// sampled is of how many objects in a container the server is asked whether their anchor may be written.
const sampled = 20

// containerKey is by what the container of an object is known.
func containerKey(name string) string { return filters.Key(dn.Parent(name)) }

// inspect asks what the server tells about itself and about what the account may do.
func (t *taking) inspect(ctx context.Context, p *config.ADProvider, src providers.SourceReader,
	i providers.SourceInspector, f *adFacts) error {
	bases := []string{f.Domain.BaseDN}
	for _, s := range t.Config.Scopes {
		if s.Provider != p {
			continue
		}
		for _, ou := range s.OUs {
			if c, ok, err := src.Container(ctx, ou, state.GUID{}); err != nil {
				return err
			} else if ok && !slices.Contains(bases, c.DN) {
				bases = append(bases, c.DN)
			}
		}
	}
	unknown := map[string]bool{}
	for _, kind := range sourceKinds() {
		names := t.sourceNames(kind)
		list, err := i.UnknownNames(ctx, names)
		if f.NoSchema = errors.Is(err, providers.ErrNoSchema); err != nil && !f.NoSchema {
			return err
		}
		for _, u := range list {
			unknown[strings.ToLower(u.Name)] = true
		}
		for _, base := range bases {
			q := providers.Query{Kind: kind, Bases: []string{base}, Attributes: state.NewShape(names...)}
			lacking, known, err := i.Unreadable(ctx, q, names)
			if err != nil && ctx.Err() != nil {
				return context.Cause(ctx)
			}
			f.Unreadable = append(f.Unreadable, unreadable{Kind: kind, Base: filters.Key(base), Names: lacking,
				Known: known && err == nil})
		}
	}
	for name := range unknown {
		f.Unknown = append(f.Unknown, name)
	}
	slices.Sort(f.Unknown)
	if len(p.URLs) < 2 {
		return nil
	}
	at, err := i.Position(ctx)
	switch {
	case err == nil:
		f.Place = keepPosition(at)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	default:
		f.PlaceError = err.Error()
	}
	return nil
}

// gone asks which of the recorded objects that live in no domain were deleted.
func (t *taking) gone(ctx context.Context) error {
	absent := slices.SortedFunc(maps.Keys(t.missing), func(a, b state.GUID) int {
		return strings.Compare(string(a[:]),
			string(b[:]))
	})
	for i, p := range t.Config.AD {
		src, err := t.Directories.Source(ctx, p)
		if err != nil {
			return err
		}
		f := t.facts.Sources[i]
		if f.Gone, f.GoneShown, err = src.Deleted(ctx, absent); err != nil {
			return err
		}
	}
	return nil
}

const linkSection = "links"

func (t *taking) links(ctx context.Context) error {
	t.w.begin(linkSection, nil)
	for l, err := range t.Record.Links(ctx) {
		if err != nil {
			return err
		}
		if err := t.w.add(func(b []byte) []byte { return appendLink(b, l) }); err != nil {
			return err
		}
	}
	return t.w.end()
}
