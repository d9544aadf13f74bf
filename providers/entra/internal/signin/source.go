package signin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/dirform/dirform/providers/entra/internal/address"
	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/fault"
)

// source is where a job, a pod or a machine gets an identity token of its own.
type source struct {
	what  string                                // the token, for messages: "the identity token of GitHub Actions"
	fetch func(context.Context) (string, error) // gets a new one; an error says itself whose fault it is
}

// The environment variables in which a job is handed an identity token, those of the azurerm and azuread providers of
// Terraform and of GitLab's own documents.
var (
	tokenVariables = []string{"ARM_OIDC_TOKEN", "GITLAB_OIDC_TOKEN"}
	tokenFiles     = []string{"ARM_OIDC_TOKEN_FILE_PATH"}
	connections    = []string{"ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
		"AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"}
)

// first is the first of some environment variables that is set, and its value; both are empty if none is.
func (s *Settings) first(names []string) (name, value string) {
	for _, name := range names {
		if value := s.Getenv(name); value != "" {
			return name, value
		}
	}
	return "", ""
}

// workloadIdentity is a token that the kubelet keeps fresh in a file (Azure Workload Identity); nil if there is none.
func (c *chooser) workloadIdentity() *source {
	const name = "AZURE_FEDERATED_TOKEN_FILE"
	if c.Getenv(name) == "" {
		return nil
	}
	return &source{what: "the workload identity token in " + name, fetch: fromFile(name, c.Getenv(name))}
}

// handed is a token that a job was given in a variable or a file, as GitLab (id_tokens) and Jenkins do; nil if there is
// none.
func (c *chooser) handed() *source {
	if name, file := c.first(tokenFiles); file != "" {
		return &source{what: "the identity token in the file of " + name, fetch: fromFile(name, file)}
	}
	name, token := c.first(tokenVariables)
	if token == "" {
		return nil
	}
	return &source{what: "the identity token in " + name, fetch: func(context.Context) (string,
		error) {
		return strings.TrimSpace(token), nil
	}}
}

// fromFile reads a token anew each time, because what gives it out replaces it.
func fromFile(variable, path string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		raw, err := bounds.ReadStream(path, bounds.Credential)
		token := strings.TrimSpace(string(raw))
		if err == nil && token == "" {
			err = fmt.Errorf("%s is empty", path)
		}
		if err != nil {
			return "", &fault.Error{Summary: "there is no identity token in the file that " + variable + " names", Err: err,
				Hint: "Whatever runs this job or pod writes the file: look whether it does, and whether dirform may read it."}
		}
		return token, nil
	}
}

// gitHub issues a token to a job that has the permission "id-token: write"; nil if this is none. GitHub's documentation
// of OpenID Connect in Actions names the two variables. The address has a query already.
func (c *chooser) gitHub() *source {
	const name = "ACTIONS_ID_TOKEN_REQUEST_URL"
	at, bearer := c.Getenv(name), c.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if at == "" || bearer == "" {
		return nil
	}
	s := &issuer{chooser: c, name: "GitHub Actions", field: "value",
		denied: "The job needs \"permissions: id-token: write\", and ACTIONS_ID_TOKEN_REQUEST_TOKEN is of use to this job " +
			"alone."}
	s.request = func(ctx context.Context) (*http.Request, error) {
		u, err := askAt(name, at, "audience", audience(c.Login))
		if err != nil {
			return nil, err
		}
		return s.newRequest(ctx, http.MethodGet, u, bearer)
	}
	return &source{what: "the identity token of GitHub Actions", fetch: s.token}
}

// azurePipelines issues a token for a service connection; nil if this is no job of it, or one without what it takes.
func (c *chooser) azurePipelines() *source {
	const name = "SYSTEM_OIDCREQUESTURI"
	at, bearer := c.Getenv(name), c.Getenv("SYSTEM_ACCESSTOKEN")
	variable, connection := c.first(connections)
	if at == "" || bearer == "" || connection == "" {
		return nil
	}
	s := &issuer{chooser: c, name: "Azure Pipelines", field: "oidcToken",
		denied: "Look whether SYSTEM_ACCESSTOKEN is $(System.AccessToken), whether " + variable + " is the id of a service " +
			"connection with workload identity federation, and whether this pipeline may use it."}
	s.request = func(ctx context.Context) (*http.Request, error) {
		u, err := askAt(name, at, "api-version", "7.1", "serviceConnectionId", connection)
		if err != nil {
			return nil, err
		}
		req, err := s.newRequest(ctx, http.MethodPost, u, bearer)
		if err == nil {
			req.Header.Set("X-TFS-FedAuthRedirect", "Suppress") // 401 instead of a redirect to a page for people
		}
		return req, err
	}
	return &source{what: "the identity token of Azure Pipelines", fetch: s.token}
}

// audience is what a federated credential is for, in the cloud that signs in at login (Microsoft's documentation of
// workload identity federation).
func audience(login string) string {
	switch {
	case strings.HasSuffix(login, "login.microsoftonline.us"):
		return "api://AzureADTokenExchangeUSGov"
	case strings.HasSuffix(login, "login.chinacloudapi.cn"):
		return "api://AzureADTokenExchangeChina"
	}
	return "api://AzureADTokenExchange"
}

// askAt is an address from an environment variable with further parameters of its query.
func askAt(variable, raw string, query ...string) (*url.URL, error) {
	bare, q := raw, url.Values{}
	if u, err := url.Parse(raw); err == nil {
		q, u.RawQuery = u.Query(), ""
		bare = u.String()
	}
	u, err := address.Check("address in "+variable, bare)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	u.RawQuery = q.Encode()
	return u, nil
}

// missing says what the environment's secret or certificate lacks to be used, or what the CI system that this job runs
// in would need to give it an identity; "" if there is neither, or nothing is missing.
func (c *chooser) missing() string {
	for _, name := range []string{"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH"} {
		if c.Getenv(name) != "" {
			return name + " is set, and not used. " + c.whose()
		}
	}
	_, connection := c.first(connections)
	switch {
	case isTrue(c.Getenv("GITHUB_ACTIONS")) && c.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL") == "":
		return "This job of GitHub Actions can sign in without a secret if it has \"permissions: id-token: write\" " +
			"(a pull request from a fork never does). " + c.whose()
	case isTrue(c.Getenv("GITLAB_CI")) && c.handed() == nil:
		return "This job of GitLab can sign in without a secret if it has \"id_tokens: {ARM_OIDC_TOKEN: {aud: '" +
			audience(c.Login) +
			"'}}\". " + c.whose()
	case isTrue(c.Getenv("TF_BUILD")) && (c.Getenv("SYSTEM_ACCESSTOKEN") == "" || connection == ""):
		lacks := []string{}
		if c.Getenv("SYSTEM_ACCESSTOKEN") == "" {
			lacks = append(lacks, "\"env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)\" in its step")
		}
		if connection == "" {
			lacks = append(lacks, connections[0]+" with the id of a service connection")
		}
		return "This job of Azure Pipelines can sign in without a secret if it has " + strings.Join(lacks, ", and ") + ". " +
			c.whose()
	}
	if _, there := c.federated(); there {
		return "This job has an identity token. " + c.whose()
	}
	return ""
}

// whose says that nobody knows who is to sign in, if so.
func (c *chooser) whose() string {
	tenant, app, where := "tenant_id", "client_id", " in the provider block as well. "
	if c.Blockless {
		tenant, app, where = "AZURE_TENANT_ID", "AZURE_CLIENT_ID", " as well. "
	}
	switch {
	case c.tenant == "" && c.app == "":
		return "It takes " + tenant + " and " + app + where
	case c.tenant == "":
		return "It takes " + tenant + where
	case c.app == "":
		return "It takes " + app + where
	}
	return ""
}

// unpack is the text in a field of a JSON object; "" if there is none.
func unpack(raw []byte, field string) (text string) {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil || json.Unmarshal(object[field], &text) != nil {
		return ""
	}
	return text
}
