package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/state/store"
)

// TestErrorsAreLaidOut: what the packages below say in one sentence comes as summary, detail and hint, with all its words.
func TestErrorsAreLaidOut(t *testing.T) {
	lock := store.LockInfo{ID: "abc", Holder: "apply by joe@far pid 9", Host: "far", Since: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)}
	refused := func(err error) error {
		return &openError{"Active Directory", `provider "ad" "corp"`, "main.hcl:1", err}
	}
	for _, c := range []struct {
		name string
		err  error
		want block
	}{
		{"locked, holder alive", &store.LockedError{Path: "x.dfstate", Info: lock, Alive: true},
			block{"The state is locked", `x.dfstate is locked by "apply by joe@far pid 9" since 2026-11-23T06:00:00Z (lock abc).`, "Wait for it to end"}},
		{"locked elsewhere", fmt.Errorf("wrapped: %w", &store.LockedError{Path: "x", Info: lock}),
			block{"The state is locked", `x is locked by "apply by joe@far pid 9" since 2026-11-23T06:00:00Z (lock abc).`,
				`If that run is dead (it was on host "far", so this host cannot tell), free it with: dirform force-unlock abc`}},
		{"another state", &store.OtherStateError{Reason: "it was made at serial 1"},
			block{"The plan does not belong to this state", "It was made at serial 1.", "Nothing was changed: plan again and apply the new plan."}},
		{"truncated", &planfile.RefusedError{Path: "m.dfplan", Why: planfile.ErrTruncated, Detail: "its last line is missing"},
			block{"The plan file is truncated", "m.dfplan: its last line is missing.", "Copy it again completely, or make a new plan with `dirform plan --out FILE`."}},
		{"not reached", refused(errors.New("active directory: ldaps://dc1: it can't be reached: no such host: check url, name resolution and firewall")),
			block{"Active Directory cannot be opened", "provider \"ad\" \"corp\" (main.hcl:1)\nldaps://dc1: it can't be reached: no such host.",
				"What to do: check url, name resolution and firewall."}},
		{"several servers", refused(errors.New("active directory: no domain controller could be reached: check url and firewall:\n  ldaps://dc1: refused\n  ldaps://dc2: refused")),
			block{"Active Directory cannot be opened", "provider \"ad\" \"corp\" (main.hcl:1)\nNo domain controller could be reached:\n  ldaps://dc1: refused\n  ldaps://dc2: refused.",
				"What to do: check url and firewall."}},
		{"wrong password", refused(errors.New(`active directory: ldaps://dc1: logging on as joe: wrong account name or password: check bind_dn (a name) and password: LDAP Result Code 49 "Invalid Credentials"`)),
			block{"Active Directory cannot be opened", "provider \"ad\" \"corp\" (main.hcl:1)\nldaps://dc1: logging on as joe: wrong account name or password: LDAP Result Code 49 \"Invalid Credentials\".",
				"What to do: check bind_dn (a name) and password."}},
		{"permission", fmt.Errorf("reading the domains: GET /domains: HTTP 403\nGrant the application the permission Domain.Read.All"),
			block{"Reading the domains failed", "GET /domains: HTTP 403.", "Grant the application the permission Domain.Read.All."}},
		{"network", fmt.Errorf("reading the domains: GET /domains: %w", &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("refused")}),
			block{"Reading the domains failed", "GET /domains: dial tcp: refused.", "Check that this machine (or its HTTPS_PROXY) can reach the server, and the address in the provider block."}},
		{"closed connection", errors.New("read tcp 1.2.3.4: use of closed network connection"), block{summary: "read tcp 1.2.3.4: use of closed network connection"}},
		{"short", errors.New("disk full"), block{summary: "disk full"}},
	} {
		got := asBlock(c.err)
		if d := cmp.Diff(c.want, got, cmp.AllowUnexported(block{})); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		words := func(s string) string {
			return strings.ToLower(strings.NewReplacer(":", "", ".", "", ";", "").Replace(s))
		}
		all := words(got.summary + " " + got.detail + " " + got.hint)
		for _, w := range strings.Fields(words(c.err.Error())) {
			if !strings.Contains(all, w) && w != "wrapped" && w != "active" && w != "plan" && w != "file" {
				t.Errorf("%s: the word %q is lost", c.name, w)
			}
		}
	}
}
