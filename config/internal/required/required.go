// Package required compares versions of dirform with what a configuration asks for.
package required

import "github.com/hashicorp/go-version"

// Met reports whether a version meets constraints such as ">= 0.1, < 2". One that is none, as of a development build, meets all; an
// error is about the constraints.
func Met(constraints, have string) (bool, error) {
	c, err := version.NewConstraint(constraints)
	if err != nil {
		return false, err
	}
	v, err := version.NewVersion(have)
	return err != nil || c.Check(v.Core()), nil
}
