package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
)

// A record of an earlier version says that an object left, but not when: its grace begins with the next apply.
func TestGraceOfAnOldRecord(t *testing.T) {
	env := cli.Environment{Dir: t.TempDir()}
	if err := os.Mkdir(filepath.Join(env.Dir, "lab"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, env.Dir, "main.hcl", `provider "ad" "corp" {
  lab = "lab"
}

provider "entra" "tenant" {
  lab = "lab"
}

scope "staff" {
  ou = "OU=Staff,DC=corp,DC=contoso,DC=com"
}

link_policy "staff" {
  scope = scope.staff
  grace = "30d"
}

guard "none" {
  creates {
    count = 10
  }
}
`)
	write(t, env.Dir, "lab/corp.ldif", `version: 1

dn: OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: organizationalUnit

dn: CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: jane
userPrincipalName: jane@contoso.com
displayName: Jane Doe
`)
	write(t, env.Dir, "lab/tenant.json", `{"domains": [{"id": "contoso.com", "isInitial": true, "isDefault": true, "isVerified": true}]}`)
	at := func(day string) cli.Environment {
		now, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		env.Now = func() time.Time { return now }
		return env
	}
	succeed(t, at("2026-10-01"), "apply", "--auto-approve")
	succeed(t, env, "lab", "remove", "CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com")
	succeed(t, at("2026-10-02"), "apply", "--auto-approve")
	forgetTimes(t, filepath.Join(env.Dir, "dirform.dfstate"))

	succeed(t, at("2027-10-01"), "plan", "--detailed-exitcode")
	succeed(t, at("2027-10-02"), "apply", "--auto-approve")
	succeed(t, at("2027-10-03"), "apply", "--auto-approve")
	if out := succeed(t, env, "state", "list", "--json"); !strings.Contains(out, `"left_at":"2027-10-02T00:00:00Z"`) {
		t.Error(out)
	}
	succeed(t, at("2027-10-31"), "plan", "--detailed-exitcode")
	wantPlan(t, at("2027-11-01"), `delete user.staff["jane@contoso.com"] accountEnabled`)
}

// forgetTimes makes a record of what earlier versions knew.
func forgetTimes(t *testing.T, path string) {
	t.Helper()
	asLayout2(t, path, metaOf(t, filepath.Dir(path)).Lineage) // a later one is refused when somebody else has written in it
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE links SET left_at = 0"); err != nil {
		t.Fatal(err)
	}
}
