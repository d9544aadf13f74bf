package config_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/config"
)

// FuzzTerms loads a policy with any grace, and a guard that holds until any day. A grace is a whole number of
// hours, days or weeks within ten years, a day is one of the calendar, and everything else is refused in its place.
func FuzzTerms(f *testing.F) {
	for _, s := range []string{"30d", "4w", "72h", "0d", "00001d", "1", "d", "-1d", "+1d", "1D", "1.5d", "1d ", " 1d",
		"3650d", "3651d", "521w", "522w", "20000w", "99999999w", "87600h", "87601h", "4294967295h",
		"4294967296d", "18446744073709551616d", "P30D", "1m", "1y", "30dd", "é", "1é", "0x1d", "1_0d", "2026-09-15",
		"2024-02-29", "2026-02-29", "2026-9-15", "2026-09-31", "0000-01-01",
		"2026-13-01", "2026-09-15T00:00:00Z", "20260915", "9999-12-31", "10000-01-01", "-2026-09-15", "2026-09-15 "} {
		f.Add(s)
	}
	dir := f.TempDir()
	term, day := regexp.MustCompile(`^0*([0-9]{1,8})([hdw])$`), regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" {
			return // as if the argument were not there
		}
		for _, c := range s {
			if c < ' ' || c > '~' {
				return // which the language itself changes or refuses
			}
		}
		value := string(hclwrite.TokensForValue(cty.StringVal(s)).Bytes())
		cfg, diags := load(t, complete("main.hcl",
			"link_policy \"p\" {\n  scope = scope.staff\n  leaving = \"delete\"\n  grace = "+value+"\n}\n"),
			config.Options{Dir: dir})
		var want time.Duration
		if m := term.FindStringSubmatch(s); m != nil {
			n, _ := strconv.Atoi(m[1])
			if hours := n * map[string]int{"h": 1, "d": 24, "w": 168}[m[2]]; hours <= 87600 {
				want = time.Duration(hours) * time.Hour
			}
		}
		checkDiagnostics(t, cfg, diags)
		if want == 0 != diags.HasErrors() || want > 0 && cfg.Policies[0].Grace != want {
			t.Errorf("a grace of %q: %v", s, diags)
		}
		cfg, diags = load(t, complete("main.hcl",
			"guard \"g\" {\n  deletes {\n    off = true\n    until = "+value+"\n  }\n}\n"), config.Options{Dir: dir})
		at, err := time.Parse("2006-1-2", s)
		there := err == nil && day.MatchString(s)
		checkDiagnostics(t, cfg, diags)
		if there == diags.HasErrors() || there && !at.Equal(cfg.Guards[0].Limits["deletes"].Until) {
			t.Errorf("until %q: %v", s, diags)
		}
		if diags.HasErrors() && !strings.HasPrefix(diags.Error(), "main.hcl:4") {
			t.Errorf("until %q: %v", s, diags)
		}
	})
}
