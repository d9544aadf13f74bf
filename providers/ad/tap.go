package ad

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dirform/dirform/providers/ad/internal/ber"
)

// sink takes the entries of a search off a tap: a run of one or more whole LDAP messages, each a SearchResultEntry.
type sink func(run string) error

// tap is a connection below the LDAP library. While a sink is set, the entries of search results go to it and everything else
// goes on to the library, which thus sees searches without entries. A connection with a sink carries one search at a time.
//
// The tap also watches the clock: only silence of the server counts, not the time its reader takes. (The library's own timer
// runs per request and would strike when somebody slow consumes a page.)
type tap struct {
	net.Conn
	timeout time.Duration
	sink    atomic.Pointer[sink]
	busy    atomic.Bool // a request is on its way

	buf  []byte
	r, w int // what has been received and not handed on is buf[r:w]
	pass int // bytes of the current message still to hand to the library
	need int // length of the entry that stands incomplete at buf[r]

	mu  sync.Mutex
	err error // the first error, which the library would hide behind one of its own
}

const tapBuffer = 64 << 10

func newTap(c net.Conn, timeout time.Duration) *tap {
	return &tap{Conn: c, timeout: timeout, buf: make([]byte, tapBuffer)}
}

// begin starts the clock for a request; end stops it.
func (t *tap) begin() {
	t.busy.Store(true)
	_ = t.SetReadDeadline(time.Now().Add(t.timeout)) // fails only on a closed connection, as the request then will
}

func (t *tap) end() {
	t.busy.Store(false)
	_ = t.SetReadDeadline(time.Time{})
}

// Write sends to the server.
func (t *tap) Write(p []byte) (int, error) {
	_ = t.SetWriteDeadline(time.Now().Add(t.timeout))
	n, err := t.Conn.Write(p)
	return n, t.fail(err)
}

// Read hands the library what is not for the sink.
func (t *tap) Read(p []byte) (int, error) {
	for {
		if t.pass > 0 && t.r < t.w {
			n := copy(p, t.buf[t.r:min(t.w, t.r+t.pass)])
			t.r += n
			t.pass -= n
			return n, nil
		}
		if t.pass == 0 {
			if err := t.take(); err != nil {
				return 0, t.fail(err)
			}
			if t.pass > 0 {
				continue
			}
		}
		if err := t.fill(); err != nil {
			return 0, t.fail(err)
		}
	}
}

// take gives all whole entries in the buffer to the sink, up to the next other message.
func (t *tap) take() error {
	var to sink
	if p := t.sink.Load(); p != nil {
		to = *p
	}
	start := t.r
	t.need = 0
	for t.r < t.w {
		size, op, err := ber.Frame(t.buf[t.r:t.w])
		if err != nil {
			return err
		}
		if size == 0 {
			break
		}
		if to == nil || op != ber.SearchEntry {
			if to != nil {
				err = expected(op)
			}
			t.pass = size
			if err != nil {
				return err
			}
			break
		}
		if size > t.w-t.r {
			t.need = size
			break
		}
		t.r += size
	}
	if t.r > start {
		return to(string(t.buf[start:t.r]))
	}
	return nil
}

// expected refuses messages that don't belong to a search. Samba answers a search with a critical control it doesn't know by an
// ExtendedResponse, for which the library would wait on; the same message announces that a server disconnects.
func expected(op byte) error {
	switch op {
	case ber.SearchDone, ber.SearchReference, ber.Intermediate:
		return nil
	case ber.ExtendedResponse:
		return errors.New("the server refused the search or announced that it disconnects (it sent an ExtendedResponse)")
	}
	return fmt.Errorf("the server answered a search with a message of type 0x%02x", op)
}

// fill receives at least one byte.
func (t *tap) fill() error {
	switch {
	case t.r == t.w:
		t.r, t.w = 0, 0
	case t.w == len(t.buf) || t.r+t.need > len(t.buf):
		t.w = copy(t.buf, t.buf[t.r:t.w])
		t.r = 0
	}
	if t.w == len(t.buf) {
		// Grown step by step: a length that a server merely claims costs no memory.
		grown := make([]byte, 2*len(t.buf))
		copy(grown, t.buf)
		t.buf = grown
	}
	if t.busy.Load() {
		_ = t.SetReadDeadline(time.Now().Add(t.timeout))
	}
	n, err := t.Conn.Read(t.buf[t.w:])
	t.w += n
	switch {
	case n > 0:
		return nil
	case err == nil:
		return io.ErrNoProgress
	case err == io.EOF && (t.w > t.r || t.pass > 0):
		return errors.New("the connection was cut in the middle of a message")
	case err == io.EOF:
		return errors.New("the server closed the connection")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no answer within %v", t.timeout)
	}
	return err
}

// fail remembers the first error.
func (t *tap) fail(err error) error {
	if err != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.err == nil {
			t.err = err
		}
	}
	return err
}

// cause is the first error of the connection.
func (t *tap) cause() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}
