package entra

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers/entra/internal/graph"
)

// A Reader's own client is one that refuses to write; package graph proves what that stops.
func TestReaderCannotWrite(t *testing.T) {
	arrived := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { arrived++ }))
	defer s.Close()
	r, err := Open(t.Context(), Config{Endpoint: s.URL + "/v1.0", AccessToken: "x"})
	if err != nil {
		t.Fatal(err)
	}
	_, sent := r.client.Send(t.Context(), graph.Request{Op: "POST", Link: "/users", Body: []byte(`{}`)})
	_, _, batched := r.client.Batch(t.Context(), []graph.Part{{Method: "DELETE", URL: "/users/1"}}, false)
	for what, err := range map[string]error{"a POST": sent, "a batch with a DELETE": batched} {
		if err == nil || !strings.Contains(err.Error(), "nothing that could change the tenant") || arrived != 0 {
			t.Errorf("%s: %v, %d requests arrived", what, err, arrived)
		}
	}
}
