// Package scoped says what a scope and its policy are by their declarations alone.
package scoped

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
)

// Harm ranks what a policy does about leavers. Disabling can be taken back; an account that is kept can still sign
// in.
func Harm(p *config.LinkPolicy) int {
	rank := slices.Index([]string{"disable", "keep", "unlink", "delete"}, p.Leaving)
	if p.Leaving == "disable" && p.Grace > 0 {
		return 2*rank + 1 // deleted in the end
	}
	return 2 * rank
}

// LeavesOut says by what a scope leaves out objects of a kind that lie in it, "" if by nothing.
func LeavesOut(s *config.Scope, kind state.Kind) string {
	switch {
	case !slices.Contains(s.Objects, kind):
		return "objects"
	case s.Filter != "" && s.Where != nil:
		return "filter or where"
	case s.Filter != "":
		return "filter"
	case s.Where != nil:
		return "where"
	}
	return ""
}

// OUKey is what a container that a scope declares is remembered by: however its name is written, it is the same one.
func OUKey(scope, declared string) string {
	name, err := dn.Parse(declared)
	if err != nil {
		return scope + "\x00" + strings.ToLower(declared) // of an earlier version, which took it as it was
	}
	return scope + "\x00" + string(name)
}
