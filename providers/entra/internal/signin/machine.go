package signin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"

	"github.com/dirform/dirform/state/fault"
)

// offer is a way to sign in that a machine may have or not.
type offer struct {
	name, sdk string // for messages, and in AZURE_TOKEN_CREDENTIALS
	tool      bool   // of developers
	start     func() (azcore.TokenCredential, error)
}

// machine is what the machine offers, without anything being configured: the Azure SDKs' DefaultAzureCredential, but
// with the configured client_id, which that ignores, and with what each way says if none works.
func (c *chooser) machine() signIn {
	offers := []offer{
		{"managed identity", "ManagedIdentityCredential", false, c.managedIdentity},
		{"Azure CLI", "AzureCLICredential", true, func() (azcore.TokenCredential, error) {
			return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: c.tenant})
		}},
		{"Azure Developer CLI", "AzureDeveloperCLICredential", true, func() (azcore.TokenCredential, error) {
			return azidentity.NewAzureDeveloperCLICredential(&azidentity.AzureDeveloperCLICredentialOptions{TenantID: c.tenant})
		}},
		{"Azure PowerShell", "AzurePowerShellCredential", true, func() (azcore.TokenCredential, error) {
			return azidentity.NewAzurePowerShellCredential(&azidentity.AzurePowerShellCredentialOptions{TenantID: c.tenant})
		}},
	}
	offers = slices.DeleteFunc(offers, func(o offer) bool { return !o.among(c.Getenv("AZURE_TOKEN_CREDENTIALS")) })
	var names []string
	for _, o := range offers {
		names = append(names, o.name)
	}
	return signIn{what: "what this machine offers (" + cmp.Or(strings.Join(names, ", "), "nothing") + ")", guess: true,
		missing: c.missing(),
		start:   func() (azcore.TokenCredential, error) { return &machine{offers: offers}, nil }}
}

// among reports whether a value of AZURE_TOKEN_CREDENTIALS includes an offer: dev, prod, the name of one, or nothing
// for all.
func (o offer) among(selection string) bool {
	switch selection {
	case "":
		return true
	case "dev":
		return o.tool
	case "prod":
		return !o.tool
	}
	return strings.EqualFold(selection, o.sdk)
}

// managedIdentity is the identity of the machine that the configuration, or else AZURE_CLIENT_ID, names; without
// either, its only one. The library's own patience with a machine that is just starting holds only if it is not told
// another.
func (c *chooser) managedIdentity() (azcore.TokenCredential, error) {
	opts := azidentity.ManagedIdentityCredentialOptions{ClientOptions: c.opts}
	opts.Retry = policy.RetryOptions{}
	if id := cmp.Or(c.ClientID, c.Getenv("AZURE_CLIENT_ID")); id != "" {
		opts.ID = azidentity.ClientID(id)
	}
	cred, err := azidentity.NewManagedIdentityCredential(&opts)
	if err != nil {
		return nil, err
	}
	source, err := managedidentity.GetSource()
	if err != nil {
		return nil, err
	}
	return &probed{chooser: c, cred: cred, there: source != managedidentity.DefaultToIMDS}, nil
}

// probed is a managed identity of a machine that may be none of Azure's, where the address of its service leads nowhere
// and asking for a token would wait for more than a minute.
type probed struct {
	*chooser
	cred  azcore.TokenCredential
	there bool
}

const metadataService = "http://169.254.169.254/metadata/identity/oauth2/token"

// probeTime is for how long an answer of any kind is waited for, as the SDKs' DefaultAzureCredential does.
const probeTime = time.Second

// GetToken looks once whether there is a service to ask.
func (p *probed) GetToken(ctx context.Context, opts policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if !p.there {
		if err := p.probe(ctx); err != nil {
			return azcore.AccessToken{}, err
		}
		p.there = true
	}
	return p.cred.GetToken(ctx, opts)
}

// probe asks without the header that a token takes, so that the answer is an error whose kind doesn't matter.
func (p *probed) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, metadataService, nil)
	if err != nil {
		return err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return errors.New("this machine has none (nothing answers at 169.254.169.254)")
	}
	return resp.Body.Close()
}

// machine tries what is offered one after the other, and stays with what works.
type machine struct {
	offers []offer
	used   string
	cred   azcore.TokenCredential
}

// way names the offer that gave the last token.
func (m *machine) way() string { return m.used }

// GetToken is a token of the first offer that gives one.
func (m *machine) GetToken(ctx context.Context, opts policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if m.cred != nil {
		return m.cred.GetToken(ctx, opts)
	}
	lines := ""
	for _, o := range m.offers {
		cred, err := o.start()
		if err == nil {
			var token azcore.AccessToken
			if token, err = cred.GetToken(ctx, opts); err == nil {
				m.used, m.cred = o.name, cred
				return token, nil
			}
		}
		if ctx.Err() != nil {
			return azcore.AccessToken{}, ctx.Err()
		}
		// Who would sign in next is somebody else: that must not depend on whether a service is well today.
		if answer := answerOf(err); answer.faltered() {
			return azcore.AccessToken{}, &fault.Error{Summary: "the service of the " + o.name + " is out of order: " +
				answer.words, Err: err,
				Hint: "It is asked before others, so nothing else was tried. Run this again."}
		}
		lines += fmt.Sprintf("\n  %s: %s", o.name, strings.TrimPrefix(answerOf(err).words, o.sdk+": "))
	}
	return azcore.AccessToken{}, &unasked{errors.New("nothing gives a token" + lines)}
}
