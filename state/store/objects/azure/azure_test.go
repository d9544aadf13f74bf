package azure_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store/objects/azure"
)

// TestAddresses: which addresses are those of a blob, who gets credentials for them, and that a signature is not shown.
func TestAddresses(t *testing.T) {
	for address, want := range map[string]struct {
		name, blob string
		hosts      []string
	}{
		"https://contoso.blob.core.windows.net/states/team/contoso.dfstate?sig=s3cret": {"https://contoso.blob.core.windows.net/states", "team/contoso.dfstate", nil},
		"https://CONTOSO.blob.core.windows.net/states/x":                               {"https://CONTOSO.blob.core.windows.net/states", "x", nil},
		"https://contoso.blob.core.usgovcloudapi.net/states/x":                         {"https://contoso.blob.core.usgovcloudapi.net/states", "x", nil},
		"http://127.0.0.1:10000/account/states/a/b":                                    {"http://127.0.0.1:10000/account/states", "a/b", []string{"127.0.0.1"}},
		"https://blob.core.windows.net.evil.example/states/x": {"https://blob.core.windows.net.evil.example/states", "x",
			[]string{"blob.core.windows.net.evil.example"}},
		"https://evil.example.blob.core.windows.net/states/x": {"https://evil.example.blob.core.windows.net/states", "x",
			[]string{"evil.example.blob.core.windows.net"}},
		"https://evilblob.core.windows.net/states/x": {"https://evilblob.core.windows.net/states", "x", []string{"evilblob.core.windows.net"}},
	} {
		c, blob, err := azure.New(address)
		if err != nil {
			t.Error(address, err)
			continue
		}
		if c.String() != want.name || blob != want.blob || !slices.Equal(c.Hosts(), want.hosts) {
			t.Errorf("%s: %v %q %q", address, c, blob, c.Hosts())
		}
	}
	for _, address := range []string{"", "x", "https://contoso.blob.core.windows.net", "https://contoso.blob.core.windows.net/states", "https://h/states/",
		"https://h//x", "http://127.0.0.1/account/states", "https://u:s3cret@h/states/x", "https://h/states/x#s3cret", "%s3cret"} {
		_, _, err := azure.New(address)
		if err == nil || strings.Contains(err.Error()+fault.Hint(err), "s3cret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// TestNothingOfASignatureIsShown: what is said of a server that does not answer.
func TestNothingOfASignatureIsShown(t *testing.T) {
	c, blob, err := azure.New("http://127.0.0.1:1/account/states/x?sv=1&sig=s3cret%2Btoo%3D")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err = c.Stat(ctx, blob)
	if d := fault.Describe(err); err == nil || strings.Contains(err.Error()+d.Detail+d.Hint, "s3cret") || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Error(err)
	}
}
