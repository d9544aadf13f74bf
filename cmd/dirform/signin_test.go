package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dirform/dirform/providers/lab"
)

// rehearsal is what scripts about signing in have at hand: a served tenant, and a service that plays what gives out
// tokens to jobs, pods and machines.
type rehearsal struct {
	access lab.EntraAccess
	issuer *tokenService
}

type rehearsalKey struct{}

func rehearsalOf(ts *testscript.TestScript) *rehearsal {
	return ts.Value(rehearsalKey{}).(*rehearsal)
}

// serveTenant is a command of scripts: "serve-tenant FOLDER" serves both sides of a seed, as "lab serve" does, and
// tells the script by the variables of a configuration and by AD_BIND_DN, AD_PASSWORD, CLIENT_ID, TENANT_ID, CLIENT_SECRET, APP_TOKEN (an access
// token of the application) and OTHER_TOKEN and ELSEWHERE_TOKEN, which are another application's and for another
// tenant.
func serveTenant(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve-tenant FOLDER")
	}
	l, err := lab.Open(lab.Options{Seed: ts.MkAbs(args[0])})
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	access, err := l.ServeEntra()
	ts.Check(err)
	ad, err := l.ServeAD()
	ts.Check(err)
	rehearsalOf(ts).access = access
	for name, value := range map[string]string{
		"DIRFORM_VAR_endpoint": access.Endpoint, "DIRFORM_VAR_authority": access.Authority,
		"DIRFORM_VAR_ca_file": access.CAFile,
		"DIRFORM_VAR_ad_url":  ad.URL, "AD_BIND_DN": ad.BindDN, "AD_PASSWORD": ad.Password, "DIRFORM_VAR_tenant_id": access.TenantID, "DIRFORM_VAR_client_id": access.ClientID,
		"CLIENT_ID": access.ClientID,
		"TENANT_ID": access.TenantID, "CLIENT_SECRET": access.ClientSecret, "APP_TOKEN": appToken(ts, access),
		"OTHER_TOKEN":     unsigned(map[string]any{"appid": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "tid": access.TenantID}),
		"ELSEWHERE_TOKEN": unsigned(map[string]any{"appid": access.ClientID, "tid": "d1f03301-0000-4000-8000-0000000000ee"}),
		"IN_AN_HOUR":      strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10),
	} {
		ts.Setenv(name, value)
	}
}

// appToken asks the tenant for an access token with the application's secret.
func appToken(ts *testscript.TestScript, access lab.EntraAccess) string {
	pemData, err := os.ReadFile(access.CAFile)
	ts.Check(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pemData)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer client.CloseIdleConnections()
	resp, err := client.PostForm(access.Authority+"/"+access.TenantID+"/oauth2/v2.0/token",
		url.Values{"grant_type": {"client_credentials"},
			"client_id": {access.ClientID}, "client_secret": {access.ClientSecret},
			"scope": {"https://graph.microsoft.com/.default"}})
	ts.Check(err)
	defer resp.Body.Close()
	var token struct {
		Access string `json:"access_token"`
	}
	ts.Check(json.NewDecoder(resp.Body).Decode(&token))
	return token.Access
}

// unsigned is a JWT with these claims, which nobody has signed.
func unsigned(claims map[string]any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"RS256","typ":"JWT","kid":"rehearsal"}`)) + "." + enc(payload) + "." +
		enc([]byte(marker+", which is no signature"))
}

// The job by which the token service knows who asks. Both are marked, so that they are found wherever they should not
// be.
const (
	jobToken = "job-" + marker
	issuedBy = "https://ci.example"
)

// tokenService plays the services that give tokens to jobs and machines, all at once, and the faults that scripts ask
// for.
type tokenService struct {
	mu     sync.Mutex
	claims map[string]any
	// fails are what befalls the next requests: an HTTP status, which Retry-After may follow after a colon, or "reset".
	fails  []string
	asked  int
	access lab.EntraAccess
	app    string // an access token of the tenant's application
}

// ServeHTTP answers as GitHub Actions does at /github, as Azure Pipelines at /pipelines, and as App Service's managed
// identity at /msi.
func (s *tokenService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if len(s.fails) > 0 {
		fault, after, _ := strings.Cut(s.fails[0], ":")
		s.fails = s.fails[1:]
		status, err := strconv.Atoi(fault)
		if err != nil {
			panic(http.ErrAbortHandler) // the connection is reset
		}
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(status)
		return
	}
	q := r.URL.Query()
	reply := map[string]any{}
	switch {
	case r.URL.Path == "/github" && r.Method == http.MethodGet && q.Get("run") == "1" && bearer(r):
		reply["value"] = s.token(q.Get("audience"))
	case r.URL.Path == "/pipelines" && r.Method == http.MethodPost && q.Get("api-version") == "7.1" &&
		q.Get("serviceConnectionId") == "connection-1" &&
		r.Header.Get("X-TFS-FedAuthRedirect") == "Suppress" && bearer(r):
		reply["oidcToken"] = s.token("api://AzureADTokenExchange")
	case r.URL.Path == "/msi" && r.Header.Get("X-IDENTITY-HEADER") == jobToken && q.Get("client_id") == s.access.ClientID:
		reply = map[string]any{"access_token": s.app, "token_type": "Bearer", "resource": q.Get("resource"),
			"expires_on": strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)}
	default:
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	json.NewEncoder(w).Encode(reply)
}

func bearer(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+jobToken }

// token is an identity token as the script wants it.
func (s *tokenService) token(audience string) string {
	claims := map[string]any{"iss": issuedBy, "sub": "repo:contoso/directory:ref:refs/heads/main", "aud": audience,
		"exp": time.Now().Add(5 * time.Minute).Unix(), "jti": marker}
	for name, value := range s.claims {
		claims[name] = value
	}
	return unsigned(claims)
}

// tokens is a command of scripts: "tokens SYSTEM [CLAIM=VALUE]... [fail=STATUS:SECONDS,reset,...]" gives the script the
// environment of a job or machine of that system, whose identity tokens have those claims, and whose next requests fail
// so. After "tokens asked N" the service must have been asked that often since.
func tokens(ts *testscript.TestScript, neg bool, args []string) {
	r := rehearsalOf(ts)
	if neg || len(args) == 0 || r.access.Endpoint == "" {
		ts.Fatalf("usage: tokens SYSTEM [CLAIM=VALUE]... [fail=STATUS,...], after serve-tenant")
	}
	if args[0] == "asked" {
		if got := strconv.Itoa(r.issuer.asked); len(args) != 2 || got != args[1] {
			ts.Fatalf("the token service was asked %s times", got)
		}
		return
	}
	s := &tokenService{claims: map[string]any{}, access: r.access, app: ts.Getenv("APP_TOKEN")}
	r.issuer = s
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		switch {
		case name == "fail":
			s.fails = strings.Split(value, ",")
		case name == "exp":
			d, err := time.ParseDuration(value)
			ts.Check(err)
			s.claims[name] = time.Now().Add(d).Unix()
		default:
			s.claims[name] = value
		}
	}
	for _, name := range []string{"ACTIONS_ID_TOKEN_REQUEST_URL", "SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN",
		"ARM_OIDC_TOKEN",
		"ARM_OIDC_TOKEN_FILE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT", "GITHUB_ACTIONS", "GITLAB_CI",
		"TF_BUILD"} {
		ts.Setenv(name, "")
	}
	srv := httptest.NewServer(s)
	ts.Defer(srv.Close)
	s.environment(ts, args[0], srv.URL)
}

// environment is what a system tells its jobs.
func (s *tokenService) environment(ts *testscript.TestScript, system, at string) {
	const aud = "api://AzureADTokenExchange"
	inFile := func() string {
		file := ts.MkAbs("identity-token")
		ts.Check(os.WriteFile(file, []byte(s.token(aud)+"\n"), 0o600))
		return file
	}
	vars := map[string]string{}
	switch system {
	case "none":
	case "github":
		vars = map[string]string{"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_URL": at + "/github?run=1",
			"ACTIONS_ID_TOKEN_REQUEST_TOKEN": jobToken}
	case "pipelines":
		vars = map[string]string{"TF_BUILD": "True", "SYSTEM_OIDCREQUESTURI": at + "/pipelines",
			"SYSTEM_ACCESSTOKEN":                     jobToken,
			"ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID": "connection-1"}
	case "gitlab":
		vars = map[string]string{"GITLAB_CI": "true", "ARM_OIDC_TOKEN": s.token(aud)}
	case "gitlab-file":
		vars = map[string]string{"GITLAB_CI": "true", "ARM_OIDC_TOKEN_FILE_PATH": inFile()}
	case "kubernetes":
		vars = map[string]string{"AZURE_FEDERATED_TOKEN_FILE": inFile()}
	case "app-service":
		vars = map[string]string{"IDENTITY_ENDPOINT": at + "/msi", "IDENTITY_HEADER": jobToken}
	default:
		ts.Fatalf("no token service is called %s", system)
	}
	for name, value := range vars {
		ts.Setenv(name, value)
	}
}

// rsaKey is a key for certificates; making one takes a while.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// certificate is a command of scripts: "certificate FILE LIFE [START]" writes a key and its certificate, which ends after
// LIFE and is in force after START, since ever without one. FILE.cert and FILE.key are the two alone.
func certificate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: certificate FILE LIFE [START]")
	}
	life, err := time.ParseDuration(args[1])
	ts.Check(err)
	var begin time.Time
	if len(args) > 2 {
		start, err := time.ParseDuration(args[2])
		ts.Check(err)
		begin = time.Now().Add(start)
	}
	key := rsaKey()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "dirform"},
		NotBefore: begin, NotAfter: time.Now().Add(life)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	ts.Check(err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	first := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	second := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for name, data := range map[string][]byte{"": slices.Concat(first, second), ".cert": first, ".key": second} {
		ts.Check(os.WriteFile(ts.MkAbs(args[0])+name, data, 0o600))
	}
}

// hushed is a command of scripts: "hushed FILE..." fails unless the marked secrets are in none of the files; "stdout"
// and "stderr" are the last command's.
func hushed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: hushed FILE...")
	}
	for _, name := range args {
		if text := ts.ReadFile(name); shows(text) || strings.Contains(text,
			rehearsalOf(ts).access.ClientSecret) {
			ts.Fatalf("%s shows a secret: %s", name, fmt.Sprintf("%.2000s", text))
		}
	}
}
