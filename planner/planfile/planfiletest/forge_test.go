package planfiletest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/planfile/planfiletest"
	"github.com/dirform/dirform/state"
)

// TestForged: an edited plan file opens, and holds what it was edited to.
func TestForged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.dfplan")
	w, err := planfile.Create(path, planner.Header{State: planner.StateID{Lineage: "l"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.Change(&state.Change{Kind: state.User, Action: state.ActionUpdate, Anchor: "a", Attributes: []state.AttributeChange{{Name: "city", After: state.Int(1)}}})
	w.Finding(planner.NewFinding("DF101", "", ""))
	w.Record(&planner.Record{Anchor: "r"})
	if err := w.Close(planner.Totals{Summary: planner.Summary{Update: 1}}); err != nil {
		t.Fatal(err)
	}
	p, err := planfiletest.Load(path)
	if err != nil || len(p.Changes) != 1 || len(p.Findings) != 1 || len(p.Records) != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	for at, value := range map[string]any{"attributes.0.after": "Linz", "attributes.1.name": "mail", "source_attributes.0.name": "scriptPath", "match.rule": "recorded"} {
		if err := planfiletest.Set(p.Changes[0], at, value); err != nil {
			t.Error(err)
		}
	}
	for _, at := range []string{"anchor.x", "attributes.x", "attributes.9", "attributes.-1"} {
		if planfiletest.Set(p.Changes[0], at, 1) == nil {
			t.Errorf("%s can be set", at)
		}
	}
	p.Changes = append(p.Changes, p.Changes[0])
	if err := p.Save(path); err != nil {
		t.Fatal(err)
	}
	counted := planfiletest.Seal(planfiletest.Recount(p.Body()))
	if b, _ := os.ReadFile(path); len(counted) != len(b) {
		t.Errorf("counted again:\n%s\n%s", counted, b)
	}
	r, err := planfile.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n := 0
	for c, err := range r.Changes() {
		if err != nil || len(c.Attributes) != 2 || c.Attributes[0].After.Str() != "Linz" || c.SourceAttributes[0].Name != "scriptPath" || c.Match.Rule != "recorded" {
			text, _ := json.Marshal(c)
			t.Errorf("%s, %v", text, err)
		}
		n++
	}
	if n != 2 || r.Totals().Summary.Update != 1 {
		t.Errorf("%d changes, %+v", n, r.Totals())
	}
}
