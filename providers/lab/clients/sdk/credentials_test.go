package sdk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/dirform/dirform/providers/lab/clients/served"
)

var graphScope = policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}}

func TestClientSecretCredential(t *testing.T) {
	lab := served.Start(t)
	tok, err := withSecret(t, lab, lab.Entra.ClientSecret).GetToken(t.Context(), graphScope)
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(tok.ExpiresOn); left < 50*time.Minute || left > 61*time.Minute {
		t.Errorf("the token lives %s", left)
	}
	_, err = withSecret(t, lab, "wrong").GetToken(t.Context(), graphScope)
	if err == nil || !strings.Contains(err.Error(), "AADSTS7000215") {
		t.Errorf("a wrong secret gave %v", err)
	}
}

// Where a certificate is registered its key opens the door and no other does; where none is, every well-formed assertion does.
func TestClientCertificateCredential(t *testing.T) {
	cert, key, file := application(t)
	other, otherKey, _ := application(t)
	open, closed := served.Start(t), served.Start(t, "--client-certificate", file)
	for _, lab := range []served.Lab{open, closed} {
		c := newClient(t, lab, withCertificate(t, lab, cert, key))
		if _, err := c.users.ByUserId("user000@contoso.com").Get(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	if _, err := withCertificate(t, open, other, otherKey).GetToken(t.Context(), graphScope); err != nil {
		t.Errorf("without a registered certificate: %v", err)
	}
	_, err := withCertificate(t, closed, other, otherKey).GetToken(t.Context(), graphScope)
	if err == nil || !strings.Contains(err.Error(), "AADSTS700027") {
		t.Errorf("another certificate gave %v", err)
	}
}
