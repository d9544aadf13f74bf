package ldapd

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

const fuzzSeed = `dn: OU=A,DC=x,DC=test
objectClass: organizationalUnit

dn: CN=u,OU=A,DC=x,DC=test
objectClass: user
mail: u@x.test
title: Boss
sAMAccountName: u
userPrincipalName: u@x.test
manager: CN=u,OU=A,DC=x,DC=test
userAccountControl: 514
proxyAddresses: SMTP:a@x.test
proxyAddresses: smtp:u@x.test

dn: CN=v,OU=A,DC=x,DC=test
objectClass: user
manager: CN=u,OU=A,DC=x,DC=test
userAccountControl: 512

dn: CN=g,OU=A,DC=x,DC=test
objectClass: group
member: CN=v,OU=A,DC=x,DC=test

dn: OU=B,DC=x,DC=test
objectClass: organizationalUnit
`

const fuzzUser = "CN=u,OU=A,DC=x,DC=test"

func fuzzDirectory(t testing.TB) *Directory {
	d := New("x.test")
	if err := d.LoadLDIF(strings.NewReader(fuzzSeed), "seed"); err != nil {
		t.Fatal(err)
	}
	return d
}

// FuzzLDIF loads anything; what loads can be read back entry by entry.
func FuzzLDIF(f *testing.F) {
	f.Add(fuzzSeed)
	f.Add("version: 1\n\ndn:: T1U9QSxEQz14LERDPXRlc3Q=\nobjectClass: top\nobjectClass: thing\n x\n#c\n d\n\ndn: CN=\\+\\00,OU=A,DC=x,DC=test\n")
	f.Add("dn: DC=x,DC=test\nobjectSid: S-1-5-21-1-2-3\nmember: CN=Users,DC=x,DC=test\n\ndn: CN=Users,DC=x,DC=test\nobjectGUID: 00000000-0000-4000-8000-000000000000\n")
	f.Add("dn: CN=a\nb: c\n\n\n-\ndn: CN=\"a,b\"  ,  CN=Users,DC=x,DC=test\nobjectClass: group\nmemberOf: CN=Users,DC=x,DC=test\n")
	f.Fuzz(func(t *testing.T, ldif string) {
		checkFolded(t, ldif)
		d := New("x.test")
		DomainOf(strings.NewReader(ldif))
		if d.LoadLDIF(strings.NewReader(ldif), "fuzz") != nil {
			return
		}
		checkTree(t, d)
	})
}

// checkFolded writes a text as a value, in lines of every length, and as the name of an attribute that has none.
func checkFolded(t *testing.T, text string) {
	for _, width := range []int{1, 7, 76} {
		var b strings.Builder
		b.WriteString("dn: OU=A,DC=x,DC=test\r\nobjectClass: organizationalUnit\n# a comment\n that goes on\n")
		line := "description:: " + base64.StdEncoding.EncodeToString([]byte("x"+text))
		for len(line) > width+1 {
			b.WriteString(line[:width+1] + "\n ")
			line = line[width+1:]
		}
		b.WriteString(line + "\n")
		d := New("x.test")
		if err := d.LoadLDIF(strings.NewReader(b.String()), "folded"); err != nil {
			if utf8.ValidString(text) && len(text) < 1000 {
				t.Errorf("%q in lines of %d: %v", text, width, err)
			}
			return
		}
		if got, err := d.Values("OU=A,DC=x,DC=test", "description"); err != nil || len(got) != 1 || string(got[0]) != "x"+text {
			t.Errorf("%q in lines of %d is %q, %v", text, width, got, err)
		}
	}
	if New("x.test").LoadLDIF(strings.NewReader("dn: OU=A,DC=x,DC=test\nobjectClass: organizationalUnit\n: x\n"), "nameless") == nil {
		t.Error("an attribute without a name is taken")
	}
}

// checkTree finds every entry by its own name and encodes it.
func checkTree(t *testing.T, d *Directory) {
	s, _ := d.selectAttributes(nil)
	for id := uint32(1); id <= d.count; id++ {
		e := d.at(id)
		if e.parent == nil && e != d.root {
			continue // a record that failed
		}
		if got, _, err := d.resolve(e.dn()); got != e || err != nil {
			t.Fatalf("%q resolves to another entry (%v)", e.dn(), err)
		}
		if d.byGUID(e.guid) != e {
			t.Fatalf("%q is not found by its GUID", e.dn())
		}
		b, refused := d.appendEntry(nil, 1, e, s)
		if _, _, rest, err := readTLV(b); err != nil || refused != nil || len(rest) > 0 {
			t.Fatalf("%q is encoded wrongly", e.dn())
		}
	}
}

// FuzzFilter compiles any bytes as a filter, and one that is drawn, and tries them on every entry. An index must not lose what a scan
// finds, and the drawn one's verdicts are those of LDAP's rules.
func FuzzFilter(f *testing.F) {
	eq := func(label, value string) []byte {
		return appendTLV(nil, filterEqual, appendTLV(appendTLV(nil, tagOctetString, label), tagOctetString, value))
	}
	for _, b := range [][]byte{eq("mail", "u@x.test"), appendTLV(nil, filterNot, eq("objectClass", "user")),
		appendTLV(nil, filterOr, append(eq("mail", "x"), eq("manager", fuzzUser)...)),
		appendTLV(nil, filterAnd, append(eq("objectGUID", "x"), eq("objectSid", "S-1-5-21-1-2-3-4")...)), append([]byte{filterPresent, 4}, "mail"...),
		[]byte("\xa9\x28\x81\x161.2.840.113556.1.4.803\x82\x0amail\x83\x012"), []byte("\xa4\x0e\x04\x04mail\x30\x06\x80\x01u\x82\x01t"),
		bytes.Repeat([]byte{filterNot, 2}, 200)} {
		f.Add(b, []byte(nil))
	}
	seedChoices(f, 100)
	d := fuzzDirectory(f)
	values := map[*entry]map[string][]string{}
	for id := uint32(1); id <= d.count; id++ {
		values[d.at(id)] = valuesOf(f, d, d.at(id).dn())
	}
	f.Fuzz(func(t *testing.T, b, choices []byte) {
		if got, err := d.compile(b, nil); err == nil {
			checkPicks(t, d, got)
		}
		c := chooser{choices}
		want := c.filter(4)
		got, err := d.compile(want.wire(), nil)
		if err != nil {
			t.Fatalf("%+v is refused: %v", want, err)
		}
		checkPicks(t, d, got)
		for id := uint32(1); want.judged() && id <= d.count; id++ {
			if v := got.Match(d.at(id)); v != want.judge(values[d.at(id)]) {
				t.Fatalf("%+v is %d for %s", want, v, d.at(id).dn())
			}
		}
	})
}

// seedChoices adds random choices to no bytes.
func seedChoices(f *testing.F, n int) {
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		choices := make([]byte, 4+r.IntN(40))
		for i := range choices {
			choices[i] = byte(r.Uint32())
		}
		f.Add([]byte(nil), choices)
	}
}

// checkPicks: the entries that an index gives are at least those that match.
func checkPicks(t *testing.T, d *Directory, f filter) {
	if f.Pick == nil {
		return
	}
	picked := f.Pick()
	for id := uint32(1); id <= d.count; id++ {
		if f.Match(d.at(id)) == yes && !slices.Contains(picked, id) {
			t.Fatalf("the index loses %s", d.at(id).dn())
		}
	}
}

// FuzzRequest gives a bound connection any bytes as a message, then some that are drawn. They may be answered or refused, but not end the
// process; what is refused changes nothing, and what changes can be repeated elsewhere from what is reported of it.
func FuzzRequest(f *testing.F) {
	message := func(tag byte, body []byte) []byte {
		return appendTLV(appendInteger(nil, tagInteger, 1), tag, body)
	}
	dn := appendTLV(nil, tagOctetString, "CN=u,OU=A,DC=x,DC=test")
	title := appendTLV(appendTLV(nil, tagOctetString, "title"), tagSet, appendTLV(nil, tagOctetString, "Boss"))
	change := appendTLV(nil, tagSequence, append(appendInteger(nil, tagEnumerated, 2), appendTLV(nil, tagSequence, title)...))
	f.Add(message(tagModifyRequest, append(bytes.Clone(dn), appendTLV(nil, tagSequence, change)...)), []byte(nil))
	f.Add(message(tagAddRequest, append(bytes.Clone(dn), appendTLV(nil, tagSequence, appendTLV(nil, tagSequence, title))...)), []byte(nil))
	f.Add(message(tagDeleteRequest, []byte("CN=u,OU=A,DC=x,DC=test")), []byte(nil))
	f.Add(message(tagModifyDNRequest, append(append(bytes.Clone(dn), "\x04\x04CN=v\x01\x01\xff"...), "\x80\x0cDC=x,DC=test"...)), []byte(nil))
	f.Add(message(tagBindRequest, []byte("\x02\x01\x03\x04\x00\x80\x00")), []byte(nil))
	f.Add(message(tagExtendedRequest, append([]byte{0x80, byte(len(oidWhoAmI))}, oidWhoAmI...)), []byte(nil))
	search := append(appendTLV(nil, tagOctetString, "DC=x,DC=test"), "\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00\x87\x0bobjectClass\x30\x00"...)
	f.Add(append(message(tagSearchRequest, search), appendTLV(nil, tagControls, pagingResponse(nil, nil))...), []byte(nil))
	for attribute := range byte(16) { // each attribute of an entry is set to each value
		for value := range byte(17) {
			f.Add([]byte(nil), []byte{0, 1, 0, 2, attribute, 1, value})
		}
	}
	seedChoices(f, 50)
	f.Fuzz(func(t *testing.T, b, choices []byte) {
		d := fuzzDirectory(t)
		here, there := net.Pipe()
		defer there.Close()
		go func() {
			there.SetDeadline(time.Now().Add(time.Second))
			buf := make([]byte, 64<<10)
			for {
				if _, err := there.Read(buf); err != nil {
					return
				}
			}
		}()
		var changes []Change
		d.OnChange(func(c Change) { changes = append(changes, c) })
		srv := &Server{Dir: d, BindDN: "CN=u,DC=x,DC=test", Password: "x"}
		c := newConn(srv, here, false)
		c.bound, c.secure, c.seesDeleted = true, true, true
		if id, tag, body, ctl, err := decodeMessage(b); err == nil {
			checkServed(t, c, id, tag, body, ctl)
		}
		for draw := (chooser{choices}); len(draw.b) > 0; {
			tag, body := draw.request()
			checkServed(t, c, 7, tag, body, draw.controls())
		}
		checkTree(t, d)
		checkUnique(t, d)
		twin := fuzzDirectory(t)
		for _, c := range changes {
			if err := twin.Apply(c); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := dump(t, d), dump(t, twin); a != b {
			t.Errorf("repeated, the changes give\n%s\ninstead of\n%s", b, a)
		}
	})
}

// checkUnique: no two living entries have an account name or a user name in common, and what has one value at most has no more.
func checkUnique(t *testing.T, d *Directory) {
	owner := map[string]string{}
	for id := uint32(1); id <= d.count; id++ {
		e := d.at(id)
		if e.parent == nil && e != d.root || e.is(isTombstone) || e.is(isBuiltIn) {
			continue
		}
		has := valuesOf(t, d, e.dn())
		for _, name := range []string{"samaccountname", "userprincipalname"} {
			for _, v := range has[name] {
				key := name + " " + strings.ToLower(v)
				if owner[key] != "" {
					t.Errorf("%s and %s have the same %s", owner[key], e.dn(), key)
				}
				owner[key] = e.dn()
			}
		}
		for name, values := range has {
			if a := d.schema.lookup(name); a.single && len(values) > 1 {
				t.Errorf("%s has %d values of %s", e.dn(), len(values), name)
			}
		}
	}
}

// checkServed serves one request. It is answered with messages of its number, the last of which is its result, or the connection
// ends; and what is not done leaves the directory as it was.
func checkServed(t *testing.T, c *conn, id int64, tag byte, body, ctl []byte) {
	before := dump(t, c.srv.Dir)
	c.out = nil
	failed := c.serve(id, tag, body, ctl) != nil
	code := int64(-1)
	for out := c.out; len(out) > 0; {
		_, message, rest, err := readTLV(out)
		number, op, result, _, more := decodeMessage(message)
		if err != nil || more != nil || number != id {
			t.Fatalf("the answer to message %d: %v, %v, number %d", id, err, more, number)
		}
		if out = rest; len(out) == 0 && !failed {
			r := reader{b: result}
			if code = r.integer(tagEnumerated); r.err != nil || op != responseTag(tag) {
				t.Fatalf("the answer to %#x ends with %#x: %v", tag, op, r.err)
			}
		}
	}
	after := dump(t, c.srv.Dir)
	reads := tag == tagSearchRequest || tag == tagCompareRequest
	if before != after && (code != 0 || failed || reads) {
		t.Fatalf("a request %#x %q that ended with %d changed\n%s\nto\n%s", tag, body, code, before, after)
	}
	if code == 0 && !reads {
		checkDone(t, c.srv.Dir, tag, body)
	}
}

// checkDone: what was written is there.
func checkDone(t *testing.T, d *Directory, tag byte, body []byte) {
	r := reader{b: body}
	name := r.text()
	_, there := d.Find(name)
	switch tag {
	case tagDeleteRequest:
		if _, there := d.Find(string(body)); there {
			t.Errorf("%q is there still", body)
		}
	case tagAddRequest:
		if !there {
			t.Errorf("%q is not there", name)
		}
	case tagModifyRequest:
		_, edits, err := decodeModify(body)
		if err != nil || !there {
			t.Errorf("%q: %v", name, err)
		}
		last := edits[len(edits)-1]
		has := valuesOf(t, d, name)[strings.ToLower(last.label)]
		one := len(last.values) == 1 && slices.ContainsFunc(has, func(v string) bool { return strings.EqualFold(v, last.values[0]) })
		plain := slices.Contains([]string{"title", "mail", "description", "proxyAddresses"}, last.label) && len(last.values) < 2
		if plain && (last.op == editDelete && (one || len(last.values) == 0 && has != nil) || last.op == editReplace && len(has) != len(last.values) ||
			last.op != editDelete && len(last.values) == 1 && !one) {
			t.Errorf("%s after %d %q is %q", last.label, last.op, last.values, has)
		}
	}
}
