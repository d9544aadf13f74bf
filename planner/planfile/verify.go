package planfile

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
)

// maxHeader bounds the lines that have to be held in memory before the checksum vouches for them: header and end.
const maxHeader = 64 << 20

// verify reads the whole file once and fills r from it. The format version is judged first, because a newer format may
// differ in everything else, and structure last, because an edit is better told as one.
func (r *Reader) verify(size int64) error {
	if err := r.readHeader(size); err != nil {
		return err
	}
	in, err := r.file.section(0, size)
	if err != nil {
		return err
	}
	s := scan{in: bufio.NewReaderSize(in, bufferSize), hash: sha256.New()}
	if err := s.run(); err != nil {
		return err
	}
	r.layout, r.digest = s.layout, digest(s.hash)
	return r.readEnd()
}

// digest is the form in which a checksum of the whole file is told.
func digest(h hash.Hash) string { return "sha256:" + hex.EncodeToString(h.Sum(nil)) }

func (r *Reader) readHeader(size int64) error {
	if size == 0 {
		return refuse(ErrTruncated, "it is empty")
	}
	in, err := r.file.section(0, min(size, maxHeader))
	if err != nil {
		return err
	}
	lines := newLines(in, size)
	start, err := lines.in.Peek(len(headerPrefix))
	if err != nil && err != io.EOF {
		return err
	}
	if !bytes.HasPrefix([]byte(headerPrefix), start) {
		return refuse(ErrNotPlan, "it does not begin with %s", headerPrefix)
	}
	line, err := lines.next()
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return refuse(ErrTruncated, "its first line does not end")
	}
	if err != nil {
		return err
	}
	var version struct {
		FormatVersion string `json:"format_version"`
	}
	if err := decodeLine(string(line), headerPrefix, &version); err != nil {
		return refuse(ErrEdited, "its first line is not a plan's header: %v", err)
	}
	if err := checkVersion(version.FormatVersion); err != nil {
		return err
	}
	if err := decodeLine(string(line), headerPrefix, &r.header); err != nil {
		return refuse(ErrEdited, "its first line is not a plan's header: %v", err)
	}
	return nil
}

func (r *Reader) readEnd() error {
	var end ending
	in, err := r.file.section(r.layout.start[inEnd], maxHeader)
	if err != nil {
		return err
	}
	line, err := newLines(in, maxHeader).next()
	if err != nil {
		return err
	}
	if err := decodeLine(string(line), endPrefix, &end); err != nil {
		return refuse(ErrEdited, "its totals cannot be read: %v", err)
	}
	n := r.layout.count
	if end.Findings != n[inFindings] || end.Changes != n[inChanges] || end.Records != n[inRecords] || end.Skipped != n[inSkipped] ||
		end.Others != n[inOthers] {
		return refuse(ErrEdited, "it says that it has %d findings, %d changes, %d records and %d skipped, and has %d, %d, %d and %d",
			end.Findings, end.Changes, end.Records, end.Skipped, n[inFindings], n[inChanges], n[inRecords], n[inSkipped])
	}
	r.totals = end.Totals
	return nil
}

// scan is one pass over a file: checksum, sections and counts.
type scan struct {
	in     *bufio.Reader
	hash   hash.Hash
	at     int64
	layout layout
	now    section
	broken error // the first line that is out of place, told only if the checksum is right
}

func (s *scan) run() error {
	for {
		first, err := s.in.Peek(len(headerPrefix))
		switch {
		case bytes.HasPrefix(first, []byte(sumPrefix)):
			return s.finish()
		case len(first) == 0 && err == io.EOF:
			return refuse(ErrTruncated, "its last line, the checksum, is missing")
		case len(first) == 0:
			return err
		}
		s.place(first)
		if err := s.line(); err != nil {
			return err
		}
	}
}

// line takes one line of any length.
func (s *scan) line() error {
	for {
		part, err := s.in.ReadSlice('\n')
		s.hash.Write(part)
		s.at += int64(len(part))
		switch err {
		case bufio.ErrBufferFull:
		case io.EOF:
			return refuse(ErrTruncated, "it ends in the middle of a line")
		default:
			return err
		}
	}
}

// place notes to which section the line that begins with first belongs.
func (s *scan) place(first []byte) {
	for i, p := range prefixes {
		if bytes.HasPrefix(first, []byte(p)) {
			if !s.enter(section(i)) && s.broken == nil {
				s.broken = refuse(ErrEdited, "its lines are out of order at byte %d", s.at)
			}
			return
		}
	}
	if s.broken == nil {
		s.broken = refuse(ErrEdited, "it has a line at byte %d that no plan has", s.at)
	}
}

// enter counts a line of section to. It reports false if that section is over.
func (s *scan) enter(to section) bool {
	if to < s.now {
		return false
	}
	for s.now < to {
		s.now++
		s.layout.start[s.now] = s.at
	}
	s.layout.count[to]++
	return true
}

// finish judges the checksum, which is next, and what may follow it.
func (s *scan) finish() error {
	const length = len(sumPrefix) + sumHexLen + len(sumSuffix)
	line := make([]byte, length)
	n, err := io.ReadFull(s.in, line)
	if err != nil && err != io.ErrUnexpectedEOF {
		return err
	}
	if err != nil && bytes.IndexByte(line[:n], '\n') < 0 {
		return refuse(ErrTruncated, "it ends within its checksum")
	}
	want := append(append([]byte(sumPrefix), hex.EncodeToString(s.hash.Sum(nil))...), sumSuffix...)
	if !bytes.Equal(line, want) {
		return refuse(ErrEdited, "its checksum is not that of its content")
	}
	switch _, err := s.in.Peek(1); err {
	case io.EOF:
	case nil:
		return refuse(ErrAppended, "something stands behind its last line")
	default:
		return err
	}
	if s.broken == nil && (s.layout.count[inHeader] != 1 || s.layout.count[inEnd] != 1) {
		s.broken = refuse(ErrEdited, "it does not have exactly one header and one line of totals")
	}
	s.hash.Write(line)
	return s.broken
}
