package entra_test

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// TestAHugeReplyEndsTheRead: a small reply that unpacks to gigabytes is an error that names the limit, asked for once.
func TestAHugeReplyEndsTheRead(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, `{"value":[`)
		blank := []byte(strings.Repeat(" ", 1<<20))
		for range 1024 {
			if _, err := z.Write(blank); err != nil {
				return // the client has enough
			}
		}
		_, _ = io.WriteString(z, `]}`)
		_ = z.Close()
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := readAll(t, s)
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(told(err), "larger than 64 MiB") {
		t.Errorf("%v", err)
	}
	if n := len(s.requests()); n != 1 {
		t.Errorf("asked %d times", n)
	}
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 512 {
		t.Errorf("%d MiB were asked for", used)
	}
}

// TestALongRetryAfterIsAnError: what the service wants is said at once, instead of a process that sleeps for days.
func TestALongRetryAfterIsAnError(t *testing.T) {
	for _, after := range []string{"1000000", "1e300", "Inf", "301.5", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).Format(http.TimeFormat)} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", after)
			reply(w, 429, "")
		})
		_, err := readAll(t, s)
		if err == nil || !strings.Contains(told(err), "waits for 5m0s at most") || !strings.Contains(told(err), "at that time") {
			t.Errorf("%s: %v", after, err)
		}
		if len(s.clock.slept) > 0 {
			t.Errorf("%s: slept %v", after, s.clock.slept)
		}
	}
}

// TestALongRetryAfterEndsWrites: nothing more is sent, and nobody waits.
func TestALongRetryAfterEndsWrites(t *testing.T) {
	s := serve(t, batches(func(part) answer {
		return answer{status: 429, headers: map[string]string{"Retry-After": "86400"}, body: graphError("TooManyRequests", "later")}
	}))
	w := s.writer(t)
	for range 3 {
		for _, r := range w.Write(t.Context(), []providers.Write{{Op: providers.OpDelete, Kind: state.User, ID: "00000000-0000-4000-8000-000000000001"}}) {
			if r.Err == nil || !strings.Contains(told(r.Err), "waits for 5m0s at most") || errors.Is(r.Err, providers.ErrUnknownOutcome) {
				t.Errorf("%v", r.Err)
			}
		}
	}
	if n := len(s.requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
	if len(s.clock.slept) > 0 {
		t.Errorf("slept %v", s.clock.slept)
	}
}

// TestLongWaitsAreTold: who watches learns why nothing happens.
func TestLongWaitsAreTold(t *testing.T) {
	asked := 0
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			w.Header().Set("Retry-After", "42")
			reply(w, 429, "")
			return
		}
		reply(w, 200, `{"value":[]}`)
	})
	var told []string
	s.config.Tell = func(text string) { told = append(told, text) }
	if _, err := readAll(t, s); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || !strings.Contains(told[0], "waiting 42s") {
		t.Errorf("told %q", told)
	}
}

// TestErrorsWithHoles: an error reply whose parts are missing is still an error of the service, and no crash.
func TestErrorsWithHoles(t *testing.T) {
	for _, body := range []string{
		`{"error":{"code":"x","message":"y","details":[null]}}`, `{"error":{"code":"x","details":[{"code":null},null]}}`,
		`{"error":{"code":"x","innerError":null}}`, `{"error":null}`, `{"error":{"code":null,"message":null,"details":null}}`,
		`null`, `[]`, `{"error":[]}`, `{"error":"text"}`, `{"error":{"details":{}}}`, `{"error":{"code":{}}}`,
	} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, 400, body) })
		_, err := readAll(t, s)
		var failure *providers.ServiceError
		if !errors.As(err, &failure) || failure.Status != 400 {
			t.Errorf("%s: %v", body, err)
		}
	}
}
