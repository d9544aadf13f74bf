package signin

import (
	"context"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// fixedToken is a credential that has just the one token.
type fixedToken struct {
	token string
	now   func() time.Time
}

func (t fixedToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: t.token, ExpiresOn: t.now().Add(time.Hour)}, nil
}

// remembered keeps a credential's token until shortly before it ends. Some of azidentity's credentials do so
// themselves; those that start a program for each token don't.
type remembered struct {
	next azcore.TokenCredential
	now  func() time.Time

	mu    sync.Mutex // held while a token is asked for: whoever needs one meanwhile waits for the same
	token azcore.AccessToken
	renew time.Time // when to ask for another
}

// When a token is renewed before its end, and how long the old one goes on being used if that fails.
const (
	early     = 5 * time.Minute  // or a fifth of the token's life, if that is shorter
	lastGasp  = time.Minute      // before its end a token is not used any more if there is another way
	nextTrial = 30 * time.Second // after a renewal that failed
)

// GetToken is the kept token, or a new one. One that answers a claims challenge is always new, as the service refuses
// the old one.
func (r *remembered) GetToken(ctx context.Context, opts policy.TokenRequestOptions) (azcore.AccessToken, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if opts.Claims == "" && now.Before(r.renew) {
		return r.token, nil
	}
	token, err := r.next.GetToken(ctx, opts)
	switch {
	case err == nil:
		r.token, r.renew = token, renewal(token, now)
	case opts.Claims == "" && ctx.Err() == nil && now.Add(lastGasp).Before(r.token.ExpiresOn):
		r.renew = now.Add(nextTrial)
		return r.token, nil
	}
	return token, err
}

// renewal is when a token that was got just now is to be replaced.
func renewal(t azcore.AccessToken, now time.Time) time.Time {
	at := t.ExpiresOn.Add(-min(early, t.ExpiresOn.Sub(now)/5))
	if !t.RefreshOn.IsZero() && t.RefreshOn.Before(at) {
		return t.RefreshOn
	}
	return at
}
