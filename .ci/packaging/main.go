// Command packaging packs built binaries of dirform as they are published: archives, Debian packages and a container image. The same
// binaries and the same time give the same files, byte by byte.
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// release is what is packed.
type release struct {
	version  string
	revision string
	time     time.Time // of the commit; every file says that it was made then
	tree     string    // the folder of the sources
	binaries string    // the folder with GOOS_GOARCH/dirform, with .exe for Windows
	out      string    // the folder for what is published
}

func main() {
	var r release
	var seconds int64
	var sbom string
	flag.StringVar(&r.version, "version", "", "the release, such as 0.1.0")
	flag.StringVar(&r.revision, "revision", "", "the commit")
	flag.Int64Var(&seconds, "time", 0, "when the commit was made, in seconds since 1970")
	flag.StringVar(&r.tree, "tree", "", "the folder of the sources")
	flag.StringVar(&r.binaries, "binaries", "", "the folder with GOOS_GOARCH/dirform")
	flag.StringVar(&sbom, "sbom", "", "a CycloneDX document of what dirform is made of")
	flag.StringVar(&r.out, "out", "", "the folder for what is published")
	flag.Parse()
	r.time = time.Unix(seconds, 0).UTC()
	if err := r.pack(sbom); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

// pack packs everything there is a binary of.
func (r *release) pack(sbom string) error {
	targets, err := filepath.Glob(filepath.Join(r.binaries, "*_*", "dirform*"))
	if err != nil || len(targets) == 0 {
		return errors.Join(err, fmt.Errorf("no binaries in %s", r.binaries))
	}
	images := map[string]string{}
	for _, binary := range targets {
		system, arch, _ := strings.Cut(filepath.Base(filepath.Dir(binary)), "_")
		name := filepath.Join(r.out, fmt.Sprintf("dirform_%s_%s_%s", r.version, system, arch))
		switch system {
		case "windows":
			err = r.zip(name+".zip", binary)
		case "linux":
			images[arch] = binary
			err = errors.Join(r.tar(name+".tar.gz", binary), r.deb(name+".deb", arch, binary))
		default:
			err = r.tar(name+".tar.gz", binary)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(images) > 0 {
		if err := r.image(filepath.Join(r.out, fmt.Sprintf("dirform_%s_image.tar.gz", r.version)), images); err != nil {
			return err
		}
	}
	return r.bill(sbom, filepath.Join(r.out, fmt.Sprintf("dirform_%s_sbom.cdx.json", r.version)))
}

// file is a file in an archive.
type file struct {
	name    string // in the archive
	path    string
	program bool
}

func (r *release) files(binary string) []file {
	return []file{{filepath.Base(binary), binary, true}, {"LICENSE", filepath.Join(r.tree, "LICENSE"), false},
		{"README.md", filepath.Join(r.tree, "README.md"), false}}
}

func (f file) mode() int64 {
	if f.program {
		return 0o755
	}
	return 0o644
}

// tar writes a compressed archive of a binary and what belongs to it.
func (r *release) tar(to, binary string) error {
	return written(to, func(w io.Writer) error { return r.archive(w, r.files(binary)) })
}

func (r *release) archive(w io.Writer, files []file) error {
	z := gzip.NewWriter(w)
	a := tar.NewWriter(z)
	for _, f := range files {
		content, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Size: int64(len(content)), Mode: f.mode(), ModTime: r.time, Format: tar.FormatPAX}
		if err := a.WriteHeader(h); err != nil {
			return err
		}
		if _, err := a.Write(content); err != nil {
			return err
		}
	}
	return errors.Join(a.Close(), z.Close())
}

func (r *release) zip(to, binary string) error {
	return written(to, func(w io.Writer) error {
		a := zip.NewWriter(w)
		for _, f := range r.files(binary) {
			content, err := os.ReadFile(f.path)
			if err != nil {
				return err
			}
			h := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: r.time}
			h.SetMode(os.FileMode(f.mode()))
			entry, err := a.CreateHeader(h)
			if err != nil {
				return err
			}
			if _, err := entry.Write(content); err != nil {
				return err
			}
		}
		return a.Close()
	})
}

// bill copies a bill of materials, without what differs each time it is made.
func (r *release) bill(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	delete(doc, "serialNumber")
	if meta, ok := doc["metadata"].(map[string]any); ok {
		meta["timestamp"] = r.time.Format(time.RFC3339)
	}
	return written(to, func(w io.Writer) error {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetIndent("", "  ")
		if err := e.Encode(doc); err != nil {
			return err
		}
		_, err := b.WriteTo(w)
		return err
	})
}

// written writes a file.
func written(path string, content func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(content(f), f.Close())
}
