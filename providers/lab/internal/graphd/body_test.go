package graphd_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

func TestCompressedBody(t *testing.T) {
	w := serve(t, seed)
	zip := func(s string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write([]byte(s))
		z.Close()
		return b.String()
	}
	w.want(204, "PATCH", "/users/bob@contoso.com", zip(patchBob), "Content-Encoding", "gzip")
	if w.bobsTitle() != "Boss" {
		t.Errorf("title %v", w.bobsTitle())
	}
	w.want(400, "PATCH", "/users/bob@contoso.com", patchBob, "Content-Encoding", "gzip")
	w.want(415, "PATCH", "/users/bob@contoso.com", patchBob, "Content-Encoding", "br")
	bomb := zip(`{"jobTitle":"` + strings.Repeat("x", 8<<20) + `"}`)
	if got := w.want(400, "PATCH", "/users/bob@contoso.com", bomb, "Content-Encoding", "gzip"); !strings.Contains(got.str("error", "message"), "larger than") {
		t.Error(got.text)
	}
}
