package graphd

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// tokenLife is how long an issued access token is valid.
const tokenLife = 3599 * time.Second

// tokens are the access tokens in circulation. They are opaque: their bearer learns nothing from them.
type tokens struct {
	mu     sync.Mutex
	now    func() time.Time
	expiry map[string]time.Time
}

func newTokens(o Options) *tokens { return &tokens{now: o.Now, expiry: map[string]time.Time{}} }

func (x *tokens) issue() string {
	token := rand.Text() + rand.Text()
	x.mu.Lock()
	defer x.mu.Unlock()
	now := x.now()
	for old, until := range x.expiry {
		if now.After(until) {
			delete(x.expiry, old)
		}
	}
	x.expiry[token] = now.Add(tokenLife)
	return token
}

func (x *tokens) valid(token string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	until, ok := x.expiry[token]
	return ok && x.now().Before(until)
}

// ExpireTokens makes every issued token invalid, as if an hour had passed. The static access token stays valid.
func (t *Tenant) ExpireTokens() {
	t.tokens.mu.Lock()
	defer t.tokens.mu.Unlock()
	clear(t.tokens.expiry)
}

// serveOAuth serves the two endpoints that a client credentials flow needs.
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
	case rest == "oauth2/v2.0/token" && r.Method == http.MethodPost:
		t.stats.request("POST /{tenant}/oauth2/v2.0/token")
		t.serveToken(w, r, tenant)
	default:
		sendJSON(w, 404, map[string]any{"error": "not_found", "error_description": "Nothing is served here. Graph is below /v1.0, " +
			"tokens are at /{tenant}/oauth2/v2.0/token."})
	}
}

// serveToken issues a token for the tenant's application. A client assertion is accepted if it names the application as issuer
// and subject; its signature is NOT checked, since the tenant knows no certificate.
func (t *Tenant) serveToken(w http.ResponseWriter, r *http.Request, tenant string) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if err := r.ParseForm(); err != nil {
		t.oauthError(w, 400, "invalid_request", "AADSTS900144: The request body could not be read.", 900144)
		return
	}
	form := r.PostForm
	switch {
	case !strings.EqualFold(tenant, t.ID()) && !t.isDomain(tenant):
		t.oauthError(w, 400, "invalid_request", "AADSTS90002: Tenant '"+tenant+"' not found.", 90002)
	case form.Get("grant_type") != "client_credentials":
		t.oauthError(w, 400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type '"+form.Get("grant_type")+"'.", 70003)
	case !asksForDefault(form.Get("scope")):
		t.oauthError(w, 400, "invalid_scope", "AADSTS1002012: The provided value for scope "+form.Get("scope")+
			" is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.", 1002012)
	case form.Get("client_id") != t.opts.ClientID:
		t.oauthError(w, 400, "unauthorized_client", "AADSTS700016: Application with identifier '"+form.Get("client_id")+"' was not found in the directory.", 700016)
	case form.Get("client_assertion") != "" && !t.isAssertion(form.Get("client_assertion")):
		t.oauthError(w, 401, "invalid_client", "AADSTS700027: The client assertion is not about this application.", 700027)
	case form.Get("client_assertion") == "" && subtle.ConstantTimeCompare([]byte(form.Get("client_secret")), []byte(t.opts.ClientSecret)) != 1:
		t.oauthError(w, 401, "invalid_client", "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value.", 7000215)
	default:
		sendJSON(w, 200, map[string]any{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": t.tokens.issue()})
	}
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

func (t *Tenant) isAssertion(jwt string) bool {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct{ Iss, Sub string }
	return err == nil && json.Unmarshal(payload, &claims) == nil && claims.Iss == t.opts.ClientID && claims.Sub == t.opts.ClientID
}

func (t *Tenant) oauthError(w http.ResponseWriter, status int, code, description string, number int) {
	now := t.opts.Now().UTC()
	sendJSON(w, status, map[string]any{"error": code, "error_description": description, "error_codes": []int{number},
		"timestamp": now.Format("2006-01-02 15:04:05Z"), "trace_id": randomGUID().String(), "correlation_id": randomGUID().String()})
}

func sendJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store, no-cache")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}
