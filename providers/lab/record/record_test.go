package record_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers/lab/record"
)

// converse has requests answered by handler and returns the record of it.
func converse(t *testing.T, handler http.HandlerFunc, requests ...*http.Request) (exchanges []record.Exchange, text string) {
	t.Helper()
	folder := t.TempDir()
	r, err := record.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range requests {
		func() {
			defer func() { _ = recover() }()
			r.Handler(handler).ServeHTTP(httptest.NewRecorder(), q)
		}()
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var x record.Exchange
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		exchanges = append(exchanges, x)
	}
	return exchanges, string(b)
}

func reply(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.Copy(io.Discard, q.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}
}

func ask(method, path, body string) *http.Request {
	q := httptest.NewRequest(method, "/v1.0"+path, strings.NewReader(body))
	q.Header.Set("Authorization", "Bearer hush")
	return q
}

func TestNoCredentials(t *testing.T) {
	got, text := converse(t, reply(`{"id":"1"}`), ask("POST", "/users", `{"passwordProfile":{"password":"hush"},"displayName":"Ann"}`))
	if len(got) != 1 || strings.Contains(text, "hush") || !strings.Contains(text, "Ann") {
		t.Errorf("recorded %s", text)
	}
}

func TestOnlyWhatIsNew(t *testing.T) {
	got, _ := converse(t, reply(`{"value":[{"mail":"a@x"},{"mail":"b@x"},{"mail":null}]}`), ask("GET", "/users/1", ""), ask("GET", "/users/2", ""), ask("GET", "/users/2?$top=1", ""))
	if len(got) != 2 || string(got[0].Body) != `{"value":[{"mail":"a@x"},{"mail":null}]}` {
		t.Errorf("recorded %+v", got)
	}
}

func TestBatchItemsAreExchanges(t *testing.T) {
	got, _ := converse(t, reply(`{"responses":[{"id":"b","status":404,"body":{"error":{}}},{"id":"a","status":204}]}`),
		ask("POST", "/$batch", `{"requests":[{"id":"a","method":"DELETE","url":"/users/1"},{"id":"b","method":"GET","url":"users/2"}]}`))
	if len(got) != 3 || got[0].Method != "DELETE" || got[0].Status != 204 || got[1].URL != "/users/2" || got[1].Status != 404 || !got[1].InBatch {
		t.Errorf("recorded %+v", got)
	}
}

func TestCompressedRequests(t *testing.T) {
	var zipped strings.Builder
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(`{"displayName":"Ann"}`))
	_ = z.Close()
	q := ask("POST", "/users", zipped.String())
	q.Header.Set("Content-Encoding", "gzip")
	if got, _ := converse(t, reply(`{}`), q); len(got) != 1 || string(got[0].Request) != `{"displayName":"Ann"}` {
		t.Errorf("recorded %+v", got)
	}
}

func TestBrokenReplies(t *testing.T) {
	got, _ := converse(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ask("GET", "/users", ""))
	if len(got) != 1 || got[0].Status != 0 || got[0].URL != "/users" {
		t.Errorf("recorded %+v", got)
	}
}
