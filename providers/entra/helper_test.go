package entra_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/providers/lab/record"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// told is an error's words and what it says is to be done.
func told(err error) string { return err.Error() + "\n" + fault.Hint(err) }

// clock lets no time pass but what is slept.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(max(d, 0))
	c.slept = append(c.slept, d)
	return ctx.Err()
}

func (c *clock) total() (sum time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.slept {
		sum += d
	}
	return sum
}

// service is a TLS server that a handler plays Graph on.
type service struct {
	*httptest.Server
	config entra.Config
	clock  *clock

	mu   sync.Mutex
	seen []seen // requests so far
}

type seen struct {
	method, uri, body string
	header            http.Header
}

func serve(t testing.TB, h http.HandlerFunc) *service {
	t.Helper()
	s := &service{clock: newClock()}
	s.Server = httptest.NewTLSServer(recorded(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		s.mu.Lock()
		s.seen = append(s.seen, seen{r.Method, r.URL.RequestURI(), string(body), r.Header.Clone()})
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		h(w, r)
	})))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(s.Close)
	s.config = entra.Config{
		Endpoint: s.URL + "/v1.0", AccessToken: "token-1", Clock: s.clock,
		CA: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}),
	}
	return s
}

// recorded is h with what it is asked recorded for the contract test of the lab, which holds it to the description of Graph.
func recorded(t testing.TB, h http.Handler) http.Handler {
	t.Helper()
	folder := os.Getenv("DIRFORM_LAB_RECORD")
	if folder == "" {
		return h
	}
	r, err := record.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r.Requests(h)
}

func (s *service) requests() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.seen...)
}

func (s *service) reader(t testing.TB) *entra.Reader {
	t.Helper()
	r, err := entra.Open(t.Context(), s.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func (s *service) writer(t testing.TB) *entra.Writer {
	t.Helper()
	w, err := entra.OpenWriter(t.Context(), s.config)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// drainObjects reads a stream to its end.
func drainObjects(objects func(func(*state.Object, error) bool)) (all []*state.Object, err error) {
	for o, e := range objects {
		if e != nil {
			return all, e
		}
		all = append(all, o.Clone())
	}
	return all, nil
}

func graphError(code, message string) string {
	b, _ := json.Marshal(map[string]any{"error": map[string]any{"code": code, "message": message,
		"innerError": map[string]any{"date": "2026-01-02T03:04:05", "request-id": "inner-id"}}})
	return string(b)
}

func reply(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}
