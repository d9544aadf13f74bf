package harness_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"sync/atomic"
	"time"
)

// ldapCase is a class of faults of the source.
type ldapCase struct {
	name string
	// on says which messages it may befall; replies, if reply is set, else requests.
	on    func(m *message) bool
	reply bool
	// do is what befalls one. An error ends the connection.
	do     func(c *ldapConn, m *message) error
	accept func(raw net.Conn) // befalls a connection instead, before there is anything else
	writes bool               // it is about writes, which only an apply makes
	quiet  bool               // it is noticed by a silence
	mild   bool               // nothing is wrong in the end: a plan must come of it
}

// ldapScript is a case put in: it befalls the at-th message that it may befall, and with ever all that follow. At 0 it only
// counts.
type ldapScript struct {
	*ldapCase
	at   int32
	ever bool
	seen atomic.Int32
}

func (s *ldapScript) strikes() bool {
	n := s.seen.Add(1)
	return s.at > 0 && (n == s.at || s.ever && n > s.at)
}

func (s *ldapScript) accept(raw net.Conn) bool {
	if s.ldapCase.accept == nil || !s.strikes() {
		return false
	}
	s.ldapCase.accept(raw)
	return true
}

func (s *ldapScript) request(c *ldapConn, m *message) (bool, error) { return s.look(c, m, false) }
func (s *ldapScript) reply(c *ldapConn, m *message) (bool, error)   { return s.look(c, m, true) }

func (s *ldapScript) look(c *ldapConn, m *message, reply bool) (bool, error) {
	if s.do == nil || s.ldapCase.reply != reply || !s.on(m) || !s.strikes() {
		return false, nil
	}
	return true, s.do(c, m)
}

func (r *ldapRelay) set(f ldapFault) {
	if f == nil {
		r.fault.Store(nil)
		return
	}
	r.fault.Store(&f)
}

// resetConn breaks a connection in the hard way.
func resetConn(raw net.Conn) {
	if t, ok := raw.(*net.TCPConn); ok {
		t.SetLinger(0)
	}
	raw.Close()
}

func (c *ldapConn) raw() net.Conn { return c.client.(*tls.Conn).NetConn() }

// What a message may be.
func isOp(ops ...byte) func(*message) bool {
	return func(m *message) bool { return bytes.IndexByte(ops, m.op) >= 0 }
}

// paged reports a search whose result comes in pages, which is one for objects.
func paged(m *message) bool {
	return m.op == searchRequest && bytes.Contains(m.raw, []byte("1.2.840.113556.1.4.319"))
}

// next reports a search for a further page: its cookie is not empty.
func next(m *message) bool {
	at := bytes.Index(m.raw, []byte("1.2.840.113556.1.4.319"))
	return m.op == searchRequest && at > 0 && !bytes.HasSuffix(m.raw, []byte{4, 0})
}

// Ways to break off.
func broken(c *ldapConn, _ *message) error {
	resetConn(c.raw())
	return errDead
}

func ended(c *ldapConn, _ *message) error {
	c.client.Close()
	return errDead
}

// instead replies something else than the server would.
func instead(make func(m *message) []byte, after error) func(*ldapConn, *message) error {
	return func(c *ldapConn, m *message) error {
		if err := c.send(make(m)); err != nil {
			return err
		}
		return after
	}
}

// refusal is a reply with a result code.
func refusal(code byte, text string) func(*ldapConn, *message) error {
	return instead(func(m *message) []byte {
		op := m.op
		switch op {
		case bindRequest:
			op = bindResponse
		case searchRequest:
			op = searchDone
		case modifyRequest:
			op = modifyResponse
		}
		return result(m.id, op, code, text)
	}, nil)
}

// silence keeps the connection and says nothing more on it.
func silence(c *ldapConn, _ *message) error {
	time.Sleep(longerThanPatience)
	return errDead
}

// Silences, and how long a run waits during one.
const (
	patience           = 250 * time.Millisecond
	longerThanPatience = 400 * time.Millisecond
)

// otherCertificate is one that nobody trusts.
func otherCertificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// ldapCases are the faults of the source.
func ldapCases() []*ldapCase {
	requests := isOp(bindRequest, searchRequest)
	return append(ldapRefusals(),
		&ldapCase{name: "reset at connect", accept: resetConn},
		&ldapCase{name: "closed at connect", accept: func(raw net.Conn) { raw.Close() }},
		&ldapCase{name: "not TLS", accept: func(raw net.Conn) { raw.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }},
		&ldapCase{name: "wrong certificate", accept: func(raw net.Conn) {
			tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{otherCertificate()}}).Handshake()
		}},
		&ldapCase{name: "silence before TLS", quiet: true, accept: func(net.Conn) { time.Sleep(longerThanPatience) }},
		&ldapCase{name: "reset at a request", on: requests, do: broken},
		&ldapCase{name: "closed at a request", on: requests, do: ended},
		&ldapCase{name: "reset before a reply", reply: true, on: (*message).final, do: broken},
		&ldapCase{name: "reset in a page", reply: true, on: isOp(searchEntry), do: broken},
		&ldapCase{name: "closed in a page", reply: true, on: isOp(searchEntry), do: ended},
		&ldapCase{name: "closed in an entry", reply: true, on: isOp(searchEntry),
			do: instead(func(m *message) []byte { return m.raw[:len(m.raw)/2] }, errDead)},
		&ldapCase{name: "an entry that is cut", reply: true, on: isOp(searchEntry), do: instead(func(m *message) []byte {
			body := m.raw[len(m.raw)-bodyOf(m.raw):]
			return element(0x30, body[:len(body)/2]) // its parts claim more than it has
		}, nil)},
		&ldapCase{name: "a length of 4 GiB", reply: true, on: isOp(searchEntry),
			do: instead(func(*message) []byte { return []byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 2, 1, 1} }, nil)},
		&ldapCase{name: "a length of no end", reply: true, on: isOp(searchEntry),
			do: instead(func(*message) []byte { return []byte{0x30, 0x80, 2, 1, 1} }, nil)},
		&ldapCase{name: "noise", reply: true, on: isOp(searchEntry),
			do: instead(func(*message) []byte { return bytes.Repeat([]byte{0xde, 0xad, 0xbe, 0xef}, 64) }, nil)},
		&ldapCase{name: "a reply to another request", reply: true, on: isOp(searchDone),
			do: instead(func(m *message) []byte {
				return bytes.Replace(m.raw, m.id, append(bytes.Clone(m.id[:len(m.id)-1]), m.id[len(m.id)-1]+1), 1)
			}, errDead)},
		&ldapCase{name: "an end without paging", reply: true, on: isOp(searchDone),
			do: instead(func(m *message) []byte { return result(m.id, searchDone, 0, "") }, nil)},
		&ldapCase{name: "silence in a page", quiet: true, reply: true, on: isOp(searchEntry), do: silence},
		&ldapCase{name: "silence at a request", quiet: true, on: requests, do: silence},
		&ldapCase{name: "a slow drip", reply: true, on: isOp(searchEntry), mild: true, do: drip},
		&ldapCase{name: "an entry twice", reply: true, on: isOp(searchEntry), mild: true,
			do: instead(func(m *message) []byte { return append(bytes.Clone(m.raw), m.raw...) }, nil)},
		&ldapCase{name: "a reference into the domain", reply: true, on: isOp(searchEntry),
			do: reference("ldap://child/" + staffOU)},
		&ldapCase{name: "a reference elsewhere", reply: true, on: isOp(searchEntry), mild: true,
			do: reference("ldap://other/DC=DomainDnsZones,DC=elsewhere,DC=com")},
		&ldapCase{name: "notice of disconnection", reply: true, on: isOp(searchEntry, searchDone),
			do: instead(func(*message) []byte {
				return element(0x30, []byte{2, 1, 0}, element(extendedReply, []byte{0x0a, 1, 52}, element(4),
					element(4, []byte("going down")), element(0x8a, []byte("1.3.6.1.4.1.1466.20036"))))
			}, errDead)},
		&ldapCase{name: "write lost before", writes: true, on: isOp(modifyRequest), do: broken},
		&ldapCase{name: "write lost after", writes: true, reply: true, on: isOp(modifyResponse), do: broken},
		&ldapCase{name: "write without an answer", writes: true, quiet: true, reply: true, on: isOp(modifyResponse),
			do: silence},
	)
}

// drip sends a message byte by byte.
func drip(c *ldapConn, m *message) error {
	for i := range m.raw {
		if i < 50 {
			time.Sleep(time.Millisecond)
		}
		if err := c.send(m.raw[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}

// reference puts a reference to another server before an entry.
func reference(uri string) func(*ldapConn, *message) error {
	return instead(func(m *message) []byte {
		return append(element(0x30, m.id, element(searchRef, element(4, []byte(uri)))), m.raw...)
	}, nil)
}

// bodyOf is the length of an element's content.
func bodyOf(raw []byte) int {
	if raw[1] < 0x80 {
		return len(raw) - 2
	}
	return len(raw) - 2 - int(raw[1]&0x7f)
}

// ldapRefusals are requests that the server answers with a result code (RFC 4511, appendix A).
func ldapRefusals() []*ldapCase {
	searches := isOp(searchRequest)
	return []*ldapCase{
		{name: "wrong password (49)", on: isOp(bindRequest), do: refusal(49, "80090308: AcceptSecurityContext error, data 52e")},
		{name: "bind: busy (51)", on: isOp(bindRequest), do: refusal(51, "busy")},
		{name: "operations error (1)", on: searches, do: refusal(1, "000004DC: in order to perform this operation")},
		{name: "time limit (3)", on: searches, do: refusal(3, "")},
		{name: "size limit (4)", on: searches, do: refusal(4, "")},
		{name: "referral (10)", on: searches, do: refusal(10, "0000202B: RefErr: DSID-03100835")},
		{name: "administrative limit (11)", on: searches, do: refusal(11, "")},
		{name: "no such object (32)", on: paged, do: refusal(32, "")},
		{name: "no rights (50)", on: paged, do: refusal(50, "")},
		{name: "busy (51)", on: searches, do: refusal(51, "")},
		{name: "unavailable (52)", on: searches, do: refusal(52, "")},
		{name: "unwilling (53)", on: searches, do: refusal(53, "00002024: SvcErr")},
		{name: "other (80)", on: searches, do: refusal(80, "")},
		{name: "cookie refused", on: next, do: refusal(53, "00002063: SvcErr: cookie")},
		{name: "size limit after a page", reply: true, on: isOp(searchDone), do: refusal(4, "")},
		{name: "write: busy (51)", writes: true, on: isOp(modifyRequest), do: refusal(51, "")},
		{name: "write: no rights (50)", writes: true, on: isOp(modifyRequest), do: refusal(50, "INSUFF_ACCESS_RIGHTS")},
		{name: "write: constraint (19)", writes: true, on: isOp(modifyRequest), do: refusal(19, "")},
		{name: "write: no such object (32)", writes: true, on: isOp(modifyRequest), do: refusal(32, "")},
		{name: "write: unwilling (53)", writes: true, on: isOp(modifyRequest), do: refusal(53, "")},
	}
}
