package servers_test

import (
	"fmt"
	"testing"

	"github.com/fsouza/fake-gcs-server/fakestorage"

	"github.com/dirform/dirform/state/store/objects"
	"github.com/dirform/dirform/state/store/objects/gcs"
)

func TestGCSPlace(t *testing.T) {
	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{Scheme: "http", Host: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	n := 0
	suite(t, func(t *testing.T) objects.Bucket {
		n++
		name := fmt.Sprintf("bucket-%d", n)
		server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: name})
		return gcs.New(name, server.URL())
	})
}
