package snapshot

import (
	"fmt"
	"time"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/lapse"
	"github.com/dirform/dirform/state/visible"
)

// parseAge reads how old a snapshot may be: 7d, 2w, or what time.ParseDuration reads.
func parseAge(text string) (time.Duration, error) {
	if d, ok := lapse.Parse(text); ok {
		return d, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, &fault.Error{Summary: fmt.Sprintf("--max-age %q is no length of time", text),
			Hint: "Write it like 7d, 2w, 12h or 90m."}
	}
	return d, nil
}

// Fresh refuses a snapshot that is older than most, such as 7d. nil is none.
func Fresh(id *planner.SnapshotID, now time.Time, most string) error {
	limit, err := parseAge(most)
	if err != nil || id == nil {
		return err
	}
	taken, err := time.Parse(time.RFC3339, id.TakenAt)
	if err != nil || now.Sub(taken) > limit {
		return &fault.Error{Summary: "The snapshot is too old",
			Detail: fmt.Sprintf("It was taken at %s, %s ago, and at most %s are allowed.", visible.Line(id.TakenAt),
				days(now.Sub(taken)), days(limit)),
			Hint: "Take another one with `dirform snapshot --out FILE`, or allow a greater age with --max-age."}
	}
	return nil
}

// days is a length of time in days, or in shorter units where it is less than one.
func days(d time.Duration) string {
	if d < 48*time.Hour {
		return d.Round(time.Second).String()
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}
