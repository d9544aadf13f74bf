package ad_test

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"crypto/tls"

	"github.com/dirform/dirform/state"
)

var benchAttributes = []string{
	"cn", "sn", "c", "l", "st", "title", "description", "postalCode", "physicalDeliveryOfficeName", "telephoneNumber", "givenName",
	"distinguishedName", "displayName", "co", "department", "company", "streetAddress", "employeeNumber", "name", "userAccountControl",
	"sAMAccountName", "userPrincipalName", "mail", "manager", "mobile", "whenCreated", "objectGUID", "proxyAddresses",
}

// benchPage is a page of 1000 users with 28 attributes each, about 1.2 MB.
func benchPage() []byte {
	var page []byte
	for i := range 1000 {
		var pairs []any
		for _, name := range benchAttributes {
			v := name + " of user " + strconv.Itoa(i)
			switch name {
			case "objectGUID":
				v = guid(i)
			case "whenCreated":
				v = "20240131120000.0Z"
			case "userAccountControl":
				v = "512"
			}
			pairs = append(pairs, name, []string{v})
		}
		page = append(page, message(1, entryOp(fmt.Sprintf("CN=User %d,OU=Users,OU=Budapest,%s", i, testOU), pairs...))...)
	}
	return page
}

// BenchmarkRead measures a whole read over TLS, server included, per object.
func BenchmarkRead(b *testing.B) {
	page := benchPage()
	pages := b.N/1000 + 1
	f := &fake{controls: []string{oidPaging}}
	f.search = func(w *wire, r request) {
		n, _ := strconv.Atoi(r.cookie)
		_, _ = w.Write(page)
		if n+1 < pages {
			w.page(strconv.Itoa(n + 1))
		} else {
			w.page("")
		}
	}
	r := f.serve(b).open()
	b.ReportAllocs()
	b.ResetTimer()
	n := 0
	for o, err := range r.Read(b.Context(), staff(state.NewShape(benchAttributes...))) {
		if err != nil {
			b.Fatal(err)
		}
		if n++; o.Values[0].IsNull() {
			b.Fatal("no cn")
		}
	}
	if n != 1000*pages {
		b.Fatalf("%d objects", n)
	}
}

// BenchmarkDrain is the floor for BenchmarkRead: the same bytes over TLS, read and thrown away.
func BenchmarkDrain(b *testing.B) {
	page := benchPage()
	f := &fake{accept: func(c net.Conn, config *tls.Config) net.Conn {
		s := tls.Server(c, config)
		for range b.N/1000 + 1 {
			_, _ = s.Write(page)
		}
		s.Close()
		return nil
	}}
	f.serve(b)
	c, err := tls.Dial("tcp", strings.TrimPrefix(f.cfg().URLs[0], "ldaps://"), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	if n, err := io.Copy(io.Discard, c); n < int64(len(page)) {
		b.Fatal(n, err)
	}
}
