package gcs

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/dirform/dirform/state/store/objects"
)

// TestAlwaysReplaced: an object of which there never is the generation that the store says is not asked for for ever.
func TestAlwaysReplaced(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("alt") == "media" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"name":"x","generation":"1","size":"1"}`))
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, _, err := New("bucket", server.URL).Get(ctx, "x"); !errors.Is(err, objects.ErrAbsent) {
		t.Error(err)
	}
}

type never struct{}

func (never) Token() (*oauth2.Token, error) { select {} }

// TestTokenInTime: a request whose time is over does not wait for a token.
func TestTokenInTime(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:1/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&signed{never{}, http.DefaultTransport}).RoundTrip(r); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
