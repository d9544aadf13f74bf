package graphd_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/dirform/dirform/providers/lab/internal/graphd"
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

// application makes a certificate and its key.
func application(t *testing.T) (*x509.Certificate, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "app"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// Without a registered certificate any well-formed assertion will do; with one only those that it signed.
func TestClientCertificate(t *testing.T) {
	cert, key := application(t)
	other, otherKey := application(t)
	for _, tt := range []struct {
		name       string
		registered *x509.Certificate
		cert       *x509.Certificate
		key        *rsa.PrivateKey
		refused    string
	}{
		{"none registered", nil, cert, key, ""},
		{"registered", cert, cert, key, ""},
		{"another's", cert, other, otherKey, "AADSTS700027"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := serve(t, seed)
			w.SetCertificate(tt.registered)
			cred, err := azidentity.NewClientCertificateCredential(w.ID(), clientID, []*x509.Certificate{tt.cert}, tt.key,
				&azidentity.ClientCertificateCredentialOptions{ClientOptions: w.clientOptions(), DisableInstanceDiscovery: true})
			if tt.refused == "" && err == nil {
				w.useToken(cred)
				return
			}
			if err == nil {
				_, err = cred.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
			}
			if tt.refused == "" || err == nil || !strings.Contains(err.Error(), tt.refused) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A thumbprint is public: who names the certificate must have its key, too.
func TestForgedAssertion(t *testing.T) {
	cert, key := application(t)
	_, otherKey := application(t)
	w := serve(t, seed)
	w.SetCertificate(cert)
	url := w.srv.URL + "/" + w.ID() + "/oauth2/v2.0/token"
	b64 := base64.RawURLEncoding.EncodeToString
	thumb := sha256.Sum256(cert.Raw)
	signed := b64(fmt.Appendf(nil, `{"alg":"RS256","typ":"JWT","x5t#S256":%q}`, b64(thumb[:]))) + "." +
		b64(fmt.Appendf(nil, `{"iss":%q,"sub":%q,"aud":[%q],"exp":%d}`, clientID, clientID, url, time.Now().Add(time.Minute).Unix()))
	digest := sha256.Sum256([]byte(signed))
	for signer, status := range map[*rsa.PrivateKey]int{key: 200, otherKey: 401} {
		signature, err := rsa.SignPKCS1v15(nil, signer, crypto.SHA256, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		w.want(status, "POST", url, "grant_type=client_credentials&scope=x/.default&client_id="+clientID+"&client_assertion="+signed+"."+b64(signature)+
			"&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "Content-Type", "application/x-www-form-urlencoded")
	}
}

// An assertion is refused for what is wrong with it, even where no certificate is registered.
func TestAssertionRefusals(t *testing.T) {
	w := serve(t, seed)
	url := w.srv.URL + "/" + w.ID() + "/oauth2/v2.0/token"
	in := time.Now().Add(time.Hour).Unix()
	const header = `{"alg":"RS256","typ":"JWT","x5t":"AAAA"}`
	claims := func(iss, aud string, exp int64) string {
		return fmt.Sprintf(`{"iss":%q,"sub":%q,"aud":%q,"exp":%d}`, iss, iss, aud, exp)
	}
	for _, tt := range []struct{ name, header, claims, code string }{
		{"good", header, claims(clientID, url, in), ""},
		{"unsigned", `{"alg":"none","x5t":"AAAA"}`, claims(clientID, url, in), "AADSTS50027:"},
		{"no thumbprint", `{"alg":"RS256"}`, claims(clientID, url, in), "AADSTS50027:"},
		{"not JSON", header, "x", "AADSTS50027:"},
		{"other application", header, claims("other", url, in), "AADSTS700021:"},
		{"other audience", header, claims(clientID, "https://login.example/x", in), "AADSTS700023:"},
		{"expired", header, claims(clientID, url, time.Now().Add(-time.Hour).Unix()), "AADSTS700024:"},
		{"never expires", header, strings.Replace(claims(clientID, url, in), `"exp"`, `"x"`, 1), "AADSTS700024:"},
		{"not yet", header, strings.Replace(claims(clientID, url, in), `{`, fmt.Sprintf(`{"nbf":%d,`, in), 1), "AADSTS700024:"},
	} {
		b64 := base64.RawURLEncoding.EncodeToString
		jwt := b64([]byte(tt.header)) + "." + b64([]byte(tt.claims)) + "." + b64([]byte("signature"))
		form := "grant_type=client_credentials&scope=x/.default&client_id=" + clientID + "&client_assertion=" + jwt
		got := w.do("POST", url, form+"&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
			"Content-Type", "application/x-www-form-urlencoded")
		if (got.status == 200) != (tt.code == "") || !strings.HasPrefix(got.str("error_description"), tt.code) {
			t.Errorf("%s: %d %s", tt.name, got.status, got.text)
		}
		if got := w.do("POST", url, form, "Content-Type", "application/x-www-form-urlencoded"); got.status != 400 {
			t.Errorf("%s without its type: %d", tt.name, got.status)
		}
	}
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
		{token, strings.Replace(good, "client_secret="+secret, "client_assertion=a.b.c", 1), "AADSTS900144"},
		{token, strings.Replace(good, "&client_secret="+secret, "", 1), "AADSTS7000218"},
		{token, strings.Replace(good, secret, "wrong", 1), "AADSTS7000215"},
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

// The word of others counts where a federated credential says so, to the letter.
func TestFederatedAssertion(t *testing.T) {
	w := serve(t, `{"federatedIdentityCredentials": [
		{"name": "a", "issuer": "https://ci.example", "subject": "branch:main", "audiences": ["api://x"]},
		{"name": "b", "issuer": "https://ci.example", "subject": "branch:next", "audiences": ["api://y"]}]}`)
	url := w.srv.URL + "/" + w.ID() + "/oauth2/v2.0/token"
	soon := time.Now().Add(time.Minute).Unix()
	for _, tt := range []struct {
		iss, sub, aud string
		exp           int64
		code          string
	}{
		{"https://ci.example", "branch:main", `"api://x"`, soon, ""},
		{"https://ci.example", "branch:next", `["api://y"]`, soon, ""},
		{"https://ci.example", "branch:main", `"api://y"`, soon, "AADSTS700212: "},
		{"https://ci.example", "branch:main", `["api://x","api://y"]`, soon, "AADSTS700212: "},
		{"https://ci.example", "branch:Main", `"api://x"`, soon, "AADSTS700213: "},
		{"https://ci.example/", "branch:main", `"api://x"`, soon, "AADSTS700211: "},
		{"https://ci.example", "branch:main", `"api://x"`, soon - 3600, "AADSTS700024: "},
	} {
		b64 := base64.RawURLEncoding.EncodeToString
		jwt := b64([]byte(`{"alg":"RS256","kid":"k"}`)) + "." +
			b64(fmt.Appendf(nil, `{"iss":%q,"sub":%q,"aud":%s,"exp":%d}`, tt.iss, tt.sub, tt.aud, tt.exp)) + "." + b64([]byte("signature"))
		got := w.do("POST", url, "grant_type=client_credentials&scope=x/.default&client_id="+clientID+"&client_assertion="+jwt+
			"&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "Content-Type", "application/x-www-form-urlencoded")
		if (got.status == 200) != (tt.code == "") || !strings.HasPrefix(got.str("error_description"), tt.code) {
			t.Errorf("%v: %d %s", tt, got.status, got.text)
		}
	}
}

func TestFederatedSeedMistakes(t *testing.T) {
	for _, list := range []string{`{}`, `[{"issuer":"a","subject":"b"}]`, `[{"issuer":"a","subject":"b","audiences":["c","d"]}]`, `[{"subject":"b","audiences":["c"]}]`} {
		err := graphd.New(graphd.Options{}).LoadSeed(strings.NewReader(`{"federatedIdentityCredentials": `+list+`}`), "tenant.json")
		if err == nil || !strings.Contains(err.Error(), "federated") {
			t.Errorf("%s: %v", list, err)
		}
	}
}
