package lint

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/dirform/dirform/state"
)

// malformed says what is wrong with v as a whole, and what is meant where that is known; "" if nothing is.
func malformed(form state.Form, v string) string {
	switch form {
	case state.FormAddress:
		return badAddress(v)
	case state.FormCountry:
		return badCountry(v)
	case state.FormLanguage:
		return badLanguage(v)
	case state.FormNickname:
		if strings.HasPrefix(v, ".") {
			return "a nickname may not begin with a dot"
		}
	}
	return ""
}

// badAddress says why v is no mail address. RFC 5321 allows more than is ever used, quoted names among it; Exchange does not take
// that either.
func badAddress(v string) string {
	if why := badType(v); why != "" {
		return why
	}
	local, domain, ok := strings.Cut(v, "@")
	switch {
	case !ok || local == "" || domain == "" || strings.Contains(domain, "@"):
		return "an address must have the form name@domain with exactly one @"
	case strings.ContainsFunc(v, unicode.IsSpace):
		return "an address holds no blank"
	case strings.Contains(local, ":"):
		return "the character ':' is not allowed before the @"
	case strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, ".."):
		return "the part before the @ must neither begin nor end with a dot, nor have two in a row"
	}
	if !strings.Contains(domain, ".") {
		return fmt.Sprintf("%q is not the whole name of a domain, which has a dot", domain)
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") ||
			strings.ContainsFunc(label, func(r rune) bool { return !(r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)) }) {
			return fmt.Sprintf("%q is not the name of a domain", domain)
		}
	}
	return ""
}

// addressTypes are the types of proxyAddresses that people copy together with an address, and that of a link.
var addressTypes = [...]string{"smtp", "sip", "eum", "x400", "x500", "notes", "mailto"}

// badType says that v is an address behind a type, and which address is meant, if what follows is one; else it is "".
func badType(v string) string {
	typ, address, ok := strings.Cut(v, ":")
	known := func(t string) bool { return strings.EqualFold(t, typ) }
	if !ok || !strings.Contains(address, "@") || !slices.ContainsFunc(addressTypes[:], known) {
		return ""
	}
	why := typ + ": is the type that an address has in proxyAddresses"
	if strings.EqualFold(typ, "mailto") {
		why = typ + ": is what a link begins with, and no part of an address"
	}
	if address = state.Trim(address); badAddress(address) == "" {
		why += fmt.Sprintf("; %q is meant", address)
	}
	return why
}

// countries are the codes that ISO 3166-1 has assigned, and XK, which Microsoft has for Kosovo.
const countries = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
	"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK"

// meantCountries are codes that people use for countries and that are others by ISO: reserved ones, those of states that are gone, and
// licence plates.
var meantCountries = map[string]string{"UK": "GB", "EL": "GR", "EN": "GB", "SU": "RU", "YU": "RS", "CS": "RS", "AN": "CW", "BU": "MM",
	"ZR": "CD", "TP": "TL", "FX": "FR", "DD": "DE", "JA": "JP", "KO": "KR", "DA": "DK"}

func badCountry(v string) string {
	code := strings.ToUpper(v)
	if len(code) == 2 && strings.Contains(" "+countries+" ", " "+code+" ") {
		return ""
	}
	why := "it is not the two-letter code of a country (ISO 3166-1), such as DE, HU or US"
	if meant := meantCountries[code]; meant != "" {
		why += fmt.Sprintf("; %q is meant", meant)
	}
	return why
}

// languages are English and own names of languages that stand for tags in directories.
var languages = map[string]string{"english": "en", "german": "de", "deutsch": "de", "french": "fr", "français": "fr", "francais": "fr",
	"spanish": "es", "español": "es", "italian": "it", "italiano": "it", "portuguese": "pt", "dutch": "nl", "nederlands": "nl",
	"hungarian": "hu", "magyar": "hu", "polish": "pl", "polski": "pl", "czech": "cs", "slovak": "sk", "romanian": "ro", "swedish": "sv",
	"norwegian": "no", "danish": "da", "finnish": "fi", "greek": "el", "turkish": "tr", "russian": "ru", "japanese": "ja", "chinese": "zh",
	"korean": "ko"}

// badLanguage says why v is no language tag: a language of two or three letters, then, each at most once, a script of four letters and
// a region of two letters or three digits. Microsoft's reference asks for RFC 4646, whose rarer forms nobody has as the language of a
// person.
func badLanguage(v string) string {
	if isTag(v) {
		return ""
	}
	why := "it is not a language tag (RFC 4646), such as en, en-US or zh-Hant-TW"
	first, _, _ := strings.Cut(v, ",") // a browser's list
	first, _, _ = strings.Cut(first, ";")
	first = strings.ReplaceAll(state.Trim(first), "_", "-")
	if tag := languages[strings.ToLower(first)]; tag != "" {
		first = tag
	}
	if isTag(first) {
		why += fmt.Sprintf("; %q is meant", first)
	}
	return why
}

func isTag(v string) bool {
	parts := strings.Split(v, "-")
	if n := len(parts[0]); n < 2 || n > 3 || !all(parts[0], 'a', 'z') {
		return false
	}
	parts = parts[1:]
	if len(parts) > 0 && len(parts[0]) == 4 && all(parts[0], 'a', 'z') {
		parts = parts[1:]
	}
	if len(parts) > 0 && (len(parts[0]) == 2 && all(parts[0], 'a', 'z') || len(parts[0]) == 3 && all(parts[0], '0', '9')) {
		parts = parts[1:]
	}
	return len(parts) == 0
}

// all reports whether each character of s, in lower case, is between low and high.
func all(s string, low, high byte) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < low || c > high {
			return false
		}
	}
	return true
}
