package main

import (
	"crypto/sha256"
	"fmt"
	"go/ast"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/providers/lab"
)

const (
	readOnlyLDIF = `version: 1

dn: OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: organizationalUnit

dn: OU=Elsewhere,DC=corp,DC=contoso,DC=com
objectClass: organizationalUnit

dn: CN=Linked,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: linked
userPrincipalName: linked@contoso.com
department: Sales

dn: CN=Leaver,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: leaver
userPrincipalName: leaver@contoso.com

dn: CN=Same,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: same
userPrincipalName: same@contoso.com

dn: CN=Lost,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: lost
userPrincipalName: lost@contoso.com

dn: CN=Quiet,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: quiet
userPrincipalName: quiet@contoso.com

dn: CN=New,OU=Elsewhere,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: new
userPrincipalName: new@contoso.com

dn: CN=Known,OU=Elsewhere,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: known
userPrincipalName: known@contoso.com
mail: known@contoso.com
title: Clerk
`
	readOnlyTenant = `{"domains": [{"id": "contoso.com", "isDefault": true, "isVerified": true}, {"id": "contoso.onmicrosoft.com", "isInitial": true, "isVerified": true}],
"users": [{"userPrincipalName": "k@contoso.onmicrosoft.com", "displayName": "Known", "mailNickname": "k", "mail": "known@contoso.com", "accountEnabled": true}]}`
)

// servedCompany is a configuration that reaches both directories as it would reach real ones, with everything left to do: a
// suffix, an account to create, one to link, one to update, one to disable, one to restore, anchors to stamp.
func servedCompany(t *testing.T) (*lab.Lab, cli.Environment) {
	return servedCompanyOf(t, readOnlyLDIF)
}

// servedCompanyOf is servedCompany with another domain, which has the same people and maybe more.
func servedCompanyOf(t *testing.T, ldif string) (*lab.Lab, cli.Environment) {
	t.Helper()
	seed, dir := t.TempDir(), t.TempDir()
	write(t, seed, lab.ADSeed, ldif)
	write(t, seed, lab.TenantSeed, readOnlyTenant)
	l, err := lab.Open(lab.Options{Seed: seed, Record: os.Getenv("DIRFORM_LAB_RECORD")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	ad, err := l.ServeAD()
	if err != nil {
		t.Fatal(err)
	}
	entra, err := l.ServeEntra()
	if err != nil {
		t.Fatal(err)
	}
	config := func(rest string) {
		write(t, dir, "main.hcl", fmt.Sprintf(`
provider "ad" "corp" {
  url      = %q
  ca_file  = %q
  bind_dn  = %q
  password = %q
}
provider "entra" "tenant" {
  endpoint     = %q
  ca_file      = %q
  access_token = %q
}
scope "staff" {
  ou = "OU=Staff,DC=corp,DC=contoso,DC=com"
}
link_policy "staff" {
  scope  = scope.staff
  anchor = "ms-DS-ConsistencyGuid"
}
`, ad.URL, ad.CAFile, ad.BindDN, ad.Password, entra.Endpoint, entra.CAFile, entra.AccessToken)+rest)
	}
	config("")
	env := cli.Environment{Dir: dir}
	succeed(t, env, "apply", "--auto-approve")
	config("upn_suffix \"contoso.com\" {}\n")
	edit := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	staff, elsewhere := ",OU=Staff,DC=corp,DC=contoso,DC=com", ",OU=Elsewhere,DC=corp,DC=contoso,DC=com"
	edit(l.SetAD("linked", "department", []string{"Revenue"}))
	edit(l.SetTenant("same@contoso.com", "jobTitle", "Edited in the portal"))
	edit(l.RemoveTenant("lost@contoso.com", false))
	edit(l.Move("CN=Leaver"+staff, "CN=Leaver"+elsewhere))
	edit(l.Move("CN=New"+elsewhere, "CN=New"+staff))
	edit(l.Move("CN=Known"+elsewhere, "CN=Known"+staff))
	return l, env
}

// whatIsLeft is what a plan for the served company holds.
var whatIsLeft = []string{
	`create upn_suffix["contoso.com"] uPNSuffixes`,
	`create user.staff["new@contoso.com"] accountEnabled displayName mailNickname onPremisesImmutableId userPrincipalName mS-DS-ConsistencyGuid`,
	`disable user.staff["leaver@contoso.com"] accountEnabled`,
	`link user.staff["known@contoso.com"] jobTitle mailNickname onPremisesImmutableId userPrincipalName mS-DS-ConsistencyGuid`,
	`restore user.staff["lost@contoso.com"]`,
	`update user.staff["linked@contoso.com"] department`,
	`update user.staff["same@contoso.com"] jobTitle`,
}

// TestPlanNeverWrites runs every command that only looks against servers that refuse and count writes. Not one is asked for, and
// nothing changes on disk either; apply is refused without a write as long as it lacks the rights, and its writes are counted.
func TestPlanNeverWrites(t *testing.T) {
	l, env := servedCompany(t)
	l.SetReadOnly(true)
	adBefore, tenantBefore := l.WriteAttempts()
	attempts := func() (int, int) {
		ad, tenant := l.WriteAttempts()
		return ad - adBefore, tenant - tenantBefore
	}
	wantPlan(t, env, append([]string{"DF504"}, whatIsLeft...)...) // the rights to apply it are missing, it says
	files := fileSums(t, env.Dir)
	plan := filepath.Join(t.TempDir(), "saved.dfplan")
	for _, c := range []struct {
		status int
		args   []string
	}{
		{0, []string{"plan"}},
		{2, []string{"plan", "--detailed-exitcode"}},
		{0, []string{"plan", "--json"}},
		{0, []string{"plan", "--out", plan}},
		{0, []string{"show", plan}},
		{0, []string{"plan", "--target", "user.staff", "--allow", "disables=100"}},
		{2, []string{"drift"}},
		{2, []string{"drift", "--json"}},
		{0, []string{"lint"}},
		{0, []string{"lint", "--json", "--csv", filepath.Join(filepath.Dir(plan), "findings.csv")}},
		{0, []string{"validate"}},
		{0, []string{"explain", "new@contoso.com"}},
		{0, []string{"explain", "leaver@contoso.com"}},
		{0, []string{"explain", "linked", "--json"}},
		{1, []string{"explain", "nobody@contoso.com"}},
		{1, []string{"apply"}}, // nobody answers
		{0, []string{"state", "list"}},
		{0, []string{"show"}},
		{0, []string{"history"}},
	} {
		if code, _, stderr := runMain(t, env, c.args...); code != c.status {
			t.Errorf("%q: status %d, want %d\n%s", c.args, code, c.status, stderr)
		}
		if ad, tenant := attempts(); ad+tenant > 0 {
			t.Fatalf("%q: %d writes to Active Directory and %d to the tenant", c.args, ad, tenant)
		}
		if diff := cmp.Diff(files, fileSums(t, env.Dir)); diff != "" {
			t.Errorf("%q changed files: %s", c.args, diff)
		}
	}

	code, stdout, stderr := runMain(t, env, "apply", plan)
	if code != cli.ExitFailure {
		t.Errorf("apply without the right to write: status %d\n%s\n%s", code, stdout, stderr)
	}
	if ad, tenant := attempts(); ad+tenant > 0 {
		t.Errorf("apply without the right to write: %d writes to Active Directory and %d to the tenant", ad, tenant)
	}
	l.SetReadOnly(false)
	wantPlan(t, env, whatIsLeft...)
	succeed(t, env, "apply", "--auto-approve")
	if ad, tenant := attempts(); ad == 0 || tenant == 0 {
		t.Errorf("apply: %d writes to Active Directory and %d to the tenant were counted", ad, tenant)
	}
	wantNothing(t, env)
}

// fileSums are the digests of all files below dir.
func fileSums(t *testing.T, dir string) map[string]string {
	t.Helper()
	sums := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		sums[path] = fmt.Sprintf("%x", sha256.Sum256(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// TestLookingCannotReachAWriter follows the calls within this package and its internal ones: from what runs another command
// than apply no chain of names leads to what opens a writer, in whatever file it stands.
func TestLookingCannotReachAWriter(t *testing.T) {
	uses := commandUses(t)
	reach := func(from string) []string {
		seen := map[string]bool{from: true}
		queue := []string{from}
		for i := 0; i < len(queue); i++ {
			for name := range uses[queue[i]] {
				if !seen[name] && uses[name] != nil {
					seen[name] = true
					queue = append(queue, name)
				}
			}
		}
		return queue
	}
	writers := []string{"openSourceWriter", "openTenantWriter"}
	for _, from := range []string{"newInitCommand", "newValidateCommand", "newFmtCommand", "newPlanCommand", "newShowCommand",
		"newDriftCommand", "newExplainCommand", "newStateCommand", "newHistoryCommand", "newLintCommand", "newUndoCommand",
		"NewForceUnlock", "NewKeygen", "NewPull", "NewPush", "NewMigrate",
		"New", "NewVersionCommand", "NewHelpCommand", "newCompletionCommand"} { // New is lab's
		got := reach(from)
		if len(got) < 5 {
			t.Errorf("%s uses only %s; has it been renamed?", from, got)
		}
		for _, w := range writers {
			if slices.Contains(got, w) {
				t.Errorf("%s reaches %s", from, w)
			}
		}
	}
	for _, w := range writers {
		if !slices.Contains(reach("newApplyCommand"), w) {
			t.Errorf("apply does not reach %s: this test follows no calls any more", w)
		}
	}
}

// commandUses says which names each function or method of the command and its internal packages mentions. All go by their
// bare name, whatever their package or type, so that a call through any value counts: more may seem reachable than is,
// never less. Whoever mentions a type that has exported methods reaches those, because other packages may call them
// through an interface.
func commandUses(t *testing.T) map[string]map[string]bool {
	t.Helper()
	uses := map[string]map[string]bool{}
	for _, file := range commandFiles(t) {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if uses[f.Name.Name] == nil {
				uses[f.Name.Name] = map[string]bool{}
			}
			if t := receiver(f); t != "" && f.Name.IsExported() {
				if uses[t] == nil {
					uses[t] = map[string]bool{}
				}
				uses[t][f.Name.Name] = true
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && (id.Obj == nil || id.Obj.Kind != ast.Var) { // a local variable calls nothing
					uses[f.Name.Name][id.Name] = true
				}
				return true
			})
		}
	}
	return uses
}

// receiver is the name of the type that a method belongs to, "" for a function.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	t := f.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}
