package planfile

import (
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/internal/planjson"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/visible"
)

// Reader reads a plan that has been found whole. Its sequences can be run any number of times, also several at once,
// and hold one line in memory at a time; what they yield is the caller's. A sequence ends after the first error.
type Reader struct {
	contents
	file   source
	path   string
	layout layout
}

// Open opens the plan file path and reads it through once to verify it. The error says whether it is no plan,
// truncated, edited, appended to or of another format version ([ErrTruncated] and so on), and what to do. With keys,
// only a file that was sealed with one of them is a plan; with nil, only one in the clear.
func Open(path string, keys *seal.Keys) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &fault.Error{Summary: "cannot read the plan", Err: err}
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fault.Error{Summary: "cannot read the plan", Detail: path + " is not a regular file."}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return newReader(f, info.Size(), path, keys)
}

// newReader verifies f and closes it if it is refused.
func newReader(f file, size int64, path string, keys *seal.Keys) (*Reader, error) {
	from, size, err := unseal(f, size, keys)
	r := &Reader{file: from, path: path}
	if err == nil {
		err = r.verify(size)
	}
	if err != nil {
		_ = f.Close()
		return nil, named(err, path)
	}
	return r, nil
}

// Header is what the plan was made from and may be applied to.
func (r *Reader) Header() planner.Header { return r.header }

// Totals are the plan's counts, cost, guards and scopes.
func (r *Reader) Totals() planner.Totals { return r.totals }

// Digest is the SHA-256 of the whole file as sha256sum prints it, behind "sha256:"; of a sealed file, that of what it
// holds. It names the plan in the history.
func (r *Reader) Digest() string { return r.digest }

// Close releases the file; a temporary plan is gone then.
func (r *Reader) Close() error { return r.file.Close() }

// Findings are the plan's findings in the planner's order.
func (r *Reader) Findings() iter.Seq2[*planner.Finding, error] {
	return sequence(r, inFindings, func(line string) (*planner.Finding, error) {
		f := &planner.Finding{}
		return f, decodeLine(line, findingPrefix, f)
	})
}

// Changes are the plan's changes in the order of their execution.
func (r *Reader) Changes() iter.Seq2[*state.Change, error] {
	return sequence(r, inChanges, changeIn(changePrefix))
}

// NoLonger are the changes that only the configuration wants which the plan is held against.
func (r *Reader) NoLonger() iter.Seq2[*state.Change, error] {
	return sequence(r, inOthers, changeIn(othersPrefix))
}

// changeIn decodes a change behind a prefix.
func changeIn(prefix string) func(line string) (*state.Change, error) {
	return func(line string) (*state.Change, error) {
		text, err := content(line, prefix)
		if err != nil {
			return nil, err
		}
		c, err := planjson.Parse(text)
		if err != nil {
			return nil, err
		}
		// A later minor version may know more actions. They must not be passed over.
		if !slices.Contains(state.Actions, c.Action) {
			return nil, fault.Advise(fmt.Errorf("%s has the unknown action %q", visible.Line(c.Address), c.Action),
				"Use the dirform version that made the plan.")
		}
		return c, nil
	}
}

// Records are what an apply notes about unchanged objects.
func (r *Reader) Records() iter.Seq2[*planner.Record, error] {
	return sequence(r, inRecords, func(line string) (*planner.Record, error) {
		text, err := content(line, recordPrefix)
		if err != nil {
			return nil, err
		}
		return planjson.ParseRecord(text)
	})
}

// Skipped are the objects about which nothing is done because they have no account. A plan of a version that did not
// list them has none.
func (r *Reader) Skipped() iter.Seq2[*planner.Skipped, error] {
	return sequence(r, inSkipped, func(line string) (*planner.Skipped, error) {
		s := &planner.Skipped{}
		return s, decodeLine(line, skippedPrefix, s)
	})
}

// sequence decodes the lines of section s.
func sequence[T any](r *Reader, s section, decode func(line string) (*T, error)) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		if r.layout.count[s] == 0 {
			return
		}
		size := r.layout.start[s+1] - r.layout.start[s]
		in, err := r.file.section(r.layout.start[s], size)
		if err != nil {
			yield(nil, named(err, r.path))
			return
		}
		lines := newLines(in, size)
		for i := range r.layout.count[s] {
			line, err := lines.next()
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			var v *T
			if err == nil {
				v, err = decode(string(line))
			}
			if err != nil {
				yield(nil, fmt.Errorf("plan file %s: %s number %d: %w", r.path, prefixes[s][2:len(prefixes[s])-2], i+1, err))
				return
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}
