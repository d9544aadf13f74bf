package lint

import (
	"strings"
	"testing"

	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/acceptable"
)

func TestForms(t *testing.T) {
	good := map[state.Form]string{
		state.FormAddress:  "a@b.example jane.o'neil+x@sub.contoso.com j_d@contoso-eu.com",
		state.FormCountry:  "DE hu US XK",
		state.FormLanguage: "en en-US hu-HU zh-Hant-TW es-419 gsw de-AT EN-gb",
		state.FormNickname: "jane jane.doe jane.",
	}
	for form, list := range good {
		for _, v := range strings.Fields(list) {
			if bad := acceptable.Malformed(form, v); bad != "" {
				t.Errorf("%q: %s", v, bad)
			}
		}
	}
	bad := map[state.Form]map[string]string{ // value to what the answer says
		state.FormAddress: {"tom.ast": "exactly one @", "SMTP:kim@contoso.com": `"kim@contoso.com" is meant`, "a@b@c": "exactly one @",
			"@contoso.com": "exactly one @", "a@": "exactly one @", "a b@contoso.com": "no blank", ".a@contoso.com": "dot", "a..b@contoso.com": "dot",
			"a@contoso..com": "domain", "a@-x.com": "domain", "a@con toso.com": "no blank", "a@contoso.com.": "domain", "a@contoso": "whole name",
			"sip:kim@contoso.com": `"kim@contoso.com" is meant`, "mailto:kim@contoso.com": "what a link begins with",
			"smtp:": "exactly one @", "X500:/o=Org/cn=Eva": "exactly one @", "kim@contoso.com:25": "not the name of a domain",
			"smtp:kim@contoso": "is the type", "http://kim@contoso.com": "':' is not allowed"},
		state.FormCountry: {"UK": `"GB" is meant`, "ZZ": "ISO 3166", "1": "ISO 3166", "el": `"GR" is meant`, "DEU": `"DE" is meant`, "": "ISO 3166", "A ": "ISO"},
		state.FormLanguage: {"English": `"en" is meant`, "en_US": `"en-US" is meant`, "en-GB;q=0.9,en": `"en-GB" is meant`, "x": "RFC 4646",
			"en-": "RFC 4646", "en-US-x": "RFC 4646", "1033": `"en-US" is meant`, "": "RFC 4646"},
		state.FormNickname: {".jane": "dot"},
	}
	for form, list := range bad {
		for v, want := range list {
			if got := acceptable.Malformed(form, v); !strings.Contains(got, want) {
				t.Errorf("%q: %q does not say %q", v, got, want)
			}
		}
	}
	for _, v := range []string{"smtp:", "X500:/o=Org/cn=Eva", "smtp:kim@contoso", "kim@contoso.com:25", "smtp:a@b@c", "notes:CN=Kim"} {
		if got := acceptable.Malformed(state.FormAddress, v); strings.Contains(got, "is meant") {
			t.Errorf("%q: %q, and nobody knows", v, got)
		}
	}
	if acceptable.Malformed(state.FormAny, "anything: at all") != "" {
		t.Error("no form is no rule")
	}
}

// What is advised about a value helps it: ascii() only where it makes the value acceptable and leaves the domain alone.
func TestCures(t *testing.T) {
	r := Rules{Schema: providers.TenantSchema(state.User), UserName: "userPrincipalName"}
	for _, c := range []struct {
		attribute, value string
		want             words.Cure
	}{
		{"mail", "jörg@contoso.com", words.Transliterated},
		{"mailNickname", "jörg", words.Transliterated},
		{"userPrincipalName", "jörg@contoso.com", words.Transliterated},
		{"mail", "kim@müller.de", words.AnyHow},
		{"userPrincipalName", "kim@müller.de", words.AnyHow},
		{"mail", "kim rau@contoso.com", words.Replaced},
		{"mail", "\u201ckim@contoso.com\u201d", words.Replaced},
		{"userPrincipalName", "kim(x)@contoso.com", words.Replaced},
		{"mail", "iris", words.AnyHow},
		{"userPrincipalName", "a@b@contoso.com", words.AnyHow},
		{"mail", "kim@contoso.com:25", words.AnyHow},
		{"usageLocation", "Österreich", words.Translated},
		{"preferredLanguage", "Magyar", words.Translated},
	} {
		a := r.Schema.Lookup(c.attribute)
		if got := r.cure(a, c.value); r.wrong(a, c.value) == "" || got != c.want {
			t.Errorf("%s %q: %q, want %q", c.attribute, c.value, got, c.want)
		}
	}
}
