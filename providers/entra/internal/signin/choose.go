package signin

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azcloud "github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/dirform/dirform/state/fault"
)

// signIn is a way to get tokens: what it is, for messages, and how to start it afresh, which empties its token cache.
type signIn struct {
	what    string
	start   func() (azcore.TokenCredential, error)
	fixed   bool   // it has one token and can't get another
	guess   bool   // nothing says that this is the way, it is tried because no other is configured
	missing string // what a better way lacks, for the hint of a failure; mostly empty
}

// chooser picks the way to sign in. Everything is chosen here, not by azidentity's chain, which knows the environment
// only and not what is configured.
type chooser struct {
	*Settings
	client      *http.Client // carries the token requests
	opts        azcore.ClientOptions
	tenant, app string // who to be, by the configuration or else the environment; either may be empty
}

// choose picks the credential in the order that the package documents. client carries the token requests.
func choose(s *Settings, client *http.Client) (signIn, error) {
	c := &chooser{Settings: s, client: client,
		tenant: cmp.Or(s.TenantID, s.Getenv("AZURE_TENANT_ID")),
		app:    cmp.Or(s.ClientID, s.Getenv("AZURE_CLIENT_ID"), s.Getenv("ARM_CLIENT_ID")),
		opts: azcore.ClientOptions{
			Cloud:     azcloud.Configuration{ActiveDirectoryAuthorityHost: s.Login},
			Transport: client,
			Retry:     policy.RetryOptions{MaxRetries: 3, MaxRetryDelay: 30 * time.Second},
			Telemetry: policy.TelemetryOptions{ApplicationID: "dirform"},
		}}
	if s.AccessToken != "" {
		return signIn{what: "the configured access_token", start: func() (azcore.TokenCredential, error) {
			return fixedToken{s.AccessToken, s.Now}, nil
		}, fixed: true}, nil
	}
	known := c.tenant != "" && c.app != ""
	for _, way := range []func() (signIn, bool){c.secret, c.certificateFile, c.federated} {
		if how, ok := way(); ok && known {
			return how, nil
		}
	}
	if s.ClientSecret != "" || s.CertificateFile != "" {
		return signIn{}, &fault.Error{Summary: "a client secret or certificate needs to know whose it is",
			Hint: "Set tenant_id and client_id as well (or AZURE_TENANT_ID and AZURE_CLIENT_ID)."}
	}
	return c.machine(), nil
}

// configured reports whether the configuration itself names a credential, so that the environment's don't count.
func (c *chooser) configured() bool { return c.ClientSecret != "" || c.CertificateFile != "" }

func (c *chooser) secret() (signIn, bool) {
	secret := c.ClientSecret
	if !c.configured() {
		secret = c.Getenv("AZURE_CLIENT_SECRET")
	}
	return signIn{what: "a client secret", start: func() (azcore.TokenCredential, error) {
		return azidentity.NewClientSecretCredential(c.tenant, c.app, secret,
			&azidentity.ClientSecretCredentialOptions{ClientOptions: c.opts, DisableInstanceDiscovery: c.Authority != ""})
	}}, secret != ""
}

func (c *chooser) certificateFile() (signIn, bool) {
	file := c.CertificateFile
	if !c.configured() {
		file = c.Getenv("AZURE_CLIENT_CERTIFICATE_PATH")
	}
	cert := &certificate{chooser: c, file: file}
	return signIn{what: c.certificate(file), start: cert.credential}, file != ""
}

// federated is the way of whoever has an identity token of its own and no secret.
func (c *chooser) federated() (signIn, bool) {
	for _, source := range []*source{c.workloadIdentity(), c.handed(), c.gitHub(), c.azurePipelines()} {
		if source != nil {
			return signIn{what: source.what, start: func() (azcore.TokenCredential, error) { return c.exchange(source) }}, true
		}
	}
	return signIn{}, false
}

// isTrue reads a flag that a CI system sets.
func isTrue(value string) bool { return strings.EqualFold(value, "true") }
