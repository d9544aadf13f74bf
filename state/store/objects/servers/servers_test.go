package servers_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/objects"
	"github.com/dirform/dirform/state/store/objects/azure"
	"github.com/dirform/dirform/state/store/objects/gcs"
	"github.com/dirform/dirform/state/store/objects/s3"
	"github.com/dirform/dirform/state/store/objects/stores"
	"github.com/dirform/dirform/state/store/storetest"
)

// TestMain lets the test program be another process at a place.
func TestMain(m *testing.M) {
	storetest.Child(openPlace)
	os.Exit(m.Run())
}

// openPlace opens a place by its name for tests: what [bucket.record] has, separated by spaces.
func openPlace(name string) (store.Place, error) {
	part := strings.Split(name, " ")
	if len(part) != 5 {
		return nil, errors.New("not the name of a place: " + name)
	}
	r := stores.Record{Type: part[0], URL: part[1], Bucket: part[2], Object: part[3], Endpoint: part[4]}
	p, _, err := r.Place(nil)
	return p, err
}

// A server is one of an object store, which can be stopped and comes back with what it has.
type server interface {
	// bucket makes one with a name.
	bucket(t *testing.T, name string) bucket
	stop(t *testing.T)
	start(t *testing.T)
}

// A bucket is one of a server.
type bucket struct {
	kind    string // of state block
	address string // of the server
	path    string // of a container of Azure, behind the address
	name    string // of the others
	query   string // of a container's address
}

// open opens the bucket.
func (b bucket) open(t *testing.T) objects.Bucket {
	t.Helper()
	switch b.kind {
	case "azure":
		c, _, err := azure.New(b.record(b.address, "x").URL)
		if err != nil {
			t.Fatal(err)
		}
		return c
	case "s3":
		return s3.New(b.name, "", b.address)
	}
	return gcs.New(b.name, b.address)
}

// record is where an object of the bucket is, as it is reached at an address.
func (b bucket) record(address, object string) stores.Record {
	if b.kind == "azure" {
		return stores.Record{Type: b.kind, URL: address + b.path + "/" + url.PathEscape(object) + "?" + b.query}
	}
	return stores.Record{Type: b.kind, Bucket: b.name, Object: object, Endpoint: address}
}

// place is the name of such a place for [openPlace].
func (b bucket) place(object string) string {
	r := b.record(b.address, object)
	return strings.Join([]string{r.Type, r.URL, r.Bucket, r.Object, r.Endpoint}, " ")
}

// block is the state block for such a place.
func (b bucket) block(address, object string) string {
	r := b.record(address, object)
	if b.kind == "azure" {
		return fmt.Sprintf("state %q {\n  url = %q\n}\n", b.kind, r.URL)
	}
	named := map[string]string{"s3": "key", "gcs": "object"}[b.kind]
	return fmt.Sprintf("state %q {\n  bucket = %q\n  %s = %q\n  endpoint = %q\n}\n", b.kind, r.Bucket, named, r.Object,
		r.Endpoint)
}

// here is a server in this process: one of a handler, whose listener comes and goes.
type here struct {
	handler http.Handler
	make    func(name string) error // a bucket
	kind    string
	address string // host:port
	running *http.Server
}

func (h *here) start(t *testing.T) {
	t.Helper()
	var l net.Listener
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) { // connections may hold the port
		var err error
		if l, err = net.Listen("tcp", h.address); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	h.address = l.Addr().String()
	s := &http.Server{Handler: h.handler}
	h.running = s
	go func() { defer crash.Guard(); _ = s.Serve(l) }()
	t.Cleanup(func() { s.Close() })
}

func (h *here) stop(t *testing.T) {
	t.Helper()
	if err := h.running.Close(); err != nil {
		t.Error(err)
	}
}

func (h *here) bucket(t *testing.T, name string) bucket {
	t.Helper()
	if err := h.make(name); err != nil {
		t.Fatal(err)
	}
	return bucket{kind: h.kind, name: name, address: "http://" + h.address}
}

// startFakeS3 starts gofakes3, with credentials for it.
func startFakeS3(t *testing.T) server {
	t.Helper()
	for name, value := range credentials {
		t.Setenv(name, value)
	}
	backend := s3mem.New()
	s := &here{kind: "s3", handler: gofakes3.New(backend).Server(), address: "127.0.0.1:0", make: backend.CreateBucket}
	s.start(t)
	return s
}

// startFakeGCS starts fake-gcs-server.
func startFakeGCS(t *testing.T) server {
	t.Helper()
	fake, err := fakestorage.NewServerWithOptions(fakestorage.Options{NoListener: true})
	if err != nil {
		t.Fatal(err)
	}
	s := &here{kind: "gcs", handler: fake.HTTPHandler(), address: "127.0.0.1:0", make: func(name string) error {
		fake.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: name})
		return nil
	}}
	s.start(t)
	return s
}

// each runs a test on each server.
func each(t *testing.T, test func(t *testing.T, s server)) {
	t.Run("azurite", func(t *testing.T) { test(t, startAzurite(t, t.TempDir())) })
	t.Run("gofakes3", func(t *testing.T) { test(t, startFakeS3(t)) })
	t.Run("fake-gcs-server", func(t *testing.T) { test(t, startFakeGCS(t)) })
}

// TestProcesses: eight processes race for the lock, and a process is killed at each call of a run.
func TestProcesses(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		b, n := s.bucket(t, "contoso"), 0
		storetest.RunProcesses(t, openPlace, func(*testing.T) string {
			n++
			return b.place(fmt.Sprintf("record%d", n))
		})
	})
}
