package config

import (
	"net/url"
	"regexp"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// The object stores that a state can be in: the types of state blocks.
const Azure, S3, GCS = "azure", "s3", "gcs"

// Bucket is where a state is in an object store.
type Bucket struct {
	Type            string // Azure, S3 or GCS
	URL             string // of account, container and blob in Azure; a secret, since it may hold a signature (SAS)
	Bucket, Object  string
	Region          string // of S3; "" is what the environment says
	Endpoint        string // of another store than Amazon's or Google's
	EncryptExisting bool   // a state in the clear is taken, and encrypted by the next run that writes
	DeclaredAt      string // file:line
}

// What a bucket and a region are called.
var bucketName, regionName = regexp.MustCompile(`^[a-z0-9][a-zA-Z0-9._-]{1,221}$`), regexp.MustCompile(`^[a-z0-9-]{1,63}$`)

// decodeBucket reads a state block of an object store; nil after a mistake.
func (l *loader) decodeBucket(b *hclsyntax.Block) *Bucket {
	kind := b.Labels[0]
	c := l.content(b, map[string]spec{Azure: grammar["dirform.state.azure"], S3: grammar["dirform.state.s3"],
		GCS: grammar["dirform.state.gcs"]}[kind])
	s := &Bucket{Type: kind, Region: c.text("region"), Endpoint: c.webAddress("endpoint"), Bucket: c.text("bucket"),
		EncryptExisting: c.flag("encrypt_existing"), DeclaredAt: place(b.DefRange())}
	if kind == Azure && c.has("url") && c.given("url") {
		s.URL = c.webAddress("url")
	}
	s.Object = c.text(map[string]string{S3: "key", GCS: "object"}[kind])
	if s.Bucket != "" && !bucketName.MatchString(s.Bucket) {
		c.bad("bucket", "Invalid bucket", "%s is not the name of a bucket.", c.shown("bucket", s.Bucket))
	}
	if s.Region != "" && !regionName.MatchString(s.Region) {
		c.bad("region", "Invalid region", "%s is not a region. Write it like \"eu-central-1\".", c.shown("region", s.Region))
	}
	if u, err := url.Parse(s.Endpoint); err == nil && (u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/") {
		c.bad("endpoint", "Invalid address", "%s holds more than scheme, host and port.", c.shown("endpoint", s.Endpoint))
	}
	if !c.ok {
		return nil
	}
	return s
}
