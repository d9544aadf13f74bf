package entra

import (
	"testing"

	"github.com/dirform/dirform/providers"
)

// TestNoteGroups: a group whose kind the application may not see is no membership, and not none: a rule may have put
// the account there.
func TestNoteGroups(t *testing.T) {
	const static, ruled, hidden = `{"@odata.type":"#microsoft.graph.group","groupTypes":[]}`,
		`{"@odata.type":"#microsoft.graph.group","groupTypes":["DynamicMembership"]}`, `{"@odata.type":"#microsoft.graph.group","groupTypes":null}`
	const role, unit = `{"@odata.type":"#microsoft.graph.directoryRole"}`, `{"@odata.type":"#microsoft.graph.administrativeUnit"}`
	for body, want := range map[string]struct {
		groups, roles int
		told          bool
	}{
		static + "," + ruled:               {1, 0, true},
		static + "," + hidden:              {1, 0, false},
		role + "," + unit + "," + ruled:    {0, 1, true},
		"":                                 {0, 0, true},
		hidden + "," + unit + "," + hidden: {0, 0, false},
	} {
		var u providers.Usage
		told, err := noteGroups(&u, `{"value":[`+body+`]}`)
		if err != nil || u.Groups != want.groups || u.Roles != want.roles || told != want.told {
			t.Errorf("%s: %+v told %v %v", body, u, told, err)
		}
	}
}
