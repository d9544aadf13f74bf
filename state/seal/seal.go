package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle/noncebased"
)

// Why something is refused; test with errors.Is. They are words that can follow "it is".
var (
	ErrClear     = errors.New("not sealed")
	ErrNoKey     = errors.New("sealed, and no key is configured")
	ErrWrongKey  = errors.New("sealed with another key than those that are configured")
	ErrDamaged   = errors.New("not as it was sealed")
	ErrTruncated = errors.New("cut off")
	ErrNewer     = errors.New("sealed in a newer format")
	ErrKind      = errors.New("sealed for another purpose")
)

// Kind is what a sealed file holds.
type Kind byte

// The kinds.
const (
	Plan    Kind = 'P'
	Record  Kind = 'R' // a record in an object store
	Journal Kind = 'J' // an entry of its journal

	Snapshot Kind = 'S' // a reading of both directories
)

const (
	magic   = "\x89DFSEAL\n"
	end     = "DFSEND\r\n"
	version = 1

	saltSize    = 32
	fixedSize   = len(magic) + 2 + len(id{}) // up to the salt
	headerSize  = fixedSize + saltSize
	tagSize     = 16
	segmentSize = 64 << 10 // with its tag
	nonceSize   = 12
)

// noncePrefix begins every nonce. It may be the same in all files because no two have the same key.
var noncePrefix = make([]byte, nonceSize-5)

// Sealed reports whether a file that begins with these bytes is a sealed one. MagicSize bytes are enough to tell.
func Sealed(begin []byte) bool { return bytes.HasPrefix(begin, []byte(magic)) }

// SealedAs reports whether a file that begins with these bytes is a sealed one of a kind. It needs two bytes more than [Sealed].
func SealedAs(begin []byte, kind Kind) bool {
	return Sealed(begin) && len(begin) > MagicSize+1 && Kind(begin[MagicSize+1]) == kind
}

// MagicSize is by how many bytes a sealed file is known.
const MagicSize = len(magic)

// Writer begins a sealed file, whose content is what is written to it. Its Close ends the file and leaves w open.
func (k *Keys) Writer(w io.Writer, kind Kind) (io.WriteCloser, error) {
	name := k.all[0].id()
	header := append(append([]byte(magic), version, byte(kind)), name[:]...)
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return nil, err
	}
	aead, err := newAEAD(k.all[0].derive(salt, string(header), 32))
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(append(header, salt...)); err != nil {
		return nil, err
	}
	content, err := noncebased.NewWriter(noncebased.WriterParams{W: w, SegmentEncrypter: &segments{AEAD: aead},
		NonceSize: nonceSize, NoncePrefix: noncePrefix, PlaintextSegmentSize: segmentSize - tagSize})
	return &writer{content, w}, err
}

type writer struct {
	*noncebased.Writer
	to io.Writer
}

// Close writes the last segment and the mark of the end.
func (w *writer) Close() error {
	if err := w.Writer.Close(); err != nil {
		return err
	}
	_, err := io.WriteString(w.to, end)
	return err
}

// File is a sealed file that a key was found for. Nothing is known of its content before that is read.
type File struct {
	from io.ReaderAt
	size int64 // of the segments
	aead cipher.AEAD

	current bool // see Current
}

// Open opens a sealed file of size bytes. The error is one of this package's, but for [ErrDamaged], or from's.
func (k *Keys) Open(from io.ReaderAt, size int64, kind Kind) (*File, error) {
	header := make([]byte, min(size, int64(headerSize)))
	if _, err := from.ReadAt(header, 0); err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case !Sealed(header):
		return nil, ErrClear
	case len(header) < headerSize:
		return nil, ErrTruncated
	case header[len(magic)] != version:
		return nil, fmt.Errorf("%w: %d, where this dirform knows %d", ErrNewer, header[len(magic)], version)
	case Kind(header[len(magic)+1]) != kind:
		return nil, ErrKind
	}
	key, ok := k.find(id(header[fixedSize-len(id{}) : fixedSize]))
	if !ok {
		return nil, k.why()
	}
	size -= int64(headerSize + len(end))
	last := make([]byte, len(end))
	if size >= tagSize {
		if _, err := from.ReadAt(last, size+int64(headerSize)); err != nil && err != io.EOF {
			return nil, err
		}
	}
	if string(last) != end {
		return nil, ErrTruncated
	}
	aead, err := newAEAD(key.derive(header[fixedSize:], string(header[:fixedSize]), 32))
	return &File{from, size, aead, key == k.all[0]}, err
}

// Size is how many bytes the content has, if the file is whole.
func (f *File) Size() int64 { return f.size - tagSize*((f.size+segmentSize-1)/segmentSize) }

// From reads the content from a byte on, the first being 0, to its end. It reads what stands before it as well: each
// segment is authentic only behind those before it. What is not as it was sealed is [ErrDamaged] and handed out to
// nobody; after an error nothing more comes.
func (f *File) From(start int64) (io.Reader, error) {
	all := io.NewSectionReader(f.from, int64(headerSize), f.size)
	content, err := noncebased.NewReader(noncebased.ReaderParams{R: all, SegmentDecrypter: &segments{AEAD: f.aead},
		NonceSize: nonceSize, NoncePrefix: noncePrefix, CiphertextSegmentSize: segmentSize})
	if err != nil {
		return nil, err
	}
	r := &reader{from: content}
	_, err = io.CopyN(io.Discard, r, start)
	return r, err
}

// reader keeps to an error: what it reads from says after one that the stream is over, as if it were whole.
type reader struct {
	from io.Reader
	err  error
}

// Read reads content.
func (r *reader) Read(p []byte) (n int, err error) {
	if r.err == nil {
		n, r.err = r.from.Read(p)
	}
	return n, r.err
}

// segments seals and opens single segments, each into the memory of the one before.
type segments struct {
	cipher.AEAD
	buf []byte
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// EncryptSegment seals a segment.
func (s *segments) EncryptSegment(segment, nonce []byte) ([]byte, error) {
	s.buf = s.Seal(s.buf[:0], nonce, segment, nil)
	return s.buf, nil
}

// DecryptSegment opens a segment, or says that it is not as it was sealed.
func (s *segments) DecryptSegment(segment, nonce []byte) (content []byte, err error) {
	if content, err = s.AEAD.Open(s.buf[:0], nonce, segment, nil); err != nil {
		return nil, ErrDamaged
	}
	s.buf = content
	return content, nil
}

// Current reports whether the file was sealed with the key that seals now.
func (f *File) Current() bool { return f.current }
