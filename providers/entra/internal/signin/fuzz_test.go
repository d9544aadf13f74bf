package signin

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// FuzzChallenge: what a 401 demands is base64 that stands in the header as it is, or nothing.
func FuzzChallenge(f *testing.F) {
	f.Add(`Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="`)
	f.Add(`Bearer claims="`)
	f.Add(`claims="a" claims="YQ=="`)
	f.Add(`Bearer claims="Y Q=="`)
	f.Add(`Bearer claims="YQ==`)
	f.Add(`Bearer claims="-_-_"`)
	f.Add(`Bearer claims="+/+/", x="y"`)
	f.Add(`Bearer claims="YQ"`)
	f.Add(`Bearer claims=""`)
	f.Fuzz(func(t *testing.T, header string) {
		claims := ChallengeClaims(http.Header{"Www-Authenticate": {header}})
		if _, err := base64.StdEncoding.DecodeString(claims); err != nil || !strings.Contains(header, `"`+claims+`"`) && claims != "" {
			t.Errorf("%q demands %q", header, claims)
		}
		want := ""
		if m := regexp.MustCompile(`(?s)^.*?claims="(.*?)"`).FindStringSubmatch(header); m != nil {
			if _, err := base64.StdEncoding.DecodeString(m[1]); err == nil {
				want = m[1]
			}
		}
		if claims != want {
			t.Errorf("%q demands %q, and should %q", header, claims, want)
		}
	})
}
