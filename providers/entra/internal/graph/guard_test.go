package graph

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers/entra/internal/signin"
)

// Even if a reading client is asked to write, nothing leaves the process.
func TestReadingCannotWrite(t *testing.T) {
	arrived := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived++
		_, _ = w.Write([]byte(`{"responses":[{"id":"1","status":200,"body":{"id":"1"}}]}`))
	}))
	defer s.Close()
	endpoint, err := url.Parse(s.URL + "/v1.0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := ForReading(t.Context(), Settings{Settings: signin.Settings{Endpoint: endpoint, AccessToken: "x"}})
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "nothing that could change the tenant") || arrived != 0 {
			t.Errorf("%s: %v, %d requests arrived", what, err, arrived)
		}
	}
	for _, p := range []Part{
		{Method: "POST", URL: "/users", Body: []byte(`{}`)}, {Method: "PATCH", URL: "/users/1", Body: []byte(`{}`)},
		{Method: "DELETE", URL: "/users/1"}, {Method: "get", URL: "/users"}, {Method: "GET", URL: "/users", Body: []byte(`{}`)},
		{Method: "GET", URL: "/users", Headers: map[string]string{"X-HTTP-Method-Override": "DELETE"}},
	} {
		_, _, err := c.Batch(t.Context(), []Part{{Method: "GET", URL: "/users/2"}, p}, false)
		refused("a batch with "+p.Method, err)
	}
	_, err = c.Send(t.Context(), Request{Op: "POST", Link: "/users", Body: []byte(`{}`)})
	refused("a POST", err)
	_, err = c.Send(t.Context(), Request{Op: "POST", Link: "/users/1/$batch", Body: []byte(`{"requests":[]}`)})
	refused("a POST to what is not $batch", err)
	for _, method := range []string{"PUT", "PATCH", "DELETE", "POST"} {
		req, _ := http.NewRequestWithContext(t.Context(), method, s.URL+"/v1.0/users/1", nil)
		_, err := c.http.Do(req)
		refused(method, err)
	}
	if _, _, err := c.Batch(t.Context(), []Part{{Method: "GET", URL: "/users/2"}}, false); err != nil || arrived != 1 {
		t.Error("a batch of reads is refused", err)
	}
}
