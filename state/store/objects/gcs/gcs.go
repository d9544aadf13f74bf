// Package gcs is a bucket of Google Cloud Storage. It speaks the JSON API over net/http: six requests are all that is needed,
// and Google's client takes some 40 MB of a program.
//
// Credentials are found as Google's libraries find them: GOOGLE_APPLICATION_CREDENTIALS, which may name a workload identity
// federation, gcloud's own, or those of the machine. The role is "Storage Object User" on the bucket. An http address, which only
// this machine may have, gets none.
//
// # Versions
//
// A version is an object's generation. An object may be written once a second [Cloud Storage quotas]; more is answered with
// 429, and tried again later. Only the lock is written more than once, each 10 s.
package gcs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store/objects"
	"github.com/dirform/dirform/state/store/objects/internal/web"
)

// Bucket is a bucket.
type Bucket struct {
	name, endpoint string

	mu   sync.Mutex
	made *http.Client
}

var _ objects.Bucket = (*Bucket)(nil)

const own = "https://storage.googleapis.com"

// New names a bucket. endpoint is the address of another store than Google's, or "". Nothing is connected to.
func New(name, endpoint string) *Bucket {
	return &Bucket{name: name, endpoint: strings.TrimSuffix(cmp.Or(endpoint, own), "/")}
}

// Hosts are the hosts that get credentials; none if they are Google's.
func (b *Bucket) Hosts() []string {
	u, err := url.Parse(b.endpoint)
	if b.endpoint == own || err != nil {
		return nil
	}
	return []string{strings.ToLower(u.Hostname())}
}

// String names the bucket.
func (b *Bucket) String() string {
	if b.endpoint != own {
		return "gs://" + b.name + " at " + strings.TrimPrefix(strings.TrimPrefix(b.endpoint, "https://"), "http://")
	}
	return "gs://" + b.name
}

// client is made with the first request.
func (b *Bucket) client() (*http.Client, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.made != nil {
		return b.made, nil
	}
	c := web.Client()
	if !strings.HasPrefix(b.endpoint, "http://") {
		// tokens are fetched for as long as the client is used, and not only during this call
		ctx := context.WithValue(context.Background(), oauth2.HTTPClient, web.Client())
		found, err := google.FindDefaultCredentials(ctx, "https://www.googleapis.com/auth/devstorage.read_write")
		if err != nil {
			return nil, b.fault(err)
		}
		c.Transport = &signed{found.TokenSource, c.Transport}
	}
	b.made = c
	return c, nil
}

// signed gives requests tokens. Fetching one takes no longer than the request may.
type signed struct {
	tokens oauth2.TokenSource
	base   http.RoundTripper
}

// RoundTrip makes a request.
func (s *signed) RoundTrip(r *http.Request) (*http.Response, error) {
	var token *oauth2.Token
	fetched := make(chan error, 1)
	go func() {
		defer crash.Guard()
		t, err := s.tokens.Token()
		if err == nil {
			token = t
		}
		fetched <- err
	}()
	var err error
	select {
	case err = <-fetched:
	case <-r.Context().Done():
		err = context.Cause(r.Context())
	}
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	return (&oauth2.Transport{Source: oauth2.StaticTokenSource(token), Base: s.base}).RoundTrip(r)
}

const tries = 7

// do makes a request. What may go better later is tried again for about half a minute. The answer's body is open.
func (b *Bucket) do(ctx context.Context, method, path string, query url.Values, body *io.SectionReader) (*http.Response, error) {
	c, err := b.client()
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		a, err := b.once(ctx, c, method, b.endpoint+path+"?"+query.Encode(), body)
		if err == nil && a.StatusCode/100 == 2 {
			return a, nil
		}
		again := err != nil && ctx.Err() == nil
		if err == nil {
			again = a.StatusCode == http.StatusRequestTimeout || a.StatusCode == http.StatusTooManyRequests || a.StatusCode >= 500
			_, _ = io.Copy(io.Discard, io.LimitReader(a.Body, 64<<10))
			a.Body.Close()
			err = b.refused(a.StatusCode)
		}
		if !again || try == tries {
			return nil, b.fault(err)
		}
		wait := min(8*time.Second, 500*time.Millisecond<<(try-1))
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(wait/2 + rand.N(wait)):
		}
	}
}

func (b *Bucket) once(ctx context.Context, c *http.Client, method, address string, body *io.SectionReader) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		content = io.NewSectionReader(body, 0, body.Size())
	}
	r, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.ContentLength = body.Size()
		r.Header.Set("Content-Type", "application/octet-stream")
		if body.Size() == 0 {
			r.Body = http.NoBody
		}
	}
	return c.Do(r)
}

// object is what the API says about one.
type object struct {
	Name       string    `json:"name"`
	Generation string    `json:"generation"`
	Size       string    `json:"size"`
	Updated    time.Time `json:"updated"`
}

// decode reads an answer that is a document.
func (b *Bucket) decode(a *http.Response, to any) error {
	defer a.Body.Close()
	if err := json.NewDecoder(io.LimitReader(a.Body, bounds.Page)).Decode(to); err != nil {
		return b.fault(err)
	}
	return nil
}

func (b *Bucket) path(name string) string {
	return "/storage/v1/b/" + url.PathEscape(b.name) + "/o/" + url.PathEscape(name)
}

// Stat tells about an object.
func (b *Bucket) Stat(ctx context.Context, name string) (objects.Info, error) {
	a, err := b.do(ctx, http.MethodGet, b.path(name), url.Values{"fields": {"name,generation,size,updated"}}, nil)
	if err != nil {
		return objects.Info{}, err
	}
	var o object
	if err := b.decode(a, &o); err != nil {
		return objects.Info{}, err
	}
	size, err := strconv.ParseInt(o.Size, 10, 64)
	if err != nil || o.Generation == "" {
		return objects.Info{}, b.fault(errors.New("the store says nothing of the object's size or generation"))
	}
	return objects.Info{Version: objects.Version(o.Generation), Size: size, Modified: o.Updated, Now: web.Clock(a.Header)}, nil
}

// Get reads an object.
func (b *Bucket) Get(ctx context.Context, name string) (io.ReadCloser, objects.Info, error) {
	for try := 1; ; try++ {
		info, err := b.Stat(ctx, name)
		if err != nil {
			return nil, info, err
		}
		a, err := b.do(ctx, http.MethodGet, b.path(name), url.Values{"alt": {"media"}, "generation": {string(info.Version)}}, nil)
		if err == nil {
			return a.Body, info, nil
		}
		if !errors.Is(err, objects.ErrAbsent) || try == tries {
			return nil, info, err
		}
		select { // it was replaced meanwhile, and then there is another generation
		case <-ctx.Done():
			return nil, info, context.Cause(ctx)
		case <-time.After(time.Duration(try) * 50 * time.Millisecond):
		}
	}
}

// Put writes an object under a condition.
func (b *Bucket) Put(ctx context.Context, name string, content *io.SectionReader, over objects.Version) (objects.Version, error) {
	a, err := b.do(ctx, http.MethodPost, "/upload/storage/v1/b/"+url.PathEscape(b.name)+"/o", url.Values{"uploadType": {"media"}, "name": {name},
		"ifGenerationMatch": {cmp.Or(string(over), "0")}}, content)
	switch absent := errors.Is(err, objects.ErrAbsent); {
	case absent && over != "":
		err = objects.ErrChanged
	case absent:
		err = &fault.Error{Summary: fmt.Sprintf("the state in %v cannot be used", b), Detail: "There is no such bucket.",
			Hint: "Make it, or correct bucket or endpoint in the state block."}
	}
	if err != nil {
		return "", err
	}
	var o object
	err = b.decode(a, &o)
	return objects.Version(o.Generation), err
}

// Delete removes an object.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	a, err := b.do(ctx, http.MethodDelete, b.path(name), nil, nil)
	if errors.Is(err, objects.ErrAbsent) {
		return nil
	}
	if err == nil {
		a.Body.Close()
	}
	return err
}

// List are the names of objects that begin with a prefix.
func (b *Bucket) List(ctx context.Context, prefix string) (names []string, err error) {
	query := url.Values{"prefix": {prefix}, "fields": {"items(name),nextPageToken"}}
	return objects.Pages(func(from string) (names []string, next string, err error) {
		if from != "" {
			query.Set("pageToken", from)
		}
		a, err := b.do(ctx, http.MethodGet, "/storage/v1/b/"+url.PathEscape(b.name)+"/o", query, nil)
		if err != nil {
			return nil, "", err
		}
		var page struct {
			Items []object `json:"items"`
			Next  string   `json:"nextPageToken"`
		}
		if err := b.decode(a, &page); err != nil {
			return nil, "", err
		}
		for _, o := range page.Items {
			names = append(names, o.Name)
		}
		return names, page.Next, nil
	})
}

// refused is what an answer's status means.
func (b *Bucket) refused(status int) error {
	f := &fault.Error{Summary: fmt.Sprintf("the state in %v cannot be used", b)}
	switch status {
	case http.StatusNotFound:
		return objects.ErrAbsent
	case http.StatusPreconditionFailed:
		return objects.ErrChanged
	case http.StatusForbidden, http.StatusUnauthorized:
		f.Detail = fmt.Sprintf("The store refuses it (%d).", status)
		f.Hint = "The identity needs the role \"Storage Object User\" on the bucket."
	default:
		f.Detail = fmt.Sprintf("The store answers %d.", status)
	}
	return f
}

// fault explains why there is no answer.
func (b *Bucket) fault(err error) error {
	var described fault.Described
	if errors.As(err, &described) || errors.Is(err, context.Canceled) || errors.Is(err, objects.ErrAbsent) || errors.Is(err, objects.ErrChanged) {
		return err
	}
	f := &fault.Error{Summary: fmt.Sprintf("the state in %v cannot be used", b), Err: err}
	if strings.Contains(err.Error(), "credentials") {
		f.Hint = "Credentials are found as Google's libraries find them: GOOGLE_APPLICATION_CREDENTIALS, `gcloud auth application-default " +
			"login`, or those of the machine."
	}
	return f
}
