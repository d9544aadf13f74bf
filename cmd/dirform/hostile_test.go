package main

import (
	"crypto/tls"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/planner/planfile/planfiletest"
	"github.com/dirform/dirform/state/store"
)

// hostile are texts that somebody might put into a directory to be printed.
var hostile = []string{
	"x ##vso[task.setvariable variable=PATH]/tmp ##[add-mask]a #",
	"::set-output name=x::y #[z",
	"a\nFORGED line\n::debug::x\n##vso[b]",
	"bidi \u202egnp\u2066\u200f\u061c\u2069",
	"zero\u200bw\u2060\ufeff\u00ad\u2028\U000e0041a\ufe0f\u3164\u115f",
	"ctl\x1b[2J\x07\rFORGED\x7f\u0085\ttab \"q\" \\u202e %s",
}

// mixed are all of them in two, where it is not to be seen which of them does harm.
var mixed = []string{hostile[0], strings.Join(hostile[1:], "")}

// obeyed says what of a line of output a terminal, a person or a CI system would be misled by; "" is nothing.
func obeyed(line string) string {
	trimmed := strings.TrimSpace(line)
	switch {
	case !utf8.ValidString(line):
		return "bytes that are not UTF-8"
	case strings.Contains(line, "##vso["), strings.Contains(line, "##["), strings.Contains(line, "##teamcity["),
		strings.HasPrefix(trimmed, "::"):
		return "a command of a CI system"
	case strings.HasPrefix(trimmed, "FORGED"):
		return "a line of a value's own"
	}
	for _, r := range line {
		if r != '\t' && (unicode.Is(unicode.C, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)) ||
			strings.ContainsRune("\u3164\u115f", r) {
			return fmt.Sprintf("the character %U", r)
		}
	}
	if strings.Contains(line, "a\ufe0f") {
		return "a selector that selects nothing"
	}
	return ""
}

// checkLines fails for each line of an output that is obeyed.
func checkLines(t *testing.T, what, output string) {
	t.Helper()
	for i, line := range strings.Split(output, "\n") {
		if why := obeyed(line); why != "" {
			t.Errorf("%s: line %d has %s: %q", what, i+1, why, line)
		}
	}
}

// base64Line is an attribute of LDIF with any value.
func base64Line(name, value string) string {
	return name + ":: " + base64.StdEncoding.EncodeToString([]byte(value)) + "\n"
}

// hostileFolder is a configuration over a lab in which every text of people, groups, contacts, deleted accounts
// and OUs is hostile: at the source alone (h), in the tenant alone (t), and on both sides (b).
func hostileFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "lab"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "lab/corp.ldif", hostileSource())
	write(t, dir, "lab/tenant.json", hostileTenant(t))
	write(t, dir, "main.hcl", strings.NewReplacer("RLO", "\u202e", "ZWSP", "\u200b").Replace(hostileConfig))
	return dir
}

// hostileConfig is the configuration of hostileFolder. In it RLO and ZWSP stand for such characters.
const hostileConfig = `
provider "ad" "corp" { lab = "lab" }
provider "entra" "contoso" { lab = "lab" }
scope "staff" {
  ou      = "OU=Staff,DC=corp,DC=contoso,DC=com"
  objects = ["user"]
  where   = coalesce(ad.department, "") != "##vso[c] RLO ZWSP"
}
link_policy "staff" {
  scope     = scope.staff
  match     = ["user_principal_name"]
  unmatched = "create"
}
guard "test" {
  creates { count = 1000 }
  enables { count = 1000 }
  updates { count = 1000 }
  blocked { count = 1000 }
}
mapping "staff" {
  scope = scope.staff
  attributes {
    accountEnabled    = true
    userPrincipalName = ad.userPrincipalName
    mailNickname      = ad.sAMAccountName
    displayName       = ad.displayName
    department        = ad.department
    jobTitle          = ad.title
    city              = ad.l
    companyName       = ad.company
    givenName         = ad.givenName
    surname           = ad.sn
    streetAddress     = ad.streetAddress
    officeLocation    = ad.department == "##[x] RLO ZWSP" ? "a" : (
      ad.company) # ##vso[d]
  }
}
`

// hostileFill are the attributes of a person at the source that are filled.
var hostileFill = []string{"displayName", "givenName", "sn", "initials", "department", "title", "company", "l", "st",
	"streetAddress", "postalCode", "co", "physicalDeliveryOfficeName", "telephoneNumber", "mobile", "description",
	"info", "employeeID", "employeeType", "extensionAttribute1", "mail", "wWWHomePage"}

func hostileSource() string {
	var b strings.Builder
	b.WriteString("version: 1\n\ndn: OU=Staff,DC=corp,DC=contoso,DC=com\nobjectClass: organizationalUnit\n\n")
	person := func(rdn, id, fill string) {
		b.WriteString(base64Line("dn", "CN="+rdn) + "objectClass: user\n")
		fmt.Fprintf(&b, "sAMAccountName: %[1]s\nuserPrincipalName: %[1]s@contoso.com\n", id)
		for _, name := range hostileFill {
			b.WriteString(base64Line(name, fill))
		}
		b.WriteString("\n")
	}
	for i, s := range hostile {
		ou := fmt.Sprintf("OU=%d %s,OU=Staff,DC=corp,DC=contoso,DC=com", i, escapeRDN(s))
		b.WriteString(base64Line("dn", ou) + "objectClass: organizationalUnit\n\n")
		for _, side := range []string{"h", "b"} {
			person(escapeRDN(side+s)+","+ou, fmt.Sprintf("%s%d", side, i), s)
		}
		person(fmt.Sprintf("t%d,OU=Staff,DC=corp,DC=contoso,DC=com", i), fmt.Sprintf("t%d", i), "fine")
	}
	person("l0,OU=Staff,DC=corp,DC=contoso,DC=com", "l0", "latin \xe9 \xed\xa0\x80")
	return b.String()
}

// escapeRDN escapes what has a meaning in a distinguished name.
func escapeRDN(s string) string {
	return strings.NewReplacer("\\", "\\\\",
		"\"", "\\\"", "=", "\\=", ",", "\\,", "+", "\\+", ";", "\\;", "<", "\\<", ">", "\\>",
		"#", "\\#", "\n", "\\0A", "\r", "\\0D").Replace(s)
}

func hostileTenant(t *testing.T) string {
	t.Helper()
	type object = map[string]any
	var users, groups, contacts, deleted []object
	fill := func(o object, names []string, s string) object {
		for _, name := range names {
			if _, has := o[name]; !has {
				o[name] = s
			}
		}
		return o
	}
	names := []string{"displayName", "givenName", "surname", "department", "jobTitle", "city", "companyName",
		"streetAddress", "state", "country", "officeLocation", "employeeType", "mobilePhone"}
	for i, s := range hostile {
		for j, side := range []string{"t", "b", "x"} {
			upn := fmt.Sprintf("%s%d@contoso.com", side, i)
			users = append(users, fill(object{"id": fmt.Sprintf("00000000-0000-4000-8000-0000000%d000%d", j, i),
				"mailNickname": upn[:2], "userPrincipalName": upn, "accountEnabled": true}, names, s))
		}
		groups = append(groups, object{"id": fmt.Sprintf("00000000-0000-4000-8000-00000004000%d", i), "displayName": s,
			"description": s, "mailNickname": fmt.Sprintf("g%d", i), "mailEnabled": false, "securityEnabled": true})
		contacts = append(contacts, object{"id": fmt.Sprintf("00000000-0000-4000-8000-00000005000%d", i),
			"displayName": s, "mail": fmt.Sprintf("c%d@contoso.com", i)})
		deleted = append(deleted, fill(object{"@odata.type": "#microsoft.graph.user",
			"id":                fmt.Sprintf("00000000-0000-4000-8000-00000006000%d", i),
			"userPrincipalName": fmt.Sprintf("h%d@contoso.com", i), "accountEnabled": true,
			"mailNickname": fmt.Sprintf("h%d", i), "deletedDateTime": "2026-11-20T00:00:00Z"}, names, s))
	}
	b, err := json.Marshal(object{
		"organization": object{"id": "8d0f1b1e-5c0a-4f0e-9d27-6f3a2c1b0a99", "displayName": hostile[0]},
		"domains": []object{{"id": "contoso.onmicrosoft.com", "isInitial": true, "isVerified": true},
			{"id": "contoso.com", "isVerified": true}},
		"users": users, "groups": groups, "contacts": contacts, "deletedItems": deleted})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// hostileRun runs commands in one folder, and checks every line that they print.
type hostileRun struct {
	*testing.T
	env  cli.Environment
	seen map[string]int // by command, how often it printed something of the hostile texts, escaped
}

// ends runs a command that has to end with a status, any if want is negative, and gives what it printed on
// standard output.
func (h *hostileRun) ends(want int, args ...string) string {
	h.Helper()
	code, stdout, stderr := runMain(h.T, h.env, append(args, "--log-level=debug")...)
	if code != want && want >= 0 {
		h.Errorf("%q: status %d, want %d\n%.3000s\n%.3000s", args, code, want, stdout, stderr)
	}
	checkLines(h.T, fmt.Sprintf("%q, stdout", args), stdout)
	checkLines(h.T, fmt.Sprintf("%q, stderr", args), stderr)
	name := strings.Join(args[:min(len(args), 2)], " ")
	for _, sign := range []string{`\u0023`, `\u202e`, `\x1b`, `\u001b`, `\n::`, `\nFORGED`} {
		h.seen[name] += strings.Count(stdout+stderr, sign)
	}
	return stdout
}

// shows fails if a command printed nothing of the hostile texts: then it proves nothing.
func (h *hostileRun) shows(names ...string) {
	h.Helper()
	for _, name := range names {
		if h.seen[name] == 0 {
			h.Errorf("%q printed nothing hostile", name)
		}
	}
}

// TestHostileText: whatever directories hold, no command prints what a CI system obeys or what a person does not see.
func TestHostileText(t *testing.T) {
	dir := hostileFolder(t)
	h := &hostileRun{T: t, env: cli.Environment{Dir: dir}, seen: map[string]int{}}
	h.ends(0, "validate")
	h.ends(0, "plan")
	document := h.ends(0, "plan", "--json")
	h.ends(0, "plan", "--out", "saved.dfplan")
	h.ends(0, "show", "saved.dfplan")
	if again := h.ends(0, "show", "saved.dfplan", "--json"); len(again) < len(document)/2 {
		t.Errorf("show --json prints %d bytes, plan --json %d", len(again), len(document))
	}
	h.shows("plan", "plan --json", "plan --out", "show saved.dfplan")
	checkHostileDocument(t, document)

	h.ends(0, "apply", "--json", "--auto-approve")
	for i, s := range hostile {
		for _, name := range []string{"h", "b", "t"} {
			h.ends(0, "explain", fmt.Sprintf("%s%d@contoso.com", name, i))
		}
		h.ends(0, "lab", "show", "tenant", fmt.Sprintf("x%d@contoso.com", i))
		h.ends(0, "lab", "set", "tenant", fmt.Sprintf("t%d@contoso.com", i), "department="+s, "displayName="+s)
	}
	h.ends(0, "explain", "--json", "b3@contoso.com")
	h.ends(0, "explain", "l0@contoso.com")
	h.ends(0, "explain", "--json", "l0@contoso.com")
	h.ends(0, "lab", "show", "ad", "l0")
	h.ends(0, "lab", "show", "ad", "h0", "--json")
	h.ends(0, "lab", "show", "ad", "h2")
	h.ends(2, "drift")
	h.ends(2, "drift", "--json")
	h.ends(0, "plan", "--target", "user.staff[\"t0@contoso.com\"]")
	h.ends(0, "apply", "--auto-approve")
	h.shows("explain b0@contoso.com", "explain b3@contoso.com", "explain --json", "lab show", "drift", "drift --json",
		"apply --auto-approve")
	for _, args := range append([]string{"lab show"}, tellRecord...) {
		h.ends(0, strings.Fields(args)...)
	}
	onTerminal(h)
	hostileRecord(h)
	hostileWords(h)
	hostilePlan(h)
}

// checkHostileDocument fails unless a plan in JSON has the values as they are.
func checkHostileDocument(t *testing.T, document string) {
	t.Helper()
	var plan struct {
		Changes []struct {
			Attributes []struct{ Before, After any }
		}
	}
	if err := json.Unmarshal([]byte(document), &plan); err != nil {
		t.Fatal(err)
	}
	found := map[any]bool{}
	for _, c := range plan.Changes {
		for _, a := range c.Attributes {
			found[a.Before], found[a.After] = true, true
		}
	}
	for _, s := range hostile {
		if !found[s] {
			t.Errorf("no change has the value %q", s)
		}
	}
}

// onTerminal plans on a terminal, where dirform's own colours pass, and nothing else.
func onTerminal(h *hostileRun) {
	env := h.env
	env.Terminal = cli.Terminal{Out: true, Err: true}
	for _, args := range [][]string{{"plan"}, {"plan", mixed[1]}} {
		_, stdout, stderr := runMain(h.T, env, args...)
		if !strings.Contains(stdout+stderr, "\x1b[1m") {
			h.Errorf("%q is not in colour:\n%s", args, stdout+stderr)
		}
		plain := strings.NewReplacer("\x1b[0m", "", "\x1b[1m", "", "\x1b[2m", "", "\x1b[31m", "", "\x1b[32m", "",
			"\x1b[33m", "", "\x1b[36m", "", "\x1b[1;31m", "", "\r\x1b[K", "")
		checkLines(h.T, fmt.Sprintf("%q on a terminal", args), plain.Replace(stdout)+plain.Replace(stderr))
	}
}

// TestOutputsHaveAWall: nothing writes to a stream of the process but by way of the environment that Main puts
// walls in, and only what is a file goes past them.
func TestOutputsHaveAWall(t *testing.T) {
	past := map[string][]string{
		"os.Stdout":  {"main.go"},
		"os.Stderr":  {"main.go"},
		"FileOut()":  {"completion.go", "format.go", "internal/cli/app.go", "internal/recordcmd/transfer.go", "internal/report/report.go"},
		"fmt.Print(": nil, "fmt.Println(": nil, "fmt.Printf(": nil, "\tprintln(": nil,
	}
	found := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name := filepath.ToSlash(path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && (slices.Contains(noPackages, d.Name()) || d.Name()[0] == '.' ||
			d.Name() == "clients" || d.Name() == "storetest"): // the last two run beside dirform
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		src, err := os.ReadFile(path)
		for line := range strings.Lines(string(src)) {
			code, _, _ := strings.Cut(line, "//")
			for what, files := range past {
				if !strings.Contains(code, what) {
					continue
				}
				found++
				if !slices.Contains(files, strings.TrimPrefix(name, root+"/cmd/dirform/")) {
					t.Errorf("%s goes past the walls of the outputs: %s", name, strings.TrimSpace(line))
				}
			}
		}
		return err
	})
	if err != nil || found < 4 {
		t.Fatalf("%d places found: %v", found, err)
	}
}

// tellRecord are commands that tell what the record holds.
var tellRecord = []string{"show", "show --json", "history", "history --json", "history 1", "history --json 1", "state list",
	"state list --json"}

// hostileRecord has the record tell hostile texts, as one that somebody made up.
func hostileRecord(h *hostileRun) {
	path := filepath.Join(h.env.Dir, "dirform.dfstate")
	asLayout2(h.T, path, metaOf(h.T, h.env.Dir).Lineage) // a later one is refused when somebody else has written in it
	db, err := sql.Open("sqlite", path)
	if err != nil {
		h.Fatal(err)
	}
	for _, s := range mixed {
		for _, statement := range []string{
			"UPDATE runs SET command = ?1, outcome = ?1, plan_digest = ?1, allowed = json_array(?1)",
			"UPDATE journal SET attribute = ?1, tenant_id = ?1, code = ?1, request_id = ?1, kind = ?1, action = ?1",
			"UPDATE classes SET rule = ?1 || id",
			"UPDATE links SET tenant_id = ?1 WHERE anchor = (SELECT max(anchor) FROM links)",
			"UPDATE meta SET value = ?1 WHERE name = 'lineage'",
			"UPDATE ous SET declared = ?1 WHERE scope = 'staff'",
		} {
			if _, err := db.Exec(statement, s); err != nil {
				h.Fatal(err)
			}
		}
		for _, args := range tellRecord {
			h.ends(0, strings.Fields(args)...)
		}
		h.ends(0, "state", "show", s)
		h.ends(0, "state", "show", "--json", s)
	}
	if err := db.Close(); err != nil {
		h.Fatal(err)
	}
	h.shows("show", "show --json", "history", "history --json", "history 1", "state list", "state show")
	lock := filepath.Join(h.env.Dir, "dirform.dfstate.lock")
	content, err := json.Marshal(store.LockInfo{ID: hostile[0], Holder: hostile[2], Host: hostile[5]})
	if err != nil {
		h.Fatal(err)
	}
	write(h.T, h.env.Dir, filepath.Base(lock), string(content))
	h.ends(1, "apply")
	h.ends(1, "force-unlock")
	h.ends(1, "force-unlock", "x")
	h.shows("apply", "force-unlock")
	if err := os.Remove(lock); err != nil {
		h.Fatal(err)
	}
}

// hostileWords are errors about what stands on the command line and in a configuration.
func hostileWords(h *hostileRun) {
	for i, s := range mixed {
		for _, args := range [][]string{{s}, {"plan", s}, {"explain", "no" + s}, {"state", "show", "no" + s},
			{"history", s}, {"show", s}, {"lab", "show", "no" + s}, {"plan", "--var", s}, {"plan", "--target", s},
			{"plan", "--allow", s}, {"plan", "--chdir", s}, {"completion", s}, {"plan", "--" + s}, {"help", s}, {"fmt", s}} {
			h.ends(1, args...)
		}
		h.ends(-1, "lab", "set", "ad", s, "department=x")
		if code, stdout, stderr := runMain(h.T, h.env, "plan", "--log-level", s); code != 1 {
			h.Errorf("status %d", code)
		} else {
			checkLines(h.T, "--log-level", stdout+stderr)
		}
		in := *h
		in.env.Dir = h.TempDir()
		file := fmt.Sprintf("a%s.hcl", strings.NewReplacer("/", "", "\x00", "").Replace(s))
		line := strings.NewReplacer("\n", " ", "\r", " ", "%", "").Replace(s)
		write(h.T, in.env.Dir, file, fmt.Sprintf(
			"scope \"%d\" {\n  ou = \"%s\" zzz\n}\n\tlocals { x = \"%s\", y = zzz }\n", i, line, line))
		in.ends(1, "validate")
		in.ends(1, "validate", "--json")
		in.ends(1, "fmt", "--check")
		in.ends(1, "plan")
		write(h.T, in.env.Dir, file, fmt.Sprintf("variable \"x\" {}\n"+
			"scope \"s\" {\n  ou = %q\n  where = ad.department == %q\n  match = %[1]q\n}\n"+
			"provider \"ad\" %[1]q { url = %[1]q }\n%[3]s {}\n", s, s, line))
		in.ends(1, "validate", "--var", "x="+s)
		in.ends(1, "validate", "--json")
	}
	h.shows("explain no"+hostile[0], "fmt --check", "validate", "validate --json")
}

// hostilePlan shows and applies a plan file in which every text is hostile.
func hostilePlan(h *hostileRun) {
	saved := filepath.Join(h.env.Dir, "saved.dfplan")
	for _, s := range mixed {
		p, err := planfiletest.Load(saved)
		if err != nil {
			h.Fatal(err)
		}
		p.Header = everyText(p.Header, s, "format_version", "lineage").(map[string]any)
		for _, lines := range [][]map[string]any{p.Changes, p.Findings} {
			for i := range lines {
				lines[i] = everyText(lines[i], s, "action", "severity").(map[string]any)
			}
		}
		if err := p.Save(filepath.Join(h.env.Dir, "forged.dfplan")); err != nil {
			h.Fatal(err)
		}
		h.ends(0, "show", "forged.dfplan")
		h.ends(0, "show", "--json", "forged.dfplan")
		h.ends(1, "apply", "forged.dfplan")
	}
	h.shows("show forged.dfplan")
}

// everyText is a value of JSON with s in place of every text, but for those of some members.
func everyText(v any, s string, but ...string) any {
	switch v := v.(type) {
	case string:
		return s
	case []any:
		for i := range v {
			v[i] = everyText(v[i], s, but...)
		}
	case map[string]any:
		for name := range v {
			if !slices.Contains(but, name) {
				v[name] = everyText(v[name], s, but...)
			}
		}
	}
	return v
}

// TestHostileServers: the words of servers are shown as values are.
func TestHostileServers(t *testing.T) {
	all := strings.Join(hostile, " ")
	words, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	refused := ""
	env := behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, refused) {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("request-id", hostile[0]+hostile[3])
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"error":{"code":%[1]s,"message":%[1]s,`+
			`"details":[{"code":%[1]s,"message":%[1]s,"target":%[1]s}]}}`, words)
		return true
	})
	h := &hostileRun{T: t, env: env, seen: map[string]int{}}
	for path, want := range map[string]int{"/contacts": 0, "/users": 1, "/organization": 1, "/domains": 1} {
		refused = path
		h.ends(want, "plan")
		h.ends(want, "plan", "--json")
	}
	refused = "/$batch"
	h.ends(-1, "apply", "--auto-approve")
	h.ends(-1, "apply", "--json", "--auto-approve")
	h.shows("plan", "plan --json", "apply --auto-approve", "apply --json")

	certificate, address := hostileController(t, all)
	write(t, h.env.Dir, "ca.pem", string(certificate))
	write(t, h.env.Dir, "main.hcl", fmt.Sprintf(`
provider "ad" "corp" {
  url      = "ldaps://%s"
  ca_file  = "ca.pem"
  bind_dn  = "CN=x"
  password = "y"
}
provider "entra" "contoso" { lab = "lab" }
scope "staff" { ou = "OU=Staff,DC=corp,DC=contoso,DC=com" }
`, address))
	h.seen = map[string]int{}
	h.ends(1, "plan")
	h.shows("plan")
}

// hostileController is a domain controller that refuses everybody in words of its own: its certificate, and where
// it is.
func hostileController(t *testing.T, words string) (certificate []byte, address string) {
	t.Helper()
	web := httptest.NewTLSServer(nil)
	t.Cleanup(web.Close)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: web.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			if request, err := ber.ReadPacket(c); err == nil {
				c.Write(refusal(request, words))
			}
			c.Close()
		}
	}()
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), listener.Addr().String()
}

// refusal is the answer to a bind that is refused.
func refusal(request *ber.Packet, words string) []byte {
	const universal, primitive = ber.ClassUniversal, ber.TypePrimitive
	answer := ber.NewSequence("")
	answer.AppendChild(ber.NewInteger(universal, primitive, ber.TagInteger, request.Children[0].Value, ""))
	result := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationBindResponse, nil, "")
	result.AppendChild(ber.NewInteger(universal, primitive, ber.TagEnumerated, ldap.LDAPResultOther, ""))
	result.AppendChild(ber.NewString(universal, primitive, ber.TagOctetString, words, "matchedDN"))
	result.AppendChild(ber.NewString(universal, primitive, ber.TagOctetString, words, "diagnosticMessage"))
	answer.AppendChild(result)
	return answer.Bytes()
}
