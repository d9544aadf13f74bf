package ldapd

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// passwords are what accounts sign in with: keyed hashes by entry, in memory only. They are in no journal, so an account whose
// password was set before the directory was opened cannot sign in.
type passwords struct {
	key    [32]byte
	hashes map[uint32][32]byte
}

func newPasswords() passwords {
	p := passwords{hashes: map[uint32][32]byte{}}
	rand.Read(p.key[:])
	return p
}

func (p *passwords) hash(plain string) (sum [32]byte) {
	h := hmac.New(sha256.New, p.key[:])
	h.Write([]byte(plain))
	h.Sum(sum[:0])
	return sum
}

func (p *passwords) matches(e *entry, plain string) bool {
	have, ok := p.hashes[e.id]
	sum := p.hash(plain)
	return ok && hmac.Equal(have[:], sum[:])
}

// replacePasswords takes password changes out of edits. What remains visible of them is pwdLastSet. set is what to call once
// the entry has been written.
func (d *Directory) replacePasswords(edits []edit) (rest []edit, set func(*entry), refused *ResultError) {
	set = func(*entry) {}
	for _, x := range edits {
		if x.attr.name == "pwdLastSet" {
			if x, refused = d.passwordAge(x); refused != nil {
				return nil, nil, refused
			}
		}
		if !x.attr.secret {
			rest = append(rest, x)
			continue
		}
		plain, ok := plainPassword(x)
		if !ok {
			return nil, nil, refuse(codeUnwilling, "0000001F: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0: unicodePwd is the password in double quotes, as UTF-16LE")
		}
		set = func(e *entry) { d.passwords.hashes[e.id] = d.passwords.hash(plain) }
		if !named(edits, "pwdLastSet") {
			rest = append(rest, edit{op: editReplace, attr: d.schema.lookup("pwdLastSet"), values: []string{d.fileTime()}})
		}
	}
	return rest, set, nil
}

func named(edits []edit, label string) bool {
	for _, x := range edits {
		if x.attr.name == label {
			return true
		}
	}
	return false
}

// passwordAge reads what a client writes to pwdLastSet: 0 asks for another password at the next sign-in, -1 is now.
func (d *Directory) passwordAge(x edit) (edit, *ResultError) {
	if x.op == editDelete || len(x.values) != 1 || x.values[0] == "0" {
		return x, nil
	}
	if x.values[0] != "-1" {
		return x, refuse(codeOther, "00000057: SysErr: DSID-031A1254, problem 22 (Invalid argument), data 0: pwdLastSet must be 0 or -1 only!")
	}
	x.values = []string{d.fileTime()}
	return x, nil
}

// fileTime is the present in the unit of AD's large integers: 100 ns since 1601.
func (d *Directory) fileTime() string {
	const toFileTime = 11644473600 // seconds from 1601 to 1970
	return strconv.FormatInt((d.now().Unix()+toFileTime)*int64(time.Second/100), 10)
}

// plainPassword is the password in a change of one of the attributes that take it.
func plainPassword(x edit) (plain string, ok bool) {
	if len(x.values) == 0 {
		return "", true // taken away
	}
	v := x.values[len(x.values)-1]
	if x.attr.name != "unicodePwd" {
		return v, true
	}
	if len(v)%2 != 0 || len(v) < 6 {
		return "", false
	}
	units := make([]uint16, len(v)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16([]byte(v[2*i:]))
	}
	s := string(utf16.Decode(units))
	return strings.Trim(s, `"`), strings.HasPrefix(s, `"`) && strings.HasSuffix(s, `"`)
}

// account finds whom a bind name means: a distinguished name, a UPN, sam@domain, sam@NETBIOS or NETBIOS\sam. nil if nobody.
func (d *Directory) account(label string) *entry {
	if e, _, err := d.resolve(label); err == nil && e != nil && !e.is(isTombstone) {
		return e
	}
	if list := d.byValue(d.schema.lookup("userPrincipalName"), lower(label)); len(list) == 1 {
		return d.at(list[0])
	}
	sam, domain, ok := strings.Cut(label, "@")
	if !ok {
		domain, sam, ok = strings.Cut(label, `\`)
	}
	if !ok || !strings.EqualFold(domain, d.domain) && !strings.EqualFold(domain, d.netbios) {
		return nil
	}
	if list := d.byValue(d.schema.lookup("sAMAccountName"), lower(sam)); len(list) == 1 {
		return d.at(list[0])
	}
	return nil
}

// barred is the reason, in AD's numbers, why an account may not sign in although its password is right; "" if it may.
func (d *Directory) barred(e *entry) string {
	number := func(label string) (n int64, ok bool) {
		v := firstValue(e.blob.get(d.attr(label)))
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	}
	control, _ := number("userAccountControl")
	expires, _ := number("accountExpires")
	set, known := number("pwdLastSet")
	now, _ := strconv.ParseInt(d.fileTime(), 10, 64)
	locked, _ := number("lockoutTime")
	switch {
	case locked > 0:
		return "775"
	case control&2 != 0:
		return "533"
	case expires > 0 && expires < now:
		return "701"
	case known && set == 0 && control&0x10000 == 0:
		return "773"
	}
	return ""
}
