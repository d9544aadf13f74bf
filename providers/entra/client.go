package entra

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/google/uuid"
	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/authentication"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
)

// client sends requests to the service: the SDK's adapter builds them, the chain of transports carries them.
type client struct {
	settings *settings
	adapter  *core.GraphRequestAdapterBase
	http     *http.Client
	count    *counters
	base     *http.Transport
	tokens   *tokens
	size     atomic.Int64 // of the last reply that was read whole
}

// newClient signs in, so that a wrong credential is reported before anything else.
func newClient(ctx context.Context, cfg Config, readOnly bool) (*client, error) {
	s, err := cfg.check()
	if err != nil {
		return nil, err
	}
	base, err := newTransport(s)
	if err != nil {
		return nil, err
	}
	t, err := newTokens(s, &http.Client{Timeout: s.IdleTimeout, Transport: base, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }})
	if err != nil {
		return nil, err
	}
	if _, err := t.get(ctx); err != nil {
		return nil, err
	}
	c := &client{settings: s, base: base, count: &counters{}, tokens: t}
	var top http.RoundTripper = &retrier{next: &authorizer{next: base, settings: s, tokens: t}, clock: s.Clock, count: c.count, idle: s.IdleTimeout}
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
	c.adapter.SetBaseUrl(s.endpoint.String())
	return c, nil
}

func (c *client) close() { c.base.CloseIdleConnections() }

// request is one HTTP request.
type request struct {
	op     string // for messages: "GET /users", without query, which may hold personal data
	link   string // path below the endpoint, with query, or a whole address of a further page
	body   []byte // posted as JSON; nil makes it a GET
	how    manner // how far it may be repeated by the transports
	header map[string]string
}

// send carries r out and returns the reply, whatever its status. The caller closes it.
func (c *client) send(ctx context.Context, r request) (*http.Response, error) {
	u, err := c.resolve(r.link)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.op, err)
	}
	info := abstractions.NewRequestInformation()
	info.Method = abstractions.GET
	if r.body != nil {
		info.Method = abstractions.POST
		info.SetStreamContentAndContentType(r.body, "application/json")
	}
	info.SetUri(*u)
	native, err := c.adapter.ConvertToNativeRequest(context.WithValue(ctx, mannerKey{}, r.how), info)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.op, err)
	}
	req, ok := native.(*http.Request)
	if !ok {
		return nil, fmt.Errorf("%s: the SDK's adapter made a %T instead of an HTTP request", r.op, native)
	}
	c.complete(req, r)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.op, bare(err))
	}
	return resp, nil
}

// complete adds what the adapter leaves out: a length and a way to send the body again, and the headers of a good client of
// the service (low priority lets interactive users go first when the tenant is throttled).
func (c *client) complete(req *http.Request, r request) {
	if r.body != nil {
		req.ContentLength = int64(len(r.body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.body)), nil }
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.settings.UserAgent)
	req.Header.Set("client-request-id", uuid.NewString())
	req.Header.Set("x-ms-throttle-priority", "low")
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
}

// resolve makes link an address at the endpoint, and refuses any other.
func (c *client) resolve(link string) (*url.URL, error) {
	if strings.HasPrefix(link, "/") {
		link = c.settings.endpoint.String() + link
	}
	u, err := url.Parse(link)
	if err != nil {
		return nil, errors.New("the address of the next page is malformed")
	}
	if !c.settings.sameOrigin(u) {
		return nil, fmt.Errorf("the next page is said to be at %s://%s, but the endpoint is %s: it is not followed, because the access token would go there", u.Scheme, u.Host, c.settings.endpoint.Host)
	}
	return u, nil
}

// bare takes the address off an error of net/http: its query may hold personal data.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// get reads a whole reply of a GET. An error status is a *providers.ServiceError, a broken body is asked for again.
func (c *client) get(ctx context.Context, op, link string, progress func(prefix string)) (string, error) {
	for attempt := 0; ; attempt++ {
		resp, err := c.send(ctx, request{op: op, link: link})
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
		if attempt+1 >= maxAttempts {
			return "", fmt.Errorf("%s: the reply broke off: %w", op, err)
		}
		c.count.retries.Add(1)
		if err := c.settings.Clock.Sleep(ctx, backoff(attempt)); err != nil {
			return "", err
		}
	}
}

func (c *client) failure(op string, resp *http.Response) error {
	defer drain(resp)
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return serviceError(op, resp.StatusCode, resp.Header, body, c.settings.Clock.Now)
}

// readPage reads the whole body into one string, from which the values of the page are later cut without copying. progress,
// if not nil, sees what has arrived so far.
func (c *client) readPage(resp *http.Response, progress func(prefix string)) (string, error) {
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
