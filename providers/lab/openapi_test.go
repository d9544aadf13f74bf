package lab_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/dirform/dirform/providers/lab/record"
)

// TestOpenAPI holds what the tenant is asked and answers to Microsoft's own description of Graph, which DIRFORM_OPENAPI names:
// a tour through every path that the lab serves, and whatever other tests have recorded in DIRFORM_LAB_RECORD.
func TestOpenAPI(t *testing.T) {
	description := os.Getenv("DIRFORM_OPENAPI")
	if description == "" {
		t.Skip("DIRFORM_OPENAPI does not name a description of Microsoft Graph")
	}
	exchanges := append(tour(t), recorded(t, os.Getenv("DIRFORM_LAB_RECORD"))...)
	c, err := loadContract(description, gaps, -1)
	if err != nil {
		t.Fatal(err)
	}
	failed, seen := 0, map[string]bool{}
	for _, x := range exchanges {
		err := c.check(x)
		if err == nil || seen[problem(err)] {
			continue
		}
		seen[problem(err)] = true
		if failed++; failed <= 20 {
			t.Errorf("%s %s (%s): status %d: %v\n> %s\n< %s", x.Method, x.URL, x.RequestHeader["User-Agent"], x.Status, err, cut(x.Request), cut(x.Body))
		}
	}
	t.Logf("%d exchanges held to the description, %d of them wrong", len(exchanges), failed)
	if failed > 0 {
		return
	}
	for i, g := range gaps {
		if !needed(t, description, i, exchanges) {
			t.Errorf("this gap is not needed (any more): %s", g.why)
		}
	}
}

// needed reports whether some exchange fails without gap i.
func needed(t *testing.T, description string, i int, exchanges []record.Exchange) bool {
	t.Helper()
	c, err := loadContract(description, gaps, i)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range exchanges {
		if c.check(x) != nil {
			return true
		}
	}
	return false
}

// problem is an error without the list index it is at, to show each once.
func problem(err error) string { return listIndex.ReplaceAllString(err.Error(), "/*") }

var listIndex = regexp.MustCompile(`/\d+`)

func cut(b []byte) []byte { return b[:min(len(b), 700)] }

// recorded reads a record.
func recorded(t *testing.T, folder string) (exchanges []record.Exchange) {
	t.Helper()
	if folder == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			var x record.Exchange
			if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			exchanges = append(exchanges, x)
		}
		if err := lines.Err(); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	return exchanges
}
