package open

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
)

// TestErrorsAreLaidOut: the errors of the packages below come as summary, detail and hint.
func TestErrorsAreLaidOut(t *testing.T) {
	lock := store.LockInfo{ID: "abc", Holder: "apply by joe@far pid 9", Host: "far",
		Since: time.Date(2126, 11, 23, 6, 0, 0, 0, time.UTC)} // of a clock that is ahead, since the age would change the text
	const held = `x.dfstate is locked by "apply by joe@far pid 9" since 2126-11-23T06:00:00Z (lock abc).`
	corp := &config.ADProvider{Name: "corp", DeclaredAt: "main.hcl:1"}
	refusal := &fault.Error{Summary: "wrong account name or password", Hint: "Check bind_dn and password.",
		Err: errors.New(`LDAP Result Code 49 "Invalid Credentials"`)}
	for _, c := range []struct {
		name string
		err  error
		want fault.Description
	}{
		{"locked, holder alive", &store.LockedError{Path: "x.dfstate", Info: lock, Alive: true},
			fault.Description{Summary: "The state is locked", Detail: held, Hint: "Wait for it to end; apply and state rm, push, migrate and rebuild do so with --lock-timeout 5m."}},
		{"locked elsewhere", &store.LockedError{Path: "x.dfstate", Info: lock},
			fault.Description{Summary: "The state is locked", Detail: held,
				Hint: `If that run is dead (it was on host "far", so this host cannot tell), free it with: dirform force-unlock abc`}},
		{"truncated", &planfile.RefusedError{Path: "m.dfplan", Why: planfile.ErrTruncated, Detail: "its last line is missing"},
			fault.Description{Summary: "The plan file is truncated", Detail: "m.dfplan: its last line is missing.",
				Hint: "Copy it again completely, or make a new plan with `dirform plan --out FILE`."}},
		{"not opened", sourceError(corp, fmt.Errorf("ldaps://dc1: logging on as joe: %w", refusal)),
			fault.Description{Summary: "Active Directory cannot be opened", Detail: "provider \"ad\" \"corp\" (main.hcl:1)\n" +
				"ldaps://dc1: logging on as joe: wrong account name or password: LDAP Result Code 49 \"Invalid Credentials\".",
				Hint: "Check bind_dn and password."}},
		{"not opened, several servers",
			sourceError(corp, errors.New("no domain controller could be reached:\n  ldaps://dc1: refused\n  ldaps://dc2: refused")),
			fault.Description{Summary: "Active Directory cannot be opened", Detail: "provider \"ad\" \"corp\" (main.hcl:1)\n" +
				"No domain controller could be reached:\n  ldaps://dc1: refused\n  ldaps://dc2: refused."}},
		{"no fault", errors.New("disk full"), fault.Description{Summary: "Disk full"}},
	} {
		if d := cmp.Diff(c.want, fault.Describe(c.err)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}
