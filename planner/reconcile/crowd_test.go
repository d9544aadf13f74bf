package reconcile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dirform/dirform/state"
)

// TestOneAddressForEverybody: a mapping that gives everybody the same address makes a plan in which each of them is blocked, names
// some of the others and counts the rest. What it takes grows with the people, and not with their pairs.
func TestOneAddressForEverybody(t *testing.T) {
	const n = 2000
	w := newWorld(7)
	for i := range n {
		w.source[state.GUID{0: byte(i >> 8), 1: byte(i), 15: 1}] = &person{dn: fmt.Sprintf("CN=p%d,OU=In", i),
			attrs: map[string]state.Value{
				"userPrincipalName": state.String(fmt.Sprintf("p%d@contoso.com", i)), "displayName": state.String("P"),
				"sAMAccountName": state.String(fmt.Sprintf("p%d", i)), "userAccountControl": state.Int(512),
				"mail": state.String("office@contoso.com"),
			}}
	}
	h := newHarness(t, w, allowed("disable"))
	p := h.plan()
	if s := p.Totals().Summary; s.Blocked != n || s.Changes() != 0 {
		t.Errorf("%+v", s)
	}
	found := 0
	for f, err := range p.Findings() {
		check(t, err)
		if f.Code != "DF202" {
			t.Errorf("%s: %s", f.Code, f.Detail)
			continue
		}
		found++
		if len(f.Objects) != 21 || !strings.Contains(f.Detail, fmt.Sprintf("; %d more source objects want it too.", n-21)) {
			t.Fatalf("%d objects: %s", len(f.Objects), f.Detail)
		}
	}
	if found != n {
		t.Errorf("%d findings", found)
	}
	if a, b := planText(t, p), planText(t, h.plan()); a != b {
		t.Error("two plans of the same people differ")
	}
}
