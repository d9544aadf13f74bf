package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/state"
)

// fuzzPassword is the value of the variable ad_password; no output has it.
const fuzzPassword = "Tr0ub4dor-and-3"

// FuzzLoad loads any file, changed here and there by pieces of the language: edits are triples of bytes, a place among the file's
// tokens and what to do there. Whatever it is, it is refused with words and a place, or everything that it says is within what the
// language promises; laying it out changes nothing, and secrets stay secret.
func FuzzLoad(f *testing.F) {
	seedFiles(f)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, src, edits []byte) {
		src = edited(src, edits)
		if bytes.Contains(src, []byte("format")) || bytes.Contains(src, []byte("indent")) {
			return // both can be asked for gigabytes of spaces
		}
		o := config.Options{Dir: dir, Environ: []string{"DIRFORM_VAR_ad_password=" + fuzzPassword}}
		cfg, diags := load(t, complete("main.hcl", string(src)), o)
		checkDiagnostics(t, cfg, diags)
		if diags.HasErrors() {
			return
		}
		checkConfig(t, cfg, strings.Split(string(src), "\n"))
		formatted := config.Format(src)
		again, diags := load(t, complete("main.hcl", string(formatted)), o)
		if diags.HasErrors() {
			t.Fatalf("laid out, it is refused: %v", diags)
		}
		if a, b := told(t, cfg), told(t, again); a != b {
			t.Errorf("laid out, it means something else: %s", cmp.Diff(strings.SplitAfter(a, ","), strings.SplitAfter(b, ",")))
		}
	})
}

// seedFiles adds the project's own configurations, correct ones and mistakes, as they are and changed at random, and one that has every
// argument with some values that it must not have.
func seedFiles(f *testing.F) {
	for _, text := range []string{"scope \"x\" {\n  ou = \"\"\n  filter = \"\"\n}\n", "scope \"\" {\n  ous = [null, \"\"]\n}\n",
		"link_policy \"x\" {\n  grace = \"\"\n  match = []\n}\n", "guard \"x\" {\n  deletes {\n    until = \"\"\n  }\n}\n"} {
		f.Add([]byte(text), []byte(nil))
	}
	for _, pattern := range []string{"testdata/*/*", "../examples/*/main.hcl"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			f.Fatal(pattern, err)
		}
		for _, path := range paths {
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				continue // as what another target has found
			}
			src, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			if strings.HasSuffix(path, ".hcl") {
				seedEdits(f, src)
				continue
			}
			for _, part := range strings.Split(string(src), "\n-- ") {
				_, text, _ := strings.Cut(part, "--\n")
				f.Add([]byte(text), []byte(nil))
			}
		}
	}
	if _, diags := load(f, complete("main.hcl", wholeLanguage), config.Options{ValuesOptional: true}); len(diags) > 0 {
		f.Fatal(diags)
	}
	seedEdits(f, []byte(wholeLanguage))
	tokens, _ := hclsyntax.LexConfig([]byte(wholeLanguage), "main.hcl", hcl.InitialPos)
	for i, token := range tokens {
		for _, piece := range []string{"var.ad_password", "null", `""`, `"x"`, "-1"} {
			if token.Type == hclsyntax.TokenEqual {
				f.Add([]byte(wholeLanguage), []byte{byte(i >> 8), byte(i), byte(slices.Index(pieces, piece))})
			}
		}
	}
}

// seedEdits adds a file, as it is and changed at random.
func seedEdits(f *testing.F, src []byte) {
	f.Add(src, []byte(nil))
	r := rand.New(rand.NewPCG(1, uint64(len(src))))
	for range 60 {
		edits := make([]byte, 3*(1+r.IntN(2)))
		for i := range edits {
			edits[i] = byte(r.Uint32())
		}
		f.Add(src, edits)
	}
}

// wholeLanguage has every argument that the examples leave out.
const wholeLanguage = `variable "ad_password" {
  type      = string
  sensitive = true
}

provider "ad" "corp" {
  urls        = ["ldaps://dc1.corp.contoso.com", "ldaps://dc2.corp.contoso.com"]
  server_name = "dc"
  bind_dn     = "CN=svc,DC=corp"
  password    = var.ad_password
  page_size   = 500
}

provider "entra" "contoso" {
  tenant_id     = "8d0f1b1e-0000-4000-8000-000000000001"
  client_id     = "8d0f1b1e-0000-4000-8000-000000000002"
  client_secret = var.ad_password
  environment   = "usgovernment"
}

locals {
  names = ["a", "b"]
  map   = { hu = "Hungary" }
}

scope "staff" {
  ous            = ["OU=A,DC=corp", "OU=B,DC=corp"]
  exclude        = ["OU=C,OU=A,DC=corp"]
  objects        = ["user"]
  filter         = "(&(mail=*)(!(cn=x\\2a)))"
  where          = ad.employeeType != "robot" && coalesce(ad.department, "") != local.names[0]
  system_objects = "include"
}

mapping "staff" {
  scope        = scope.staff
  preset       = "default"
  attributes {
    displayName = <<-EOT
      ${ad.sn}
        x
    EOT
    country     = lookup(local.map, ad.c, "none")
  }
  on_null      = { jobTitle = "keep" }
  keep_on_link = ["mobilePhone"]
}

link_policy "staff" {
  scope          = scope.staff
  match          = ["user_principal_name"]
  leaving        = "delete"
  grace          = "3650d"
  guests         = "allow"
  on_drift       = "heal"
  heal_sign_in   = true
}

guard "g" {
  deletes {
    count   = 0
    percent = 100
    floor   = 3
    until   = "2026-12-31"
  }
  creates {
    off = true
  }
  protect = ["a@contoso.com"]
}
`

// pieces are what an edit puts in: values at their bounds and beyond, names, and parts of blocks.
var pieces = []string{"0", "1", "-1", "100", "100.5", "101", "1e400", "1.5", "true", "false", "null", `""`, `"x"`, "[]", `["x"]`, `["x", "x"]`, "{}", `"0d"`,
	`"1h"`, `"3650d"`, `"3651d"`, `"521w"`, `"d"`, `"-1d"`, `"99999999999d"`, `"2026-02-29"`, `"2026-1-1"`, `"block"`, `"Block"`, `"keep"`, `"delete"`, `"unlink"`,
	`"heal"`, `"report"`, `"user"`, `"group"`, `["user", "user"]`, `["user", "group"]`, `"objectGUID"`, `"CN=x"`, `"CN="`, `"(cn=a)"`, `"(cn=a"`, "ad.mail", "ad.nobody",
	"var.ad_password", "var.nobody", "upper(var.ad_password)", "local.names", "local.nobody", "scope.staff", "scope.nobody", "provider.ad.corp",
	`"ldaps://dc"`, `"ldap://dc"`, `"http://x"`, `"é\u0001"`, `"${var.ad_password}x"`, "count = 1", "grace = \"1d\"", "leaving = \"keep\"",
	"object = \"user\"", "off = true", "page_size = 0", "nobody = 1", "\n", "#", "(", "}", "{", "=", "deletes {\n count = 1\n}\n",
	"guard \"h\" {\n  deletes {\n    count = 1\n  }\n}\n", "scope \"more\" {\n  ou = \"OU=More,DC=corp\"\n}\n",
	"link \"l\" {\n  source = \"a@b.c\"\n  tenant = \"a@b.c\"\n}\n", "link_policy \"more\" {\n  scope = scope.staff\n}\n"}

// edited is src with edits made at its tokens.
func edited(src, edits []byte) []byte {
	for range min(len(edits)/3, 8) {
		tokens, _ := hclsyntax.LexConfig(src, "main.hcl", hcl.InitialPos)
		at := tokens[(int(edits[0])<<8|int(edits[1]))%len(tokens)].Range
		what, from, to := int(edits[2]), at.Start.Byte, at.End.Byte
		edits = edits[3:]
		put := ""
		switch {
		case what < len(pieces):
			put = pieces[what]
			if i := bytes.IndexByte(src[from:], '\n'); i >= 0 && src[from] == '=' { // the value of an argument
				put, to = "= "+put, from+i
			}
		case what < 140: // the line is gone
			from = bytes.LastIndexByte(src[:from], '\n') + 1
			if i := bytes.IndexByte(src[to:], '\n'); i >= 0 {
				to += i
			}
		case what < 190: // the token is gone
		case what < 210:
			put = string(src[from:to]) + " " + string(src[from:to])
		default: // a name that is nearly right
			put = strings.ToUpper(string(src[from:to])) + "x"
		}
		src = slices.Concat(src[:from], []byte(put), src[to:])
	}
	return src
}

// placeless are the summaries of what has no place in a file.
var placeless = []string{"No source directory", "No tenant", "No scope", "No configuration", "Configuration too large"}

// checkDiagnostics: every diagnostic says what is wrong and where, can be printed, and shows no secret.
func checkDiagnostics(t *testing.T, cfg *config.Config, diags hcl.Diagnostics) {
	for _, d := range diags {
		if d.Summary == "" || len(d.Detail) < 10 {
			t.Errorf("%v says nothing", d)
		}
		if d.Subject == nil && (slices.Contains(placeless, d.Summary) || strings.Contains(d.Detail, "One or more of the expressions at ")) {
			continue
		}
		if d.Subject == nil || d.Subject.Filename != "main.hcl" && d.Subject.Filename != "zz_rest.hcl" {
			t.Errorf("%v has no place", d)
		} else if f := cfg.Files[d.Subject.Filename]; f != nil && (d.Subject.Start.Line < 1 || d.Subject.Start.Line > bytes.Count(f.Bytes, []byte("\n"))+1) {
			t.Errorf("%v is beyond the file's end", d)
		}
	}
	var b strings.Builder
	config.WriteDiagnostics(&b, cfg.Files, diags, true)
	js, err := json.Marshal(config.DiagnosticsJSON(cfg.Files, diags))
	if err != nil {
		t.Error(err)
	}
	if slices.Contains(cfg.Secrets, fuzzPassword) && strings.Contains(b.String()+string(js), fuzzPassword) {
		t.Errorf("a secret is shown:\n%s", b.String())
	}
}

// checkConfig is what a configuration without errors has, whatever its words.
func checkConfig(t *testing.T, cfg *config.Config, lines []string) {
	at := func(declared, word string) {
		t.Helper()
		file, line, _ := strings.Cut(declared, ":")
		n, err := strconv.Atoi(line)
		if file == "main.hcl" && (err != nil || n < 1 || n > len(lines) || !strings.Contains(lines[n-1], word)) || file == "" {
			t.Errorf("no %s is declared at %q", word, declared)
		}
	}
	for _, p := range cfg.AD {
		at(p.DeclaredAt, "provider")
		if (p.Lab == "") != (len(p.URLs) > 0) || p.PageSize < 1 || p.Lab != "" && p.Password != "" {
			t.Errorf("%+v", p)
		}
	}
	for _, s := range cfg.Scopes {
		at(s.DeclaredAt, "scope")
		if s.Provider == nil || len(s.OUs) == 0 || slices.Contains(s.OUs, "") || len(s.Objects) == 0 || repeats(s.Objects) {
			t.Errorf("%+v", s)
		}
		if _, err := ldap.CompileFilter(s.Filter); s.Filter != "" && err != nil {
			t.Errorf("the filter %q: %v", s.Filter, err)
		}
		for _, kind := range s.Objects {
			checkPolicy(t, cfg.Policy(s.Name, kind), s)
		}
	}
	for _, m := range cfg.Mappings {
		checkMapping(t, cfg, m, at)
	}
	checkSecrets(t, cfg)
	limited := map[string]bool{}
	for _, g := range cfg.Guards {
		at(g.DeclaredAt, "guard")
		if repeats(g.Protect) {
			t.Errorf("%+v", g)
		}
		for name, l := range g.Limits {
			at(l.DeclaredAt, name)
			checkLimit(t, name, l)
			if limited[name] {
				t.Errorf("the limit %s stands in two guards", name)
			}
			limited[name] = true
		}
	}
	for _, k := range cfg.Links {
		at(k.DeclaredAt, "link")
		if k.Source == "" || k.Tenant == "" {
			t.Errorf("%+v", k)
		}
	}
}

// checkSecrets: a secret stands in credentials and nowhere else.
func checkSecrets(t *testing.T, cfg *config.Config) {
	plain := *cfg
	plain.Secrets, plain.AD = nil, nil
	for _, p := range cfg.AD {
		q := *p
		q.Password, q.Kerberos = "", nil
		plain.AD = append(plain.AD, &q)
	}
	tenant := *cfg.Entra
	tenant.ClientSecret, tenant.AccessToken, tenant.CertificateFile = "", "", ""
	plain.Entra = &tenant
	if text := told(t, &plain); slices.Contains(cfg.Secrets, fuzzPassword) && strings.Contains(text, fuzzPassword) {
		t.Errorf("a secret stands outside of credentials: %s", text)
	}
}

func checkLimit(t *testing.T, name string, l config.Limit) {
	whole := func(n *int) bool { return n == nil || *n >= 0 }
	percent := l.Percent == nil || *l.Percent >= 0 && *l.Percent <= 100
	some := l.Count != nil || l.Floor != nil || l.Percent != nil
	if !slices.Contains(limits.Names(), name) || !whole(l.Count) || !whole(l.Floor) || !percent || l.Off == some || l.Until != l.Until.Truncate(24*time.Hour).UTC() {
		t.Errorf("%s: %+v", name, l)
	}
}

func checkPolicy(t *testing.T, p *config.LinkPolicy, s *config.Scope) {
	for value, allowed := range map[string]string{p.Unmatched: "create skip block", p.ForeignAnchor: "block relink", p.SyncedElsewhere: "block take_over",
		p.Privileged: "block allow", p.Guests: "block allow", p.Deleted: "restore create block", p.Leaving: "disable keep unlink delete",
		p.OnUnverifiedSuffix: "block initial_domain", p.OnDrift: "heal report block", p.Anchor: "objectGUID mS-DS-ConsistencyGuid"} {
		if value == "" || strings.Contains(value, " ") || !strings.Contains(" "+allowed+" ", " "+value+" ") && !strings.Contains(fmt.Sprintf("%+v", p), ":"+value+" ") {
			t.Errorf("%q is none of %q", value, allowed)
		}
	}
	ends := p.Leaving == "disable" || p.Leaving == "delete"
	if p.Scope != s || p.Grace < 0 || p.Grace > 3650*24*time.Hour || p.Grace%time.Hour != 0 || p.Grace > 0 && !ends || p.HealSignIn && p.OnDrift != "heal" || repeats(p.Match) {
		t.Errorf("%+v", p)
	}
}

func checkMapping(t *testing.T, cfg *config.Config, m *config.Mapping, at func(declared, word string)) {
	if m.Scope == nil || !slices.Contains(m.Scope.Objects, m.Kind) {
		t.Errorf("%+v", m)
	}
	shape := cfg.SourceShapes[m.Kind]
	o := &state.Object{Kind: m.Kind, Shape: shape, Values: make([]state.Value, shape.Len())}
	var names []string
	for _, a := range slices.Concat(m.Attributes, m.Initial) {
		names = append(names, strings.ToLower(a.Target.Name))
		_, _ = a.Expr.Eval(o)
		if !a.Preset {
			at(a.DeclaredAt, "")
		}
		for _, name := range a.Expr.Attributes() {
			if shape.Index(name) < 0 {
				t.Errorf("%s reads %s, which is not read", a.Target.Name, name)
			}
		}
	}
	if repeats(names) || !slices.IsSortedFunc(m.Attributes, func(a, b *config.AttributeMapping) int { return strings.Compare(a.Target.Name, b.Target.Name) }) {
		t.Errorf("the mapping %s has %q", m.Name, names)
	}
}

// repeats reports whether something stands in a list twice.
func repeats[T comparable](list []T) bool {
	for i := range list {
		if slices.Contains(list[:i], list[i]) {
			return true
		}
	}
	return false
}

// told is all that a configuration says, without blanks and its folder.
func told(t *testing.T, cfg *config.Config) string {
	var b strings.Builder
	fmt.Fprintln(&b, cfg.StatePath, cfg.DirectorySync, cfg.Secrets)
	for _, list := range []any{cfg.AD, cfg.Entra, cfg.Links, cfg.Guards} {
		js, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(js)
	}
	for _, s := range cfg.Scopes {
		fmt.Fprintln(&b, s.Name, s.Provider.Name, s.OUs, s.Exclude, s.Objects, s.Filter, s.FilterNames, s.SystemObjects, s.DeclaredAt)
		if s.Where != nil {
			fmt.Fprintln(&b, s.Where.Source())
		}
	}
	for _, p := range cfg.Policies {
		q := *p
		q.Scope = nil
		fmt.Fprintf(&b, "%s %+v\n", p.Scope.Name, q)
	}
	for _, m := range cfg.Mappings {
		fmt.Fprintln(&b, m.Name, m.Scope.Name, m.Kind, m.DeclaredAt)
		for _, a := range slices.Concat(m.Attributes, m.Initial) {
			fmt.Fprintln(&b, a.Target.Name, a.Expr.Source(), a.Expr.Attributes(), a.Preset, a.KeepNull, a.KeepOnLink, a.DeclaredAt)
		}
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(b.String(), cfg.Dir, "DIR")), "")
}
