package codes

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"github.com/dirform/dirform/state"
)

// Language says why v is no tag of a language as RFC 4646 has it, which Microsoft's reference asks for, and which tag
// is meant where that is sure; "" if it is one. The languages and regions are those of the Unicode CLDR. Whether the
// service takes every variant and private subtag is not known, so they pass.
func Language(v string) string {
	why := wrongLanguage(v)
	if why == "" {
		return ""
	}
	if meant := meantLanguage(v); meant != "" {
		why += fmt.Sprintf("; %q is meant", meant)
	} else if strings.EqualFold(v, "en-EN") {
		why += fmt.Sprintf("; it may be %q or %q", "en-GB", "en-US")
	}
	return why
}

// wrongLanguage says what is wrong with v as a language's tag, or "".
func wrongLanguage(v string) string {
	if _, err := language.Raw.Parse(v); strings.Contains(v, "_") || err != nil && !errors.As(err,
		new(language.ValueError)) {
		return "it is not a language tag (RFC 4646), such as en, en-US or zh-Hant-TW"
	}
	base, region, _ := subtags(v)
	if len(base) < 2 {
		return "" // private, or registered as a whole
	}
	if _, err := language.ParseBase(base); err != nil || shorter(base) != "" {
		return fmt.Sprintf("%q is not the code of a language (ISO 639), as in en, en-US or zh-Hant-TW", base)
	}
	if windowsChinese[strings.ToLower(v)] != "" {
		return "it is not a language tag (RFC 4646), such as en, en-US or zh-Hant-TW"
	}
	if region == "" {
		return ""
	}
	if r, err := language.ParseRegion(region); err != nil || r.String() == "ZZ" || strings.EqualFold(region, "UK") {
		return fmt.Sprintf("%q is not the code of a region (ISO 3166-1), as in en-US or zh-Hant-TW", region)
	}
	return ""
}

// subtags are the language of a tag, its region, "" if it names none, and all that stands behind the language.
func subtags(tag string) (base, region, rest string) {
	base, rest, _ = strings.Cut(tag, "-")
	for part := range strings.SplitSeq(rest, "-") {
		switch _, err := strconv.Atoi(part); {
		case len(part) == 1: // what follows is an extension, or private
			return base, "", rest
		case len(part) == 2, len(part) == 3 && err == nil:
			return base, part, rest
		}
	}
	return base, "", rest
}

// shorter is the code of two letters of a language for which base is one of three, or "": RFC 4646 takes the shortest
// one.
func shorter(base string) string {
	if len(base) != 3 {
		return ""
	}
	if tag := language.Make(base).String(); len(tag) == 2 {
		return tag
	}
	return ""
}

// meantLanguage is the tag that is meant by what is none, or "" where nobody can be sure.
func meantLanguage(v string) string {
	for _, cut := range []string{",", ";"} { // a browser's list
		v, _, _ = strings.Cut(v, cut)
	}
	v = state.Trim(v)
	if tag := numbered(v); tag != "" {
		return tag
	}
	if tag := namedLanguage(v); tag != "" {
		return tag
	}
	for _, cut := range []string{".", "@"} { // an encoding behind it, as Unix has it
		v, _, _ = strings.Cut(v, cut)
	}
	v = strings.NewReplacer("_", "-", " ", "-", "\u2013", "-").Replace(v)
	if tag := windowsChinese[strings.ToLower(v)]; tag != "" {
		return tag
	}
	base, region, rest := subtags(v)
	if better := countryForLanguage[strings.ToLower(base)]; better != "" {
		base = better
	} else if better := shorter(base); better != "" {
		base = better
	}
	if strings.EqualFold(region, "UK") {
		rest = strings.Replace(rest, region, "GB", 1)
	}
	if rest != "" {
		rest = "-" + rest
	}
	if _, err := language.Parse(base + rest); err != nil || wrongLanguage(base+rest) != "" {
		return ""
	}
	return base + rest
}

// namedLanguage is the tag of a language by its name, and of its region: German, Deutsch (Österreich). It is "" for
// what is no name.
func namedLanguage(v string) string {
	name, place, in := strings.Cut(strings.TrimSuffix(v, ")"), "(")
	tag := languages[plain(name)]
	if tag == "" || !in {
		return tag
	}
	code := countryNames()[plain(place)]
	if code == "" {
		return ""
	}
	return tag + "-" + code
}

// countryForLanguage are the codes of countries, in lower case, that people take for those of languages, and that no
// language has.
var countryForLanguage = map[string]string{"jp": "ja", "cz": "cs", "gr": "el", "dk": "da", "cn": "zh", "ua": "uk",
	"rs": "sr",
	"vn": "vi", "il": "he", "by": "be"}

// windowsChinese are names that Windows had for Chinese.
var windowsChinese = map[string]string{"zh-chs": "zh-Hans", "zh-cht": "zh-Hant"}

// numbered is the tag of a number that Windows has for a language: 1031, 0x0407 or 0407; "" for what is none.
func numbered(v string) string {
	if len(v) == 4 && v[0] == '0' {
		v = "0x" + v
	}
	id, err := strconv.ParseUint(v, 0, 16)
	if err != nil {
		return ""
	}
	return locales[uint16(id)]
}

// locales are tags by the number that Windows has for them.
var locales = map[uint16]string{1026: "bg-BG", 1028: "zh-TW", 1029: "cs-CZ", 1030: "da-DK", 1031: "de-DE",
	1032: "el-GR",
	1033: "en-US", 1034: "es-ES", 1035: "fi-FI", 1036: "fr-FR", 1037: "he-IL", 1038: "hu-HU", 1040: "it-IT", 1041: "ja-JP",
	1042: "ko-KR", 1043: "nl-NL", 1044: "nb-NO", 1045: "pl-PL", 1046: "pt-BR", 1048: "ro-RO", 1049: "ru-RU", 1050: "hr-HR",
	1051: "sk-SK", 1053: "sv-SE", 1055: "tr-TR", 1058: "uk-UA", 1060: "sl-SI", 1061: "et-EE", 1062: "lv-LV", 1063: "lt-LT",
	2052: "zh-CN", 2055: "de-CH", 2057: "en-GB", 2060: "fr-BE", 2067: "nl-BE", 2070: "pt-PT", 3079: "de-AT", 3081: "en-AU",
	3082: "es-ES", 3084: "fr-CA", 4105: "en-CA", 4108: "fr-CH"}

// languages are tags by English and own names of languages that stand for them in directories, as [plain] has them.
var languages = map[string]string{"english": "en", "german": "de", "deutsch": "de", "french": "fr", "francais": "fr",
	"spanish": "es", "espanol": "es", "italian": "it", "italiano": "it", "portuguese": "pt", "portugues": "pt", "dutch": "nl",
	"nederlands": "nl", "hungarian": "hu", "magyar": "hu", "polish": "pl", "polski": "pl", "czech": "cs", "cesky": "cs",
	"cestina": "cs", "slovak": "sk", "slovencina": "sk", "romanian": "ro", "romana": "ro", "swedish": "sv", "svenska": "sv",
	"norwegian": "no", "norsk": "no", "danish": "da", "dansk": "da", "finnish": "fi", "suomi": "fi", "greek": "el", "turkish": "tr",
	"turkce": "tr", "russian": "ru", "japanese": "ja", "chinese": "zh", "korean": "ko", "ukrainian": "uk", "arabic": "ar",
	"croatian": "hr", "hrvatski": "hr", "serbian": "sr", "slovenian": "sl", "slovene": "sl", "slovenscina": "sl", "bulgarian": "bg",
	"estonian": "et", "latvian": "lv", "lithuanian": "lt", "icelandic": "is", "irish": "ga", "welsh": "cy", "catalan": "ca",
	"basque": "eu", "galician": "gl", "hebrew": "he", "persian": "fa", "farsi": "fa", "hindi": "hi", "thai": "th",
	"vietnamese": "vi", "indonesian": "id", "malay": "ms", "albanian": "sq", "macedonian": "mk", "bosnian": "bs", "maltese": "mt"}
