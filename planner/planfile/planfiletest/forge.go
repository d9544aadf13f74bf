// Package planfiletest edits plan files for tests, as anybody can who has a text editor and sha256sum: whatever stands in such a file has
// the right checksum.
package planfiletest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Plan is a plan file, line by line. Each line is a JSON object, by name of its one member.
type Plan struct {
	Header   map[string]any
	Changes  []map[string]any
	Findings []map[string]any
	Records  []map[string]any
	Skipped  []map[string]any
	Totals   map[string]any
}

// Load reads a plan file.
func Load(path string) (*Plan, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(b)
}

// Parse reads the bytes of a plan file; its checksum is not looked at.
func Parse(b []byte) (*Plan, error) {
	p := &Plan{}
	for line := range bytes.Lines(b) {
		var content map[string]any
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&content); err != nil {
			return nil, fmt.Errorf("%.80s: %w", line, err)
		}
		for name, v := range content {
			object, _ := v.(map[string]any)
			switch name {
			case "dirform_plan":
				p.Header = object
			case "change":
				p.Changes = append(p.Changes, object)
			case "finding":
				p.Findings = append(p.Findings, object)
			case "record":
				p.Records = append(p.Records, object)
			case "skipped":
				p.Skipped = append(p.Skipped, object)
			case "end":
				p.Totals, _ = object["totals"].(map[string]any)
			}
		}
	}
	return p, nil
}

// Body is the plan file without its checksum.
func (p *Plan) Body() []byte {
	var b bytes.Buffer
	line := func(name string, v any) {
		content, err := json.Marshal(map[string]any{name: v})
		if err != nil {
			panic(err) // it is made of what JSON is made of
		}
		b.Write(append(content, '\n'))
	}
	line("dirform_plan", p.Header)
	for _, s := range []struct {
		name  string
		lines []map[string]any
	}{{"change", p.Changes}, {"finding", p.Findings}, {"record", p.Records}, {"skipped", p.Skipped}} {
		for _, x := range s.lines {
			line(s.name, x)
		}
	}
	line("end", map[string]any{"totals": p.Totals, "findings": len(p.Findings), "changes": len(p.Changes), "records": len(p.Records),
		"skipped": len(p.Skipped)})
	return b.Bytes()
}

// Bytes is the plan file.
func (p *Plan) Bytes() []byte { return Seal(p.Body()) }

// Save writes the plan file.
func (p *Plan) Save(path string) error { return os.WriteFile(path, p.Bytes(), 0o600) }

// Seal adds the checksum to the lines of a plan file, and a line's end where the last one has none.
func Seal(body []byte) []byte {
	if len(body) > 0 && body[len(body)-1] != '\n' {
		body = append(bytes.Clone(body), '\n')
	}
	sum := sha256.Sum256(body)
	return fmt.Appendf(bytes.Clone(body), "{\"sha256\":\"%s\"}\n", hex.EncodeToString(sum[:]))
}

// Recount corrects how many lines of each sort the line of totals says there are, if there is such a line.
func Recount(body []byte) []byte {
	var out [][]byte
	n := map[string]int{}
	for line := range bytes.Lines(body) {
		for _, name := range []string{"change", "finding", "record", "skipped"} {
			if bytes.HasPrefix(line, []byte(`{"`+name+`":`)) {
				n[name]++
			}
		}
		var end struct {
			End map[string]any `json:"end"`
		}
		if strings.HasPrefix(string(line), `{"end":`) && json.Unmarshal(line, &end) == nil && end.End != nil {
			end.End["findings"], end.End["changes"], end.End["records"] = n["finding"], n["change"], n["record"]
			end.End["skipped"] = n["skipped"]
			if counted, err := json.Marshal(end); err == nil {
				line = append(counted, '\n')
			}
		}
		out = append(out, line)
	}
	return bytes.Join(out, nil)
}

// Set sets the member of a line at a path of names and positions, such as "attributes.0.after"; what is missing on the way is made.
// One position behind the last of a list adds to it. A path that leads through something else is an error.
func Set(line map[string]any, path string, value any) error {
	_, err := set(line, strings.Split(path, "."), value)
	return err
}

func set(at any, path []string, value any) (any, error) {
	if len(path) == 0 {
		return value, nil
	}
	var i int
	_, err := fmt.Sscanf(path[0], "%d", &i)
	if at == nil && err == nil {
		at = []any{}
	} else if at == nil {
		at = map[string]any{}
	}
	switch at := at.(type) {
	case map[string]any:
		next, err := set(at[path[0]], path[1:], value)
		at[path[0]] = next
		return at, err
	case []any:
		if err != nil || i < 0 || i > len(at) {
			return at, fmt.Errorf("there is no position %q in a list of %d", path[0], len(at))
		}
		if i == len(at) {
			at = append(at, nil)
		}
		next, err := set(at[i], path[1:], value)
		at[i] = next
		return at, err
	}
	return at, fmt.Errorf("%q leads into a value", path[0])
}
