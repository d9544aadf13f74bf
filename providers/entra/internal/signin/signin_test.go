package signin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/dirform/dirform/state/fault"
)

// told is an error's words and what it says is to be done.
func told(err error) string { return err.Error() + "\n" + fault.Hint(err) }

func unsigned(claims map[string]any) string {
	payload, _ := json.Marshal(claims)
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"RS256"}`)) + "." + enc(payload) + ".c2lnbg"
}

// world plays an authority, the token service of a CI system, and what stands in the environment.
type world struct {
	*httptest.Server
	Settings
	env    map[string]string
	ci     func(n int, w http.ResponseWriter, r *http.Request) // answers the n-th request, from 1; nil is never asked
	slept  []time.Duration
	warned []string

	mu     sync.Mutex
	asked  int          // of the CI system
	forms  []url.Values // of requests for access tokens
	now    time.Time
	answer func(n int, w http.ResponseWriter) // of the authority, to the n-th request, from 1
}

func newWorld(t *testing.T) *world {
	t.Helper()
	x := &world{env: map[string]string{}, now: time.Now()}
	x.answer = func(n int, w http.ResponseWriter) {
		fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"token-%d"}`, n)
	}
	x.Server = httptest.NewTLSServer(x)
	t.Cleanup(x.Close)
	endpoint, err := url.Parse(x.URL + "/v1.0")
	if err != nil {
		t.Fatal(err)
	}
	x.Settings = Settings{TenantID: "8d0f1b1e-5c0a-4f0e-9d27-6f3a2c1b0a99", ClientID: "app", Authority: x.URL,
		Login: x.URL,
		Scope: "https://graph.microsoft.com/.default", Endpoint: endpoint,
		Getenv: func(name string) string { return x.env[name] },
		Now:    func() time.Time { return x.now }, Warn: func(s string) { x.warned = append(x.warned, s) },
		Sleep: func(_ context.Context, d time.Duration) error { x.slept = append(x.slept, d); return nil }}
	return x
}

func (x *world) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	base := x.URL + "/" + x.TenantID
	switch {
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		fmt.Fprintf(w,
			`{"issuer":"%s/v2.0","authorization_endpoint":"%s/oauth2/v2.0/authorize","token_endpoint":"%s/oauth2/v2.0/token"}`,
			base, base, base)
	case strings.HasSuffix(r.URL.Path, "/token"):
		_ = r.ParseForm()
		x.forms = append(x.forms, r.PostForm)
		x.answer(len(x.forms), w)
	default:
		x.asked++
		x.ci(x.asked, w, r)
	}
}

// gitHub makes this a job of GitHub Actions, whose token service answers with ci.
func (x *world) gitHub(ci func(n int, w http.ResponseWriter, r *http.Request)) {
	x.ci = ci
	x.env["ACTIONS_ID_TOKEN_REQUEST_URL"], x.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = x.URL+"/github?v=2", "job-secret"
}

func (x *world) tokens(t *testing.T) *Tokens {
	t.Helper()
	client := x.Client()
	client.Timeout = time.Second / 4
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if bottom, ok := client.Transport.(*http.Transport); ok {
		bottom.DisableKeepAlives = true // net/http would repeat a request on a connection that it had kept
	}
	client.Transport = Guard(&x.Settings, client.Transport)
	tokens, err := New(&x.Settings, client)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func issue(w http.ResponseWriter) {
	fmt.Fprintf(w, `{"value":%q}`, unsigned(map[string]any{"iss": "i"}))
}

// The token service of a CI system is asked again when it falters in passing, for a bounded time, and at once given up
// when it refuses. In each case it is the one that is named.
func TestTokenServiceFalters(t *testing.T) {
	status := func(s int, header ...string) func(int, http.ResponseWriter, *http.Request) {
		return func(n int, w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(s)
		}
	}
	reset := func(int, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	silent := func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	half := func(_ int, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"val`) }
	const s = time.Second
	for name, c := range map[string]struct {
		fault func(int, http.ResponseWriter, *http.Request)
		times int // that it happens
		asked int
		slept time.Duration
		want  string // "" is a token
	}{
		"500 once":          {status(500), 1, 2, s / 2, ""},
		"502, 503, 504":     {status(503), 3, 4, s/2 + s + 2*s, ""},
		"429 with a wait":   {status(429, "Retry-After", "20"), 1, 2, 20 * s, ""},
		"reset":             {reset, 2, 3, s/2 + s, ""},
		"silence":           {silent, 1, 2, s / 2, ""},
		"500 for ever":      {status(500), 99, 5, s/2 + s + 2*s + 4*s, "asked 5 times, it answered HTTP 500"},
		"reset for ever":    {reset, 99, 5, s/2 + s + 2*s + 4*s, "asked 5 times, it could not be reached: "},
		"429 for an hour":   {status(429, "Retry-After", "3600"), 99, 1, 0, "wants to be asked again in 1h0m0s"},
		"401":               {status(401), 99, 1, 0, "id-token: write"},
		"redirect":          {status(302, "Location", "https://login.example"), 99, 1, 0, "HTTP 302"},
		"no token":          {half, 99, 1, 0, "without a token"},
		"404, a wrong path": {status(404), 99, 1, 0, "HTTP 404"},
	} {
		t.Run(name, func(t *testing.T) {
			x := newWorld(t)
			x.gitHub(func(n int, w http.ResponseWriter, r *http.Request) {
				if n <= c.times {
					c.fault(n, w, r)
					return
				}
				issue(w)
			})
			_, err := x.tokens(t).Get(t.Context())
			var slept time.Duration
			for _, d := range x.slept {
				slept += d
			}
			if x.asked != c.asked || slept != c.slept || (err == nil) != (c.want == "") {
				t.Errorf("asked %d times, slept %v: %v", x.asked, slept, err)
			}
			if err == nil {
				return
			}
			if msg := told(err); !strings.Contains(msg, c.want) || !strings.Contains(msg,
				"the token service of GitHub Actions") ||
				strings.Contains(msg, x.URL) || strings.Contains(msg, "job-secret") || strings.Contains(msg, "authority") ||
				len(x.forms) > 0 {
				t.Error(msg)
			}
		})
	}
}

// A long wait is told, so that a job doesn't look as if it hung.
func TestTokenServiceWaitIsTold(t *testing.T) {
	x := newWorld(t)
	x.gitHub(func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(429)
			return
		}
		issue(w)
	})
	if _, err := x.tokens(t).Get(t.Context()); err != nil || len(x.warned) != 1 || !strings.Contains(x.warned[0],
		"waiting 30s") {
		t.Errorf("%v, %q", err, x.warned)
	}
}

// A token is asked for once in its life, whoever needs it at once, and an identity token anew for each.
func TestOneTokenForItsLife(t *testing.T) {
	x := newWorld(t)
	issued := 0
	x.gitHub(func(n int, w http.ResponseWriter, _ *http.Request) {
		issued++
		fmt.Fprintf(w, `{"value":%q}`, unsigned(map[string]any{"iss": "i", "n": n}))
	})
	tokens := x.tokens(t)
	get := func(want string) {
		t.Helper()
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				if got, err := tokens.Get(t.Context()); got != want || err != nil {
					t.Errorf("%q, %v", got, err)
				}
			})
		}
		all.Wait()
	}
	get("token-1")
	x.now = x.now.Add(54 * time.Minute)
	get("token-1")
	if issued != 1 || len(x.forms) != 1 {
		t.Errorf("%d identity tokens, %d access tokens", issued, len(x.forms))
	}
	if token, ok, err := tokens.Renew(t.Context(), "token-1", ""); token != "token-2" || !ok || err != nil || issued != 2 {
		t.Errorf("%q, %v, %v, %d identity tokens", token, ok, err, issued)
	}
	if a, b := x.forms[0].Get("client_assertion"), x.forms[1].Get("client_assertion"); a == b || a == "" || b == "" {
		t.Errorf("the same identity token was used twice: %s", a)
	}
}

// source of access tokens for tests of remembering.
type counted struct {
	life  time.Duration
	now   func() time.Time
	asked int
	err   error
}

func (c *counted) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.asked++
	return azcore.AccessToken{Token: fmt.Sprint(c.asked), ExpiresOn: c.now().Add(c.life)}, c.err
}

func TestRemembered(t *testing.T) {
	at := time.Now()
	now := func() time.Time { return at }
	next := &counted{life: time.Hour, now: now}
	r := &remembered{next: next, now: now}
	get := func(want, claims string) {
		t.Helper()
		if got, err := r.GetToken(t.Context(), policy.TokenRequestOptions{Claims: claims}); got.Token != want || err != nil {
			t.Errorf("%q, %v; want %q", got.Token, err, want)
		}
	}
	get("1", "")
	get("1", "")
	get("2", "{}") // a challenge takes a new one
	get("2", "")
	at = at.Add(55 * time.Minute)
	get("3", "")
	next.err = errors.New("out of order")
	at = at.Add(56 * time.Minute)
	get("3", "") // good for four more minutes
	at = at.Add(20 * time.Second)
	get("3", "")
	if next.asked != 4 {
		t.Errorf("asked %d times", next.asked)
	}
	at = at.Add(3 * time.Minute)
	if got, err := r.GetToken(t.Context(), policy.TokenRequestOptions{}); err == nil {
		t.Errorf("a token was used to its last second: %q", got.Token)
	}
	if _, err := r.GetToken(t.Context(), policy.TokenRequestOptions{Claims: "{}"}); err == nil {
		t.Error("a challenge was answered with an old token")
	}
	// A token that lives shortly is not asked for at each request.
	next.err, next.life = nil, 4*time.Minute
	r.GetToken(t.Context(), policy.TokenRequestOptions{})
	asked := next.asked
	at = at.Add(3 * time.Minute)
	r.GetToken(t.Context(), policy.TokenRequestOptions{})
	if next.asked != asked {
		t.Error("a short token was not kept")
	}
}

// Whose a token is decides, by whatever way it came.
func TestOwner(t *testing.T) {
	const app, tenant, other = "d1f03301-0000-4000-8000-00000000000a", "8d0f1b1e-5c0a-4f0e-9d27-6f3a2c1b0a99",
		"d1f03301-0000-4000-8000-0000000000ee"
	for _, c := range []struct {
		app, tenant string // configured
		claims      map[string]any
		want        string // "" is no refusal
	}{
		{app, tenant, map[string]any{"appid": app, "tid": tenant}, ""},
		{strings.ToUpper(app), strings.ToUpper(tenant), map[string]any{"azp": app, "tid": tenant}, ""},
		{app, "contoso.onmicrosoft.com", map[string]any{"appid": app, "tid": tenant}, ""}, // a name tells nothing
		{"", "", map[string]any{"appid": other, "tid": other}, ""},
		{app, tenant, map[string]any{"aud": "x"}, ""},
		{app, tenant, nil, ""},
		{app, "", map[string]any{"appid": other}, "It is one of application " + other +
			", by way of the way, and client_id in the provider block is " + app},
		{app, "", map[string]any{"azp": other}, "It is one of application " + other},
		{app, "", map[string]any{"appid": azureCLI}, "leave client_id out"},
		{app, tenant, map[string]any{"appid": app, "tid": other}, "It is for tenant " + other +
			", by way of the way, and tenant_id in the provider block is " + tenant},
	} {
		token := "opaque"
		if c.claims != nil {
			token = unsigned(c.claims)
		}
		err := (&Settings{ClientID: c.app, TenantID: c.tenant}).checkOwner(token, "the way")
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(told(err), c.want) {
			t.Errorf("%v: %v", c, err)
		}
		if err != nil && strings.Contains(told(err), token) {
			t.Errorf("%v shows the token", c)
		}
	}
}

// The configuration's names win over the environment's in every way, and what is missing keeps a way from being taken.
func TestChoice(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "token")
	if err := os.WriteFile(file, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	gitHub := map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": "https://ci.example",
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}
	pipelines := map[string]string{"SYSTEM_OIDCREQUESTURI": "https://ci.example", "SYSTEM_ACCESSTOKEN": "x",
		"ARM_OIDC_AZURE_SERVICE_CONNECTION_ID": "y"}
	with := func(m map[string]string, more ...string) map[string]string {
		all := map[string]string{}
		for k, v := range m {
			all[k] = v
		}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	for _, c := range []struct {
		block Settings
		env   map[string]string
		want  string
	}{
		{Settings{AccessToken: "t", ClientSecret: "s"}, nil, "the configured access_token"},
		{Settings{ClientSecret: "s", CertificateFile: "c"}, nil, "a client secret"},
		{Settings{CertificateFile: "c"}, map[string]string{"AZURE_CLIENT_SECRET": "s"}, "the client certificate c"},
		{Settings{}, map[string]string{"AZURE_CLIENT_SECRET": "s", "AZURE_CLIENT_CERTIFICATE_PATH": "c"}, "a client secret"},
		{Settings{}, map[string]string{"AZURE_CLIENT_CERTIFICATE_PATH": "c", "AZURE_FEDERATED_TOKEN_FILE": file},
			"the client certificate c"},
		{Settings{}, with(gitHub, "AZURE_FEDERATED_TOKEN_FILE", file, "ARM_OIDC_TOKEN", "t"),
			"the workload identity token in AZURE_FEDERATED_TOKEN_FILE"},
		{Settings{}, with(gitHub, "ARM_OIDC_TOKEN", "t", "ARM_OIDC_TOKEN_FILE_PATH", file),
			"the identity token in the file of ARM_OIDC_TOKEN_FILE_PATH"},
		{Settings{}, with(gitHub, "GITLAB_OIDC_TOKEN", "t"), "the identity token in GITLAB_OIDC_TOKEN"},
		{Settings{}, with(pipelines, "ACTIONS_ID_TOKEN_REQUEST_URL", "https://ci.example", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
			"x"), "the identity token of GitHub Actions"},
		{Settings{}, pipelines, "the identity token of Azure Pipelines"},
		{Settings{}, with(pipelines, "SYSTEM_ACCESSTOKEN", ""),
			"what this machine offers (managed identity, Azure CLI, Azure Developer CLI, Azure PowerShell)"},
		{Settings{}, map[string]string{"AZURE_TOKEN_CREDENTIALS": "prod"}, "what this machine offers (managed identity)"},
		{Settings{}, map[string]string{"AZURE_TOKEN_CREDENTIALS": "dev"},
			"what this machine offers (Azure CLI, Azure Developer CLI, Azure PowerShell)"},
		{Settings{}, map[string]string{"AZURE_TOKEN_CREDENTIALS": "azureclicredential"},
			"what this machine offers (Azure CLI)"},
	} {
		s := c.block
		s.TenantID, s.ClientID, s.Getenv = "tenant", "app", func(name string) string { return c.env[name] }
		s.defaults()
		if how, err := choose(&s, http.DefaultClient); err != nil || how.what != c.want {
			t.Errorf("%+v, %v: %q, %v; want %q", c.block, c.env, how.what, err, c.want)
		}
	}
}

// What each way sends: the block's application, though the environment names another.
func TestBlockWins(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, env := range map[string]map[string]string{
		"secret":   {"AZURE_CLIENT_SECRET": "s"},
		"workload": {"AZURE_FEDERATED_TOKEN_FILE": file},
		"variable": {"ARM_OIDC_TOKEN": "from-variable\n"},
	} {
		x := newWorld(t)
		x.env = env
		env["AZURE_CLIENT_ID"], env["AZURE_TENANT_ID"], env["ARM_CLIENT_ID"] = "other-app", "other-tenant", "other-app"
		if _, err := x.tokens(t).Get(t.Context()); err != nil {
			t.Fatal(err)
		}
		form := x.forms[0]
		if got := form.Get("client_assertion"); form.Get("client_id") != "app" || strings.TrimSpace(got) != got {
			t.Errorf("%s: %v", name, form)
		}
	}
}

// A machine that is none of Azure's is found out within a second, and everything that was tried is told.
func TestNothingOnThisMachine(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, name := range []string{"IDENTITY_ENDPOINT", "MSI_ENDPOINT", "IMDS_ENDPOINT"} {
		t.Setenv(name, "")
	}
	x := newWorld(t)
	x.env["AZURE_TOKEN_CREDENTIALS"] = ""
	client := x.Client()
	client.Transport = metadata(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route to host") })
	tokens, err := New(&x.Settings, client)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tokens.Get(t.Context())
	for _, want := range []string{"\n  managed identity: this machine has none", "\n  Azure CLI: executable not found",
		"az login", "dirform help sign-in"} {
		if err == nil || !strings.Contains(told(err), want) {
			t.Errorf("%v: no %q", err, want)
		}
	}
}

type metadata func(*http.Request) (*http.Response, error)

func (m metadata) RoundTrip(r *http.Request) (*http.Response, error) { return m(r) }

// The machine's identity is the one that the block names, not the one that AZURE_CLIENT_ID does.
func TestManagedIdentityOfTheBlock(t *testing.T) {
	for _, name := range []string{"IDENTITY_ENDPOINT", "MSI_ENDPOINT", "IMDS_ENDPOINT"} {
		t.Setenv(name, "")
	}
	x := newWorld(t)
	x.ClientID = "d1f03301-0000-4000-8000-00000000000a"
	x.env["AZURE_CLIENT_ID"] = "other"
	var asked []string
	client := x.Client()
	client.Transport = metadata(func(r *http.Request) (*http.Response, error) {
		rec := httptest.NewRecorder()
		if r.URL.Host != "169.254.169.254" {
			return nil, fmt.Errorf("asked %s", r.URL)
		}
		if r.Header.Get("Metadata") != "true" {
			rec.WriteHeader(400)
			return rec.Result(), nil
		}
		asked = append(asked, r.URL.Query().Get("client_id"))
		fmt.Fprintf(rec,
			`{"access_token":"mi","expires_in":"3600","expires_on":"%d","resource":"r","token_type":"Bearer"}`,
			time.Now().Add(time.Hour).Unix())
		return rec.Result(), nil
	})
	tokens, err := New(&x.Settings, client)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got, err := tokens.Get(t.Context()); got != "mi" || err != nil {
			t.Fatal(got, err)
		}
	}
	if len(asked) != 1 || asked[0] != x.ClientID || tokens.way() != "managed identity" {
		t.Errorf("%q, %s", asked, tokens.way())
	}
}

// What the authority says about a credential is told with what to do about it.
func TestCures(t *testing.T) {
	for code, want := range map[int]string{700016: "Check client_id", 700027: "Register the certificate",
		7000222: "new client secret", 7000215: "az login"} {
		x := newWorld(t)
		x.env["AZURE_CLIENT_SECRET"] = "s"
		x.answer = func(_ int, w http.ResponseWriter) {
			w.WriteHeader(401)
			fmt.Fprintf(w, `{"error":"invalid_client","error_description":"AADSTS%d: no","error_codes":[%d]}`, code, code)
		}
		if _, err := x.tokens(t).Get(t.Context()); err == nil || !strings.Contains(fault.Describe(err).Hint, want) {
			t.Errorf("%d: %v", code, err)
		}
	}
}

// A token service behind a certificate of an unknown authority is asked once, and ca_file named.
func TestTokenServiceOfOwnAuthority(t *testing.T) {
	x := newWorld(t)
	x.Config.ErrorLog = log.New(io.Discard, "", 0)
	x.gitHub(func(int, http.ResponseWriter, *http.Request) { t.Error("it was asked") })
	// Its certificate is not for this name.
	at := strings.Replace(x.env["ACTIONS_ID_TOKEN_REQUEST_URL"], "127.0.0.1", "localhost", 1)
	x.env["ACTIONS_ID_TOKEN_REQUEST_URL"] = at
	_, err := x.tokens(t).Get(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the token service of GitHub Actions") ||
		!strings.Contains(fault.Hint(err), "ca_file") || len(x.slept) > 0 {
		t.Errorf("%v, %v", err, x.slept)
	}
}

// A service that is out of order is told as that, and who would be asked after it is not: that would be somebody else.
func TestOutOfOrder(t *testing.T) {
	once := policy.WithRetryOptions(t.Context(), policy.RetryOptions{MaxRetries: -1})
	x := newWorld(t)
	x.env["AZURE_CLIENT_SECRET"] = "s"
	x.answer = func(_ int, w http.ResponseWriter) { w.WriteHeader(503) }
	if _, err := x.tokens(t).Get(once); err == nil || !strings.Contains(told(err), "503") || !strings.Contains(told(err),
		"run this again") ||
		strings.Contains(told(err), "az login") {
		t.Error(err)
	}
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "az"), []byte("#!/bin/sh\ntouch "+bin+"/started\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("IDENTITY_ENDPOINT", x.URL+"/msi")
	t.Setenv("IDENTITY_HEADER", "h")
	x.env = map[string]string{"IDENTITY_ENDPOINT": x.URL + "/msi"}
	x.ci = func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }
	_, err := x.tokens(t).Get(once)
	if err == nil || !strings.Contains(told(err), "the service of the managed identity is out of order") {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(bin, "started")); err == nil {
		t.Error("az was started")
	}
}

// What an identity token presents is told where it fits nothing, without the token.
func TestUnmatchedAssertion(t *testing.T) {
	for code, want := range map[int]bool{70021: true, 700211: true, 700212: true, 700213: true, 7002138: true,
		700024: false, 7000215: false, 700016: false} {
		x := newWorld(t)
		const secret = "jti-secret"
		x.env["ARM_OIDC_TOKEN"] = unsigned(map[string]any{"iss": "https://gitlab.example", "sub": "project_path:a/b\x1b[31m",
			"aud": []string{"https://gitlab.example"}, "jti": secret})
		x.answer = func(_ int, w http.ResponseWriter) {
			w.WriteHeader(401)
			fmt.Fprintf(w, `{"error":"invalid_client","error_description":"AADSTS%d: no. Trace ID: 1","error_codes":[%d]}`, code,
				code)
		}
		_, err := x.tokens(t).Get(t.Context())
		if err == nil {
			t.Fatal(code)
		}
		msg := told(err)
		for _, part := range []string{"\n  issuer    https://gitlab.example\n", "\n  subject   project_path:a/b\\x1b[31m\n",
			"\n  audience  https://gitlab.example\n"} {
			if strings.Contains(msg, part) != want {
				t.Errorf("%d: %s", code, msg)
			}
		}
		if strings.Contains(msg, x.env["ARM_OIDC_TOKEN"]) || strings.Contains(msg, "Trace ID") {
			t.Error(msg)
		}
	}
}

// Reader and writer of a run sign in once; another identity does by itself.
func TestSession(t *testing.T) {
	x := newWorld(t)
	x.env["AZURE_CLIENT_SECRET"] = "s"
	x.Session = &Session{}
	a, b := x.tokens(t), x.tokens(t)
	if a != b {
		t.Error("the same sign-in twice")
	}
	x.ClientID = "another"
	if c := x.tokens(t); c == a {
		t.Error("somebody else's sign-in")
	}
}
