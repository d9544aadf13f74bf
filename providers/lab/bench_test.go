package lab_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/providers/lab"
)

// BenchmarkPages reads all pages of a lab of linked people, as clients do, and beside it the same bytes from servers that know
// them already: a net/http.FileServer over files for the tenant, and for the source a server that only sends what it has been
// given. Both use the lab's certificate, and requests alternate, so that a busy machine is busy for both. Where the lab's
// pages/s are near the static ones, the time goes into TLS and the client. start-s is how long the lab took to be ready.
//
//	go test ./providers/lab -run '^$' -bench BenchmarkPages -benchtime 1x
//
// DIRFORM_BENCH_USERS is the number of users, 100,000 by default.
func BenchmarkPages(b *testing.B) {
	users := 100_000
	if s := os.Getenv("DIRFORM_BENCH_USERS"); s != "" {
		var err error
		if users, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	data := b.TempDir()
	began := time.Now()
	l, err := lab.Open(lab.Options{Data: data, People: &lab.People{Users: users, GenerateOptions: lab.GenerateOptions{Linked: true}}})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	started := time.Since(began)
	if _, err := l.ServeAD(); err != nil { // which makes the certificate
		b.Fatal(err)
	}
	cert, err := tls.LoadX509KeyPair(filepath.Join(data, "server.pem"), filepath.Join(data, "server.pem"))
	if err != nil {
		b.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}}
	for _, side := range []struct {
		name string
		run  func(*testing.B, *lab.Lab, *tls.Config, int) pageTimes
	}{{"tenant", tenantPages}, {"source", sourcePages}} {
		b.Run(side.name, func(b *testing.B) {
			var sum pageTimes
			for range b.N {
				t := side.run(b, l, config, users)
				sum.lab, sum.static, sum.pages, sum.bytes = sum.lab+t.lab, sum.static+t.static, sum.pages+t.pages, sum.bytes+t.bytes
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(started.Seconds(), "start-s")
			b.ReportMetric(float64(sum.bytes)/float64(sum.pages)/1000, "kB/page")
			b.ReportMetric(float64(sum.pages)/sum.lab.Seconds(), "lab-pages/s")
			b.ReportMetric(float64(sum.pages)/sum.static.Seconds(), "static-pages/s")
		})
	}
}

// pageTimes is how long the same pages took from both servers.
type pageTimes struct {
	pages, bytes int
	lab, static  time.Duration
}

// mapped are the properties that the default mapping has a plan read.
const mapped = "id,userPrincipalName,displayName,givenName,surname,mailNickname,mail,proxyAddresses,onPremisesImmutableId,accountEnabled," +
	"jobTitle,department,companyName,employeeId,officeLocation,streetAddress,postalCode,city,state,country,usageLocation,preferredLanguage," +
	"businessPhones,mobilePhone,faxNumber,onPremisesSyncEnabled,userType"

// tenantPages reads all users, and each page again from a file.
func tenantPages(b *testing.B, l *lab.Lab, config *tls.Config, users int) (t pageTimes) {
	at, err := l.ServeEntra()
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		b.Fatal(err)
	}
	files := &http.Server{Handler: http.FileServer(http.Dir(dir))}
	go files.Serve(ln)
	defer files.Close()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust(b, at.CAFile)}}
	defer client.CloseIdleConnections()
	var page, again bytes.Buffer
	fetch := func(url string, into *bytes.Buffer) time.Duration {
		req, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+at.AccessToken)
		into.Reset()
		began := time.Now()
		res, err := client.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		_, err = into.ReadFrom(res.Body)
		took := time.Since(began)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			b.Fatal(res.Status, err)
		}
		return took
	}
	link := at.Endpoint + "/users?$top=999&$expand=manager($select=id)&$select=" + mapped
	fetch(link, &page) // and the connection
	for seen := 0; link != ""; t.pages++ {
		t.lab += fetch(link, &page)
		name := fmt.Sprintf("%d.json", t.pages)
		if err := os.WriteFile(filepath.Join(dir, name), page.Bytes(), 0o600); err != nil {
			b.Fatal(err)
		}
		if t.pages == 0 {
			fetch("https://"+ln.Addr().String()+"/"+name, &again)
		}
		t.static += fetch("https://"+ln.Addr().String()+"/"+name, &again)
		if !bytes.Equal(page.Bytes(), again.Bytes()) {
			b.Fatal("the page's file is another page")
		}
		os.Remove(filepath.Join(dir, name))
		t.bytes += page.Len()
		seen += bytes.Count(page.Bytes(), []byte(`"userPrincipalName":`))
		link = nextLink(b, page.Bytes())
		if link == "" && seen != users+1 {
			b.Fatalf("%d accounts", seen)
		}
	}
	return t
}

func nextLink(b *testing.B, page []byte) (link string) {
	_, rest, ok := bytes.Cut(page, []byte(`"@odata.nextLink":`))
	if ok {
		if err := json.NewDecoder(bytes.NewReader(rest)).Decode(&link); err != nil {
			b.Fatal(err)
		}
	}
	return link
}

// sourceAttributes are what the default mapping has a plan read.
var sourceAttributes = strings.Fields("objectGUID sAMAccountName userPrincipalName displayName givenName sn mail proxyAddresses userAccountControl" +
	" title department company employeeID physicalDeliveryOfficeName streetAddress postalCode l st co c preferredLanguage telephoneNumber" +
	" mobile facsimileTelephoneNumber manager")

// sourcePages reads all users, and each page again from a server that was handed it.
func sourcePages(b *testing.B, l *lab.Lab, config *tls.Config, users int) (t pageTimes) {
	at, err := l.ServeAD()
	if err != nil {
		b.Fatal(err)
	}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	pages := make(chan []byte)
	defer close(pages)
	go replay(ln, pages)
	dialed := func(addr string) *ldapPages {
		conn, err := tls.Dial("tcp", addr, trust(b, at.CAFile))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		return &ldapPages{b: b, conn: conn}
	}
	from, again := dialed(strings.TrimPrefix(at.URL, "ldaps://")), dialed(ln.Addr().String())
	from.bind(at.BindDN, at.Password)
	seen := 0
	for {
		began := time.Now()
		entries, more := from.page(at.BaseDN)
		t.lab += time.Since(began)
		pages <- from.got
		began = time.Now()
		same, _ := again.page(at.BaseDN)
		t.static += time.Since(began)
		if same != entries || len(again.got) != len(from.got) {
			b.Fatal("the page that was handed over came back as another")
		}
		seen += entries
		t.pages++
		t.bytes += len(from.got)
		if !more {
			break
		}
	}
	if seen != users {
		b.Fatalf("%d users", seen)
	}
	return t
}

// replay answers each request of one client with the next page.
func replay(ln net.Listener, pages <-chan []byte) {
	conn, err := ln.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	if conn.(*tls.Conn).Handshake() != nil {
		return
	}
	request := make([]byte, 1<<16)
	for page := range pages {
		if _, err := conn.Read(request); err != nil {
			return
		}
		if _, err := conn.Write(page); err != nil {
			return
		}
	}
}
