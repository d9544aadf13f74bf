package storetest

import (
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/dirform/dirform/state/crash"
)

// Proxy is a network between a client and a PostgreSQL server, which can be cut.
type Proxy struct {
	t        testing.TB
	listener net.Listener
	server   string // host:port

	mu    sync.Mutex
	open  sync.Cond // closed when cut
	cut   bool
	asked int
	conns []net.Conn
}

// NewProxy stands before the server of a database and tells the database's address through it. The connections are in
// the clear.
func NewProxy(t testing.TB, address string) (p *Proxy, through string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p = &Proxy{t: t, server: u.Host}
	p.open.L = &p.mu
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.listener.Close(); p.Mend(); p.Drop() })
	go func() { defer crash.Guard(); p.accept() }()
	q := u.Query()
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = p.listener.Addr().String(), q.Encode()
	return p, u.String()
}

// Cut lets nothing through any more, and nobody is told.
func (p *Proxy) Cut() { p.mu.Lock(); p.cut = true; p.mu.Unlock() }

// Mend lets everything through again, also what was sent meanwhile.
func (p *Proxy) Mend() { p.mu.Lock(); p.cut = false; p.open.Broadcast(); p.mu.Unlock() }

// Drop ends all connections.
func (p *Proxy) Drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

// Asked is how often clients have sent something that the server has to answer before they go on.
func (p *Proxy) Asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		both := func() { client.Close(); server.Close() }
		go func() { defer crash.Guard(); defer both(); p.count(server, client) }()
		go func() { defer crash.Guard(); defer both(); _, _ = io.Copy(&gate{p, client}, server) }()
	}
}

// gate is a way that is closed while the network is cut.
type gate struct {
	p  *Proxy
	to io.Writer
}

func (g *gate) Write(b []byte) (int, error) {
	g.p.mu.Lock()
	for g.p.cut {
		g.p.open.Wait()
	}
	g.p.mu.Unlock()
	return g.to.Write(b)
}

// count forwards what a client sends, message by message.
func (p *Proxy) count(server io.Writer, client io.Reader) {
	to := &gate{p, server}
	for first := true; ; first = false {
		head := make([]byte, 5)
		if first { // the first message has no type
			head = head[:4]
		}
		if _, err := io.ReadFull(client, head); err != nil {
			return
		}
		size := binary.BigEndian.Uint32(head[len(head)-4:])
		if size < 4 || size > 1<<30 {
			return
		}
		if _, err := to.Write(head); err != nil {
			return
		}
		if _, err := io.CopyN(to, client, int64(size)-4); err != nil {
			return
		}
		if head[0] == 'S' || head[0] == 'Q' { // Sync, Query
			p.mu.Lock()
			p.asked++
			p.mu.Unlock()
		}
	}
}
