package main

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/state/fault"
)

func TestAllowedLimits(t *testing.T) {
	o := planOptions{allowed: []string{"deletes=5", "source_shrink=30", "deletes=7"}}
	limits, err := o.limits()
	if diff := cmp.Diff(map[string]int{"deletes": 7, "source_shrink": 30}, limits); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for arg, detail := range map[string]string{"deletes": "", "deletes=": "", "deletes=-1": "", "delete=5": `Did you mean "deletes"?`, "=5": ""} {
		o := planOptions{allowed: []string{arg}}
		_, err := o.limits()
		var u *fault.Error
		if !errors.As(err, &u) || u.Detail != detail {
			t.Errorf("%s: %v", arg, err)
		}
	}
}
