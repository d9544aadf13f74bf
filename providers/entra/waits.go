package entra

import (
	"net/http"
	"strings"
	"time"

	"github.com/dirform/dirform/providers/entra/internal/graph"
)

// waits collects how long the items that are to be sent again want to wait: the longest counts.
type waits struct {
	longest time.Duration
	token   bool // a new access token is needed first
}

func (w *waits) add(h http.Header, attempt int, now func() time.Time) {
	w.longest = max(w.longest, graph.Pause(h, attempt, now))
}

// consistency is the pause before asking again for an object that is not there yet: 1, 2, 4, 8 and then 15 seconds.
func (w *waits) consistency(attempt int) {
	w.longest = max(w.longest, min(time.Second<<min(attempt, 10), 15*time.Second))
}

func (w *waits) duration() time.Duration { return w.longest }

func contains(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}
