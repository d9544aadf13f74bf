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
	"strings"

	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/wrap"
)

// format is what the objects of a record are, and in which version.
const format = "dirform 1"

// newEpoch makes what tells one whole record from every other.
func newEpoch() string {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// pack writes content to w as an object has it: compressed, and sealed if there are keys. How it begins is random.
func (p *Place) pack(w io.Writer, kind seal.Kind, content func(io.Writer) error) error {
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
	*gzip.Reader
	from    *bufio.Reader
	clear   bool // it is not sealed
	current bool // it is sealed by the key that seals now, or there is no key and it is not sealed
}

// unpack opens an object of size bytes. The errors are faults: what is no whole object of that kind wraps
// [store.ErrDamaged], and what there is no key for one of package seal's.
func (p *Place) unpack(from io.ReaderAt, size int64, kind seal.Kind) (*opened, error) {
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
	var err error
	if o.Reader, err = gzip.NewReader(o.from); err != nil {
		return nil, p.unread(err)
	}
	o.Multistream(false)
	if strings.HasPrefix(o.Name, "dirform ") && o.Name != format {
		return nil, p.newer()
	}
	if o.Name != format {
		return nil, p.damaged("it is nothing that this dirform has written")
	}
	return o, nil
}

// end is after the content: nothing may follow, and what was sealed must be whole.
func (p *Place) end(o *opened) error {
	if _, err := o.Read(make([]byte, 1)); err != io.EOF {
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
