package signin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azcloud "github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/visible"
)

// signIn is a way to get tokens: what it is, for messages, and how to start it afresh, which empties its token cache.
type signIn struct {
	what  string
	start func() (azcore.TokenCredential, error)
	fixed bool // it has one token and can't get another
	guess bool // nothing says that this is the way, it is tried because no other is configured
}

// chooseSignIn picks the credential in the order that [Settings] documents. client carries the token requests. Everything is
// chosen here, not by azidentity's chain, where it can be: the chain knows the environment only, not what is configured.
func chooseSignIn(s *Settings, client *http.Client) (signIn, error) {
	tenant, app := cmp.Or(s.TenantID, s.Getenv("AZURE_TENANT_ID")), cmp.Or(s.ClientID, s.Getenv("AZURE_CLIENT_ID"))
	secret, file := s.ClientSecret, s.CertificateFile
	if secret == "" && file == "" {
		secret, file = s.Getenv("AZURE_CLIENT_SECRET"), s.Getenv("AZURE_CLIENT_CERTIFICATE_PATH")
	}
	tokenFile := s.Getenv("AZURE_FEDERATED_TOKEN_FILE")
	opts := clientOptions(s, client)
	switch {
	case s.AccessToken != "":
		return signIn{what: "the configured access_token", start: func() (azcore.TokenCredential, error) { return fixedToken(s.AccessToken), nil }, fixed: true}, nil
	case secret != "" && tenant != "" && app != "":
		return signIn{what: "a client secret", start: func() (azcore.TokenCredential, error) {
			return azidentity.NewClientSecretCredential(tenant, app, secret,
				&azidentity.ClientSecretCredentialOptions{ClientOptions: opts, DisableInstanceDiscovery: s.Authority != ""})
		}}, nil
	case file != "" && tenant != "" && app != "":
		return signIn{what: s.certificate(file), start: func() (azcore.TokenCredential, error) {
			return certificateCredential(s, opts, tenant, app, file)
		}}, nil
	case s.ClientSecret != "" || s.CertificateFile != "":
		return signIn{}, &fault.Error{Summary: "a client secret or certificate needs to know whose it is",
			Hint: "Set tenant_id and client_id as well (or AZURE_TENANT_ID and AZURE_CLIENT_ID)."}
	case tokenFile != "" && tenant != "" && app != "":
		return signIn{what: "the workload identity token in AZURE_FEDERATED_TOKEN_FILE", start: func() (azcore.TokenCredential, error) {
			return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: opts,
				ClientID: app, TenantID: tenant, TokenFilePath: tokenFile, DisableInstanceDiscovery: s.Authority != ""})
		}}, nil
	case s.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL") != "" && s.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN") != "" && tenant != "" && app != "":
		return signIn{what: "the identity token of GitHub Actions", start: func() (azcore.TokenCredential, error) {
			return pipelineCredential(s, opts, client, tenant, app)
		}}, nil
	}
	return signIn{what: "environment variables, workload identity, managed identity and Azure CLI", guess: true, start: func() (azcore.TokenCredential, error) {
		return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: opts,
			TenantID: tenant, DisableInstanceDiscovery: s.Authority != ""})
	}}, nil
}

func clientOptions(s *Settings, client *http.Client) azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud:     azcloud.Configuration{ActiveDirectoryAuthorityHost: s.Login},
		Transport: client,
		Retry:     policy.RetryOptions{MaxRetries: 2, MaxRetryDelay: 5 * time.Second},
		Telemetry: policy.TelemetryOptions{ApplicationID: "dirform"},
	}
}

func certificateCredential(s *Settings, opts azcore.ClientOptions, tenant, app, file string) (azcore.TokenCredential, error) {
	name := file
	if s.hides(file) {
		name = "client_certificate_file"
	}
	data, err := bounds.ReadStream(file, bounds.Credential)
	if err != nil {
		var at *fs.PathError
		if s.hides(file) && errors.As(err, &at) {
			err = at.Err
		}
		return nil, fmt.Errorf("the client certificate cannot be read: %w", err)
	}
	certs, key, err := azidentity.ParseCertificates(data, []byte(s.Getenv("AZURE_CLIENT_CERTIFICATE_PASSWORD")))
	if err != nil {
		return nil, &fault.Error{Summary: name + " does not hold a certificate with its private key in PEM or PFX form", Err: err,
			Hint: "The password of an encrypted PFX is taken from AZURE_CLIENT_CERTIFICATE_PASSWORD."}
	}
	return azidentity.NewClientCertificateCredential(tenant, app, certs, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: opts, DisableInstanceDiscovery: s.Authority != "", SendCertificateChain: true})
}

// fixedToken is a credential that has just the one token.
type fixedToken string

func (t fixedToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(t), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// Error is a failed sign-in. It is final: repeating the request would not help.
type Error struct {
	what       string
	login      string
	configured bool   // the configuration, or the environment, names this way to sign in
	words      string // of err, without what is for the authority's own support
	answered   bool   // the authority said no, rather than nothing at all
	err        error
}

// Unwrap is the error of the library that signs in.
func (e *Error) Unwrap() error { return e.err }

// Error says what was tried, and the authority's own words without its traces.
func (e *Error) Error() string {
	return fmt.Sprintf("signing in to Microsoft Entra ID at %s with %s failed: %s", e.login, e.what, e.words)
}

// Fault adds what to do. Where the failure is about something particular, as a certificate that cannot be read is, that says it.
func (e *Error) Fault() *fault.Error {
	f := &fault.Error{Summary: "signing in to Microsoft Entra ID failed", Detail: fault.Sentence(e), Hint: fault.Hint(e.err), Err: e.err}
	switch {
	case f.Hint != "":
	case !e.answered && e.configured:
		f.Hint = "Check authority, environment and ca_file, and that this machine (or its HTTPS_PROXY) can reach " + e.login + "."
	default:
		f.Hint = "Set client_secret or client_certificate_file with tenant_id and client_id in the provider \"entra\" block, or " +
			"AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET in the environment, or sign in with \"az login\"."
	}
	return f
}

// authorityWords shortens azidentity's error, which prints the whole HTTP exchange, to the sentence that matters: neither that
// error nor the authority's reply has a field for it, so the text is cut where the traces begin, with which it ends. It can be
// asked once, because it reads the reply. answered tells whether a server had said no, rather than nothing at all.
func authorityWords(err error) (words string, answered bool) {
	var failed *azidentity.AuthenticationFailedError
	if !errors.As(err, &failed) || failed.RawResponse == nil {
		words, _, _ = strings.Cut(err.Error(), ". To troubleshoot")
		return visible.Line(strings.Join(strings.Fields(words), " ")), false
	}
	var body struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if raw, e := readAllOnce(failed.RawResponse); e == nil && json.Unmarshal(raw, &body) == nil && body.Error+body.Description != "" {
		words, _, _ = strings.Cut(cmp.Or(body.Description, body.Error), "Trace ID:")
		words, _, _ = strings.Cut(words, "\r\n")
		return visible.Line(strings.TrimSpace(words)), true
	}
	words, _, _ = strings.Cut(err.Error(), "\n")
	return visible.Line(strings.TrimSpace(words) + " (HTTP " + failed.RawResponse.Status + ")"), true
}

// readAllOnce reads a reply that may have been read and replaced before, as azidentity leaves it.
func readAllOnce(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	return io.ReadAll(io.LimitReader(resp.Body, 1<<20))
}
