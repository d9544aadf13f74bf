package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// Place is the place of a record in an object store.
type Place struct {
	bucket Bucket
	name   string
	o      Options
}

var _ store.Place = (*Place)(nil)

// Options say how a record is kept.
type Options struct {
	Keys *seal.Keys // of encryption, which seal the record; nil leaves it in the clear
	// EncryptExisting takes a record in the clear in spite of keys, and seals it with the first run that writes. Otherwise it
	// is refused, since anybody can have made it.
	EncryptExisting bool
}

// New names a record in a bucket by the name of its object.
func New(b Bucket, object string, o Options) *Place { return &Place{b, object, o} }

// String is the bucket and the object's name.
func (p *Place) String() string { return p.bucket.String() + "/" + p.name }

// Load opens the record for reading: a copy of it as it is now.
func (p *Place) Load(ctx context.Context) (store.Record, error) {
	dir, err := workFolder()
	if err != nil {
		return nil, err
	}
	at, err := p.fetch(ctx, dir)
	var r store.Record
	if err == nil {
		r, err = p.local(at.file).Load(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &reading{Record: r, p: p, dir: dir, at: at}, nil
}

// workFolder makes a folder that nobody else can look into, for a copy of the record.
func workFolder() (string, error) {
	dir, err := os.MkdirTemp("", "dirform-record-")
	if err != nil {
		return "", &fault.Error{Summary: "cannot make a copy of the state", Err: err,
			Hint: "The folder for temporary files (TMPDIR) must have room for it."}
	}
	return dir, nil
}

// local is the place of a copy.
func (p *Place) local(file string) sqlite.Encrypted {
	return sqlite.Encrypted{File: sqlite.File(file), Keys: p.o.Keys, Name: p.String()}
}

// standing is where a record and its journal have come to.
type standing struct {
	file    string  // the copy; there is no such file if there is no record
	links   string  // what the copy's links are in, as package columns has them; "" if they are in the copy
	version Version // of the whole record's object, however damaged; "" if there is none
	epoch   string
	entries int  // of the journal
	current bool // the object is sealed as the keys want it
}

// fetch makes a copy of the record, with its journal replayed. Its version is known too if the error wraps
// [store.ErrDamaged].
func (p *Place) fetch(ctx context.Context, dir string) (at standing, err error) {
	const tries = 20
	for range tries {
		at, err = p.fetchOnce(ctx, dir)
		info, again := p.bucket.Stat(ctx, p.name)
		if errors.Is(again, ErrAbsent) {
			again = nil
		}
		if again != nil {
			return at, errors.Join(err, again)
		}
		if info.Version == at.version { // else it was replaced meanwhile, and the journal belongs to another one
			return at, err
		}
	}
	return at, errors.Join(err, &fault.Error{Summary: fmt.Sprintf("the state %v cannot be read", p), Detail: "It changes all the time."})
}

func (p *Place) fetchOnce(ctx context.Context, dir string) (at standing, err error) {
	at.file = filepath.Join(dir, "record")
	packed := filepath.Join(dir, "packed")
	for _, more := range []string{"", "-wal", "-shm", "-journal", "-links"} {
		os.Remove(at.file + more)
	}
	info, err := p.download(ctx, p.name, packed)
	if errors.Is(err, ErrAbsent) {
		return at, nil
	}
	at.version = info.Version
	if err != nil {
		return at, err
	}
	defer os.Remove(packed)
	clear, err := p.unpackRecord(ctx, packed, info.Size, &at)
	if err != nil {
		return at, err
	}
	r := replay{p: p, file: at.file}
	at.entries, err = p.entries(ctx, at.epoch, clear, func(d *entryDoc) error {
		if err := p.fill(ctx, &at); err != nil {
			return err
		}
		return r.entry(ctx, d)
	})
	return at, errors.Join(err, r.close())
}

// put writes an object, see [Bucket]. That it is written already by an attempt whose answer was lost is no error.
func (p *Place) put(ctx context.Context, name string, content *io.SectionReader, over Version) (Version, error) {
	v, err := p.bucket.Put(ctx, name, content, over)
	if err == nil {
		return v, nil
	}
	if v, ok := p.wrote(ctx, name, content); ok {
		return v, nil
	}
	return "", err
}

// known is by how many bytes of its begin an object is known.
const known = 200

// wrote reports whether an object is as it was to be written.
func (p *Place) wrote(ctx context.Context, name string, content *io.SectionReader) (Version, bool) {
	r, info, err := p.bucket.Get(ctx, name)
	if err != nil {
		return "", false
	}
	defer r.Close()
	if info.Size != content.Size() {
		return "", false
	}
	is, want := make([]byte, min(known, info.Size)), make([]byte, min(known, info.Size))
	if _, err := io.ReadFull(r, is); err != nil {
		return "", false
	}
	if _, err := content.ReadAt(want, 0); err != nil && err != io.EOF {
		return "", false
	}
	return info.Version, bytes.Equal(is, want)
}

// Lock opens the record for writing.
func (p *Place) Lock(ctx context.Context, o store.Options) (store.Locked, error) {
	s, err := p.lock(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := s.under(ctx, s.open); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (p *Place) lock(ctx context.Context, o store.Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	dir, err := workFolder()
	if err != nil {
		return nil, err
	}
	s := &Store{p: p, o: o, dir: dir}
	if s.lock, err = p.acquire(ctx, o); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// Rebuild locks the record to make it anew: the new one is there once its run has finished.
func (p *Place) Rebuild(ctx context.Context, o store.Options) (store.Locked, *store.Damaged, error) {
	s, err := p.lock(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	s.anew = true
	var damaged *store.Damaged
	s.at, err = p.fetch(ctx, s.dir)
	if err == nil {
		err = p.fill(ctx, &s.at)
	}
	if err == nil && s.at.version != "" {
		if err = p.readThrough(ctx, s.at.file); err == nil {
			err = &fault.Error{Summary: "there is a state already", Detail: p.String() + " is whole.",
				Hint: "It may be the better one: it knows what was applied last. To make one anew all the same, move the object " +
					"to another name first."}
		}
	}
	if errors.Is(err, store.ErrDamaged) {
		s.aside = fmt.Sprintf("%s.damaged-%s", p.name, s.o.Now().UTC().Format("20060102T150405Z"))
		damaged, err = &store.Damaged{Reason: err, KeptAs: s.aside}, nil
	}
	if err == nil {
		err = s.lock.check(ctx)
	}
	if err == nil {
		s.at.file, s.at.links, s.at.entries = filepath.Join(s.dir, "anew"), "", 0
		err = s.openLocal(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return s, damaged, nil
}

// readThrough reads everything of a copy. The error of what is no whole record wraps [store.ErrDamaged].
func (p *Place) readThrough(ctx context.Context, file string) (err error) {
	r, err := p.local(file).Load(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for _, err := range r.Links(ctx) {
		if err != nil {
			return err
		}
	}
	if _, err := r.Runs(ctx, 0); err != nil {
		return err
	}
	_, err = r.OUs(ctx)
	return err
}
