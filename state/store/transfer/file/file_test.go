package file

import (
	"errors"
	"io"
	"testing"

	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/store"
)

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

var _ io.Reader = endless{}

// TestReceivedIsBounded: a stream without an end does not fill the disk.
func TestReceivedIsBounded(t *testing.T) {
	defer func(was int) { limit = was }(limit)
	limit = 1 << 20
	var large *bounds.TooLargeError
	err := Source{}.Received(t.Context(), endless{}, func(store.Record) error { return nil })
	if !errors.As(err, &large) || large.Limit != limit {
		t.Error(err)
	}
}
