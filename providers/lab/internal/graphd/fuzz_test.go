package graphd_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers/lab/internal/graphd"
)

// FuzzRequests: whatever a client sends, it gets an answer with a status of HTTP and, if it failed, the service's error shape.
func FuzzRequests(f *testing.F) {
	for _, q := range []string{"$filter=a eq 'b'", "$filter=not (mail in ('x','y'))", "$select=id,mail&$top=3", "$expand=manager($select=id)",
		"$filter=proxyAddresses/any(p:p eq 'x')", "$filter=startswith(mail,'", "$skiptoken=AAAAAAAAAAAAAAAA", "$count=true"} {
		f.Add("GET", "/users", q, "")
	}
	f.Add("POST", "/users", "", newUser)
	f.Add("PATCH", "/users/bob@contoso.com", "", `{"mail":"x@y.z","businessPhones":[]}`)
	f.Add("POST", "/$batch", "", `{"requests":[{"id":"1","method":"GET","url":"/users?$top=1"}]}`)
	f.Add("PUT", "/users('bob@contoso.com')/manager/$ref", "", `{"@odata.id":"https://x/v1.0/users/00000000-0000-4000-8000-000000000000"}`)
	for _, q := range []string{"$orderby=displayName desc&$top=1", `$search="displayName:a b" OR "mail:x"`, "$filter=assignedLicenses/any(x:x/skuId eq 6fd2c87f-b296-42f0-b197-1e91e994b900)",
		"$filter=proxyAddresses/$count ne 0&$count=true"} {
		f.Add("GET", "/users", q, "")
	}
	f.Add("GET", "/users/delta", "$deltatoken=eyJrIjowLCJ2IjowLCJ0IjoxNzY3MjI1NjAwfQ&$select=manager", "")
	f.Add("GET", "/groups/delta()", "$filter=id eq 'x'", "")
	f.Add("POST", "/groups", "", newGroup)
	f.Add("PATCH", "/groups(uniqueName='x''y')", "", `{"members@odata.bind":["https://x/v1.0/users/00000000-0000-4000-8000-000000000000"],"groupTypes":["Unified"]}`)
	f.Add("POST", "/users/bob@contoso.com/assignLicense", "", `{"addLicenses":[{"skuId":"x"}],"removeLicenses":[]}`)
	f.Add("PATCH", "/organization/x", "", `{"onPremisesSyncEnabled":false}`)
	f.Add("POST", "/domains", "", `{"id":"a.example"}`)
	f.Add("POST", "/directoryObjects/getByIds", "", `{"ids":["x"],"types":["user"]}`)
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		tenant := graphd.New(graphd.Options{AccessToken: token})
		if err := tenant.LoadSeed(strings.NewReader(seed), "seed"); err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequest("GET", "/v1.0", strings.NewReader(body))
		req.Method, req.URL = method, &url.URL{Path: "/v1.0" + path, RawQuery: query}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("ConsistencyLevel", "eventual")
		res := httptest.NewRecorder()
		tenant.Handler().ServeHTTP(res, req)
		if res.Code < 200 || res.Code > 599 || res.Code >= 400 && !strings.Contains(res.Body.String(), `"error"`) {
			t.Errorf("%d %s", res.Code, res.Body)
		}
		if strings.HasPrefix(res.Header().Get("Content-Type"), "application/json") && !json.Valid(res.Body.Bytes()) {
			t.Errorf("not JSON: %s", res.Body)
		}
	})
}
