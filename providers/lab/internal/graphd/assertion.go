package graphd

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"time"
)

// jwtBearer is the only type of client assertion (RFC 7523).
const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// clockSkew is how far a client's clock may be off, as the service documents for token lifetimes.
const clockSkew = 5 * time.Minute

// assertion is a signed JWT in which a client says who it is.
type assertion struct {
	header struct {
		Alg, Typ string
		Thumb    string `json:"x5t"`
		Thumb256 string `json:"x5t#S256"`
	}
	claims struct {
		Iss, Sub string
		Aud      audience
		Exp      *float64
		Nbf      *float64
	}
	signed    string // what the signature is over
	signature []byte
}

// audience is one text or a list of them, as RFC 7519 allows.
type audience []string

func (a *audience) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}

// federated reports whether an assertion is somebody else's word for the client, not the client's own: it names no certificate.
func (a *assertion) federated(clientID string) bool {
	return a.header.Thumb == "" && a.header.Thumb256 == "" && !strings.EqualFold(a.claims.Iss, clientID)
}

// parseAssertion takes a compact JWS apart.
func parseAssertion(jwt string) (*assertion, bool) {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return nil, false
	}
	var raw [3][]byte
	for i, p := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.DecodeString(p); err != nil || len(raw[i]) == 0 {
			return nil, false
		}
	}
	a := &assertion{signed: parts[0] + "." + parts[1], signature: raw[2]}
	if json.Unmarshal(raw[0], &a.header) != nil || json.Unmarshal(raw[1], &a.claims) != nil {
		return nil, false
	}
	h := &a.header
	return a, (h.Alg == "RS256" || h.Alg == "PS256") && (h.Typ == "" || strings.EqualFold(h.Typ, "JWT"))
}

// checkAssertion checks a client assertion for the token endpoint at this address: its form, whom it is about, for whom it is,
// and that it is in force. One that somebody else has issued must fit a federated credential. Whether the application's key signed it is checked only if the tenant knows a certificate, since
// without one there is nothing to check it against.
func (t *Tenant) checkAssertion(form url.Values, endpoint string) *oauthError {
	refuse := func(number int, description string) *oauthError {
		return &oauthError{401, "invalid_client", description, number}
	}
	if form.Get("client_assertion_type") != jwtBearer {
		return &oauthError{400, "invalid_request", "The request body must contain the following parameter: 'client_assertion_type' with value '" +
			jwtBearer + "'.", 900144}
	}
	a, ok := parseAssertion(form.Get("client_assertion"))
	if !ok {
		return refuse(50027, "JWT token is invalid or malformed.")
	}
	now := float64(t.opts.Now().Unix())
	c, registered := &a.claims, t.tokens.certificate()
	federated := a.federated(t.opts.ClientID)
	switch {
	case !federated && a.header.Thumb == "" && a.header.Thumb256 == "":
		return refuse(50027, "JWT token is invalid or malformed.")
	case federated && (c.Exp == nil || *c.Exp+clockSkew.Seconds() < now || c.Nbf != nil && *c.Nbf-clockSkew.Seconds() > now):
		return refuse(700024, "Client assertion is not within its valid time range.")
	case federated:
		return t.checkTrust(a)
	case !strings.EqualFold(c.Iss, t.opts.ClientID) || !strings.EqualFold(c.Sub, t.opts.ClientID):
		return refuse(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
	case !c.Aud.names(endpoint):
		return refuse(700023, "Client assertion audience claim does not match Realm issuer. It must be "+endpoint+".")
	case c.Exp == nil, *c.Exp+clockSkew.Seconds() < now, c.Nbf != nil && *c.Nbf-clockSkew.Seconds() > now:
		return refuse(700024, "Client assertion is not within its valid time range.")
	case registered != nil && !a.signedBy(registered):
		return refuse(700027, "Client assertion failed signature validation: the application's certificate did not sign it.")
	}
	return nil
}

func (a audience) names(endpoint string) bool {
	for _, s := range a {
		if strings.EqualFold(strings.TrimSuffix(s, "/"), endpoint) {
			return true
		}
	}
	return false
}

// signedBy reports whether an assertion names this certificate and carries its key's signature.
func (a *assertion) signedBy(cert *x509.Certificate) bool {
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return false
	}
	one, two := sha1.Sum(cert.Raw), sha256.Sum256(cert.Raw)
	if a.header.Thumb256 != "" && !isThumbprint(a.header.Thumb256, two[:]) || a.header.Thumb != "" && !isThumbprint(a.header.Thumb, one[:]) {
		return false
	}
	digest := sha256.Sum256([]byte(a.signed))
	if a.header.Alg == "PS256" {
		return rsa.VerifyPSS(key, crypto.SHA256, digest[:], a.signature, nil) == nil
	}
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], a.signature) == nil
}

// isThumbprint compares a digest with its text; Microsoft's own library writes it in the alphabet that is not for URLs.
func isThumbprint(text string, digest []byte) bool {
	text = strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(text)
	return text == base64.RawURLEncoding.EncodeToString(digest)
}
