// Package stores has the object stores that a record can be in, by the names of the language.
package stores

import (
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store/objects"
	"github.com/dirform/dirform/state/store/objects/azure"
	"github.com/dirform/dirform/state/store/objects/gcs"
	"github.com/dirform/dirform/state/store/objects/s3"
)

// Record says where a record is.
type Record struct {
	Type             string // "azure", "s3" or "gcs"
	URL              string // of a blob; of the others the rest
	Bucket, Object   string
	Region, Endpoint string
	EncryptExisting  bool // see [objects.Options]
}

// Place is the place of the record, and hosts are those that get credentials besides the store's maker's own.
func (r Record) Place(keys *seal.Keys) (place *objects.Place, hosts []string, err error) {
	o := objects.Options{Keys: keys, EncryptExisting: r.EncryptExisting}
	switch r.Type {
	case "azure":
		c, blob, err := azure.New(r.URL)
		if err != nil {
			return nil, nil, err
		}
		return objects.New(c, blob, o), c.Hosts(), nil
	case "s3":
		b := s3.New(r.Bucket, r.Region, r.Endpoint)
		return objects.New(b, r.Object, o), b.Hosts(), nil
	}
	b := gcs.New(r.Bucket, r.Endpoint)
	return objects.New(b, r.Object, o), b.Hosts(), nil
}
