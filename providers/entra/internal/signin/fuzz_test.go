package signin

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/dirform/dirform/state/fault"
)

// FuzzChallenge: what a 401 demands is base64 that stands in the header as it is, or nothing.
func FuzzChallenge(f *testing.F) {
	f.Add(`Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="`)
	f.Add(`Bearer claims="`)
	f.Add(`claims="a" claims="YQ=="`)
	f.Add(`Bearer claims="Y Q=="`)
	f.Add(`Bearer claims="YQ==`)
	f.Add(`Bearer claims="-_-_"`)
	f.Add(`Bearer claims="+/+/", x="y"`)
	f.Add(`Bearer claims="YQ"`)
	f.Add(`Bearer claims=""`)
	f.Fuzz(func(t *testing.T, header string) {
		claims := ChallengeClaims(http.Header{"Www-Authenticate": {header}})
		if _, err := base64.StdEncoding.DecodeString(claims); err != nil || !strings.Contains(header, `"`+claims+`"`) && claims != "" {
			t.Errorf("%q demands %q", header, claims)
		}
		want := ""
		if m := regexp.MustCompile(`(?s)^.*?claims="(.*?)"`).FindStringSubmatch(header); m != nil {
			if _, err := base64.StdEncoding.DecodeString(m[1]); err == nil {
				want = m[1]
			}
		}
		if claims != want {
			t.Errorf("%q demands %q, and should %q", header, claims, want)
		}
	})
}

// FuzzTokenService reads any reply of the token services of GitHub and of Azure Pipelines. It is a token, or an
// error after few attempts and bounded waits that says what to do and repeats nothing of the reply.
func FuzzTokenService(f *testing.F) {
	for _, body := range []string{`{"value":"a.b.c"}`, `{"oidcToken":"a.b.c"}`, `{"value":""}`, `{"value":null}`,
		`{"value":7}`, `{"Value":"a"}`, `["value"]`,
		`{"value":"a"} x`, `{"value":"a","value":"b"}`, `<html>`, ``, `null`, `{"value":"a\u000a"}`, `"value"`} {
		f.Add(200, "", body)
		f.Add(201, "3", body)
	}
	for _, after := range []string{"1", "0", "-1", "60", "61", "9223372036854775807", "18446744073", "18446744074",
		"10000000000", "1e3", "soon", " 5", "0.5"} {
		f.Add(503, after, "a reply that is not to be repeated")
		f.Add(429, after, `{"value":"a.b.c"}`)
	}
	f.Add(403, "", "")
	f.Add(408, "", "")
	f.Fuzz(func(t *testing.T, status int, after, body string) {
		status = 200 + (status%400+400-200)%400
		for _, field := range []string{"value", "oidcToken"} {
			tokenOf(t, field, status, after, body)
		}
	})
}

type answers func(*http.Request) *http.Response

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r), nil }

func tokenOf(t *testing.T, field string, status int, after, body string) {
	asked, slept := 0, []time.Duration(nil)
	reply := answers(func(r *http.Request) *http.Response {
		asked++
		return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {after}},
			Body: io.NopCloser(strings.NewReader(body)), Request: r}
	})
	env := map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": "https://ci.example/x?y=z",
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job-secret"}
	if field == "oidcToken" {
		env = map[string]string{"SYSTEM_OIDCREQUESTURI": "https://ci.example/x", "SYSTEM_ACCESSTOKEN": "job-secret",
			"ARM_OIDC_AZURE_SERVICE_CONNECTION_ID": "c"}
	}
	settings := &Settings{Getenv: func(name string) string { return env[name] },
		Login: "https://login.microsoftonline.com", Warn: func(string) {},
		Sleep: func(_ context.Context, d time.Duration) error { slept = append(slept, d); return nil }}
	c := &chooser{Settings: settings, client: &http.Client{Transport: reply,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	s := c.gitHub()
	if field == "oidcToken" {
		s = c.azurePipelines()
	}
	got, err := s.fetch(t.Context())
	var object map[string]any
	want := ""
	if json.Unmarshal([]byte(body), &object) == nil && status == http.StatusOK {
		want, _ = object[field].(string)
	}
	if got != want || (err == nil) != (want != "") {
		t.Errorf("%d %q gives %q, %v, and should %q", status, body, got, err, want)
	}
	if asked > issuerAttempts || len(slept) != asked-1 || slices.ContainsFunc(slept,
		func(d time.Duration) bool { return d <= 0 || d > longestWait }) {
		t.Errorf("%q: asked %d times, and slept %v", after, asked, slept)
	}
	if n, ok := new(big.Int).SetString(after, 10); ok && n.IsInt64() && n.Int64() > 60 && asked != 1 {
		t.Errorf("asked again although it was to take %s seconds", after)
	}
	if err != nil && (fault.Hint(err) == "" || strings.Contains(told(err), "job-secret") || len(body) > 20 &&
		strings.Contains(told(err), body)) {
		t.Errorf("%q", told(err))
	}
}

// FuzzIdentityToken reads any token that a job or a pod was handed. It is sent as it is unless it says that it has
// ended, and what it says of itself stands in a cure so that it can be read.
func FuzzIdentityToken(f *testing.F) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, claims := range []string{`{}`, `{"exp":1767323045}`, `{"exp":1767322745}`, `{"exp":1767322744}`,
		`{"exp":1e300}`, `{"exp":-1e300}`, `{"exp":0}`, `{"exp":"x"}`,
		`{"iss":"i","sub":"s","aud":"a"}`, `{"iss":"i\n","sub":"\u202es","aud":["a","b"]}`, `{"aud":7}`, `{"aud":[]}`,
		`{"exp":9223372036854775807}`, `{"exp":1767322745.9}`,
		`{"exp":1e11}`, `null`} {
		f.Add(claims)
	}
	f.Fuzz(func(t *testing.T, claims string) {
		for _, token := range []string{claims, "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) +
			".c2ln"} {
			x := &exchange{chooser: &chooser{Settings: &Settings{Now: func() time.Time { return now }}, app: "app"},
				source: &source{what: "the token", fetch: func(context.Context) (string, error) { return token, nil }}}
			got, err := x.assertion(t.Context())
			var said struct {
				Issuer   string  `json:"iss"`
				Subject  string  `json:"sub"`
				Audience any     `json:"aud"`
				Exp      float64 `json:"exp"`
			}
			ended := token != claims && json.Unmarshal([]byte(claims), &said) == nil && said.Exp != 0 &&
				now.Sub(time.Unix(1767322745, 0)) == skew && said.Exp < 1767322746 && readable(said.Audience)
			if (err != nil) != ended || err == nil && got != token || err != nil && (fault.Hint(err) == "" ||
				strings.Contains(told(err), token)) {
				t.Errorf("%q gives %q, %v", claims, got, err)
			}
			cure := x.advice([]int{700211})
			if hides := strings.ContainsFunc(cure, func(r rune) bool {
				return r > unicode.MaxASCII || r < ' ' &&
					r != '\n'
			}); cure == "" || hides {
				t.Errorf("%q", cure)
			}
			if hushed := x.hush("<" + token + ">"); err == nil && len(token) > 20 && strings.Contains(hushed, token) {
				t.Errorf("%q", hushed)
			}
		}
	})
}

// readable reports whether an audience has one of its two forms, or is not there.
func readable(audience any) bool {
	list, ok := audience.([]any)
	for _, a := range list {
		if _, text := a.(string); !text && a != nil {
			return false
		}
	}
	_, text := audience.(string)
	return ok || text || audience == nil
}

// FuzzCertificateFile reads anything as a client certificate, and such a file with a byte changed and cut off. What
// can't be used is an error that holds nothing of the key.
func FuzzCertificateFile(f *testing.F) {
	good := certificateFile(f)
	f.Add(good, uint16(0), byte('-'), uint16(0))
	for at := 0; at < len(good); at += 37 {
		f.Add(good, uint16(at), byte('A'), uint16(0))
		f.Add(good, uint16(at), byte('\n'), uint16(at))
	}
	f.Add([]byte{}, uint16(0), byte(0), uint16(0))
	f.Add([]byte("\x30\x82\x01\x00\x02\x01\x03"), uint16(0), byte(0x30), uint16(0))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), uint16(0), byte('-'), uint16(0))
	block, _ := pem.Decode(good)
	secret := base64.StdEncoding.EncodeToString(block.Bytes)[40:80]
	path := filepath.Join(f.TempDir(), "certificate")
	f.Fuzz(func(t *testing.T, data []byte, at uint16, to byte, cut uint16) {
		if data = slices.Clone(data); len(data) > 0 {
			data[int(at)%len(data)] = to
			data = data[:len(data)-int(cut)%len(data)]
		}
		if !bytes.Contains(data, []byte("-----BEGIN")) && len(data) > 60 {
			return // a PFX may ask for as much work as it likes
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, now := range []time.Time{time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2036, 1, 2, 0, 0, 0, 0,
			time.UTC)} {
			warned := ""
			c := &certificate{file: path, chooser: &chooser{tenant: "t", app: "a",
				Settings: &Settings{CertificateFile: path, CertificateHidden: true,
					Getenv: func(string) string { return "" }, Now: func() time.Time { return now },
					Warn: func(s string) { warned = s }}}}
			cred, err := c.credential()
			if err == nil && cred == nil || err == nil && now.Year() == 2036 && bytes.Equal(data, good) {
				t.Error("neither a credential nor an error")
			}
			if err != nil && (bytes.Equal(data, good) && now.Year() == 2026 || strings.Contains(told(err), path) ||
				strings.Contains(strings.ReplaceAll(told(err), "\n", ""), secret)) {
				t.Errorf("%q", told(err))
			}
			if strings.Contains(warned, path) {
				t.Errorf("%q", warned)
			}
		}
	})
}

// certificateFile has a key and its certificate, which ends in 2030.
func certificateFile(f *testing.F) []byte {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		f.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		f.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		f.Fatal(err)
	}
	return slices.Concat(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
}
