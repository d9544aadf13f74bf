package config

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/config/internal/filters"
	"github.com/dirform/dirform/state/bounds"
)

// FuzzFilter: a filter is refused, or every attribute that it asks about is known, whatever it looks like. Beside
// any text, filters are read that are put together as the second argument chooses, of which it is known what they
// ask about.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"(cn=a)", "(&(a=1)(!(b=*))(|(c>=2)(d<=3)(e~=4)))", "(userAccountControl:1.2.840.113556.1.4.803:=2)", "(cn=*a*b*)",
		`(cn=\2a\28)`, "(:dn:2.4.6:=x)", "((", "(cn;lang-hu=x)", strings.Repeat("(!", 101) + "(a=b)",
		strings.Repeat("(!", bounds.Nesting-1) + "(a=b)" + strings.Repeat(")", bounds.Nesting-1),
		strings.Repeat("(!", bounds.Nesting) + "(a=b)" + strings.Repeat(")", bounds.Nesting),
		"(a=" + strings.Repeat("b", bounds.Filter) + ")", "(a=" + strings.Repeat("b", bounds.Filter-4) + ")"} {
		f.Add(s, []byte(nil))
	}
	for first := range byte(12) {
		f.Add("", []byte{first, 3, first + 1, 4, first + 2, 5, first + 3})
		f.Add("", []byte{3, 0, first, 7})
	}
	f.Add("", bytes.Repeat([]byte{2, 3}, 10000))
	f.Fuzz(func(t *testing.T, filter string, chosen []byte) {
		chosen = chosen[:min(len(chosen), 500)] // or it would be longer than any filter may be
		built, asked := builtFilter(&chosen, 0)
		if p, err := compileFilter(built); err != nil || !slices.Equal(filters.Names(p), asked) {
			t.Errorf("%s does not ask about %q, %v", built, asked, err)
		}
		p, err := compileFilter(filter)
		if err != nil {
			if filterError(err).Error() == "" {
				t.Error("refused without a word")
			}
			return
		}
		if len(filter) > bounds.Filter || deepest(filter) > bounds.Nesting {
			t.Error("no limit holds")
		}
		names := filters.Names(p)
		for _, n := range names {
			if !strings.Contains(filter, n) || n == "" || strings.ContainsAny(n, ";.") {
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
		if got := filters.Names(again); strings.Join(got, "|") != strings.Join(names, "|") {
			t.Errorf("%q asks about %q, and written again as %q about %q", filter, names, text, got)
		}
	})
}

// builtFilter is a filter of as many parts as there are choices, and what it asks about.
func builtFilter(chosen *[]byte, depth int) (filter string, asked []string) {
	take := func() byte {
		if len(*chosen) == 0 {
			return 3
		}
		c := (*chosen)[0]
		*chosen = (*chosen)[1:]
		return c
	}
	switch c := take() % 12; {
	case c < 3 && depth < bounds.Nesting/2:
		parts := 1
		if c > 0 {
			parts += int(take() % 4)
		}
		for range parts {
			part, names := builtFilter(chosen, depth+1)
			filter, asked = filter+part, append(asked, names...)
		}
		return "(" + string("!&|"[c]) + filter + ")", asked
	case c == 11:
		return "(:dn:2.4.6.8.10:=x)", nil
	case c == 10:
		return "(2.5.4.3=x)", nil
	default:
		name := []string{"cn", "mail", "mS-DS-ConsistencyGuid", "extensionAttribute1"}[take()%4]
		form := []string{"=x", "=*", "=*a*b*", ">=1", "<=2", "~=y", ";lang-hu=x", ";binary=*",
			":1.2.840.113556.1.4.803:=2", ":dn:=x",
			`=\28\2a`}[take()%11]
		return "(" + name + form + ")", []string{name}
	}
}

// deepest is how many parentheses are open inside each other at most.
func deepest(filter string) (most int) {
	open := 0
	for i := range len(filter) {
		switch filter[i] {
		case '(':
			open++
		case ')':
			open--
		}
		most = max(most, open)
	}
	return most
}
