// Package azure is a container of Azure Blob Storage. It speaks with the core of Microsoft's SDK, which signs in and tries
// again: five requests are all that is needed, and the SDK's package for blobs would take 3.8 MB of the program.
//
// Credentials are found as the Azure SDKs find them: in the environment, by a workload's or a managed identity, or from az.
// The role is "Storage Blob Data Contributor" on the container. An address with a signature (SAS) needs none; its
// permissions are read, write, create, delete and list.
//
// # Lock
//
// The lock is that of package objects, an object with an entity tag, as in every store, and no lease: a lease that has
// expired can be renewed by a holder who was paused, and so fences nobody by itself.
package azure

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store/objects"
	"github.com/dirform/dirform/state/store/objects/internal/web"
)

// version is that of the service's protocol. It has Put Blob up to 5,000 MiB.
const version = "2021-12-02"

// Container is a container of an account.
type Container struct {
	root      *url.URL // of the container, without what may be secret
	signature url.Values

	mu   sync.Mutex
	made runtime.Pipeline
	is   bool // made is made
}

var _ objects.Bucket = (*Container)(nil)

// New reads the address of a blob: https://ACCOUNT.blob.core.windows.net/CONTAINER/BLOB, with or without a signature (SAS). On
// this machine, as emulators have it, it is http://127.0.0.1:PORT/ACCOUNT/CONTAINER/BLOB. Nothing is connected to.
func New(address string) (c *Container, blob string, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, "", misplaced()
	}
	before := 1
	if u.Scheme == "http" {
		before = 2
	}
	parts := strings.SplitN(strings.TrimPrefix(u.Path, "/"), "/", before+1)
	if len(parts) <= before || parts[before] == "" || strings.HasSuffix(u.Path, "/") || strings.Contains("/"+strings.Join(parts[:before], "/")+"/", "//") {
		return nil, "", misplaced()
	}
	root := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/" + strings.Join(parts[:before], "/")}
	return &Container{root: root, signature: u.Query()}, parts[before], nil
}

func misplaced() error {
	return &fault.Error{Summary: "the address of the state is none of a blob",
		Hint: "Write it as https://ACCOUNT.blob.core.windows.net/CONTAINER/NAME."}
}

// clouds are the ends of the hosts that Microsoft has blobs on.
var clouds = []string{".blob.core.windows.net", ".blob.core.usgovcloudapi.net", ".blob.core.chinacloudapi.cn"}

// Hosts are the hosts that get credentials; none if they are Microsoft's.
func (c *Container) Hosts() []string {
	host := strings.ToLower(c.root.Hostname())
	for _, end := range clouds {
		if account, ok := strings.CutSuffix(host, end); ok && account != "" && !strings.Contains(account, ".") {
			return nil
		}
	}
	return []string{host}
}

// String is the container's address.
func (c *Container) String() string { return c.root.String() }

// pipeline is made with the first request.
func (c *Container) pipeline() (runtime.Pipeline, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.is {
		return c.made, nil
	}
	var per []policy.Policy
	if c.signature.Get("sig") == "" {
		credential, err := azidentity.NewDefaultAzureCredential(nil)
		if err != nil {
			return c.made, c.fault(err)
		}
		per = append(per, runtime.NewBearerTokenPolicy(credential, []string{"https://storage.azure.com/.default"}, nil))
	}
	c.made = runtime.NewPipeline("dirform", "", runtime.PipelineOptions{PerRetry: per}, &policy.ClientOptions{Transport: web.Client(),
		Retry: policy.RetryOptions{MaxRetries: 6, RetryDelay: 500 * time.Millisecond, MaxRetryDelay: 8 * time.Second}})
	c.is = true
	return c.made, nil
}

// do makes a request about a blob, or with "" about the container. The answer's status is one of wanted, and its body open.
func (c *Container) do(ctx context.Context, method, blob string, query url.Values, header http.Header, body io.ReadSeekCloser,
	wanted int) (*http.Response, error) {
	p, err := c.pipeline()
	if err != nil {
		return nil, err
	}
	u := *c.root
	if blob != "" {
		u.Path += "/" + blob
	}
	all := url.Values{}
	for _, q := range []url.Values{c.signature, query} {
		for name, values := range q {
			all[name] = values
		}
	}
	u.RawQuery = all.Encode()
	r, err := runtime.NewRequest(ctx, method, u.String())
	if err != nil {
		return nil, c.fault(err)
	}
	for name, values := range header {
		r.Raw().Header[name] = values
	}
	r.Raw().Header.Set("x-ms-version", version)
	if body != nil {
		if err := r.SetBody(body, "application/octet-stream"); err != nil {
			return nil, c.fault(err)
		}
	}
	runtime.SkipBodyDownload(r)
	answer, err := p.Do(r)
	if err != nil {
		return nil, c.fault(err)
	}
	if answer.StatusCode != wanted {
		defer answer.Body.Close()
		return nil, c.refused(answer)
	}
	return answer, nil
}

func info(a *http.Response) objects.Info {
	modified, _ := http.ParseTime(a.Header.Get("Last-Modified"))
	return objects.Info{Version: objects.Version(a.Header.Get("Etag")), Size: a.ContentLength, Modified: modified, Now: web.Clock(a.Header)}
}

// Stat tells about a blob.
func (c *Container) Stat(ctx context.Context, name string) (objects.Info, error) {
	a, err := c.do(ctx, http.MethodHead, name, nil, nil, nil, http.StatusOK)
	if err != nil {
		return objects.Info{}, err
	}
	a.Body.Close()
	return info(a), nil
}

// Get reads a blob.
func (c *Container) Get(ctx context.Context, name string) (io.ReadCloser, objects.Info, error) {
	a, err := c.do(ctx, http.MethodGet, name, nil, nil, nil, http.StatusOK)
	if err != nil {
		return nil, objects.Info{}, err
	}
	return a.Body, info(a), nil
}

// Put writes a blob under a condition.
func (c *Container) Put(ctx context.Context, name string, content *io.SectionReader, over objects.Version) (objects.Version, error) {
	header := http.Header{"X-Ms-Blob-Type": {"BlockBlob"}, "If-None-Match": {"*"}}
	if over != "" {
		header = http.Header{"X-Ms-Blob-Type": {"BlockBlob"}, "If-Match": {string(over)}}
	}
	a, err := c.do(ctx, http.MethodPut, name, nil, header, streaming.NopCloser(content), http.StatusCreated)
	if over != "" && errors.Is(err, objects.ErrAbsent) {
		err = objects.ErrChanged
	}
	if err != nil {
		return "", err
	}
	a.Body.Close()
	return info(a).Version, nil
}

// Delete removes a blob.
func (c *Container) Delete(ctx context.Context, name string) error {
	a, err := c.do(ctx, http.MethodDelete, name, nil, nil, nil, http.StatusAccepted)
	if errors.Is(err, objects.ErrAbsent) {
		return nil
	}
	if err == nil {
		a.Body.Close()
	}
	return err
}

// List are the names of blobs that begin with a prefix.
func (c *Container) List(ctx context.Context, prefix string) (names []string, err error) {
	query := url.Values{"restype": {"container"}, "comp": {"list"}, "prefix": {prefix}}
	return objects.Pages(func(from string) (_ []string, next string, err error) {
		if from != "" {
			query.Set("marker", from)
		}
		a, err := c.do(ctx, http.MethodGet, "", query, nil, nil, http.StatusOK)
		if err != nil {
			return nil, "", err
		}
		var page struct {
			Names []string `xml:"Blobs>Blob>Name"`
			Next  string   `xml:"NextMarker"`
		}
		err = xml.NewDecoder(io.LimitReader(a.Body, bounds.Page)).Decode(&page)
		a.Body.Close()
		if err != nil {
			return nil, "", c.fault(err)
		}
		return page.Names, page.Next, nil
	})
}

// refused is what an answer means that is not the one wanted.
func (c *Container) refused(a *http.Response) error {
	code := a.Header.Get("X-Ms-Error-Code")
	f := &fault.Error{Summary: fmt.Sprintf("the state in %v cannot be used", c)}
	switch {
	case a.StatusCode == http.StatusNotFound && code == "ContainerNotFound":
		f.Detail, f.Hint = "There is no such container.", "Make it, or correct the url in the state block."
	case a.StatusCode == http.StatusNotFound:
		return objects.ErrAbsent
	case a.StatusCode == http.StatusPreconditionFailed && !strings.HasPrefix(code, "Lease"), code == "BlobAlreadyExists":
		return objects.ErrChanged
	case strings.HasPrefix(code, "Lease"):
		f.Detail = fmt.Sprintf("Somebody else has leased the blob (%s).", code)
		f.Hint = "dirform takes no leases. Break it, if whoever took it is gone."
	case a.StatusCode == http.StatusForbidden || a.StatusCode == http.StatusUnauthorized:
		f.Detail = fmt.Sprintf("The store refuses it (%d %s).", a.StatusCode, code)
		f.Hint = "The identity needs the role \"Storage Blob Data Contributor\" on the container; a signature (SAS) the permissions rwcdl."
	default:
		f.Detail = fmt.Sprintf("The store answers %d %s.", a.StatusCode, code)
	}
	return f
}

// fault explains why there is no answer. The address, which may hold a signature, stays out of it.
func (c *Container) fault(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	text := err.Error()
	var in *url.Error
	if errors.As(err, &in) {
		text = in.Err.Error()
	}
	for _, secret := range c.signature["sig"] {
		text = strings.NewReplacer(secret, "***", url.QueryEscape(secret), "***").Replace(text)
	}
	f := &fault.Error{Summary: fmt.Sprintf("the state in %v cannot be used", c), Detail: text}
	if strings.Contains(text, "Credential") {
		f.Hint = "Credentials are found as the Azure SDKs find them: AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET or " +
			"AZURE_FEDERATED_TOKEN_FILE, a managed identity, or `az login`."
	}
	return f
}
