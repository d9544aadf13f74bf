package signin

import (
	"net/http"
	"sync"
)

// Session is one sign-in for several readers and writers of a tenant, so that a run asks for a token once, and says
// once what there is to say about signing in. The zero value is ready to use.
type Session struct {
	mu     sync.Mutex
	who    identity
	tokens *Tokens
}

// identity is who signs in, by what, where and what for.
type identity struct{ tenant, app, secret, certificate, token, login, scope, endpoint string }

func (s *Settings) identity() identity {
	return identity{s.TenantID, s.ClientID, s.ClientSecret, s.CertificateFile, s.AccessToken, s.Login, s.Scope,
		s.Endpoint.String()}
}

// open is what New would make, or what was made before for the same identity.
func (x *Session) open(s *Settings, client *http.Client) (*Tokens, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.tokens != nil && x.who == s.identity() {
		return x.tokens, nil
	}
	t, err := open(s, client)
	if err == nil {
		x.who, x.tokens = s.identity(), t
	}
	return t, err
}
