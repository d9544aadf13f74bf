package render

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render/internal/phrase"
	"github.com/dirform/dirform/state"
)

// planColumns are the columns of [CSV].
var planColumns = []string{"row", "action", "code", "severity", "kind", "scope", "address", "source_dn", "target_id",
	"name", "attribute", "before", "after",
	"reason", "hint", "declared_at"}

// CSVTitle is the first line of [CSV].
func CSVTitle() string { return strings.Join(planColumns, ",") + "\n" }

// CSV writes a plan for a spreadsheet: a line with the names of the columns, then one line for each finding, change and
// object without an account, in the plan's order. Of a change of several attributes their names and values stand in one
// cell each, parted by "; "; of a finding about several objects the names. It is UTF-8 as in RFC 4180.
func CSV(w io.Writer, r Source) error {
	t := &sheet{out: csv.NewWriter(w)}
	t.row(planColumns)
	for f, err := range r.Findings() {
		if t.failed(err) {
			break
		}
		t.row(findingRow(f))
	}
	for c, err := range r.Changes() {
		if t.failed(err) {
			break
		}
		t.row(changeRow(c))
	}
	for s, err := range r.Skipped() {
		if t.failed(err) {
			break
		}
		t.row([]string{0: "skipped", 6: s.Address, 7: s.SourceDN, 13: string(s.ReasonCode), 15: ""})
	}
	t.out.Flush()
	if t.failed(t.out.Error()) {
		return fmt.Errorf("writing the plan as CSV: %w", t.err)
	}
	return nil
}

// sheet is a table being written, and its first error.
type sheet struct {
	out *csv.Writer
	err error
}

func (t *sheet) failed(err error) bool {
	if t.err == nil {
		t.err = err
	}
	return t.err != nil
}

// row writes texts, each as a cell.
func (t *sheet) row(cells []string) {
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	if t.err == nil {
		t.err = t.out.Write(cells)
	}
}

func findingRow(f *planner.Finding) []string {
	var addresses, names, ids, accounts []string
	for _, o := range f.Objects {
		addresses, names = append(addresses, o.Address), append(names, o.SourceDN)
		ids, accounts = append(ids, o.TargetID), append(accounts, o.Name)
	}
	return []string{"finding", "", f.Code, string(f.Severity), "", "", joined(addresses), joined(names), joined(ids),
		joined(accounts), f.Attribute, f.Value, "",
		f.Detail, f.Hint, f.DeclaredAt}
}

// joined are the texts that are not empty.
func joined(list []string) string {
	return strings.Join(slices.DeleteFunc(list, func(s string) bool { return s == "" }), "; ")
}

func changeRow(c *state.Change) []string {
	var names, before, after []string
	for i, list := range [...][]state.AttributeChange{c.Attributes, c.SourceAttributes} {
		for _, a := range list {
			name := a.Name
			if i > 0 {
				name = "Active Directory: " + name
			}
			b, x := phrase.Values(a)
			names, before, after = append(names, name), append(before, inCell(b)), append(after, inCell(x))
		}
	}
	return []string{"change", string(c.Action), "", "", string(c.Kind), c.Scope, c.Address, c.SourceDN, c.TargetID, "",
		strings.Join(names, "; "),
		strings.Join(before, "; "), strings.Join(after, "; "), c.Reason, "", c.DeclaredAt}
}

// inCell is a value in full, a list with commas.
func inCell(v state.Value) string {
	switch v.Kind() {
	case state.NullValue:
		return "null"
	case state.ListValue:
		return strings.Join(v.List(), ", ")
	case state.StringValue:
		return v.Str()
	}
	return v.Text()
}
