package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// published is the folder that .ci/release has made.
func published(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("DIRFORM_RELEASE")
	if dir == "" {
		t.Skip("DIRFORM_RELEASE names no folder that .ci/release has made")
	}
	return dir
}

// one is the path of the one file that a pattern fits.
func one(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(published(t), pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %v, %v", pattern, found, err)
	}
	return found[0]
}

// here is the part of file names that means this machine.
const here = "linux_" + runtime.GOARCH

// runs checks that a program is the release.
func runs(t *testing.T, program string) {
	t.Helper()
	out, err := exec.Command(program, "version", "--json").Output()
	var v struct {
		Version  string `json:"dirform_version"`
		Revision string `json:"revision"`
	}
	if err := errorsOf(err, json.Unmarshal(out, &v)); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(one(t, "dirform_*_"+here+".tar.gz"), "dirform_"+v.Version+"_") || len(v.Revision) != 40 {
		t.Errorf("it says that it is %+v", v)
	}
}

func errorsOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// unpack unpacks a compressed archive.
func unpack(t *testing.T, r io.Reader) (dir string) {
	t.Helper()
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for a := tar.NewReader(z); ; {
		h, err := a.Next()
		if err == io.EOF {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, h.Name)
		if h.FileInfo().IsDir() {
			continue
		}
		content, err := io.ReadAll(a)
		if err := errorsOf(err, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, h.FileInfo().Mode())); err != nil {
			t.Fatal(err)
		}
	}
}

func unpackFile(t *testing.T, path string) (dir string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return unpack(t, f)
}

func TestChecksums(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(published(t), "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(published(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(published(t), f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		if line := hex.EncodeToString(sum[:]) + "  " + f.Name() + "\n"; f.Name() != "SHA256SUMS" && !bytes.Contains(text, []byte(line)) {
			t.Errorf("no line %q", line)
		}
	}
}

func TestArchive(t *testing.T) {
	dir := unpackFile(t, one(t, "dirform_*_"+here+".tar.gz"))
	runs(t, filepath.Join(dir, "dirform"))
	for _, name := range []string{"LICENSE", "README.md"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Error(name, err)
		}
	}
}

func TestDebianPackage(t *testing.T) {
	path, dir := one(t, "dirform_*_"+here+".deb"), t.TempDir()
	if out, err := exec.Command("dpkg-deb", "--extract", path, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	runs(t, filepath.Join(dir, "usr", "bin", "dirform"))
	out, err := exec.Command("dpkg-deb", "--field", path).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("Package: dirform\n")) || !bytes.Contains(out, []byte("Architecture: "+runtime.GOARCH+"\n")) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestImage(t *testing.T) {
	index, err := layout.ImageIndexFromPath(unpackFile(t, one(t, "dirform_*_image.tar.gz")))
	if err == nil {
		err = validate.Index(index)
	}
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	ran := false
	for _, m := range manifest.Manifests {
		image, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		ran = checkImage(t, image) || ran
	}
	if !ran {
		t.Error("no image is for this machine")
	}
}

// checkImage checks an image, and runs its program if it is for this machine.
func checkImage(t *testing.T, image v1.Image) (ran bool) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != nobody || fmt.Sprint(config.Config.Entrypoint) != "[/usr/bin/dirform]" {
		t.Errorf("%+v", config.Config)
	}
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatal(len(layers), err)
	}
	r, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	dir := unpack(t, r)
	text, err := os.ReadFile(filepath.Join(dir, "etc", "ssl", "certs", "ca-certificates.crt"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		n++
	}
	if n < 100 {
		t.Errorf("%d authorities", n)
	}
	if config.Architecture != runtime.GOARCH {
		return false
	}
	runs(t, filepath.Join(dir, "usr", "bin", "dirform"))
	return true
}

// TestForeignPrograms looks at the first bytes of what cannot be run here.
func TestForeignPrograms(t *testing.T) {
	for pattern, magic := range map[string]string{"dirform_*_darwin_*.tar.gz": "\xcf\xfa\xed\xfe", "dirform_*_linux_*.tar.gz": "\x7fELF"} {
		found, _ := filepath.Glob(filepath.Join(published(t), pattern))
		for _, path := range found {
			begins(t, path, filepath.Join(unpackFile(t, path), "dirform"), magic)
		}
	}
	found, _ := filepath.Glob(filepath.Join(published(t), "*.zip"))
	for _, path := range found {
		z, err := zip.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		f, err := z.Open("dirform.exe")
		if err != nil {
			t.Fatal(err)
		}
		begin := make([]byte, 2)
		if _, err := io.ReadFull(f, begin); err != nil || string(begin) != "MZ" {
			t.Errorf("%s: %q, %v", path, begin, err)
		}
	}
}

// TestPrograms looks into every program that was packed, also those for other systems: it is for the system and the processor that its
// archive names, built without C and without the paths of a machine, from a commit without changes.
func TestPrograms(t *testing.T) {
	archives, err := filepath.Glob(filepath.Join(published(t), "dirform_*_*_*.tar.gz"))
	zips, err2 := filepath.Glob(filepath.Join(published(t), "dirform_*_*_*.zip"))
	if err := errorsOf(err, err2); err != nil || len(archives)+len(zips) == 0 {
		t.Fatal("no archives", err)
	}
	for _, path := range append(archives, zips...) {
		program := ""
		if strings.HasSuffix(path, ".zip") {
			program = unzipped(t, path, "dirform.exe")
		} else {
			program = filepath.Join(unpackFile(t, path), "dirform")
		}
		built, err := buildinfo.ReadFile(program)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		is := map[string]string{}
		for _, s := range built.Settings {
			is[s.Key] = s.Value
		}
		if !strings.Contains(filepath.Base(path), "_"+is["GOOS"]+"_"+is["GOARCH"]+".") || is["CGO_ENABLED"] != "0" || is["-trimpath"] != "true" ||
			is["vcs.modified"] != "false" || len(is["vcs.revision"]) != 40 {
			t.Errorf("%s: %v", path, is)
		}
	}
}

// unzipped is the path of a file out of an archive.
func unzipped(t *testing.T, path, name string) string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	content, err := fs.ReadFile(z, name)
	to := filepath.Join(t.TempDir(), name)
	if err := errorsOf(err, os.WriteFile(to, content, 0o600)); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestPackedAlike packs the same twice, from folders of other names, in another order of time and with other permissions: each file is
// the same to the byte. It needs no release.
func TestPackedAlike(t *testing.T) {
	packed := func(name string, perm os.FileMode, age time.Duration) map[string][]byte {
		dir := filepath.Join(t.TempDir(), name)
		r := &release{version: "1.2.3", revision: strings.Repeat("a", 40), time: time.Unix(1_800_000_000, 0).UTC(), tree: filepath.Join(dir, "tree"),
			binaries: filepath.Join(dir, "binaries"), out: filepath.Join(dir, "out")}
		files := map[string]string{"tree/LICENSE": "licence", "tree/README.md": "read me",
			"sbom.json": fmt.Sprintf(`{"serialNumber":"urn:uuid:%d","metadata":{"timestamp":"%v"},"components":[{"name":"a"}]}`, age, age)}
		for _, target := range []string{"linux_amd64/dirform", "linux_arm64/dirform", "darwin_arm64/dirform", "windows_amd64/dirform.exe"} {
			files["binaries/"+target] = strings.Repeat(target, 1000)
		}
		for file, content := range files {
			path := filepath.Join(dir, file)
			old := time.Now().Add(-age)
			err := errorsOf(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), perm), os.Chmod(path, perm), os.Chtimes(path, old, old))
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := errorsOf(os.Mkdir(r.out, 0o755), r.pack(filepath.Join(dir, "sbom.json"))); err != nil {
			t.Fatal(err)
		}
		all := map[string][]byte{}
		list, err := os.ReadDir(r.out)
		for _, f := range list {
			content, readErr := os.ReadFile(filepath.Join(r.out, f.Name()))
			err = errorsOf(err, readErr)
			all[f.Name()] = content
		}
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	one, two := packed("a", 0o600, time.Hour), packed("another/folder", 0o755, 1000*time.Hour)
	if len(one) != 8 || len(two) != len(one) { // 4 archives, 2 Debian packages, the image and the bill
		t.Errorf("%d and %d files", len(one), len(two))
	}
	for name, content := range one {
		if !bytes.Equal(content, two[name]) {
			t.Errorf("%s: %d and %d bytes that differ", name, len(content), len(two[name]))
		}
	}
}

func begins(t *testing.T, what, path, magic string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil || !bytes.HasPrefix(content, []byte(magic)) {
		t.Errorf("%s: %v", what, err)
	}
}

func TestBillOfMaterials(t *testing.T) {
	text, err := os.ReadFile(one(t, "dirform_*_sbom.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		BOMFormat  string `json:"bomFormat"`
		Components []struct {
			Name     string
			Evidence struct{ Licenses []any }
			Licenses []any
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, c := range doc.Components {
		names[c.Name] = true
		if len(c.Licenses) == 0 && len(c.Evidence.Licenses) == 0 {
			t.Errorf("%s has no licence", c.Name)
		}
	}
	if doc.BOMFormat != "CycloneDX" || !names["github.com/hashicorp/hcl/v2"] || !names["github.com/go-ldap/ldap/v3"] {
		t.Errorf("%s with %d components", doc.BOMFormat, len(names))
	}
}
