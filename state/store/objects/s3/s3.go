// Package s3 is a bucket of Amazon S3, or of a store that speaks like it and keeps the conditions If-Match and If-None-Match
// of PutObject. S3 itself has them since 2024 [AWS documentation, "Conditional requests"]. Needed are s3:GetObject,
// s3:PutObject and s3:ListBucket, without which a missing object is told as forbidden, and s3:DeleteObject to tidy up.
//
// # Versions
//
// A version is an ETag, which follows from the content: an object that is changed and changed back has the same one. What
// package objects writes begins with something random, so that it never comes back.
package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithymiddleware "github.com/aws/smithy-go/middleware"
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
	made *s3.Client
}

var _ objects.Bucket = (*Bucket)(nil)

// New names a bucket. region may be empty where the environment or a profile has it, and endpoint is the address of another
// store than Amazon's. Nothing is connected to.
func New(name, region, endpoint string) *Bucket {
	return &Bucket{name: name, region: region, endpoint: endpoint}
}

// client is made with the first call.
func (b *Bucket) client(ctx context.Context) (*s3.Client, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.made == nil {
		c, err := b.open(ctx)
		if err != nil {
			return nil, err
		}
		b.made = c
	}
	return b.made, nil
}

func (b *Bucket) open(ctx context.Context) (*s3.Client, error) {
	// a client of the SDK's own kind, which AWS_CA_BUNDLE can be added to
	options := []func(*config.LoadOptions) error{config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(web.Connections)),
		config.WithRetryer(func() aws.Retryer { return retryer() })}
	if b.region != "" {
		options = append(options, config.WithRegion(b.region))
	}
	c, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, b.fault(err)
	}
	if c.Region == "" && b.endpoint != "" {
		c.Region = "us-east-1" // a signature needs one, whatever the store calls itself
	}
	c.HTTPClient = &bounded{c.HTTPClient}
	return s3.NewFromConfig(c, func(o *s3.Options) {
		// another store may not know Amazon's own checksums; the content has one anyhow
		o.RequestChecksumCalculation, o.ResponseChecksumValidation = aws.RequestChecksumCalculationWhenRequired, aws.ResponseChecksumValidationWhenRequired
		o.BaseEndpoint = nil // one in the environment or a profile is nothing that the configuration says
		if b.endpoint != "" {
			o.BaseEndpoint, o.UsePathStyle = &b.endpoint, true
		}
	}), nil
}

// mostAnswer is how many bytes an answer may have that is no object: a list has at most 1,000 names of 1,024 bytes.
const mostAnswer = 16 << 20

// bounded is a client of whose answers only objects may be of any length: the SDK reads others, such as errors and lists, as
// a whole.
type bounded struct{ aws.HTTPClient }

// Do makes a request.
func (b *bounded) Do(r *http.Request) (*http.Response, error) {
	a, err := b.HTTPClient.Do(r)
	if err != nil || a.Body == nil || r.Method == http.MethodGet && a.StatusCode/100 == 2 && !r.URL.Query().Has("list-type") {
		return a, err
	}
	a.Body = &body{io.LimitReader(a.Body, mostAnswer), a.Body}
	return a, nil
}

// body is the begin of another one.
type body struct {
	io.Reader
	io.Closer
}

// retryer tries again for about half a minute, also when two writers come at the same moment, which S3 answers with 409.
func retryer() aws.Retryer {
	return retry.AddWithErrorCodes(retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff = 7, 8*time.Second
	}), "ConditionalRequestConflict", "OperationAborted")
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
	c, err := b.client(ctx)
	if err != nil {
		return objects.Info{}, err
	}
	out, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &name})
	if err != nil {
		return objects.Info{}, b.fault(err)
	}
	return info(out.ETag, out.ContentLength, out.LastModified, out.ResultMetadata), nil
}

func info(tag *string, size *int64, modified *time.Time, m smithymiddleware.Metadata) objects.Info {
	i := objects.Info{Version: objects.Version(aws.ToString(tag)), Size: aws.ToInt64(size), Modified: aws.ToTime(modified), Now: time.Now()}
	if t, ok := middleware.GetServerTime(m); ok && !t.IsZero() {
		i.Now = t
	}
	return i
}

// Get reads an object.
func (b *Bucket) Get(ctx context.Context, name string) (io.ReadCloser, objects.Info, error) {
	c, err := b.client(ctx)
	if err != nil {
		return nil, objects.Info{}, err
	}
	out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &name})
	if err != nil {
		return nil, objects.Info{}, b.fault(err)
	}
	return out.Body, info(out.ETag, out.ContentLength, out.LastModified, out.ResultMetadata), nil
}

// Put writes an object under a condition.
func (b *Bucket) Put(ctx context.Context, name string, content *io.SectionReader, over objects.Version) (objects.Version, error) {
	c, err := b.client(ctx)
	if err != nil {
		return "", err
	}
	in := &s3.PutObjectInput{Bucket: &b.name, Key: &name, Body: content, ContentLength: aws.Int64(content.Size()),
		ContentType: aws.String("application/octet-stream")}
	if over == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = aws.String(string(over))
	}
	out, err := c.PutObject(ctx, in)
	if err != nil {
		err = b.fault(err)
		if over != "" && errors.Is(err, objects.ErrAbsent) {
			err = objects.ErrChanged
		}
		return "", err
	}
	return objects.Version(aws.ToString(out.ETag)), nil
}

// Delete removes an object.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	c, err := b.client(ctx)
	if err != nil {
		return err
	}
	if _, err = c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &name}); err != nil {
		if err = b.fault(err); errors.Is(err, objects.ErrAbsent) {
			err = nil
		}
	}
	return err
}

// List are the names of objects that begin with a prefix.
func (b *Bucket) List(ctx context.Context, prefix string) (names []string, err error) {
	c, err := b.client(ctx)
	if err != nil {
		return nil, err
	}
	for p := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix}); p.HasMorePages() &&
		len(names) < objects.MostListed; {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, b.fault(err)
		}
		for _, o := range page.Contents {
			names = append(names, aws.ToString(o.Key))
		}
	}
	return names, nil
}

// fault is what an error means. The store's own words are kept but for what names an account.
func (b *Bucket) fault(err error) error {
	if errors.Is(err, context.Canceled) {
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
		f.Detail, f.Hint = "There is no such bucket.", "Make it, or correct bucket, region or endpoint in the state block."
	case status == http.StatusNotFound:
		return objects.ErrAbsent
	case status == http.StatusPreconditionFailed:
		return objects.ErrChanged
	case status == http.StatusForbidden || status == http.StatusUnauthorized:
		f.Detail = fmt.Sprintf("The store refuses it (%s).", strings.TrimSpace(fmt.Sprint(status, " ", code)))
		f.Hint = "The credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket on the bucket and its objects."
	case status == http.StatusNotImplemented:
		f.Detail = "The store does not keep conditions of writing, which this needs."
		f.Hint = "Use a store that has If-None-Match and If-Match for PutObject."
	case status >= 300 && status < 400:
		f.Detail = fmt.Sprintf("The store answers %d: the bucket is elsewhere.", status)
		f.Hint = "Write the bucket's region into the state block."
	case status == 0 && slices.ContainsFunc([]string{"credential", "IMDS", "region"}, func(s string) bool { return strings.Contains(err.Error(), s) }):
		f.Hint = "Credentials and the region are found as the AWS SDK finds them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, " +
			"AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, or the machine's role."
	}
	return f
}
