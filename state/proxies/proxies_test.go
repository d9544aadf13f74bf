package proxies_test

import (
	"slices"
	"testing"

	"github.com/dirform/dirform/state/proxies"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		value, address string
		kind           proxies.Kind
	}{
		{"SMTP:a@contoso.com", "a@contoso.com", proxies.Primary},
		{" SMTP: a@contoso.com\u00a0", "a@contoso.com", proxies.Primary},
		{"smtp:\ta@contoso.com", "a@contoso.com", proxies.Further},
		{"Smtp:a@contoso.com", "a@contoso.com", proxies.Further},
		{"a@contoso.com", "a@contoso.com", proxies.Further},
		{"smtp:nobody", "nobody", proxies.Further},
		{"smtp:a\u200e@contoso.com", "a\u200e@contoso.com", proxies.Further}, // its own mistake, told as one
		{"\u200eSMTP:a@contoso.com", "", proxies.Disguised},
		{"\u00adsmtp:a@contoso.com", "", proxies.Disguised},
		{"SM\u2060TP:a@contoso.com", "", proxies.Disguised},
		{"SIP:a@contoso.com", "", proxies.Other},
		{"X500:/o=Old/cn=\u200ea@b", "", proxies.Other},
		{"smtp:", "", proxies.Other},
		{"SMTP: ", "", proxies.Other},
		{"", "", proxies.Other},
	} {
		if address, kind := proxies.Read(c.value); address != c.address || kind != c.kind {
			t.Errorf("%q is %q of kind %d", c.value, address, kind)
		}
	}
}

// What a list's primary address is does not depend on the order in which a directory gives the values.
func TestPrimaryOf(t *testing.T) {
	for _, c := range []struct {
		want   string
		values []string
	}{
		{"", nil},
		{"", []string{"smtp:a@x.com", "X500:/o=a"}},
		{"a@x.com", []string{"smtp:b@x.com", "SMTP:a@x.com"}},
		{"", []string{"SMTP:a@x.com", "SMTP:b@x.com"}},
		{"", []string{"SMTP:a@x.com", "SMTP:A@x.com", "SMTP:b@x.com"}},
		{"A@x.com", []string{"SMTP:a@x.com", "SMTP:A@x.com"}},
		{"Jose\u0301@x.com", []string{"SMTP:Jos\u00e9@x.com", "SMTP:Jose\u0301@x.com"}},
	} {
		for range 2 {
			if got := proxies.PrimaryOf(c.values); got != c.want {
				t.Errorf("%q: %q, want %q", c.values, got, c.want)
			}
			slices.Reverse(c.values)
		}
	}
	got := proxies.FurtherOf([]string{"SMTP:a@x.com", "smtp: b@x.com", "SIP:c@x.com", "d@x.com"})
	if !slices.Equal(got, []string{"b@x.com", "d@x.com"}) {
		t.Errorf("aliases are %q", got)
	}
}
