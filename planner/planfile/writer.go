package planfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/internal/planjson"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/outfile"
	"github.com/dirform/dirform/state/seal"
)

// bufferSize is how much is written at once. One change larger than that (a group of many members) grows the buffer.
const bufferSize = 256 << 10

// Writer writes a plan. It is a planner.Sink: findings, changes, records and skipped may come interleaved, each in its
// own order; then Close or Abort. It is not safe for concurrent use. After an error every further call returns that
// error and Close leaves no file.
type Writer struct {
	file     target
	hash     hash.Hash
	buf      []byte
	json     planjson.Writer
	at       int64 // bytes already handed to file
	layout   layout
	findings spool
	records  spool
	skipped  spool
	others   spool
	plan     contents
	err      error
	done     bool
}

// contents is what a plan holds besides its sequences.
type contents struct {
	header planner.Header
	totals planner.Totals
	digest string
}

// Create begins the plan file path, in place of a plan of that name once Close succeeds; until then it stands beside it
// under a temporary name. [Output] says what is not replaced.
// With keys it is sealed, so that only they open it. Header.FormatVersion is set to the version this package writes.
func Create(path string, h planner.Header, keys *seal.Keys) (*Writer, error) {
	if err := Output.May(path, path); err != nil {
		return nil, err
	}
	file, err := newTarget(path, keys)
	if err != nil {
		return nil, &fault.Error{Summary: "cannot write plan file " + path, Err: err}
	}
	return newWriter(file, h)
}

// Output is a plan file as something that a command writes. A sealed file of another kind is none.
var Output = outfile.Kind{Cannot: "cannot write plan file", No: "is not a plan", Example: "monday.dfplan", Own: func(begin []byte) bool {
	return bytes.HasPrefix(begin, []byte(headerPrefix)) || seal.SealedAs(begin, seal.Plan)
}}

// CreateTemp begins a plan that is kept only until it has been read: in dir, or in the system's folder for temporary
// files if dir is "". Finish it with Close, then read it with Reopen.
func CreateTemp(dir string, h planner.Header) (*Writer, error) {
	file, err := newTempTarget(dir)
	if err != nil {
		return nil, &fault.Error{Summary: "cannot keep the plan in a temporary file", Err: err}
	}
	return newWriter(file, h)
}

func newWriter(file target, h planner.Header) (*Writer, error) {
	h.FormatVersion = planner.FormatVersion
	w := &Writer{file: file, hash: sha256.New(), plan: contents{header: h},
		findings: spool{dir: file.folder()}, records: spool{dir: file.folder()}, skipped: spool{dir: file.folder()}, others: spool{dir: file.folder()}}
	if w.buf, w.err = appendLine(w.buf, headerPrefix, h); w.err != nil {
		w.Abort()
		return nil, w.err
	}
	w.layout.count[inHeader] = 1
	w.begin(inChanges, 0)
	return w, nil
}

// Finding adds f.
func (w *Writer) Finding(f *planner.Finding) error {
	if !w.open() {
		return w.err
	}
	if w.findings.buf, w.err = appendLine(w.findings.buf, findingPrefix, f); w.err == nil {
		w.findings.count++
		w.err = w.wrap(w.findings.full())
	}
	return w.err
}

// Change adds c, after those that have to be carried out before it.
func (w *Writer) Change(c *state.Change) error {
	if !w.open() {
		return w.err
	}
	w.buf = append(w.json.Append(append(w.buf, changePrefix...), c, planjson.Full), "}\n"...)
	w.layout.count[inChanges]++
	if len(w.buf) >= bufferSize {
		w.flush()
	}
	return w.err
}

// Record adds r.
func (w *Writer) Record(r *planner.Record) error {
	if !w.open() {
		return w.err
	}
	w.records.buf = append(w.json.AppendRecord(append(w.records.buf, recordPrefix...), r), "}\n"...)
	w.records.count++
	w.err = w.wrap(w.records.full())
	return w.err
}

// Skipped adds s.
func (w *Writer) Skipped(s *planner.Skipped) error {
	if !w.open() {
		return w.err
	}
	w.skipped.buf = append(planjson.AppendSkipped(append(w.skipped.buf, skippedPrefix...), s), "}\n"...)
	w.skipped.count++
	w.err = w.wrap(w.skipped.full())
	return w.err
}

// NoLonger adds a change that only the plan of another configuration has.
func (w *Writer) NoLonger(c *state.Change) error {
	if !w.open() {
		return w.err
	}
	w.others.buf = append(w.json.Append(append(w.others.buf, othersPrefix...), c, planjson.Full), "}\n"...)
	w.others.count++
	w.err = w.wrap(w.others.full())
	return w.err
}

// open reports whether the plan still takes lines.
func (w *Writer) open() bool {
	if w.err == nil && w.done {
		w.err = errors.New("the plan has been closed already")
	}
	return w.err == nil
}

// begin notes that section s of count lines starts here.
func (w *Writer) begin(s section, count int64) {
	w.layout.start[s] = w.at + int64(len(w.buf))
	w.layout.count[s] = count
}

func (w *Writer) flush() {
	if w.err == nil {
		_, w.err = sink{w}.Write(w.buf)
		w.buf = w.buf[:0]
	}
}

func (w *Writer) wrap(err error) error {
	if err == nil {
		return nil
	}
	return &fault.Error{Summary: "cannot write plan file " + w.file.name(), Err: err}
}

// sink is the file behind the checksum.
type sink struct{ w *Writer }

// Write writes b to the file and adds it to the checksum.
func (s sink) Write(b []byte) (int, error) {
	s.w.hash.Write(b)
	n, err := s.w.file.Write(b)
	s.w.at += int64(n)
	return n, s.w.wrap(err)
}

// Close ends the plan with its totals and, for a named file, puts it in place durably. If it returns an error there is
// no new file and an old one of the same name is as it was.
func (w *Writer) Close(t planner.Totals) error {
	if !w.open() {
		w.Abort()
		return w.err
	}
	w.append(inFindings, &w.findings)
	w.append(inRecords, &w.records)
	w.append(inSkipped, &w.skipped)
	w.append(inOthers, &w.others)
	w.finish(t)
	if w.err == nil {
		w.err = w.wrap(w.file.commit())
	}
	if w.err != nil {
		w.Abort()
		return w.err
	}
	w.done, w.buf = true, nil
	return nil
}

// append writes a section that was spooled.
func (w *Writer) append(s section, from *spool) {
	w.flush()
	w.begin(s, from.count)
	if w.err == nil {
		w.err = from.drain(sink{w})
	}
}

// finish writes the last two lines.
func (w *Writer) finish(t planner.Totals) {
	n := &w.layout.count
	w.begin(inEnd, 1)
	if w.err == nil {
		w.buf, w.err = appendLine(w.buf, endPrefix, ending{Totals: t, Findings: n[inFindings], Changes: n[inChanges], Records: n[inRecords],
			Skipped: n[inSkipped], Others: n[inOthers]})
	}
	w.flush()
	w.buf = append(append(append(w.buf, sumPrefix...), hex.EncodeToString(w.hash.Sum(nil))...), sumSuffix...)
	w.flush()
	w.plan.totals, w.plan.digest = t, digest(w.hash)
}

// Abort gives the plan up and removes what was written of it. After a successful Close it does nothing, so that it can
// be deferred.
func (w *Writer) Abort() {
	if w.done {
		return
	}
	w.done = true
	if w.err == nil {
		w.err = errors.New("the plan was given up")
	}
	w.findings.discard()
	w.records.discard()
	w.skipped.discard()
	w.others.discard()
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
	return w.file.reopen(w)
}
