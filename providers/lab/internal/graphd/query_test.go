package graphd_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/providers/lab/internal/graphd"
)

func upns(a answer) []string {
	var out []string
	for _, v := range a.values() {
		s, _ := v["userPrincipalName"].(string)
		out = append(out, strings.TrimSuffix(s, "@contoso.com"))
	}
	return out
}

func TestFilters(t *testing.T) {
	w := serve(t, seed)
	ann := w.want(200, "GET", "/users/ann@contoso.com", "").str("id")
	tests := []struct {
		filter string
		want   []string
	}{
		{"id eq '" + ann + "'", []string{"ann"}},
		{"userPrincipalName eq 'ANN@contoso.com'", []string{"ann"}},
		{"userPrincipalName in ('bob@contoso.com', 'ann@contoso.com','x')", []string{"ann", "bob"}},
		{"mail eq 'ann@contoso.com'", []string{"ann"}},
		{"onPremisesImmutableId eq 'AAAAAAAAAAAAAAAAAAAAAA=='", []string{"ann"}},
		{"onPremisesImmutableId eq 'aAAAAAAAAAAAAAAAAAAAAA=='", nil},
		{"onPremisesImmutableId in ('BBBBBBBBBBBBBBBBBBBBBB==','AAAAAAAAAAAAAAAAAAAAAA==')", []string{"ann"}},
		{"proxyAddresses/any(p:p eq 'smtp:ANN@contoso.com')", []string{"ann"}},
		{"startsWith(displayName,'Bob \"')", []string{"bob"}},
		{"department eq 'Sales' and accountEnabled eq true", []string{"ann"}},
		{"(department eq 'Sales' or jobTitle eq 'head') and startswith(userPrincipalName,'b')", []string{"bob"}},
		{"onPremisesSyncEnabled eq true", []string{"synced"}},
		{"displayName eq 'O''Hara'", nil},
	}
	for _, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			got := upns(w.want(200, "GET", "/users?$select=userPrincipalName&$filter="+url.QueryEscape(tt.filter), ""))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusedQueries(t *testing.T) {
	w := serve(t, seed)
	long := "id in ('" + strings.Repeat("x','", 15) + "x')"
	tests := []struct {
		query, code string
	}{
		{"$top=1000", "Request_BadRequest"}, {"$top=0", "Request_BadRequest"}, {"$skip=1", "Request_BadRequest"},
		{"$orderby=department", "Request_UnsupportedQuery"}, {"$select=shoeSize", "BadRequest"},
		{"$filter=" + url.QueryEscape(long), "Request_UnsupportedQuery"},
		{"$filter=" + url.QueryEscape("endsWith(mail,'x')"), "Request_UnsupportedQuery"},
		{"$filter=" + url.QueryEscape("department ne 'x'"), "Request_UnsupportedQuery"},
		{"$filter=" + url.QueryEscape("department eq"), "Request_BadRequest"},
		{"$filter=" + url.QueryEscape("department eq 'x"), "Request_BadRequest"},
		{"$filter=" + url.QueryEscape(strings.Repeat("(", 100)), "Request_BadRequest"},
		{"$select=groupTypes", "BadRequest"}, {"$filter=skuId%20eq%20'x'", "BadRequest"}, {"$expand=members", "Request_BadRequest"}, {"$skiptoken=abc", "Directory_ExpiredPageToken"},
	}
	for _, tt := range tests {
		got := w.want(400, "GET", "/users?"+tt.query, "")
		if got.str("error", "code") != tt.code {
			t.Errorf("%s: %s", tt.query, got.text)
		}
	}
}

func TestPropertiesOfKinds(t *testing.T) {
	w := serve(t, seed)
	w.want(400, "GET", "/groups?$select=userPrincipalName", "")
	w.want(400, "GET", "/contacts?$select=groupTypes", "")
	w.want(200, "GET", "/groups?$select=id,displayName,mail,proxyAddresses,groupTypes,onPremisesSyncEnabled", "")
	w.want(501, "GET", "/users?$select=id,aboutMe", "")
}

func TestAdvancedQuery(t *testing.T) {
	w := serve(t, seed)
	q := "/users?$count=true&$top=1&$select=userPrincipalName&$filter=" + url.QueryEscape("not startswith(userPrincipalName,'a')")
	got := w.want(200, "GET", q, "", "ConsistencyLevel", "eventual")
	if got.at("@odata.count") != 4.0 || len(got.values()) != 1 {
		t.Error(got.text)
	}
	if got := w.want(200, "GET", "/users/$count", "", "ConsistencyLevel", "eventual"); got.text != "6" {
		t.Error(got.text)
	}
	w.want(400, "GET", "/users/$count", "")
}

func TestPagesUnderWrites(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"users":[`)
	for i := range 50 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"userPrincipalName":"u%02d@contoso.com"}`, i)
	}
	w := serve(t, b.String()+"]}")
	seen := map[string]int{}
	next := w.root + "/users?$top=7&$select=userPrincipalName"
	for page := 0; next != ""; page++ {
		got := w.want(200, "GET", next, "")
		for _, u := range upns(got) {
			seen[u]++
		}
		if i, j := strings.Index(got.text, "nextLink"), strings.Index(got.text, `"value"`); i > j {
			t.Error("nextLink stands behind value")
		}
		next = got.str("@odata.nextLink")
		// Rows before and behind the page go, come and come back.
		for _, name := range []string{fmt.Sprintf("u%02d", page), fmt.Sprintf("u%02d", 49-page)} {
			id := w.want(200, "GET", "/users/"+name+"@contoso.com", "").str("id")
			w.want(204, "DELETE", "/users/"+id, "")
			w.want(200, "POST", "/directory/deletedItems/"+id+"/restore", "")
		}
		w.want(201, "POST", "/users", strings.ReplaceAll(newUser, "cy", fmt.Sprintf("cy%d", page)))
	}
	for i := range 50 {
		if u := fmt.Sprintf("u%02d", i); seen[u] != 1 {
			t.Errorf("%s was listed %d times", u, seen[u])
		}
	}
	for u, n := range seen {
		if n > 1 {
			t.Errorf("%s was listed %d times", u, n)
		}
	}
}

func TestOtherCollections(t *testing.T) {
	w := serve(t, seed)
	group := w.want(200, "GET", "/groups?$filter=displayName eq 'Info'", "").values()[0]
	if diff := cmp.Diff([]any{"Unified"}, group["groupTypes"]); diff != "" {
		t.Error(diff)
	}
	members := w.want(200, "GET", "/groups/"+group["id"].(string)+"/members?$select=userPrincipalName&$top=1", "")
	if diff := cmp.Diff([]string{"ann"}, upns(members)); diff != "" {
		t.Error(diff)
	}
	if got := upns(w.want(200, "GET", members.str("@odata.nextLink"), "")); len(got) != 1 || got[0] != "bob" {
		t.Error(got)
	}
	if got := w.want(200, "GET", "/contacts?$select=mail", "").values(); len(got) != 1 || got[0]["mail"] != "vic@vendor.example" {
		t.Error(got)
	}
	org := w.want(200, "GET", "/organization", "").values()
	if len(org) != 1 || org[0]["id"] != w.ID() || org[0]["displayName"] != "Contoso" {
		t.Error(org)
	}
	if d := w.want(200, "GET", "/domains/fed.contoso.com", ""); d.str("authenticationType") != "Federated" || d.at("isVerified") != true {
		t.Error(d.text)
	}
	if d := w.want(200, "GET", "/domains?$select=id,isVerified", "").values(); len(d) != 4 || d[3]["isVerified"] != false {
		t.Error(d)
	}
	admin := w.want(200, "GET", "/users/admin@contoso.com", "").str("id")
	roles := w.want(200, "GET", "/roleManagement/directory/roleAssignments?$expand=roleDefinition", "").values()
	if len(roles) != 2 || roles[0]["principalId"] != admin || roles[0]["roleDefinition"].(map[string]any)["displayName"] != "Global Administrator" {
		t.Error(roles)
	}
	active := w.want(200, "GET", "/directoryRoles", "").values()
	holders := w.want(200, "GET", "/directoryRoles/"+active[0]["id"].(string)+"/members", "").values()
	if len(holders) != 1 || holders[0]["id"] != admin || holders[0]["@odata.type"] != "#microsoft.graph.user" {
		t.Error(holders)
	}
	if got := w.want(200, "GET", "/subscribedSkus", "").values(); got[0]["skuPartNumber"] != "ENTERPRISEPACK" {
		t.Error(got)
	}
}

func TestGzip(t *testing.T) {
	for _, on := range []bool{false, true} {
		tenant := graphd.New(graphd.Options{AccessToken: token, Gzip: on})
		if err := tenant.LoadSeed(manyUsers(50), "seed"); err != nil {
			t.Fatal(err)
		}
		w := &world{Tenant: tenant, t: t}
		w.serve()
		got := w.want(200, "GET", "/users", "", "Accept-Encoding", "gzip")
		if zipped := got.header.Get("Content-Encoding") == "gzip"; zipped != on || strings.HasPrefix(got.text, "{") == on {
			t.Errorf("option %v: compressed %v", on, zipped)
		}
		if got := w.want(200, "GET", "/users", "", "Accept-Encoding", "identity"); got.header.Get("Content-Length") != fmt.Sprint(len(got.text)) {
			t.Error(got.header)
		}
	}
}

// TestConcurrency is for the race detector; without it, it shows that busy readers and writers don't lose a write.
func TestConcurrency(t *testing.T) {
	w := serve(t, seed)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 10 {
				name := fmt.Sprintf("n%dx%d", i, j)
				if a, err := w.try("POST", "/users", strings.ReplaceAll(newUser, "cy", name)); err != nil || a.status != 201 {
					t.Errorf("%v %s", err, a.text)
				}
				for _, path := range []string{"/users?$top=20", "/users/" + name + "@contoso.com", "/directoryRoles", "/groups"} {
					if a, err := w.try("GET", path, ""); err != nil || a.status != 200 {
						t.Errorf("%s: %v %s", path, err, a.text)
					}
				}
			}
		})
	}
	wg.Wait()
	if w.Len() != 86 {
		t.Errorf("%d users", w.Len())
	}
}
