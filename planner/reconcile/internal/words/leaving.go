package words

import (
	"fmt"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state"
)

// GoneSince tells when an object of a kind left. Only where people sign in, its account has been disabled since.
func GoneSince(of *state.Descriptor, policy *config.LinkPolicy, link *state.Link) string {
	since := Day(policy, time.Unix(link.LeftAt, 0))
	if of.SignIn == "" {
		return "gone since " + since
	}
	return "disabled since " + since
}

// Day writes a time as precisely as the policy's grace counts.
func Day(policy *config.LinkPolicy, t time.Time) string {
	if policy.Grace%(24*time.Hour) == 0 {
		return t.UTC().Format(time.DateOnly)
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// GraceText writes a grace as people do.
func GraceText(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	return fmt.Sprintf("%dh", d/time.Hour)
}

// Undeclared tells why somebody is disabled whose scope block was taken out, whatever the policy of that scope had
// said, and how to let accounts go untouched.
func Undeclared(scope string) string {
	return "scope " + scope + " is not declared any more, so the default leaving = \"disable\" applies; to let its " +
		"accounts go untouched, keep the scope with leaving = \"keep\", or take them out of the record first (dirform " +
		"state rm)"
}
