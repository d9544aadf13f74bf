package main

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// nobody is the user that the image runs as. It can read nothing that it is not given.
const nobody = "65532:65532"

// image writes an OCI layout with an image of each architecture, by its binary, as one archive: the program and the certificates of
// the authorities that Mozilla trusts, and nothing else.
func (r *release) image(to string, binaries map[string]string) error {
	dir, err := os.MkdirTemp("", "image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	roots := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(roots, authorities(), 0o644); err != nil {
		return err
	}
	var index v1.ImageIndex = empty.Index
	for _, arch := range slices.Sorted(maps.Keys(binaries)) {
		image, err := r.imageOf(arch, binaries[arch], roots)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	tree := filepath.Join(dir, "layout")
	if _, err := layout.Write(tree, index); err != nil {
		return err
	}
	var list []file
	err = filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(tree, path)
			list = append(list, file{name: filepath.ToSlash(name), path: path})
		}
		return err
	})
	if err != nil {
		return err
	}
	return written(to, func(w io.Writer) error { return r.archive(w, list) })
}

func (r *release) imageOf(arch, binary, roots string) (v1.Image, error) {
	var b bytes.Buffer
	err := r.archive(&b, []file{{"usr/bin/dirform", binary, true}, {"etc/ssl/certs/ca-certificates.crt", roots, false}})
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", arch, v1.Time{Time: r.time}
	config.Config = v1.Config{Entrypoint: []string{"/usr/bin/dirform"}, User: nobody, WorkingDir: "/work",
		Env: []string{"SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
		Labels: map[string]string{"org.opencontainers.image.source": "https://github.com/dirform/dirform",
			"org.opencontainers.image.version": r.version, "org.opencontainers.image.revision": r.revision,
			"org.opencontainers.image.licenses": "Apache-2.0"}}
	image, err = mutate.ConfigFile(image, config)
	return image, errors.Join(err)
}

// authorities are certificates in PEM.
func authorities() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a buffer takes everything
	}
	return b.Bytes()
}
