package entra

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"regexp"
	"sync"

	kiotaazure "github.com/microsoft/kiota-authentication-azure-go"
)

// tokens hands out access tokens for the one host of the configuration.
type tokens struct {
	settings *settings
	signIn   signIn

	mu       sync.Mutex
	provider *kiotaazure.AzureIdentityAccessTokenProvider
	last     string // the token handed out last
}

func newTokens(s *settings, client *http.Client) (*tokens, error) {
	how, err := chooseSignIn(s, client)
	if err != nil {
		return nil, err
	}
	t := &tokens{settings: s, signIn: how}
	if err := t.restart(); err != nil {
		return nil, t.failed(err)
	}
	return t, nil
}

// restart makes a fresh credential, with an empty cache.
func (t *tokens) restart() error {
	cred, err := t.signIn.start()
	if err != nil {
		return err
	}
	p, err := kiotaazure.NewAzureIdentityAccessTokenProviderWithScopesAndValidHosts(cred,
		[]string{t.settings.scope}, []string{t.settings.endpoint.Hostname()})
	if err != nil {
		return err
	}
	t.provider = p
	return nil
}

// get is a valid token; the credential behind caches it until shortly before it expires.
func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ask(ctx, "")
}

// renew is a token other than the refused one. claims is the service's demand in a continuous access evaluation challenge, in
// base64, or empty. ok is false if there is no way to get another token.
func (t *tokens) renew(ctx context.Context, refused, claims string) (token string, ok bool, err error) {
	if t.signIn.fixed {
		return "", false, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last != refused {
		return t.last, true, nil // somebody else has renewed it already
	}
	if claims == "" {
		if err := t.restart(); err != nil {
			return "", false, t.failed(err)
		}
	}
	token, err = t.ask(ctx, claims)
	return token, err == nil, err
}

// renewLast gets another token than the one handed out last, if there is a way.
func (t *tokens) renewLast(ctx context.Context) error {
	t.mu.Lock()
	last := t.last
	t.mu.Unlock()
	_, _, err := t.renew(ctx, last, "")
	return err
}

func (t *tokens) ask(ctx context.Context, claims string) (string, error) {
	var extra map[string]any
	if claims != "" {
		extra = map[string]any{"claims": claims}
	}
	token, err := t.provider.GetAuthorizationToken(ctx, t.settings.endpoint, extra)
	if err == nil && token == "" {
		err = errors.New("no token was issued")
	}
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", t.failed(err)
	}
	t.last = token
	return token, nil
}

func (t *tokens) failed(err error) error {
	return &signInError{what: t.signIn.what, login: t.settings.login, configured: !t.signIn.guess, err: err}
}

// challengeClaims are the claims a 401 reply demands, in base64, or "".
func challengeClaims(h http.Header) string {
	m := regexp.MustCompile(`claims="([^"]+)"`).FindStringSubmatch(h.Get("WWW-Authenticate"))
	if m == nil {
		return ""
	}
	if _, err := base64.StdEncoding.DecodeString(m[1]); err != nil {
		return ""
	}
	return m[1]
}
