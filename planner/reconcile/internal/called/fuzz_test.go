package called_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/dirform/dirform/planner/reconcile/internal/called"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/aim"
	"github.com/dirform/dirform/state"
)

// pattern is what --target takes for an address or a part of the plan; everything else is a name.
var pattern = regexp.MustCompile(`(?s)^(.*"\]|(user|group)\.[^@=\[ ]+|upn_suffix|directory_sync)$`)

// FuzzTarget reads anything as a value of --target or --exclude. It is an address, a scope, a kind or a name; an
// address or scope covers the objects that have it and no other, and a target that covers nothing is told.
func FuzzTarget(f *testing.F) {
	for _, target := range []string{"user.staff", `user.staff["jane@contoso.com"]`, "upn_suffix",
		`upn_suffix["contoso.com"]`, "user", "user.", "user.a.b", "staff", "jane@contoso.com",
		"CN=Jane,OU=x", "group.x y", `"]`, "directory_sync", "directory_sync.x", `user.staff["a`, `user.staff[`,
		"User.staff", "user.staf", `user.staf["a`, `user.staff["a["]`, `user.staff["a"]["b"]`,
		"28e6b8fe-4b1e-4b4f-8c5e-1a2b3c4d5e6f", "{28E6B8FE-4B1E-4B4F-8C5E-1A2B3C4D5E6F}", "jane*", "Jane Doe"} {
		f.Add(target, "staff", "jane@contoso.com")
		f.Add(target, "staf", `a["b`)
		f.Add(target, "staff", "a")
	}
	scope := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
	f.Fuzz(func(t *testing.T, target, in, key string) {
		if got := called.IsPattern(target); got != pattern.MatchString(target) {
			t.Errorf("%q is a pattern: %v", target, got)
		}
		if short := called.IsShort(target); short && (called.IsAddress(target) && strings.Contains(target, "[") ||
			strings.Contains(target, "@")) {
			t.Errorf("%q is a short name", target)
		}
		if !scope.MatchString(in) {
			return
		}
		for _, kind := range []state.Kind{state.User, state.Group} {
			address := fmt.Sprintf("%s.%s[%q]", kind, in, key)
			covers := target == address || target == string(kind)+"."+in
			for _, a := range []struct {
				aim     *aim.Aim
				selects bool
			}{{aim.New([]string{target}, nil), covers}, {aim.New(nil, []string{target}), !covers},
				{aim.New([]string{target}, []string{address}), false}} {
				if got := a.aim.Selects(address); got != a.selects || a.aim.SelectsAll() {
					t.Errorf("%q selects %s: %v", target, address, got)
				}
			}
			a := aim.New([]string{target}, nil)
			a.Selects(address)
			if missed := a.Missed(); (len(missed) == 0) != covers {
				t.Errorf("%q misses %q of %s", target, missed, address)
			}
		}
	})
}
