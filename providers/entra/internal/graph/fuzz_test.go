package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"testing"
	"time"
)

// FuzzBatchReply: whatever a batch's reply says, each part gets its own answer or none.
func FuzzBatchReply(f *testing.F) {
	f.Add([]byte(`{"responses":[{"id":"2","status":204},{"id":"1","status":429,"headers":{"Retry-After":"1"},"body":{}}]}`), 2)
	f.Add([]byte(`{"responses":[{"id":"0","status":200},{"id":"-1"},{"id":"3"},{"id":"+1"},null]}`), 2)
	f.Add([]byte(`{"responses":null}`), 1)
	f.Add([]byte(`{"responses":[{"id":"1","headers":null,"body":"x"}],"responses":[]}`), 1)
	f.Add([]byte(`<html>`), 20)
	f.Add([]byte(`{"responses":[{"id":"1","status":200},{"id":"2","status":204},{"id":"3","status":200},{"id":"0","status":200},{"id":"-1","status":200}]}`), 2)
	f.Add([]byte(`{"responses":[{"id":"1","status":100},{"id":"2","status":199},{"id":"3","status":0},{"id":"01","status":404},{"id":" 2","status":500}]}`), 3)
	f.Add([]byte(`{"responses":[{"id":"1","status":400,"body":{"error":{"code":"c","details":[null]}}},{"id":"1","status":201}]}`), 1)
	f.Add([]byte(`{"responses":[{"id":1,"status":200}]}`), 1)
	f.Add([]byte(`{"responses":[]} x`), 1)
	f.Fuzz(func(t *testing.T, body []byte, n int) {
		n = n & 31
		replies, err := orderReplies(body, n)
		if (replies == nil) == (err == nil) || err == nil && len(replies) != n {
			t.Fatalf("%d replies for %d parts, %v", len(replies), n, err)
		}
		var said struct{ Responses []Reply }
		if whole := json.Unmarshal(body, &said) == nil; whole != (err == nil) && said.Responses != nil {
			t.Errorf("%q: %v", body, err)
		}
		last := make([]*Reply, n+1) // by number
		for i, r := range said.Responses {
			if at, bad := strconv.Atoi(r.ID); bad == nil && at > 0 && at <= n && r.Status >= 200 {
				last[at] = &said.Responses[i]
			}
		}
		for i, r := range replies {
			if (r == nil) != (last[i+1] == nil) || r != nil && !reflect.DeepEqual(r, last[i+1]) {
				t.Errorf("part %d got %+v of %q, and should have %+v", i+1, r, body, last[i+1])
			}
			if r == nil {
				continue
			}
			r.Header()
			if e := r.Failure("PATCH /x", time.Now); e.Error() == "" {
				t.Error("an error that says nothing")
			}
		}
	})
}

// FuzzRetryAfter: whatever a reply asks for, the wait is a time that is not negative, and one that the clock can add.
func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"1", "0.5", "-1", "1e400", "NaN", "Inf", "-Inf", "0x1p3", "Wed, 21 Oct 2026 07:28:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT",
		"Fri, 31 Dec 9999 23:59:59 GMT", "soon", " 3", "3 s"} {
		f.Add(s, "0.9")
		f.Add(s, s)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, after, used string) {
		h := http.Header{"Retry-After": {after}, "X-Ms-Throttle-Limit-Percentage": {used}}
		clock := func() time.Time { return now }
		asked, ok := RetryAfter(h, clock)
		d := asked
		if d < 0 || !ok && d != 0 || now.Add(d).Before(now) {
			t.Errorf("%q is a wait of %v", after, d)
		}
		if seconds, err := strconv.ParseUint(after, 10, 32); err == nil && after[0] != '+' &&
			d != min(time.Duration(seconds), longest)*time.Second {
			t.Errorf("%q is a wait of %v", after, d)
		} else if at, err := http.ParseTime(after); err == nil && (!ok || d != min(max(at.Sub(now), 0),
			longest*time.Second)) {
			t.Errorf("%q, at %v, is a wait of %v", after, at, d)
		}
		if d := Pause(h, 3, clock); d < 0 || ok && d < asked || d > longest*time.Second+time.Minute {
			t.Errorf("%q is a pause of %v", after, d)
		}
		p := NewPacer(stopped{now}, false)
		p.Observe(0, h, nil)
		if d := p.take(1); d < 0 || d > time.Hour {
			t.Errorf("after %q used the next write waits %v", used, d)
		}
	})
}

// stopped is a clock that stands still.
type stopped struct{ now time.Time }

func (s stopped) Now() time.Time { return s.now }

func (stopped) Sleep(context.Context, time.Duration) error { return nil }
