package snapshot

import (
	"fmt"
	"time"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/lapse"
)

// ParseAge reads how old a snapshot may be: 7d, 2w, or what time.ParseDuration reads.
func ParseAge(text string) (time.Duration, error) {
	if d, ok := lapse.Parse(text); ok {
		return d, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, &fault.Error{Summary: fmt.Sprintf("--max-age %q is no length of time", text), Hint: "Write it like 7d, 2w, 12h or 90m."}
	}
	return d, nil
}
