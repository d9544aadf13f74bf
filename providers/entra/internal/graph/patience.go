package graph

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/fault"
)

// longWait is from when on a wait is told: who watches would take a longer silence for a hang.
const longWait = 10 * time.Second

// patient is a clock that tells long waits, and refuses those that are beyond the limit: the run would stand still, with the
// record locked, until somebody wonders.
type patient struct {
	Clock
	tell func(string) // nil tells nobody
}

// Sleep waits as [Clock.Sleep] does. A wait that is too long is an error at once, which says how long it would have been.
func (p patient) Sleep(ctx context.Context, d time.Duration) error {
	if d > bounds.RetryAfter+time.Second { // what is added to it so as not to be early
		return &fault.Error{Summary: "Microsoft Graph asks for a wait that is too long",
			Detail: fmt.Sprintf("It wants the next request in %v, and dirform waits for %v at most.", d.Round(time.Second), bounds.RetryAfter),
			Hint:   "Run the command again at that time. What was written until now stands in the record."}
	}
	if d > longWait && p.tell != nil {
		p.tell(fmt.Sprintf("waiting %v before Microsoft Graph is asked again", d.Round(time.Second)))
	}
	return p.Clock.Sleep(ctx, d)
}

// What ends a reply before its end. Asking again would bring the same.
var (
	errTooLarge = fmt.Errorf("the reply is larger than %d MiB, the limit for one reply (dirform help limits)", bounds.Page>>20)
	errEndless  = fmt.Errorf("the reply had no end after %v, the limit for one reply (dirform help limits)", bounds.PageTime)
)

// beyond reports an error of a reply that went beyond a limit.
func beyond(err error) bool { return errors.Is(err, errTooLarge) || errors.Is(err, errEndless) }
