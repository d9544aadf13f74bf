package snapshot

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state/atomicfile"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/outfile"
	"github.com/dirform/dirform/state/seal"
)

const (
	firstPrefix = `{"dirform_snapshot":`
	firstLine   = firstPrefix + `"1.0"}` + "\n"
	endLine     = `{"end":%020d,"sha256":"%s"}` + "\n"
	bufferSize  = 256 << 10
)

// endSize is the length of the last line.
var endSize = int64(len(fmt.Sprintf(endLine, 0, hex.EncodeToString(make([]byte, sha256.Size)))))

// Output is a snapshot as something that a command writes. A sealed file of another kind is none.
var Output = outfile.Kind{Cannot: "cannot write snapshot", No: "is not a snapshot", Example: "monday.dfsnapshot",
	Own: func(begin []byte) bool {
		return bytes.HasPrefix(begin, []byte(firstPrefix)) || seal.SealedAs(begin, seal.Snapshot)
	}}

// section is a part of a snapshot: rows of one sort.
type section struct {
	Name  string   `json:"name"`
	Start int64    `json:"start"`
	Size  int64    `json:"size"`
	Rows  int64    `json:"rows"`
	Names []string `json:"names,omitempty"` // of the attributes of its objects
}

// contents is the line that says where everything is.
type contents struct {
	Facts    *facts    `json:"facts"`
	Sections []section `json:"sections"`
}

// target is a file that a snapshot is written to.
type target struct {
	io.Writer
	commit  func() (*File, error) // what was written, to be read
	discard func()
}

// named is the file path, sealed if there are keys.
func named(path string, keys *seal.Keys) (*target, error) {
	if err := Output.May(path, path); err != nil {
		return nil, err
	}
	file, err := atomicfile.Create(path, 0o600)
	if err != nil {
		return nil, &fault.Error{Summary: "cannot write snapshot " + path, Err: err,
			Hint: "Name a file in a folder that exists and may be written to."}
	}
	t := &target{Writer: file, discard: file.Discard}
	end := func() error { return nil }
	if keys != nil {
		in, err := keys.Writer(file, seal.Snapshot)
		if err != nil {
			file.Discard()
			return nil, err
		}
		t.Writer, end = in, in.Close
	}
	t.commit = func() (*File, error) {
		if err := end(); err != nil {
			return nil, err
		}
		if err := file.Commit(); err != nil {
			return nil, err
		}
		return Open(path, keys)
	}
	return t, nil
}

// temporary is a file that nobody finds, in dir or the system's folder for such files.
func temporary(dir string) (*target, error) {
	file, err := os.CreateTemp(dir, "dirform-snapshot-*.tmp") // mode 0600
	if err != nil {
		return nil, &fault.Error{Summary: "cannot keep what was read in a temporary file", Err: err}
	}
	left := os.Remove(file.Name()) != nil // Windows removes no open file
	remove := func() error {
		err := file.Close()
		if left {
			_ = os.Remove(file.Name())
		}
		return err
	}
	return &target{Writer: file, discard: func() { _ = remove() }, commit: func() (*File, error) {
		size, err := file.Seek(0, io.SeekEnd)
		if err != nil {
			return nil, err
		}
		f := &File{from: plain{file}, close: remove}
		return f, f.verify(size)
	}}, nil
}

// writer writes a snapshot, one section after the other.
type writer struct {
	to       *target
	buf      *bufio.Writer // to sink
	hash     hash.Hash
	at       int64
	zip      *gzip.Writer
	sections []section
	row      []byte
	err      error
}

func newWriter(to *target) *writer {
	w := &writer{to: to, hash: sha256.New()}
	w.buf = bufio.NewWriterSize(sink{w}, bufferSize)
	w.zip = gzip.NewWriter(w.buf)
	_, w.err = w.buf.WriteString(firstLine)
	return w
}

// sink is the file behind the checksum.
type sink struct{ w *writer }

// Write writes b to the file and adds it to the checksum.
func (s sink) Write(b []byte) (int, error) {
	s.w.hash.Write(b)
	n, err := s.w.to.Write(b)
	s.w.at += int64(n)
	return n, err
}

// position is how many bytes have been written.
func (w *writer) position() int64 { return w.at + int64(w.buf.Buffered()) }

// begin begins a section.
func (w *writer) begin(name string, attributes []string) {
	w.sections = append(w.sections, section{Name: name, Start: w.position(), Names: attributes})
	w.zip.Reset(w.buf)
}

// add adds a row to the section, of which fill appends the fields.
func (w *writer) add(fill func([]byte) []byte) error {
	if w.err != nil {
		return w.err
	}
	w.row = fill(w.row[:0])
	var size [binary.MaxVarintLen64]byte
	if _, w.err = w.zip.Write(size[:binary.PutUvarint(size[:], uint64(len(w.row)))]); w.err == nil {
		_, w.err = w.zip.Write(w.row)
	}
	w.sections[len(w.sections)-1].Rows++
	return w.err
}

// end ends the section.
func (w *writer) end() error {
	if w.err == nil {
		w.err = w.zip.Close()
	}
	s := &w.sections[len(w.sections)-1]
	s.Size = w.position() - s.Start
	return w.err
}

// close writes the ending.
func (w *writer) close(f *facts) (*File, error) {
	start := w.position()
	line, err := json.Marshal(contents{f, w.sections})
	if err == nil && w.err == nil {
		_, w.err = w.buf.Write(append(line, '\n'))
	}
	if w.err == nil {
		w.err = w.buf.Flush()
	}
	if err != nil || w.err != nil {
		return nil, cmp.Or(err, w.err)
	}
	if _, err := fmt.Fprintf(w.to, endLine, start, hex.EncodeToString(w.hash.Sum(nil))); err != nil {
		return nil, err
	}
	return w.to.commit()
}

// source is the bytes of a snapshot, of which any part can be read, also several parts at once.
type source interface {
	section(start, size int64) (io.Reader, error)
}

// plain is a file that holds them as they are.
type plain struct{ file io.ReaderAt }

func (p plain) section(start, size int64) (io.Reader, error) {
	return io.NewSectionReader(p.file, start, size), nil
}

// sealed is a file that holds them encrypted. A section is reached through all that stands before it.
type sealed struct{ content *seal.File }

func (s sealed) section(start, size int64) (io.Reader, error) {
	in, err := s.content.From(start)
	if err != nil {
		return nil, err
	}
	return io.LimitReader(in, size), nil
}

// File is a snapshot that has been found whole. It is safe for concurrent use.
type File struct {
	from     source
	close    func() error
	facts    *facts
	sections map[string]section
	order    []string // the names of the sections
	digest   string
	sources  map[string]providers.SourceReader // by the provider's name
	tenant   providers.TenantReader
}

// Open opens the snapshot path and reads it through once to verify it. With keys, only one that was sealed with one of
// them is taken; with nil, only one in the clear.
func Open(path string, keys *seal.Keys) (*File, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, &fault.Error{Summary: "cannot read the snapshot", Err: err}
	}
	f := &File{close: in.Close}
	info, err := in.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fault.Error{Summary: "cannot read the snapshot", Detail: path + " is not a regular file."}
	}
	if err == nil {
		var size int64
		if f.from, size, err = unseal(in, info.Size(), keys); err == nil {
			err = f.verify(size)
		}
	}
	if err != nil {
		_ = in.Close()
		return nil, explained(err, path)
	}
	return f, nil
}

// unseal is what a file of some size holds, and how many bytes that has.
func unseal(in *os.File, size int64, keys *seal.Keys) (source, int64, error) {
	begin := make([]byte, min(size, int64(max(len(firstPrefix), seal.MagicSize))))
	if _, err := in.ReadAt(begin, 0); err != nil && err != io.EOF {
		return nil, 0, err
	}
	switch {
	case seal.Sealed(begin):
		content, err := keys.Open(in, size, seal.Snapshot)
		if err != nil {
			return nil, 0, err
		}
		return sealed{content}, content.Size(), nil
	case !bytes.HasPrefix(begin, []byte(firstPrefix)):
		return nil, 0, errNone
	case keys != nil:
		return nil, 0, seal.ErrClear
	}
	return plain{in}, size, nil
}

// verify reads everything once: the first line, the checksum and the contents.
func (f *File) verify(size int64) error {
	in, err := f.from.section(0, size)
	if err != nil {
		return err
	}
	head := make([]byte, len(firstLine))
	if _, err := io.ReadFull(in, head); err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return err
	}
	switch {
	case !bytes.HasPrefix(head, []byte(firstPrefix)):
		return errNone
	case string(head) != firstLine:
		return errNewer
	case size < int64(len(firstLine))+endSize:
		return errCut
	}
	sum := sha256.New()
	sum.Write(head)
	if _, err := io.CopyN(sum, in, size-endSize-int64(len(head))); err != nil {
		return err
	}
	last, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	var start int64
	var hexSum string
	if n, _ := fmt.Sscanf(string(last), `{"end":%d,"sha256":"%64s"}`, &start, &hexSum); n != 2 {
		return errCut
	}
	if string(last) != fmt.Sprintf(endLine, start, hex.EncodeToString(sum.Sum(nil))) || start < 0 ||
		start > size-endSize {
		return errEdited
	}
	f.digest = "sha256:" + hexSum
	return f.readContents(start, size-endSize-start)
}

func (f *File) readContents(start, size int64) error {
	in, err := f.from.section(start, size)
	if err != nil {
		return err
	}
	var c contents
	if err := json.NewDecoder(in).Decode(&c); err != nil {
		return fmt.Errorf("%w: %w", errEdited, err)
	}
	if c.Facts == nil || c.Facts.Tenant == nil {
		return errEdited
	}
	f.facts, f.sections = c.Facts, map[string]section{}
	for _, s := range c.Sections {
		f.sections[s.Name], f.order = s, append(f.order, s.Name)
	}
	f.sources = map[string]providers.SourceReader{}
	for _, s := range f.facts.Sources {
		f.sources[s.Provider] = (&Source{f: f, facts: s}).inspector()
	}
	f.tenant = &Tenant{f: f, facts: f.facts.Tenant}
	if !f.facts.Tenant.Inspects {
		f.tenant = plainTenant{f.tenant}
	}
	return nil
}

// rows reads a section.
func (f *File) rows(s section) (*rowReader, error) {
	in, err := f.from.section(s.Start, s.Size)
	if err != nil {
		return nil, err
	}
	zip, err := gzip.NewReader(bufio.NewReaderSize(in, 64<<10))
	if err != nil {
		return nil, err
	}
	zip.Multistream(false)
	return &rowReader{bufio.NewReaderSize(zip, 64<<10)}, nil
}

// Close releases the file; a temporary one is gone then.
func (f *File) Close() error { return f.close() }
