package run

import (
	"testing"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// TestCompare: a domain controller has come far enough if it is the same copy with no lower number, or has seen that of the other.
func TestCompare(t *testing.T) {
	one, two := state.GUID{1}, state.GUID{2}
	before := store.Position{Invocation: one.String(), USN: 100}
	for name, x := range map[string]struct {
		now  providers.Position
		want string
	}{
		"the same":              {providers.Position{Invocation: one, USN: 100}, ""},
		"the same, set back":    {providers.Position{Invocation: one, USN: 99}, "behind"},
		"another, replicated":   {providers.Position{Invocation: two, USN: 5, Seen: map[state.GUID]int64{one: 100}}, ""},
		"another, behind":       {providers.Position{Invocation: two, USN: 500, Seen: map[state.GUID]int64{one: 99}}, "behind"},
		"another, silent":       {providers.Position{Invocation: two, USN: 500}, "unknown"},
		"another, never met it": {providers.Position{Invocation: two, USN: 500, Seen: map[state.GUID]int64{{3}: 7}}, "unknown"},
	} {
		got := ""
		(&Reading{}).compare(before, x.now, func(behind bool) {
			if got = "unknown"; behind {
				got = "behind"
			}
		})
		if got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}
