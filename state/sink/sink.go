// Package sink is an output that knows whether all of it was written.
package sink

import (
	"cmp"
	"errors"
	"io"
	"sync"
	"syscall"
)

// Output is an output whose first write that fails is its last, so that it has no hole. It may be used by several
// goroutines.
type Output struct {
	w      io.Writer
	unread func() error
	mu     sync.Mutex
	lost   error
}

// New is an output to w. unread is told when whoever read it has gone, as head does, and gives the error to fail with.
func New(w io.Writer, unread func() error) *Output { return &Output{w: w, unread: unread} }

// Write writes b. Once a write has failed, it fails like that one.
func (o *Output) Write(b []byte) (int, error) {
	if err := o.Lost(); err != nil {
		return 0, err
	}
	n, err := o.w.Write(b)
	if errors.Is(err, syscall.EPIPE) {
		err = o.unread()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lost = cmp.Or(o.lost, err)
	return n, o.lost
}

// Lost is why something of it was not written, nil if all was. What prints by lines cannot return that.
func (o *Output) Lost() error {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lost
}
