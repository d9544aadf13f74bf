package reconcile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// badges have a key that an application chooses, which is unique, and an anchor. Nobody signs in with one.
var badges = &state.Descriptor{
	Kind: "badge", Noun: "badge", Managed: true, Phase: 7,
	Anchor: "source", Display: "label", Identity: []string{"label", "number", "source"},
	Unique:     []state.UniqueName{{Attribute: "number", Space: state.UniqueNames}},
	Match:      []state.MatchRule{{Name: "unique_name", Hard: true}},
	Leaving:    []string{"unlink", "keep", "delete"},
	References: []state.Reference{{Attribute: "spare", Kind: "badge"}},
}

// lockers have no anchor: nothing but the record, or a link block, ties one to its source object.
var lockers = &state.Descriptor{
	Kind: "locker", Noun: "locker", Managed: true, Phase: 8,
	Display: "label", Identity: []string{"label", "number"},
	Unique:  []state.UniqueName{{Attribute: "number", Space: state.UniqueNames}},
	Leaving: []string{"delete"},
}

// robots are what users are, and everything is called otherwise.
var robots = &state.Descriptor{
	Kind: "robot", Noun: "robot", Managed: true, Phase: 9,
	Anchor: "source", UserName: "login", Mail: "post", Proxies: "posts", SignIn: "awake", Display: "label",
	Identity: []string{"label", "login", "post", "posts", "source", "awake"},
	Unique: []state.UniqueName{{Attribute: "login", Space: state.SignInNames, Freed: true},
		{Attribute: "post", Space: state.MailAddresses}, {Attribute: "posts", Space: state.MailAddresses, Further: true}},
	Match: []state.MatchRule{{Name: "immutable_id", Hard: true}, {Name: "primary_smtp"},
		{Name: "user_principal_name"}},
	Leaving:   []string{"disable", "delete"},
	Sensitive: []string{"awake"},
}

// madeUp is a kind that no engine code knows: what describes it, and how it is mapped.
type madeUp struct {
	of     *state.Descriptor
	schema []state.Attribute
	mapped map[string]string // its attributes by those of users, whose expressions they take
}

var (
	label  = state.Attribute{Name: "label", Required: true, NotNull: true}
	number = state.Attribute{Name: "number", Required: true, NotNull: true, Equality: state.EqualFold}
	source = state.Attribute{Name: "source"}
)

var (
	badge = madeUp{badges, []state.Attribute{label, number, source, {Name: "spare", Type: state.TypeReference}},
		map[string]string{"displayName": "label", "mailNickname": "number", "manager": "spare"}}
	locker = madeUp{lockers, []state.Attribute{label, number},
		map[string]string{"displayName": "label", "mailNickname": "number"}}
	robot = madeUp{robots, []state.Attribute{label, source,
		{Name: "login", Required: true, NotNull: true, Equality: state.EqualFold},
		{Name: "post", NotNull: true, Equality: state.EqualFold},
		{Name: "posts", Multi: true, ReadOnly: true},
		{Name: "awake", Type: state.TypeBool}},
		map[string]string{"displayName": "label", "userPrincipalName": "login", "mail": "post"}}
)

const kindRules = `
provider "ad" "corp" {
  lab = "x"
}
provider "entra" "t" {
  lab = "x"
}
scope "things" {
  ou = "DC=corp"
}
mapping "things" {
  scope  = scope.things
  object = "user"
  attributes {
    userPrincipalName = ad.userPrincipalName
    displayName       = ad.displayName
    mailNickname      = ad.sAMAccountName
    mail              = ad.mail
    manager           = ad.manager
    accountEnabled    = true
  }
}
guard "none" {
  updates { count = 100 }
}
`

// rules are the configuration for things of the kind: what users have, said of it.
func (m madeUp) rules(t *testing.T) *config.Config {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(kindRules), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, diags := config.Load(config.Options{Dir: dir, Version: "0.1.0",
		Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	kind, schema := m.of.Kind, m.tenantSchema()
	cfg.Scopes[0].Objects, cfg.Policies[0].Kind, cfg.Mappings[0].Kind = []state.Kind{kind}, kind, kind
	cfg.Policies[0].Match, cfg.Policies[0].Leaving = m.of.DefaultMatch(), m.of.Leaving[0]
	cfg.SourceShapes[kind] = cfg.SourceShapes[state.User]
	var attributes []*config.AttributeMapping
	for _, a := range cfg.Mappings[0].Attributes {
		if name := m.mapped[a.Target.Name]; name != "" {
			made := &config.AttributeMapping{Target: schema.Lookup(name), Expr: a.Expr, DeclaredAt: a.DeclaredAt}
			attributes = append(attributes, made)
		}
	}
	cfg.Mappings[0].Attributes = attributes
	return cfg
}

func (m madeUp) tenantSchema() *state.Schema {
	return state.NewSchema("entra", m.of.Kind, false, m.schema)
}

// thing is a source object, its tenant object, or both, under one number; the record has the pair if linked.
type thing struct {
	kind                  state.Kind
	source, live, deleted map[string]state.Value
	linked                bool
	unseen                bool // nobody knows where its source object is
}

// attrs are attributes from pairs of a name and a value.
func attrs(pairs ...any) map[string]state.Value {
	a := map[string]state.Value{}
	for i := 0; i < len(pairs); i += 2 {
		switch v := pairs[i+1].(type) {
		case string:
			a[pairs[i].(string)] = state.String(v)
		case bool:
			a[pairs[i].(string)] = state.Bool(v)
		}
	}
	return a
}

// at is a source object that is called p.
func at(p string, more ...any) map[string]state.Value {
	address := p + "@contoso.com"
	own := []any{"userPrincipalName", address, "displayName", "Thing " + p, "sAMAccountName", p, "mail", address}
	return attrs(append(own, more...)...)
}

// planned is what a plan does and finds for things of some kinds by number, from 1 on.
func planned(t *testing.T, cfg *config.Config, kinds map[state.Kind]madeUp, things []thing) []string {
	b := reconcile.New(reconcile.Settings{Rules: cfg, Key: state.Key{1}, TempDir: t.TempDir(),
		Domains: []providers.TenantDomain{{Name: "contoso.com", Verified: true, Initial: true}},
		Kinds:   func(kind state.Kind) *state.Descriptor { return kinds[kind].of },
		Schema:  func(kind state.Kind) *state.Schema { return kinds[kind].tenantSchema() }})
	t.Cleanup(func() { _ = b.Close() })
	for kind := range kinds {
		var sources, live, deleted []*state.Object
		for i, x := range things {
			if x.kind != kind {
				continue
			}
			id, dn := state.Object{ID: accountID(i + 1)}, fmt.Sprintf("CN=T%d,DC=corp", i+1)
			add(&sources, kind, cfg.SourceShapes[kind], x.source, state.Object{GUID: guidOf(i + 1), DN: dn})
			add(&live, kind, b.TenantShape(kind), x.live, id)
			add(&deleted, kind, b.DeletedShape(kind), x.deleted, id)
		}
		check(t, b.ReadSource(cfg.Scopes[0], kind, stream(sources)))
		check(t, b.ReadTenant(kind, stream(live)))
		check(t, b.ReadDeleted(kind, stream(deleted)))
	}
	check(t, b.ReadLinks(stream(linksOf(things))))
	whereabouts := map[state.GUID]reconcile.Whereabouts{}
	for i, x := range things {
		if x.source == nil && !x.unseen {
			whereabouts[guidOf(i+1)] = reconcile.Whereabouts{Code: state.BecauseGone}
		}
	}
	b.Locate(whereabouts)
	out := &told{}
	_, err := b.Plan(out)
	check(t, err)
	return out.lines()
}

// add adds an object with attributes to a list, nil for none.
func add(list *[]*state.Object, kind state.Kind, shape *state.Shape, attrs map[string]state.Value, o state.Object) {
	if attrs != nil {
		made := objectOf(shape, attrs, o)
		made.Kind = kind
		*list = append(*list, made)
	}
}

// linksOf are the links of the things that are recorded.
func linksOf(things []thing) (links []*state.Link) {
	for i, x := range things {
		if x.linked {
			links = append(links, &state.Link{Anchor: anchorOf(i + 1), Kind: x.kind, Scope: "things",
				SourceGUID: guidOf(i + 1), TargetID: accountID(i + 1), Rule: "created", Shape: state.NewShape()})
		}
	}
	return links
}

// lines are what a plan does and finds, one line each.
func (x *told) lines() (lines []string) {
	for _, c := range x.changes {
		line := fmt.Sprintf("%s %s", c.Action, c.Address)
		if c.Match != nil {
			line += " by " + c.Match.Rule
		}
		for _, a := range c.Attributes {
			line += fmt.Sprintf(" %s=%s", a.Name, a.After.Text())
			if !a.Via.IsNull() {
				line += " by way of " + a.Via.Text()
			}
		}
		lines = append(lines, line)
	}
	for _, f := range x.findings {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", f.Severity, f.Code, f.Attribute, f.Value)))
	}
	return lines
}

// TestAKindIsATableEntry plans for kinds that exist in this test only: a descriptor, a schema and a mapping are all
// that they take.
func TestAKindIsATableEntry(t *testing.T) {
	is := func(n int, more ...any) map[string]state.Value {
		return attrs(append([]any{"source", anchorOf(n)}, more...)...)
	}
	for _, c := range []struct {
		name   string
		kind   madeUp
		things []thing
		want   []string
	}{
		{"badges with anchors", badge, []thing{
			{source: at("a", "manager", "CN=T2,DC=corp")},
			{source: at("b"), live: is(2, "label", "Thing b", "number", "b")},
			{source: at("c"), live: is(3, "label", "Old", "number", "c"), linked: true},
			{source: at("d"), live: is(4, "label", "Thing d", "number", "d"), linked: true},
			{live: is(5, "label", "Gone", "number", "e"), linked: true},
			{source: at("f"), deleted: is(6, "label", "Thing f", "number", "f")},
		}, []string{
			`create badge.things["a@contoso.com"] label=Thing a number=a source=` + anchorOf(1) +
				` spare=` + accountID(2),
			`link badge.things["b@contoso.com"] by unique_name`,
			`restore badge.things["f@contoso.com"] by unique_name`,
			`update badge.things["c@contoso.com"] by recorded label=Thing c`,
			`unlink badge.things["Gone"] by recorded source=`,
		}},
		{"badges whose numbers are somebody else's, swapped, and their own", badge, []thing{
			{source: at("a")},
			{live: attrs("label", "Stranger", "number", "A")},
			{source: at("c"), live: is(3, "label", "Thing c", "number", "d"), linked: true},
			{source: at("d"), live: is(4, "label", "Thing d", "number", "c"), linked: true},
			{source: at("e", "manager", "CN=T5,DC=corp"), live: is(5, "label", "Thing e", "number", "e"), linked: true},
			{source: at("f", "manager", "CN=X,DC=corp"), live: is(6, "label", "Thing f", "number", "f"), linked: true},
		}, []string{
			`update badge.things["c@contoso.com"] by recorded number=c by way of 00000000000040008000000000000003`,
			`update badge.things["d@contoso.com"] by recorded number=d`,
			`error DF202 number a`,
			`warning DF211 spare CN=X,DC=corp`,
			`warning DF211`,
		}},
		{"lockers without anchors", locker, []thing{
			{source: at("a")},
			{source: at("b"), live: attrs("label", "Old", "number", "b"), linked: true},
			{source: at("c"), live: attrs("label", "Thing c", "number", "c"), linked: true},
			{live: attrs("label", "Gone", "number", "d"), linked: true},
			{live: attrs("label", "Not found", "number", "e"), linked: true, unseen: true},
		}, []string{
			`create locker.things["a@contoso.com"] label=Thing a number=a`,
			`update locker.things["b@contoso.com"] by recorded label=Thing b`,
			`delete locker.things["Gone"] by recorded`,
			`warning DF414`,
		}},
		{"robots that sign in", robot, []thing{
			{source: at("a")},
			{source: at("b"), live: attrs("label", "Thing b", "login", "b@contoso.com", "post", "b@contoso.com")},
			{source: at("c"), live: attrs("label", "Thing c", "login", "c@contoso.com")},
			{source: at("d"), linked: true,
				live: is(4, "label", "Thing d", "login", "old@contoso.com", "post", "d@contoso.com")},
			{live: is(5, "label", "Gone", "login", "gone@contoso.com", "awake", true), linked: true},
			{live: is(6, "label", "Asleep", "login", "asleep@contoso.com", "awake", false), linked: true},
			{source: at("f@elsewhere.com")},
		}, []string{
			`disable robot.things["gone@contoso.com"] by recorded awake=false`,
			`create robot.things["a@contoso.com"] label=Thing a login=a@contoso.com post=a@contoso.com source=` +
				anchorOf(1),
			`link robot.things["b@contoso.com"] by primary_smtp source=` + anchorOf(2),
			`link robot.things["c@contoso.com"] by user_principal_name post=c@contoso.com source=` + anchorOf(3),
			`update robot.things["d@contoso.com"] by recorded login=d@contoso.com`,
			`error DF105 login f@elsewhere.com@contoso.com`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			kind := c.kind.of.Kind
			for i := range c.things {
				c.things[i].kind = kind
			}
			got := planned(t, c.kind.rules(t), map[state.Kind]madeUp{kind: c.kind}, c.things)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestKindsComeInTheirOrder: what is made of the kind with the lower phase comes first, and what goes away comes
// last, whatever its kind.
func TestKindsComeInTheirOrder(t *testing.T) {
	cfg, more := locker.rules(t), badge.rules(t)
	cfg.Scopes[0].Objects = append(cfg.Scopes[0].Objects, badges.Kind)
	cfg.SourceShapes[badges.Kind] = more.SourceShapes[badges.Kind]
	more.Mappings[0].Scope, more.Policies[0].Scope = cfg.Scopes[0], cfg.Scopes[0]
	cfg.Mappings, cfg.Policies = append(cfg.Mappings, more.Mappings...), append(cfg.Policies, more.Policies...)
	made := func(kind state.Kind, name string) thing { return thing{kind: kind, source: at(name)} }
	gone := func(kind state.Kind, n int, name string) thing {
		return thing{kind: kind, live: attrs("label", name, "number", name, "source", anchorOf(n)), linked: true}
	}
	things := []thing{made("locker", "a"), made("badge", "b"), gone("locker", 3, "c"), gone("badge", 4, "d"),
		made("locker", "e"), made("badge", "f")}
	got := planned(t, cfg, map[state.Kind]madeUp{badges.Kind: badge, lockers.Kind: locker}, things)
	var order []string
	for _, line := range got {
		order = append(order, strings.Join(strings.Fields(line)[:2], " "))
	}
	want := []string{`create badge.things["b@contoso.com"]`, `create badge.things["f@contoso.com"]`,
		`create locker.things["a@contoso.com"]`, `create locker.things["e@contoso.com"]`, `unlink badge.things["d"]`, `delete locker.things["c"]`}
	if d := cmp.Diff(want, order); d != "" {
		t.Error(d)
	}
}

// TestWhatWasNotReadIsNotGone: records of a kind that nobody reads, as another version may have made them, stay.
func TestWhatWasNotReadIsNotGone(t *testing.T) {
	things := []thing{{kind: badges.Kind, linked: true}, {kind: "hologram", linked: true}}
	got := planned(t, badge.rules(t), map[state.Kind]madeUp{badges.Kind: badge}, things)
	want := []string{`unlink badge.things["` + anchorOf(1) + `"]`}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
