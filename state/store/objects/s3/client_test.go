package s3

import (
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store/objects"
)

// serve is a bucket on a server of its own that has a handler.
func serve(t *testing.T, h http.HandlerFunc) *Bucket {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
	} {
		t.Setenv(name, value)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return New("bucket", "", server.URL)
}

// TestAddress: the addresses are those that the AWS SDK has.
func TestAddress(t *testing.T) {
	for _, c := range []struct {
		bucket, region, endpoint string
		v                        variant
		want                     string
	}{
		{"ours", "eu-central-1", "", variant{}, "https://ours.s3.eu-central-1.amazonaws.com/"},
		{"ours", "us-gov-west-1", "", variant{fips: true}, "https://ours.s3-fips.us-gov-west-1.amazonaws.com/"},
		{"ours", "us-east-1", "", variant{dual: true}, "https://ours.s3.dualstack.us-east-1.amazonaws.com/"},
		{"ours", "us-east-1", "", variant{true, true}, "https://ours.s3-fips.dualstack.us-east-1.amazonaws.com/"},
		{"ours", "cn-north-1", "", variant{}, "https://ours.s3.cn-north-1.amazonaws.com.cn/"},
		{"ours", "us-iso-east-1", "", variant{}, "https://ours.s3.us-iso-east-1.c2s.ic.gov/"},
		{"our.own", "eu-central-1", "", variant{}, "https://s3.eu-central-1.amazonaws.com/our.own"},
		{"Our_own", "us-east-1", "", variant{}, "https://s3.us-east-1.amazonaws.com/Our_own"},
		{"ours", "us-east-1", "https://store.contoso.com/", variant{}, "https://store.contoso.com/ours"},
		{"a/b", "us-east-1", "https://store.contoso.com", variant{}, "https://store.contoso.com/a%2Fb"},
		{"ours", "us-east-1", "https://store.contoso.com", variant{fips: true}, ""},
		{"ours", "us-east-1", "store.contoso.com", variant{}, ""},
		{"ours", "evil.com/", "", variant{}, ""},
		{"ours", "aws-global", "", variant{}, ""},
		{"ours", "", "", variant{}, ""},
		{"ours--use1-az4--x-s3", "us-east-1", "", variant{}, ""},
	} {
		u, err := address(c.bucket, c.region, c.endpoint, c.v)
		if (err != nil) != (c.want == "") || err == nil && u.String() != c.want {
			t.Errorf("%+v: %v %v", c, u, err)
		}
	}
}

// TestVariant: which address is wanted is read from the environment.
func TestVariant(t *testing.T) {
	t.Setenv("AWS_USE_FIPS_ENDPOINT", "true")
	t.Setenv("AWS_USE_DUALSTACK_ENDPOINT", "true")
	serve(t, http.NotFound)
	c, err := open(t.Context(), "ours", "us-east-1", "")
	if err != nil || c.root.Host != "ours.s3-fips.dualstack.us-east-1.amazonaws.com" {
		t.Errorf("%+v %v", c, err)
	}
}

// TestAgain: what may go better later is tried again, from the begin of the content, and under the same condition.
func TestAgain(t *testing.T) {
	answers := []struct {
		status int
		body   string
	}{{409, "<Error><Code>ConditionalRequestConflict</Code></Error>"}, {500, ""}, {200, ""}}
	n := 0
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		if string(content) != "content" || r.Header.Get("If-Match") != `"one"` || r.RequestURI != "/bucket/a%20b%2B" {
			t.Errorf("%v %v %q", r.URL, r.Header, content)
		}
		w.Header().Set("ETag", `"two"`)
		w.WriteHeader(answers[n].status)
		_, _ = io.WriteString(w, answers[n].body)
		n++
	})
	v, err := b.Put(t.Context(), "a b+", io.NewSectionReader(strings.NewReader("content"), 0, 7), `"one"`)
	if v != `"two"` || err != nil || n != len(answers) {
		t.Errorf("%q %v after %d requests", v, err, n)
	}
}

// TestRefused: refusals are told apart, and none that would be the same again is tried again.
func TestRefused(t *testing.T) {
	status, body, n := 0, "", 0
	b := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		n++
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
	for _, c := range []struct {
		status     int
		code, want string
		is         error
	}{
		{412, "PreconditionFailed", "", objects.ErrChanged},
		{404, "NoSuchKey", "", objects.ErrChanged}, // what it replaces
		{404, "NoSuchBucket", "There is no such bucket.", nil},
		{403, "AccessDenied", "The store refuses it (403 AccessDenied).", nil},
		{501, "NotImplemented", "does not keep conditions", nil},
		{307, "TemporaryRedirect", "the bucket is elsewhere", nil},
		{200, "", "nothing of the object's ETag", nil},
	} {
		status, body, n = c.status, "<Error><Code>"+c.code+"</Code></Error>", 0
		_, err := b.Put(t.Context(), "x", io.NewSectionReader(strings.NewReader(""), 0, 0), `"one"`)
		if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) || n != 1 {
			t.Errorf("%d %s: %v after %d requests", c.status, c.code, err, n)
		}
	}
}

// TestElsewhere: nobody else gets a request since the store says so.
func TestElsewhere(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Error(r.URL, r.Header)
	}))
	defer other.Close()
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	if _, err := b.Stat(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "the bucket is elsewhere") {
		t.Error(err)
	}
}

// TestClock: to a store that refuses what is signed at another time than its own, requests are signed at its time, also
// those of which it says nothing more than that they are refused.
func TestClock(t *testing.T) {
	n := 0
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n++
		now := time.Now().Add(time.Hour)
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		w.Header().Set("ETag", `"one"`)
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err != nil || now.Sub(signed).Abs() > time.Minute {
			w.WriteHeader(http.StatusForbidden)
		}
	})
	for range 2 {
		if _, err := b.Stat(t.Context(), "x"); err != nil {
			t.Error(err)
		}
	}
	if n != 3 {
		t.Errorf("%d requests", n)
	}
}

// TestEnvironment: whom to trust and who is asking are read from the environment.
func TestEnvironment(t *testing.T) {
	serve(t, http.NotFound)
	t.Setenv("AWS_SESSION_TOKEN", "token")
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, signature := r.Header.Get("X-Amz-Security-Token"), r.Header.Get("Authorization")
		if token != "token" || !strings.Contains(signature, "Credential=id/") {
			t.Error(r.Header)
		}
		w.Header().Set("ETag", `"one"`)
	}))
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CA_BUNDLE", ca)
	if _, err := New("bucket", "", server.URL).Stat(t.Context(), "x"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		t.Setenv(name, "")
	}
	_, err := New("bucket", "", server.URL).Stat(t.Context(), "x")
	if !strings.Contains(fault.Hint(err), "AWS_ACCESS_KEY_ID") {
		t.Errorf("without credentials: %v; %s", err, fault.Hint(err))
	}
}

// TestPages: all parts of a list are read.
func TestPages(t *testing.T) {
	b := serve(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.URL.Path != "/bucket" || q.Get("list-type") != "2" || q.Get("prefix") != "a b/" {
			t.Error(r.URL)
		}
		if q.Get("continuation-token") == "" {
			_, _ = io.WriteString(w, `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`+
				`<Contents><Key>a b/1</Key></Contents>`+
				`<NextContinuationToken>+/=</NextContinuationToken></ListBucketResult>`)
			return
		}
		_, _ = io.WriteString(w, "<ListBucketResult><Contents><Key>a b/2 &amp; "+q.Get("continuation-token")+
			"</Key></Contents></ListBucketResult>")
	})
	got, err := b.List(t.Context(), "a b/")
	if err != nil || len(got) != 2 || got[0] != "a b/1" || got[1] != "a b/2 & +/=" {
		t.Errorf("%q %v", got, err)
	}
}
