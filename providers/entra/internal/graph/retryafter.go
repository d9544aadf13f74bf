package graph

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// longest is what a reply may ask for, in seconds, without more than a duration holds.
const longest = 1e9

// RetryAfter is how long a reply asks to wait: seconds, which Graph may give as a fraction, or an HTTP date.
func RetryAfter(h http.Header, now func() time.Time) (time.Duration, bool) {
	v := h.Get("Retry-After")
	if v == "" {
		return 0, false
	}
	if s, err := strconv.ParseFloat(v, 64); (err == nil || errors.Is(err, strconv.ErrRange)) && s >= 0 {
		return time.Duration(min(s, longest) * float64(time.Second)), true
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(t.Sub(now()), 0), longest*time.Second), true
	}
	return 0, false
}

// backoff is the pause before attempt number n+1: it doubles from half a second to half a minute, and is spread by a quarter
// either way so that parallel requests don't come back together.
func backoff(n int) time.Duration {
	d := 30 * time.Second
	if n < 6 {
		d = 500 * time.Millisecond << n
	}
	return time.Duration(float64(d) * (0.75 + rand.Float64()/2))
}

// Pause is what the service asked for, with a little more so as not to be early, or else a growing one.
func Pause(h http.Header, attempt int, now func() time.Time) time.Duration {
	if d, ok := RetryAfter(h, now); ok {
		return d + time.Duration(rand.Int64N(int64(200*time.Millisecond)))
	}
	return backoff(attempt)
}
