package codes

import (
	"slices"
	"strings"
	"testing"
)

// wants checks what is said of each value: "" for nothing, else a part of it. A part that begins with ! must not be in
// it.
func wants(t *testing.T, judge func(string) string, cases map[string]string) {
	t.Helper()
	for v, want := range cases {
		got := judge(v)
		not, negated := strings.CutPrefix(want, "!")
		switch {
		case want == "" && got != "", want != "" && got == "":
			t.Errorf("%q: %q", v, got)
		case negated == strings.Contains(got, not) && want != "":
			t.Errorf("%q: %q, want %q", v, got, want)
		}
	}
}

func TestCountry(t *testing.T) {
	wants(t, Country, map[string]string{
		"DE": "", "hu": "", "US": "", "XK": "", "Gb": "",
		"UK": `"GB" is meant`, "el": `"GR" is meant`, "DEU": `"DE" is meant`, "IRL": `"IE" is meant`, "usa": `"US" is meant`,
		"276": `"DE" is meant`, "040": `"AT" is meant`, "840": `"US" is meant`, "GER": `"DE" is meant`, "CHE": `"CH" is meant`,
		"Germany": `"DE" is meant`, "Deutschland": `"DE" is meant`, "Österreich": `"AT" is meant`, "Osterreich": `"AT" is meant`,
		"Suisse": `"CH" is meant`, "MAGYARORSZÁG": `"HU" is meant`, "España": `"ES" is meant`, "Cesko": `"CZ" is meant`,
		"the Netherlands": `"NL" is meant`, "Trinidad & Tobago": `"TT" is meant`, "Côte d’Ivoire": `"CI" is meant`, "U.S.A.": `"US" is meant`,
		"AN": "it may be BQ, CW or SX", "SU": "UA or UZ", "YU": "RS or SI", "CS": "CZ, SK, RS or ME", "EN": "GB or US", "JA": `it may be "JP"`,
		"D": `it may be "DE"`, "ZZ": "!meant", "EU": "!meant", "1": "!meant", "36": "!meant", "Congo": "!meant", "": "!meant", "A ": "!meant",
		"QMA": "!meant", "XX": "!meant", "n/a": "!meant", "ANT": "!meant", "SUN": "!meant", "250": `"FR" is meant`, "999": "!meant",
	})
	if len(countries) != 250 || !slices.IsSortedFunc(countries, func(a, b country) int {
		return strings.Compare(a.code,
			b.code)
	}) {
		t.Errorf("%d countries, not the 249 of ISO 3166-1 and XK in their order", len(countries))
	}
	seen := map[string]string{}
	for _, c := range countries {
		for name := range strings.SplitSeq(c.names, "/") {
			if other := seen[plain(name)]; other != "" {
				t.Errorf("%q is %s and %s", name, other, c.code)
			}
			seen[plain(name)] = c.code
		}
		if c.names == "" || Country(c.code) != "" {
			t.Errorf("%s has no name, or is none", c.code)
		}
	}
	for _, m := range []map[string]string{instead, mayBe} {
		for from, to := range m {
			for code := range strings.FieldsSeq(to) {
				if assigned(from) || !assigned(code) {
					t.Errorf("%s for %s", code, from)
				}
			}
		}
	}
}

func TestLanguage(t *testing.T) {
	wants(t, Language, map[string]string{
		"en": "", "en-US": "", "hu-HU": "", "zh-Hant-TW": "", "es-419": "", "gsw": "", "de-AT": "", "EN-gb": "", "en-029": "", "nb-NO": "",
		"ca-ES-valencia": "", "de-CH-1996": "", "sl-rozaj": "", "en-US-x-foo": "", "sr-Latn-CS": "", "zh-yue-HK": "", "i-klingon": "",
		"x-klingon": "", "iw": "", "uk": "", "se": "", "prs-AF": "", "tzm-Latn-DZ": "", "ku-Arab-IQ": "", "de-DE-foo12": "", "fil-PH": "",
		"de-DE-u-co-phonebk": "", "qps-ploc": "",
		"en-UK": `"UK" is not the code of a region (ISO 3166-1), as in en-US or zh-Hant-TW; "en-GB" is meant`,
		"jp":    `"ja" is meant`, "cz": `"cs" is meant`, "gr": `"el" is meant`, "dk": `"da" is meant`, "jp-JP": `"ja-JP" is meant`,
		"ger": `"de" is meant`, "deu": `"de" is meant`, "deu-DE": `"de-DE" is meant`,
		"us": "!meant", "zz": "!meant", "xx-YY": "!meant", "de-ZZ": `"ZZ" is not the code of a region`, "zz-DE": `"zz" is not the code of a lang`,
		"en-EN": `it may be "en-GB" or "en-US"`, "zh-CHS": `"zh-Hans" is meant`,
		"English": `"en" is meant`, "Magyar": `"hu" is meant`, "FRANÇAIS": `"fr" is meant`, "Česky": `"cs" is meant`,
		"German (Germany)": `"de-DE" is meant`, "Deutsch (Österreich)": `"de-AT" is meant`, "English (United States)": `"en-US" is meant`,
		"German (Bavaria)": "!meant", "1033": `"en-US" is meant`, "1031": `"de-DE" is meant`, "0x409": `"en-US" is meant`, "0407": `"de-DE" is meant`, "1038": `"hu-HU" is meant`,
		"en_US": `"en-US" is meant`, "de_DE.UTF-8": `"de-DE" is meant`, "en US": `"en-US" is meant`, "hu–HU": `"hu-HU" is meant`,
		"en-GB;q=0.9,en": `"en-GB" is meant`, "zh_Hans_CN": `"zh-Hans-CN" is meant`, "en_UK": `"en-GB" is meant`,
		"x": "!meant", "en-": `"en" is meant`, "-en": "!en-GB", "en-US-x": "!meant", "": "!meant", "*": "!meant", "C": "!meant", "POSIX": "!meant",
		"english-us": "!meant", "9999": "!meant", "United States": "!meant",
	})
	for id, tag := range locales {
		if Language(tag) != "" {
			t.Errorf("%s for %d: %s", tag, id, Language(tag))
		}
	}
	for _, m := range []map[string]string{languages, countryForLanguage, windowsChinese} {
		for from, to := range m {
			if Language(to) != "" || Language(from) == "" {
				t.Errorf("%s for %s: %s", to, from, Language(to))
			}
		}
	}
}
