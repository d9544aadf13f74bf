package expr

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/dirform/dirform/state/near"
)

// Function is a function of the language, as `help functions` shows it.
type Function struct {
	Name      string
	Signature string // coalesce(value, …)
	Summary   string // one line
	Example   string // an expression and what it gives
	Directory bool   // dirform's own rather than Terraform's

	call   function.Function // what HCL calls; null handling included
	native *native           // the compiled twin, or nil
}

// Describe lists the functions by name.
func Describe() []Function { return functionTable(nil) }

// Library is the set of functions that expressions can call.
type Library struct {
	hcl    map[string]function.Function
	native map[string]*native
}

// NewLibrary makes the library. environ (NAME=value) is what env looks into.
func NewLibrary(environ []string) *Library {
	l := &Library{hcl: map[string]function.Function{}, native: map[string]*native{}}
	for _, f := range functionTable(environ) {
		l.hcl[f.Name] = f.call
		if f.native != nil {
			l.native[f.Name] = f.native
		}
	}
	return l
}

// Check reports calls of functions that don't exist, and numbers so large that writing them out would fill the memory.
func (l *Library) Check(e hclsyntax.Expression) (diags hcl.Diagnostics) {
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.FunctionCallExpr:
			if _, known := l.hcl[n.Name]; !known {
				diags = append(diags, &hcl.Diagnostic{
					Severity: hcl.DiagError, Summary: "Unknown function", Subject: n.NameRange.Ptr(),
					Detail: fmt.Sprintf("There is no function %q.%s `dirform help functions` lists them.", n.Name, near.DidYouMean(n.Name, slices.Sorted(maps.Keys(l.hcl)))),
				})
			}
		case *hclsyntax.LiteralValueExpr:
			if n.Val.Type() == cty.Number && !n.Val.IsNull() && n.Val.IsKnown() {
				if exp := n.Val.AsBigFloat().MantExp(nil); exp > 1024 || exp < -1024 {
					diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Number out of range", Subject: n.SrcRange.Ptr(),
						Detail: "No attribute and no setting holds a number of this size. Write one below 1e300."})
				}
			}
		}
		return nil
	})
	return append(diags, checkLoops(e)...)
}

func functionTable(environ []string) []Function {
	table := append(stringFunctions(), listFunctions()...)
	table = append(table, valueFunctions()...)
	table = append(table, directoryFunctions(environ)...)
	slices.SortFunc(table, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
	return table
}
