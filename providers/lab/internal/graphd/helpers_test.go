package graphd_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers/lab/internal/graphd"
	"github.com/dirform/dirform/providers/lab/record"
)

const (
	clientID = "11111111-2222-4333-8444-555555555555"
	secret   = "s3cret~value"
	token    = "static-token"
)

// world is a tenant behind real HTTPS.
type world struct {
	*graphd.Tenant
	t    testing.TB
	srv  *httptest.Server
	root string
}

func serve(t testing.TB, seed string) *world {
	t.Helper()
	tenant := graphd.New(graphd.Options{ClientID: clientID, ClientSecret: secret, AccessToken: token})
	if err := tenant.LoadSeed(strings.NewReader(seed), "tenant.json"); err != nil {
		t.Fatal(err)
	}
	w := &world{Tenant: tenant, t: t}
	w.serve()
	return w
}

// serve starts the server of w's tenant.
func (w *world) serve() {
	handler := w.Handler()
	if folder := os.Getenv("DIRFORM_LAB_RECORD"); folder != "" {
		r, err := record.Open(folder)
		if err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(func() { r.Close() })
		handler = r.Handler(handler)
	}
	w.srv = httptest.NewTLSServer(handler)
	w.t.Cleanup(w.srv.Close)
	w.root = w.srv.URL + "/v1.0"
}

// answer is a decoded reply.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// do sends a request; body is JSON text. headers are pairs.
func (w *world) do(method, path, body string, headers ...string) answer {
	w.t.Helper()
	a, err := w.try(method, path, body, headers...)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) try(method, path, body string, headers ...string) (answer, error) {
	w.t.Helper()
	url := path
	if !strings.HasPrefix(path, "https:") {
		url = w.root + strings.ReplaceAll(path, " ", "%20")
	}
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := w.srv.Client().Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: res.StatusCode, header: res.Header, text: string(b)}
	if len(b) > 0 && bytes.HasPrefix(b, []byte("{")) {
		if err := json.Unmarshal(b, &a.body); err != nil {
			w.t.Fatalf("%s %s: %v in %s", method, path, err, b)
		}
	}
	return a, nil
}

// want is do, failing unless the status is this one.
func (w *world) want(status int, method, path, body string, headers ...string) answer {
	w.t.Helper()
	a := w.do(method, path, body, headers...)
	if a.status != status {
		w.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, status, a.text)
	}
	return a
}

func (a answer) str(path ...string) string {
	s, _ := a.at(path...).(string)
	return s
}

func (a answer) at(path ...string) any {
	var v any = a.body
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

func (a answer) values() []map[string]any {
	list, _ := a.body["value"].([]any)
	var out []map[string]any
	for _, v := range list {
		out = append(out, v.(map[string]any))
	}
	return out
}

func strs(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, x := range list {
		out = append(out, x.(string))
	}
	return out
}

const seed = `{
 "domains":[{"id":"contoso.com","isDefault":true},{"id":"contoso.onmicrosoft.com","isInitial":true},{"id":"fed.contoso.com","authenticationType":"Federated"},{"id":"new.example","isVerified":false}],
 "users":[
  {"userPrincipalName":"ann@contoso.com","displayName":"Ann Ames","mail":"ann@contoso.com","onPremisesImmutableId":"AAAAAAAAAAAAAAAAAAAAAA==","businessPhones":["+1 555 0100"],"manager":"bob@contoso.com","department":"Sales"},
  {"userPrincipalName":"bob@contoso.com","displayName":"Bob \"B\" Bly","jobTitle":"Head"},
  {"userPrincipalName":"synced@contoso.com","displayName":"Sid Sync","onPremisesSyncEnabled":true,"onPremisesLastSyncDateTime":"2024-01-01T00:00:00Z"},
  {"userPrincipalName":"admin@contoso.com","displayName":"Adele Admin"},
  {"userPrincipalName":"reader@contoso.com","displayName":"Rita Reader"},
  {"userPrincipalName":"member@contoso.com","displayName":"Mo Member"}],
 "groups":[
  {"displayName":"Info","mail":"info@contoso.com","proxyAddresses":["SMTP:info@contoso.com"],"groupTypes":["Unified"],"members":["ann@contoso.com","bob@contoso.com"]},
  {"displayName":"Admins","isAssignableToRole":true,"members":["member@contoso.com"]}],
 "contacts":[{"displayName":"Vic Vendor","mail":"vic@vendor.example"}],
 "deletedItems":[{"@odata.type":"#microsoft.graph.user","userPrincipalName":"gone@contoso.com","displayName":"Gone Girl","onPremisesImmutableId":"BBBBBBBBBBBBBBBBBBBBBB=="}],
 "subscribedSkus":[{"skuPartNumber":"ENTERPRISEPACK"}],
 "roleAssignments":[{"principalId":"admin@contoso.com","roleDefinitionId":"Global Administrator"},{"principalId":"reader@contoso.com","roleDefinitionId":"Directory Readers"}]
}`

const newUser = `{"accountEnabled":true,"displayName":"Cy Coe","mailNickname":"cy","userPrincipalName":"cy@contoso.com","passwordProfile":{"password":"Xy12345678"}}`
