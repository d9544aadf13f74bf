package graphd_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/providers/lab/internal/graphd"
)

// FuzzRequests: whatever a client sends, it gets an answer with a status of HTTP and, if it failed, the service's error shape; what failed
// and what reads changes nothing, and what changes can be repeated from the journal. Filters that are drawn find what they describe.
func FuzzRequests(f *testing.F) {
	for _, q := range []string{"$filter=a eq 'b'", "$filter=not (mail in ('x','y'))", "$select=id,mail&$top=3", "$expand=manager($select=id)",
		"$filter=proxyAddresses/any(p:p eq 'x')", "$filter=startswith(mail,'", "$skiptoken=AAAAAAAAAAAAAAAA", "$count=true"} {
		f.Add("GET", "/users", q, "", []byte(nil))
	}
	f.Add("POST", "/users", "", newUser, []byte(nil))
	f.Add("PATCH", "/users/bob@contoso.com", "", `{"mail":"x@y.z","businessPhones":[]}`, []byte(nil))
	f.Add("POST", "/$batch", "", `{"requests":[{"id":"1","method":"GET","url":"/users?$top=1"}]}`, []byte(nil))
	f.Add("PUT", "/users('bob@contoso.com')/manager/$ref", "", `{"@odata.id":"https://x/v1.0/users/00000000-0000-4000-8000-000000000000"}`, []byte(nil))
	for _, q := range []string{"$orderby=displayName desc&$top=1", `$search="displayName:a b" OR "mail:x"`, "$filter=assignedLicenses/any(x:x/skuId eq 6fd2c87f-b296-42f0-b197-1e91e994b900)",
		"$filter=proxyAddresses/$count ne 0&$count=true"} {
		f.Add("GET", "/users", q, "", []byte(nil))
	}
	f.Add("GET", "/users/delta", "$deltatoken=eyJrIjowLCJ2IjowLCJ0IjoxNzY3MjI1NjAwfQ&$select=manager", "", []byte(nil))
	f.Add("GET", "/groups/delta()", "$filter=id eq 'x'", "", []byte(nil))
	f.Add("POST", "/groups", "", newGroup, []byte(nil))
	f.Add("PATCH", "/groups(uniqueName='x''y')", "", `{"members@odata.bind":["https://x/v1.0/users/00000000-0000-4000-8000-000000000000"],"groupTypes":["Unified"]}`, []byte(nil))
	f.Add("POST", "/users/bob@contoso.com/assignLicense", "", `{"addLicenses":[{"skuId":"x"}],"removeLicenses":[]}`, []byte(nil))
	f.Add("PATCH", "/organization/x", "", `{"onPremisesSyncEnabled":false}`, []byte(nil))
	f.Add("POST", "/domains", "", `{"id":"a.example"}`, []byte(nil))
	f.Add("POST", "/directoryObjects/getByIds", "", `{"ids":["x"],"types":["user"]}`, []byte(nil))
	for name := range byte(18) { // each property of a user is set to each value
		for value := range byte(16) {
			f.Add("GET", "/domains", "", "", []byte{0, 1, name, value, 0})
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		choices := make([]byte, 4+r.IntN(30))
		for i := range choices {
			choices[i] = byte(r.Uint32())
		}
		f.Add("GET", "/domains", "", "", choices)
	}
	f.Fuzz(func(t *testing.T, method, path, query, body string, choices []byte) {
		tenant, twin := fuzzTenant(t), fuzzTenant(t)
		var journal []json.RawMessage
		tenant.OnChange(func(c json.RawMessage) error { journal = append(journal, slices.Clone(c)); return nil })
		users, _ := list(t, tenant, "/users", "$top=999&$select=id,"+strings.Join(judgedProperties, ","))
		checkCall(t, tenant, call{method, path, query, body})
		if len(journal) == 0 {
			checkFilter(t, tenant, &chooser{choices}, users)
		}
		ids := everyID(t, tenant)
		for draw := (chooser{choices}); len(draw.b) > 0; {
			checkCall(t, tenant, draw.request(ids))
		}
		for _, c := range journal {
			if err := twin.Apply(c); err != nil {
				t.Fatalf("%s: %v", c, err)
			}
		}
		checkUnique(t, tenant)
		if a, b := dump(t, tenant), dump(t, twin); a != b {
			t.Errorf("repeated from the journal:\n%s\ninstead of\n%s", b, a)
		}
	})
}

func fuzzTenant(t testing.TB) *graphd.Tenant {
	tenant := graphd.New(graphd.Options{AccessToken: token, Now: func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }})
	if err := tenant.LoadSeed(strings.NewReader(seed), "seed"); err != nil {
		t.Fatal(err)
	}
	return tenant
}

func everyID(t testing.TB, tenant *graphd.Tenant) (ids []string) {
	for _, path := range []string{"/users", "/groups", "/contacts", "/directory/deletedItems/microsoft.graph.user", "/subscribedSkus"} {
		objects, _ := list(t, tenant, path, "")
		for _, o := range objects {
			id, _ := o["id"].(string)
			if sku, ok := o["skuId"].(string); ok {
				id = sku
			}
			ids = append(ids, id)
		}
	}
	return ids
}

// checkCall sends a request, and what failed or only reads must leave the tenant as it was.
func checkCall(t *testing.T, tenant *graphd.Tenant, c call) {
	before := dump(t, tenant)
	res := c.do(tenant)
	if res.Code < 200 || res.Code > 599 || res.Code >= 400 && !strings.Contains(res.Body.String(), `"error"`) {
		t.Errorf("%+v: %d %s", c, res.Code, res.Body)
	}
	if strings.HasPrefix(res.Header().Get("Content-Type"), "application/json") && !json.Valid(res.Body.Bytes()) {
		t.Errorf("%+v: not JSON: %s", c, res.Body)
	}
	after := dump(t, tenant)
	if (res.Code >= 400 || c.method == "GET") && before != after {
		t.Fatalf("%+v was answered with %d, and changed\n%s\nto\n%s", c, res.Code, before, after)
	}
	var change map[string]any
	if object, ok := strings.CutPrefix(c.path, "/users/"); ok && c.method == "PATCH" && res.Code < 300 && json.Unmarshal([]byte(c.body), &change) == nil && !strings.Contains(object, "/") {
		checkPatched(t, tenant, object, change)
	}
	if object, ok := strings.CutPrefix(c.path, "/users/"); ok && c.method == "DELETE" && res.Code < 300 && !strings.Contains(object, "/") {
		if again := (call{"GET", c.path, "", ""}).do(tenant); again.Code != 404 {
			t.Errorf("%+v: there still: %d %s", c, again.Code, again.Body)
		}
	}
}

// checkPatched: a user has the texts that were written, unless another name of the user was.
func checkPatched(t *testing.T, tenant *graphd.Tenant, object string, change map[string]any) {
	full, err := tenant.Get(object)
	if err != nil {
		return // the name was changed, too
	}
	var now map[string]any
	if err := json.Unmarshal(full, &now); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"displayName", "jobTitle", "department", "usageLocation"} {
		if v, ok := change[name]; ok && now[name] != v {
			t.Errorf("%s of %s is %v after %v was written", name, object, now[name], v)
		}
	}
}

// checkUnique: no two living objects have a user name, an anchor or an address in common.
func checkUnique(t *testing.T, tenant *graphd.Tenant) {
	owner := map[string]any{}
	claim := func(what string, value any, id any) {
		if s, ok := value.(string); ok && s != "" {
			key := what + s
			if what != "anchor " {
				key = strings.ToLower(key)
			}
			if other, taken := owner[key]; taken && other != id {
				t.Errorf("%v and %v have the same %s", other, id, key)
			}
			owner[key] = id
		}
	}
	for _, path := range []string{"/users", "/groups", "/contacts"} {
		objects, _ := list(t, tenant, path, "$top=999&$select=id,mail,proxyAddresses"+map[string]string{"/users": ",userPrincipalName,onPremisesImmutableId"}[path])
		for _, o := range objects {
			claim("name ", o["userPrincipalName"], o["id"])
			claim("anchor ", o["onPremisesImmutableId"], o["id"])
			claim("address smtp:", o["mail"], o["id"])
			for _, a := range strs(o["proxyAddresses"]) {
				claim("address ", a, o["id"])
			}
		}
	}
}

var judgedProperties = []string{"displayName", "mail", "jobTitle", "userPrincipalName", "onPremisesImmutableId", "proxyAddresses", "department"}

// checkFilter draws a filter; it finds those users that match, in pages of any size, and counts them.
func checkFilter(t *testing.T, tenant *graphd.Tenant, draw *chooser, users []map[string]any) {
	f := draw.filter(3)
	var want []string
	for _, u := range users {
		if f.matches(u) {
			want = append(want, u["id"].(string))
		}
	}
	query := url.Values{"$filter": {f.text()}, "$count": {"true"}, "$select": {"id"}, "$top": {draw.of("1", "2", "999")}}.Encode()
	found, count := list(t, tenant, "/users", query)
	var got []string
	for _, u := range found {
		got = append(got, u["id"].(string))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || count != len(want) {
		t.Errorf("%s finds %d: %q instead of %q", f.text(), count, got, want)
	}
}
