package ldapd

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"time"
)

// maxRequest bounds a request: a length beyond it ends the connection.
const maxRequest = 16 << 20

// flushSize is how much of a response is collected before it goes out, so that the client works while the server does.
const flushSize = 64 << 10

// conn is one client. Its requests are served one after the other.
type conn struct {
	srv    *Server
	net    net.Conn
	in     *bufio.Reader
	out    []byte
	secure bool
	ldaps  bool
	bound  bool
	who    string // sAMAccountName of the account that is bound
	// seesDeleted says that the account may see what lies below CN=Deleted Objects. In Active Directory
	// administrators may, and whom an administrator gave the right to list that container; to all others it looks
	// empty (Samba 4.17, 2026-11-30).
	seesDeleted bool
	hidden      hidden // what the account may not read
	cursors     []*cursor
	body        []byte
}

func newConn(s *Server, raw net.Conn, implicitTLS bool) *conn {
	return &conn{srv: s, net: raw, in: bufio.NewReaderSize(raw, 4096), ldaps: implicitTLS}
}

// run serves requests until the client leaves or breaks the protocol.
func (c *conn) run() {
	if c.ldaps && c.handshake() != nil {
		return
	}
	for {
		id, tag, body, ctl, err := c.readMessage()
		if err != nil {
			return
		}
		if err := c.serve(id, tag, body, ctl); err != nil {
			return
		}
		if err := c.flush(); err != nil {
			return
		}
	}
}

// handshake puts TLS on the connection. Bytes the client sent in the clear ahead of it are not carried over.
func (c *conn) handshake() error {
	t := tls.Server(c.net, c.srv.TLS)
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
	defer cancel()
	if err := t.HandshakeContext(ctx); err != nil {
		return err
	}
	c.net, c.in, c.secure = t, bufio.NewReaderSize(t, 4096), true
	return nil
}

// readMessage reads one LDAPMessage. Its body is valid until the next call.
func (c *conn) readMessage() (id int64, tag byte, body, ctl []byte, err error) {
	if err = c.net.SetReadDeadline(time.Now().Add(idleTime)); err != nil {
		return
	}
	n, err := readMessageHeader(c.in)
	if err != nil {
		return
	}
	if err = c.net.SetReadDeadline(time.Now().Add(receiveTime)); err != nil {
		return
	}
	if c.body, err = readBody(c.in, c.body[:0], n); err != nil {
		return
	}
	return decodeMessage(c.body)
}

// readBody reads n bytes, growing the buffer as they arrive: a claimed length alone costs no memory.
func readBody(in io.Reader, b []byte, n int) ([]byte, error) {
	if cap(b) > 1<<20 {
		b = nil
	}
	for len(b) < n {
		step := min(n-len(b), 256<<10)
		at := len(b)
		if cap(b) < at+step {
			b = append(make([]byte, 0, max(2*cap(b), at+step)), b...)
		}
		b = b[:at+step]
		if _, err := io.ReadFull(in, b[at:]); err != nil {
			return b, err
		}
	}
	return b, nil
}

// readMessageHeader reads the outer tag and length.
func readMessageHeader(in *bufio.Reader) (int, error) {
	tag, err := in.ReadByte()
	if err != nil {
		return 0, err
	}
	first, err := in.ReadByte()
	if err != nil {
		return 0, err
	}
	if tag != tagSequence {
		return 0, errBER
	}
	n := int(first)
	if first >= 0x80 {
		n = 0
		k := int(first & 0x7f)
		if k == 0 || k > 4 {
			return 0, errBER
		}
		for range k {
			b, err := in.ReadByte()
			if err != nil {
				return 0, err
			}
			n = n<<8 | int(b)
		}
	}
	if n > maxRequest {
		return 0, fmt.Errorf("%w: a request of %d bytes", errBER, n)
	}
	return n, nil
}

// decodeMessage takes the inside of an LDAPMessage apart.
func decodeMessage(b []byte) (id int64, tag byte, body, ctl []byte, err error) {
	r := reader{b: b}
	id = r.integer(tagInteger)
	tag, body = r.any()
	if r.peek() == tagControls {
		ctl = r.take(tagControls)
	}
	if r.err == nil && (id < 0 || id > 1<<31-1) {
		r.err = errBER
	}
	return id, tag, body, ctl, r.err
}

// flush sends what has been collected.
func (c *conn) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	if err := c.net.SetWriteDeadline(time.Now().Add(sendTime)); err != nil {
		return err
	}
	_, err := c.net.Write(c.out)
	if c.out = c.out[:0]; cap(c.out) > 4*flushSize {
		c.out = nil
	}
	return err
}

// reply collects a response that is a result.
func (c *conn) reply(id int64, tag byte, r *ResultError) {
	c.out = appendResult(c.out, id, tag, r, nil, nil)
}

// responseTag is the tag of the response to a request; 0 if there is none.
func responseTag(request byte) byte {
	switch request {
	case tagBindRequest:
		return tagBindResponse
	case tagSearchRequest:
		return tagSearchDone
	case tagModifyRequest:
		return tagModifyResponse
	case tagAddRequest:
		return tagAddResponse
	case tagDeleteRequest:
		return tagDeleteResponse
	case tagModifyDNRequest:
		return tagModifyDNResponse
	case tagCompareRequest:
		return tagCompareResponse
	case tagExtendedRequest:
		return tagExtendedResponse
	}
	return 0
}

// serve answers one request. An error ends the connection.
func (c *conn) serve(id int64, tag byte, body, ctl []byte) error {
	out := responseTag(tag)
	if out == 0 {
		if tag == tagAbandonRequest {
			return nil // requests are served in order, so what it names is answered already
		}
		return errBER // unbind, or nothing we know
	}
	ctls, refused, err := decodeControls(ctl)
	if err != nil {
		return err
	}
	if refused == nil {
		refused = c.admit(tag, body)
	}
	if refused != nil {
		c.reply(id, out, refused)
		return nil
	}
	switch tag {
	case tagBindRequest:
		return c.bind(id, body)
	case tagExtendedRequest:
		return c.extended(id, body)
	case tagSearchRequest:
		return c.search(id, body, &ctls)
	case tagCompareRequest:
		return c.compare(id, body)
	}
	return c.write(id, tag, out, body, &ctls)
}

// admit counts a request, and refuses what an anonymous client may not do.
func (c *conn) admit(tag byte, body []byte) *ResultError {
	switch tag {
	case tagBindRequest, tagExtendedRequest:
		return nil
	case tagSearchRequest:
		c.srv.searches.Add(1)
	case tagCompareRequest:
	default:
		c.srv.writes.Add(1)
	}
	root := tag == tagSearchRequest && isRootDSE(body)
	if !c.bound && !root {
		return refuse(codeOperationsError, "00002020: Operation unavailable without authentication")
	}
	return nil
}

func isRootDSE(body []byte) bool {
	r := reader{b: body}
	return r.text() == "" && r.integer(tagEnumerated) == scopeBase && r.err == nil
}
