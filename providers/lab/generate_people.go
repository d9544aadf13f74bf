package lab

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"unsafe"
)

const staffOU = "OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com"

// How an account in the tenant pairs up with its user.
type matchKind uint8

const (
	noAccount matchKind = iota
	hardMatch           // by anchor; an attribute differs
	softMatch           // by address; no anchor, and an attribute differs
	agreeing            // by anchor; nothing differs
)

// people is a population: person i is always the same one, and nothing is remembered of the others.
type people struct {
	seed   uint64
	stride int
}

func newPeople(seed uint64) *people {
	n := len(givenNames) * len(surnames)
	stride := n*5/8 + int(seed%1000)
	for gcd(stride, n) != 1 {
		stride++
	}
	return &people{seed, stride}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// hash is a number that belongs to person i and a purpose.
func (p *people) hash(i int, purpose uint64) uint64 {
	x := p.seed ^ uint64(i)*0x9e3779b97f4a7c15 ^ purpose*0xbf58476d1ce4e5b9 // splitmix64
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// managerOf is a person that stands earlier in the population, eight to a manager; -1 for the first.
func (p *people) managerOf(i int) int { return (i+7)/8 - 1 }

func (p *people) matchOf(i int, o GenerateOptions) matchKind {
	switch h := p.hash(i, 1); {
	case o.Linked:
		return agreeing
	case float64(h>>11)/(1<<53) >= o.Matched:
		return noAccount
	case h&1 == 0:
		return hardMatch
	}
	return softMatch
}

// person is one user of the source. Its texts live in a buffer of its own and are valid until it becomes somebody else.
type person struct {
	i                int
	given, sur       string
	rdn              string // unique: "CN=Zoë Nagy 2"
	smtp             string // unique: "SMTP:zoe.nagy2@contoso.com"
	sam              string // at most 20 characters, unique because of the number
	employeeID       string
	office           string
	phone, mobile    string // "" for none
	department       *department
	title            string
	city             *city
	guid             [16]byte
	disabled, noMail bool
	text             []byte
}

const mailDomain = "@contoso.com"

// become makes x person i.
func (p *people) become(x *person, i int) {
	names := len(givenNames) * len(surnames)
	at := i % names * p.stride % names
	g, s, round := &givenNames[at%len(givenNames)], &surnames[at/len(givenNames)], i/names
	h := p.hash(i, 2)
	x.i, x.given, x.sur = i, g.name, s.name
	x.department, x.city = &departments[h%uint64(len(departments))], &cities[h>>8%uint64(len(cities))]
	x.title = x.department.titles[h>>16%uint64(len(x.department.titles))]
	x.disabled, x.noMail = h>>24%100 < 3, h>>32%100 < 2
	number := ""
	if x.text = x.text[:0]; cap(x.text) < 512 {
		x.text = make([]byte, 0, 512) // more than all texts together, so that it never moves
	}
	if round > 0 {
		number = x.keep(strconv.AppendInt(x.text, int64(round+1), 10))
		x.rdn = x.join("CN=", g.name, " ", s.name, " ", number)
	} else {
		x.rdn = x.join("CN=", g.name, " ", s.name)
	}
	x.smtp = x.join("SMTP:", g.ascii, ".", s.ascii, number, mailDomain)
	x.sam = x.keep(strconv.AppendInt(append(x.text, g.ascii[:min(len(g.ascii), 8)]...), int64(i), 10))
	x.employeeID = x.keep(strconv.AppendInt(x.text, int64(1000000+i), 10))
	x.office = x.keep(strconv.AppendInt(append(append(x.text, x.city.code...), '-'), int64(100+i%400), 10))
	x.phone, x.mobile = x.join(x.city.prefix, " ", x.employeeID), ""
	if h>>40%3 == 0 {
		x.mobile = x.join("+36 30 ", x.employeeID)
	}
	var seed [22]byte
	copy(seed[:], "person")
	binary.BigEndian.PutUint64(seed[6:], p.seed)
	binary.BigEndian.PutUint64(seed[14:], uint64(i))
	sum := sha256.Sum256(seed[:])
	copy(x.guid[:], sum[:])
	x.guid[7], x.guid[8] = x.guid[7]&0x0f|0x40, x.guid[8]&0x3f|0x80 // version 4; the third field is little-endian
}

// keep turns what was appended to text into a string.
func (x *person) keep(text []byte) string {
	added := text[len(x.text):]
	x.text = text
	return unsafe.String(unsafe.SliceData(added), len(added))
}

func (x *person) join(parts ...string) string {
	b := x.text
	for _, s := range parts {
		b = append(b, s...)
	}
	return x.keep(b)
}

func (x *person) cn() string    { return x.rdn[len("CN="):] }
func (x *person) upn() string   { return x.smtp[len("SMTP:"):] }
func (x *person) login() string { return x.smtp[len("SMTP:") : len(x.smtp)-len(mailDomain)] }

// parent is the OU that the person is in.
func (x *person) parent() string {
	return "OU=" + x.city.name + ",OU=" + x.department.name + "," + staffOU
}

func (x *person) dn() string { return x.rdn + "," + x.parent() }

func (x *person) anchor() string { return base64.StdEncoding.EncodeToString(x.guid[:]) }

// account is the object id of the person's account, if there is one, in the byte order of its text form.
func (x *person) account() [16]byte {
	var seed [23]byte
	copy(seed[:], "account")
	copy(seed[7:], x.guid[:])
	sum := sha256.Sum256(seed[:])
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	return [16]byte(sum[:16])
}

// accountID is account as text.
func (x *person) accountID() string {
	id := x.account()
	h := hex.EncodeToString(id[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
