package graphd

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// ServicePrincipalID is the object id of the tenant's one application: what its tokens call oid. No user can have it.
const ServicePrincipalID = "d1f03301-0000-4000-8000-00000000000b"

// userWithoutRole is what tokens carry as a role of those who hold none.
const userWithoutRole = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"

// caller is who sends a request.
type caller uint8

const (
	anyCaller   caller = iota // the bearer of the static token, who may do everything
	application               // signed in with its own secret or certificate
	person                    // signed in through the application; see [Faults.SignedInAs]
)

// issueToken makes an access token: a JWT with the claims by which its bearer is known, and no valid signature. The service's own
// tokens have them too, though their form is for the service to know (access tokens reference).
func (t *Tenant) issueToken() string {
	to, claims := t.claims()
	header, _ := json.Marshal(map[string]string{"typ": "JWT", "alg": "RS256"})
	payload, _ := json.Marshal(claims)
	enc := base64.RawURLEncoding.EncodeToString
	token := enc(header) + "." + enc(payload) + "." + enc([]byte(rand.Text()+rand.Text()))
	t.tokens.add(token, to)
	return token
}

// claims are whom a token is issued to now: the application, or the person who is signed in by the tenant's manners.
func (t *Tenant) claims() (caller, map[string]any) {
	now := t.opts.Now()
	claims := map[string]any{"aud": "https://graph.microsoft.com", "iss": "https://sts.windows.net/" + t.ID() + "/", "iat": now.Unix(),
		"nbf": now.Unix(), "exp": now.Add(tokenLife).Unix(), "app_displayname": "dirform lab", "sub": ServicePrincipalID,
		"wids": []string{userWithoutRole}, "tid": t.ID(), "appid": t.opts.ClientID, "ver": "1.0", "oid": ServicePrincipalID, "idtyp": "app",
		"roles": t.Faults().permissions()}
	name := t.Faults().SignedInAs
	if name == "" {
		return application, claims
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	o := t.refer(name)
	if o == nil || o.kind != userKind {
		return application, claims
	}
	claims["sub"] = o.id.String()
	claims["oid"], claims["idtyp"], claims["upn"], claims["scp"] = o.id.String(), "user", text(o.rec.get(propUPN)), strings.Join(t.Faults().permissions(), " ")
	delete(claims, "roles")
	return person, claims
}
