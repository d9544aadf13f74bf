package cli

import (
	"cmp"
	"errors"
	"io"
	"sync"
	"syscall"

	"github.com/dirform/dirform/state/fault"
)

// errUnread is why a run ends whose output nobody reads any more.
var errUnread = &fault.Error{Summary: "nobody reads standard output any more", Err: ErrInterrupted,
	Detail: "What read it has ended, and dirform with it, as at an interrupt."}

// output is standard output. The first write that fails is its last, and is remembered, since not all that prints can return it. It
// tells when whoever read it has gone, as head does.
type output struct {
	io.Writer
	gone func()
	mu   sync.Mutex
	err  error
}

func (o *output) Write(b []byte) (int, error) {
	if err := o.failed(nil); err != nil {
		return 0, err // no hole in it
	}
	n, err := o.Writer.Write(b)
	if errors.Is(err, syscall.EPIPE) {
		o.gone()
		err = errUnread
	}
	return n, o.failed(err)
}

// failed is the first error, which err may be.
func (o *output) failed(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = cmp.Or(o.err, err)
	return o.err
}

// Lost is why something of the result did not get out, nil if all of it did.
func (a *App) Lost() error {
	if a.out == nil {
		return nil
	}
	return a.out.failed(nil)
}

// ended is how a command has ended that returned err. One whose result was lost has failed, whatever else it has done; an error that
// says so in other words says it in these.
func (a *App) ended(err error) error {
	lost, exit := a.Lost(), &ExitError{Code: ExitFailure}
	switch own := errors.As(err, &exit); {
	case lost == nil, err != nil && !errors.Is(err, lost) && (!own || exit.Err != nil || exit.Said != nil):
		return err
	case exit.Code == ExitPending:
		return lost
	}
	return &ExitError{Code: exit.Code, Err: lost}
}
