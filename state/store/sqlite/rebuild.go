package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/tables"
)

// OpenForRebuild locks the record at path, to make it anew in one run: until that has finished, everything is as it
// was. damaged is what lies there and is no whole record, nil if nothing does. A record that can be read from end to
// end is not replaced.
func OpenForRebuild(ctx context.Context, path string, o store.Options) (s *Store, damaged *store.Damaged, err error) {
	return rebuild(ctx, Encrypted{File: File(path)}, o)
}

func rebuild(ctx context.Context, e Encrypted, o store.Options) (s *Store, damaged *store.Damaged,
	err error) {
	if s, err = lockStore(e, o); err != nil {
		return nil, nil, err
	}
	s.whole = true
	switch err := s.readThrough(ctx); {
	case errors.Is(err, store.ErrDamaged):
		s.aside = fmt.Sprintf("%s.damaged-%s", s.path, s.now().UTC().Format("20060102T150405Z"))
		damaged = &store.Damaged{Reason: err, KeptAs: s.aside}
	case err != nil:
		return nil, nil, errors.Join(err, s.Close())
	case s.meta.Exists:
		healthy := &fault.Error{Summary: "there is a state already",
			Detail: fmt.Sprintf("%s is whole: it has serial %d, last written %s.", s.name, s.meta.Serial,
				s.lastWritten(ctx)),
			Hint: "To make it anew all the same, move it to another name first, with its -wal file if there is one. " +
				"It may be the better one: it knows what was applied last."}
		return nil, nil, errors.Join(healthy, s.Close())
	}
	err = s.disconnect()
	s.meta, s.layout, s.sealer, s.classes = store.Meta{}, 0, nil, tables.Classes{}
	return s, damaged, err
}

// readThrough reads everything that is at path. The error of what is no whole record wraps [ErrDamaged].
func (s *Store) readThrough(ctx context.Context) error {
	if there, err := exists(s.path); !there {
		return err
	}
	if err := s.connect(ctx, "rw", checkedToWrite); err != nil {
		return err
	}
	for _, err := range s.Links(ctx) {
		if err != nil {
			return err
		}
	}
	_, err := s.Runs(ctx, 0)
	if err == nil {
		_, err = s.OUs(ctx)
	}
	return err
}

// lastWritten is when the latest run began, for people.
func (s *Store) lastWritten(ctx context.Context) string {
	runs, err := s.Runs(ctx, 1)
	if err != nil || len(runs) == 0 {
		return "at a time that is not known"
	}
	return runs[0].Started.Format(time.RFC3339)
}
