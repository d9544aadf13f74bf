package harness_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Protocol operations of LDAP (RFC 4511, section 4).
const (
	bindRequest    = 0x60
	bindResponse   = 0x61
	unbindRequest  = 0x42
	searchRequest  = 0x63
	searchEntry    = 0x64
	searchDone     = 0x65
	searchRef      = 0x73
	modifyRequest  = 0x66
	modifyResponse = 0x67
	extendedReply  = 0x78
)

// message is one LDAPMessage on its way.
type message struct {
	raw []byte
	id  []byte // the message's id, as a whole element
	op  byte
}

// final reports whether the message is the last reply to its request.
func (m *message) final() bool {
	switch m.op {
	case bindResponse, searchDone, modifyResponse, extendedReply:
		return true
	}
	return false
}

// ldapFault looks at each message of a conversation and may do something else than hand it on.
type ldapFault interface {
	// request is given a message for the server; handled means that it is not handed on. An error ends the connection.
	request(c *ldapConn, m *message) (handled bool, err error)
	reply(c *ldapConn, m *message) (handled bool, err error)
}

// ldapRelay stands between dirform and the lab's Active Directory.
type ldapRelay struct {
	t        testing.TB
	listener net.Listener
	upstream string
	config   *tls.Config
	life     atomic.Pointer[life]
	fault    atomic.Pointer[ldapFault]

	mu    sync.Mutex
	conns map[net.Conn]bool
	wait  sync.WaitGroup
}

// ldapConn is one connection through the relay.
type ldapConn struct {
	relay          *ldapRelay
	client, server net.Conn
	mu             sync.Mutex // of writes to the client
}

func startLDAP(t testing.TB, upstream string, cert tls.Certificate) *ldapRelay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	r := &ldapRelay{t: t, listener: l, upstream: upstream, conns: map[net.Conn]bool{},
		config: &tls.Config{Certificates: []tls.Certificate{cert}}}
	r.wait.Add(1)
	go r.accept()
	t.Cleanup(r.stop)
	return r
}

func (r *ldapRelay) url() string { return "ldaps://" + r.listener.Addr().String() }

func (r *ldapRelay) accept() {
	defer r.wait.Done()
	for {
		c, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.wait.Add(1)
		go func() {
			defer r.wait.Done()
			r.serve(c)
		}()
	}
}

// keep remembers a connection, so that it can be broken; false if the relay is closed.
func (r *ldapRelay) keep(c net.Conn, on bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conns == nil {
		return false
	}
	if on {
		r.conns[c] = true
	} else {
		delete(r.conns, c)
	}
	return true
}

func (r *ldapRelay) serve(raw net.Conn) {
	defer raw.Close()
	if !r.keep(raw, true) {
		return
	}
	defer r.keep(raw, false)
	if f, ok := r.faulty().(acceptFault); ok && f.accept(raw) {
		return
	}
	server, err := tls.Dial("tcp", r.upstream, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer server.Close()
	c := &ldapConn{relay: r, client: tls.Server(raw, r.config), server: server}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.pump(server, c.fromServer)
		raw.Close()
	}()
	c.pump(c.client, c.fromClient)
	server.Close()
	<-done
}

// acceptFault is a fault that begins before there is a conversation.
type acceptFault interface{ accept(raw net.Conn) bool }

func (r *ldapRelay) faulty() ldapFault {
	if f := r.fault.Load(); f != nil {
		return *f
	}
	return nil
}

func (r *ldapRelay) break_() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		c.Close()
	}
}

func (r *ldapRelay) stop() {
	r.listener.Close()
	r.break_()
	r.mu.Lock()
	r.conns = nil
	r.mu.Unlock()
	r.wait.Wait()
}

// pump hands messages on until one side ends.
func (c *ldapConn) pump(from io.Reader, hand func(*message) error) {
	in := bufio.NewReaderSize(from, 16<<10)
	for {
		m, err := readMessage(in)
		if err != nil || hand(m) != nil {
			return
		}
	}
}

var errDead = errors.New("the process is dead")

func (c *ldapConn) fromClient(m *message) error {
	if m.op != unbindRequest && !c.relay.life.Load().survives("request to the source") {
		return errDead
	}
	if f := c.relay.faulty(); f != nil {
		if handled, err := f.request(c, m); handled || err != nil {
			return err
		}
	}
	_, err := c.server.Write(m.raw)
	return err
}

func (c *ldapConn) fromServer(m *message) error {
	if m.final() && !c.relay.life.Load().survives("reply of the source") {
		return errDead
	}
	if f := c.relay.faulty(); f != nil {
		if handled, err := f.reply(c, m); handled || err != nil {
			return err
		}
	}
	return c.send(m.raw)
}

// send writes to the client.
func (c *ldapConn) send(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.client.Write(b)
	return err
}

// readMessage reads one BER element that is an LDAPMessage.
func readMessage(in *bufio.Reader) (*message, error) {
	head, err := in.Peek(2)
	if err != nil {
		return nil, err
	}
	header, length := 2, int(head[1])
	if length >= 0x80 {
		n := length & 0x7f
		if head, err = in.Peek(2 + n); err != nil {
			return nil, err
		}
		length = 0
		for _, b := range head[2:] {
			length = length<<8 | int(b)
		}
		header += n
	}
	raw := make([]byte, header+length)
	if _, err := io.ReadFull(in, raw); err != nil {
		return nil, err
	}
	body := raw[header:]
	if len(body) < 3 || body[0] != 2 || len(body) < 3+int(body[1]) {
		return nil, fmt.Errorf("no LDAPMessage: % x", raw[:min(len(raw), 16)])
	}
	return &message{raw: raw, id: body[:2+body[1]], op: body[2+body[1]]}, nil
}

// element is a BER element.
func element(tag byte, content ...[]byte) []byte {
	var body []byte
	for _, c := range content {
		body = append(body, c...)
	}
	n := len(body)
	switch {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, body...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, body...)
	}
	return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, body...)
}

// result is a final reply with a result code and a message.
func result(id []byte, op, code byte, text string) []byte {
	return element(0x30, id, element(op, []byte{0x0a, 1, code}, element(4), element(4, []byte(text))))
}
