package servers_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store/objects"
)

// The people of the lab: those of staff are in scope, those of later will be.
const (
	domain = "DC=corp,DC=contoso,DC=com"
	people = 6 // of each OU
)

const rules = `
upn_suffix "contoso.com" {}

scope "staff" {
  ou = "OU=Staff,` + domain + `"
}

link_policy "staff" {
  scope   = scope.staff
  anchor  = "ms-DS-ConsistencyGuid"
  match   = ["immutable_id", "user_principal_name"]
  leaving = "disable"
}
`

// stage is both directories, a bucket, and a folder with the configuration, with a network between.
type stage struct {
	t       *testing.T
	dir     string
	binary  string
	lab     *lab.Lab
	token   string
	bucket  bucket
	record  string // the object's name
	network *network
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func dn(name string, ou string) string { return "CN=" + name + ",OU=" + ou + "," + domain }

// seed writes both directories: every second one of the people has an account that somebody has made by hand.
func seed(t *testing.T, dir string) {
	t.Helper()
	ldif, accounts := &strings.Builder{}, []map[string]any{}
	fmt.Fprint(ldif, "version: 1\n")
	for _, ou := range []string{"Staff", "Later"} {
		fmt.Fprintf(ldif, "\ndn: OU=%s,%s\nobjectClass: organizationalUnit\n", ou, domain)
		for i := range people {
			name := fmt.Sprint(strings.ToLower(ou), i)
			fmt.Fprintf(ldif, "\ndn: %s\nobjectClass: user\nsAMAccountName: %[2]s\n"+
				"userPrincipalName: %[2]s@contoso.com\ndisplayName: Person %[2]s\ndepartment: Sales\n",
				dn(name, ou), name)
			if i%2 == 1 {
				accounts = append(accounts, map[string]any{"userPrincipalName": name + "@contoso.com",
					"displayName": "By hand", "mailNickname": name, "accountEnabled": true})
			}
		}
	}
	tenant, err := json.Marshal(map[string]any{
		"organization": map[string]any{"id": "8d0f1b1e-5c0a-4f0e-9d27-6f3a2c1b0a99", "displayName": "Contoso"},
		"domains": []any{map[string]any{"id": "contoso.onmicrosoft.com", "isInitial": true, "isVerified": true},
			map[string]any{"id": "contoso.com", "isDefault": true, "isVerified": true}},
		"users": accounts})
	must(t, err)
	must(t, os.MkdirAll(filepath.Join(dir, "lab"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "lab", lab.ADSeed), []byte(ldif.String()), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "lab", lab.TenantSeed), tenant, 0o600))
}

// openStage serves the directories that lie in a folder, and configures a record.
func openStage(t *testing.T, dir, binary string, b bucket, record string) *stage {
	t.Helper()
	s := &stage{t: t, dir: dir, binary: binary, bucket: b, record: record, network: newNetwork()}
	var err error
	s.lab, err = lab.Open(lab.Options{Seed: filepath.Join(dir, "lab"), Data: filepath.Join(dir, "data")})
	must(t, err)
	t.Cleanup(func() { s.lab.Close() })
	source, err := s.lab.ServeAD()
	must(t, err)
	tenant, err := s.lab.ServeEntra()
	must(t, err)
	s.token = tenant.AccessToken
	pem := filepath.Join(dir, "data", "server.pem")
	certificate, err := tls.LoadX509KeyPair(pem, pem)
	must(t, err)
	ldaps := "ldaps://" + s.network.relayLDAP(t, strings.TrimPrefix(source.URL, "ldaps://"))
	own := strings.TrimSuffix(tenant.Endpoint, "/v1.0")
	graph := s.network.relay(t, "graph", own, &certificate)
	text := fmt.Sprintf("provider \"ad\" \"lab\" {\n  url = %q\n  base_dn = %q\n  bind_dn = %q\n  password = %q\n"+
		"  ca_file = %q\n}\n", ldaps, source.BaseDN, source.BindDN, source.Password, source.CAFile) +
		fmt.Sprintf("provider \"entra\" \"lab\" {\n  endpoint = %q\n  authority = %q\n  tenant_id = %q\n"+
			"  client_id = %q\n  client_secret = %q\n  ca_file = %q\n}\n", graph+"/v1.0",
			strings.Replace(tenant.Authority, own, graph, 1), tenant.TenantID, tenant.ClientID, tenant.ClientSecret,
			tenant.CAFile) + rules
	must(t, os.WriteFile(filepath.Join(dir, "main.hcl"), []byte(text), 0o600))
	s.keep(s.network.relay(t, "store", b.address, nil), dir)
	s.keep(b.address, filepath.Join(dir, "past"))
	must(t, os.WriteFile(filepath.Join(dir, "past", "main.hcl"), []byte(text), 0o600))
	return s
}

// keep has a folder's configuration keep the record in the bucket as it is reached at an address.
func (s *stage) keep(address, dir string) {
	s.t.Helper()
	must(s.t, os.MkdirAll(dir, 0o700))
	must(s.t, os.WriteFile(filepath.Join(dir, "state.hcl"),
		[]byte("dirform {\n"+s.bucket.block(address, s.record)+encryption+"variable \"dirform_key\" {}\n"), 0o600))
}

// copied is the stage as it is, in another folder and with another record.
func (s *stage) copied(t *testing.T, record string) *stage {
	t.Helper()
	dir := filepath.Join(quick.Dir(t), "copy")
	for _, folder := range []string{"lab", "data"} {
		must(t, os.MkdirAll(filepath.Join(dir, folder), 0o700))
		files, err := os.ReadDir(filepath.Join(s.dir, folder))
		must(t, err)
		for _, f := range files {
			if strings.Contains(f.Name(), "lock") {
				continue
			}
			content, err := os.ReadFile(filepath.Join(s.dir, folder, f.Name()))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(dir, folder, f.Name()), content, 0o600))
		}
	}
	c := openStage(t, dir, s.binary, s.bucket, record)
	if content := s.get(); content != nil {
		c.put(content)
	}
	return c
}

// get is what the record's object holds; nil if there is none.
func (s *stage) get() []byte {
	s.t.Helper()
	r, _, err := s.bucket.open(s.t).Get(s.t.Context(), s.record)
	if errors.Is(err, objects.ErrAbsent) {
		return nil
	}
	must(s.t, err)
	defer r.Close()
	content, err := io.ReadAll(r)
	must(s.t, err)
	return content
}

// put has the record's object hold something else.
func (s *stage) put(content []byte) {
	s.t.Helper()
	b := s.bucket.open(s.t)
	info, err := b.Stat(s.t.Context(), s.record)
	if err != nil && !errors.Is(err, objects.ErrAbsent) {
		s.t.Fatal(err)
	}
	all := io.NewSectionReader(bytes.NewReader(content), 0, int64(len(content)))
	_, err = b.Put(s.t.Context(), s.record, all, info.Version)
	must(s.t, err)
}

// dirform is a process that has not started. That of "past" reaches the bucket past the network.
func (s *stage) dirform(past string, args ...string) (cmd *exec.Cmd, out *bytes.Buffer) {
	out = &bytes.Buffer{}
	cmd = exec.Command(s.binary, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = filepath.Join(s.dir, past), out, out
	cmd.Env = append(os.Environ(), keyVariable+"="+key)
	return cmd, out
}

// run runs dirform past the network, and fails the test if that ends otherwise than with a status.
func (s *stage) run(status int, args ...string) string {
	s.t.Helper()
	cmd, out := s.dirform("past", args...)
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != status {
		s.t.Errorf("%v: %v\n%s", args, err, out)
	}
	return out.String()
}

var unlocking = regexp.MustCompile(`force-unlock ([0-9a-f]{16})`)

// unlock frees the lock of whoever has it, as a person does: by the id that the refusal names.
func (s *stage) unlock() {
	s.t.Helper()
	cmd, out := s.dirform("past", "force-unlock")
	if cmd.Run() == nil {
		return
	}
	if id := unlocking.FindStringSubmatch(out.String()); id != nil {
		s.run(0, "force-unlock", id[1])
	} else if !strings.Contains(out.String(), "is not locked") {
		s.t.Error(out)
	}
}

// converged checks that a plain apply, and nothing else, makes all as it should be.
func (s *stage) converged(want []string) {
	s.t.Helper()
	s.network.begin(nil)
	s.unlock()
	s.run(0, "apply", "--auto-approve")
	s.run(0, "plan", "--detailed-exitcode")
	if d := cmp.Diff(want, s.picture()); d != "" {
		s.t.Error(d)
	}
	left, err := s.bucket.open(s.t).List(s.t.Context(), s.record)
	must(s.t, err)
	slices.Sort(left)
	if d := cmp.Diff([]string{s.record, s.record + ".lock"}, left); d != "" {
		s.t.Errorf("objects:\n%s", d)
	}
}

// picture is what both directories and the record hold, without what chance has chosen.
func (s *stage) picture() (lines []string) {
	s.t.Helper()
	names := map[string]string{}
	for _, u := range s.users() {
		names[u.ID] = u.UserPrincipalName
		lines = append(lines, fmt.Sprintf("account %s %s enabled=%v department=%s anchor=%s", u.UserPrincipalName,
			u.DisplayName, u.AccountEnabled, u.Department, u.OnPremisesImmutableID))
	}
	var links struct {
		Links []struct {
			Anchor string `json:"anchor"`
			Target string `json:"target_id"`
			Scope  string `json:"scope"`
		} `json:"links"`
	}
	text := s.run(0, "state", "list", "--json")
	if err := json.Unmarshal([]byte(text), &links); err != nil {
		s.t.Fatalf("%v\n%s", err, text)
	}
	for _, l := range links.Links {
		lines = append(lines, fmt.Sprintf("link %s %s %s", l.Anchor, names[l.Target], l.Scope))
	}
	for i := range people {
		for _, ou := range []string{"staff", "later"} {
			_, attributes, _, err := s.lab.ShowAD(fmt.Sprint(ou, i))
			must(s.t, err)
			for _, a := range attributes {
				if strings.EqualFold(a.Name, "mS-DS-ConsistencyGuid") {
					lines = append(lines, fmt.Sprintf("stamp of %s%d: %v", ou, i, a.Values))
				}
			}
		}
	}
	slices.Sort(lines)
	return lines
}

type user struct {
	ID, UserPrincipalName, DisplayName, Department, OnPremisesImmutableID string
	AccountEnabled                                                        bool
}

// users asks the lab itself.
func (s *stage) users() []user {
	s.t.Helper()
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/v1.0/users?$top=999"+
		"&$select=id,userPrincipalName,displayName,accountEnabled,onPremisesImmutableId,department", nil)
	r.Header.Set("Authorization", "Bearer "+s.token)
	rec := httptest.NewRecorder()
	s.lab.Tenant().Handler().ServeHTTP(rec, r)
	var page struct{ Value []user }
	if err := json.Unmarshal(rec.Body.Bytes(), &page); err != nil || rec.Code != http.StatusOK {
		s.t.Fatal(rec.Code, rec.Body)
	}
	return page.Value
}

// announced checks that the record has the steps of what has become otherwise in the tenant since before.
func (s *stage) announced(before *stage) {
	s.t.Helper()
	was, changed := map[user]bool{}, 0
	for _, u := range before.users() {
		was[u] = true
	}
	for _, u := range s.users() {
		if !was[u] {
			changed++
		}
	}
	if changed == 0 {
		return
	}
	parsed, err := seal.ParseKey(key)
	must(s.t, err)
	p, _, err := s.bucket.record(s.bucket.address, s.record).Place(seal.New(parsed))
	must(s.t, err)
	r, err := p.Load(s.t.Context())
	must(s.t, err)
	defer r.Close()
	runs, err := r.Runs(s.t.Context(), 1)
	must(s.t, err)
	steps := 0
	for _, run := range runs {
		for _, err := range r.Journal(s.t.Context(), run.ID) {
			must(s.t, err)
			steps++
		}
	}
	if steps < changed {
		s.t.Errorf("%d accounts were written, and the record has %d steps", changed, steps)
	}
}

// writes is how many writes both directories were asked for.
func (s *stage) writes() int {
	ad, tenant := s.lab.WriteAttempts()
	return ad + tenant
}
