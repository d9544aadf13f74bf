package objects

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/wrap"
)

// What the objects of a record are, and in which version. A dirform refuses what it does not know as that of a newer
// one.
const (
	entryFormat = "dirform 1" // of the journal
	// fileFormat is a whole record as one SQLite file, which is read still. The next that is written is in
	// recordFormat.
	fileFormat = "dirform 1"
	// recordFormat is a whole record as a SQLite file without links, behind its size in 8 bytes, little-endian, and the
	// links as package columns writes them.
	recordFormat = "dirform 2"
)

// newEpoch makes what tells one whole record from every other.
func newEpoch() string {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// pack writes content to w as an object has it: compressed, and sealed if there are keys. How it begins is random.
func (p *Place) pack(w io.Writer, kind seal.Kind, format string, content func(io.Writer) error) error {
	var sealed io.WriteCloser
	if p.o.Keys != nil {
		var err error
		if sealed, err = p.o.Keys.Writer(w, kind); err != nil {
			return err
		}
		w = sealed
	}
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	z.Name, z.Comment = format, newEpoch()
	if err := content(z); err != nil {
		return err
	}
	if err := z.Close(); err != nil || sealed == nil {
		return err
	}
	return sealed.Close()
}

// opened is an object's content.
type opened struct {
	*bufio.Reader
	format  string
	from    *bufio.Reader // what it is unpacked from
	clear   bool          // it is not sealed
	current bool          // it is sealed by the key that seals now, or there is no key and it is not sealed
}

// unpack opens an object of size bytes, of which no more than most are read unpacked. The errors are faults: what is no
// whole object of that kind, in one of some formats, wraps [store.ErrDamaged], and what there is no key for one of
// package seal's.
func (p *Place) unpack(from io.ReaderAt, size, most int64, kind seal.Kind, formats ...string) (*opened, error) {
	o := &opened{}
	magic := make([]byte, min(size, int64(seal.MagicSize)))
	if _, err := from.ReadAt(magic, 0); err != nil && err != io.EOF {
		return nil, err
	}
	var content io.Reader = io.NewSectionReader(from, 0, size)
	o.clear, o.current = true, p.o.Keys == nil
	if seal.Sealed(magic) {
		f, err := p.o.Keys.Open(from, size, kind)
		if err != nil {
			return nil, p.unsealed(err)
		}
		o.clear, o.current = false, f.Current()
		if content, err = f.From(0); err != nil {
			return nil, p.unsealed(err)
		}
	}
	o.from = bufio.NewReaderSize(content, 64<<10)
	z, err := gzip.NewReader(o.from)
	if err != nil {
		return nil, p.unread(err)
	}
	z.Multistream(false)
	if o.format = z.Name; !slices.Contains(formats, o.format) {
		if strings.HasPrefix(o.format, "dirform ") {
			return nil, p.newer()
		}
		return nil, p.damaged("it is nothing that this dirform has written")
	}
	o.Reader = bufio.NewReaderSize(&limited{z, most, p.String()}, 64<<10)
	return o, nil
}

// end is after the content: nothing may follow, and what was sealed must be whole.
func (p *Place) end(o *opened) error {
	if _, err := o.ReadByte(); err != io.EOF {
		if err == nil {
			err = errors.New("something follows its end")
		}
		return p.unread(err)
	}
	if _, err := o.from.ReadByte(); err != io.EOF {
		if err == nil {
			err = errors.New("something follows its end")
		}
		return p.unread(err)
	}
	return nil
}

// unsealed says why a sealed object cannot be opened.
func (p *Place) unsealed(err error) error {
	if errors.Is(err, seal.ErrNoKey) || errors.Is(err, seal.ErrWrongKey) {
		return wrap.Refused(err, p.String())
	}
	if errors.Is(err, seal.ErrNewer) {
		return p.newer()
	}
	return p.unread(err)
}

func (p *Place) newer() error {
	return &fault.Error{Summary: "the state was written by a newer dirform", Hint: "Upgrade dirform.",
		Detail: p.String() + " is in a format that this dirform does not know."}
}

// unread is the error of an object whose content is not as it was written, or of reading it.
func (p *Place) unread(err error) error {
	var local *os.PathError
	var known fault.Described
	if errors.As(err, &local) || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	return p.damaged(err.Error())
}

func (p *Place) damaged(what string) error {
	return &fault.Error{Summary: "the state is damaged", Detail: fmt.Sprintf("%s: %s.", p, what), Err: store.ErrDamaged,
		Hint: "Restore it from a backup or an earlier version of the object, or make it anew from both directories with " +
			"`dirform state rebuild`."}
}

// inClear refuses a record that is not sealed although there are keys: whoever lacks them can have made it.
func (p *Place) inClear() error {
	return &fault.Error{Summary: "the state is not encrypted, and encryption is configured", Err: seal.ErrClear,
		Detail: p.String() + " was written without the key, so anybody who may write to the bucket can have made it.",
		Hint: "If it is the record from before encryption was configured, write encrypt_existing = true into the state block " +
			"for one apply, which encrypts it; then remove that. Otherwise restore an earlier version of the object."}
}

// limited fails beyond a number of bytes.
type limited struct {
	io.Reader
	left int64
	what string
}

// Read reads.
func (l *limited) Read(b []byte) (int, error) {
	n, err := l.Reader.Read(b)
	if l.left -= int64(n); l.left < 0 {
		return 0, &fault.Error{Summary: l.what + " is too large", Detail: "It has more bytes than dirform reads (dirform help limits)."}
	}
	return n, err
}

// download copies an object into a file, which is closed, and tells its size.
func (p *Place) download(ctx context.Context, name, file string) (info Info, err error) {
	r, info, err := p.bucket.Get(ctx, name)
	if err != nil {
		return info, err
	}
	defer r.Close()
	f, err := os.OpenFile(file, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return info, err
	}
	info.Size, err = io.Copy(f, &limited{r, bounds.Record, p.String()})
	return info, errors.Join(err, f.Close())
}
