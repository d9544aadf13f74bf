package signin

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/dirform/dirform/providers/entra/internal/jwtclaims"
	"github.com/dirform/dirform/state/fault"
)

// azureCLI is the application as which people sign in with "az login" (Microsoft's list of its own applications).
const azureCLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

// owner is whose an access token is, as far as it tells.
type owner struct {
	AppID  string `json:"appid"` // in tokens of version 1.0
	Azp    string `json:"azp"`   // the same in version 2.0
	Tenant string `json:"tid"`
}

// checkOwner refuses a token of another application or tenant than the configuration names, which could do something
// else somewhere else. what is the way by which it was got. A token that is no JWT tells nothing and passes; so does a
// tenant that is named by one of its domains.
func (s *Settings) checkOwner(token, what string) error {
	var o owner
	if !jwtclaims.Read(token, &o) {
		return nil
	}
	app := cmp.Or(o.AppID, o.Azp)
	if app != "" && s.ClientID != "" && !strings.EqualFold(app, s.ClientID) {
		f := &fault.Error{Summary: "the access token is another application's",
			Detail: fmt.Sprintf("It is one of application %s, by way of %s, and client_id in the provider block is %s. It "+
				"was not used.", quoted(app), what, s.ClientID),
			Hint: "Give that application a credential, or correct client_id. Without client_id, whoever signs in by this way " +
				"is taken. \"dirform help sign-in\" has all ways."}
		if strings.EqualFold(app, azureCLI) {
			f.Hint = "A person is signed in there. To run as that person, leave client_id out; to run as the application, " +
				"sign in with \"az login --service-principal --username " + s.ClientID + " --tenant " + cmp.Or(s.TenantID,
				"TENANT") + "\"."
		}
		return f
	}
	if _, err := uuid.Parse(s.TenantID); err == nil && o.Tenant != "" && !strings.EqualFold(o.Tenant, s.TenantID) {
		return &fault.Error{Summary: "the access token is for another tenant",
			Detail: fmt.Sprintf("It is for tenant %s, by way of %s, and tenant_id in the provider block is %s. It was not used.",
				quoted(o.Tenant), what, s.TenantID),
			Hint: "Sign in to that tenant, or correct tenant_id."}
	}
	return nil
}
