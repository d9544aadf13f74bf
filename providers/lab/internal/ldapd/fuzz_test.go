package ldapd

import (
	"bytes"
	"net"
	"strings"
	"testing"
	"time"
)

const fuzzSeed = `dn: OU=A,DC=x,DC=test
objectClass: organizationalUnit

dn: CN=u,OU=A,DC=x,DC=test
objectClass: user
mail: u@x.test
manager: CN=u,OU=A,DC=x,DC=test
userAccountControl: 514
`

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
		d := New("x.test")
		DomainOf(strings.NewReader(ldif))
		if d.LoadLDIF(strings.NewReader(ldif), "fuzz") != nil {
			return
		}
		checkTree(t, d)
	})
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

// FuzzFilter compiles any bytes as a filter and tries it on every entry; an index must not lose what a scan finds.
func FuzzFilter(f *testing.F) {
	eq := func(label, value string) []byte {
		return appendTLV(nil, filterEqual, appendTLV(appendTLV(nil, tagOctetString, label), tagOctetString, value))
	}
	f.Add(eq("mail", "u@x.test"))
	f.Add(appendTLV(nil, filterNot, eq("objectClass", "user")))
	f.Add(appendTLV(nil, filterOr, append(eq("mail", "x"), eq("manager", "CN=u,OU=A,DC=x,DC=test")...)))
	f.Add(appendTLV(nil, filterAnd, append(eq("objectGUID", "x"), eq("objectSid", "S-1-5-21-1-2-3-4")...)))
	f.Add(append([]byte{filterPresent, 4}, "mail"...))
	f.Add([]byte("\xa9\x28\x81\x161.2.840.113556.1.4.803\x82\x0amail\x83\x012"))
	f.Add([]byte("\xa4\x0e\x04\x04mail\x30\x06\x80\x01u\x82\x01t"))
	f.Add(bytes.Repeat([]byte{filterNot, 2}, 200))
	d := fuzzDirectory(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := d.compile(&reader{b: b}, 0, nil)
		if err != nil {
			return
		}
		picked := map[uint32]bool{}
		if got.pick != nil {
			for _, id := range got.pick() {
				picked[id] = true
			}
		}
		for id := uint32(1); id <= d.count; id++ {
			if got.match(d.at(id)) == yes && got.pick != nil && !picked[id] {
				t.Fatalf("the index loses %s", d.at(id).dn())
			}
		}
	})
}

// FuzzRequest gives a bound connection any bytes as a message. It may be answered or refused, but not end the process.
func FuzzRequest(f *testing.F) {
	message := func(tag byte, body []byte) []byte {
		return appendTLV(appendInteger(nil, tagInteger, 1), tag, body)
	}
	dn := appendTLV(nil, tagOctetString, "CN=u,OU=A,DC=x,DC=test")
	title := appendTLV(appendTLV(nil, tagOctetString, "title"), tagSet, appendTLV(nil, tagOctetString, "Boss"))
	change := appendTLV(nil, tagSequence, append(appendInteger(nil, tagEnumerated, 2), appendTLV(nil, tagSequence, title)...))
	f.Add(message(tagModifyRequest, append(bytes.Clone(dn), appendTLV(nil, tagSequence, change)...)))
	f.Add(message(tagAddRequest, append(bytes.Clone(dn), appendTLV(nil, tagSequence, appendTLV(nil, tagSequence, title))...)))
	f.Add(message(tagDeleteRequest, []byte("CN=u,OU=A,DC=x,DC=test")))
	f.Add(message(tagModifyDNRequest, append(append(bytes.Clone(dn), "\x04\x04CN=v\x01\x01\xff"...), "\x80\x0cDC=x,DC=test"...)))
	f.Add(message(tagBindRequest, []byte("\x02\x01\x03\x04\x00\x80\x00")))
	f.Add(message(tagExtendedRequest, append([]byte{0x80, byte(len(oidWhoAmI))}, oidWhoAmI...)))
	search := append(appendTLV(nil, tagOctetString, "DC=x,DC=test"), "\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00\x87\x0bobjectClass\x30\x00"...)
	f.Add(append(message(tagSearchRequest, search), appendTLV(nil, tagControls, pagingResponse(nil, nil))...))
	f.Fuzz(func(t *testing.T, b []byte) {
		id, tag, body, ctl, err := decodeMessage(b)
		if err != nil {
			return
		}
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
		srv := &Server{Dir: d, BindDN: "CN=u,DC=x,DC=test", Password: "x"}
		c := newConn(srv, here, false)
		c.bound, c.secure = true, true
		if c.serve(id, tag, body, ctl) != nil {
			return
		}
		for out := c.out; len(out) > 0; {
			var err error
			if _, _, out, err = readTLV(out); err != nil {
				t.Fatal("the answer is not BER")
			}
		}
		checkTree(t, d)
	})
}
