package lab_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers/lab"
)

func TestGenerateIsDeterministic(t *testing.T) {
	sum := func(o lab.GenerateOptions) (out [2][32]byte) {
		dir := t.TempDir()
		if err := lab.Generate(dir, 500, o); err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{lab.ADSeed, lab.TenantSeed} {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			out[i] = sha256.Sum256(b)
		}
		if err := lab.Generate(dir, 1, o); err == nil || !strings.Contains(err.Error(), "exists already") {
			t.Errorf("overwriting a seed: %v", err)
		}
		return out
	}
	a := sum(lab.GenerateOptions{Matched: 0.5, Seed: 3})
	if a != sum(lab.GenerateOptions{Matched: 0.5, Seed: 3}) {
		t.Error("the same options gave other files")
	}
	if a[0] == sum(lab.GenerateOptions{Matched: 0.5, Seed: 4})[0] {
		t.Error("another seed gave the same people")
	}
}

// flows are attributes of the source and the properties that the default mapping makes of them unchanged.
var flows = map[string]string{"userPrincipalName": "userPrincipalName", "displayName": "displayName", "givenName": "givenName", "sn": "surname",
	"mail": "mail", "title": "jobTitle", "department": "department", "company": "companyName", "employeeID": "employeeId",
	"physicalDeliveryOfficeName": "officeLocation", "streetAddress": "streetAddress", "postalCode": "postalCode", "l": "city", "co": "country",
	"c": "usageLocation", "preferredLanguage": "preferredLanguage", "mobile": "mobilePhone"}

// TestGenerateLinked reads both directories over the wire and compares every user with its account.
func TestGenerateLinked(t *testing.T) {
	const n = 10_000 // more than there are pairs of names
	dir := t.TempDir()
	if err := lab.Generate(dir, n, lab.GenerateOptions{Linked: true}); err != nil {
		t.Fatal(err)
	}
	l := open(t, lab.Options{Seed: dir})
	if l.Tenant().Len() != n+1 {
		t.Fatalf("%d accounts", l.Tenant().Len())
	}
	wanted := append([]string{"objectGUID", "userAccountControl", "telephoneNumber", "manager"}, slices.Collect(maps.Keys(flows))...)
	res, err := dial(t, l).SearchWithPaging(ldap.NewSearchRequest("OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com", ldap.ScopeWholeSubtree, 0, 0, 0, false,
		"(objectClass=user)", wanted, nil), 1000)
	if err != nil || len(res.Entries) != n {
		t.Fatal(err, len(res.Entries))
	}
	anchors := map[string]string{}
	for _, e := range res.Entries {
		anchors[strings.ToLower(e.DN)] = base64.StdEncoding.EncodeToString(e.GetRawAttributeValue("objectGUID"))
	}
	disabled, mailless, managed := 0, 0, 0
	for i, e := range res.Entries {
		if e.GetAttributeValue("userAccountControl") == "514" {
			disabled++
		}
		if e.GetAttributeValue("mail") == "" {
			mailless++
		}
		if e.GetAttributeValue("manager") != "" {
			managed++
		}
		if i%50 == 0 {
			compare(t, l, e, anchors)
		}
	}
	if disabled == 0 || disabled > n/10 || mailless == 0 || mailless > n/10 || managed != n-1 {
		t.Errorf("%d disabled, %d without mail, %d with a manager", disabled, mailless, managed)
	}
}

func compare(t *testing.T, l *lab.Lab, e *ldap.Entry, anchors map[string]string) {
	t.Helper()
	raw, err := l.Tenant().Get(e.GetAttributeValue("userPrincipalName"))
	if err != nil {
		t.Fatal(err)
	}
	var account map[string]any
	if err := json.Unmarshal(raw, &account); err != nil {
		t.Fatal(err)
	}
	for from, to := range flows {
		if got, _ := account[to].(string); got != e.GetAttributeValue(from) {
			t.Errorf("%s: %s is %q, but %s is %q", e.DN, from, e.GetAttributeValue(from), to, got)
		}
	}
	if account["onPremisesImmutableId"] != anchors[strings.ToLower(e.DN)] || account["accountEnabled"] != (e.GetAttributeValue("userAccountControl") == "512") ||
		account["businessPhones"].([]any)[0] != e.GetAttributeValue("telephoneNumber") {
		t.Errorf("%s: %s", e.DN, raw)
	}
	if id, _ := account["manager"].(string); id != "" {
		boss, err := l.Tenant().Get(id)
		if err != nil || !strings.Contains(string(boss), anchors[strings.ToLower(e.GetAttributeValue("manager"))]) {
			t.Errorf("%s: another manager: %v %s", e.DN, err, boss)
		}
	}
}

func TestGenerateMatched(t *testing.T) {
	dir := t.TempDir()
	if err := lab.Generate(dir, 2000, lab.GenerateOptions{Matched: 0.4}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, lab.TenantSeed))
	if err != nil {
		t.Fatal(err)
	}
	open(t, lab.Options{Seed: dir})
	all, hard := strings.Count(string(b), `"mailNickname"`), strings.Count(string(b), `"onPremisesImmutableId"`)
	if all < 700 || all > 900 || hard < all/3 || hard > all*2/3 {
		t.Errorf("%d accounts, %d of them with an anchor", all, hard)
	}
	if err := lab.Generate(t.TempDir(), 1, lab.GenerateOptions{Matched: 2}); err == nil {
		t.Error("a share of 2 was accepted")
	}
}
