package planfile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/internal/planjson"
	"github.com/dirform/dirform/state"
)

// bufferSize is how much is written at once. One change larger than that (a group of many members) grows the buffer.
const bufferSize = 256 << 10

// Writer writes a plan. It is a planner.Sink: first all findings, then all changes, then all records; then Close or Abort.
// It is not safe for concurrent use. After an error every further call returns that error and Close leaves no file.
type Writer struct {
	file   target
	hash   hash.Hash
	buf    []byte
	json   planjson.Writer
	at     int64 // bytes already handed to file
	layout layout
	header planner.Header
	err    error
	done   bool
}

// layout is where the sections begin and how many lines they have.
type layout struct {
	start [sections]int64
	count [sections]int64
	now   section
}

// enter moves on to section s at the offset at. It reports false if s is behind already.
func (l *layout) enter(s section, at int64) bool {
	if s < l.now {
		return false
	}
	for l.now < s {
		l.now++
		l.start[l.now] = at
	}
	l.count[s]++
	return true
}

// Create begins the plan file path, in place of any file of that name once Close succeeds; until then it stands beside it under
// a temporary name. Header.FormatVersion is set to the version this package writes.
func Create(path string, h planner.Header) (*Writer, error) {
	file, err := newNamedTarget(path)
	if err != nil {
		return nil, fmt.Errorf("cannot write plan file %s: %w", path, err)
	}
	return newWriter(file, h)
}

// CreateTemp begins a plan that is kept only until it has been read: in dir, or in the system's folder for temporary files if
// dir is "". Finish it with Close, then read it with Reopen.
func CreateTemp(dir string, h planner.Header) (*Writer, error) {
	file, err := newTempTarget(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot keep the plan in a temporary file: %w", err)
	}
	return newWriter(file, h)
}

func newWriter(file target, h planner.Header) (*Writer, error) {
	h.FormatVersion = planner.FormatVersion
	w := &Writer{file: file, hash: sha256.New(), header: h, buf: make([]byte, 0, bufferSize+bufferSize/4)}
	w.layout.count[inHeader] = 1
	w.buf, w.err = appendLine(w.buf, headerPrefix, h)
	if w.err != nil {
		w.Abort()
		return nil, w.err
	}
	return w, nil
}

// Finding writes f. All findings come before all changes.
func (w *Writer) Finding(f *planner.Finding) error {
	if !w.enter(inFindings) {
		return w.err
	}
	if w.buf, w.err = appendLine(w.buf, findingPrefix, f); w.err != nil {
		return w.err
	}
	return w.flushFull()
}

// Change writes c, after those that have to be carried out before it.
func (w *Writer) Change(c *state.Change) error {
	if !w.enter(inChanges) {
		return w.err
	}
	w.buf = append(w.json.Append(append(w.buf, changePrefix...), c, planjson.Full), "}\n"...)
	return w.flushFull()
}

// Record writes r. All records come after all changes.
func (w *Writer) Record(r *planner.Record) error {
	if !w.enter(inRecords) {
		return w.err
	}
	w.buf = append(w.json.AppendRecord(append(w.buf, recordPrefix...), r), "}\n"...)
	return w.flushFull()
}

func (w *Writer) enter(s section) bool {
	if w.err == nil && w.done {
		w.err = errors.New("the plan has been closed already")
	}
	if w.err == nil && !w.layout.enter(s, w.at+int64(len(w.buf))) {
		w.err = errors.New("a plan holds findings, changes and records in this order")
	}
	return w.err == nil
}

func (w *Writer) flushFull() error {
	if len(w.buf) < bufferSize {
		return nil
	}
	return w.flush()
}

func (w *Writer) flush() error {
	if w.err != nil {
		return w.err
	}
	w.hash.Write(w.buf)
	n, err := w.file.Write(w.buf)
	w.at += int64(n)
	w.buf = w.buf[:0]
	if err != nil {
		w.err = fmt.Errorf("writing plan file %s: %w", w.file.name(), err)
	}
	return w.err
}

// Close ends the plan with its totals and, for a named file, puts it in place durably. If it returns an error there is no
// new file and an old one of the same name is as it was.
func (w *Writer) Close(t planner.Totals) error {
	if !w.enter(inEnd) {
		w.Abort()
		return w.err
	}
	end := ending{Totals: t, Findings: w.layout.count[inFindings], Changes: w.layout.count[inChanges], Records: w.layout.count[inRecords]}
	if w.buf, w.err = appendLine(w.buf, endPrefix, end); w.err == nil {
		w.err = w.flush()
	}
	if w.err == nil {
		w.buf = append(append(append(w.buf, sumPrefix...), hex.EncodeToString(w.hash.Sum(nil))...), sumSuffix...)
		w.err = w.flush()
	}
	if w.err == nil {
		if err := w.file.commit(); err != nil {
			w.err = fmt.Errorf("writing plan file %s: %w", w.file.name(), err)
		}
	}
	if w.err != nil {
		w.Abort()
		return w.err
	}
	w.done, w.buf = true, nil
	return nil
}

// Abort gives the plan up and removes what was written of it. After a successful Close it does nothing, so that it can be
// deferred.
func (w *Writer) Abort() {
	if w.done {
		return
	}
	w.done = true
	if w.err == nil {
		w.err = errors.New("the plan was given up")
	}
	w.file.discard()
}

// Reopen reads what a successful Close has finished; call it once. A temporary plan vanishes when the reader is closed.
func (w *Writer) Reopen() (*Reader, error) {
	switch {
	case w.err != nil:
		return nil, w.err
	case !w.done:
		return nil, errors.New("the plan has not been closed yet")
	}
	return w.file.reopen()
}
