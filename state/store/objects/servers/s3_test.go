package servers_test

import (
	"fmt"
	"testing"

	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/objects"
	"github.com/dirform/dirform/state/store/objects/objectstest"
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

// suiteOn is suite on a server that is started.
func suiteOn(t *testing.T, start func(t *testing.T) server) {
	s, n := start(t), 0
	suite(t, func(t *testing.T) objects.Bucket {
		n++
		return s.bucket(t, fmt.Sprintf("bucket-%d", n)).open(t)
	})
}

// scriptOn is script on a server that is started.
func scriptOn(t *testing.T, start func(t *testing.T) server) {
	const object = "contoso.dfstate"
	b := start(t).bucket(t, "contoso")
	script(t, b.block(b.address, object), b.block("https://store.contoso.com", object), credentials)
}

// credentials are some for S3, and nothing else that the machine may have.
var credentials = map[string]string{"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
	"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true"}

func TestS3Place(t *testing.T) { suiteOn(t, startFakeS3) }

func TestS3Command(t *testing.T) { scriptOn(t, startFakeS3) }
