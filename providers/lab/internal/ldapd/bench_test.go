package ldapd_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers/lab/internal/ldapd"
)

// people writes an LDIF with n users of 20 values, 1000 to an OU, and one group with all of them.
func people(n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		var b bytes.Buffer
		fmt.Fprintf(&b, "dn: OU=Staff,%s\nobjectClass: organizationalUnit\n\n", base)
		for i := range n {
			if i%1000 == 0 {
				fmt.Fprintf(&b, "dn: OU=Site %d,OU=Staff,%s\nobjectClass: organizationalUnit\n\n", i/1000, base)
			}
			person(&b, i)
			if b.Len() > 1<<20 {
				w.Write(b.Bytes())
				b.Reset()
			}
		}
		w.Write(b.Bytes())
		w.Close()
	}()
	return r
}

func person(b *bytes.Buffer, i int) {
	ou := fmt.Sprintf("OU=Site %d,OU=Staff,%s", i/1000, base)
	fmt.Fprintf(b, "dn: CN=Given%d Family%d,%s\nobjectClass: user\nsAMAccountName: user%d\n", i, i, ou, i)
	fmt.Fprintf(b, "userPrincipalName: user%d@contoso.com\nmail: user%d@contoso.com\ngivenName: Given%d\nsn: Family%d\n", i, i, i, i)
	fmt.Fprintf(b, "displayName: Given%d Family%d\ndepartment: Department %d\ntitle: Engineer\ncompany: Contoso\n", i, i, i%40)
	fmt.Fprintf(b, "telephoneNumber: +36 1 %07d\nmobile: +36 30 %07d\nl: Budapest\nc: HU\nco: Hungary\npostalCode: %d\n", i, i, 1000+i%9000)
	fmt.Fprintf(b, "streetAddress: %d Main Street\nemployeeID: E%07d\nproxyAddresses: SMTP:user%d@contoso.com\n", i%500, i, i)
	fmt.Fprintf(b, "proxyAddresses: smtp:given%d.family%d@contoso.com\n", i, i)
	if i%1000 != 0 {
		fmt.Fprintf(b, "manager: CN=Given%d Family%d,%s\n", i/1000*1000, i/1000*1000, ou)
	}
	b.WriteByte('\n')
}

var fifteen = []string{"objectGUID", "sAMAccountName", "userPrincipalName", "mail", "givenName", "sn", "displayName", "department",
	"title", "company", "telephoneNumber", "proxyAddresses", "manager", "userAccountControl", "uSNChanged"}

// pagedRequest is a search request for one page, ready to send.
func pagedRequest(id int64, attributes []string, cookie []byte) []byte {
	filter, _ := ldap.CompileFilter("(&(objectCategory=person)(objectClass=user))")
	msg := ber.NewSequence("")
	msg.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, 3, nil, "")
	op.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, base, ""))
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, 2, ""))
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, 0, ""))
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 0, ""))
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 0, ""))
	op.AppendChild(ber.NewBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, false, ""))
	op.AppendChild(filter)
	list := ber.NewSequence("")
	for _, a := range attributes {
		list.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, a, ""))
	}
	op.AppendChild(list)
	msg.AppendChild(op)
	paging := ldap.NewControlPaging(1000)
	paging.SetCookie(cookie)
	controls := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
	controls.AppendChild(paging.Encode())
	msg.AppendChild(controls)
	return msg.Bytes()
}

// drain reads all pages and counts entries and bytes, looking at nothing but the framing.
func drain(t testing.TB, c net.Conn, attributes []string) (entries, size int) {
	t.Helper()
	buf := make([]byte, 0, 1<<20)
	var cookie []byte
	for id := int64(2); ; id++ {
		if _, err := c.Write(pagedRequest(id, attributes, cookie)); err != nil {
			t.Fatal(err)
		}
		for done := false; !done; {
			if len(buf) == cap(buf) {
				t.Fatal("a message larger than the buffer")
			}
			n, err := c.Read(buf[len(buf):cap(buf)])
			if err != nil {
				t.Fatal(err)
			}
			buf = buf[:len(buf)+n]
			size += n
			used := 0
			for len(buf)-used >= 10 {
				m := buf[used:]
				total := 6 + int(m[2])<<24 + int(m[3])<<16 + int(m[4])<<8 + int(m[5])
				if len(m) < total {
					break
				}
				op := 6 + 2 + int(m[7])
				if m[op] == 0x64 {
					entries++
				} else if m[op] == 0x65 {
					done = true
					p := ber.DecodePacket(m[:total])
					value := ber.DecodePacket(p.Children[2].Children[0].Children[1].ByteValue)
					cookie = value.Children[1].ByteValue
				}
				used += total
			}
			buf = buf[:copy(buf, buf[used:])]
		}
		if len(cookie) == 0 {
			return entries, size
		}
	}
}

// bindRaw binds a raw connection.
func bindRaw(t testing.TB, c net.Conn) {
	t.Helper()
	msg := ber.NewSequence("")
	msg.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 1, ""))
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, 0, nil, "")
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 3, ""))
	op.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, bindDN, ""))
	op.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, password, ""))
	msg.AppendChild(op)
	if _, err := c.Write(msg.Bytes()); err != nil {
		t.Fatal(err)
	}
	if _, err := ber.ReadPacket(c); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkPagedRead drains the raw bytes of a paged read of 100,000 users with 15 attributes over LDAPS.
func BenchmarkPagedRead(b *testing.B) {
	const n = 100_000
	d := ldapd.New("corp.contoso.com")
	if err := d.LoadLDIF(people(n), "people.ldif"); err != nil {
		b.Fatal(err)
	}
	l := serve(b, d)
	c, err := tls.Dial("tcp", l.ldaps, l.tlsConfig())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	bindRaw(b, c)
	var entries, size int
	for b.Loop() {
		entries, size = drain(b, c, fifteen)
		if entries != n {
			b.Fatalf("%d entries", entries)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "µs/entry")
	b.ReportMetric(float64(size)/n, "B/entry")
}

// BenchmarkLoad loads 100,000 users from LDIF and reports what they take.
func BenchmarkLoad(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		began := time.Now()
		d := ldapd.New("corp.contoso.com")
		if err := d.LoadLDIF(people(n), "people.ldif"); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(began).Microseconds())/n, "µs/user")
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/user")
		runtime.KeepAlive(d)
	}
}

// BenchmarkNew makes an empty domain.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		ldapd.New("corp.contoso.com")
	}
}
