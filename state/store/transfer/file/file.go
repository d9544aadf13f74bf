// Package file takes records out of files and streams, and puts them there. A file is a record of its own, as package sqlite has it.
package file

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
	"github.com/dirform/dirform/state/store/transfer"
)

// Stream writes a copy of a record to w, as a file would have it. It passes through a temporary file that only its owner may read.
func Stream(ctx context.Context, r store.Record, keys *seal.Keys, w io.Writer, o transfer.Options) error {
	return inPrivate(func(path string) error {
		if _, err := transfer.Push(ctx, r, sqlite.At(path, keys), o); err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	})
}

// inPrivate gives f the name of a file in a folder of its own, which nobody else can look into and which is gone afterwards.
func inPrivate(f func(path string) error) error {
	dir, err := os.MkdirTemp("", "dirform-state-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return f(filepath.Join(dir, "state"))
}

// Source says how records are taken out of files.
type Source struct {
	Keys *seal.Keys // of encryption
	// Clear is told that a record's key is in the clear although there are Keys; if it is nil, such a record is refused: whoever
	// can write a file could have made it.
	Clear func()
}

// limit is that of a stream, in bytes.
var limit = bounds.Record

// Received gives f the record that a stream holds.
func (s Source) Received(ctx context.Context, from io.Reader, f func(store.Record) error) error {
	return inPrivate(func(path string) error {
		to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		n, err := io.Copy(to, io.LimitReader(from, int64(limit)+1))
		if err == nil && n > int64(limit) {
			err = &bounds.TooLargeError{Path: "standard input", Limit: limit}
		}
		if shut := to.Close(); err == nil {
			err = shut
		}
		if err != nil {
			return err
		}
		return s.opened(ctx, sqlite.Encrypted{File: sqlite.File(path), Name: "standard input"}, f)
	})
}

// Opened gives f the record that the file at path holds.
func (s Source) Opened(ctx context.Context, path string, f func(store.Record) error) error {
	return s.opened(ctx, sqlite.Encrypted{File: sqlite.File(path)}, f)
}

func (s Source) opened(ctx context.Context, place sqlite.Encrypted, f func(store.Record) error) error {
	place.Keys, place.Sealed = s.Keys, true
	r, err := place.Load(ctx)
	if errors.Is(err, sqlite.ErrClear) && s.Clear != nil {
		s.Clear()
		place.Sealed = false
		r, err = place.Load(ctx)
	}
	if err != nil {
		return err
	}
	defer r.Close()
	if err := transfer.Exists(r, place); err != nil {
		return err
	}
	return f(r)
}
