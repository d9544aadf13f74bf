// Package rows keeps very many directory objects in little memory: fixed-size rows without pointers in chunks, open-addressing
// indexes over them, and the objects' values in a spool that becomes an unlinked temporary file once it outgrows memory.
package rows

import (
	"encoding/binary"
	"fmt"
	"os"
)

const (
	spoolBuffer = 1 << 20 // bytes kept in memory: below it no file is made, afterwards they are gathered for a write
	// ReadAhead is how many bytes are fetched with a record's length, so that most records take one read: the least size of a
	// scratch that is worth to be given to [Spool.Read].
	ReadAhead = 2 << 10
)

// Spool is an append-only store of byte records. Appending is for one goroutine; reading is safe for several once appending
// has ended.
type Spool struct {
	dir     string
	file    *os.File
	buf     []byte
	flushed int64 // bytes in file; buf continues there
}

// NewSpool makes a spool whose file, if it comes to one, is made in dir ("" for the system's temporary folder). The file holds
// directory values, so it is readable by its owner only and has no name from the moment it exists.
func NewSpool(dir string) *Spool { return &Spool{dir: dir} }

// Append adds a record and returns its offset.
func (s *Spool) Append(record []byte) (uint64, error) {
	off := uint64(s.flushed) + uint64(len(s.buf))
	s.buf = binary.LittleEndian.AppendUint32(s.buf, uint32(len(record)))
	s.buf = append(s.buf, record...)
	if len(s.buf) < spoolBuffer {
		return off, nil
	}
	return off, s.flush()
}

func (s *Spool) flush() error {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "dirform-spool-*")
		if err != nil {
			return fmt.Errorf("keeping directory values on disk: %w", err)
		}
		if err := os.Remove(f.Name()); err != nil {
			f.Close()
			return fmt.Errorf("keeping directory values on disk: %w", err)
		}
		s.file = f
	}
	n, err := s.file.Write(s.buf)
	if err != nil {
		return fmt.Errorf("keeping directory values on disk (is the temporary folder full? TMPDIR names another): %w", err)
	}
	s.flushed += int64(n)
	s.buf = s.buf[:0]
	return nil
}

// Read returns the record at off. scratch is reused if it is large enough; the result is valid until scratch is used again.
func (s *Spool) Read(off uint64, scratch []byte) ([]byte, error) {
	if int64(off) >= s.flushed {
		b := s.buf[int64(off)-s.flushed:]
		return b[4 : 4+binary.LittleEndian.Uint32(b)], nil
	}
	if cap(scratch) < ReadAhead {
		scratch = make([]byte, ReadAhead)
	}
	scratch = scratch[:min(int64(ReadAhead), s.flushed-int64(off))]
	if _, err := s.file.ReadAt(scratch, int64(off)); err != nil {
		return nil, fmt.Errorf("reading back directory values: %w", err)
	}
	n := int(binary.LittleEndian.Uint32(scratch))
	if n+4 <= len(scratch) {
		return scratch[4 : 4+n], nil
	}
	record := make([]byte, n)
	if _, err := s.file.ReadAt(record, int64(off)+4); err != nil {
		return nil, fmt.Errorf("reading back directory values: %w", err)
	}
	return record, nil
}

// Close frees the spool.
func (s *Spool) Close() error {
	s.buf = nil
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
