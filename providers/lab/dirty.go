package lab

import (
	"bufio"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// DirtyList is the file beside a dirty seed that says what is wrong with whom: a header, then a row of distinguished
// name and defect for each object.
const DirtyList = "dirty.csv"

// dirtyLicence is what comes with a mailbox in a dirty tenant.
const dirtyLicence = "00000000-0000-4000-8000-0000000000e3"

// dirtyEvery is how many people there are to one who has a defect.
const dirtyEvery = 2

// GenerateDirty writes a seed as [Generate] does in which every second user has something wrong, one defect after
// another: all that a directory gathers in twenty years, in the source, in the tenant, or between the two. Beside the
// seed it writes [DirtyList]. The same options give the same files.
func GenerateDirty(dir string, users int, opts GenerateOptions) error {
	if err := opts.check(users); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	d := newDirty(users, opts)
	for _, file := range []struct {
		name  string
		write func(*bufio.Writer) error
	}{{ADSeed, d.writeSource}, {TenantSeed, d.writeTenant}, {DirtyList, d.writeList}} {
		if err := writeNew(filepath.Join(dir, file.name), file.write); err != nil {
			return err
		}
	}
	return nil
}

// writeNew writes a file that must not exist yet.
func writeNew(path string, write func(*bufio.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists already and is not overwritten; delete it or use another folder", path)
	}
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	err = write(w)
	return errors.Join(err, w.Flush(), f.Close())
}

// dirty is a directory with defects, and the tenant that it meets.
type dirty struct {
	users   []*dirtyUser
	objects []map[string]any // of the tenant: users
	groups  []map[string]any
	bin     []map[string]any // users in the recycle bin
	roles   []map[string]any // assignments
}

// dirtyUser is a user of the source.
type dirtyUser struct {
	n       int // a number of its own
	dn      string
	guid    string // base64
	login   string // the part of its addresses before the @
	defect  string // "" for none
	values  map[string][]string
	account map[string]any // what its account would be if it had one that agrees
}

func newDirty(users int, opts GenerateOptions) *dirty {
	d := &dirty{}
	p := newPeople(opts.Seed)
	for i := range users {
		var x person // its texts stay with it
		p.become(&x, i)
		d.users = append(d.users, newDirtyUser(&x))
		if d.users[i].n%dirtyEvery == 0 && p.matchOf(i, opts) != noAccount {
			d.objects = append(d.objects, d.users[i].account) // of somebody without a defect
		}
	}
	for i, at := dirtyEvery-1, 0; i < users; i += dirtyEvery {
		x := &defects[at%len(defects)]
		if at++; x.pair && i+dirtyEvery >= users {
			continue
		}
		u := d.users[i]
		u.defect = x.name
		if x.pair { // the next one shares it
			i += dirtyEvery
			d.users[i].defect = x.name
			x.make(d, u, d.users[i])
			continue
		}
		x.make(d, u, nil)
	}
	return d
}

func newDirtyUser(x *person) *dirtyUser {
	u := &dirtyUser{n: x.i, dn: x.dn(), guid: x.anchor(), login: x.login(), values: map[string][]string{}}
	x.eachAttribute(func(slot int, value string) { u.set(personAttributes[slot], value) })
	u.set("userAccountControl", "512") // nobody is left out for being disabled
	u.set("mail", x.upn())
	u.set("proxyAddresses", x.smtp)
	u.account = map[string]any{"id": x.accountID(), "mail": x.upn(), "accountEnabled": true}
	x.eachProperty(agreeing, func(slot int, value string) {
		switch name := accountProperties[slot]; name {
		case "accountEnabled":
		case "businessPhones":
			u.account[name] = []string{value}
		default:
			u.account[name] = value
		}
	})
	return u
}

func (u *dirtyUser) set(name string, values ...string) {
	if len(values) == 0 {
		delete(u.values, name)
		return
	}
	u.values[name] = values
}

// mail gives the user a primary address and no other.
func (u *dirtyUser) mail(address string) {
	u.set("mail", address)
	u.set("proxyAddresses")
}

// match adds the account that the user matches by its address, with some properties: it has no anchor unless they say
// so.
func (d *dirty) match(u *dirtyUser, properties map[string]any) {
	delete(u.account, "onPremisesImmutableId")
	maps.Copy(u.account, properties)
	maps.DeleteFunc(u.account, func(_ string, v any) bool { return v == nil })
	d.objects = append(d.objects, u.account)
}

func (d *dirty) writeSource(w *bufio.Writer) error {
	writeUnits(w)
	for _, u := range d.users {
		ldif(w, "dn", u.dn)
		w.WriteString("objectClass: user\nobjectGUID:: " + u.guid + "\n")
		for _, name := range slices.Sorted(maps.Keys(u.values)) {
			for _, value := range u.values[name] {
				dirtyLDIF(w, name, value)
			}
		}
		w.WriteByte('\n')
	}
	return nil
}

// dirtyLDIF writes one line, in base64 unless the format takes the value as it is (RFC 2849, SAFE-STRING).
func dirtyLDIF(w *bufio.Writer, name, value string) {
	unsafe := func(r rune) bool { return r < ' ' || r >= 0x7f }
	if strings.ContainsFunc(value, unsafe) || strings.HasSuffix(value, " ") || strings.IndexAny(value, " :<") == 0 {
		fmt.Fprintf(w, "%s:: %s\n", name, base64.StdEncoding.EncodeToString([]byte(value)))
		return
	}
	ldif(w, name, value)
}

func (d *dirty) writeTenant(w *bufio.Writer) error {
	list := func(items ...map[string]any) []map[string]any { return items }
	const breakGlass = "breakglass@contoso.onmicrosoft.com"
	roles := append(list(map[string]any{"principalId": breakGlass, "roleDefinitionId": "Global Administrator"}), d.roles...)
	users := append(list(map[string]any{"userPrincipalName": breakGlass, "displayName": "Break Glass"}), d.objects...)
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	return e.Encode(map[string]any{
		"organization": map[string]any{"id": "c0a80100-0000-4000-8000-000000000001", "displayName": "Contoso"},
		"domains": list(map[string]any{"id": "contoso.com", "isDefault": true},
			map[string]any{"id": "contoso.onmicrosoft.com", "isInitial": true},
			map[string]any{"id": "fabrikam.com", "isVerified": false}),
		"subscribedSkus":  list(map[string]any{"skuId": dirtyLicence, "skuPartNumber": "SPE_E3"}),
		"roleAssignments": roles, "users": users, "groups": append(list(), d.groups...),
		"deletedItems": append(list(), d.bin...)})
}

func (d *dirty) writeList(w *bufio.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"source_dn", "defect"})
	for _, u := range d.users {
		if u.defect != "" {
			c.Write([]string{u.dn, u.defect})
		}
	}
	c.Flush()
	return c.Error()
}
