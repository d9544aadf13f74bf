package discreet_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/dirform/dirform/state/discreet"
	"github.com/dirform/dirform/state/visible"
)

// TestDiscreetForms: a secret is not told in the form that is safe to print either.
func TestDiscreetForms(t *testing.T) {
	const secret = "se##cret\\\"\u200b\"x"
	for _, format := range []string{"%s", "%q"} {
		var b bytes.Buffer
		d := discreet.New(&b)
		d.Hide([]string{secret})
		for _, print := range []func(io.Writer, string, ...any) (int, error){fmt.Fprintf, visible.Fprintf} {
			if print(d, format, secret); strings.Contains(b.String(), "cret") {
				t.Error(b.String())
			}
		}
	}
}
