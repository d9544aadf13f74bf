package limits_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/state/fault"
)

func TestAllow(t *testing.T) {
	got, err := limits.Allow([]string{"deletes=5", "source_shrink=30", "deletes=7"})
	if diff := cmp.Diff(map[string]int{"deletes": 7, "source_shrink": 30}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for arg, detail := range map[string]string{"deletes": "", "deletes=": "", "deletes=-1": "", "delete=5": `Did you mean "deletes"?`,
		"del=5": `Did you mean "deletes"?`, "=5": ""} {
		_, err := limits.Allow([]string{arg})
		var u *fault.Error
		if !errors.As(err, &u) || u.Detail != detail {
			t.Errorf("%s: %v", arg, err)
		}
	}
}
