package main

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dirform/dirform/planner/planfile/planfiletest"
)

// forge is a command of scripts that edits a plan file and gives it the right checksum:
//
//	forge FILE header PATH=VALUE...    totals, too; VALUE is JSON, or else a string
//	forge FILE change N PATH=VALUE...  finding and record, too; N counts from 0
//	forge FILE change N drop           … or twice, or first
//	forge FILE change new PATH=VALUE...
func forge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: forge FILE LINE [N] EDIT...")
	}
	path := ts.MkAbs(args[0])
	p, err := planfiletest.Load(path)
	ts.Check(err)
	switch lines := map[string]*[]map[string]any{"change": &p.Changes, "finding": &p.Findings, "record": &p.Records}[args[1]]; {
	case args[1] == "header":
		forgeLine(ts, p.Header, args[2:])
	case args[1] == "totals" && len(args) == 3 && args[2] == "drop":
		p.Totals = map[string]any{}
	case args[1] == "totals":
		forgeLine(ts, p.Totals, args[2:])
	case lines == nil:
		ts.Fatalf("a plan has no %s", args[1])
	default:
		forgeLines(ts, lines, args[2], args[3:])
	}
	ts.Check(p.Save(path))
}

// forgeLines edits one of some lines.
func forgeLines(ts *testscript.TestScript, lines *[]map[string]any, which string, edits []string) {
	if which == "new" {
		line := map[string]any{"attributes": []any{}}
		forgeLine(ts, line, edits)
		*lines = append(*lines, line)
		return
	}
	n, err := strconv.Atoi(which)
	if err != nil || n < 0 || n >= len(*lines) || len(edits) == 0 {
		ts.Fatalf("there is no number %s among %d, or no edit", which, len(*lines))
	}
	line := (*lines)[n]
	switch edits[0] {
	case "drop":
		*lines = slices.Delete(*lines, n, n+1)
	case "twice":
		*lines = append(*lines, line)
	case "first":
		*lines = slices.Insert(slices.Delete(*lines, n, n+1), 0, line)
	default:
		forgeLine(ts, line, edits)
	}
}

func forgeLine(ts *testscript.TestScript, line map[string]any, edits []string) {
	for _, edit := range edits {
		member, text, ok := strings.Cut(edit, "=")
		var value any
		if !ok {
			ts.Fatalf("%q is no PATH=VALUE", edit)
		}
		if json.Unmarshal([]byte(text), &value) != nil {
			value = text
		}
		ts.Check(planfiletest.Set(line, member, value))
	}
}
