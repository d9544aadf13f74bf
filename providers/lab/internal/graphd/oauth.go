package graphd

import (
	"crypto/subtle"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// tokenLife is how long an issued access token is valid.
const tokenLife = 3599 * time.Second

// tokens are the access tokens in circulation, and to whom they were issued.
type tokens struct {
	mu     sync.Mutex
	now    func() time.Time
	issued map[string]issue
	cert   *x509.Certificate // the application's, or nil
}

// issue is one token in circulation.
type issue struct {
	at time.Time
	to caller
}

func newTokens(o Options) *tokens { return &tokens{now: o.Now, issued: map[string]issue{}} }

// add puts a token into circulation.
func (x *tokens) add(token string, to caller) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.now()
	for old, i := range x.issued {
		if now.Sub(i.at) > tokenLife {
			delete(x.issued, old)
		}
	}
	x.issued[token] = issue{now, to}
}

// bearer is whose a token is that was issued less than life ago.
func (x *tokens) bearer(token string, life time.Duration) (caller, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	i, ok := x.issued[token]
	return i.to, ok && x.now().Sub(i.at) < life
}

func (x *tokens) certificate() *x509.Certificate {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.cert
}

// SetCertificate registers the application's certificate: from now on only assertions that its key signed are accepted. Without
// one (nil) every well-formed assertion is, whoever signed it.
func (t *Tenant) SetCertificate(c *x509.Certificate) {
	t.tokens.mu.Lock()
	defer t.tokens.mu.Unlock()
	t.tokens.cert = c
}

// ExpireTokens makes every issued token invalid, as if an hour had passed. The static access token stays valid.
func (t *Tenant) ExpireTokens() {
	t.tokens.mu.Lock()
	defer t.tokens.mu.Unlock()
	clear(t.tokens.issued)
}

// serveOAuth serves the endpoints that a client credentials flow needs.
func (t *Tenant) serveOAuth(w http.ResponseWriter, r *http.Request) {
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	authority := "https://" + r.Host + "/" + tenant
	switch {
	case rest == "v2.0/.well-known/openid-configuration" && r.Method == http.MethodGet:
		t.stats.request("GET /{tenant}/v2.0/.well-known/openid-configuration")
		sendJSON(w, 200, map[string]any{
			"issuer":                                authority + "/v2.0",
			"authorization_endpoint":                authority + "/oauth2/v2.0/authorize",
			"token_endpoint":                        authority + "/oauth2/v2.0/token",
			"jwks_uri":                              authority + "/discovery/v2.0/keys",
			"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt"},
			"response_types_supported":              []string{"code", "id_token", "token"},
			"subject_types_supported":               []string{"pairwise"},
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	case rest == "discovery/v2.0/keys" && r.Method == http.MethodGet:
		sendJSON(w, 200, map[string]any{"keys": []any{}}) // nobody can check the tokens, which the service alone is to understand
	case rest == "discovery/instance" && r.Method == http.MethodGet:
		sendJSON(w, 200, map[string]any{"api-version": "1.1",
			"tenant_discovery_endpoint": "https://" + r.Host + "/" + t.ID() + "/v2.0/.well-known/openid-configuration",
			"metadata":                  []any{map[string]any{"preferred_network": r.Host, "preferred_cache": r.Host, "aliases": []string{r.Host}}}})
	case rest == "oauth2/v2.0/token" && r.Method == http.MethodPost:
		t.stats.request("POST /{tenant}/oauth2/v2.0/token")
		t.serveToken(w, r, tenant)
	default:
		sendJSON(w, 404, map[string]any{"error": "not_found", "error_description": "Nothing is served here. Graph is below /v1.0, " +
			"tokens are at /{tenant}/oauth2/v2.0/token."})
	}
}

// serveToken issues a token for the tenant's application, to whoever has its secret or its certificate's key.
func (t *Tenant) serveToken(w http.ResponseWriter, r *http.Request, tenant string) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil {
		t.oauthError(w, &oauthError{400, "invalid_request", "The request body could not be read.", 900144})
		return
	}
	if e := t.checkTokenRequest(r, tenant); e != nil {
		t.oauthError(w, e)
		return
	}
	sendJSON(w, 200, map[string]any{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": t.issueToken()})
}

// oauthError is a refusal of the token endpoint; its number is the one after AADSTS.
type oauthError struct {
	status            int
	code, description string
	number            int
}

func (t *Tenant) checkTokenRequest(r *http.Request, tenant string) *oauthError {
	form := r.PostForm
	clientID := form.Get("client_id")
	switch {
	case !strings.EqualFold(tenant, t.ID()) && !t.isDomain(tenant):
		return &oauthError{400, "invalid_request", "Tenant '" + tenant + "' not found.", 90002}
	case form.Get("grant_type") != "client_credentials":
		return &oauthError{400, "unsupported_grant_type", "The app requested an unsupported grant type '" + form.Get("grant_type") + "'.", 70003}
	case !asksForDefault(form.Get("scope")):
		return &oauthError{400, "invalid_scope", "The provided value for scope " + form.Get("scope") +
			" is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.", 1002012}
	case clientID == "" && form.Get("client_assertion") == "":
		return &oauthError{400, "invalid_request", "The request body must contain the following parameter: 'client_id'.", 900144}
	case clientID != "" && !strings.EqualFold(clientID, t.opts.ClientID):
		return &oauthError{400, "unauthorized_client", "Application with identifier '" + clientID + "' was not found in the directory.", 700016}
	case form.Get("client_assertion") != "":
		return t.checkAssertion(form, "https://"+r.Host+"/"+tenant+"/oauth2/v2.0/token")
	case form.Get("client_secret") == "":
		return &oauthError{401, "invalid_client", "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.", 7000218}
	case subtle.ConstantTimeCompare([]byte(form.Get("client_secret")), []byte(t.opts.ClientSecret)) != 1:
		return &oauthError{401, "invalid_client", "Invalid client secret provided. Ensure the secret being sent in the request is the " +
			"client secret value.", 7000215}
	}
	return nil
}

// asksForDefault: client libraries add OpenID scopes of their own.
func asksForDefault(scope string) bool {
	return slices.ContainsFunc(strings.Fields(scope), func(s string) bool { return strings.HasSuffix(s, "/.default") })
}

func (t *Tenant) isDomain(name string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	_, ok := t.verified[strings.ToLower(name)]
	return ok
}

func (t *Tenant) oauthError(w http.ResponseWriter, e *oauthError) {
	now := t.opts.Now().UTC()
	sendJSON(w, e.status, map[string]any{"error": e.code, "error_description": fmt.Sprintf("AADSTS%d: %s", e.number, e.description),
		"error_codes": []int{e.number}, "timestamp": now.Format("2006-01-02 15:04:05Z"), "trace_id": randomGUID().String(),
		"correlation_id": randomGUID().String(), "error_uri": fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", e.number)})
}

func sendJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store, no-cache")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}
