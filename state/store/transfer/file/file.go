// Package file takes records out of files and streams, and puts them there. A file is a record of its own, as package sqlite has it.
package file

import (
	"context"
	"io"
	"os"
	"path/filepath"

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

// Received gives f the record that a stream holds.
func Received(ctx context.Context, from io.Reader, keys *seal.Keys, f func(store.Record) error) error {
	return inPrivate(func(path string) error {
		to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, from)
		if shut := to.Close(); err == nil {
			err = shut
		}
		if err != nil {
			return err
		}
		return Opened(ctx, path, keys, f)
	})
}

// Opened gives f the record that the file at path holds.
func Opened(ctx context.Context, path string, keys *seal.Keys, f func(store.Record) error) error {
	place := sqlite.At(path, keys)
	r, err := place.Load(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := transfer.Exists(r, place); err != nil {
		return err
	}
	return f(r)
}
