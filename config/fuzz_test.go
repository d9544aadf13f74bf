package config

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// FuzzFilter: a filter is refused, or every attribute that it asks about is known, whatever it looks like.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"(cn=a)", "(&(a=1)(!(b=*))(|(c>=2)(d<=3)(e~=4)))", "(userAccountControl:1.2.840.113556.1.4.803:=2)", "(cn=*a*b*)",
		`(cn=\2a\28)`, "(:dn:2.4.6:=x)", "((", "(cn;lang-hu=x)", strings.Repeat("(!", 101) + "(a=b)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		p, err := compileFilter(filter)
		if err != nil {
			if filterError(err).Error() == "" {
				t.Error("refused without a word")
			}
			return
		}
		names := filterNames(p)
		for _, n := range names {
			if !strings.Contains(filter, n) {
				t.Errorf("%q asks about %q", filter, n)
			}
		}
		text, err := ldap.DecompileFilter(p)
		odd := func(n string) bool {
			return strings.Trim(n, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789") != ""
		}
		if err != nil || slices.ContainsFunc(names, odd) {
			return // the library writes what no attribute's name has in another way than it reads it
		}
		again, err := compileFilter(text)
		if err != nil {
			return
		}
		if got := filterNames(again); strings.Join(got, "|") != strings.Join(names, "|") {
			t.Errorf("%q asks about %q, and written again as %q about %q", filter, names, text, got)
		}
	})
}
