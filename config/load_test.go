package config_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// must loads text, completed by what it lacks, and fails the test on any diagnostic.
func must(t *testing.T, text string, o config.Options) *config.Config {
	t.Helper()
	cfg, diags := load(t, complete("main.hcl", text), o)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	return cfg
}

func TestGrace(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, `grace = "72h"`: 72 * time.Hour, `grace = "30d"`: 720 * time.Hour, "leaving = \"delete\"\n grace = \"4w\"": 672 * time.Hour, `grace = "3650d"`: 87600 * time.Hour,
	} {
		cfg, diags := load(t, complete("main.hcl", "link_policy \"p\" {\n scope = scope.staff\n "+text+"\n}\n"), config.Options{})
		if len(diags) > 0 || cfg.Policies[0].Grace != want {
			t.Errorf("%s: %v, %v", text, cfg.Policies[0].Grace, diags)
		}
	}
}

func TestLoadWholeLanguage(t *testing.T) {
	cfg, diags := config.Load(config.Options{
		Dir: "testdata/contoso", Version: "0.1.0", Environ: []string{"DIRFORM_VAR_ad_password=s3cret"},
		Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema},
	})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	ad := &config.ADProvider{
		Name: "corp", URLs: []string{"ldaps://dc1.corp.contoso.com"}, BaseDN: "DC=corp,DC=contoso,DC=com", CAFile: "testdata/contoso/corp-ca.pem",
		BindDN: "CN=svc-dirform,OU=Service Accounts,DC=corp,DC=contoso,DC=com", Password: "s3cret", PageSize: 1000, DeclaredAt: "main.hcl:11",
	}
	if d := cmp.Diff([]*config.ADProvider{ad}, cfg.AD); d != "" {
		t.Error(d)
	}
	policy := &config.LinkPolicy{
		Name: "staff", Scope: cfg.Scopes[0], Kind: state.User, Anchor: "mS-DS-ConsistencyGuid", Match: []string{"immutable_id", "primary_smtp", "user_principal_name"},
		Unmatched: "create", ForeignAnchor: "block", SyncedElsewhere: "block", Privileged: "block", Guests: "block", Deleted: "restore", Leaving: "disable",
		OnUnverifiedSuffix: "block", OnDrift: config.HealDrift, DeclaredAt: "main.hcl:49",
	}
	if p := cfg.Policies; len(p) != 1 || p[0].Scope != policy.Scope {
		t.Errorf("policies: %v", p)
	} else if a, b := *p[0], *policy; !cmp.Equal(strip(a), strip(b)) {
		t.Error(cmp.Diff(strip(b), strip(a)))
	}
	s := cfg.Scopes[0]
	if s.Provider != cfg.AD[0] || s.Where == nil || s.Where.Source() != `ad.employeeType != "robot"` || s.Filter == "" || len(s.Exclude) != 1 || s.DeclaredAt != "main.hcl:25" {
		t.Errorf("scope: %+v", s)
	}
	five, two, ten, many := 5, 2.0, 10.0, 500
	guard := &config.Guard{Name: "default", Protect: []string{"breakglass@contoso.com"}, DeclaredAt: "main.hcl:66", Limits: map[string]config.Limit{
		"deletes":       {Count: &five, Percent: &two, DeclaredAt: "main.hcl:67"},
		"creates":       {Count: &many, DeclaredAt: "main.hcl:71"},
		"source_shrink": {Percent: &ten, DeclaredAt: "main.hcl:72"},
	}}
	if d := cmp.Diff([]*config.Guard{guard}, cfg.Guards); d != "" {
		t.Error(d)
	}
	if cfg.StatePath != "contoso.dfstate" || cfg.UPNSuffixes[0].Provider != cfg.AD[0] || cfg.Links[0].Tenant != "jane.doe@contoso.com" {
		t.Errorf("state %q, suffix %+v, link %+v", cfg.StatePath, cfg.UPNSuffixes[0], cfg.Links[0])
	}
	checkStaffMapping(t, cfg)
}

// strip leaves out the scope, which is a pointer into the rest of the configuration.
func strip(p config.LinkPolicy) config.LinkPolicy { p.Scope = nil; return p }

func checkStaffMapping(t *testing.T, cfg *config.Config) {
	m := cfg.Mappings[0]
	from := map[string]string{}
	for _, a := range m.Attributes {
		from[a.Target.Name] = a.DeclaredAt
	}
	for name, want := range map[string]string{"department": "main.hcl:40", "city": "preset default", "faxNumber": "", "preferredLanguage": ""} {
		if from[name] != want {
			t.Errorf("%s is declared at %q, want %q", name, from[name], want)
		}
	}
	if len(m.Initial) != 1 || m.Initial[0].Target.Name != "preferredLanguage" {
		t.Errorf("initial: %v", m.Initial)
	}
	shape := cfg.SourceShapes[state.User]
	for _, name := range []string{"userPrincipalName", "mail", "proxyAddresses", "sAMAccountName", "displayName", "userAccountControl", "mS-DS-ConsistencyGuid", "employeeType", "manager"} {
		if shape.Index(name) < 0 {
			t.Errorf("the source shape lacks %s", name)
		}
	}
	jane := &state.Object{Kind: state.User, Shape: shape, Values: make([]state.Value, shape.Len())}
	jane.Values[shape.Index("givenName")] = state.String("Jane")
	jane.Values[shape.Index("sAMAccountName")] = state.String("jane")
	jane.Values[shape.Index("userAccountControl")] = state.Int(512)
	for _, a := range m.Attributes {
		v, err := a.Expr.Eval(jane)
		if err != nil {
			t.Errorf("%s: %v", a.Target.Name, err)
		}
		if a.Target.Name == "displayName" && v.Str() != "Jane" || a.Target.Name == "usageLocation" && v.Str() != "HU" {
			t.Errorf("%s = %q", a.Target.Name, v.Str())
		}
	}
}

func TestDefaults(t *testing.T) {
	cfg := must(t, "", config.Options{})
	if cfg.StatePath != "dirform.dfstate" || len(cfg.Guards) != 0 || len(cfg.Policies) != 1 || len(cfg.Mappings) != 1 {
		t.Fatalf("%+v", cfg)
	}
	if p := cfg.Policies[0]; p.Anchor != "objectGUID" || p.Leaving != "disable" || p.Scope != cfg.Scopes[0] {
		t.Errorf("default policy: %+v", p)
	}
	if s := cfg.Scopes[0]; len(s.Objects) != 1 || s.Objects[0] != state.User {
		t.Errorf("objects: %v", s.Objects)
	}
}

// TestPreset makes sure that the preset uses only attributes that both directories have, is compiled to closures, covers what a new
// account must have, and gives what it says.
// A kind that another version has recorded has a policy, too: nothing is done to what left.
func TestPolicyOfKindsThatAreNotSynchronised(t *testing.T) {
	cfg, diags := load(t, complete("main.hcl", ""), config.Options{})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	for kind, want := range map[state.Kind]string{state.User: "disable", state.Group: "keep", "hologram": "keep"} {
		if p := cfg.Policy("gone", kind); p.Leaving != want || p.Scope != nil {
			t.Errorf("%s: %+v", kind, p)
		}
	}
}

func TestPreset(t *testing.T) {
	cfg := must(t, "", config.Options{})
	m := cfg.Mappings[0]
	if len(m.Attributes) != 25 {
		t.Errorf("the preset manages %d attributes", len(m.Attributes))
	}
	ad := providers.ADSchema(state.User)
	shape := cfg.SourceShapes[state.User]
	jane := &state.Object{Kind: state.User, Shape: shape, Values: make([]state.Value, shape.Len())}
	set := func(name, v string) { jane.Values[shape.Index(name)] = state.String(v) }
	set("userPrincipalName", "Jane.Doe@contoso.com")
	set("cn", "Jane Doe")
	set("sAMAccountName", "jane")
	set("c", "hu")
	set("telephoneNumber", "+36 1 234")
	jane.Values[shape.Index("userAccountControl")] = state.Int(514)
	got := map[string]string{}
	for _, a := range m.Attributes {
		for _, name := range a.Expr.Attributes() {
			if ad.Lookup(name) == nil {
				t.Errorf("%s reads %s, which Active Directory doesn't have", a.Target.Name, name)
			}
		}
		v, err := a.Expr.Eval(jane)
		if err != nil {
			t.Errorf("%s: %v", a.Target.Name, err)
		}
		if !v.IsNull() {
			got[a.Target.Name] = v.Text()
		}
	}
	want := map[string]string{
		"userPrincipalName": "Jane.Doe@contoso.com", "displayName": "Jane Doe", "mailNickname": "Jane.Doe", "accountEnabled": "false",
		"usageLocation": "HU", "businessPhones": "+36 1 234",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestVariablePrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.dfvars")
	if err := os.WriteFile(file, []byte("b = \"file\"\nc = \"file\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := `
variable "a" { default = "default" }
variable "b" {}
variable "c" {}
variable "list" { type = list(string) }
locals {
  joined = "${local.first}-${join("+", var.list)}"
  first  = "${var.a}-${var.b}-${var.c}"
}
link "x" {
  source = local.joined
  tenant = "t@x"
}
`
	cfg := must(t, text, config.Options{
		Vars: map[string]string{"c": "flag"}, VarFiles: []string{file},
		Environ: []string{"DIRFORM_VAR_a=environ", "DIRFORM_VAR_b=environ", `DIRFORM_VAR_list=["x", "y"]`, "DIRFORM_VAR_other=1"},
	})
	if k := cfg.Links[0]; k.Source != "environ-file-flag-x+y" || k.Tenant != "t@x" {
		t.Errorf("link %+v", k)
	}
}

// TestValuesOptional checks a configuration whose variables have no values yet; mistakes are still found.
func TestValuesOptional(t *testing.T) {
	text := `
variable "password" {
  type      = string
  sensitive = true
}
variable "city" {}
provider "ad" "corp" {
  url      = "ldaps://dc1"
  bind_dn  = "CN=x"
  password = var.password
}
mapping "staff" {
  scope  = scope.staff
  preset = "default"
  attributes {
    city  = var.city
    state = "${ad.st}-${upper(var.city)}"
  }
}
`
	if _, diags := load(t, complete("main.hcl", text), config.Options{ValuesOptional: true}); len(diags) > 0 {
		t.Error(diags)
	}
	_, diags := load(t, complete("main.hcl", strings.Replace(text, "= var.city", "= upper([var.city])", 1)), config.Options{ValuesOptional: true})
	if len(diags) != 1 || diags[0].Summary != "Invalid function argument" {
		t.Error(diags)
	}
}

func TestUndeclaredValue(t *testing.T) {
	_, diags := load(t, complete("main.hcl", `variable "password" { default = "" }`), config.Options{Vars: map[string]string{"pasword": "s3cret"}})
	if len(diags) != 1 || diags[0].Summary != "Value for an undeclared variable" || !strings.Contains(diags[0].Detail, `Did you mean "password"?`) || strings.Contains(diags.Error(), "s3cret") {
		t.Error(diags)
	}
}

// TestSecretFile makes sure that no line of a variable file is shown, not even a broken one.
func TestSecretFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret.dfvars")
	for _, text := range []string{"password = \"s3cret", "password = s3cret", "password = [\"s3cret\"]\n", "passwort = \"s3cret\"", "password \"s3cret\" {}"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, diags := load(t, complete("main.hcl", "variable \"password\" {\n  type      = string\n  sensitive = true\n}\n"), config.Options{VarFiles: []string{file}})
		var b strings.Builder
		config.WriteDiagnostics(&b, cfg.Files, diags, false)
		j, err := json.Marshal(config.DiagnosticsJSON(cfg.Files, diags))
		if err != nil || !diags.HasErrors() || strings.Contains(b.String()+string(j), "s3cret") {
			t.Errorf("%s: %v\n%s%s", text, err, b.String(), j)
		}
	}
}

// TestSyntaxErrorsStandAlone: one missing quote or brace is one diagnostic, at the place to mend, and shows no secret.
func TestSyntaxErrorsStandAlone(t *testing.T) {
	entra := "provider \"entra\" \"t\" {\n  tenant_id = \"x\"\n}\n"
	for name, test := range map[string]struct {
		text string
		line int
	}{
		"quote":         {"provider \"ad\" \"corp\" {\n  url = \"ldaps://x\"\n  bind_dn = \"CN=x\n  password = \"s3cret\"\n}\n" + entra, 3},
		"secret's":      {"provider \"ad\" \"corp\" {\n  url = \"ldaps://x\"\n  password = \"s3cret\n}\n" + entra, 3},
		"brace":         {"scope \"staff\" {\n  ou = \"OU=x\"\n\n" + entra + "upn_suffix \"\" {}\n", 1},
		"bracket":       {"guard \"g\" {\n  protect = [\n}\n" + entra + "foo = 1\n", 3},
		"secret's tail": {"provider \"ad\" \"corp\" {\n  password = <<E\ns3cret", 3},
	} {
		cfg, diags := load(t, map[string]string{"main.hcl": test.text, "more.hcl": "mapping \"x\" {\n  scope = scope.nobody\n}\n"}, config.Options{})
		var b strings.Builder
		config.WriteDiagnostics(&b, cfg.Files, diags, false)
		if len(diags) != 1 || diags[0].Subject == nil || diags[0].Subject.Start.Line != test.line || strings.Contains(b.String(), "s3c") {
			t.Errorf("%s: want one diagnostic, on line %d:\n%s", name, test.line, b.String())
		}
	}
	_, diags := load(t, map[string]string{"a.hcl": "a {\n", "b.hcl": "b = \"\n"}, config.Options{})
	if len(diags) != 2 {
		t.Errorf("two broken files: %v", diags)
	}
}

func TestTwoForests(t *testing.T) {
	cfg := must(t, `
provider "ad" "a" { lab = "a" }
provider "ad" "b" {
  urls      = ["ldap://dc1.b.example", "ldap://dc2.b.example:1636"]
  start_tls = true
  kerberos {
    keytab    = "svc.keytab"
    principal = "svc@B.EXAMPLE"
  }
}
scope "x" {
  provider = provider.ad.b
  ous      = ["OU=A,DC=b", "OU=B,DC=b"]
}
upn_suffix "b.example" { provider = provider.ad.b }
`, config.Options{})
	if cfg.Scopes[0].Provider != cfg.AD[1] || cfg.UPNSuffixes[0].Provider != cfg.AD[1] {
		t.Error("wrong provider")
	}
	k := cfg.AD[1].Kerberos
	if k == nil || !filepath.IsAbs(k.Keytab) || k.Principal != "svc@B.EXAMPLE" || len(cfg.AD[1].URLs) != 2 {
		t.Errorf("%+v", cfg.AD[1])
	}
}

// A kerberos block may leave everything to the environment (KRB5_KTNAME, KRB5CCNAME, KRB5_CONFIG).
func TestKerberosOfTheEnvironment(t *testing.T) {
	for _, block := range []string{"kerberos {}", "kerberos {\n principal = \"svc@B.EXAMPLE\"\n}"} {
		cfg := must(t, "provider \"ad\" \"b\" {\n url = \"ldaps://dc1.b.example\"\n "+block+"\n}\n", config.Options{})
		if k := cfg.AD[0].Kerberos; k == nil || k.Keytab != "" || k.CCache != "" || k.Krb5Conf != "" {
			t.Errorf("%s: %+v", block, cfg.AD[0])
		}
	}
}

func TestFilesOfFolder(t *testing.T) {
	rest := complete("main.hcl", "")
	files := map[string]string{
		"main.hcl": rest["zz_rest.hcl"], "test.dirtest.hcl": "broken {", ".hidden.hcl": "broken {", "README.md": "broken {", "more.hcl": "upn_suffix \"b.com\" {}\n",
	}
	cfg, diags := load(t, files, config.Options{})
	if len(diags) > 0 || len(cfg.Files) != 2 || len(cfg.UPNSuffixes) != 1 {
		t.Fatal(diags, cfg.Files)
	}
	same, _ := load(t, files, config.Options{Vars: map[string]string{}})
	if cfg.Digest != same.Digest || !strings.HasPrefix(cfg.Digest, "sha256:") || len(cfg.Digest) != 71 {
		t.Errorf("digests %s, %s", cfg.Digest, same.Digest)
	}
	files["other.hcl"] = files["more.hcl"]
	delete(files, "more.hcl")
	if renamed, _ := load(t, files, config.Options{}); renamed.Digest == cfg.Digest {
		t.Error("the digest doesn't depend on the files' names")
	}
}

func TestNothingThere(t *testing.T) {
	for want, load := range map[string]func() hcl.Diagnostics{
		"No configuration":                    func() hcl.Diagnostics { _, d := load(t, nil, config.Options{}); return d },
		"Configuration folder cannot be read": func() hcl.Diagnostics { _, d := config.Load(config.Options{Dir: "testdata/none"}); return d },
		"No source directory|No tenant|No scope": func() hcl.Diagnostics {
			_, d := load(t, map[string]string{"main.hcl": "dirform {}\n"}, config.Options{})
			return d
		},
		"Variable file cannot be read": func() hcl.Diagnostics {
			_, d := load(t, complete("main.hcl", ""), config.Options{VarFiles: []string{"testdata/none"}})
			return d
		},
	} {
		var got []string
		for _, d := range load() {
			got = append(got, d.Summary)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("got %s, want %s", strings.Join(got, "|"), want)
		}
	}
}

func TestWriteDiagnostics(t *testing.T) {
	cfg, diags := load(t, complete("main.hcl", "scope \"staff\" {\n\tou     = \"OU=Staff,DC=corp\"\n\tfiltre = \"(mail=*)\" # ő\n}\n"), config.Options{})
	var b strings.Builder
	config.WriteDiagnostics(&b, cfg.Files, diags, false)
	want := `Error: Unknown argument

  on main.hcl:3:2, in scope "staff":
  3 | 	filtre = "(mail=*)" # ő
    | 	^^^^^^

  A scope block has no argument "filtre". Did you mean "filter"? Its arguments are provider, ou,
  ous, exclude, objects, filter, where, system_objects.
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
	b.Reset()
	config.WriteDiagnostics(&b, cfg.Files, diags, true)
	if !strings.Contains(b.String(), "\x1b[1;31mError\x1b[0m") {
		t.Error("no colour")
	}
	v := config.DiagnosticsJSON(cfg.Files, diags)
	got, err := json.Marshal(v)
	const wantJSON = `{"valid":false,"error_count":1,"warning_count":0,"diagnostics":[{"severity":"error","summary":"Unknown argument","detail":"A scope block has no argument \"filtre\". Did you mean \"filter\"? Its arguments are provider, ou, ous, exclude, objects, filter, where, system_objects.","range":{"filename":"main.hcl","start":{"line":3,"column":2,"byte":46},"end":{"line":3,"column":8,"byte":52}},"snippet":{"context":"scope \"staff\"","code":"\tfiltre = \"(mail=*)\" # ő","start_line":3,"highlight_start_offset":1,"highlight_end_offset":7}}]}`
	if err != nil || string(got) != wantJSON {
		t.Error(err, cmp.Diff(wantJSON, string(got)))
	}
	if got, _ := json.Marshal(config.DiagnosticsJSON(nil, nil)); string(got) != `{"valid":true,"error_count":0,"warning_count":0,"diagnostics":[]}` {
		t.Errorf("%s", got)
	}
}

func TestFormat(t *testing.T) {
	if got := string(config.Format([]byte("scope \"x\" {\nou=\"a\"\n    filter = \"b\"\n}\n"))); got != "scope \"x\" {\n  ou     = \"a\"\n  filter = \"b\"\n}\n" {
		t.Errorf("%s", got)
	}
}

// TestLimitBlock: a limit block has what it names and nothing else, and ends when its last day is over, in UTC.
func TestLimitBlock(t *testing.T) {
	cfg := must(t, "guard \"g\" {\n  deletes {\n    count = 3000\n    floor = 0\n    percent = 100\n    until = \"2026-09-15\"\n  }\n"+
		"  creates { off = true }\n}\n", config.Options{})
	many, none, all := 3000, 0, 100.0
	day := time.Date(2026, 9, 15, 0, 0, 0, 0, time.UTC)
	want := map[string]config.Limit{"deletes": {Count: &many, Floor: &none, Percent: &all, Until: day, DeclaredAt: "main.hcl:2"},
		"creates": {Off: true, DeclaredAt: "main.hcl:8"}}
	if d := cmp.Diff(want, cfg.Guards[0].Limits); d != "" {
		t.Error(d)
	}
	limit := cfg.Guards[0].Limits["deletes"]
	for now, ended := range map[time.Time]bool{
		{}:                             false,
		day.Add(24*time.Hour - 1):      false,
		day.Add(24 * time.Hour):        true,
		day.In(time.FixedZone("", -1)): false,
	} {
		if limit.Ended(now) != ended {
			t.Errorf("at %v: ended %v", now, !ended)
		}
	}
}
