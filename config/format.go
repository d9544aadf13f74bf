package config

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/dirform/dirform/config/internal/source"
)

// Format lays out a configuration file in the canonical way: indentation, spaces, aligned equals signs. It never fails; what is
// not valid HCL comes back with its spaces changed at most.
func Format(src []byte) []byte { return hclwrite.Format(src) }

// Parse parses a file of the language, within the limits of its nesting and without looking at what it means.
func Parse(src []byte, name string) (*hcl.File, hcl.Diagnostics) { return source.Parse(src, name) }

// Foreign is an error about a file that is a link to something else outside of its folder than a file of the language, of which
// nothing may be shown then; or nil.
func Foreign(path string, src []byte) error {
	if err := source.Foreign(path, src); err != nil {
		return err
	}
	return nil
}

// SyntaxError is the one to correct among a parser's errors about src, without its source line where that may show a secret. There
// must be an error.
func SyntaxError(src []byte, diags hcl.Diagnostics) hcl.Diagnostics {
	return hcl.Diagnostics{source.FirstError(src, diags)}
}
