package open

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/seal"
)

// The few settings that commands about the record and the lab need are read here by themselves, so that both can be looked at
// while the rest of the configuration is broken or its variables have no values. Everything else loads the configuration.

// declaredState is what dirform { state "file" { path } } or { state "postgres" } says, or the default. What is computed takes the
// values of variables and locals.
func declaredState(a *cli.App, v *Variables) (path string, db *config.Database, err error) {
	computed := false
	err = eachBlock(a.Dir(), func(b *hclsyntax.Block) {
		if b.Type != "dirform" {
			return
		}
		for _, s := range b.Body.Blocks {
			if s.Type == "state" {
				computed = computed || !slices.Equal(s.Labels, []string{"file"})
				path = cmp.Or(path, literal(s.Body, "path"))
				computed = computed || path == "" && s.Body.Attributes["path"] != nil
			}
		}
	})
	if err != nil || !computed {
		return cmp.Or(path, config.DefaultStatePath), nil, err
	}
	options, err := v.options(a)
	if err != nil {
		return "", nil, err
	}
	path, db, diags := config.StatePlace(options)
	return path, db, Diagnose(a, nil, diags)
}

// declaredKeys are the keys in dirform { encryption { key, previous } }; nil if there is no such block.
func declaredKeys(a *cli.App, v *Variables) (keys *seal.Keys, err error) {
	declared := false
	err = eachBlock(a.Dir(), func(b *hclsyntax.Block) {
		for _, in := range b.Body.Blocks {
			declared = declared || b.Type == "dirform" && in.Type == "encryption"
		}
	})
	if err != nil || !declared {
		return nil, err
	}
	options, err := v.options(a)
	if err != nil {
		return nil, err
	}
	keys, secrets, diags := config.Encryption(options)
	a.Hide(secrets)
	if err := Diagnose(a, nil, diags); err != nil || keys != nil {
		return keys, err
	}
	return nil, errors.New("the keys of the encryption block are not known")
}

// DeclaredLabs are the folders in provider "ad" { lab } and provider "entra" { lab }; "" where there is none.
func DeclaredLabs(dir string) (ad, entra string, err error) {
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
	files, err := ConfigurationFiles(dir)
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

// ConfigurationFiles are the names of a folder's *.hcl files that configure something, sorted. Tests are not among them.
func ConfigurationFiles(dir string) ([]string, error) {
	names, err := HCLFiles(dir)
	return slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, ".dirtest.hcl") }), err
}

// HCLFiles are the names of all *.hcl files of a folder, sorted.
func HCLFiles(dir string) (names []string, err error) {
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
