package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/authentication"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"

	"github.com/dirform/dirform/providers/entra/internal/address"
	"github.com/dirform/dirform/providers/entra/internal/signin"
	"github.com/dirform/dirform/state/fault"
)

// Client sends requests to the service: the SDK's adapter builds them, the chain of transports carries them.
type Client struct {
	Settings *Settings // with every default filled in
	Tokens   *signin.Tokens
	Count    *Counters

	adapter *core.GraphRequestAdapterBase
	http    *http.Client
	base    *http.Transport
	size    atomic.Int64 // of the last reply that was read whole
	told    atomic.Pointer[told]
}

// told is a time that the service has told, and when, by this computer's clock.
type told struct{ service, here time.Time }

// ServiceTime is the time that the service's clock shows, by the latest reply; zero if none said.
func (c *Client) ServiceTime() time.Time {
	t := c.told.Load()
	if t == nil {
		return time.Time{}
	}
	return t.service.Add(time.Since(t.here))
}

// hear takes the time from a reply's Date (RFC 9110, section 6.6.1).
func (c *Client) hear(resp *http.Response) {
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		c.told.Store(&told{service: at, here: time.Now()})
	}
}

// ForReading signs in, so that a wrong credential is reported before anything else. What the client is asked to send is
// refused unless it only reads.
func ForReading(ctx context.Context, s Settings) (*Client, error) { return open(ctx, s, true) }

// ForWriting signs in, so that a wrong credential is reported before anything else.
func ForWriting(ctx context.Context, s Settings) (*Client, error) { return open(ctx, s, false) }

func open(ctx context.Context, settings Settings, readOnly bool) (*Client, error) {
	s := &settings
	s.defaults()
	base, err := newTransport(s)
	if err != nil {
		return nil, err
	}
	t, err := signin.New(&s.Settings, &http.Client{Timeout: s.IdleTimeout, Transport: signin.Guard(&s.Settings, base), CheckRedirect: noRedirects})
	if err != nil {
		return nil, err
	}
	if _, err := t.Get(ctx); err != nil {
		return nil, err
	}
	c := &Client{Settings: s, base: base, Count: &Counters{}, Tokens: t}
	signed := &authorizer{next: base, settings: s, tokens: t}
	var top http.RoundTripper = &retrier{next: signed, clock: s.Clock, count: c.Count, idle: s.IdleTimeout}
	if readOnly {
		top = &readGuard{next: top, settings: s}
	}
	c.http = &http.Client{Transport: top, CheckRedirect: sameOriginRedirects(s)}
	// Authentication is the transports' business, where a repeated request gets a token that is still valid.
	c.adapter, err = core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		&authentication.AnonymousAuthenticationProvider{}, core.GraphClientOptions{}, nil, nil, c.http)
	if err != nil {
		return nil, err
	}
	c.adapter.SetBaseUrl(s.Endpoint.String())
	return c, nil
}

// Close gives connections back.
func (c *Client) Close() { c.base.CloseIdleConnections() }

// Request is one HTTP request.
type Request struct {
	Op     string // for messages: "GET /users", without query, which may hold personal data
	Link   string // path below the endpoint, with query, or a whole address of a further page
	Body   []byte // posted as JSON; nil makes it a GET
	how    manner // how far it may be repeated by the transports
	Header map[string]string
}

// Send carries r out and returns the reply, whatever its status. The caller closes it.
func (c *Client) Send(ctx context.Context, r Request) (*http.Response, error) {
	u, err := c.resolve(r.Link)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.Op, err)
	}
	info := abstractions.NewRequestInformation()
	info.Method = abstractions.GET
	if r.Body != nil {
		info.Method = abstractions.POST
		info.SetStreamContentAndContentType(r.Body, "application/json")
	}
	info.SetUri(*u)
	native, err := c.adapter.ConvertToNativeRequest(context.WithValue(ctx, mannerKey{}, r.how), info)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.Op, err)
	}
	req, ok := native.(*http.Request)
	if !ok {
		return nil, fmt.Errorf("%s: the SDK's adapter made a %T instead of an HTTP request", r.Op, native)
	}
	c.complete(req, r)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.Op, unreached(address.Bare(err)))
	}
	c.hear(resp)
	return resp, nil
}

// unreached says of a broken connection what to look at. Other errors are as they were.
func unreached(err error) error {
	var broken *net.OpError
	if !errors.As(err, &broken) || fault.Hint(err) != "" {
		return err
	}
	return &fault.Error{Summary: "the connection to Microsoft Graph failed", Err: err,
		Hint: "Check that this machine (or its HTTPS_PROXY) can reach the server, and the address in the provider block."}
}

// complete adds what the adapter leaves out: a length and a way to send the body again, and the headers of a good client of
// the service (low priority lets interactive users go first when the tenant is throttled).
func (c *Client) complete(req *http.Request, r Request) {
	if r.Body != nil {
		req.ContentLength = int64(len(r.Body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.Body)), nil }
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.Settings.UserAgent)
	req.Header.Set("client-request-id", uuid.NewString())
	req.Header.Set("x-ms-throttle-priority", "low")
	for name, value := range r.Header {
		req.Header.Set(name, value)
	}
}

// resolve makes link an address at the endpoint, and refuses any other.
func (c *Client) resolve(link string) (*url.URL, error) {
	if strings.HasPrefix(link, "/") {
		link = c.Settings.Endpoint.String() + link
	}
	u, err := url.Parse(link)
	if err != nil {
		return nil, errors.New("the address of the next page is malformed")
	}
	if !c.Settings.sameOrigin(u) {
		return nil, fmt.Errorf("the next page is said to be at %s://%s, but the endpoint is %s: it is not followed, because the access token would go there", u.Scheme, u.Host, c.Settings.Endpoint.Host)
	}
	return u, nil
}

// Get reads a whole reply of a GET. An error status is a *providers.ServiceError, a broken body is asked for again.
func (c *Client) Get(ctx context.Context, op, link string, progress func(prefix string)) (string, error) {
	for attempt := 0; ; attempt++ {
		resp, err := c.Send(ctx, Request{Op: op, Link: link})
		if err != nil {
			return "", err
		}
		if resp.StatusCode/100 != 2 {
			return "", c.failure(op, resp)
		}
		body, err := c.readPage(resp, progress)
		if err == nil {
			return body, nil
		}
		if ctx.Err() != nil {
			return "", fmt.Errorf("%s: %w", op, context.Cause(ctx))
		}
		if attempt+1 >= MaxAttempts {
			return "", fmt.Errorf("%s: the reply broke off: %w", op, err)
		}
		c.Count.Retries.Add(1)
		if err := c.Settings.Clock.Sleep(ctx, backoff(attempt)); err != nil {
			return "", err
		}
	}
}

func (c *Client) failure(op string, resp *http.Response) error {
	defer Drain(resp)
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return serviceError(op, resp.StatusCode, resp.Header, body, c.Settings.Clock.Now)
}

// readPage reads the whole body into one string, from which the values of the page are later cut without copying. progress,
// if not nil, sees what has arrived so far.
func (c *Client) readPage(resp *http.Response, progress func(prefix string)) (string, error) {
	defer resp.Body.Close()
	var page strings.Builder
	size := c.size.Load() // of the page before, for compressed replies don't tell theirs
	if n := resp.ContentLength; n > 0 {
		size = n
	}
	page.Grow(int(min(size+size/16, 64<<20)))
	chunk := make([]byte, 64<<10)
	for {
		n, err := resp.Body.Read(chunk)
		page.Write(chunk[:n])
		if n > 0 && progress != nil {
			progress(page.String())
		}
		if err == io.EOF {
			c.size.Store(int64(page.Len()))
			return page.String(), nil
		}
		if err != nil {
			return "", err
		}
	}
}
