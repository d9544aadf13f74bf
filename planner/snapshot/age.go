package snapshot

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dirform/dirform/state/fault"
)

// ParseAge reads how old a snapshot may be: a whole number of days or weeks, 7d or 2w, or what time.ParseDuration reads.
func ParseAge(text string) (time.Duration, error) {
	for letter, unit := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, ok := strings.CutSuffix(text, letter); ok {
			if n, err := strconv.ParseUint(number, 10, 16); err == nil {
				return time.Duration(n) * unit, nil
			}
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, &fault.Error{Summary: fmt.Sprintf("--max-age %q is no length of time", text), Hint: "Write it like 7d, 2w, 12h or 90m."}
	}
	return d, nil
}
