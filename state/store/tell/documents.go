package tell

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/visible"
)

// LinkDocument is a link in JSON.
type LinkDocument struct {
	Anchor     string     `json:"anchor"`
	Kind       state.Kind `json:"kind"`
	Scope      string     `json:"scope"`
	SourceGUID string     `json:"source_guid"`
	TargetID   string     `json:"target_id"`
	Rule       string     `json:"rule"`
	Left       bool       `json:"left"`
	LeftAt     string     `json:"left_at,omitempty"` // RFC 3339
	Attributes []string   `json:"attributes"`        // those with a known last-applied value
}

// LinkOf is a link as a document.
func LinkOf(l *state.Link) LinkDocument {
	d := LinkDocument{
		Anchor: l.Anchor, Kind: l.Kind, Scope: l.Scope, SourceGUID: l.SourceGUID.String(), TargetID: l.TargetID,
		Rule: l.Rule, Left: l.Left, LeftAt: l.LeftText(), Attributes: []string{},
	}
	if l.Shape != nil {
		for i, name := range l.Shape.Names() {
			if l.Fingerprints[i] != 0 {
				d.Attributes = append(d.Attributes, name)
			}
		}
	}
	return d
}

// Links writes a line for each link.
func Links(ctx context.Context, w io.Writer, s store.Record) error {
	for l, err := range s.Links(ctx) {
		if err != nil {
			return err
		}
		left := ""
		if l.Left {
			left = "  (left its scope)"
		}
		_, err = visible.Fprintf(w, "%-20s  %-24s  %-36s  %s%s\n", string(l.Kind)+"."+l.Scope, l.Anchor, l.TargetID,
			l.Rule, left)
		if err != nil {
			return err
		}
	}
	return nil
}

// LinksJSON writes all links as one document. It holds one link at a time: a record may have a million.
func LinksJSON(ctx context.Context, w io.Writer, s store.Record) error {
	m := s.Meta()
	lineage, err := json.Marshal(m.Lineage)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "{\"lineage\":%s,\"serial\":%d,\"links\":[", lineage, m.Serial)
	separator := "\n"
	for l, err := range s.Links(ctx) {
		if err != nil {
			return err
		}
		b, err := json.Marshal(LinkOf(l))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s%s", separator, b); err != nil {
			return err
		}
		separator = ",\n"
	}
	_, err = io.WriteString(w, "]}\n")
	return err
}

// RunDocument is a run in JSON.
type RunDocument struct {
	Run        int64              `json:"run"`
	Command    string             `json:"command"`
	Serial     int64              `json:"serial"`
	Started    time.Time          `json:"started_at"`
	Finished   *time.Time         `json:"finished_at"`
	Outcome    string             `json:"outcome"`
	Counts     state.Counts       `json:"counts"`
	PlanDigest string             `json:"plan_digest"`
	Allowed    []string           `json:"allowed"`
	Scopes     []store.ScopeCount `json:"scopes"`
	Writes     *state.Writes      `json:"writes"` // null if the run is older than the counting
	By         string             `json:"by"`     // empty likewise
	Ref        string             `json:"ref"`
	Names      []string           `json:"names,omitempty"` // whom it is about, if that was asked for
}

// RunOf is a run as a document.
func RunOf(r store.Run) RunDocument {
	d := RunDocument{Run: r.ID, Command: r.Command, Serial: r.Serial, Started: r.Started, Outcome: r.Outcome,
		Counts:     r.Counts,
		PlanDigest: r.PlanDigest, Allowed: r.Allowed, Scopes: r.Scopes, Writes: r.Writes, By: r.By, Ref: r.Ref}
	if !r.Finished.IsZero() {
		d.Finished = &r.Finished
	}
	return d
}

// EntryDocument is a journalled step in JSON.
type EntryDocument struct {
	Seq       int64             `json:"seq"`
	Key       string            `json:"key"`
	Kind      state.Kind        `json:"kind"`
	Action    state.Action      `json:"action"`
	Attribute string            `json:"attribute,omitempty"`
	Status    state.EntryStatus `json:"status"`
	TargetID  string            `json:"target_id,omitempty"`
	Code      string            `json:"code,omitempty"`
	RequestID string            `json:"request_id,omitempty"`
	Writes    state.Writes      `json:"writes"`
	Name      string            `json:"name,omitempty"` // whose it is, if that was asked for
	Kept      *state.Kept       `json:"kept,omitempty"` // what it has written over, likewise
}

// EntryOf is a step as a document, with what it has kept if values are asked for.
func EntryOf(e *state.Entry, name string, values bool) EntryDocument {
	d := EntryDocument{e.Seq, e.Key, e.Kind, e.Action, e.Attribute, e.Status, e.TargetID, e.Code, e.RequestID,
		e.Writes, name, nil}
	if values {
		d.Kept = e.Kept
	}
	return d
}
