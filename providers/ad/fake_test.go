package ad_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/state"
)

// request is what a client asked the fake server for.
type request struct {
	op       uint64
	id       int64
	base     string
	scope    int64
	filter   string
	attrs    []string
	cookie   string // of the paging control
	paged    bool
	critical map[string]bool // criticality by control
	changes  []string        // of a Modify: "add name=value"
}

// fake is a scripted LDAP server: it logs everybody on, has a rootDSE and leaves the rest to search and modify.
type fake struct {
	t        testing.TB
	controls []string                                      // supportedControl
	bind     func(w *wire, r request)                      // default: success
	search   func(w *wire, r request)                      // everything but the rootDSE
	modify   func(w *wire, r request)                      //
	accept   func(c net.Conn, config *tls.Config) net.Conn // default: TLS at once
	config   *tls.Config
	ca       []byte
	addr     string

	mu       sync.Mutex
	requests []request
	conns    []net.Conn
}

const (
	oidPaging      = "1.2.840.113556.1.4.319"
	oidDomainScope = "1.2.840.113556.1.4.1339"
	testBase       = "DC=corp,DC=contoso,DC=com"
)

// serve starts the server; the caller sets fields of f before.
func (f *fake) serve(t testing.TB) *fake {
	t.Helper()
	f.t = t
	if f.config == nil {
		f.config, f.ca = newCertificate(t, nil)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr = ln.Addr().String()
	var group sync.WaitGroup
	t.Cleanup(func() {
		ln.Close()
		f.hangUp()
		group.Wait()
	})
	group.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.conns = append(f.conns, c)
			f.mu.Unlock()
			group.Go(func() {
				defer c.Close()
				secure := f.accept
				if secure == nil {
					secure = func(c net.Conn, config *tls.Config) net.Conn { return tls.Server(c, config) }
				}
				if c := secure(c, f.config); c != nil {
					f.talk(c)
				}
			})
		}
	})
	return f
}

// hangUp ends all connections.
func (f *fake) hangUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.conns {
		c.Close()
	}
	f.conns = nil
}

// cfg is a client's configuration for the server.
func (f *fake) cfg() ad.Config {
	return ad.Config{URLs: []string{"ldaps://" + f.addr}, CA: f.ca, BindDN: "CN=svc," + testBase, Password: "hunter2-secret", Timeout: 5 * time.Second}
}

func (f *fake) open() *ad.Reader { return f.openWith(f.cfg()) }

// seen are the requests so far for which keep says so.
func (f *fake) seen(keep func(request) bool) []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []request
	for _, r := range f.requests {
		if keep(r) {
			list = append(list, r)
		}
	}
	return list
}

func isSearch(r request) bool { return r.op == ldap.ApplicationSearchRequest && r.base != "" }

func isBind(r request) bool { return r.op == ldap.ApplicationBindRequest }

func (f *fake) talk(c net.Conn) {
	for {
		packet, err := ber.ReadPacket(c)
		if err != nil {
			return
		}
		r := parseRequest(packet)
		f.mu.Lock()
		f.requests = append(f.requests, r)
		f.mu.Unlock()
		w := &wire{Conn: c, id: r.id}
		switch r.op {
		case ldap.ApplicationBindRequest:
			if f.bind != nil {
				f.bind(w, r)
				break
			}
			w.result(ldap.ApplicationBindResponse, 0, "")
		case ldap.ApplicationSearchRequest:
			if r.base == "" && r.scope == ldap.ScopeBaseObject {
				w.entry("", "defaultNamingContext", []string{testBase}, "configurationNamingContext", []string{"CN=Configuration," + testBase}, "supportedControl", f.controls)
				w.done(0, "")
				break
			}
			f.search(w, r)
		case ldap.ApplicationModifyRequest:
			f.modify(w, r)
		case ldap.ApplicationUnbindRequest:
			return
		}
	}
}

func parseRequest(p *ber.Packet) request {
	op := p.Children[1]
	r := request{op: uint64(op.Tag), id: p.Children[0].Value.(int64), critical: map[string]bool{}}
	switch r.op {
	case ldap.ApplicationSearchRequest:
		r.base = op.Children[0].Value.(string)
		r.scope = op.Children[1].Value.(int64)
		r.filter, _ = ldap.DecompileFilter(op.Children[6])
		for _, a := range op.Children[7].Children {
			r.attrs = append(r.attrs, a.Value.(string))
		}
	case ldap.ApplicationModifyRequest:
		r.base = op.Children[0].Value.(string)
		for _, c := range op.Children[1].Children {
			verb := [...]string{"add", "delete", "replace"}[c.Children[0].Value.(int64)]
			for _, v := range c.Children[1].Children[1].Children {
				r.changes = append(r.changes, fmt.Sprintf("%s %s=%s", verb, c.Children[1].Children[0].Value, v.Data.String()))
			}
		}
	}
	if len(p.Children) > 2 {
		for _, c := range p.Children[2].Children {
			oid := c.Children[0].Value.(string)
			critical := len(c.Children) > 1 && c.Children[1].Tag == ber.TagBoolean && c.Children[1].ByteValue != nil && c.Children[1].ByteValue[0] == 0xff
			if len(c.Children) > 1 && c.Children[1].Tag == ber.TagBoolean && len(c.Children[1].Data.Bytes()) == 1 {
				critical = c.Children[1].Data.Bytes()[0] == 0xff
			}
			r.critical[oid] = critical
			if oid == oidPaging {
				r.paged = true
				value, _ := ber.DecodePacketErr(c.Children[len(c.Children)-1].Data.Bytes())
				r.cookie = value.Children[1].Data.String()
			}
		}
	}
	return r
}

// wire answers one request.
type wire struct {
	net.Conn
	id int64
}

func (w *wire) send(op *ber.Packet, controls ...*ber.Packet) {
	_, _ = w.Write(message(w.id, op, controls...))
}

func message(id int64, op *ber.Packet, controls ...*ber.Packet) []byte {
	m := ber.NewSequence("LDAPMessage")
	m.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	m.AppendChild(op)
	if len(controls) > 0 {
		list := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
		for _, c := range controls {
			list.AppendChild(c)
		}
		m.AppendChild(list)
	}
	return m.Bytes()
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

// entryOp is a SearchResultEntry: pairs of a name and a []string.
func entryOp(dn string, pairs ...any) *ber.Packet {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultEntry, nil, "")
	op.AppendChild(octets(dn))
	attrs := ber.NewSequence("")
	for i := 0; i < len(pairs); i += 2 {
		a := ber.NewSequence("")
		a.AppendChild(octets(pairs[i].(string)))
		set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		for _, v := range pairs[i+1].([]string) {
			set.AppendChild(octets(v))
		}
		a.AppendChild(set)
		attrs.AppendChild(a)
	}
	op.AppendChild(attrs)
	return op
}

// drop sends a few bytes after a while, and reports whether somebody is still there.
func (w *wire) drop(b []byte) bool {
	time.Sleep(10 * time.Millisecond)
	_, err := w.Write(b)
	return err == nil
}

func (w *wire) entry(dn string, pairs ...any) { w.send(entryOp(dn, pairs...)) }

// user sends a user whose GUID has n in it.
func (w *wire) user(n int, pairs ...any) {
	w.entry(fmt.Sprintf("CN=User %d,OU=Staff,%s", n, testBase), append([]any{"objectGUID", []string{guid(n)}, "cn", []string{fmt.Sprintf("User %d", n)}}, pairs...)...)
}

func guid(n int) string {
	g := state.GUID{15: byte(n), 14: byte(n >> 8), 0: 1}
	return string(g[:])
}

func resultOp(tag ber.Tag, code int, text string) *ber.Packet {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(code), ""))
	op.AppendChild(octets(""))
	op.AppendChild(octets(text))
	return op
}

func (w *wire) result(tag ber.Tag, code int, text string) { w.send(resultOp(tag, code, text)) }

func (w *wire) done(code int, text string) { w.result(ldap.ApplicationSearchResultDone, code, text) }

// page ends a page; an empty cookie ends the search.
func (w *wire) page(cookie string) {
	value := ber.NewSequence("")
	value.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(0), ""))
	value.AppendChild(octets(cookie))
	c := ber.NewSequence("")
	c.AppendChild(octets(oidPaging))
	c.AppendChild(octets(string(value.Bytes())))
	w.send(resultOp(ldap.ApplicationSearchResultDone, 0, ""), c)
}

func (w *wire) reference(uri string) {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultReference, nil, "")
	op.AppendChild(octets(uri))
	w.send(op)
}

// newCertificate makes a certificate for 127.0.0.1 and dc1.corp.contoso.com, and the CA that issued it. change may alter the template.
func newCertificate(t testing.TB, change func(*x509.Certificate)) (config *tls.Config, ca []byte) {
	t.Helper()
	caKey, key := newKey(t), newKey(t)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Contoso Test CA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, root, root, caKey.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(0x7fffffff), Subject: pkix.Name{CommonName: "dc1"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"dc1.corp.contoso.com"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if change != nil {
		change(leaf)
	}
	negative := leaf.SerialNumber.Sign() < 0
	if negative {
		leaf.SerialNumber = big.NewInt(0x7fffffff)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	if negative {
		der = negateSerial(t, der, caKey)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pemCertificate(caDER)
}

func pemCertificate(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// negateSerial makes the serial number 0x7fffffff of a certificate negative, which CreateCertificate won't do, and signs it anew.
func negateSerial(t testing.TB, der []byte, ca *ecdsa.PrivateKey) []byte {
	t.Helper()
	var cert struct {
		TBS       asn1.RawValue
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &cert); err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(cert.TBS.FullBytes, []byte{asn1.TagInteger, 4, 0x7f, 0xff, 0xff, 0xff})
	if at < 0 {
		t.Fatal("no such serial number")
	}
	cert.TBS.FullBytes[at+2] = 0x80
	digest := sha256.Sum256(cert.TBS.FullBytes)
	signature, err := ecdsa.SignASN1(rand.Reader, ca, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	cert.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	der, err = asn1.Marshal(cert)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// plainUntilStartTLS answers one StartTLS request with code and then talks TLS.
func plainUntilStartTLS(code int) func(net.Conn, *tls.Config) net.Conn {
	return func(c net.Conn, config *tls.Config) net.Conn {
		p, err := ber.ReadPacket(c)
		if err != nil {
			return nil
		}
		w := &wire{Conn: c, id: p.Children[0].Value.(int64)}
		w.result(ldap.ApplicationExtendedResponse, code, "")
		if code != 0 {
			_, _ = io.Copy(io.Discard, c)
			return nil
		}
		return tls.Server(c, config)
	}
}

func (f *fake) openWith(cfg ad.Config) *ad.Reader {
	f.t.Helper()
	r, err := ad.Open(context.Background(), cfg)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { r.Close() })
	return r
}
