// Package codes knows the codes of countries and of languages, and what people write into directories instead of them.
package codes

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// Country says why v is no code of a country as ISO 3166-1 has it, and which code is meant where that is sure, or which
// it may be; "" if it is one. The case of its letters makes no difference.
func Country(v string) string {
	code := strings.ToUpper(v)
	if assigned(code) {
		return ""
	}
	why := "it is not the two-letter code of a country (ISO 3166-1), such as DE, HU or US"
	if meant := meantCountry(v); meant != "" {
		return why + fmt.Sprintf("; %q is meant", meant)
	}
	if may := strings.Fields(mayBe[code]); len(may) == 1 {
		why += fmt.Sprintf("; it may be %q", may[0])
	} else if n := len(may); n > 1 {
		why += "; it may be " + strings.Join(may[:n-1], ", ") + " or " + may[n-1]
	}
	return why
}

// assigned reports whether a code in capitals is one of a country.
func assigned(code string) bool {
	_, found := slices.BinarySearchFunc(countries, code, func(c country,
		code string) int {
		return strings.Compare(c.code, code)
	})
	return found
}

// meantCountry is the code that is meant by what is none, or "" where nobody can be sure: another code of ISO 3166-1,
// one that is not its own, or a country's name.
func meantCountry(v string) string {
	if code := instead[strings.ToUpper(v)]; code != "" {
		return code
	}
	if len(v) == 3 {
		if r, err := language.ParseRegion(v); err == nil && assigned(r.String()) {
			return r.String()
		}
	}
	return countryNames()[plain(v)]
}

// instead are codes that people use for a country and that are not its own by ISO 3166-1: reserved ones, those of
// states that have another name now, and Germany's in sports.
var instead = map[string]string{"UK": "GB", "EL": "GR", "BU": "MM", "ZR": "CD", "TP": "TL", "FX": "FR", "DD": "DE",
	"GER": "DE"}

// mayBe are codes by which one of several countries may be meant: of states that have come apart, of languages, and of
// vehicles.
var mayBe = map[string]string{
	"AN": "BQ CW SX", "CS": "CZ SK RS ME", "YU": "BA HR ME MK RS SI",
	"SU": "AM AZ BY EE GE KG KZ LT LV MD RU TJ TM UA UZ",
	"EN": "GB US", "JA": "JP", "KO": "KR", "DA": "DK", "SP": "ES",
	"A": "AT", "B": "BE", "D": "DE", "E": "ES", "F": "FR", "H": "HU", "I": "IT", "L": "LU", "N": "NO", "P": "PT", "S": "SE",
}

// plain is a name for looking it up: in lower case, without accents, punctuation, and an English article.
func plain(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r), r == '.', r == '\'', r == '\u2019':
			return -1
		case r == '-', r == '\u00a0':
			return ' '
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(strings.ReplaceAll(name, "&", "and")))
	return strings.TrimPrefix(strings.TrimSpace(name), "the ")
}

// countryNames are the codes by name, as [plain] has it. It is made when somebody asks, which only what is wrong does.
func countryNames() map[string]string {
	m := make(map[string]string, 2*len(countries))
	for _, c := range countries {
		for name := range strings.SplitSeq(c.names, "/") {
			m[plain(name)] = c.code
		}
	}
	return m
}
