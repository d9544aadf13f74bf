package limits_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/state/fault"
)

// FuzzAllow: an order is a limit's name and a number that is not negative; of anything else it is said what an order looks like.
func FuzzAllow(f *testing.F) {
	for _, s := range []string{"deletes=5", "deletes=-1", "deletes=", "=5", "deletes", "x=1", "deletes=5=6", "deletes=+7", "deletes= 7",
		"delete=1", "deletes=99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, order string) {
		got, err := limits.Allow([]string{order})
		name, value, _ := strings.Cut(order, "=")
		if err != nil {
			if d := fault.Describe(err); d.Summary == "" || d.Hint == "" || got != nil {
				t.Errorf("%q: %+v", order, d)
			}
			return
		}
		if n, ok := got[name]; !ok || !slices.Contains(limits.Names(), name) || n < 0 || len(got) != 1 ||
			strings.Trim(value, "+0123456789") != "" && value != "-0" {
			t.Errorf("%q allows %v", order, got)
		}
	})
}
