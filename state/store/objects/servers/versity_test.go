package servers_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/dirform/dirform/state/store/objects"
	"github.com/dirform/dirform/state/store/objects/s3"
)

// versity starts Versity's S3 gateway (github.com/versity/versitygw), which keeps objects as files, and tells its
// address and the folder whose folders are its buckets. What it says of objects is in attributes of their files: kept
// in a folder of their own (--sidecar), they are not replaced at the same moment as the content, and now and then two
// racers got one lock. Without the program the test is skipped, unless DIRFORM_REQUIRE_VERSITYGW is set.
func versity(t *testing.T) (address, buckets string) {
	t.Helper()
	program, err := exec.LookPath("versitygw")
	if err != nil {
		if os.Getenv("DIRFORM_REQUIRE_VERSITYGW") != "" {
			t.Fatal("versitygw is not on PATH: run go install github.com/versity/versitygw/cmd/versitygw@latest")
		}
		t.Skip("versitygw is not on PATH")
	}
	for name, value := range credentials {
		t.Setenv(name, value)
	}
	buckets = t.TempDir()
	port := freePort(t)
	c := exec.Command(program, "--port", "127.0.0.1:"+port, "--quiet", "posix", buckets)
	c.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+credentials["AWS_ACCESS_KEY_ID"],
		"ROOT_SECRET_ACCESS_KEY="+credentials["AWS_SECRET_ACCESS_KEY"])
	start(t, port, c)
	return "http://127.0.0.1:" + port, buckets
}

// TestVersityPlace holds the places in S3 to what they promise on a server that was made for use, and checks
// signatures.
func TestVersityPlace(t *testing.T) {
	address, buckets := versity(t)
	n := 0
	suite(t, func(t *testing.T) objects.Bucket {
		n++
		name := fmt.Sprint("bucket-", n)
		if err := os.Mkdir(filepath.Join(buckets, name), 0o700); err != nil {
			t.Fatal(err)
		}
		return s3.New(name, "us-east-1", address)
	})
}
