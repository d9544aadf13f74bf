package planfile

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/dirform/dirform/planner"
)

// The lines' first bytes, by which a reader tells them apart before it decodes them.
const (
	headerPrefix  = `{"dirform_plan":`
	changePrefix  = `{"change":`
	findingPrefix = `{"finding":`
	recordPrefix  = `{"record":`
	skippedPrefix = `{"skipped":`
	othersPrefix  = `{"no_longer":`
	endPrefix     = `{"end":`
	sumPrefix     = `{"sha256":"`
	sumSuffix     = "\"}\n"
	sumHexLen     = 64
)

// section is a part of the file; the sections follow each other in this order.
type section int

const (
	inHeader section = iota
	inChanges
	inFindings
	inRecords
	inSkipped
	inOthers
	inEnd
	sections
)

var prefixes = [sections]string{headerPrefix, changePrefix, findingPrefix, recordPrefix, skippedPrefix, othersPrefix, endPrefix}

// layout is where the sections begin and how many lines they have.
type layout struct {
	start [sections]int64
	count [sections]int64
}

// ending is what the line before the checksum holds.
type ending struct {
	Totals   planner.Totals `json:"totals"`
	Findings int64          `json:"findings"`
	Changes  int64          `json:"changes"`
	Records  int64          `json:"records"`
	Skipped  int64          `json:"skipped"`             // absent in plans of versions that did not list them
	Others   int64          `json:"no_longer,omitempty"` // of a plan that is held against another configuration's
}

// appendLine appends a line whose content is small enough, or rare enough, to be encoded by reflection. Invalid UTF-8 becomes
// U+FFFD: one broken value must not cost the whole plan. Lists are never null, and omitempty means what it means in encoding/json.
func appendLine(b []byte, prefix string, v any) ([]byte, error) {
	content, err := json.Marshal(v, jsontext.AllowInvalidUTF8(true), jsonv1.OmitEmptyWithLegacySemantics(true))
	if err != nil {
		return b, fmt.Errorf("encoding the line %s…} of a plan: %w", prefix, err)
	}
	b = append(append(b, prefix...), content...)
	return append(b, "}\n"...), nil
}

// content is what stands between a line's prefix and its end.
func content(line, prefix string) (string, error) {
	rest, ok := strings.CutPrefix(line, prefix)
	if !ok {
		return "", fmt.Errorf("a line does not begin with %s", prefix)
	}
	rest, ok = strings.CutSuffix(rest, "}\n")
	if !ok {
		return "", fmt.Errorf("a line does not end with a closing brace")
	}
	return rest, nil
}

func decodeLine(line, prefix string, to any) error {
	c, err := content(line, prefix)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(c), to)
}

// checkVersion refuses a file whose format this package does not read: another major version than planner.FormatVersion's.
func checkVersion(version string) error {
	theirs, err := major(version)
	if err != nil {
		return refuse(ErrEdited, "its format version %q is not a version", version)
	}
	ours, err := major(planner.FormatVersion)
	switch {
	case err != nil:
		return err
	case theirs > ours:
		return refuse(ErrNewer, "it has format %s, this dirform reads formats up to %d.x", version, ours)
	case theirs < ours:
		return refuse(ErrOlder, "it has format %s, this dirform reads format %d.x", version, ours)
	}
	return nil
}

func major(version string) (int, error) {
	first, _, _ := strings.Cut(version, ".")
	n, err := strconv.ParseUint(first, 10, 31)
	return int(n), err
}
