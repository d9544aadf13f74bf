package graphd_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers/lab/internal/graphd"
)

func TestSeedErrors(t *testing.T) {
	tests := []struct{ name, seed, want string }{
		{"cut", "{\"users\":[\n{\"userPrincipalName\":\"a@b.c\"}", "tenant.json:2"},
		{"syntax", "{\"users\":[\n\n{\"userPrincipalName\" 1}]}", "tenant.json:3"},
		{"key", `{"user":[]}`, `"user" is not a key of a tenant seed`},
		{"no UPN", `{"users":[{"displayName":"x"}]}`, "needs a userPrincipalName"},
		{"type", "{\"users\":[{\"userPrincipalName\":\"a@b.c\",\n\"accountEnabled\":\"yes\"}]}", "tenant.json:2 (at /users/0/accountEnabled): accountEnabled must be true or false"},
		{"twice", `{"users":[{"userPrincipalName":"a@b.c"},{"userPrincipalName":"A@b.c"}]}`, "two objects have the id"},
		{"address twice", `{"users":[{"userPrincipalName":"a@b.c","mail":"x@b.c"}],"contacts":[{"displayName":"X","mail":"X@b.c"}]}`, `which user a@b.c has already`},
		{"id", `{"users":[{"id":"7","userPrincipalName":"a@b.c"}]}`, "is not a GUID"},
		{"manager", `{"users":[{"userPrincipalName":"a@b.c","manager":"z@b.c"}]}`, `the manager "z@b.c" is not in the seed`},
		{"list of numbers", `{"users":[{"userPrincipalName":"a@b.c","otherMails":["x", "\"", 7]}]}`, "otherMails must be a list of strings"},
		{"property twice", `{"users":[{"userPrincipalName":"a@b.c","UserPrincipalName":""}]}`, "UserPrincipalName is given twice"},
		{"list", `[]`, "one JSON object"},
	}
	for _, tt := range tests {
		err := graphd.New(graphd.Options{}).LoadSeed(strings.NewReader(tt.seed), "tenant.json")
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "tenant.json") {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestSeedDefaults(t *testing.T) {
	w := serve(t, `{"users":[{"userPrincipalName":"a@fabrikam.com","mail":"a@fabrikam.com"},{"userPrincipalName":"b@fabrikam.onmicrosoft.com"}]}`)
	again := serve(t, `{"users":[{"userPrincipalName":"a@fabrikam.com"},{"userPrincipalName":"b@fabrikam.onmicrosoft.com"}]}`)
	if w.ID() != again.ID() || len(w.ID()) != 36 {
		t.Errorf("tenant ids %s and %s", w.ID(), again.ID())
	}
	var got []string
	for _, d := range w.want(200, "GET", "/domains", "").values() {
		got = append(got, d["id"].(string))
		if d["isVerified"] != true || d["isInitial"] != (d["id"] == "fabrikam.onmicrosoft.com") {
			t.Error(d)
		}
	}
	if s := strings.Join(got, " "); s != "fabrikam.com fabrikam.onmicrosoft.com" {
		t.Error(s)
	}
	a := w.want(200, "GET", "/users/a@fabrikam.com?$select=id,proxyAddresses,accountEnabled,mailNickname", "")
	if a.str("id") != again.want(200, "GET", "/users/a@fabrikam.com", "").str("id") || strs(a.at("proxyAddresses"))[0] != "SMTP:a@fabrikam.com" ||
		a.at("accountEnabled") != true || a.str("mailNickname") != "a" {
		t.Error(a.text)
	}
}

func TestEmptySeed(t *testing.T) {
	w := serve(t, `{}`)
	if got := w.want(200, "GET", "/users", "").values(); len(got) != 0 {
		t.Error(got)
	}
	w.want(201, "POST", "/users", strings.ReplaceAll(newUser, "contoso.com", "contoso.onmicrosoft.com"))
}

// TestReplay makes changes of every sort and replays their journal on a second tenant.
func TestReplay(t *testing.T) {
	w := serve(t, seed)
	var journal []json.RawMessage
	w.OnChange(func(c json.RawMessage) error { journal = append(journal, c); return nil })
	id := w.want(201, "POST", "/users", newUser).str("id")
	w.want(204, "PUT", "/users/"+id+"/manager/$ref", `{"@odata.id":"https://x/v1.0/users/`+w.want(200, "GET", "/users/ann@contoso.com", "").str("id")+`"}`)
	w.want(204, "PATCH", "/users/"+id, `{"mail":"cy@contoso.com","displayName":"Cý \u00e9"}`)
	w.want(204, "DELETE", "/users/bob@contoso.com", "")
	gone := w.want(200, "GET", "/directory/deletedItems/microsoft.graph.user", "").values()
	w.want(200, "POST", "/directory/deletedItems/"+gone[0]["id"].(string)+"/restore", "")
	w.want(204, "DELETE", "/users/reader@contoso.com", "")
	w.want(204, "PATCH", "/users/synced@contoso.com/onPremisesSyncBehavior", `{"isCloudManaged":true}`)
	if err := w.Set("Info", "members", json.RawMessage(`["cy@contoso.com"]`)); err != nil {
		t.Fatal(err)
	}
	if err := w.Remove("vic@vendor.example", true); err != nil {
		t.Fatal(err)
	}
	twin := serve(t, seed)
	for _, c := range journal {
		if err := twin.Apply(c); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"/users?$select=id,displayName,mail,proxyAddresses,onPremisesSyncEnabled&$expand=manager", "/contacts",
		"/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName",
		"/groups/" + w.want(200, "GET", "/groups", "").values()[0]["id"].(string) + "/members", "/users/synced@contoso.com/onPremisesSyncBehavior"} {
		a, b := w.want(200, "GET", path, "").text, twin.want(200, "GET", path, "").text
		if a = strings.ReplaceAll(a, w.root, ""); a != strings.ReplaceAll(b, twin.root, "") {
			t.Errorf("%s:\n%s\n%s", path, a, b)
		}
	}
}

// TestJournalFailure: what can't be journaled does not happen.
func TestJournalFailure(t *testing.T) {
	w := serve(t, seed)
	w.OnChange(func(json.RawMessage) error { return errors.New("disk full") })
	w.want(500, "PATCH", "/users/bob@contoso.com", patchBob)
	w.want(500, "DELETE", "/users/bob@contoso.com", "")
	if w.bobsTitle() != "Head" {
		t.Error("changed all the same")
	}
}

func TestSet(t *testing.T) {
	w := serve(t, seed)
	ok := func(name, property, value string) {
		t.Helper()
		if err := w.Set(name, property, json.RawMessage(value)); err != nil {
			t.Error(err)
		}
	}
	ok("Adele Admin", "accountEnabled", "false")
	ok("synced@contoso.com", "onPremisesSyncEnabled", "null")
	ok("bob@contoso.com", "proxyAddresses", `["SMTP:b@contoso.com","smtp:bb@contoso.com"]`)
	ok("BB@contoso.com", "jobTitle", `"x"`)
	ok("bob@contoso.com", "manager", `"ann@contoso.com"`)
	ok("bob@contoso.com", "manager", `null`)
	for _, bad := range [][3]string{{"nobody", "jobTitle", `"x"`}, {"bob@contoso.com", "shoeSize", "1"}, {"bob@contoso.com", "mail", `"ann@contoso.com"`},
		{"bob@contoso.com", "displayName", "null"}, {"bob@contoso.com", "jobTitle", "x"}, {"bob@contoso.com", "accountEnabled", `"x"`}} {
		if err := w.Set(bad[0], bad[1], json.RawMessage(bad[2])); err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
}
