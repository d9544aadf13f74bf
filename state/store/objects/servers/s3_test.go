package servers_test

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/objects"
	"github.com/dirform/dirform/state/store/objects/objectstest"
	"github.com/dirform/dirform/state/store/objects/s3"
	"github.com/dirform/dirform/state/store/storetest"
)

// suite holds the places in a store, of which bucket is one that is empty each time, to what is promised.
func suite(t *testing.T, bucket func(t *testing.T) objects.Bucket) {
	t.Run("bucket", func(t *testing.T) { objectstest.Run(t, bucket(t)) })
	storetest.Run(t, func(t *testing.T) func() store.Place {
		b := bucket(t)
		return func() store.Place { return objects.New(b, "team a/contoso.dfstate", objects.Options{}) }
	})
	storetest.RunEncrypted(t, func(t *testing.T) func(*seal.Keys) store.Place {
		b := bucket(t)
		return func(keys *seal.Keys) store.Place {
			return objects.New(b, "contoso.dfstate", objects.Options{Keys: keys, EncryptExisting: true})
		}
	})
}

// credentials are some for S3, and nothing else that the machine may have.
var credentials = map[string]string{"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
	"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true"}

func TestS3Place(t *testing.T) {
	for name, value := range credentials {
		t.Setenv(name, value)
	}
	backend := s3mem.New()
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	n := 0
	suite(t, func(t *testing.T) objects.Bucket {
		n++
		name := "bucket-" + string(rune('a'+n))
		if err := backend.CreateBucket(name); err != nil {
			t.Fatal(err)
		}
		return s3.New(name, "", server.URL)
	})
}

func TestS3Command(t *testing.T) {
	backend := s3mem.New()
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	if err := backend.CreateBucket("contoso"); err != nil {
		t.Fatal(err)
	}
	block := func(endpoint string) string {
		return fmt.Sprintf("  state \"s3\" {\n    bucket   = \"contoso\"\n    key      = \"contoso.dfstate\"\n    endpoint = %q\n  }\n", endpoint)
	}
	script(t, block(server.URL), block("https://store.contoso.com"), credentials)
}
