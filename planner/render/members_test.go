package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/state"
)

// TestMembers: a change of a set of references says what it gains and loses, and is never folded with others.
func TestMembers(t *testing.T) {
	c := &state.Change{Address: `group.staff["sales"]`, Kind: state.Group, Action: state.ActionUpdate, TargetID: "g1",
		Members: &state.SetChange{Add: []string{"id-1", state.PendingRef + "AAAA=="}, Remove: []string{"id-2"}}}
	var b bytes.Buffer
	render.Change(&b, c, render.TextOptions{})
	for _, want := range []string{"members: 2 added, 1 removed", `+ "id-1"`, `+ "anchor:AAAA=="`, `- "id-2"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, b.String())
		}
	}
}
