package cli

import (
	"errors"
	"fmt"
	"io"
	"syscall"
)

// piped is an output that tells when whoever read it has gone, as head does.
type piped struct {
	io.Writer
	gone func()
}

func (p piped) Write(b []byte) (int, error) {
	n, err := p.Writer.Write(b)
	if errors.Is(err, syscall.EPIPE) {
		p.gone()
		err = fmt.Errorf("%w: nobody reads the output any more: %w", ErrInterrupted, err)
	}
	return n, err
}
