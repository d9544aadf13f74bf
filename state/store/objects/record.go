package objects

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"iter"
	"os"
	"sync"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/objects/internal/columns"
	"github.com/dirform/dirform/state/store/sqlite"
)

// epochSize is how many bytes of a whole record its epoch takes, with which it begins: in hexadecimal digits.
const epochSize = 32

// packRecord writes a record into a file as its object has it.
func (p *Place) packRecord(ctx context.Context, r *sqlite.Store, packed, epoch string) error {
	bare := packed + "-bare"
	os.Remove(bare)
	defer os.Remove(bare)
	if err := r.CopyWithoutLinks(ctx, bare); err != nil {
		return err
	}
	err := writeFile(packed, func(to io.Writer) error {
		return p.pack(to, seal.Record, recordFormat, func(w io.Writer) error {
			if _, err := io.WriteString(w, epoch); err != nil {
				return err
			}
			if err := packFile(w, bare); err != nil {
				return err
			}
			return packLinks(ctx, w, r)
		})
	})
	if err != nil {
		return &fault.Error{Summary: "cannot write the state", Err: err}
	}
	return nil
}

// writeFile writes a file that nobody else may read.
func writeFile(path string, content func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = content(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// packFile writes a file with its size.
func packFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		err = binary.Write(w, binary.LittleEndian, info.Size())
	}
	if err == nil {
		_, err = io.CopyN(w, f, info.Size())
	}
	return err
}

// packLinks writes the links of a record.
func packLinks(ctx context.Context, w io.Writer, r *sqlite.Store) error {
	to, err := columns.NewWriter(w, r.Meta().Key)
	if err != nil {
		return err
	}
	for l, err := range r.Links(ctx) {
		if err == nil {
			err = to.Add(l)
		}
		if err != nil {
			return err
		}
	}
	return to.Close()
}

// unpackRecord makes the copy of what was downloaded. A record in the clear where it must not be is read through, and
// nothing is made of it.
func (p *Place) unpackRecord(ctx context.Context, packed string, size int64, at *standing) (clear bool, err error) {
	f, err := os.Open(packed)
	if err != nil {
		return false, err
	}
	defer f.Close()
	o, err := p.unpack(f, size, bounds.Record, seal.Record, recordFormat, fileFormat)
	if err != nil {
		return false, err
	}
	epoch := make([]byte, epochSize)
	if _, err := io.ReadFull(o, epoch); err != nil {
		return false, p.unread(err)
	}
	at.epoch, at.current = string(epoch), o.current && o.format == recordFormat
	if o.clear && p.o.Keys != nil && !p.o.EncryptExisting {
		if _, err = io.Copy(io.Discard, o); err != nil {
			return true, p.unread(err)
		}
		if err = p.end(o); err == nil {
			err = p.inClear()
		}
		return true, err
	}
	err = writeFile(at.file, func(to io.Writer) error { return unpackFile(to, o) })
	if err == nil && o.format == recordFormat {
		at.links = at.file + "-links"
		err = writeFile(at.links, func(to io.Writer) error {
			_, err := io.Copy(to, o)
			return err
		})
	}
	if err != nil {
		return o.clear, p.unread(err)
	}
	return o.clear, p.end(o)
}

// unpackFile reads the SQLite file.
func unpackFile(to io.Writer, o *opened) error {
	if o.format == fileFormat {
		_, err := io.Copy(to, o)
		return err
	}
	var size int64
	if err := binary.Read(o, binary.LittleEndian, &size); err != nil {
		return err
	}
	_, err := io.CopyN(to, o, size)
	return err
}

// linksIn reads the links that a file has. What is wrong with them is the last element, a fault.
func (p *Place) linksIn(file string, key state.Key) iter.Seq2[*state.Link, error] {
	return func(yield func(*state.Link, error) bool) {
		f, err := os.Open(file)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		from := bufio.NewReaderSize(f, 64<<10)
		for l, err := range columns.Read(from, key) {
			if err != nil {
				err = p.unread(err)
			}
			if !yield(l, err) || err != nil {
				return
			}
		}
		if _, err := from.ReadByte(); err != io.EOF {
			yield(nil, p.damaged("something follows its links"))
		}
	}
}

// fill puts the links into the copy, if they are beside it, for whoever writes to it.
func (p *Place) fill(ctx context.Context, at *standing) error {
	if at.links == "" {
		return nil
	}
	err := p.addLinks(ctx, at.file, at.links)
	if err == nil {
		err = os.Remove(at.links)
		at.links = ""
	}
	return err
}

// addLinks puts links from beside a copy into it.
func (p *Place) addLinks(ctx context.Context, file, links string) error {
	return p.local(file).AddLinks(ctx, func(key state.Key) iter.Seq2[*state.Link, error] {
		return p.linksIn(links, key)
	})
}

// reading is a record that is read from a copy.
type reading struct {
	store.Record
	p    *Place
	dir  string
	at   standing
	mu   sync.Mutex
	full store.Record // what answers for single links, if those are beside the copy
}

// Links streams all recorded links, ordered by anchor. That takes a fraction of the time that it takes to put them into
// the copy first.
func (r *reading) Links(ctx context.Context) iter.Seq2[*state.Link, error] {
	if r.at.links == "" {
		return r.Record.Links(ctx)
	}
	return func(yield func(*state.Link, error) bool) {
		for l, err := range r.p.linksIn(r.at.links, r.Meta().Key) {
			if ctx.Err() != nil {
				l, err = nil, context.Cause(ctx)
			}
			if !yield(l, err) || err != nil {
				return
			}
		}
	}
}

// Link is the recorded link of an anchor. The first that is asked for puts all links into another copy, where each has
// its place.
func (r *reading) Link(ctx context.Context, anchor string) (*state.Link, bool, error) {
	if r.at.links == "" {
		return r.Record.Link(ctx, anchor)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.full == nil {
		full, err := r.filled(ctx)
		if err != nil {
			return nil, false, err
		}
		r.full = full
	}
	return r.full.Link(ctx, anchor)
}

// filled is the copy with the links in it. It is another one, since this one is being read.
func (r *reading) filled(ctx context.Context) (store.Record, error) {
	at := r.at
	at.file += "-full"
	err := writeFile(at.file, func(to io.Writer) error {
		from, err := os.Open(r.at.file)
		if err != nil {
			return err
		}
		defer from.Close()
		_, err = io.Copy(to, from)
		return err
	})
	if err == nil {
		err = r.p.addLinks(ctx, at.file, at.links)
	}
	if err != nil {
		return nil, err
	}
	return r.p.local(at.file).Load(ctx)
}

// Close closes the record and removes the copy.
func (r *reading) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.Record.Close()
	if r.full != nil {
		err = errors.Join(err, r.full.Close())
		r.full = nil
	}
	return errors.Join(err, os.RemoveAll(r.dir))
}
