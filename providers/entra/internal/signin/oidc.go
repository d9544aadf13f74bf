package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/dirform/dirform/providers/entra/internal/address"
)

// pipelineCredential signs in with the identity token that GitHub Actions issues to a job with "id-token: write": the
// application trusts the repository (a federated credential), and no secret exists that could leak. GitHub's documentation of
// OpenID Connect in Actions names the two environment variables and the audience that Entra expects.
func pipelineCredential(s *Settings, opts azcore.ClientOptions, client *http.Client, tenant, app string) (azcore.TokenCredential, error) {
	ask, bearer := s.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL"), s.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	u, err := address.Check("address in ACTIONS_ID_TOKEN_REQUEST_URL", stripQuery(ask))
	if err != nil {
		return nil, err
	}
	if parsed, err := url.Parse(ask); err == nil {
		q := parsed.Query()
		q.Set("audience", "api://AzureADTokenExchange")
		u.RawQuery = q.Encode()
	}
	assertion := func(ctx context.Context) (string, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err != nil {
			return "", err
		}
		req.Header.Set("Authorization", "Bearer "+bearer)
		req.Header.Set("Accept", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			return "", fmt.Errorf("GitHub Actions did not issue an identity token: %w", address.Bare(err))
		}
		defer resp.Body.Close()
		var token struct {
			Value string `json:"value"`
		}
		raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(raw, &token) != nil || token.Value == "" {
			return "", errors.Join(fmt.Errorf("GitHub Actions did not issue an identity token: HTTP %s", resp.Status), err)
		}
		return token.Value, nil
	}
	return azidentity.NewClientAssertionCredential(tenant, app, assertion,
		&azidentity.ClientAssertionCredentialOptions{ClientOptions: opts, DisableInstanceDiscovery: s.Authority != ""})
}

func stripQuery(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	u.RawQuery = ""
	return u.String()
}
