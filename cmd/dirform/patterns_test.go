package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// patterns are the files that may use regular expressions, and why. Errors, sentences and plan addresses are not taken apart: what
// somebody needs of them is a field (see package fault).
var patterns = map[string]string{
	"cmd/dirform/internal/testcmd/test.go":     "--run takes one, as that of go test does",
	"config/bucket.go":                         "the forms of names of buckets and regions are checked",
	"config/decode_scopes.go":                  "the form of a domain name is checked",
	"config/expr/functions_strings.go":         "replace() takes a pattern between slashes, as Terraform's does",
	"config/internal/sensitive/credentials.go": "lines of HCL source that may hold a secret are found",
	"state/store/objects/s3/client.go":         "what is a region, and a bucket that a host can be called like, is checked",
	"state/jsonshape/jsonshape.go":             "a help page lists members by their paths",
	"providers/providertest/exam.go":           "identifiers in recordings of real servers get the same names everywhere",
}

func TestRegularExpressionsAreForData(t *testing.T) {
	const root = "../.."
	used := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if name == "providers/lab" || d.Name() == "testdata" || strings.HasPrefix(name, ".") && name != "." {
				return filepath.SkipDir
			}
			return nil
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imported := range file.Imports {
			if imported.Path.Value != `"regexp"` {
				continue
			}
			if used[name] = true; patterns[name] == "" {
				t.Errorf("%s uses regular expressions: give what it looks for a field, or say in patterns why it has none", name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range patterns {
		if !used[name] {
			t.Errorf("%s uses no regular expression: take it off patterns", name)
		}
	}
}
