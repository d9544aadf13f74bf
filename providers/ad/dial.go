package ad

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers/ad/internal/tap"
	"github.com/dirform/dirform/providers/ad/internal/trust"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/visible"
)

// conn is a bound connection. It carries one request at a time.
type conn struct {
	*ldap.Conn
	raw   net.Conn
	tap   *tap.Tap
	dead  atomic.Bool
	since time.Time // idle since
}

// dial connects to s, without binding.
func (cfg *Config) dial(ctx context.Context, s server) (*conn, error) {
	tlsConfig, err := cfg.tlsConfig(s.host)
	if err != nil {
		return nil, err
	}
	limit := min(connectTimeout, cfg.Timeout)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return nil, &fault.Error{Summary: "the server can't be reached", Hint: reachIt, Err: late(ctx, limit, err)}
	}
	if !s.tls {
		if err := startTLS(ctx, raw); err != nil {
			raw.Close()
			return nil, late(ctx, limit, err)
		}
	}
	secured := tls.Client(raw, tlsConfig)
	if err := secured.HandshakeContext(ctx); err != nil {
		raw.Close()
		if ctx.Err() != nil {
			return nil, late(ctx, limit, err)
		}
		return nil, cfg.explainTLS(err)
	}
	ending := trust.Ending(s.url, secured.ConnectionState().PeerCertificates, time.Now())
	if ending != "" && cfg.Warn != nil {
		cfg.Warn(ending)
	}
	t := tap.New(secured, tap.Limits{Silence: cfg.Timeout, Reply: cfg.ReplyTime})
	c := &conn{Conn: ldap.NewConn(t, true), raw: raw, tap: t}
	c.Start()
	return c, nil
}

// late words the error of a connection attempt that took too long.
func late(ctx context.Context, limit time.Duration, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %v", limit)
	}
	return err
}

// startTLS asks the server to switch to TLS (RFC 4511, section 4.14). The library's own StartTLS would keep the connection to itself.
func startTLS(ctx context.Context, c net.Conn) error {
	if deadline, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(deadline)
	}
	defer func() { _ = c.SetDeadline(time.Time{}) }()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()

	message := ber.NewSequence("LDAP Request")
	message.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 1, "MessageID"))
	request := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationExtendedRequest, nil, "Start TLS")
	request.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, "1.3.6.1.4.1.1466.20037", "OID"))
	message.AppendChild(request)
	if _, err := c.Write(message.Bytes()); err != nil {
		return err
	}
	// The server says nothing more until the TLS handshake begins, so the buffer can't take too much.
	answer, err := ber.ReadPacket(bufio.NewReader(c))
	if err != nil {
		return fmt.Errorf("no answer to StartTLS: %w", err)
	}
	if err := ldap.GetLDAPError(answer); err != nil {
		return &fault.Error{Summary: "the server refused StartTLS",
			Hint: "Use ldaps://, or give the domain controller a certificate.", Err: err}
	}
	return nil
}

// do runs one request, ending it when ctx ends or the server stays silent.
func (c *conn) do(ctx context.Context, request func() error) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	stop := context.AfterFunc(ctx, c.kill)
	defer stop()
	c.tap.Begin()
	defer c.tap.End()
	err := request()
	if err == nil || resultCode(err) != 0 {
		return trimmed(err)
	}
	c.dead.Store(true)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if cause := c.tap.Cause(); cause != nil {
		return cause
	}
	return err
}

// kill breaks the connection off, whatever it is doing.
func (c *conn) kill() {
	c.dead.Store(true)
	c.raw.Close()
}

func (c *conn) close() {
	c.kill()
	c.Conn.Close()
}

// usable reports whether an idle connection can be expected to work.
func (c *conn) usable() bool {
	return !c.dead.Load() && !c.IsClosing() && time.Since(c.since) < maxIdle
}

// trimmed is err with the server's words on one safe line, without the zero byte with which servers end them.
func trimmed(err error) error {
	var e *ldap.Error
	if errors.As(err, &e) && e.Err != nil {
		words := strings.Fields(strings.TrimRight(e.Err.Error(), "\r\n \x00"))
		e.Err = errors.New(visible.Line(strings.Join(words, " ")))
	}
	return err
}

// resultCode is the code of a server's answer, or 0 if err is not one. (Codes from 200 on are the library's own.)
func resultCode(err error) uint16 {
	var e *ldap.Error
	if errors.As(err, &e) && e.ResultCode < 200 {
		return e.ResultCode
	}
	return 0
}

// reachIt is what to do about a server to which there is no connection at all.
const reachIt = "Check url, name resolution and firewall."

// unreachable lists why no server could be used, and what to do about each.
func unreachable(tried []error) error {
	lines, hints := "", []string{}
	for _, err := range tried {
		lines += "\n  " + err.Error()
		if hint := cmp.Or(fault.Hint(err), reachIt); !slices.Contains(hints, hint) {
			hints = append(hints, hint)
		}
	}
	return fault.Advise(errors.New("no domain controller could be reached:"+lines), strings.Join(hints, " "))
}
