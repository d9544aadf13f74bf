package ldapd

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// rdn is one relative distinguished name in canonical spelling: type in capitals, value escaped as AD escapes it.
type rdn = string

var errDN = errors.New("not a distinguished name")

// splitDN takes a distinguished name apart into canonical relative names, innermost first.
func splitDN(dn string) ([]rdn, error) {
	var out []rdn
	rest := dn
	for strings.TrimLeft(rest, " ") != "" {
		one, tail, more, err := cutRDN(rest)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
		if rest = tail; more && strings.TrimLeft(rest, " ") == "" {
			return nil, errDN
		}
	}
	return out, nil
}

// cutRDN takes the first relative name off a distinguished name; more says that a comma followed it.
func cutRDN(dn string) (one rdn, rest string, more bool, err error) {
	eq := strings.IndexByte(dn, '=')
	if eq < 0 {
		return "", "", false, errDN
	}
	typ := strings.ToUpper(strings.TrimSpace(dn[:eq]))
	if !isAttributeName(typ) {
		return "", "", false, errDN
	}
	value, rest, more, err := cutRDNValue(dn[eq+1:])
	if err != nil || value == "" || !utf8.ValidString(value) {
		return "", "", false, errDN
	}
	return typ + "=" + escapeRDN(value), rest, more, nil
}

func isAttributeName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

// cutRDNValue reads an escaped value up to an unescaped comma or semicolon.
func cutRDNValue(s string) (value, rest string, more bool, err error) {
	s = strings.TrimLeft(s, " ")
	if strings.HasPrefix(s, `"`) {
		return cutQuoted(s)
	}
	var b []byte
	keep := 0 // b up to here came from escapes and non-spaces: trailing spaces beyond it are dropped
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case ',', ';':
			return string(b[:keep]), s[i+1:], true, nil
		case '+':
			return "", "", false, errDN // several attributes in one relative name: AD has none
		case '\\':
			ch, n, ok := unescape(s[i+1:])
			if !ok {
				return "", "", false, errDN
			}
			b, i = append(b, ch), i+n
			keep = len(b)
		default:
			if b = append(b, c); c != ' ' {
				keep = len(b)
			}
		}
	}
	return string(b[:keep]), "", false, nil
}

func cutQuoted(s string) (value, rest string, more bool, err error) {
	var b []byte
	for i := 1; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			tail := strings.TrimLeft(s[i+1:], " ")
			if tail == "" {
				return string(b), "", false, nil
			}
			if tail[0] != ',' && tail[0] != ';' {
				return "", "", false, errDN
			}
			return string(b), tail[1:], true, nil
		case '\\':
			ch, n, ok := unescape(s[i+1:])
			if !ok {
				return "", "", false, errDN
			}
			b, i = append(b, ch), i+n
		default:
			b = append(b, c)
		}
	}
	return "", "", false, errDN
}

// unescape reads what follows a backslash: two hex digits or one special character.
func unescape(s string) (ch byte, n int, ok bool) {
	if len(s) >= 2 {
		hi, ok1 := hexDigit(s[0])
		lo, ok2 := hexDigit(s[1])
		if ok1 && ok2 {
			return hi<<4 | lo, 2, true
		}
	}
	if len(s) == 0 {
		return 0, 0, false
	}
	return s[0], 1, true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// escapeRDN writes a value the way AD shows it in distinguished names.
func escapeRDN(v string) string {
	if !strings.ContainsAny(v, ",\\\"+<>;=\n\r\x00#") && v[0] != ' ' && v[len(v)-1] != ' ' {
		return v
	}
	var b strings.Builder
	for i := range len(v) {
		switch c := v[i]; {
		case c == '\n':
			b.WriteString(`\0A`)
		case c == '\r':
			b.WriteString(`\0D`)
		case c == 0:
			b.WriteString(`\00`)
		case strings.IndexByte(`,\"+<>;=`, c) >= 0, c == '#' && i == 0, c == ' ' && (i == 0 || i == len(v)-1):
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// rdnType returns the attribute of a canonical relative name, in capitals.
func rdnType(r rdn) string { return r[:strings.IndexByte(r, '=')] }

// rdnValue returns the value of a canonical relative name without escapes.
func rdnValue(r rdn) string {
	v := r[strings.IndexByte(r, '=')+1:]
	if strings.IndexByte(v, '\\') < 0 {
		return v
	}
	b := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' {
			ch, n, _ := unescape(v[i+1:])
			b, i = append(b, ch), i+n
			continue
		}
		b = append(b, v[i])
	}
	return string(b)
}

// domainDN is corp.contoso.com as DC=corp,DC=contoso,DC=com.
func domainDN(domain string) string {
	return "DC=" + strings.ReplaceAll(domain, ".", ",DC=")
}
