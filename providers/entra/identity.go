package entra

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/entra/internal/jwtclaims"
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
	claims := claimsOf(token)
	// idtyp may be missing; only a token for a person has scp then.
	user := claims.Type == "user" || claims.Type == "" && claims.Scope != ""
	return providers.Identity{ID: strings.ToLower(claims.OID), AppID: strings.ToLower(cmp.Or(claims.AppID, claims.Azp)), User: user && claims.OID != ""}
}

// claims is what of an access token is of interest.
type claims struct {
	OID   string   `json:"oid"`
	AppID string   `json:"appid"` // in tokens of version 1.0, which Graph asks for
	Azp   string   `json:"azp"`   // the same in version 2.0
	Type  string   `json:"idtyp"` // "app" or "user"
	Scope string   `json:"scp"`   // permissions of a signed-in person, separated by blanks
	Roles []string `json:"roles"` // permissions of an application
	Wids  []string `json:"wids"`  // template ids of directory roles
}

// claimsOf reads a token's claims; they are zero if it is no JWT.
func claimsOf(token string) (c claims) {
	if !jwtclaims.Read(token, &c) {
		return claims{}
	}
	return c
}

// defaultRoles are in the wids of tokens without any directory role being held.
var defaultRoles = []string{"0997a1d0-0d1d-4acb-b408-d5ca73121e90", "b79fbf4d-3ef9-4689-8143-76b194e85509"}

// Permissions are those that the access token carries. A directory role of an application may allow more than its permissions
// say, so that with one nothing is known.
func (r *Reader) Permissions(ctx context.Context) (held []string, known bool, err error) {
	token, err := r.client.Tokens.Get(ctx)
	if err != nil {
		return nil, false, err
	}
	held, known = permissionsOf(token)
	return held, known, nil
}

func permissionsOf(token string) (held []string, known bool) {
	c := claimsOf(token)
	if held = strings.Fields(c.Scope); len(held) > 0 {
		return held, !slices.Contains(held, ".default")
	}
	role := slices.ContainsFunc(c.Wids, func(id string) bool { return !slices.Contains(defaultRoles, strings.ToLower(id)) })
	return c.Roles, len(c.Roles) > 0 && !role
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
