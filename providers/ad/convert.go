package ad

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dirform/dirform/state"
)

// conversion says how an attribute's values become a state.Value.
type conversion uint8

const (
	asString conversion = iota
	asUnknown
	asInt
	asBool
	asTime
	asBase64
	asSID
)

// conversionOf follows the schema; a is nil for attributes it doesn't know.
func conversionOf(name string, a *state.Attribute) conversion {
	if a == nil {
		return asUnknown
	}
	switch strings.ToLower(name) {
	case "objectsid", "sidhistory", "tokengroups", "msexchmasteraccountsid":
		return asSID
	}
	switch a.Type {
	case state.TypeInt:
		return asInt
	case state.TypeBool:
		return asBool
	case state.TypeTime:
		return asTime
	case state.TypeBinary:
		return asBase64
	}
	return asString
}

// text is value as text. Text shares v's memory where it can.
func (c conversion) text(v string) (string, error) {
	switch c {
	case asUnknown:
		// A forest's own attributes may be binary; no string in a directory is invalid UTF-8.
		if utf8.ValidString(v) {
			return v, nil
		}
		return base64.StdEncoding.EncodeToString([]byte(v)), nil
	case asBase64:
		return base64.StdEncoding.EncodeToString([]byte(v)), nil
	case asSID:
		return sidText(v)
	case asTime:
		return timeText(v)
	}
	return v, nil
}

// value is the only value v of a single-valued attribute.
func (c conversion) value(v string) (state.Value, error) {
	switch c {
	case asInt:
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return state.Null(), fmt.Errorf("%q is not an integer", v)
		}
		return state.Int(n), nil
	case asBool:
		switch v {
		case "TRUE":
			return state.Bool(true), nil
		case "FALSE":
			return state.Bool(false), nil
		}
		return state.Null(), fmt.Errorf("%q is neither TRUE nor FALSE", v)
	}
	s, err := c.text(v)
	return state.String(s), err
}

// sidText is a binary security identifier as S-1-5-21-… (MS-DTYP 2.4.2): revision, count, 48-bit authority in big-endian and
// 32-bit sub-authorities in little-endian order.
func sidText(v string) (string, error) {
	if len(v) < 8 || v[0] != 1 || len(v) != 8+4*int(v[1]) {
		return "", fmt.Errorf("%x is not a security identifier", v)
	}
	raw := []byte(v)
	authority := binary.BigEndian.Uint64(append([]byte{0, 0}, raw[2:8]...))
	b := append(make([]byte, 0, 64), "S-1-"...)
	if authority>>32 != 0 {
		b = fmt.Appendf(b, "0x%012X", authority)
	} else {
		b = strconv.AppendUint(b, authority, 10)
	}
	for at := 8; at < len(raw); at += 4 {
		b = append(b, '-')
		b = strconv.AppendUint(b, uint64(binary.LittleEndian.Uint32(raw[at:])), 10)
	}
	return string(b), nil
}

// timeText is a GeneralizedTime (20240131120000.0Z) as RFC 3339 in UTC.
func timeText(v string) (string, error) {
	if len(v) == 17 && v[14:] == ".0Z" && digits(v[:14]) && plainTime(v) {
		b := make([]byte, 0, 20)
		b = append(append(append(b, v[0:4]...), '-'), v[4:6]...)
		b = append(append(append(b, '-'), v[6:8]...), 'T')
		b = append(append(append(b, v[8:10]...), ':'), v[10:12]...)
		b = append(append(append(b, ':'), v[12:14]...), 'Z')
		return string(b), nil
	}
	t, err := time.Parse(generalizedTime, v)
	if t = t.UTC(); err != nil || t.Year() < 0 || t.Year() > 9999 {
		return "", fmt.Errorf("%q is not a point in time", v)
	}
	return t.Format(time.RFC3339Nano), nil
}

// plainTime reports whether the digits of a GeneralizedTime are a point in time for sure; the last days of months
// are left to others.
func plainTime(v string) bool {
	month, day := v[4:6], v[6:8]
	return month >= "01" && month <= "12" && day >= "01" && (day <= "28" || day <= "30" && month != "02") &&
		v[8:10] <= "23" && v[10:12] <= "59" && v[12:14] <= "59"
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// wireValue is v as the server wants it: the inverse of value.
func wireValue(c conversion, v state.Value) (string, error) {
	switch v.Kind() {
	case state.IntValue:
		return strconv.FormatInt(v.Int(), 10), nil
	case state.BoolValue:
		return strings.ToUpper(strconv.FormatBool(v.Bool())), nil
	case state.ListValue:
		return "", fmt.Errorf("lists can't be written")
	}
	switch c {
	case asBase64:
		raw, err := base64.StdEncoding.DecodeString(v.Str())
		if err != nil {
			return "", fmt.Errorf("the value is not base64: %w", err)
		}
		return string(raw), nil
	case asTime:
		t, err := time.Parse(time.RFC3339, v.Str())
		if err != nil {
			return "", fmt.Errorf("the value is not a point in time: %w", err)
		}
		return t.UTC().Format("20060102150405.0Z"), nil
	}
	return v.Str(), nil
}
