package sqlite

import (
	"context"

	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
)

// File is the place of a record that lives in a local file: its path.
type File string

var _ store.Place = File("")

// String is the path.
func (f File) String() string { return string(f) }

// Load opens the record for reading, see [OpenReadOnly].
func (f File) Load(ctx context.Context) (store.Record, error) {
	s, err := OpenReadOnly(ctx, string(f))
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Lock opens the record for writing, see [Open].
func (f File) Lock(ctx context.Context, o store.Options) (store.Locked, error) {
	s, err := Open(ctx, string(f), o)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Rebuild locks the record to make it anew, see [OpenForRebuild].
func (f File) Rebuild(ctx context.Context, o store.Options) (store.Locked, *store.Damaged, error) {
	s, damaged, err := OpenForRebuild(ctx, string(f), o)
	if err != nil {
		return nil, damaged, err
	}
	return s, damaged, nil
}

// ForceUnlock frees the lock with an id, see [ForceUnlock].
func (f File) ForceUnlock(_ context.Context, id string) error { return ForceUnlock(string(f), id) }

// Encrypted is the place of a record in a local file whose key is wrapped by keys: by the first of them from the first
// run on that writes.
type Encrypted struct {
	File
	Keys *seal.Keys // nil leaves the key in the clear
	Name string     // of the record in messages; "" is the file's path
	// Sealed refuses a record whose key is in the clear although there are Keys, with [ErrClear]: whoever can write a file can
	// make one.
	Sealed bool
}

var _ store.Place = Encrypted{}

// At is the place of a record in the file at path, with the keys that wrap the record's own; nil leaves it in the clear.
func At(path string, keys *seal.Keys) store.Place {
	if keys == nil {
		return File(path)
	}
	return Encrypted{File: File(path), Keys: keys}
}

// Load is [File.Load].
func (e Encrypted) Load(ctx context.Context) (store.Record, error) {
	s, err := load(ctx, e)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Lock is [File.Lock].
func (e Encrypted) Lock(ctx context.Context, o store.Options) (store.Locked, error) {
	s, err := open(ctx, e, o)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Rebuild is [File.Rebuild].
func (e Encrypted) Rebuild(ctx context.Context, o store.Options) (store.Locked, *store.Damaged, error) {
	s, damaged, err := rebuild(ctx, e, o)
	if err != nil {
		return nil, damaged, err
	}
	return s, damaged, nil
}
