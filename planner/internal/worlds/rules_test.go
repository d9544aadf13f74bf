package worlds_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

const (
	anchorName      = "onPremisesImmutableId"
	consistencyGUID = config.AnchorConsistencyGUID
)

// rules are a configuration as it was drawn. What a mapping says is drawn from few variants, which are compiled once for all
// worlds; the rest is put into the compiled configuration.
type rules struct {
	scopes   []*scopeRules
	links    []config.Link
	limits   []limitRule
	protect  []string
	suffixes []string
}

// scopeRules are one scope's scope, mapping and link_policy blocks.
type scopeRules struct {
	name, ou, exclude string
	filter, where     bool
	upnAsIs           bool // the user name is not made lower case
	display           int  // which displayName
	mail              int  // which mail
	manager, aliases  bool
	onceOnly          bool // accountEnabled is set once and not managed afterwards
	policy            config.LinkPolicy
}

type limitRule struct {
	name  string
	count int
}

// What the variants stand for in the language.
var (
	displayNames = [...]string{"ad.displayName", "coalesce(ad.displayName, ad.cn)", `regex("^[A-Z].*", ad.displayName)`}
	mails        = [...]string{"ad.mail", "", "primary_smtp(ad.proxyAddresses)"}
	whereTemp    = `ad.employeeType != "temp"`
)

// The containers of every world.
const (
	inOU, subOU, secondOU, outOU = "OU=In,DC=corp", "OU=Sub,OU=In,DC=corp", "OU=Second,DC=corp", "OU=Out,DC=corp"
)

var matchOrders = [][]string{{"immutable_id", "primary_smtp", "user_principal_name"}, {"immutable_id"}, {"immutable_id", "user_principal_name"},
	{"user_principal_name", "primary_smtp", "immutable_id"}}

func pick[T any](rt *rapid.T, label string, values ...T) T {
	return rapid.SampledFrom(values).Draw(rt, label)
}

// oneIn is true in one case of n, and false once shrunk.
func oneIn(rt *rapid.T, n int, label string) bool {
	return rapid.IntRange(0, n-1).Draw(rt, label) == n-1
}

func drawRules(rt *rapid.T) *rules {
	r := &rules{scopes: []*scopeRules{drawScope(rt, "in", inOU)}}
	if oneIn(rt, 4, "exclude") {
		r.scopes[0].exclude = subOU
	}
	if oneIn(rt, 2, "a second scope") {
		r.scopes = append(r.scopes, drawScope(rt, "sub", pick(rt, "where it is", secondOU, subOU)))
	}
	r.suffixes = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"contoso.com", "corp.local", "fabrikam.com"}), 0, 2, rapid.ID[string]).Draw(rt, "suffixes")
	if oneIn(rt, 6, "limits") {
		r.limits = append(r.limits, limitRule{pick(rt, "limit", limitNames...), rapid.IntRange(0, 2).Draw(rt, "count")})
	}
	if oneIn(rt, 5, "protect") {
		r.protect = append(r.protect, pick(rt, "protected", "ann@contoso.com", "bob@contoso.com", idOf(1), idOf(2), "nobody@contoso.com"))
	}
	return r
}

var limitNames = []string{"creates", "updates", "disables", "enables", "takeovers", "unlinks", "relinks", "deletes", "source_shrink"}

func drawScope(rt *rapid.T, name, ou string) *scopeRules {
	s := &scopeRules{name: name, ou: ou, filter: oneIn(rt, 5, "filter"), where: oneIn(rt, 5, "where"), upnAsIs: oneIn(rt, 3, "upn as is"),
		display: rapid.IntRange(0, len(displayNames)-1).Draw(rt, "display"), mail: rapid.IntRange(0, len(mails)-1).Draw(rt, "mail"),
		manager: oneIn(rt, 2, "manager"), aliases: oneIn(rt, 4, "aliases"), onceOnly: oneIn(rt, 4, "enabled once")}
	s.drawPolicy(rt)
	return s
}

func (s *scopeRules) drawPolicy(rt *rapid.T) {
	s.policy = config.LinkPolicy{
		Anchor:             pick(rt, "anchor", config.AnchorObjectGUID, consistencyGUID),
		Match:              pick(rt, "match", matchOrders...),
		Unmatched:          pick(rt, "unmatched", "create", "create", "create", "skip", "block"),
		ForeignAnchor:      pick(rt, "foreign_anchor", "block", "relink"),
		SyncedElsewhere:    pick(rt, "synced_elsewhere", "block", "take_over"),
		Privileged:         pick(rt, "privileged", "block", "block", "allow"),
		Deleted:            pick(rt, "deleted", "restore", "create", "block"),
		Leaving:            pick(rt, "leaving", "disable", "keep", "unlink", "delete"),
		OnUnverifiedSuffix: pick(rt, "on_unverified_suffix", "block", "initial_domain"),
		OnDrift:            pick(rt, "on_drift", config.HealDrift, config.HealDrift, config.ReportDrift, config.BlockDrift),
	}
	s.policy.HealSignIn = s.policy.OnDrift == config.HealDrift && oneIn(rt, 3, "heal_sign_in")
	if deletes := s.policy.Leaving == "disable" || s.policy.Leaving == "delete"; deletes && oneIn(rt, 3, "grace") {
		s.policy.Grace = 10 * 24 * time.Hour
	}
}

// privileged reports whether some policy lets dirform write to accounts that hold roles.
func (r *rules) privileged() bool {
	return slices.ContainsFunc(r.scopes, func(s *scopeRules) bool { return s.policy.Privileged == "allow" })
}

func (r *rules) scope(name string) *scopeRules {
	for _, s := range r.scopes {
		if s.name == name {
			return s
		}
	}
	return nil
}

// has reports whether a person is in the scope, where aside.
func (s *scopeRules) has(p *person) bool {
	return p.below([]string{s.ou}) && !(s.exclude != "" && p.below([]string{s.exclude})) &&
		!(s.filter && !p.passes(notRobots)) && !(s.where && p.attrs["employeeType"].Str() == "temp")
}

// scopeOf is the first scope that has a person, or nil.
func (r *rules) scopeOf(p *person) *scopeRules {
	for _, s := range r.scopes {
		if s.has(p) {
			return s
		}
	}
	return nil
}

// block is the scope's scope and mapping block.
func (s *scopeRules) block() string {
	var b strings.Builder
	fmt.Fprintf(&b, "scope %q {\n  ou = %q\n", s.name, s.ou)
	if s.exclude != "" {
		fmt.Fprintf(&b, "  exclude = [%q]\n", s.exclude)
	}
	if s.filter {
		fmt.Fprintf(&b, "  filter = %q\n", notRobots)
	}
	if s.where {
		fmt.Fprintf(&b, "  where = %s\n", whereTemp)
	}
	upn := "lower(ad.userPrincipalName)"
	if s.upnAsIs {
		upn = "ad.userPrincipalName"
	}
	fmt.Fprintf(&b, `}
mapping %q {
  scope  = scope.%s
  object = "user"
  attributes {
    userPrincipalName = %s
    displayName = %s
    mailNickname = ad.sAMAccountName
    department = ad.department
    usageLocation = ad.c
    businessPhones = [ad.telephoneNumber]
`, s.name, s.name, upn, displayNames[s.display])
	if m := mails[s.mail]; m != "" {
		fmt.Fprintf(&b, "    mail = %s\n", m)
	}
	if s.manager {
		b.WriteString("    manager = ad.manager\n")
	}
	if s.aliases {
		b.WriteString("    proxyAddresses = ad.proxyAddresses\n")
	}
	const enabled = "    accountEnabled = !has_flag(ad.userAccountControl, 2)\n"
	managed, initial := enabled, ""
	if s.onceOnly {
		managed, initial = initial, managed
	}
	b.WriteString(managed + "  }\n  initial {\n    preferredLanguage = \"hu-HU\"\n" + initial + "  }\n}\n")
	return b.String()
}

const providerBlocks = "provider \"ad\" \"corp\" {\n  lab = \"lab\"\n}\nprovider \"entra\" \"contoso\" {\n  lab = \"lab\"\n}\n"

// String is the whole configuration.
func (r *rules) String() string {
	var b strings.Builder
	b.WriteString(providerBlocks)
	for _, s := range r.scopes {
		b.WriteString(s.block())
		p := &s.policy
		fmt.Fprintf(&b, "link_policy %q {\n  scope = scope.%s\n  anchor = %q\n  match = [\"%s\"]\n  unmatched = %q\n  foreign_anchor = %q\n"+
			"  synced_elsewhere = %q\n  privileged = %q\n  deleted = %q\n  leaving = %q\n  on_unverified_suffix = %q\n  on_drift = %q\n  heal_sign_in = %t\n", s.name, s.name, p.Anchor,
			strings.Join(p.Match, `", "`), p.Unmatched, p.ForeignAnchor, p.SyncedElsewhere, p.Privileged, p.Deleted, p.Leaving, p.OnUnverifiedSuffix,
			p.OnDrift, p.HealSignIn)
		if p.Grace > 0 {
			fmt.Fprintf(&b, "  grace = \"%dd\"\n", p.Grace/(24*time.Hour))
		}
		b.WriteString("}\n")
	}
	for _, l := range r.links {
		fmt.Fprintf(&b, "link %q {\n  source = %q\n  tenant = %q\n}\n", l.Name, l.Source, l.Tenant)
	}
	for _, s := range r.suffixes {
		fmt.Fprintf(&b, "upn_suffix %q {}\n", s)
	}
	b.WriteString("guard \"drawn\" {\n")
	if len(r.protect) > 0 {
		fmt.Fprintf(&b, "  protect = [\"%s\"]\n", strings.Join(r.protect, `", "`))
	}
	for _, name := range limits.Names() {
		fmt.Fprintf(&b, "  %s {\n    count   = %d\n    percent = 100\n  }\n", name, r.limit(name))
	}
	b.WriteString("}\n")
	return b.String()
}

// limit is the count of a limit: what was drawn, or more than any world has. The shares of the built-in ones are for larger worlds.
func (r *rules) limit(name string) int {
	i := slices.IndexFunc(r.limits, func(l limitRule) bool { return l.name == name })
	if i < 0 {
		return 1000
	}
	return r.limits[i].count
}

// variant is the name of the scope that has a scope's mapping among all that there are.
func (s *scopeRules) variant() string {
	return fmt.Sprintf("v%t%d%d%t%t%t", s.upnAsIs, s.display, s.mail, s.manager, s.aliases, s.onceOnly)
}

// variants is one configuration with every mapping that can be drawn, which is compiled once.
func variants(dir string) (*config.Config, error) {
	var b strings.Builder
	b.WriteString(providerBlocks)
	for i := range 16 * len(displayNames) * len(mails) {
		s := &scopeRules{ou: inOU, where: true, upnAsIs: i%2 == 0, manager: i/2%2 == 0, aliases: i/4%2 == 0, onceOnly: i/8%2 == 0,
			display: i / 16 % len(displayNames), mail: i / 16 / len(displayNames)}
		s.name = s.variant()
		b.WriteString(s.block())
	}
	return loadText(dir, b.String())
}

// load makes the configuration, the quick way: out of parts of the one that has all variants.
func (r *rules) load(all *config.Config) *config.Config {
	c := *all
	c.Scopes, c.Mappings, c.Policies, c.Guards = nil, nil, nil, nil
	for _, s := range r.scopes {
		i := slices.IndexFunc(all.Scopes, func(t *config.Scope) bool { return t.Name == s.variant() })
		scope, mapping, policy := *all.Scopes[i], *all.Mappings[i], s.policy
		scope.Name, scope.OUs, mapping.Scope = s.name, []string{s.ou}, &scope
		if s.exclude != "" {
			scope.Exclude = []string{s.exclude}
		}
		if s.filter {
			scope.Filter = notRobots
		}
		if !s.where {
			scope.Where = nil
		}
		policy.Name, policy.Scope, policy.Kind, policy.DeclaredAt = s.name, &scope, state.User, "main.hcl:1"
		c.Scopes, c.Mappings, c.Policies = append(c.Scopes, &scope), append(c.Mappings, &mapping), append(c.Policies, &policy)
	}
	for i := range r.links {
		c.Links = append(c.Links, &r.links[i])
	}
	for _, s := range r.suffixes {
		c.UPNSuffixes = append(c.UPNSuffixes, &config.UPNSuffix{Name: s, Provider: c.AD[0], DeclaredAt: "main.hcl:1"})
	}
	g := &config.Guard{Name: "drawn", Limits: map[string]config.Limit{}, Protect: r.protect, DeclaredAt: "main.hcl:1"}
	all100 := 100.0
	for _, name := range limits.Names() {
		count := r.limit(name)
		g.Limits[name] = config.Limit{Count: &count, Percent: &all100}
	}
	c.Guards = append(c.Guards, g)
	return &c
}

// loadText makes a configuration the way that dirform does.
func loadText(dir, text string) (*config.Config, error) {
	dir, err := os.MkdirTemp(dir, "config")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(text), 0o600); err != nil {
		return nil, err
	}
	cfg, diags := config.Load(config.Options{Dir: dir, Version: "0.1.0",
		Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema}})
	if diags.HasErrors() {
		return nil, fmt.Errorf("%w in\n%s", diags, text)
	}
	return cfg, os.RemoveAll(dir)
}

// wanted is what the rules make of a person, worked out without the planner. ok is false if an expression has no value.
func (s *scopeRules) wanted(w *world, p *person) (attrs map[string]state.Value, ok bool) {
	upn := p.attrs["userPrincipalName"]
	if !s.upnAsIs && !upn.IsNull() {
		upn = state.String(strings.ToLower(upn.Str()))
	}
	if local, domain, _ := strings.Cut(upn.Str(), "@"); s.policy.OnUnverifiedSuffix == "initial_domain" && local != "" && domain != "" && !verified(domain) {
		upn = state.String(strings.ReplaceAll(p.attrs["sAMAccountName"].Str(), " ", "_") + "@contoso.onmicrosoft.com")
	}
	display := p.attrs["displayName"]
	switch {
	case s.display == 1 && display.Str() == "":
		display = p.attrs["cn"]
	case s.display == 2 && !display.IsNull() && (display.Str()[0] < 'A' || display.Str()[0] > 'Z'):
		return nil, false
	}
	attrs = map[string]state.Value{"userPrincipalName": upn, "displayName": display, "mailNickname": p.attrs["sAMAccountName"],
		"department": p.attrs["department"], "usageLocation": p.attrs["c"],
		"accountEnabled": state.Bool(p.attrs["userAccountControl"].Int()&2 == 0)}
	if s.onceOnly {
		delete(attrs, "accountEnabled")
	}
	if phone := p.attrs["telephoneNumber"]; !phone.IsNull() {
		attrs["businessPhones"] = state.List([]string{phone.Str()})
	} else {
		attrs["businessPhones"] = state.Null()
	}
	switch s.mail {
	case 0:
		attrs["mail"] = p.attrs["mail"]
	case 2:
		primary := map[string]bool{}
		for _, a := range p.attrs["proxyAddresses"].List() {
			if address, isPrimary := strings.CutPrefix(a, "SMTP:"); isPrimary {
				primary[address] = true
			}
		}
		attrs["mail"] = state.Null()
		if len(primary) == 1 { // nobody can tell which of several is meant
			attrs["mail"] = state.String(slices.Collect(maps.Keys(primary))[0])
		}
	}
	return attrs, true
}
