package tables

import (
	"context"
	"fmt"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/internal/bound"
	"github.com/dirform/dirform/state/store/internal/kept"
	"github.com/dirform/dirform/state/store/internal/seal"
)

// What a link holds at most.
const (
	MaxLeftAt       = 1<<35 - 1 // a thousand years
	MaxTenantID     = 1<<12 - 1
	MaxFingerprints = 1<<16 - 1 // bytes
	MaxAttributes   = 1 << 12   // of one link, which their sealed fingerprints leave room for
)

// Sealing makes rows of links. The zero value is not usable.
type Sealing struct {
	Classes *Classes
	Sealer  *seal.Sealer
	Kept    *kept.Sealer // nil where encryption is not configured
	to, buf []byte
}

// By makes it the sealing of a record with a key; encrypted says that keys of encryption wrap that.
func (s *Sealing) By(key state.Key, encrypted bool) (err error) {
	if s.Sealer, err = seal.New(key); err == nil && encrypted {
		s.Kept, err = kept.New(key)
	}
	return err
}

// Row is the class of a link, recorded if it is new, and its sealed fingerprints, which are valid until the next call.
func (s *Sealing) Row(ctx context.Context, tx DB, l *state.Link) (class int64, sealed []byte, err error) {
	if err := CheckLink(l); err != nil {
		return 0, nil, err
	}
	if class, err = s.Classes.id(ctx, tx, l); err != nil {
		return 0, nil, err
	}
	label, _ := s.Classes.Label(class)
	if s.buf == nil {
		s.buf = []byte{} // never nil, which would be NULL
	}
	s.to = bound.Append(s.to[:0], l, label)
	s.buf = s.Sealer.Seal(s.buf[:0], s.to, l.Fingerprints)
	return class, s.buf, nil
}

// Open gives a link that has its anchor, ids and time what its class says, and its fingerprints, reusing the slice that it has.
// ok is false for a link that is not as it was written.
func (s *Sealing) Open(l *state.Link, class int64, sealed []byte) (ok bool) {
	if ok := s.Classes.Describe(l, class); !ok {
		return false
	}
	label, _ := s.Classes.Label(class)
	s.to = bound.Append(s.to[:0], l, label)
	var err error
	l.Fingerprints, err = s.Sealer.Open(l.Fingerprints[:0], s.to, sealed)
	return err == nil && len(l.Fingerprints) == l.Shape.Len()
}

// CheckLink refuses a link that could not be read back.
func CheckLink(l *state.Link) error {
	n := 0
	if l.Shape != nil {
		n = l.Shape.Len()
	}
	switch {
	case l.Anchor == "" || len(l.Fingerprints) != n:
		return fmt.Errorf("the link of anchor %q to %q has %d fingerprints for %d attributes", l.Anchor, l.TargetID, len(l.Fingerprints), n)
	case len(l.TargetID) > MaxTenantID || n > MaxAttributes || l.LeftAt < 0 || l.LeftAt > MaxLeftAt:
		return fmt.Errorf("the link of anchor %q does not fit the state: its tenant id has %d bytes, it has %d fingerprints, and it left at %d",
			l.Anchor, len(l.TargetID), n, l.LeftAt)
	}
	return nil
}
