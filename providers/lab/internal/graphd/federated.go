package graphd

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// FederatedCredential says whose word the tenant's application may sign in by, as Graph's federatedIdentityCredential
// does. All of it is compared letter by letter.
type FederatedCredential struct {
	Name      string   `json:"name"`
	Issuer    string   `json:"issuer"`
	Subject   string   `json:"subject"`
	Audiences []string `json:"audiences"`
}

// parseFederated reads the value of a seed's key "federatedIdentityCredentials".
func parseFederated(raw []byte) (list []FederatedCredential, err error) {
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil,
			fmt.Errorf("federatedIdentityCredentials is a list of objects with name, issuer, subject and audiences: %w", err)
	}
	for _, f := range list {
		if f.Issuer == "" || f.Subject == "" || len(f.Audiences) != 1 {
			return nil, fmt.Errorf("the federated credential %q needs an issuer, a subject and one audience", f.Name)
		}
	}
	return list, nil
}

// checkTrust looks for a federated credential that an assertion fits, and says what does not fit, in the service's
// words. Whose key signed the assertion is not checked: the lab does not ask the issuer for its keys, as the service
// does.
func (t *Tenant) checkTrust(a *assertion) *oauthError {
	refuse := func(number int, what, value string) *oauthError {
		return &oauthError{401, "invalid_client", "No matching federated identity record found for presented assertion " +
			what + " '" + value +
			"'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.", number}
	}
	c := &a.claims
	t.mu.RLock()
	list := t.trusts
	t.mu.RUnlock()
	if list = among(list, func(f FederatedCredential) bool { return f.Issuer == c.Iss }); len(list) == 0 {
		return refuse(700211, "issuer", c.Iss)
	}
	if list = among(list, func(f FederatedCredential) bool { return f.Subject == c.Sub }); len(list) == 0 {
		return refuse(700213, "subject", c.Sub)
	}
	if list = among(list, func(f FederatedCredential) bool { return slices.Equal(f.Audiences, c.Aud) }); len(list) == 0 {
		return refuse(700212, "audience", strings.Join(c.Aud, ","))
	}
	return nil
}

// among are the entries of a list that are as wanted.
func among(list []FederatedCredential, wanted func(FederatedCredential) bool) (those []FederatedCredential) {
	for _, f := range list {
		if wanted(f) {
			those = append(those, f)
		}
	}
	return those
}
