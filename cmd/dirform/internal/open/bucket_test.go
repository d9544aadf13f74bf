package open

import (
	"io"
	"strings"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers/trusted"
)

// TestBucketNamesNoHosts: what a record in somebody's bucket says of hosts, be it nothing, gives them no credentials.
func TestBucketNamesNoHosts(t *testing.T) {
	const host = "dc1.corp.contoso.com"
	for _, c := range []struct {
		bucket  *config.Bucket
		allowed string
		may     bool
	}{
		{nil, "", true},
		{&config.Bucket{Type: "s3", Bucket: "anybodys"}, "", false},
		{&config.Bucket{Type: "gcs", Bucket: "anybodys"}, "", false},
		{&config.Bucket{Type: "azure", URL: "https://anybodys.blob.core.windows.net/c/o"}, "", false},
		{&config.Bucket{Type: "s3", Bucket: "anybodys"}, host, true},
		{&config.Bucket{Type: "s3", Bucket: "ours", Endpoint: "http://127.0.0.1:9000"}, "", true},
	} {
		env := cli.Environment{Stderr: io.Discard}
		if c.allowed != "" {
			env.Environ = []string{trusted.Variable + "=" + c.allowed}
		}
		cfg := &config.Config{StateBucket: c.bucket, Entra: &config.EntraProvider{Lab: "lab"},
			AD: []*config.ADProvider{{Name: "corp", URLs: []string{"ldaps://" + host}}}}
		_, err := AdmitDirectories(t.Context(), &cli.App{Env: env}, cfg, nil)
		if may := err == nil; may != c.may || !may && !strings.Contains(err.Error(), host) {
			t.Errorf("%+v %q: %v", c.bucket, c.allowed, err)
		}
	}
}
