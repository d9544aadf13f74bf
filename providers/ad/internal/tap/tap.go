// Package tap takes the entries of searches off an LDAP connection, below the LDAP library, and watches the clock
// and the amount of what a server sends.
package tap

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
	"github.com/dirform/dirform/state/bounds"
)

// Sink takes the entries of a search off a tap: a run of one or more whole LDAP messages, each a SearchResultEntry.
type Sink func(run string) error

// Limits are how long a server may take.
type Limits struct {
	Silence time.Duration // without a byte
	Reply   time.Duration // from a request to the end of its reply, or of a page of it
}

// Tap is a connection below the LDAP library. While a sink is set, the entries of search results go to it and
// everything else goes on to the library, which thus sees searches without entries. A connection with a sink
// carries one search at a time.
//
// The tap also watches the clock: only the time for which the server is waited for counts, not the time its reader
// takes. (The library's own timer runs per request and would strike when somebody slow consumes a page.)
type Tap struct {
	net.Conn
	limits Limits
	sink   atomic.Pointer[Sink]
	busy   atomic.Bool // a request is on its way

	// Of the reply on its way:
	begun   atomic.Int64 // when it was asked for, in nanoseconds since 1970
	waited  atomic.Int64 // for how long the server was waited for
	page    atomic.Int64 // entries that were asked for; 0 is any number
	entries atomic.Int64 // for the sink
	size    atomic.Int64 // bytes for the library

	buf  []byte
	r, w int // what has been received and not handed on is buf[r:w]
	pass int // bytes of the current message still to hand to the library
	need int // length of the entry that stands incomplete at buf[r]

	mu  sync.Mutex
	err error // the first error, which the library would hide behind one of its own
}

const buffer = 64 << 10

// New is a tap on a connection.
func New(c net.Conn, l Limits) *Tap {
	return &Tap{Conn: c, limits: l, buf: make([]byte, buffer)}
}

// Divert has the entries of searches go to a sink from now on; nil gives them to the library.
func (t *Tap) Divert(to Sink) {
	if to == nil {
		t.sink.Store(nil)
	} else {
		t.sink.Store(&to)
	}
}

// PageSize says how many entries are asked for in a page, and so in a reply, from now on; 0 is any number. A page may
// have twice as many, since an entry that comes twice does no harm.
func (t *Tap) PageSize(n int) { t.page.Store(int64(n)) }

// Begin starts the clock for a request; End stops it.
func (t *Tap) Begin() {
	now := time.Now()
	t.begun.Store(now.UnixNano())
	t.waited.Store(0)
	t.entries.Store(0)
	t.size.Store(0)
	t.busy.Store(true)
	_ = t.SetReadDeadline(now.Add(t.limits.Silence)) // fails only on a closed connection, as the request then will
}

// End stops the clock.
func (t *Tap) End() {
	t.busy.Store(false)
	_ = t.SetReadDeadline(time.Time{})
}

// Write sends to the server.
func (t *Tap) Write(p []byte) (int, error) {
	_ = t.SetWriteDeadline(time.Now().Add(t.limits.Silence))
	n, err := t.Conn.Write(p)
	return n, t.fail(err)
}

// Read hands the library what is not for the sink.
func (t *Tap) Read(p []byte) (int, error) {
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
func (t *Tap) take() error {
	var to Sink
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
			if err == nil && t.size.Add(int64(size)) > bounds.Page {
				err = errTooLarge
			}
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
		if n, page := t.entries.Add(1), t.page.Load(); page > 0 && n > 2*page {
			return fmt.Errorf("the server sent more than %d entries for a page of %d", 2*page, page)
		}
	}
	if t.r > start {
		return to(string(t.buf[start:t.r]))
	}
	return nil
}

// expected refuses messages that don't belong to a search. Samba answers a search with a critical control it
// doesn't know by an ExtendedResponse, for which the library would wait on; the same message announces that a
// server disconnects.
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
func (t *Tap) fill() error {
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
	started := time.Now()
	if t.busy.Load() {
		_ = t.SetReadDeadline(started.Add(min(t.limits.Silence, t.left()+time.Millisecond)))
	}
	n, err := t.Conn.Read(t.buf[t.w:])
	t.w += n
	if t.wait(started); t.busy.Load() && t.left() <= 0 {
		return fmt.Errorf("the reply had no end after %v, the limit for one reply (dirform help limits)", t.limits.Reply)
	}
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
		return fmt.Errorf("no answer within %v", t.limits.Silence)
	}
	return err
}

// errTooLarge ends a reply that would fill the library's memory.
var errTooLarge = fmt.Errorf("the reply is larger than %d MiB, the limit for one reply (dirform help limits)",
	bounds.Page>>20)

// wait adds the time since a read began, or since the request did if that was later, to what the server was waited
// for.
func (t *Tap) wait(since time.Time) {
	now := time.Now().UnixNano()
	t.waited.Add(now - max(since.UnixNano(), t.begun.Load()))
}

// left is for how long the server may still be waited for.
func (t *Tap) left() time.Duration { return t.limits.Reply - time.Duration(t.waited.Load()) }

// fail remembers the first error.
func (t *Tap) fail(err error) error {
	if err != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.err == nil {
			t.err = err
		}
	}
	return err
}

// Cause is the first error of the connection.
func (t *Tap) Cause() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}
