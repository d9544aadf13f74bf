package s3

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/encoding/httpbinding"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store/objects/internal/web"
)

// client makes requests about a bucket and its objects.
type client struct {
	web         *http.Client
	credentials aws.CredentialsProvider
	region      string
	root        *url.URL // of the bucket
	signer      *v4.Signer
	retryer     aws.Retryer
	ahead       atomic.Int64 // how much signatures' clock is before this machine's, in ns
}

func open(ctx context.Context, bucket, region, endpoint string) (*client, error) {
	// a client of the SDK's own kind, which AWS_CA_BUNDLE can be added to
	own := awshttp.NewBuildableClient().WithTransportOptions(web.Connections)
	options := []func(*config.LoadOptions) error{config.WithHTTPClient(own)}
	if region != "" {
		options = append(options, config.WithRegion(region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, err
	}
	own, ok := cfg.HTTPClient.(*awshttp.BuildableClient)
	if !ok || cfg.Credentials == nil {
		return nil, errors.New("the AWS SDK finds no credentials")
	}
	if cfg.Region == "" && endpoint != "" {
		cfg.Region = "us-east-1" // a signature needs one, whatever the store calls itself
	}
	v, err := variantOf(ctx, cfg.ConfigSources)
	if err != nil {
		return nil, err
	}
	c := &client{credentials: cfg.Credentials, region: cfg.Region, retryer: retryer()}
	if c.root, err = address(bucket, cfg.Region, endpoint, v); err != nil {
		return nil, err
	}
	c.signer = v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }) // S3 wants it escaped once
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.web = &http.Client{Transport: own.GetTransport(), CheckRedirect: stay}
	return c, nil
}

// variant is which of its addresses Amazon is asked at.
type variant struct{ fips, dual bool }

// variantOf is the one that the environment or a profile wants.
func variantOf(ctx context.Context, sources []any) (v variant, err error) {
	fips, dual := aws.FIPSEndpointStateUnset, aws.DualStackEndpointStateUnset
	for _, source := range sources {
		if s, ok := source.(interface {
			GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error)
		}); ok && fips == aws.FIPSEndpointStateUnset {
			if fips, _, err = s.GetUseFIPSEndpoint(ctx); err != nil {
				return v, err
			}
		}
		if s, ok := source.(interface {
			GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error)
		}); ok && dual == aws.DualStackEndpointStateUnset {
			if dual, _, err = s.GetUseDualStackEndpoint(ctx); err != nil {
				return v, err
			}
		}
	}
	return variant{fips == aws.FIPSEndpointStateEnabled, dual == aws.DualStackEndpointStateEnabled}, nil
}

// partitions are the domains of Amazon's partitions but for that of the others, by how the names of regions begin
// [aws-sdk-go-v2, partitions.json].
var partitions = map[string]string{"cn-": "amazonaws.com.cn", "eusc-": "amazonaws.eu", "us-iso-": "c2s.ic.gov",
	"us-isob-": "sc2s.sgov.gov", "eu-isoe-": "cloud.adc-e.uk", "us-isof-": "csp.hci.ic.gov"}

// What a region is, and a bucket that a host can be called like.
var (
	regionLabel = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	bucketLabel = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
)

// address is that of a bucket: as its own host where that can be, else as a path.
func address(bucket, region, endpoint string, v variant) (*url.URL, error) {
	if endpoint != "" {
		u, err := url.Parse(endpoint)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
			return nil, errors.New("the endpoint is no address")
		case v != variant{}:
			return nil, errors.New("the environment or the profile wants a FIPS or dual-stack address, not an endpoint")
		}
		return u.JoinPath(httpbinding.EscapePath(bucket, true)), nil
	}
	if !regionLabel.MatchString(region) || strings.HasPrefix(region, "aws-") {
		return nil, errors.New("there is no region, or it is none")
	}
	if strings.HasSuffix(bucket, "--x-s3") {
		return nil, &fault.Error{Summary: "the state cannot be in s3://" + bucket,
			Detail: "It is a directory bucket (S3 Express One Zone).", Hint: "Use a general purpose bucket."}
	}
	host := "s3"
	if v.fips {
		host += "-fips"
	}
	if v.dual {
		host += ".dualstack"
	}
	domain := "amazonaws.com"
	for begin, other := range partitions {
		if strings.HasPrefix(region, begin) {
			domain = other
		}
	}
	u := &url.URL{Scheme: "https", Host: host + "." + region + "." + domain, Path: "/"}
	if bucketLabel.MatchString(bucket) {
		u.Host = bucket + "." + u.Host
		return u, nil
	}
	return u.JoinPath(httpbinding.EscapePath(bucket, true)), nil
}

// retryer tries again for 10 to 20 seconds, within which a store has restarted and a lock has not expired, also when two writers come
// at the same moment, which S3 answers with 409. The SDK's own pauses come to a second or two.
func retryer() aws.Retryer {
	return retry.AddWithErrorCodes(retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.Backoff = 8, retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			most := min(100*time.Millisecond<<min(attempt, 10), 8*time.Second)
			return most/2 + rand.N(most/2), nil
		})
	}), "ConditionalRequestConflict", "OperationAborted")
}

// request is one about an object, or without key about the bucket.
type request struct {
	method, key string
	query       url.Values
	header      http.Header
	body        *io.SectionReader // nil: none
	into        any               // what the answer is read into, and then closed; nil: it stays open
}

// do makes a request. What may go better later is tried again. Errors of the store have status and code: see
// [smithyhttp.ResponseError] and [smithy.APIError].
func (c *client) do(ctx context.Context, r request) (*http.Response, error) {
	digest := sha256.New()
	if r.body != nil {
		if _, err := io.Copy(digest, io.NewSectionReader(r.body, 0, r.body.Size())); err != nil {
			return nil, err
		}
	}
	sum := hex.EncodeToString(digest.Sum(nil))
	credentials, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	var a *http.Response
	once := middleware.FinalizeHandlerFunc(func(ctx context.Context, _ middleware.FinalizeInput) (
		o middleware.FinalizeOutput, m middleware.Metadata, err error,
	) {
		a, err = c.once(ctx, r, sum, credentials)
		return o, m, err
	})
	tries := retry.NewAttemptMiddleware(c.retryer, func(same any) any { return same })
	_, _, err = tries.HandleFinalize(ctx, middleware.FinalizeInput{}, once)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// mostAnswer is how many bytes an answer may have that is no object: a list has at most 1,000 names of 1,024 bytes.
const mostAnswer = 16 << 20

// asks is from how many bytes on the store is asked whether it wants content: it may refuse it by the condition.
const asks = 2 << 20

func (c *client) once(ctx context.Context, r request, sum string, credentials aws.Credentials) (*http.Response, error) {
	u := *c.root
	if r.key != "" {
		u = *c.root.JoinPath("/") // before it, since names may have what JoinPath tidies up
		u.Path, u.RawPath = u.Path+r.key, u.EscapedPath()+httpbinding.EscapePath(r.key, false)
	}
	u.RawQuery = r.query.Encode()
	q, err := http.NewRequestWithContext(ctx, r.method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	maps.Copy(q.Header, r.header)
	q.Header.Set("X-Amz-Content-Sha256", sum)
	q.Header.Set("User-Agent", "dirform")
	if r.body != nil && r.body.Size() > 0 {
		q.Body, q.ContentLength = io.NopCloser(io.NewSectionReader(r.body, 0, r.body.Size())), r.body.Size()
		if q.ContentLength > asks {
			q.Header.Set("Expect", "100-continue")
		}
	}
	signed := time.Now().Add(time.Duration(c.ahead.Load()))
	if err := c.signer.SignHTTP(ctx, credentials, q, sum, "s3", c.region, signed); err != nil {
		return nil, err
	}
	a, err := c.web.Do(q)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, &smithy.CanceledError{Err: ctx.Err()}
	case err != nil:
		return nil, &smithyhttp.RequestSendError{Err: err}
	case a.StatusCode/100 != 2:
		return nil, c.refused(a, signed)
	case r.into == nil:
		return a, nil
	}
	defer a.Body.Close()
	if err := xml.NewDecoder(io.LimitReader(a.Body, mostAnswer)).Decode(r.into); err != nil {
		return nil, fmt.Errorf("the store's answer cannot be read: %w", err)
	}
	return a, nil
}

// mostOff is how far a signature's time may be off before that can be why it is refused: S3 allows 15 minutes.
const mostOff = 4 * time.Minute

// refused is the error that an answer is. If the request may have been refused since this machine's clock is off, those
// that follow are signed by the store's.
func (c *client) refused(a *http.Response, signed time.Time) error {
	defer a.Body.Close()
	var said struct{ Code, Message string }
	_ = xml.NewDecoder(io.LimitReader(a.Body, mostAnswer)).Decode(&said)
	code := cmp.Or(said.Code, strings.ReplaceAll(http.StatusText(a.StatusCode), " ", "")) // HEAD says nothing
	err := &awshttp.ResponseError{RequestID: a.Header.Get("X-Amz-Request-Id"),
		ResponseError: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: a},
			Err: &smithy.GenericAPIError{Code: code, Message: said.Message}}}
	now := web.Clock(a.Header)
	if a.StatusCode == http.StatusForbidden && a.Header.Get("Age") == "" && now.Sub(signed).Abs() > mostOff {
		c.ahead.Store(int64(time.Until(now)))
		return &early{err}
	}
	return err
}

// early is a refusal that may be due to the time which the request was signed at.
type early struct{ error }

// Unwrap is the refusal.
func (e *early) Unwrap() error { return e.error }

// RetryableError tells the SDK to try again.
func (e *early) RetryableError() bool { return true }
