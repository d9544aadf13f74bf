package main

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"golang.org/x/sync/errgroup"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config/declared"
)

// forest is a domain controller with an OU of its own for one test, which is deleted again in the end.
type forest struct {
	t    *testing.T
	conn *ldap.Conn
	tag  string // tells this test's names from those of other tests
	root string // the test's OU
}

func newForest(t *testing.T) *forest {
	t.Helper()
	requireSamba(t)
	tag := make([]byte, 3)
	if _, err := rand.Read(tag); err != nil {
		t.Fatal(err)
	}
	f := &forest{t: t, conn: dialSamba(t), tag: hex.EncodeToString(tag)}
	f.root = f.addOU("dirform-"+f.tag, os.Getenv("AD_BASE_DN"))
	t.Cleanup(func() {
		if err := f.remove(); err != nil {
			t.Errorf("%s is left behind: %v", f.root, err)
		}
	})
	return f
}

// remove deletes the test's OU. Deleting a tree of thousands in one request takes Samba minutes, so the users go one by one.
func (f *forest) remove() error {
	r, err := dialSamba(f.t).SearchWithPaging(ldap.NewSearchRequest(f.root, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(objectClass=user)", []string{"1.1"}, nil), 500)
	if err != nil {
		return err
	}
	err = f.parallel(len(r.Entries), func(conn *ldap.Conn, i int) error {
		return conn.Del(ldap.NewDelRequest(r.Entries[i].DN, nil))
	})
	if err != nil {
		return err
	}
	return dialSamba(f.t).Del(ldap.NewDelRequest(f.root, []ldap.Control{ldap.NewControlSubtreeDelete()}))
}

// parallel calls do for the numbers below n over several connections.
func (f *forest) parallel(n int, do func(conn *ldap.Conn, i int) error) error {
	const connections = 4
	var g errgroup.Group
	for c := range min(n, connections) {
		conn := dialSamba(f.t)
		g.Go(func() error {
			defer conn.Close()
			for i := c; i < n; i += connections {
				if err := do(conn, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// dialSamba connects as Administrator.
func dialSamba(t *testing.T) *ldap.Conn {
	t.Helper()
	ca, err := os.ReadFile(os.Getenv("AD_CA_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	conn, err := ldap.DialURL(os.Getenv("AD_LDAPS_URL"), ldap.DialWithTLSConfig(&tls.Config{RootCAs: pool}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.Bind(os.Getenv("AD_BIND_DN"), os.Getenv("AD_BIND_PASSWORD")); err != nil {
		t.Fatal(err)
	}
	return conn
}

func (f *forest) addOU(name, parent string) string {
	f.t.Helper()
	dn := "OU=" + name + "," + parent
	r := ldap.NewAddRequest(dn, nil)
	r.Attribute("objectClass", []string{"organizationalUnit"})
	if err := f.conn.Add(r); err != nil {
		f.t.Fatal(err)
	}
	return dn
}

// person is a user to be made. Zero values are left out.
type person struct {
	account, cn, parent, given, sn, department, title, manager string
	disabled                                                   bool
}

func (p person) dn() string   { return "CN=" + ldap.EscapeDN(p.cn) + "," + p.parent }
func (p person) mail() string { return p.account + "@contoso.com" }

// request makes the user without a password, as Active Directory allows with PASSWD_NOTREQD (32) only.
func (p person) request() *ldap.AddRequest {
	r := ldap.NewAddRequest(p.dn(), nil)
	r.Attribute("objectClass", []string{"user"})
	uac := "544"
	if p.disabled {
		uac = "546"
	}
	for name, value := range map[string]string{
		"sAMAccountName": p.account, "userPrincipalName": p.mail(), "mail": p.mail(), "displayName": p.cn, "userAccountControl": uac,
		"givenName": p.given, "sn": p.sn, "department": p.department, "title": p.title, "manager": p.manager,
	} {
		if value != "" {
			r.Attribute(name, []string{value})
		}
	}
	return r
}

// addPeople makes users over several connections, those at the top of a tree of managers first.
func (f *forest) addPeople(people []person) {
	f.t.Helper()
	for done := 0; done < len(people); {
		level := min(max(1, done*managedBy), len(people)-done) // whose managers are all there
		err := f.parallel(level, func(conn *ldap.Conn, i int) error {
			if err := conn.Add(people[done+i].request()); err != nil {
				return fmt.Errorf("%s: %w", people[done+i].dn(), err)
			}
			return nil
		})
		if err != nil {
			f.t.Fatal(err)
		}
		done += level
	}
}

const (
	managedBy   = 9   // each of the first people manages so many
	withManager = 900 // these have a manager, so that a first apply stays within a tenant's burst of writes
)

// staff are n people in nested OUs below parent, which it makes.
func (f *forest) staff(n int, parent string) []person {
	var teams []string
	for d := range 4 {
		department := f.addOU(fmt.Sprintf("Department %d", d), parent)
		for t := range 3 {
			teams = append(teams, f.addOU(fmt.Sprintf("Team %d", t), department))
		}
		teams = append(teams, department)
	}
	given := []string{"Jane", "Örs", "Zoë", "Bob", "Ágnes", "Li", "Max"}
	sn := []string{"Doe", "Kovács", "O'Neil", "Müller", "Tóth, dr.", "Nagy"}
	departments := []string{"Sales", "Finance", "R&D", "Legal + Tax"}
	people := make([]person, n)
	for i := range people {
		p := &people[i]
		*p = person{account: fmt.Sprintf("%s-%04d", f.tag, i), parent: teams[i%len(teams)], given: given[i%len(given)], sn: sn[i%len(sn)],
			department: departments[i%len(departments)], title: fmt.Sprintf("Grade %d", i%11), disabled: i%50 == 49}
		p.cn = fmt.Sprintf("%s %s %04d", p.given, p.sn, i)
		if 0 < i && i < withManager {
			p.manager = people[(i-1)/managedBy].dn()
		}
	}
	return people
}

// dn is where a user is now.
func (f *forest) dn(account string) string {
	f.t.Helper()
	return f.find("(sAMAccountName=" + account + ")").DN
}

func (f *forest) find(filter string, attributes ...string) *ldap.Entry {
	f.t.Helper()
	r, err := f.conn.Search(ldap.NewSearchRequest(os.Getenv("AD_BASE_DN"), ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 2, 0, false,
		filter, append(attributes, "objectGUID"), nil))
	if err != nil || len(r.Entries) != 1 {
		f.t.Fatalf("%s: %v, %v", filter, r, err)
	}
	return r.Entries[0]
}

func (f *forest) set(account, attribute string, values ...string) {
	f.t.Helper()
	r := ldap.NewModifyRequest(f.dn(account), nil)
	r.Replace(attribute, values)
	if err := f.conn.Modify(r); err != nil {
		f.t.Fatal(err)
	}
}

// rename gives an object another RDN, another parent ("" keeps it), or both.
func (f *forest) rename(dn, rdn, parent string) {
	f.t.Helper()
	if rdn == "" {
		rdn = firstOf(f.t, dn)
	}
	if err := f.conn.ModifyDN(ldap.NewModifyDNRequest(dn, rdn, true, parent)); err != nil {
		f.t.Fatal(err)
	}
}

func firstOf(t *testing.T, dn string) string {
	t.Helper()
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.RDNs[0].Attributes[0].Type + "=" + ldap.EscapeDN(parsed.RDNs[0].Attributes[0].Value)
}

// sambaFolder makes a configuration that reads the domain controller and writes to an embedded tenant. NAME in provider and rest
// stands for the value of the environment's variable NAME.
func sambaFolder(t *testing.T, provider, rest string) cli.Environment {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "lab"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "lab/tenant.json", `{"domains": [{"id": "contoso.onmicrosoft.com", "isInitial": true, "isVerified": true},
  {"id": "contoso.com", "isDefault": true, "isVerified": true}]}`)
	var names []string
	for _, kv := range os.Environ() {
		if k, v, _ := strings.Cut(kv, "="); strings.HasPrefix(k, "AD_") && k != "AD_BASE_DN" && !strings.HasSuffix(k, "PASSWORD") {
			names = append(names, "$"+k, declared.Quote(v))
		}
	}
	write(t, dir, "main.hcl", `variable "ad_password" {
  type      = string
  sensitive = true
}

provider "ad" "corp" {
`+strings.NewReplacer(names...).Replace(provider)+`
  password = var.ad_password
}

provider "entra" "tenant" {
  lab = "lab"
}
`+rest)
	return cli.Environment{Dir: dir, Environ: []string{"DIRFORM_VAR_ad_password=" + os.Getenv("AD_SVC_PASSWORD")}}
}

// sambaService is a provider with the account that has what dirform needs and no more.
const sambaService = `  url     = $AD_LDAPS_URL
  ca_file = $AD_CA_FILE
  bind_dn = $AD_SVC_DN`
