package ldapd

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"

	"github.com/dirform/dirform/state/dn"
)

// maxLDIFLine bounds a folded line, so that a file that is no LDIF cannot eat the memory. Photos fit easily.
const maxLDIFLine = 16 << 20

// ldifRecord is one content record. Its values are slices of a buffer that the next record reuses.
type ldifRecord struct {
	dn     string
	line   int // where the record starts
	fields []ldifField
}

type ldifField struct {
	name, value []byte
	line        int
}

// ldifReader reads LDIF content records (RFC 2849) one at a time.
type ldifReader struct {
	in         *bufio.Reader
	name       string
	line       int // lines read so far
	buf        []byte
	rec        ldifRecord
	raw        []span // the record's logical lines in buf
	sawVersion bool
}

type span struct{ from, to, line int }

// newLDIFReader reads UTF-8, or UTF-16 as ldifde -u writes it, with or without a byte order mark before UTF-8.
func newLDIFReader(r io.Reader, name string) *ldifReader {
	in := bufio.NewReaderSize(r, 256<<10)
	switch mark, _ := in.Peek(3); {
	case bytes.HasPrefix(mark, []byte("\xef\xbb\xbf")):
		_, _ = in.Discard(3) // they were read already
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		in = bufio.NewReaderSize(unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder().Reader(in), 256<<10)
	}
	return &ldifReader{in: in, name: name}
}

func (r *ldifReader) fail(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", r.name, line, fmt.Sprintf(format, args...))
}

// next returns the next record, valid until the one after, or io.EOF.
func (r *ldifReader) next() (*ldifRecord, error) {
	for {
		if err := r.readRaw(); err != nil {
			return nil, err
		}
		if len(r.raw) == 0 {
			return nil, io.EOF
		}
		ok, err := r.parse()
		if ok || err != nil {
			return &r.rec, err
		}
	}
}

// readRaw collects the logical lines up to an empty one: folds undone, comments left out.
func (r *ldifReader) readRaw() error {
	r.buf, r.raw = r.buf[:0], r.raw[:0]
	comment := false
	for {
		start := len(r.buf)
		got, err := r.readLine()
		if err != nil {
			return err
		}
		line := r.buf[start:]
		switch {
		case len(line) == 0:
			if len(r.raw) > 0 || !got {
				return nil
			}
			comment = false
		case line[0] == ' ' && comment:
			r.buf = r.buf[:start]
		case line[0] == ' ':
			if len(r.raw) == 0 {
				return r.fail(r.line, "this line starts with a space, so it continues the one before, but there is none")
			}
			copy(r.buf[start:], line[1:])
			r.buf = r.buf[:len(r.buf)-1]
			r.raw[len(r.raw)-1].to = len(r.buf)
		case line[0] == '#':
			r.buf, comment = r.buf[:start], true
		default:
			r.raw, comment = append(r.raw, span{start, len(r.buf), r.line}), false
		}
		if len(r.buf) > 4*maxLDIFLine {
			return r.fail(r.line, "this record is larger than %d MiB", 4*maxLDIFLine>>20)
		}
	}
}

// readLine appends one physical line without its end to buf. got is false at the end of the input.
func (r *ldifReader) readLine() (got bool, err error) {
	start := len(r.buf)
	for {
		part, err := r.in.ReadSlice('\n')
		r.buf = append(r.buf, part...)
		got = got || len(part) > 0
		if errors.Is(err, bufio.ErrBufferFull) && len(r.buf)-start < maxLDIFLine {
			continue
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			return false, r.fail(r.line+1, "this line is longer than %d MiB; is the file LDIF?", maxLDIFLine>>20)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return false, r.fail(r.line+1, "%v", err)
		}
		break
	}
	if got {
		r.line++
	}
	line := bytes.TrimSuffix(r.buf[start:], []byte("\n"))
	r.buf = r.buf[:start+len(bytes.TrimSuffix(line, []byte("\r")))]
	return got, nil
}

// clone is a copy of a record that stays.
func (r *ldifRecord) clone() *ldifRecord {
	c := &ldifRecord{dn: r.dn, line: r.line, fields: make([]ldifField, len(r.fields))}
	for i, f := range r.fields {
		c.fields[i] = ldifField{bytes.Clone(f.name), bytes.Clone(f.value), f.line}
	}
	return c
}

// parse turns the collected lines into a record; ok is false if there was only a version line or a search result.
func (r *ldifReader) parse() (ok bool, err error) {
	r.rec.fields = r.rec.fields[:0]
	r.rec.dn = ""
	for _, s := range r.raw {
		f, err := r.field(s)
		if err != nil {
			return false, err
		}
		switch {
		case r.rec.dn != "":
			if err := r.collect(f); err != nil {
				return false, err
			}
		case bytes.EqualFold(f.name, []byte("dn")):
			r.rec.dn, r.rec.line = string(f.value), f.line
			if r.rec.dn == "" {
				return false, r.fail(s.line, "the dn is empty: write dn: OU=...,DC=...")
			}
		case bytes.EqualFold(f.name, []byte("version")) && !r.sawVersion:
			if r.sawVersion = true; string(f.value) != "1" {
				return false, r.fail(s.line, "version %q: only version 1 of LDIF exists", f.value)
			}
		case slices.Contains(around, strings.ToLower(string(f.name))):
		default:
			return false, r.fail(s.line, "a record starts with dn: but this one does not")
		}
	}
	return r.rec.dn != "", nil
}

// around are the names of what ldapsearch and ldbsearch print around the entries: referrals, and how the search ended.
var around = []string{"ref", "search", "result", "text", "matcheddn", "control", "pagedresults"}

func (r *ldifReader) collect(f ldifField) error {
	if bytes.EqualFold(f.name, []byte("changetype")) {
		if !bytes.EqualFold(f.value, []byte("add")) {
			return r.fail(f.line, "changetype %s: seed data describes objects, so only add makes sense here", clip(f.value))
		}
		return nil
	}
	if bytes.EqualFold(f.name, []byte("dn")) {
		return r.fail(f.line, "a second dn in one record: put an empty line before it")
	}
	r.rec.fields = append(r.rec.fields, f)
	return nil
}

// field splits "name: value", decoding base64 in place.
func (r *ldifReader) field(s span) (ldifField, error) {
	line := r.buf[s.from:s.to]
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return ldifField{}, r.fail(s.line, "expected name: value, found %s", clip(line))
	}
	f := ldifField{name: line[:colon], line: s.line}
	rest := line[colon+1:]
	switch {
	case len(rest) > 0 && rest[0] == ':':
		rest = bytes.Trim(rest[1:], " ")
		n, err := base64.StdEncoding.Decode(rest, rest)
		if err != nil {
			return f, r.fail(s.line, "the value of %s is not valid base64", clip(f.name))
		}
		f.value = rest[:n]
	case len(rest) > 0 && rest[0] == '<':
		return f, r.fail(s.line, "%s is given as a URL; put the value itself there (base64 after ::)", clip(f.name))
	default:
		f.value = bytes.TrimLeft(rest, " ")
	}
	return f, nil
}

// clip keeps quoted input short in messages.
func clip(b []byte) string {
	s := string(b[:min(len(b), 40)])
	if len(b) > 40 {
		s += "…"
	}
	return strings.ToValidUTF8(s, "?")
}

// DomainOf finds the DNS domain of an LDIF file: the DC= part of the first name that has one.
func DomainOf(r io.Reader) (string, error) {
	in := newLDIFReader(r, "LDIF")
	for {
		rec, err := in.next()
		if errors.Is(err, io.EOF) {
			return "", errors.New("no record's dn ends in DC=...,DC=...: there is no domain to serve")
		}
		if err != nil {
			return "", err
		}
		if _, err := splitDN(rec.dn); err != nil {
			return "", in.fail(rec.line, "%q is not a distinguished name such as OU=Staff,DC=corp,DC=contoso,DC=com", rec.dn)
		}
		if domain := dn.Domain(rec.dn); domain != "" {
			return domain, nil
		}
	}
}
