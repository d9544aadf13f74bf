package signin

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	kiotaazure "github.com/microsoft/kiota-authentication-azure-go"
)

// Tokens hands out access tokens for the one host of the configuration.
type Tokens struct {
	settings *Settings
	signIn   signIn

	mu       sync.Mutex // held while a token is asked for: whoever needs one meanwhile waits for the same
	cred     azcore.TokenCredential
	provider *kiotaazure.AzureIdentityAccessTokenProvider
	last     string // the token handed out last
}

// New chooses how to sign in and makes the credential; it asks for no token yet. client carries the requests for
// tokens. With a Session there may be one already.
func New(s *Settings, client *http.Client) (*Tokens, error) {
	if s.Session != nil {
		return s.Session.open(s, client)
	}
	return open(s, client)
}

func open(s *Settings, client *http.Client) (*Tokens, error) {
	s.defaults()
	how, err := choose(s, client)
	if err != nil {
		return nil, err
	}
	t := &Tokens{settings: s, signIn: how}
	if err := t.restart(); err != nil {
		return nil, t.failed(err)
	}
	return t, nil
}

// restart makes a fresh credential, with an empty cache.
func (t *Tokens) restart() error {
	cred, err := t.signIn.start()
	if err != nil {
		return err
	}
	kept := &remembered{next: cred, now: t.settings.Now}
	p, err := kiotaazure.NewAzureIdentityAccessTokenProviderWithScopesAndValidHosts(kept,
		[]string{t.settings.Scope}, []string{t.settings.Endpoint.Hostname()})
	if err != nil {
		return err
	}
	t.cred, t.provider = cred, p
	return nil
}

// Get is a valid token, which is asked for once and kept until shortly before it ends.
func (t *Tokens) Get(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ask(ctx, "")
}

// Renew is a token other than the refused one. claims is the service's demand in a continuous access evaluation
// challenge, in base64, or empty. ok is false if there is no way to get another token.
func (t *Tokens) Renew(ctx context.Context, refused, claims string) (token string, ok bool, err error) {
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

// RenewLast gets another token than the one handed out last, if there is a way.
func (t *Tokens) RenewLast(ctx context.Context) error {
	t.mu.Lock()
	last := t.last
	t.mu.Unlock()
	_, _, err := t.Renew(ctx, last, "")
	return err
}

func (t *Tokens) ask(ctx context.Context, claims string) (string, error) {
	var extra map[string]any
	if claims != "" {
		extra = map[string]any{"claims": claims}
	}
	token, err := t.provider.GetAuthorizationToken(ctx, t.settings.Endpoint, extra)
	if err == nil && token == "" {
		err = errors.New("no token was issued")
	}
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", t.failed(err)
	}
	if token != t.last {
		if err := t.settings.checkOwner(token, t.way()); err != nil {
			return "", t.failed(&unasked{err})
		}
	}
	t.last = token
	return token, nil
}

// way names the way to sign in that gave the last token.
func (t *Tokens) way() string {
	if m, ok := t.cred.(*machine); ok {
		return m.way()
	}
	return t.signIn.what
}

func (t *Tokens) failed(err error) error {
	var early *unasked
	e := &Error{what: t.signIn.what, login: t.settings.Login, configured: !t.signIn.guess, missing: t.signIn.missing,
		err:    err,
		answer: answerOf(err), asked: !errors.As(err, &early)}
	if x, ok := t.cred.(*exchange); ok && e.asked {
		e.hint, e.answer.words = x.advice(e.answer.codes), x.hush(e.answer.words)
	}
	return e
}

// ChallengeClaims are the claims a 401 reply demands, in base64, or "".
func ChallengeClaims(h http.Header) string {
	_, rest, _ := strings.Cut(h.Get("WWW-Authenticate"), `claims="`)
	claims, _, ended := strings.Cut(rest, `"`)
	if _, err := base64.StdEncoding.DecodeString(claims); err != nil || !ended {
		return ""
	}
	return claims
}
