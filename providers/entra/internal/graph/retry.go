package graph

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/dirform/dirform/providers/entra/internal/signin"
	"github.com/dirform/dirform/state/bounds"
)

// Attempts at one request. Throttling is waited out longer, since the service says when to come back.
const (
	MaxAttempts          = 6
	MaxThrottledAttempts = 12
)

// manner says, in a request's context, how far a request may be repeated here. The zero manner is that of a GET.
type manner struct {
	once  bool // not once it may have reached the service
	batch bool // not because of its status, which its sender looks at part by part
}

type mannerKey struct{}

// unsentError is a failure before anything had reached the service, which therefore has done nothing.
type unsentError struct{ error }

func (e unsentError) Unwrap() error { return e.error }

// retrier repeats requests that failed in passing: 429, 500, 502, 503, 504 and broken connections, within their [manner].
type retrier struct {
	next  http.RoundTripper
	clock Clock
	count *Counters
	idle  time.Duration
}

func (t *retrier) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	for attempt := 0; ; attempt++ {
		if ctx.Err() != nil { // it may know of sleep during the wait that no timer tells of
			return nil, unsentError{context.Cause(ctx)}
		}
		resp, sent, err := t.attempt(req)
		if ctx.Err() != nil {
			Drain(resp)
			err = context.Cause(ctx)
		}
		if err != nil && !sent {
			err = unsentError{err}
		}
		if ctx.Err() != nil {
			return nil, err
		}
		if !t.again(ctx, resp, err, sent, attempt) {
			return resp, err
		}
		wait := backoff(attempt)
		if resp != nil {
			wait = Pause(resp.Header, attempt, t.clock.Now)
			Drain(resp)
		}
		t.count.Retries.Add(1)
		if err := t.clock.Sleep(ctx, wait); err != nil {
			return nil, unsentError{err}
		}
	}
}

func (t *retrier) again(ctx context.Context, resp *http.Response, err error, sent bool, attempt int) bool {
	how, _ := ctx.Value(mannerKey{}).(manner)
	switch {
	case err != nil:
		return attempt+1 < MaxAttempts && !(how.once && sent) && passing(err)
	case how.batch:
		return false
	case resp.StatusCode == http.StatusTooManyRequests:
		t.count.Throttled.Add(1)
		return attempt+1 < MaxThrottledAttempts
	}
	return attempt+1 < MaxAttempts && resp.StatusCode != http.StatusFailedDependency && PassingStatus(resp.StatusCode)
}

// passing reports whether a transport error may go away by itself.
func passing(err error) bool {
	var auth *signin.Error
	var cert *tls.CertificateVerificationError
	var dns *net.DNSError
	switch {
	case errors.As(err, &auth), errors.As(err, &cert), beyond(err):
		return false
	case errors.As(err, &dns):
		return !dns.IsNotFound
	}
	var netErr net.Error
	return errors.Is(err, errIdle) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &netErr)
}

// attempt sends the request once. sent tells whether any of it may have reached the service.
func (t *retrier) attempt(req *http.Request) (resp *http.Response, sent bool, err error) {
	t.count.Requests.Add(1)
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(t.idle, func() { cancel(errIdle) })
	end := time.AfterFunc(bounds.PageTime, func() { cancel(errEndless) })
	var wrote atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	r, err := rewound(req.WithContext(ctx))
	if err == nil {
		resp, err = t.next.RoundTrip(r)
	}
	if err != nil {
		timer.Stop()
		end.Stop()
		if cause := context.Cause(ctx); cause != nil && req.Context().Err() == nil {
			err = cause
		}
		cancel(nil)
		return nil, wrote.Load(), err
	}
	resp.Body = &watchedBody{ReadCloser: resp.Body, timer: timer, end: end, idle: t.idle, left: bounds.Page, ctx: ctx, cancel: cancel}
	return resp, true, nil
}

// errIdle ends an attempt during which nothing arrived for too long. It counts as a broken connection.
var errIdle = errors.New("the connection went silent: nothing was received for too long")

// watchedBody ends its attempt when nothing arrives for the idle time, or the reply goes beyond a limit. It stands above what
// unpacks the reply, so that it counts what comes out.
type watchedBody struct {
	io.ReadCloser
	timer  *time.Timer
	end    *time.Timer
	idle   time.Duration
	left   int // bytes that may still come
	ctx    context.Context
	cancel context.CancelCauseFunc
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		b.cancel(errTooLarge)
		err = errTooLarge
	}
	if err == nil {
		b.timer.Reset(b.idle)
		return n, nil
	}
	// A server that notices the end of the attempt may still end its reply properly, so that a part looks like the whole.
	if cause := context.Cause(b.ctx); cause != nil {
		err = cause
	}
	return n, err
}

func (b *watchedBody) Close() error {
	b.timer.Stop()
	b.end.Stop()
	b.cancel(nil)
	return b.ReadCloser.Close()
}
