// Package adforms knows the forms in which Active Directory keeps identifiers and times, and what becomes of letters beyond
// ASCII.
package adforms

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/dirform/dirform/state"
)

// letters are those without a decomposition into an ASCII letter and accents.
var letters = strings.NewReplacer("ß", "ss", "ẞ", "SS", "æ", "ae", "Æ", "AE", "œ", "oe", "Œ", "OE", "ø", "o", "Ø", "O", "đ", "d", "Đ", "D",
	"ð", "d", "Ð", "D", "þ", "th", "Þ", "Th", "ł", "l", "Ł", "L", "ħ", "h", "Ħ", "H", "ı", "i", "ĸ", "k", "ŋ", "n", "Ŋ", "N", "ŧ", "t", "Ŧ", "T",
	"‘", "'", "’", "'", "“", `"`, "”", `"`, "–", "-", "—", "-", "…", "...", "\u00a0", " ")

// ASCII drops accents in every language's letters alike: an umlaut ä is a, as Swedish, Finnish, Hungarian and Slovak names need;
// German ae is replace(s, "ä", "ae").
func ASCII(s string) string {
	if isASCII(s) {
		return s
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(letters.Replace(s)) {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
		} else if unicode.IsSpace(r) {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// GUID is a binary GUID, in base64, in its text form; the text form stays as it is.
func GUID(s string) (string, error) {
	if g, ok := state.ParseGUID(s); ok {
		return g.String(), nil
	}
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(raw) != 16 {
		return "", fmt.Errorf("the value is not a GUID: 16 bytes in base64 are needed, as in ad.objectGUID")
	}
	return state.GUID(raw).String(), nil
}

// SID is a binary security identifier, in base64, in its text form (MS-DTYP 2.4.2.2); the text form stays as it is.
func SID(s string) (string, error) {
	if len(s) > 4 && strings.EqualFold(s[:4], "S-1-") {
		return strings.Replace(strings.ToUpper(s), "0X", "0x", 1), nil
	}
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(raw) < 8 || raw[0] != 1 || len(raw) != 8+4*int(raw[1]) {
		return "", fmt.Errorf("the value is not a security identifier in base64 or in the form S-1-…")
	}
	var authority uint64
	for _, b := range raw[2:8] {
		authority = authority<<8 | uint64(b)
	}
	out := []byte("S-1-")
	if authority>>32 != 0 { // MS-DTYP 2.4.2.1
		out = fmt.Appendf(out, "0x%012X", authority)
	} else {
		out = strconv.AppendUint(out, authority, 10)
	}
	for i := 8; i < len(raw); i += 4 {
		out = strconv.AppendUint(append(out, '-'), uint64(binary.LittleEndian.Uint32(raw[i:])), 10)
	}
	return string(out), nil
}

// filetimeEpoch is 1970 in 100 ns steps since 1601; the largest int64 means never (MS-ADA1, accountExpires).
const filetimeEpoch = 116444736000000000

// FileTime is a Windows time, in 100 ns steps since 1601, as RFC 3339 in UTC. ok is false for 0, for never, and for what lies
// behind the year 9999.
func FileTime(n int64) (text string, ok bool) {
	if n <= 0 || n == 1<<63-1 {
		return "", false
	}
	n -= filetimeEpoch
	t := time.Unix(n/1e7, n%1e7*100).UTC()
	return t.Format(time.RFC3339Nano), t.Year() <= 9999
}
