package graphd_test

import (
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
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		tenant := graphd.New(graphd.Options{AccessToken: token})
		if err := tenant.LoadSeed(strings.NewReader(seed), "seed"); err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequest("GET", "/v1.0", strings.NewReader(body))
		req.Method, req.URL = method, &url.URL{Path: "/v1.0" + path, RawQuery: query}
		req.Header.Set("Authorization", "Bearer "+token)
		res := httptest.NewRecorder()
		tenant.Handler().ServeHTTP(res, req)
		if res.Code < 200 || res.Code > 599 || res.Code >= 400 && !strings.Contains(res.Body.String(), `"error"`) {
			t.Errorf("%d %s", res.Code, res.Body)
		}
	})
}
