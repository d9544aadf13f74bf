package entra

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
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

// FuzzIdentity reads any token, and any claims in one. Who is signed in, and what it may do, is what the claims
// say, and nothing of a text that is no token.
func FuzzIdentity(f *testing.F) {
	f.Add(jwt(`{"oid":"u-1","idtyp":"user"}`), "{}")
	f.Add("..", "")
	f.Add(jwt(`{"oid":"u-1"}`)+".x", `{"oid":"U-1","appid":"A","azp":"B"}`)
	f.Add("e30."+base64.RawURLEncoding.EncodeToString([]byte(`{"oid":"u-1"}`)),
		`{"oid":"u","azp":"B","idtyp":"app","scp":"User.Read"}`)
	f.Add("", `{"idtyp":"user"}`)
	f.Add("e30.e30.", `{"oid":"u","scp":"User.Read  Group.Read.All .default"}`)
	f.Add("e30.e30=.c", `{"oid":"u","idtyp":"other","scp":"x"}`)
	f.Add("a", `{"roles":["A"],"wids":["0997A1D0-0d1d-4acb-b408-d5ca73121e90"]}`)
	f.Add("a.b", `{"roles":["A"],"wids":["62e90394-69f5-4237-9190-012177145e10"],"scp":" "}`)
	f.Add("a.b.c.d", `{"roles":null,"wids":null,"oid":null}`)
	f.Add("a.b.c", `{"oid":7}`)
	f.Fuzz(func(t *testing.T, token, claims string) {
		if id := identityOf(token); strings.Count(token, ".") != 2 && id != (providers.Identity{}) {
			t.Errorf("%q is of %+v", token, id)
		}
		var said claimsSaid
		whole := json.Unmarshal([]byte(claims), &said) == nil
		if !whole {
			said = claimsSaid{}
		}
		app := said.AppID
		if app == "" {
			app = said.Azp
		}
		person := said.OID != "" && (said.Idtyp == "user" || said.Idtyp == "" && said.Scp != "")
		if id, want := identityOf(jwt(claims)), (providers.Identity{ID: strings.ToLower(said.OID),
			AppID: strings.ToLower(app), User: person}); id != want {
			t.Errorf("%q is of %+v, and should be of %+v", claims, id, want)
		}
		held, known := permissionsOf(jwt(claims))
		want, all := said.Roles, len(said.Roles) > 0
		for _, role := range said.Wids {
			all = all && strings.Contains("0997a1d0-0d1d-4acb-b408-d5ca73121e90 b79fbf4d-3ef9-4689-8143-76b194e85509",
				strings.ToLower(role)) && len(role) == 36
		}
		if scopes := strings.Fields(said.Scp); len(scopes) > 0 {
			want, all = scopes, !slices.Contains(scopes, ".default")
		}
		if !slices.Equal(held, want) || known != all {
			t.Errorf("%q may %q, %v, and should %q, %v", claims, held, known, want, all)
		}
	})
}

// claimsSaid are claims of a token, by the names that they have there.
type claimsSaid struct {
	OID, AppID, Azp, Idtyp, Scp string
	Roles, Wids                 []string
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
