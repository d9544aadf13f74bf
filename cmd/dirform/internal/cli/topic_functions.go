package cli

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/config/expr"
)

// functionsText is "dirform help functions", made from the table of the functions themselves.
func functionsText() string {
	var b strings.Builder
	b.WriteString("FUNCTIONS\n\nIn a mapping and in where, ad.NAME is an attribute of the source object.\n")
	write := func(title string, directory bool) {
		fmt.Fprintf(&b, "\n%s\n", title)
		for _, f := range expr.Describe() {
			if f.Directory == directory {
				fmt.Fprintf(&b, "\n  %s\n      %s\n      %s\n", f.Signature, f.Summary, f.Example)
			}
		}
	}
	write("WHAT DIRECTORIES NEED", true)
	write("AS IN TERRAFORM", false)
	return b.String()
}
