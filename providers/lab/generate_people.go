package lab

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
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

// person is one user of the source.
type person struct {
	i                int
	given, sur       string
	cn, login        string // unique: "Zoë Nagy 2", "zoe.nagy2"
	department       department
	title            string
	city             city
	guid             [16]byte
	disabled, noMail bool
	phone, mobile    string // "" for none
}

func (p *people) person(i int) *person {
	names := len(givenNames) * len(surnames)
	at := i % names * p.stride % names
	g, s, round := givenNames[at%len(givenNames)], surnames[at/len(givenNames)], i/names
	h := p.hash(i, 2)
	x := &person{i: i, given: g.name, sur: s.name, department: departments[h%uint64(len(departments))], city: cities[h>>8%uint64(len(cities))]}
	x.title = x.department.titles[h>>16%uint64(len(x.department.titles))]
	x.cn, x.login = g.name+" "+s.name, g.ascii+"."+s.ascii
	if round > 0 {
		x.cn += " " + strconv.Itoa(round+1)
		x.login += strconv.Itoa(round + 1)
	}
	x.disabled, x.noMail = h>>24%100 < 3, h>>32%100 < 2
	x.phone = fmt.Sprintf("%s %07d", x.city.prefix, 1000000+i)
	if h>>40%3 == 0 {
		x.mobile = fmt.Sprintf("+36 30 %07d", 1000000+i)
	}
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64([]byte("person"), p.seed), uint64(i)))
	copy(x.guid[:], sum[:])
	x.guid[7], x.guid[8] = x.guid[7]&0x0f|0x40, x.guid[8]&0x3f|0x80 // version 4; the third field is little-endian
	return x
}

func (x *person) dn() string {
	return "CN=" + x.cn + ",OU=" + x.city.name + ",OU=" + x.department.name + "," + staffOU
}

func (x *person) upn() string { return x.login + "@contoso.com" }

func (x *person) anchor() string { return base64.StdEncoding.EncodeToString(x.guid[:]) }

// sam is at most 20 characters and unique because of the number.
func (x *person) sam() string {
	name, _, _ := strings.Cut(x.login, ".")
	return name[:min(len(name), 8)] + strconv.Itoa(x.i)
}

// tenantID is the object id of the person's account, if there is one.
func (x *person) tenantID() string {
	sum := sha256.Sum256(append([]byte("account"), x.guid[:]...))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
