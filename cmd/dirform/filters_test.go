package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/planner/snapshot"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// TestSnapshotsFilterAsServersDo: a filter finds in a snapshot whom the server finds.
func TestSnapshotsFilterAsServersDo(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "lab"), 0o700))
	for name, text := range map[string]string{"main.hcl": filteredConfig, "lab/corp.ldif": filteredPeople, "lab/tenant.json": filteredTenant} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	if status, _, stderr := runMain(t, cli.Environment{Dir: dir}, "snapshot", "--out", "s.dfsnapshot"); status != 0 {
		t.Fatal(stderr)
	}
	f, err := snapshot.Open(filepath.Join(dir, "s.dfsnapshot"), nil)
	must(t, err)
	defer f.Close()
	env := cli.Environment{Dir: dir, Now: process().Now, Stdout: os.Stdout, Stderr: os.Stderr}
	now, done, err := open.ForReading(context.Background(), &cli.App{Env: env}, &open.Variables{})
	must(t, err)
	defer done()
	live, err := now.Directories.Source(context.Background(), now.Config.AD[0])
	must(t, err)
	kept, err := f.Source(context.Background(), now.Config.AD[0])
	must(t, err)
	found := map[string]bool{}
	for _, filter := range filters {
		kinds := []state.Kind{state.User, state.Group}
		if strings.HasPrefix(filter, "(cn=") || strings.HasPrefix(filter, "(distinguishedName=") { // what other objects are taken with
			kinds = append(kinds, providers.AnyKind)
		}
		for _, kind := range kinds {
			q := providers.Query{Kind: kind, Bases: []string{"DC=corp,DC=contoso,DC=com"}, Exclude: []string{"OU=Out,DC=corp,DC=contoso,DC=com"},
				Filter: filter, Attributes: state.NewShape("objectGUID")}
			want, got := names(t, live.Read(context.Background(), q)), names(t, kept.Read(context.Background(), q))
			if !slices.Equal(want, got) {
				t.Errorf("%s of kind %q: the server finds %v, the snapshot %v", filter, kind, want, got)
			}
			found[filter] = found[filter] || len(want) > 0
		}
	}
	n := 0
	for _, some := range found {
		if some {
			n++
		}
	}
	if n < len(filters)*2/3 {
		t.Errorf("only %d of %d filters find anybody", n, len(filters))
	}
}

func names(t *testing.T, objects providers.Objects) (list []string) {
	t.Helper()
	for o, err := range objects {
		must(t, err)
		list = append(list, o.DN)
	}
	slices.Sort(list)
	return list
}

var filters = []string{"(sn=*)", "(sn=doe)", "(sn=MÜLLER)", "(!(sn=*))", "(objectClass=group)", "(objectClass=GROUP)", "(objectClass=organizationalUnit)",
	"(objectCategory=person)", "(objectCategory=user)", "(objectCategory=CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=contoso,DC=com)", "(sAMAccountName=JANE)",
	"(mail=jane@CONTOSO.com)", "(proxyAddresses=smtp:jd@contoso.com)", "(displayName=j*n*e)", "(displayName=*x*)", "(displayName=*Doe)", "(!(displayName=J*))",
	"(userAccountControl:1.2.840.113556.1.4.803:=2)", "(!(userAccountControl:1.2.840.113556.1.4.803:=2))", "(userAccountControl:1.2.840.113556.1.4.804:=514)",
	"(userAccountControl=514)", "(userAccountControl>=513)", "(userAccountControl<=512)", "(memberOf=CN=Inner,OU=Staff,DC=corp,DC=contoso,DC=com)",
	"(memberOf=cn=inner, ou=staff, dc=corp, dc=contoso, dc=com)", "(memberOf:1.2.840.113556.1.4.1941:=CN=Outer,OU=Staff,DC=corp,DC=contoso,DC=com)",
	"(member:1.2.840.113556.1.4.1941:=CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com)", "(!(memberOf:1.2.840.113556.1.4.1941:=CN=Outer,OU=Staff,DC=corp,DC=contoso,DC=com))",
	"(manager=CN=Bob,OU=Staff,DC=corp,DC=contoso,DC=com)", "(manager=*)", "(manager=CN=Bob*)", "(objectGUID=\\01\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\01)",
	"(objectGUID=00000001-0000-0000-0000-000000000001)", "(|(sAMAccountName=bob)(sn=doe))", "(&(sn=*)(!(manager=*)))", "(sn>=e)", "(sn<=doe)", "(sn~=doe)",
	"(distinguishedName=CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com)", "(anr=Jan)", "(anr==bob)", "(whenCreated>=20200101000000.0Z)",
	"(whenCreated<=20200101000000.0Z)", "(&(objectCategory=person)(|(department=Sales)(department=*ing)))", "(cn=jane doe)", "(name=Bob)",
	"(msExchHideFromAddressLists=TRUE)", "(!(msExchHideFromAddressLists=TRUE))", "(description=a\\2ab)", "(accountExpires=0)", "(mS-DS-ConsistencyGuid=*)"}

const filteredConfig = `provider "ad" "corp" { lab = "lab" }
provider "entra" "contoso" { lab = "lab" }
scope "staff" { ou = "OU=Staff,DC=corp,DC=contoso,DC=com" }
`

const filteredTenant = `{"organization":{"id":"2f1d0a7e-5b8c-4c1e-9a60-7d4b3c2e1f00","displayName":"Contoso"},
 "domains":[{"id":"contoso.onmicrosoft.com","isInitial":true,"isVerified":true},{"id":"contoso.com","isDefault":true,"isVerified":true}],
 "users":[]}`

const filteredPeople = `version: 1

dn: OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: organizationalUnit

dn: OU=Out,DC=corp,DC=contoso,DC=com
objectClass: organizationalUnit

dn: CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
objectGUID:: AQAAAAAAAAAAAAAAAAAAAQ==
sAMAccountName: jane
userPrincipalName: jane@contoso.com
mail: jane@contoso.com
proxyAddresses: SMTP:jane@contoso.com
proxyAddresses: smtp:JD@contoso.com
displayName: Jane Doe
givenName: Jane
sn: Doe
department: Sales
description: a*b
manager: CN=Bob,OU=Staff,DC=corp,DC=contoso,DC=com
msExchHideFromAddressLists: TRUE

dn: CN=Bob,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: bob
sn: Müller
department: Engineering
userAccountControl: 514
mS-DS-ConsistencyGuid:: AAAAAAAAAAAAAAAAAAAACQ==

dn: CN=Gone,OU=Out,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: gone
sn: Doe

dn: CN=Inner,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: group
sAMAccountName: inner
member: CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com

dn: CN=Outer,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: group
sAMAccountName: outer
member: CN=Inner,OU=Staff,DC=corp,DC=contoso,DC=com
`
