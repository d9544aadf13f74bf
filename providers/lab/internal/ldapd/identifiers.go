package ldapd

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// seedTime is when seeded entries without whenCreated were created, so that a seed gives the same directory every time.
const seedTime = 1735689600 // 2025-01-01T00:00:00Z

// mintGUID derives the objectGUID of a seeded entry from where it lives: the same seed gives the same GUIDs in every process.
func mintGUID(domain, dn string) [16]byte {
	sum := sha256.Sum256([]byte(lower(domain) + "\x00" + lower(dn)))
	g := [16]byte(sum[:16])
	g[7] = g[7]&0x0f | 0x40 // version 4; the first three fields are little-endian
	g[8] = g[8]&0x3f | 0x80
	return g
}

// guidText is the usual spelling of an objectGUID.
func guidText(g [16]byte) string {
	b := []byte{g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6]}
	h := hex.EncodeToString(append(b, g[8:]...))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// parseGUID reads a GUID: 16 bytes, text with or without braces, or 32 hex digits of the bytes as stored.
func parseGUID(s string) (g [16]byte, ok bool) {
	if len(s) == 16 {
		return [16]byte([]byte(s)), true
	}
	s = strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	dashed := len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-'
	raw, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(raw) != 16 || !dashed && len(s) != 32 {
		return g, false
	}
	g = [16]byte(raw)
	if dashed {
		g[0], g[1], g[2], g[3] = g[3], g[2], g[1], g[0]
		g[4], g[5], g[6], g[7] = g[5], g[4], g[7], g[6]
	}
	return g, true
}

// mintDomainSID derives a domain's SID from its name.
func mintDomainSID(domain string) string {
	sum := sha256.Sum256([]byte("sid\x00" + lower(domain)))
	b := []byte{1, 4, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0}
	return string(append(b, sum[:12]...))
}

// withRID is the SID of a security principal of the domain.
func withRID(domainSID string, rid uint32) string {
	b := binary.LittleEndian.AppendUint32([]byte(domainSID), rid)
	b[1]++
	return string(b)
}

// maxSubs is how many subauthorities, the numbers behind the authority, a SID has at most (MS-DTYP 2.4.2).
const maxSubs = 15

// isSID reports whether b has a SID's binary form.
func isSID(b string) bool {
	return len(b) >= 8 && b[0] == 1 && b[1] <= maxSubs && len(b) == 8+4*int(b[1])
}

// splitSID takes a SID apart into its domain's and the RID; ok is false unless b has a SID's form.
func splitSID(b string) (domain string, rid uint32, ok bool) {
	if !isSID(b) || b[1] == 0 {
		return "", 0, false
	}
	head := []byte(b[:len(b)-4])
	head[1]--
	return string(head), binary.LittleEndian.Uint32([]byte(b[len(b)-4:])), true
}

// sidText is S-1-5-21-...
func sidText(b string) string {
	if len(b) < 8 || len(b) != 8+4*int(b[1]) {
		return ""
	}
	var authority uint64
	for _, c := range []byte(b[2:8]) {
		authority = authority<<8 | uint64(c)
	}
	s := "S-" + strconv.Itoa(int(b[0])) + "-" + strconv.FormatUint(authority, 10)
	for i := 8; i < len(b); i += 4 {
		s += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32([]byte(b[i:i+4]))), 10)
	}
	return s
}

// parseSID reads a SID as bytes or as S-1-...
func parseSID(s string) (string, bool) {
	if len(s) < 2 || s[0]|0x20 != 's' || s[1] != '-' {
		return s, isSID(s)
	}
	parts := strings.Split(s[2:], "-")
	if len(parts) < 3 || len(parts) > 2+maxSubs || parts[0] != "1" {
		return "", false
	}
	authority, err := strconv.ParseUint(parts[1], 10, 48)
	if err != nil {
		return "", false
	}
	b := []byte{1, byte(len(parts) - 2)}
	b = append(b, binary.BigEndian.AppendUint64(nil, authority)[2:]...)
	for _, p := range parts[2:] {
		v, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return "", false
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return string(b), true
}

// momentLayout is how AD writes times: generalised time in UTC with one decimal.
const momentLayout = "20060102150405.0Z"

func appendMoment(b []byte, unix int64) []byte {
	return time.Unix(unix, 0).UTC().AppendFormat(b, momentLayout)
}

// parseMoment reads a generalised time in UTC, with or without a fraction.
func parseMoment(s string) (unix int64, ok bool) {
	if !strings.HasSuffix(s, "Z") {
		return 0, false
	}
	s, _, _ = strings.Cut(strings.TrimSuffix(s, "Z"), ".")
	t, err := time.Parse("20060102150405", s)
	return t.Unix(), err == nil
}
