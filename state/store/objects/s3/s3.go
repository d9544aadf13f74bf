// Package s3 is a bucket of Amazon S3, or of a store that speaks like it and keeps the conditions If-Match and
// If-None-Match of PutObject. S3 itself has them since 2024 [AWS documentation, "Conditional requests"]. Needed are
// s3:GetObject, s3:PutObject and s3:ListBucket, without which a missing object is told as forbidden, and
// s3:DeleteObject to tidy up.
//
// It speaks HTTP with the core of the AWS SDK, which finds credentials, signs and tries again: five requests are all
// that is needed, and to compile the SDK's package for S3 takes 620 MB of memory.
//
// # Addresses
//
// A bucket of Amazon's is asked at BUCKET.s3.REGION.amazonaws.com, or, if no host can be called like it, at
// s3.REGION.amazonaws.com/BUCKET; other partitions, such as China, have their own domains. What the environment or a
// profile says about FIPS and dual-stack addresses (AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT) holds. An access
// point is called by its alias. Another store is asked at ENDPOINT/BUCKET.
//
// There are no directory buckets (S3 Express One Zone), no ARNs, no regions that are none, such as aws-global, and no
// transfer acceleration. Endpoints of the environment or of a profile are ignored, since the configuration does not say
// them. No redirect is followed.
//
// # Versions
//
// A version is an ETag, which follows from the content: an object that is changed and changed back has the same one.
// What package objects writes begins with something random, so that it never comes back.
package s3

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store/objects"
	"github.com/dirform/dirform/state/store/objects/internal/web"
)

// Bucket is a bucket. Its credentials are found as the AWS SDK finds them: in the environment, in profiles, by the web
// identity of a CI system or a cluster, or from the machine that this runs on.
type Bucket struct {
	name, region, endpoint string

	mu   sync.Mutex
	made *client
}

var _ objects.Bucket = (*Bucket)(nil)

// New names a bucket. region may be empty where the environment or a profile has it, and endpoint is the address of
// another store than Amazon's. Nothing is connected to.
func New(name, region, endpoint string) *Bucket {
	return &Bucket{name: name, region: region, endpoint: endpoint}
}

// do makes a request with a client that is made with the first one.
func (b *Bucket) do(ctx context.Context, r request) (*http.Response, error) {
	c, err := b.client(ctx)
	if err != nil {
		return nil, b.fault(err)
	}
	a, err := c.do(ctx, r)
	if err != nil {
		return nil, b.fault(err)
	}
	return a, nil
}

func (b *Bucket) client(ctx context.Context) (c *client, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.made == nil {
		b.made, err = open(ctx, b.name, b.region, b.endpoint)
	}
	return b.made, err
}

// Hosts are the hosts that get credentials; none if they are Amazon's.
func (b *Bucket) Hosts() []string {
	u, err := url.Parse(b.endpoint)
	if b.endpoint == "" || err != nil {
		return nil
	}
	return []string{strings.ToLower(u.Hostname())}
}

// String names the bucket.
func (b *Bucket) String() string {
	if b.endpoint != "" {
		return "s3://" + b.name + " at " + strings.TrimPrefix(strings.TrimPrefix(b.endpoint, "https://"), "http://")
	}
	return "s3://" + b.name
}

// Stat tells about an object.
func (b *Bucket) Stat(ctx context.Context, name string) (objects.Info, error) {
	a, err := b.do(ctx, request{method: http.MethodHead, key: name})
	if err != nil {
		return objects.Info{}, err
	}
	a.Body.Close()
	return b.info(a)
}

// info is what an answer says about its object.
func (b *Bucket) info(a *http.Response) (objects.Info, error) {
	version := objects.Version(a.Header.Get("Etag"))
	if version == "" {
		return objects.Info{}, b.fault(errors.New("the store says nothing of the object's ETag"))
	}
	modified, _ := http.ParseTime(a.Header.Get("Last-Modified"))
	return objects.Info{Version: version, Size: a.ContentLength, Modified: modified, Now: web.Clock(a.Header)}, nil
}

// Get reads an object.
func (b *Bucket) Get(ctx context.Context, name string) (io.ReadCloser, objects.Info, error) {
	a, err := b.do(ctx, request{method: http.MethodGet, key: name})
	if err != nil {
		return nil, objects.Info{}, err
	}
	info, err := b.info(a)
	if err != nil {
		a.Body.Close()
		return nil, objects.Info{}, err
	}
	return a.Body, info, nil
}

// Put writes an object under a condition.
func (b *Bucket) Put(ctx context.Context, name string, content *io.SectionReader, over objects.Version) (
	objects.Version, error,
) {
	header := http.Header{"Content-Type": {"application/octet-stream"}, "If-None-Match": {"*"}}
	if over != "" {
		header = http.Header{"Content-Type": {"application/octet-stream"}, "If-Match": {string(over)}}
	}
	a, err := b.do(ctx, request{method: http.MethodPut, key: name, header: header, body: content})
	if over != "" && errors.Is(err, objects.ErrAbsent) {
		err = objects.ErrChanged
	}
	if err != nil {
		return "", err
	}
	a.Body.Close()
	info, err := b.info(a)
	return info.Version, err
}

// Delete removes an object.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	a, err := b.do(ctx, request{method: http.MethodDelete, key: name})
	if errors.Is(err, objects.ErrAbsent) {
		return nil
	}
	if err == nil {
		a.Body.Close()
	}
	return err
}

// page is a part of a list.
type page struct {
	XMLName  xml.Name `xml:"ListBucketResult"`
	Contents []struct{ Key string }
	Next     string `xml:"NextContinuationToken"`
}

// List are the names of objects that begin with a prefix.
func (b *Bucket) List(ctx context.Context, prefix string) (names []string, err error) {
	query := url.Values{"list-type": {"2"}, "prefix": {prefix}}
	return objects.Pages(func(from string) (names []string, next string, err error) {
		if from != "" {
			query.Set("continuation-token", from)
		}
		var p page
		if _, err := b.do(ctx, request{method: http.MethodGet, query: query, into: &p}); err != nil {
			return nil, "", err
		}
		for _, o := range p.Contents {
			names = append(names, o.Key)
		}
		return names, p.Next, nil
	})
}

// fault is what an error means. The store's own words are kept but for what names an account.
func (b *Bucket) fault(err error) error {
	var described fault.Described
	if errors.As(err, &described) || errors.Is(err, context.Canceled) {
		return err
	}
	status := 0
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	code := ""
	var refused smithy.APIError
	if errors.As(err, &refused) {
		code = refused.ErrorCode()
	}
	f := &fault.Error{Summary: fmt.Sprintf("the state in %v cannot be used", b), Err: err}
	switch {
	case code == "NoSuchBucket":
		f.Detail = "There is no such bucket."
		f.Hint = "Make it, or correct bucket, region or endpoint in the state block."
	case status == http.StatusNotFound:
		return objects.ErrAbsent
	case status == http.StatusPreconditionFailed:
		return objects.ErrChanged
	case status == http.StatusForbidden || status == http.StatusUnauthorized:
		f.Detail = fmt.Sprintf("The store refuses it (%s).", strings.TrimSpace(fmt.Sprint(status, " ", code)))
		f.Hint = "The credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket on the bucket " +
			"and its objects."
	case status == http.StatusNotImplemented:
		f.Detail = "The store does not keep conditions of writing, which this needs."
		f.Hint = "Use a store that has If-None-Match and If-Match for PutObject."
	case status >= 300 && status < 400:
		f.Detail = fmt.Sprintf("The store answers %d: the bucket is elsewhere.", status)
		f.Hint = "Write the bucket's region into the state block."
	case status == 0 && slices.ContainsFunc([]string{"credential", "IMDS", "region"}, func(s string) bool {
		return strings.Contains(err.Error(), s)
	}):
		f.Hint = "Credentials and the region are found as the AWS SDK finds them: AWS_ACCESS_KEY_ID and " +
			"AWS_SECRET_ACCESS_KEY, AWS_PROFILE, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or the machine's role."
	}
	return f
}
