package graphd_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

func (w *world) clientOptions() azcore.ClientOptions {
	return azcore.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: w.srv.URL}, Transport: w.srv.Client(),
		Retry: policy.RetryOptions{MaxRetries: -1}}
}

func TestClientSecret(t *testing.T) {
	w := serve(t, seed)
	o := &azidentity.ClientSecretCredentialOptions{ClientOptions: w.clientOptions(), DisableInstanceDiscovery: true}
	cred, err := azidentity.NewClientSecretCredential(w.ID(), clientID, secret, o)
	if err != nil {
		t.Fatal(err)
	}
	w.useToken(cred)
	cred, err = azidentity.NewClientSecretCredential(w.ID(), clientID, "wrong", o)
	if err != nil {
		t.Fatal(err)
	}
	_, err = cred.GetToken(context.Background(), policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
	if err == nil || !strings.Contains(err.Error(), "AADSTS7000215") {
		t.Errorf("a wrong secret gave %v", err)
	}
}

func TestClientCertificate(t *testing.T) {
	w := serve(t, seed)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "app"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := x509.ParseCertificate(der)
	cred, err := azidentity.NewClientCertificateCredential(w.ID(), clientID, []*x509.Certificate{cert}, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: w.clientOptions(), DisableInstanceDiscovery: true})
	if err != nil {
		t.Fatal(err)
	}
	w.useToken(cred)
}

// useToken gets a token, uses it, and sees it expire.
func (w *world) useToken(cred azcore.TokenCredential) {
	w.t.Helper()
	tok, err := cred.GetToken(context.Background(), policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.want(200, "GET", "/users", "", "Authorization", "Bearer "+tok.Token)
	w.ExpireTokens()
	got := w.want(401, "GET", "/users", "", "Authorization", "Bearer "+tok.Token)
	if got.str("error", "code") != "InvalidAuthenticationToken" {
		w.t.Error(got.text)
	}
}

func TestTokenRefusals(t *testing.T) {
	w := serve(t, seed)
	token := w.srv.URL + "/" + w.ID() + "/oauth2/v2.0/token"
	good := "grant_type=client_credentials&scope=x/.default&client_id=" + clientID + "&client_secret=" + secret
	for _, tt := range []struct{ url, form, code string }{
		{token, strings.Replace(good, clientID, "other", 1), "AADSTS700016"},
		{token, strings.Replace(good, ".default", "User.Read", 1), "AADSTS1002012"},
		{token, strings.Replace(good, "client_credentials", "password", 1), "AADSTS70003"},
		{strings.Replace(token, w.ID(), "no-such-tenant", 1), good, "AADSTS90002"},
		{token, strings.Replace(good, "client_secret="+secret, "client_assertion=a.b.c", 1), "AADSTS700027"},
	} {
		got := w.do("POST", tt.url, tt.form, "Content-Type", "application/x-www-form-urlencoded")
		if got.status < 400 || !strings.HasPrefix(got.str("error_description"), tt.code) {
			t.Errorf("%s: %d %s", tt.code, got.status, got.text)
		}
	}
	w.want(200, "POST", token, good, "Content-Type", "application/x-www-form-urlencoded")
	w.want(401, "GET", "/users", "", "Authorization", "")
	w.want(401, "GET", "/users", "", "Authorization", "Bearer x")
}
