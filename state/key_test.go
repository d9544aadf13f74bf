package state_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/dirform/dirform/state"
)

// A key gets into nothing that is printed, whatever holds it and however it is written.
func TestKeyIsNotPrinted(t *testing.T) {
	var key state.Key
	for i := range key {
		key[i] = 0xAB
	}
	type meta struct {
		Key     state.Key
		Pointer *state.Key
	}
	m := meta{key, &key}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%d", "%q", "%o"} {
		fmt.Fprintf(&out, verb+"\n", key)
		fmt.Fprintf(&out, verb+"\n", m)
		fmt.Fprintf(&out, verb+"\n", key[:0])
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	// the fractions of a second may be a byte of the key by chance
	timeless := &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	slog.New(slog.NewJSONHandler(&out, timeless)).Info("x", "key", key, "meta", m)
	slog.New(slog.NewTextHandler(&out, timeless)).Info("x", "key", key, "meta", m)
	for _, shown := range []string{"abab", "ABAB", "171", "253", "q6ur"} {
		if strings.Contains(out.String(), shown) {
			t.Errorf("the key is shown as %s:\n%s", shown, &out)
		}
	}
}
