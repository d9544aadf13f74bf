package lab

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// GenerateOptions shape a generated seed.
type GenerateOptions struct {
	// Matched is the share, 0 to 1, of users that have an account in the tenant already, which differs from the source in an
	// attribute or two. Half of them match hard (by onPremisesImmutableId), the other half soft (by user principal name and,
	// if they have one, mail address).
	Matched float64
	// Linked gives every user an account that agrees in every attribute of the default mapping: nothing to do but to link.
	Linked bool
	// Seed varies the people; the same number gives the same files.
	Seed uint64
}

// Generate writes corp.ldif and tenant.json for a domain of so many users into dir, in bounded memory. The users are in
// OUs nested below OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com and have managers, phones and departments; some are disabled and
// some have no mail address. The tenant has the verified domain contoso.com and a cloud-only administrator. Existing seeds are
// not overwritten. Beside them it writes [GeneratedMark].
func Generate(dir string, users int, opts GenerateOptions) error {
	if err := opts.check(users); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	p := People{users, opts}
	source, err := p.writeSeed(filepath.Join(dir, ADSeed), func(w *bufio.Writer) { writeLDIF(w, users, opts.Seed) })
	if err != nil {
		return err
	}
	tenant, err := p.writeSeed(filepath.Join(dir, TenantSeed), func(w *bufio.Writer) { writeTenant(w, users, opts) })
	if err != nil {
		return err
	}
	m := mark{users, opts.Matched, opts.Linked, opts.Seed, map[string]string{ADSeed: source, TenantSeed: tenant}}
	return m.write(dir)
}

func (o GenerateOptions) check(users int) error {
	if users < 0 || o.Matched < 0 || o.Matched > 1 {
		return fmt.Errorf("a lab of %d users of whom %v have an account can't be made; use 0 or more and a share between 0 and 1", users, o.Matched)
	}
	return nil
}

// writeSeed writes a file that must not exist yet, and returns its seal.
func (g *People) writeSeed(path string, write func(*bufio.Writer)) (seal string, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("%s exists already and is not overwritten; delete it or use another folder", path)
	}
	if err != nil {
		return "", err
	}
	h := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(f, h), 1<<20)
	write(w)
	err = errors.Join(w.Flush(), f.Close())
	return g.seal(h), err
}

// generatedBase is the domain of generated people.
const generatedBase = "DC=corp,DC=contoso,DC=com"

// writeUnits writes everything of the source but the people.
func writeUnits(w io.Writer) {
	fmt.Fprintf(w, "version: 1\n\ndn: CN=Partitions,CN=Configuration,%s\nobjectClass: crossRefContainer\nuPNSuffixes: contoso.com\n\n", generatedBase)
	unit := func(name, parent string) {
		fmt.Fprintf(w, "dn: OU=%s,%s\nobjectClass: organizationalUnit\n\n", name, parent)
	}
	unit("Staff", generatedBase)
	unit("Office 365", "OU=Staff,"+generatedBase)
	for _, d := range departments {
		unit(d.name, staffOU)
		for _, city := range cities {
			unit(city.name, "OU="+d.name+","+staffOU)
		}
	}
}

func writeLDIF(w *bufio.Writer, users int, seed uint64) {
	writeUnits(w)
	p := newPeople(seed)
	var x, m person
	for i := range users {
		p.become(&x, i)
		x.writeLDIF(w)
		if manager := p.managerOf(i); manager >= 0 {
			p.become(&m, manager)
			ldif(w, "manager", m.dn())
		}
		w.WriteByte('\n')
	}
}

// tenantHead is everything of the tenant but the people, without the end.
const tenantHead = `{
"organization":{"id":"c0a80100-0000-4000-8000-000000000001","displayName":"Contoso"},
"domains":[{"id":"contoso.com","isDefault":true},{"id":"contoso.onmicrosoft.com","isInitial":true}],
"roleAssignments":[{"principalId":"breakglass@contoso.onmicrosoft.com","roleDefinitionId":"Global Administrator"}],
"users":[
{"userPrincipalName":"breakglass@contoso.onmicrosoft.com","displayName":"Break Glass"}`

const tenantEnd = "\n]}\n"

func writeTenant(w *bufio.Writer, users int, opts GenerateOptions) {
	w.WriteString(tenantHead)
	p := newPeople(opts.Seed)
	var x, m person
	for i := range users {
		match := p.matchOf(i, opts)
		if match == noAccount {
			continue
		}
		manager := ""
		if at := p.managerOf(i); at >= 0 && p.matchOf(at, opts) != noAccount {
			p.become(&m, at)
			manager = m.accountID()
		}
		p.become(&x, i)
		w.WriteString(",\n")
		x.writeJSON(w, match, manager)
	}
	w.WriteString(tenantEnd)
}
