package labcmd

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/dirform/dirform/providers/lab"
)

// What lab serve makes of its options stands on top of the manners in the seed.
func TestLabManners(t *testing.T) {
	quotaS, _ := lab.ThrottleOfSize("S")
	for _, c := range []struct {
		args string
		want lab.Faults
		err  string
	}{
		{"", lab.Faults{Latency: time.Second, ReadOnly: true}, ""},
		{"--read-only=false --latency=0s", lab.Faults{}, ""},
		{"--throttle", lab.Faults{Latency: time.Second, ReadOnly: true, Throttle: &lab.Throttle{}}, ""},
		{"--throttle=S", lab.Faults{Latency: time.Second, ReadOnly: true, Throttle: quotaS}, ""},
		{"--unavailable=0.1 --gateway-timeout=0.2 --drop-before=0.3 --drop-after=0.4 --late-timeout=0.2 --token-life=5s --delta-life=6s --visibility-delay=7s",
			lab.Faults{Latency: time.Second, ReadOnly: true, Unavailable: 0.1, GatewayTimeout: 0.2, BreakBefore: 0.3, BreakAfter: 0.4, LateTimeout: 0.2,
				TokenLife: 5 * time.Second, DeltaLife: 6 * time.Second, VisibilityDelay: 7 * time.Second}, ""},
		{"--throttle=XL", lab.Faults{}, `"XL" is no size`},
		{"--unavailable=7", lab.Faults{}, "from 0 to 1"},
	} {
		var m manners
		f := pflag.NewFlagSet("serve", pflag.ContinueOnError)
		m.register(f)
		if err := f.Parse(strings.Fields(c.args)); err != nil {
			t.Fatal(err)
		}
		got := lab.Faults{Latency: time.Second, ReadOnly: true}
		err := m.apply(&got)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", c.args, err)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", c.args, err, diff)
		}
	}
}
