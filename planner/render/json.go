package render

import (
	"bufio"
	"fmt"
	"io"
	"iter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/internal/planjson"
	"github.com/dirform/dirform/state"
)

// prologue is what the document begins with. The lineage's key stays in the plan file.
type prologue struct {
	FormatVersion  string              `json:"format_version"`
	DirformVersion string              `json:"dirform_version"`
	CreatedAt      string              `json:"created_at"`
	ConfigDigest   string              `json:"config_digest"`
	State          planner.StateID     `json:"state"`
	Source         planner.SourceID    `json:"source"`
	Tenant         planner.TenantID    `json:"tenant"`
	Snapshot       *planner.SnapshotID `json:"snapshot,omitempty"`
	Against        *planner.AgainstID  `json:"against,omitempty"`
	Undoes         int64               `json:"undoes,omitempty"` // the run that the plan undoes
	Targets        []string            `json:"targets,omitempty"`
	Excludes       []string            `json:"excludes,omitempty"`
	Allowed        []string            `json:"allowed,omitempty"`
	Applicable     bool                `json:"applicable"`
	Summary        planner.Summary     `json:"summary"`
	Cost           planner.Cost        `json:"cost"`
}

// JSON writes the plan as one JSON document and a newline: what it was made from, applicable, summary, cost, changes,
// drift if there is any (the changes' drifted attributes once more, apart from the others), skipped, findings, guards
// and scopes. Lists are never null, members without a value are left out, and every change and finding stands on a line
// of its own. What only an apply needs (fingerprints, objectGUIDs, the record's key) is not part of it.
func JSON(w io.Writer, r Source) error {
	h, t := r.Header(), r.Totals()
	d := &document{w: bufio.NewWriterSize(w, 64<<10)}
	d.value(prologue{h.FormatVersion, h.DirformVersion, h.CreatedAt, h.ConfigDigest, h.State, h.Source, h.Tenant,
		h.Snapshot, h.Against, h.Undoes,
		h.Targets, h.Excludes, h.Allowed, t.Applicable, t.Summary, t.Cost})
	d.buf = d.buf[:len(d.buf)-1] // its closing brace: the document goes on
	var writer planjson.Writer
	list(d, "changes", r.Changes(), func(c *state.Change) { d.buf = writer.Append(d.buf, c, planjson.Document) })
	if t.Summary.Drifted > 0 && anyOf(drifted{r, true}.Changes()) { // else what drifted is blocked, which findings tell
		list(d, "drift", drifted{r, true}.Changes(), func(c *state.Change) {
			d.buf = writer.Append(d.buf, c,
				planjson.Document)
		})
	}
	if others, ok := r.(noLonger); ok && h.Against != nil {
		list(d, "no_longer", others.NoLonger(), func(c *state.Change) {
			d.buf = writer.Append(d.buf, c,
				planjson.Document)
		})
	}
	list(d, "skipped", r.Skipped(), func(s *planner.Skipped) { d.buf = planjson.AppendSkipped(d.buf, s) })
	list(d, "findings", r.Findings(), func(f *planner.Finding) { d.value(f) })
	d.text(`,"guards":`)
	d.value(t.Guards)
	d.text(`,"scopes":`)
	d.value(t.Scopes)
	d.text("}\n")
	d.flush()
	if d.err == nil {
		d.err = d.w.Flush()
	}
	if d.err != nil {
		return fmt.Errorf("writing the plan as JSON: %w", d.err)
	}
	return nil
}

// noLonger is a plan that is held against another configuration's.
type noLonger interface {
	NoLonger() iter.Seq2[*state.Change, error]
}

// anyOf reports whether a stream has an item, or an error to be told.
func anyOf[T any](items iter.Seq2[*T, error]) bool {
	for range items {
		return true
	}
	return false
}

// document is a JSON document being written; err is its first error.
type document struct {
	w   *bufio.Writer
	buf []byte
	err error
}

func (d *document) text(s string) { d.buf = append(d.buf, s...) }

// value appends v. Lists that are nil become []; omitempty means what it means in encoding/json.
func (d *document) value(v any) {
	if d.err != nil {
		return
	}
	var b []byte
	if b, d.err = json.Marshal(v, jsontext.AllowInvalidUTF8(true),
		jsonv1.OmitEmptyWithLegacySemantics(true)); d.err == nil {
		d.buf = append(d.buf, b...)
	}
}

func (d *document) flush() {
	if d.err == nil {
		_, d.err = d.w.Write(d.buf)
	}
	d.buf = d.buf[:0]
}

// list writes a member whose items come as a stream.
func list[T any](d *document, name string, items iter.Seq2[*T, error], item func(*T)) {
	d.text(`,"` + name + `":[`)
	n := 0
	for v, err := range items {
		if d.err == nil {
			d.err = err
		}
		if d.err != nil {
			return
		}
		if n > 0 {
			d.text(",")
		}
		d.text("\n")
		item(v)
		d.flush()
		n++
	}
	if n > 0 {
		d.text("\n")
	}
	d.text("]")
}
