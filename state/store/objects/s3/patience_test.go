package s3

import (
	"errors"
	"testing"
	"time"
)

// TestPatience: a store that does not answer is asked for longer than a restart takes, and for less than a lock lasts.
func TestPatience(t *testing.T) {
	r := retryer()
	var sum time.Duration
	for attempt := 1; attempt < r.MaxAttempts(); attempt++ {
		d, err := r.RetryDelay(attempt, errors.New("no answer"))
		if err != nil {
			t.Fatal(err)
		}
		sum += d
	}
	if sum < 10*time.Second || sum > 21*time.Second {
		t.Errorf("tried for %v", sum)
	}
}
