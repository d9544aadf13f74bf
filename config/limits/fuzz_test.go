package limits_test

import (
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/state/fault"
)

// FuzzAllow: an order is a limit's name and a number that is not negative, and of two for one limit the later
// counts; of anything else it is said what an order looks like.
func FuzzAllow(f *testing.F) {
	for _, s := range []string{"deletes=5", "deletes=-1", "deletes=", "=5", "deletes", "x=1", "deletes=5=6", "deletes=+7", "deletes= 7",
		"delete=1", "deletes=99999999999999999999", "deletes=0x5", "deletes=1_0", "deletes=5\ndeletes=0\ndeletes=3",
		"deletes=3\nx=1",
		"Deletes=1", "deletes=010\ncreates=0", " deletes=1"} {
		f.Add(s)
	}
	for _, name := range limits.Names() {
		f.Add(name + "=0\n" + name + "=12")
	}
	number := regexp.MustCompile(`^(\+?[0-9]+|-0+)$`)
	f.Fuzz(func(t *testing.T, text string) {
		orders := strings.Split(text, "\n")
		got, err := limits.Allow(orders)
		want := map[string]int64{}
		for _, order := range orders {
			name, value, _ := strings.Cut(order, "=")
			n, ok := new(big.Int).SetString(value, 10)
			if ok && number.MatchString(value) && n.IsInt64() && slices.Contains(limits.Names(), name) {
				want[name] = n.Int64()
				continue
			}
			d := fault.Describe(err)
			if err == nil || d.Summary == "" || d.Hint == "" || got != nil || !strings.Contains(d.Summary,
				strconv.Quote(order)) {
				t.Errorf("%q: %v, %+v", order, got, d)
			}
			return
		}
		same := err == nil && len(got) == len(want)
		for name, n := range want {
			same = same && int64(got[name]) == n
		}
		if !same {
			t.Errorf("%q allows %v, %v, and should %v", text, got, err, want)
		}
	})
}
