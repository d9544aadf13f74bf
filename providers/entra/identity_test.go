package entra

import (
	"encoding/base64"
	"testing"

	"github.com/dirform/dirform/providers"
)

func jwt(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

// TestIdentity: who is signed in is read from the token where it says so, and a token that says nothing is no mistake.
func TestIdentity(t *testing.T) {
	for name, x := range map[string]struct {
		token string
		want  providers.Identity
	}{
		"application": {jwt(`{"oid":"SP-1","appid":"APP-1","idtyp":"app"}`), providers.Identity{ID: "sp-1", AppID: "app-1"}},
		"person":      {jwt(`{"oid":"u-1","appid":"cli","idtyp":"user","scp":"User.Read"}`), providers.Identity{ID: "u-1", AppID: "cli", User: true}},
		"no idtyp":    {jwt(`{"oid":"u-1","azp":"cli","scp":"User.Read"}`), providers.Identity{ID: "u-1", AppID: "cli", User: true}},
		"no claims":   {jwt(`{}`), providers.Identity{}},
		"opaque":      {"EwBYA8l6BAAU", providers.Identity{}},
		"encrypted":   {"a.b.c.d.e", providers.Identity{}},
		"not base64":  {"e30.!!!.c2ln", providers.Identity{}},
		"not JSON":    {"e30.eA.c2ln", providers.Identity{}},
		"not texts":   {jwt(`{"oid":{"x":1}}`), providers.Identity{}},
		"empty":       {"", providers.Identity{}},
	} {
		if got := identityOf(x.token); got != x.want {
			t.Errorf("%s: %+v, want %+v", name, got, x.want)
		}
	}
}

func FuzzIdentity(f *testing.F) {
	f.Add(jwt(`{"oid":"u-1","idtyp":"user"}`))
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		if id := identityOf(token); id.User && id.ID == "" {
			t.Errorf("a person without an id: %+v", id)
		}
	})
}

// TestPermissionsOf: a token tells what its bearer may do, unless a directory role may allow more or it says nothing.
func TestPermissionsOf(t *testing.T) {
	for name, x := range map[string]struct {
		claims string
		held   int
		known  bool
	}{
		"application":             {`{"idtyp":"app","roles":["User.Read.All","Group.Read.All"],"wids":["0997a1d0-0d1d-4acb-b408-d5ca73121e90"]}`, 2, true},
		"application with a role": {`{"idtyp":"app","roles":["User.Read.All"],"wids":["fe930be7-5e62-47db-91af-98c3a49a38b1"]}`, 1, false},
		"application of nothing":  {`{"idtyp":"app"}`, 0, false},
		"person":                  {`{"scp":"User.Read User.ReadWrite.All","wids":["62e90394-69f5-4237-9190-012177145e10"]}`, 2, true},
		"person without a list":   {`{"scp":".default"}`, 1, false},
	} {
		if held, known := permissionsOf(jwt(x.claims)); len(held) != x.held || known != x.known {
			t.Errorf("%s: %v, %v", name, held, known)
		}
	}
	if _, known := permissionsOf("EwBYA8l6BAAU"); known {
		t.Error("an opaque token tells something")
	}
}
