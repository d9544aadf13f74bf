package s3

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// TestBounded: of an error and of a list only so much is read as they may have.
func TestBounded(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	for _, status := range []int{http.StatusForbidden, http.StatusOK} {
		var sent atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<!--")) // a comment that does not end is read for as long as it goes on
			for part := bytes.Repeat([]byte(" "), 1<<20); sent.Load() < 10*mostAnswer; {
				n, err := w.Write(part)
				if sent.Add(int64(n)); err != nil {
					return
				}
			}
		}))
		if _, err := New("bucket", "us-east-1", server.URL).List(t.Context(), ""); err == nil {
			t.Error("a list of zeros")
		}
		server.Close()
		if n := sent.Load(); n > 10*mostAnswer-1 {
			t.Errorf("%d bytes of an answer %d were read", n, status)
		}
	}
}
