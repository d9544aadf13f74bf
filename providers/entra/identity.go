package entra

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/dirform/dirform/providers"
)

// Identity says who is signed in, from the claims of the access token.
func (r *Reader) Identity(ctx context.Context) (providers.Identity, error) {
	token, err := r.client.Tokens.Get(ctx)
	if err != nil {
		return providers.Identity{}, err
	}
	return identityOf(token), nil
}

// identityOf reads who a token is for. Its signature is not verified: the token is meant for the service, which does that, and
// what it says serves only to recognise ourselves among the accounts, so that a forged one could do no more than protect an
// account too many. A token that is no JWT, which Microsoft reserves the right to issue (access tokens reference), tells nothing.
func identityOf(token string) providers.Identity {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return providers.Identity{}
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return providers.Identity{}
	}
	var claims struct {
		OID   string `json:"oid"`
		AppID string `json:"appid"` // in tokens of version 1.0, which Graph asks for
		Azp   string `json:"azp"`   // the same in version 2.0
		Type  string `json:"idtyp"` // "app" or "user"
		Scope string `json:"scp"`   // permissions of a signed-in person
	}
	if json.Unmarshal(raw, &claims) != nil {
		return providers.Identity{}
	}
	// idtyp may be missing; only a token for a person has scp then.
	user := claims.Type == "user" || claims.Type == "" && claims.Scope != ""
	return providers.Identity{ID: strings.ToLower(claims.OID), AppID: strings.ToLower(cmp.Or(claims.AppID, claims.Azp)), User: user && claims.OID != ""}
}

// SyncFeatures reads the tenant's switches for sync clients. It takes the delegated permission
// OnPremDirectorySynchronization.Read.All; there is none for applications, which are refused with 403 (permissions reference).
func (r *Reader) SyncFeatures(ctx context.Context) (providers.SyncFeatures, error) {
	type synchronization struct {
		Features struct {
			BlockHardMatch bool  `json:"blockCloudObjectTakeoverThroughHardMatchEnabled"`
			BlockSoftMatch bool  `json:"blockSoftMatchEnabled"`
			SoftMatchOnUPN *bool `json:"softMatchOnUpnEnabled"` // on by default
		} `json:"features"`
	}
	all, err := collect[synchronization](ctx, r.client, "/directory/onPremisesSynchronization", "")
	if err != nil {
		return providers.SyncFeatures{}, fmt.Errorf("reading the tenant's synchronisation settings: %w", err)
	}
	if len(all) != 1 { // a collection of one, documented; nothing follows from any other number
		return providers.SyncFeatures{}, nil
	}
	f := all[0].Features
	return providers.SyncFeatures{Known: true, BlockHardMatch: f.BlockHardMatch, BlockSoftMatch: f.BlockSoftMatch,
		SoftMatchOnUPN: f.SoftMatchOnUPN == nil || *f.SoftMatchOnUPN}, nil
}
