package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/labcmd"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state"
)

const (
	labLDIF = `version: 1

dn: OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: organizationalUnit

dn: OU=Leavers,DC=corp,DC=contoso,DC=com
objectClass: organizationalUnit

dn: CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: jdoe
userPrincipalName: jane@contoso.com
displayName: Jane Doe
department: Sales

dn: CN=Max Muster,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: max
userPrincipalName: max@other.example

dn: CN=Partitions,CN=Configuration,DC=corp,DC=contoso,DC=com
uPNSuffixes: contoso.com
`
	labTenant = `{"domains":[{"id":"contoso.com","isDefault":true},{"id":"contoso.onmicrosoft.com","isInitial":true}],
"users":[{"userPrincipalName":"jane@contoso.com","displayName":"Jane","businessPhones":["+1 555 0100"]},
{"userPrincipalName":"old@contoso.com","displayName":"Old"}]}`
	labConfig = `provider "ad" "corp" {
  lab = "seed"
}
provider "entra" "tenant" {
  lab = "seed"
}
`
)

// labFolder makes a configuration with a lab.
func labFolder(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "seed"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "seed/corp.ldif", labLDIF)
	write(t, dir, "seed/tenant.json", labTenant)
	write(t, dir, "main.hcl", labConfig)
	return dir
}

// users reads attributes of all users of a stream: a line each, sorted as they come.
func users(t *testing.T, objects providers.Objects, attributes *state.Shape) (lines []string) {
	t.Helper()
	for o, err := range objects {
		if err != nil {
			t.Fatal(err)
		}
		line := o.DN
		for _, name := range attributes.Names() {
			line += "|" + o.Get(name).Text()
		}
		lines = append(lines, line)
	}
	return lines
}

func sourceUsers(t *testing.T, dir string, names ...string) []string {
	t.Helper()
	d := open.NewDirectories(&cli.App{}, dir)
	defer d.Close()
	r, err := d.Source(t.Context(), &config.ADProvider{Name: "corp", Lab: "seed"})
	if err != nil {
		t.Fatal(err)
	}
	shape := state.NewShape(names...)
	return users(t, r.Read(t.Context(), providers.Query{Kind: state.User, Bases: []string{"DC=corp,DC=contoso,DC=com"}, Attributes: shape}), shape)
}

func tenantUsers(t *testing.T, dir string, names ...string) []string {
	t.Helper()
	d := open.NewDirectories(&cli.App{}, dir)
	defer d.Close()
	r, err := d.Tenant(t.Context(), &config.EntraProvider{Name: "tenant", Lab: "seed"})
	if err != nil {
		t.Fatal(err)
	}
	shape := state.NewShape(names...)
	return users(t, r.Read(t.Context(), providers.TenantQuery{Kind: state.User, Attributes: shape}), shape)
}

func succeed(t *testing.T, env cli.Environment, args ...string) string {
	t.Helper()
	code, stdout, stderr := runMain(t, env, args...)
	if code != 0 {
		t.Fatalf("dirform %q: status %d\n%s", args, code, stderr)
	}
	return stdout
}

func TestLabEdits(t *testing.T) {
	dir := labFolder(t)
	env := cli.Environment{Dir: dir}
	jane := "CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com"

	succeed(t, env, "lab", "set", jane, "department=Revenue", "title=Head of Sales", "displayName=")
	succeed(t, env, "lab", "set", "ad", "max", "proxyAddresses=SMTP:max@contoso.com", "proxyAddresses=smtp:m@contoso.com")
	succeed(t, env, "lab", "move", "CN=Max Muster,OU=Staff,DC=corp,DC=contoso,DC=com", "OU=Leavers,DC=corp,DC=contoso,DC=com")
	want := []string{
		jane + "||Revenue|Head of Sales|",
		"CN=Max Muster,OU=Leavers,DC=corp,DC=contoso,DC=com||||SMTP:max@contoso.com, smtp:m@contoso.com",
	}
	if diff := cmp.Diff(want, sourceUsers(t, dir, "displayName", "department", "title", "proxyAddresses")); diff != "" {
		t.Error(diff)
	}

	succeed(t, env, "lab", "set", "jane@contoso.com", "jobTitle=Head", "accountEnabled=false", "mobilePhone=5550100", "businessPhones=1")
	succeed(t, env, "lab", "remove", "tenant", "old@contoso.com")
	want = []string{"|jane@contoso.com|Head|false|5550100|1"}
	if diff := cmp.Diff(want, tenantUsers(t, dir, "userPrincipalName", "jobTitle", "accountEnabled", "mobilePhone", "businessPhones")); diff != "" {
		t.Error(diff)
	}

	succeed(t, env, "lab", "remove", jane)
	if n := len(sourceUsers(t, dir, "department")); n != 1 {
		t.Errorf("%d users after removing one of two", n)
	}
	succeed(t, env, "lab", "reset")
	want = []string{"|jane@contoso.com|", "|old@contoso.com|"}
	if diff := cmp.Diff(want, tenantUsers(t, dir, "userPrincipalName", "jobTitle")); diff != "" {
		t.Error(diff)
	}
}

// TestLabServe runs the command as a program would: one line of JSON tells how to reach both sides, and an interrupt ends it
// with status 0.
func TestLabServe(t *testing.T) {
	dir := labFolder(t)
	for _, args := range [][]string{{"seed"}, {"."}, {"seed", "--read-only", "--throttle", "300", "--latency=1ms"},
		{"--users", "20", "--linked"}, {"--users", "20", "--linked", "--gzip", "--deny=svc-dirform:title,helpdesk:department"}} {
		signals := make(chan os.Signal, 1)
		read, written := io.Pipe()
		var stderr strings.Builder
		status := make(chan int)
		go func() {
			code := Main(cli.Environment{
				Args: append([]string{"lab", "serve", "--json"}, args...), Stdin: strings.NewReader(""), Stdout: written, Stderr: &stderr,
				Dir: dir, Now: time.Now, Signals: signals,
			})
			written.Close()
			status <- code
		}()
		line, err := bufio.NewReader(read).ReadString('\n')
		if err != nil {
			t.Fatalf("%s: %v\n%s", args, err, stderr.String())
		}
		var access labcmd.Access
		if err := json.Unmarshal([]byte(line), &access); err != nil {
			t.Fatal(err)
		}
		useServedLab(t, access)
		if slices.Contains(args, "--users") {
			showsTitles(t, access.AD, !slices.Contains(args, "--gzip"))
		}
		writeToServedLab(t, access.Entra, slices.Contains(args, "--read-only"))
		signals <- os.Interrupt
		if code := <-status; code != 0 {
			t.Errorf("%s: status %d after an interrupt\n%s", args, code, stderr.String())
		}
	}
}

func useServedLab(t *testing.T, access labcmd.Access) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ca, err := os.ReadFile(access.AD.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	source, err := ad.Open(ctx, ad.Config{URLs: []string{access.AD.URL}, BaseDN: access.AD.BaseDN, BindDN: access.AD.BindDN, Password: access.AD.Password, CA: ca})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	if d, err := source.Domain(ctx); d.Name != "corp.contoso.com" || err != nil {
		t.Errorf("domain %q, %v", d.Name, err)
	}
	x := access.Entra
	for _, cfg := range []entra.Config{
		{Endpoint: x.Endpoint, CA: ca, AccessToken: x.AccessToken},
		{Endpoint: x.Endpoint, Authority: x.Authority, CA: ca, TenantID: x.TenantID, ClientID: x.ClientID, ClientSecret: x.ClientSecret},
	} {
		tenant, err := entra.Open(ctx, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if o, err := tenant.Organization(ctx); o.ID != x.TenantID || err != nil {
			t.Errorf("tenant %q, %v", o.ID, err)
		}
		tenant.Close()
	}
}

// TestLabSaysWhatItLacks: what the help of lab serve says is not there is refused, with words that name it.
func TestLabSaysWhatItLacks(t *testing.T) {
	_, help, _ := runMain(t, cli.Environment{}, "lab", "serve", "--help")
	seed := t.TempDir()
	write(t, seed, "corp.ldif", "dn: OU=Staff,DC=corp,DC=contoso,DC=com\nobjectClass: organizationalUnit\n")
	write(t, seed, "tenant.json", `{"groups":[{"id":"00000000-0000-4000-8000-000000000001","displayName":"g","securityEnabled":true}]}`)
	l, err := lab.Open(lab.Options{Seed: seed, Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	access, err := l.ServeEntra()
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(access.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer client.CloseIdleConnections()
	const group = "/groups/00000000-0000-4000-8000-000000000001"
	for _, lack := range []struct{ name, method, path string }{
		{"servicePrincipals", "GET", "/servicePrincipals"}, {"applications", "GET", "/applications"},
		{"administrativeUnits", "GET", "/directory/administrativeUnits"}, {"$metadata", "GET", "/$metadata"},
		{"temporaryAccessPassMethods", "GET", "/users/x/authentication/temporaryAccessPassMethods"},
		{"assignLicense", "POST", group + "/assignLicense"}, {"$expand", "GET", group + "?$expand=members"},
		{"onPremisesExtensionAttributes", "GET", "/users?$filter=onPremisesExtensionAttributes/extensionAttribute1+eq+'x'"},
		{"employeeOrgData", "GET", "/users?$filter=employeeOrgData/costCenter+eq+'x'"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), lack.method, access.Endpoint+lack.path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+access.AccessToken)
		w, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(w.Body)
		w.Body.Close()
		if w.StatusCode != 400 || !strings.Contains(string(body), lack.name) || !strings.Contains(help, lack.name) {
			t.Errorf("%s: %d %s", lack.name, w.StatusCode, body)
		}
	}
	plain, err := l.ServeADPlain()
	if err != nil {
		t.Fatal(err)
	}
	c, err := ldap.DialURL(plain)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	root, err := c.Search(ldap.NewSearchRequest("", ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)",
		[]string{"supportedControl", "supportedSASLMechanisms"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, oid := range map[string]string{"DirSync": ldap.ControlTypeDirSync, "virtual list views": "2.16.840.1.113730.3.4.9", "Kerberos": "GSSAPI"} {
		have := slices.Concat(root.Entries[0].GetAttributeValues("supportedControl"), root.Entries[0].GetAttributeValues("supportedSASLMechanisms"))
		if slices.Contains(have, oid) || !strings.Contains(help, name) {
			t.Errorf("%s: %q", name, have)
		}
	}
}

// showsTitles reports whether the titles of generated people are shown, as shown says, and that their departments are.
func showsTitles(t *testing.T, x *lab.ADAccess, shown bool) {
	t.Helper()
	ca, err := os.ReadFile(x.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	source, err := ad.Open(t.Context(), ad.Config{URLs: []string{x.URL}, BaseDN: x.BaseDN, BindDN: x.BindDN, Password: x.Password, CA: ca})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	n := 0
	q := providers.Query{Kind: state.User, Bases: []string{x.BaseDN}, Filter: "(department=*)", Attributes: state.NewShape("department", "title")}
	for o, err := range source.Read(t.Context(), q) {
		if n++; err != nil || o.Get("title").IsNull() == shown || o.Get("department").IsNull() {
			t.Fatalf("titles shown: %v; %v, %v", shown, o, err)
		}
	}
	if n != 20 {
		t.Errorf("%d people", n)
	}
}

// writeToServedLab gives the first user another title, which a read-only tenant refuses.
func writeToServedLab(t *testing.T, x *lab.EntraAccess, refused bool) {
	t.Helper()
	ca, err := os.ReadFile(x.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	cfg := entra.Config{Endpoint: x.Endpoint, CA: ca, AccessToken: x.AccessToken}
	reader, err := entra.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	id := ""
	for o, err := range reader.Read(t.Context(), providers.TenantQuery{Kind: state.User, Attributes: state.NewShape("jobTitle")}) {
		if err != nil {
			t.Fatal(err)
		}
		id = o.ID
	}
	w, err := entra.OpenWriter(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	change := []state.AttributeChange{{Name: "jobTitle", After: state.String("Head")}}
	err = w.Write(t.Context(), []providers.Write{{Op: providers.OpPatch, Kind: state.User, ID: id, Attributes: change}})[0].Err
	if (err != nil) != refused {
		t.Errorf("writing: %v", err)
	}
}

// TestLabInUse: whoever meets a lab that somebody serves is told what to do, and nobody resets it meanwhile.
func TestLabInUse(t *testing.T) {
	dir := t.TempDir()
	seed, data := filepath.Join(dir, "lab"), open.LabAt(dir, "lab").Data
	if err := os.Mkdir(seed, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, seed, "corp.ldif", "dn: OU=Staff,DC=corp,DC=contoso,DC=com\nobjectClass: organizationalUnit\n")
	write(t, seed, "tenant.json", `{"domains":[{"id":"contoso.com","isVerified":true}]}`)
	write(t, dir, "main.hcl", "provider \"ad\" \"corp\" {\n  lab = \"lab\"\n}\nprovider \"entra\" \"contoso\" {\n  lab = \"lab\"\n}\n"+
		"scope \"staff\" {\n  ou = \"OU=Staff,DC=corp,DC=contoso,DC=com\"\n}\n")
	l, err := lab.Open(lab.Options{Seed: seed, Data: data})
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"plan"}, {"lab", "show"}, {"lab", "set", "OU=Staff,DC=corp,DC=contoso,DC=com", "description=x"},
		{"lab", "reset"}} {
		code, _, stderr := runMain(t, cli.Environment{Dir: dir}, args...)
		if code != 1 || !strings.Contains(stderr, "is in use by dirform (pid") ||
			!strings.Contains(stderr, "by the provider blocks that it prints") {
			t.Errorf("%v: %d\n%s", args, code, stderr)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"lab", "set", "OU=Staff,DC=corp,DC=contoso,DC=com", "description=x"}, {"lab", "reset"}, {"lab", "reset"}} {
		if code, _, stderr := runMain(t, cli.Environment{Dir: dir}, args...); code != 0 {
			t.Errorf("%v: %s", args, stderr)
		}
	}
	_, shown, _ := runMain(t, cli.Environment{Dir: dir}, "lab", "show", "OU=Staff,DC=corp,DC=contoso,DC=com")
	if !strings.Contains(shown, "OU=Staff") || strings.Contains(shown, "description") {
		t.Errorf("after a reset: %s", shown)
	}
}

// The blocks that lab serve prints are a configuration.
func TestProviderBlocksAreValid(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "ca.pem", "")
	blocks := labcmd.ProviderBlocks(labcmd.Access{
		AD: &lab.ADAccess{URL: "ldaps://127.0.0.1:636", BaseDN: "DC=corp", BindDN: `CN=a\, b,DC=corp`, Password: `p"${x}`, CAFile: filepath.Join(dir, "ca.pem")},
		Entra: &lab.EntraAccess{Endpoint: "https://127.0.0.1:1/v1.0", Authority: "https://127.0.0.1:1", TenantID: "8d0f1b1e-0000-4000-8000-000000000001",
			ClientID: "8d0f1b1e-0000-4000-8000-000000000002", ClientSecret: "s", CAFile: filepath.Join(dir, "ca.pem")},
	})
	write(t, dir, "main.hcl", string(blocks)+"\nscope \"staff\" {\n  ou = \"OU=Staff,DC=corp\"\n}\n")
	if code, _, stderr := runMain(t, cli.Environment{Dir: dir}, "validate"); code != 0 {
		t.Errorf("%s\n%s", stderr, blocks)
	}
	if code, stdout, _ := runMain(t, cli.Environment{Dir: dir}, "fmt", "--check"); code != 0 {
		t.Errorf("not in the usual form: %s\n%s", stdout, blocks)
	}
}
