package pair

import (
	"testing"

	"github.com/dirform/dirform/state"
)

// TestMatchRulesHaveEvidence: every match rule that a descriptor names is known, and as strong as the descriptor says.
func TestMatchRulesHaveEvidence(t *testing.T) {
	for _, d := range state.Kinds {
		for _, m := range d.Match {
			r := RuleNamed(m.Name)
			if r == None || r.Hard() != m.Hard || r.Hard() == r.Soft() {
				t.Errorf("%s: rule %q is %s, hard %t, soft %t", d.Kind, m.Name, r, r.Hard(), r.Soft())
			}
		}
	}
	if r := RuleNamed("by_hand"); r != None {
		t.Errorf("a rule that nobody knows is %s", r)
	}
}
