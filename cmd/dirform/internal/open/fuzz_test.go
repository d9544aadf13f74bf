package open

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/dirform/dirform/providers/trusted"
	"github.com/dirform/dirform/state/fault"
)

// argumentPieces are what values of options and of the environment are made of, correct and not.
var argumentPieces = []string{"dc1", "DC2.corp.example", ",", ",", ", ", " ", "\t", ".", "..", "[", "]", "::1", "127.0.0.1", "FE80::A", "fe80::1%eth0", "%", "%e h",
	":636", ":", "*.", "/x", "a@", "é", "É", "\u202e", "\u00a0", "\r", "\x00", "\xff", "=", "==", "a=b", " a = b ", "\n", "name", "\u1e9e"}

// FuzzArguments reads lists of hosts and values of variables, as the environment and the command line have them: any text, and pieces
// that the second argument chooses.
func FuzzArguments(f *testing.F) {
	for _, s := range []string{"dc1,dc2", "[::1]", "a=b", "=", "a==", " a = b ", "dc:1", "*.x", "::1,127.0.0.1", ",", "x.", "é", ".", "..", "0\r.",
		"\u202edc1", "dc\x00", "a\u00a0.", "\xff", "[dc1]", "a=1\na=2\nb=", "fe80::1%e h"} {
		f.Add(s, []byte(nil))
	}
	for i := range argumentPieces {
		f.Add("", []byte{0, 2, byte(i)})
		f.Add("", []byte{byte(i), 2, 1, 4})
		f.Add("", []byte{34, 29, byte(i), 33, 34, 29})
	}
	f.Fuzz(func(t *testing.T, s string, chosen []byte) {
		for _, c := range chosen[:min(len(chosen), 20)] {
			s += argumentPieces[int(c)%len(argumentPieces)]
		}
		checkHosts(t, s)
		checkVariables(t, strings.Split(s, "\n"))
	})
}

// checkHosts compares a list with what is read entry by entry, in another way.
func checkHosts(t *testing.T, list string) {
	hosts, err := trusted.Parse(list)
	var want []string
	for _, entry := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
		entry = strings.TrimFunc(entry, unicode.IsSpace)
		if entry == "" {
			continue
		}
		host, ok := plainHost(strings.ToLower(entry))
		if !ok {
			if d := fault.Describe(err); err == nil || d.Summary == "" || d.Hint == "" || !strings.Contains(d.Detail, "is not the name or address of a host") {
				t.Errorf("%q has %q among its hosts, and the error is %+v", list, entry, d)
			}
			return
		}
		want = append(want, host)
	}
	if err != nil || !slices.Equal(hosts, want) {
		t.Errorf("%q has the hosts %q, %v, and they should be %q", list, hosts, err, want)
	}
	for _, h := range hosts {
		if again, err := trusted.Parse(h); err != nil || len(again) != 1 || again[0] != h {
			t.Errorf("the host %q is read as %q, %v", h, again, err)
		}
	}
}

// plainHost is what an entry names: an address, or a name of characters that can be seen, with no empty end.
func plainHost(entry string) (string, bool) {
	name := strings.TrimSuffix(entry, ".")
	seen := func(s string) bool {
		for _, r := range s {
			if r == unicode.ReplacementChar || !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S) {
				return false
			}
		}
		return s != ""
	}
	if ip, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return ip.String(), seen(name) && !strings.ContainsAny(ip.Zone(), "/*@:[]") && !strings.HasSuffix(name, ".")
	}
	return name, seen(name) && !strings.ContainsAny(name, "/*@:[]") && !strings.HasSuffix(name, ".")
}

// checkVariables: each option gives a name its value, later ones count, and no value is repeated in an error.
func checkVariables(t *testing.T, options []string) {
	values, err := splitVariables(options)
	want := map[string]string{}
	for _, o := range options {
		at := strings.IndexByte(o, '=')
		if at < 0 || strings.TrimFunc(o[:at], unicode.IsSpace) == "" {
			_, same := splitVariables([]string{"="})
			if d := fault.Describe(err); err == nil || d.Hint == "" || err.Error() != same.Error() || values != nil {
				t.Errorf("%q gives %q, %+v", options, values, d)
			}
			return
		}
		want[strings.TrimFunc(o[:at], unicode.IsSpace)] = o[at+1:]
	}
	if err != nil || len(values) != len(want) {
		t.Errorf("%q gives %q, %v", options, values, err)
	}
	for name, v := range want {
		if got, ok := values[name]; !ok || got != v {
			t.Errorf("%q gives %q the value %q", options, name, got)
		}
	}
}
