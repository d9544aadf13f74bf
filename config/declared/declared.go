// Package declared reads the few settings that commands about the record and the lab need, by themselves: so that both can be
// looked at while the rest of the configuration is broken or its variables have no values. Everything else loads the
// configuration.
package declared

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state/bounds"
)

// State is the path in dirform { state "file" { path } } of a folder's configuration, as it is written there; "" if there is
// none. computed says that the configuration has to be asked: the path is computed, or the state is no file.
func State(dir string) (path string, computed bool, err error) {
	err = settings(dir, func(s *hclsyntax.Block) {
		if s.Type == "state" {
			computed = computed || !slices.Equal(s.Labels, []string{"file"})
			path = cmp.Or(path, literal(s.Body, "path"))
			computed = computed || path == "" && s.Body.Attributes["path"] != nil
		}
	})
	return path, computed, err
}

// Encryption reports whether a folder's configuration has dirform { encryption {} }.
func Encryption(dir string) (declared bool, err error) {
	err = settings(dir, func(s *hclsyntax.Block) { declared = declared || s.Type == "encryption" })
	return declared, err
}

// settings visits the blocks in dirform blocks.
func settings(dir string, visit func(*hclsyntax.Block)) error {
	return eachBlock(dir, func(b *hclsyntax.Block) {
		for _, s := range b.Body.Blocks {
			if b.Type == "dirform" {
				visit(s)
			}
		}
	})
}

// Labs are the folders in provider "ad" { lab } and provider "entra" { lab }; "" where there is none.
func Labs(dir string) (ad, entra string, err error) {
	err = eachBlock(dir, func(b *hclsyntax.Block) {
		if b.Type != "provider" || len(b.Labels) == 0 {
			return
		}
		switch b.Labels[0] {
		case "ad":
			ad = cmp.Or(ad, literal(b.Body, "lab"))
		case "entra":
			entra = cmp.Or(entra, literal(b.Body, "lab"))
		}
	})
	return ad, entra, err
}

// eachBlock visits the top-level blocks of a folder's *.hcl files, as far as they can be parsed.
func eachBlock(dir string, visit func(*hclsyntax.Block)) error {
	files, err := Configuration(dir)
	if err != nil {
		return err
	}
	for _, name := range files {
		src, err := bounds.ReadFile(filepath.Join(dir, name), bounds.ConfigFile)
		if err != nil {
			return err
		}
		file, _ := config.Parse(src, name)
		if file == nil {
			continue
		}
		if body, ok := file.Body.(*hclsyntax.Body); ok {
			for _, b := range body.Blocks {
				visit(b)
			}
		}
	}
	return nil
}

// Configuration are the names of a folder's *.hcl files that configure something, sorted. Tests are not among them.
func Configuration(dir string) ([]string, error) {
	names, err := Files(dir)
	return slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, ".dirtest.hcl") }), err
}

// Files are the names of all *.hcl files of a folder, sorted.
func Files(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), ".hcl") && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// literal is the string that a body gives an attribute, "" if it gives none or computes it.
func literal(body *hclsyntax.Body, name string) string {
	attr := body.Attributes[name]
	if attr == nil {
		return ""
	}
	v, diags := attr.Expr.Value(nil)
	if diags.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}

// Quote is s as a string of the language.
func Quote(s string) string { return string(hclwrite.TokensForValue(cty.StringVal(s)).Bytes()) }
