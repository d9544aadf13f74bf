// Package record writes down what clients and the tenant said to each other, so that it can be held to a description of the
// service afterwards.
//
// A record is a folder of files, one for each run, with one JSON [Exchange] a line. It stays small however much is said: an
// exchange is kept if it shows something that none before it in the run has shown, such as another property or another type
// of value at the same place, and of a long list only the entries that do. It holds no credentials: the Authorization header
// is left out and passwords are masked.
package record

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
)

// Exchange is a request to the tenant and what came back. A request inside a $batch is an exchange of its own as well.
type Exchange struct {
	Method        string            `json:"method"`
	URL           string            `json:"url"` // below the version: /users?$top=5
	RequestHeader map[string]string `json:"requestHeader,omitempty"`
	Request       json.RawMessage   `json:"request,omitempty"` // JSON; of other bodies a JSON string
	Status        int               `json:"status"`            // 0: none was recorded, or the connection broke before a whole reply
	Header        map[string]string `json:"header,omitempty"`
	Body          json.RawMessage   `json:"body,omitempty"` // likewise
	InBatch       bool              `json:"inBatch,omitempty"`
}

// Recorder writes one file of a record. It is safe for concurrent use.
type Recorder struct {
	mu   sync.Mutex
	f    *os.File
	seen map[string]bool
	err  error
}

// Open starts a new file in a folder, which is made if it is missing.
func Open(folder string) (*Recorder, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("the record of the lab's exchanges: %w", err)
	}
	f, err := os.CreateTemp(folder, "exchanges-*.jsonl")
	if err != nil {
		return nil, fmt.Errorf("the record of the lab's exchanges: %w", err)
	}
	return &Recorder{f: f, seen: map[string]bool{}}, nil
}

// Close ends the file. Its error is the first that writing met.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.f.Close(); r.err == nil {
		r.err = err
	}
	return r.err
}

// Handler is next with everything below /v1.0 written down.
func (r *Recorder) Handler(next http.Handler) http.Handler { return r.handler(next, true) }

// Requests is next with what it is asked written down, and not what it answers: for servers that play the tenant in a test.
func (r *Recorder) Requests(next http.Handler) http.Handler { return r.handler(next, false) }

func (r *Recorder) handler(next http.Handler, replies bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		url, ok := strings.CutPrefix(q.URL.RequestURI(), "/v1.0/")
		if !ok {
			next.ServeHTTP(w, q)
			return
		}
		body, err := io.ReadAll(q.Body)
		rest := io.Reader(http.NoBody)
		if err != nil {
			rest = failing{err}
		}
		q.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), rest))
		x := Exchange{Method: q.Method, URL: "/" + url, RequestHeader: plainHeader(q.Header), Request: jsonOf(plain(body, q.Header))}
		t := &tee{ResponseWriter: w}
		whole := false
		defer func() { // runs too when a fault breaks the connection, which is a panic
			if whole && replies {
				x.Status, x.Header, x.Body = t.status, plainHeader(w.Header()), jsonOf(plain(t.body.Bytes(), w.Header()))
			}
			r.add(x)
		}()
		next.ServeHTTP(t, q)
		whole = true
	})
}

// failing is a reader with nothing but an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// tee keeps a copy of a reply.
type tee struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader notes the status.
func (t *tee) WriteHeader(status int) {
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

// Write notes the bytes.
func (t *tee) Write(b []byte) (int, error) {
	if t.status == 0 {
		t.status = http.StatusOK
	}
	t.body.Write(b)
	return t.ResponseWriter.Write(b)
}

// Flush lets faults send half a page.
func (t *tee) Flush() { t.ResponseWriter.(http.Flusher).Flush() }

// plain is a body as it was before compression.
func plain(body []byte, h http.Header) []byte {
	if h.Get("Content-Encoding") != "gzip" {
		return body
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return body // not what its header says: it is recorded as it came
	}
	out, _ := io.ReadAll(z)
	return out
}

// plainHeader is the header without what lets somebody in, and with the first value of each name.
func plainHeader(h http.Header) map[string]string {
	out := map[string]string{}
	for name, values := range h {
		if name != "Authorization" && name != "Cookie" && len(values) > 0 {
			out[name] = values[0]
		}
	}
	return out
}

// jsonOf is a body as JSON: as it is, or in a string if it is something else.
func jsonOf(body []byte) json.RawMessage {
	if len(body) == 0 {
		return nil
	}
	if json.Valid(body) {
		return bytes.Clone(body)
	}
	s, _ := json.Marshal(string(body))
	return s
}
