package planfile

import (
	"bytes"
	"io"

	"github.com/dirform/dirform/state/seal"
)

// file is what a plan is read from; bytes.Reader with a Close is enough.
type file interface {
	io.ReaderAt
	io.Closer
}

// source is the lines of a plan, of which any part can be read, also several parts at once.
type source interface {
	// section reads size bytes from a position on, or what there is.
	section(start, size int64) (io.Reader, error)
	io.Closer
}

// clear is a file that holds the lines as they are.
type clear struct{ file }

func (c clear) section(start, size int64) (io.Reader, error) {
	return io.NewSectionReader(c.file, start, size), nil
}

// sealed is a file that holds the lines encrypted. A section is reached through all that stands before it.
type sealed struct {
	content *seal.File
	io.Closer
}

func (s sealed) section(start, size int64) (io.Reader, error) {
	in, err := s.content.From(start)
	return io.LimitReader(in, size), err
}

// unseal are the lines that a file of some size holds, and how many bytes they have.
func unseal(f file, size int64, keys *seal.Keys) (source, int64, error) {
	begin := make([]byte, min(size, int64(max(len(headerPrefix), seal.MagicSize))))
	if _, err := f.ReadAt(begin, 0); err != nil && err != io.EOF {
		return nil, 0, err
	}
	switch {
	case seal.Sealed(begin):
		content, err := keys.Open(f, size, seal.Plan)
		if err != nil {
			return nil, 0, err
		}
		return sealed{content, f}, content.Size(), nil
	case keys != nil && bytes.HasPrefix(begin, []byte(headerPrefix)):
		return nil, 0, refuse(ErrClear, "it was not made with the key")
	case keys != nil && size > 0:
		return nil, 0, refuse(ErrNotPlan, "it is neither encrypted nor a plan")
	}
	return clear{f}, size, nil
}
