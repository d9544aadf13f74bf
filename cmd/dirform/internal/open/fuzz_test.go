package open

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/dirform/dirform/state/fault"
)

// FuzzArguments reads lists of hosts and values of variables, as the environment and the command line have them.
func FuzzArguments(f *testing.F) {
	for _, s := range []string{"dc1,dc2", "[::1]", "a=b", "=", "a==", " a = b ", "dc:1", "*.x", "::1,127.0.0.1", ",", "x.", "é", ".", "..", "0\r.", "\u202edc1", "dc\x00", "a\u00a0.", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		hosts, err := parseHosts(s)
		if err != nil && fault.Hint(err) == "" {
			t.Error(err)
		}
		for _, h := range hosts {
			_, ip := netip.ParseAddr(h)
			if err != nil || h == "" || strings.ContainsAny(h, "/*@, \t") || strings.Contains(h, ":") && ip != nil || strings.ToLower(h) != h {
				t.Errorf("%q has the host %q", s, h)
			}
			if again, err := parseHosts(h); err != nil || len(again) != 1 || again[0] != h {
				t.Errorf("the host %q is read as %q", h, again)
			}
		}
		values, err := splitVariables([]string{s})
		name, value, ok := strings.Cut(s, "=")
		switch {
		case err != nil:
			if ok && name != "" || len(s) > 3 && strings.Contains(err.Error(), s) {
				t.Errorf("%q: %v", s, err)
			}
		case len(values) != 1 || values[strings.TrimSpace(name)] != value:
			t.Errorf("%q gives %q", s, values)
		}
	})
}
