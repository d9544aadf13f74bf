package loglines_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/state/loglines"
)

// records are the objects that were written, one a line, without the time that each has.
func records(t *testing.T, text string) (list []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil || r["time"] == nil {
			t.Errorf("%q: %v", line, err)
		}
		delete(r, "time")
		list = append(list, r)
	}
	return list
}

func TestEveryLineIsARecord(t *testing.T) {
	var b bytes.Buffer
	l := loglines.New(&b)
	io.WriteString(l, "\nWaiting for ")
	io.WriteString(l, "\"jane\".\n  On a second line\n\n")
	l.Logger(slog.LevelWarn).Info("not asked for")
	l.Logger(slog.LevelWarn).Warn("slow", "took", 3)
	l.Log(slog.LevelError, "Refused", "detail", "Why.", "hint", "")
	io.WriteString(l, "without an end")
	l.Close()
	l.Close()
	want := []map[string]any{
		{"level": "INFO", "msg": `Waiting for "jane".`},
		{"level": "INFO", "msg": "On a second line"},
		{"level": "WARN", "msg": "slow", "took": 3.0},
		{"level": "ERROR", "msg": "Refused", "detail": "Why."},
		{"level": "INFO", "msg": "without an end"},
	}
	if diff := cmp.Diff(want, records(t, b.String())); diff != "" {
		t.Error(diff)
	}
}

func TestSeveralSayIt(t *testing.T) {
	var b bytes.Buffer
	l := loglines.New(&locked{w: &b})
	log := l.Logger(slog.LevelInfo)
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() { fmt.Fprintf(l, "line %d\n", n) })
		all.Go(func() { log.Info("record") })
	}
	all.Wait()
	if got := len(records(t, b.String())); got != 40 {
		t.Errorf("%d records", got)
	}
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
