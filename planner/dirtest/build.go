package dirtest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/dirtest/internal/memory"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/near"
)

// builder makes the world of a test under a configuration.
type builder struct {
	t       *Test
	cfg     *config.Config
	now     time.Time
	world   *memory.World
	objects map[string]*memory.Object  // by label
	ids     map[string]string          // of accounts, by label
	linked  map[string]*memory.Account // by the label of the source
}

func build(t *Test, cfg *config.Config, now time.Time) (*builder, error) {
	b := &builder{t: t, cfg: cfg, now: now, objects: map[string]*memory.Object{}, ids: map[string]string{},
		linked: map[string]*memory.Account{},
		world:  &memory.World{Config: cfg, Now: now, FirstRun: t.FirstRun, Suffixes: t.Suffixes}}
	if b.world.SyncOn = cfg.DirectorySync != nil && cfg.DirectorySync.Enabled; t.SyncOn != nil {
		b.world.SyncOn = *t.SyncOn
	}
	for _, s := range t.Sources {
		if err := b.addObject(s); err != nil {
			return nil, err
		}
	}
	for _, s := range t.Sources {
		b.refer(s)
	}
	for _, a := range t.Accounts {
		m := &memory.Account{Kind: a.Kind, ID: memory.GUIDOf("account " + a.Label).String(),
			Attrs: map[string]state.Value{}, Deleted: a.Deleted,
			Mailbox: a.Mailbox, Roles: a.Roles}
		b.world.Accounts, b.ids[a.Label] = append(b.world.Accounts, m), m.ID
		if a.LinkedTo != "" {
			b.linked[a.LinkedTo] = m
		}
	}
	for i, a := range t.Accounts {
		if err := b.fillAccount(a, b.world.Accounts[i]); err != nil {
			return nil, err
		}
	}
	b.domains()
	return b, nil
}

// addObject adds an object of the source, with what Active Directory gives every object.
func (b *builder) addObject(s *Source) error {
	name := s.DN
	if name == "" {
		home := b.scopeFor(s.Kind)
		if home == nil || len(home.OUs) == 0 {
			return &fault.Error{Summary: fmt.Sprintf("%s: source %q has no place", s.DeclaredAt, s.Label),
				Detail: fmt.Sprintf("It has no dn, and no scope has objects of kind %s.",
					s.Kind), Hint: "Give it a dn."}
		}
		name = "CN=" + dn.Escape(s.Label) + "," + home.OUs[0]
	}
	if !slices.ContainsFunc(b.cfg.AD, func(p *config.ADProvider) bool {
		return dn.Within(name, memory.Head(b.cfg,
			p))
	}) {
		return &fault.Error{Summary: fmt.Sprintf("%s: source %q lies in no domain of the configuration", s.DeclaredAt,
			s.Label),
			Detail: fmt.Sprintf("%s does not end in %s.", name, memory.Head(b.cfg,
				b.cfg.AD[0])), Hint: "Correct the dn."}
	}
	if other := b.byDN(name); other != "" && s.Gone == "" && !b.objects[other].Gone {
		return &fault.Error{Summary: fmt.Sprintf("%s: sources %q and %q lie in one place", s.DeclaredAt, other,
			s.Label),
			Detail: name + " can be one object only.", Hint: "Give one of them another dn."}
	}
	o := &memory.Object{Kind: s.Kind, GUID: memory.GUIDOf("source " + s.Label), DN: name, Gone: s.Gone != "",
		Told: s.Gone == "deleted"}
	if g := s.Attributes["objectguid"].Str(); g != "" {
		raw, err := base64.StdEncoding.DecodeString(g)
		if err != nil || copy(o.GUID[:], raw) != len(o.GUID) || len(raw) != len(o.GUID) {
			return &fault.Error{Summary: fmt.Sprintf("%s: objectGUID is not a GUID", s.DeclaredAt),
				Hint: "It has 16 bytes."}
		}
	}
	o.Attrs = always(o, s.Label)
	for name, v := range s.Attributes {
		o.Attrs[name] = v
	}
	b.objects[s.Label], b.world.Objects = o, append(b.world.Objects, o)
	return nil
}

// refer turns labels in references into distinguished names.
func (b *builder) refer(s *Source) {
	schema, o := providers.ADSchema(s.Kind), b.objects[s.Label]
	named := func(text string) string {
		if to := b.objects[text]; to != nil {
			return to.DN
		}
		return text
	}
	for name, v := range s.Attributes {
		a := schema.Lookup(name)
		switch {
		case a == nil || a.Type != state.TypeReference:
		case v.Kind() == state.StringValue:
			o.Attrs[name] = state.String(named(v.Str()))
		case v.Kind() == state.ListValue:
			var list []string
			for _, text := range v.List() {
				list = append(list, named(text))
			}
			o.Attrs[name] = state.List(list)
		}
	}
}

// scopes are the names of all scopes.
func (b *builder) scopes() (names []string) {
	for _, s := range b.cfg.Scopes {
		names = append(names, s.Name)
	}
	return names
}

// scopeFor is the first scope that has objects of a kind.
func (b *builder) scopeFor(kind state.Kind) *config.Scope {
	for _, s := range b.cfg.Scopes {
		if slices.Contains(s.Objects, kind) {
			return s
		}
	}
	return nil
}

// scopeOf is the scope in whose containers an object lies, or else the first one that has objects of its kind.
func (b *builder) scopeOf(o *memory.Object) *config.Scope {
	for _, s := range b.cfg.Scopes {
		if slices.Contains(s.Objects, o.Kind) && memory.Below(o.DN, s.OUs, s.Exclude) {
			return s
		}
	}
	return b.scopeFor(o.Kind)
}

// fillAccount gives an account its attributes: if it is linked what the mapping gives, and then what the test says.
func (b *builder) fillAccount(a *Account, m *memory.Account) error {
	d := state.Describe(nil)(a.Kind)
	var scope *config.Scope
	anchor := ""
	if a.LinkedTo != "" {
		o := b.objects[a.LinkedTo]
		if scope = b.scopeOf(o); a.Scope != "" {
			at := slices.IndexFunc(b.cfg.Scopes, func(s *config.Scope) bool { return s.Name == a.Scope })
			if at < 0 {
				return &fault.Error{Summary: fmt.Sprintf("%s: account %q is linked in a scope that is not declared",
					a.DeclaredAt, a.Label),
					Detail: fmt.Sprintf("There is no scope %q.%s", a.Scope, near.DidYouMean(a.Scope, b.scopes()))}
			}
			scope = b.cfg.Scopes[at]
		}
		if scope == nil || !slices.Contains(scope.Objects, a.Kind) {
			return &fault.Error{Summary: fmt.Sprintf("%s: account %q cannot be linked", a.DeclaredAt, a.Label),
				Detail: fmt.Sprintf("No scope has objects of kind %s.", a.Kind)}
		}
		anchor = b.anchor(o, scope)
		b.mapped(o, scope, m)
		m.Attrs[strings.ToLower(d.Anchor)] = state.String(anchor)
	}
	given := map[string]state.Value{}
	for name, v := range a.Attributes {
		given[name] = b.reference(a.Kind, name, v)
	}
	maps.Copy(m.Attrs, given)
	if err := b.complete(a, m); err != nil {
		return err
	}
	if a.LinkedTo != "" {
		b.link(a, m, scope, anchor)
	}
	return nil
}

// anchor is what ties an object to its account. Where the policy keeps it in an attribute of its own, it stands there.
func (b *builder) anchor(o *memory.Object, scope *config.Scope) string {
	own := base64.StdEncoding.EncodeToString(o.GUID[:])
	if b.cfg.Policy(scope.Name, o.Kind).Anchor == config.AnchorConsistencyGUID {
		name := strings.ToLower(config.AnchorConsistencyGUID)
		if stamped := o.Attrs[name].Str(); stamped != "" {
			return stamped
		}
		o.Attrs[name] = state.String(own)
	}
	return own
}

// mapped gives an account what its object's mapping gives.
func (b *builder) mapped(o *memory.Object, scope *config.Scope, m *memory.Account) {
	for name, v := range b.wanted(o, scope) {
		if to := b.byDN(v.Str()); to != "" && b.schema(o.Kind, name).Type == state.TypeReference {
			v = state.Null()
			if other := b.linked[to]; other != nil {
				v = state.String(other.ID)
			}
		}
		m.Attrs[name] = v
	}
}

// wanted is what the mapping of a scope gives for an object, by the attributes' names in small letters.
func (b *builder) wanted(o *memory.Object, scope *config.Scope) map[string]state.Value {
	shape := b.cfg.SourceShapes[o.Kind]
	found := map[string]state.Value{}
	for _, m := range b.cfg.Mappings {
		if shape == nil || m.Scope != scope || m.Kind != o.Kind {
			continue
		}
		object := memory.Shaped(o, shape)
		for _, a := range m.Attributes {
			if v, err := reconcile.Want(a, object); err == nil && !v.IsEmpty() {
				found[strings.ToLower(a.Target.Name)] = v
			}
		}
	}
	return found
}

func (b *builder) schema(kind state.Kind, name string) *state.Attribute {
	if a := providers.TenantSchema(kind).Lookup(name); a != nil {
		return a
	}
	return &state.Attribute{}
}

// byDN is the label of the object with a distinguished name, or "".
func (b *builder) byDN(name string) string {
	for label, o := range b.objects {
		if name != "" && dn.Equal(o.DN, name) {
			return label
		}
	}
	return ""
}

// reference turns the label of an account, or of a source with one, into the account's id.
func (b *builder) reference(kind state.Kind, name string, v state.Value) state.Value {
	if b.schema(kind, name).Type != state.TypeReference || v.Str() == "" {
		return v
	}
	if a := b.linked[v.Str()]; a != nil {
		return state.String(a.ID)
	}
	if id := b.ids[v.Str()]; id != "" {
		return state.String(id)
	}
	return v
}

// link records that an account is linked. The last apply wrote what the account has, but where the test says otherwise.
func (b *builder) link(a *Account, m *memory.Account, scope *config.Scope, anchor string) {
	names := memory.Names(b.cfg, scope.Name, a.Kind)
	l := &state.Link{Anchor: anchor, Kind: a.Kind, Scope: scope.Name, SourceGUID: b.objects[a.LinkedTo].GUID,
		TargetID: m.ID, Rule: "created",
		Shape: state.NewShape(names...), Fingerprints: make([]uint64, len(names))}
	h, upn := state.NewHasher(memory.Key), strings.ToLower(state.Describe(nil)(a.Kind).UserName)
	for i, name := range names {
		key := strings.ToLower(name)
		v := m.Attrs[key]
		if applied, there := a.Applied[key]; there {
			v = b.reference(a.Kind, key, applied)
		}
		if a.Deleted && key == upn && a.Applied[key].IsNull() {
			v = state.String(strings.TrimPrefix(v.Str(), strings.ReplaceAll(m.ID, "-", "")))
		}
		l.Fingerprints[i] = h.Fingerprint(b.schema(a.Kind, name), v)
	}
	if a.Left > 0 {
		l.Left, l.LeftAt = true, b.now.Add(-a.Left).Unix()
	}
	b.world.Links = append(b.world.Links, l)
}
