package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/providers/lab"
)

const leaversLDIF = `version: 1

dn: OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: organizationalUnit

dn: CN=Reader,CN=Users,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: reader
userAccountControl: 512

dn: CN=Jane,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: jane
userPrincipalName: jane@contoso.com
displayName: Jane

dn: CN=Bob,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: bob
userPrincipalName: bob@contoso.com
displayName: Bob
`

const leaversTenant = `{"domains": [{"id": "contoso.com", "isInitial": true, "isDefault": true,
  "isVerified": true}]}`

const leaversConfig = `
provider "ad" "corp" {
  url      = %q
  ca_file  = %q
  bind_dn  = %q
  password = %q
}
provider "entra" "contoso" {
  lab = "lab"
}
scope "staff" {
  ou = "OU=Staff,DC=corp,DC=contoso,DC=com"
}
link_policy "staff" {
  scope   = scope.staff
  leaving = "delete"
}
`

// utf16Password is a password as unicodePwd takes it: in double quotes, as UTF-16LE.
func utf16Password(plain string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(`"` + plain + `"`)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// TestDeletedObjectsCannotBeSeen: an account without the right to see deleted objects takes nobody for deleted. Who
// left is disabled, and the plan names the right, once. With the right, the same leaver is deleted.
func TestDeletedObjectsCannotBeSeen(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/lab", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "lab/"+lab.ADSeed, leaversLDIF)
	write(t, dir, "lab/"+lab.TenantSeed, leaversTenant)
	l, err := lab.Open(lab.Options{Seed: dir + "/lab"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	access, err := l.ServeAD()
	if err != nil {
		t.Fatal(err)
	}
	secret := base64.StdEncoding.EncodeToString([]byte(utf16Password("Passw0rd!")))
	if err := l.SetAD("reader", "unicodePwd", []string{"base64:" + secret}); err != nil {
		t.Fatal(err)
	}
	env := cli.Environment{Dir: dir}
	as := func(who, password string) {
		write(t, dir, "main.hcl", fmt.Sprintf(leaversConfig, access.URL, access.CAFile, who, password))
	}
	const reader = "CN=Reader,CN=Users,DC=corp,DC=contoso,DC=com"
	as(reader, "Passw0rd!")
	succeed(t, env, "apply", "--auto-approve")
	if err := l.RemoveAD("bob"); err != nil {
		t.Fatal(err)
	}

	out := succeed(t, env, "plan")
	for _, want := range []string{"bob@contoso.com\"] will be disabled", "DF414", "DF502 Deleted objects cannot be seen",
		"dsacls \"CN=Deleted Objects,DC=corp,DC=contoso,DC=com\" /takeownership", "LCRP"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	if n := strings.Count(out, "DF502 "); n != 1 {
		t.Errorf("the missing right is named %d times", n)
	}
	as(access.BindDN, access.Password)
	wantPlan(t, env, `delete user.staff["bob@contoso.com"]`)

	// Whoever was disabled for want of the right is deleted once it is there.
	as(reader, "Passw0rd!")
	succeed(t, env, "apply", "--auto-approve")
	wantNothing(t, env, "DF414", "DF502")
	if err := l.SetAD("reader", "adminCount", []string{"1"}); err != nil {
		t.Fatal(err)
	}
	wantPlan(t, env, `delete user.staff["bob@contoso.com"]`)
}

// TestLeaversAreLookedForTogether: however many leave, a plan asks for all of them in a few searches.
func TestLeaversAreLookedForTogether(t *testing.T) {
	const people = 450
	var ldif strings.Builder
	ldif.WriteString(leaversLDIF)
	for i := range people {
		fmt.Fprintf(&ldif, "\ndn: CN=P%[1]d,OU=Staff,DC=corp,DC=contoso,DC=com\nobjectClass: user\n"+
			"sAMAccountName: p%[1]d\nuserPrincipalName: p%[1]d@contoso.com\ndisplayName: P%[1]d\n", i)
	}
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/lab", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "lab/"+lab.ADSeed, ldif.String())
	write(t, dir, "lab/"+lab.TenantSeed, leaversTenant)
	l, err := lab.Open(lab.Options{Seed: dir + "/lab"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	access, err := l.ServeAD()
	if err != nil {
		t.Fatal(err)
	}
	env := cli.Environment{Dir: dir}
	write(t, dir, "main.hcl", fmt.Sprintf(leaversConfig, access.URL, access.CAFile, access.BindDN, access.Password))
	succeed(t, env, "apply", "--auto-approve")
	searches := func() int {
		before := l.ADSearches()
		runMain(t, env, "plan")
		return l.ADSearches() - before
	}
	before := searches()
	for i := range people {
		if err := l.RemoveAD(fmt.Sprintf("p%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := searches() - before; n < 2 || n > 12 {
		t.Errorf("%d searches more for %d leavers", n, people)
	}
}

const clockedConfig = `
provider "ad" "corp" {
  url      = %q
  ca_file  = %q
  bind_dn  = %q
  password = %q
}
provider "entra" "contoso" {
  tenant_id     = %q
  client_id     = %q
  client_secret = %q
  endpoint      = %q
  authority     = %q
  ca_file       = %q
}
scope "staff" {
  ou = "OU=Staff,DC=corp,DC=contoso,DC=com"
}
link_policy "staff" {
  scope   = scope.staff
  grace   = "30d"
}
`

// TestWrongClocksEndNoGrace: a computer whose clock is weeks ahead deletes nobody, and says why; one whose clock is
// weeks behind lets nobody's grace begin then. By the servers' clocks the grace ends on its day.
func TestWrongClocksEndNoGrace(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/lab", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "lab/"+lab.ADSeed, leaversLDIF)
	write(t, dir, "lab/"+lab.TenantSeed, leaversTenant)
	day := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	var theirs atomic.Int64 // how many days later it is by the servers' clocks
	tells := func() time.Time { return day.AddDate(0, 0, int(theirs.Load())) }
	l, err := lab.Open(lab.Options{Seed: dir + "/lab", Now: tells})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	source, err := l.ServeAD()
	if err != nil {
		t.Fatal(err)
	}
	tenant, err := l.ServeEntra()
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "main.hcl", fmt.Sprintf(clockedConfig, source.URL, source.CAFile, source.BindDN, source.Password,
		tenant.TenantID, tenant.ClientID, tenant.ClientSecret, tenant.Endpoint, tenant.Authority, tenant.CAFile))
	at := func(ours, servers int) cli.Environment {
		theirs.Store(int64(servers))
		return cli.Environment{Dir: dir, Now: func() time.Time { return day.AddDate(0, 0, ours) }}
	}
	succeed(t, at(0, 0), "apply", "--auto-approve")
	if err := l.RemoveAD("bob"); err != nil {
		t.Fatal(err)
	}
	// This computer's clock is forty days behind when Bob leaves.
	wantPlan(t, at(-40, 1), "DF417", `disable user.staff["bob@contoso.com"] accountEnabled`)
	succeed(t, at(-40, 1), "apply", "--auto-approve")
	wantNothing(t, at(2, 2))

	// It is forty days ahead.
	wantNothing(t, at(42, 2), "DF417")
	out := succeed(t, at(42, 2), "plan")
	for _, want := range []string{"2026-11-12 08:00:00 UTC",
		"that of the domain controller of provider.ad.corp 2026-10-03 08:00:0",
		"that of the tenant 2026-10-03 08:00:0", "No grace ends in this plan."} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	out = succeed(t, at(42, 2), "explain", "bob@contoso.com")
	if !strings.Contains(out, "clocks differ, so it does not end") {
		t.Error(out)
	}
	// All agree, until the grace has passed.
	wantNothing(t, at(30, 30))
	wantPlan(t, at(31, 31), `delete user.staff["bob@contoso.com"] accountEnabled`)
}
