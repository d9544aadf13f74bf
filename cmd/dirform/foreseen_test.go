package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/planner"
)

// syncErrors are the errors of Microsoft's guide to errors during synchronisation (learn.microsoft.com, "Understanding errors
// during Microsoft Entra synchronization"), without 114, which only a sync client can cause, by touching what it has not made.
var syncErrors = []string{"InvalidHardMatch", "InvalidSoftMatch", "ObjectTypeMismatch", "AttributeValueMustBeUnique",
	"IdentityDataValidationFailed", "LargeObject", "ExceededAllowedLength", "Existing Admin Role Conflict"}

func TestEverySyncErrorIsForeseen(t *testing.T) {
	known := map[string]bool{}
	for _, e := range planner.ForeseenErrors {
		known[e.Name] = len(e.Codes) > 0
		for _, code := range e.Codes {
			if !slices.ContainsFunc(planner.Codes, func(c planner.Code) bool { return c.Code == code }) {
				t.Errorf("%q is foreseen by %s, which is not in planner.Codes", e.Name, code)
			}
		}
	}
	for _, name := range append(slices.Clone(syncErrors), "ObjectConflict") {
		if !known[name] {
			t.Errorf("no finding foresees %s", name)
		}
		if code, text, _ := runMain(t, cli.Environment{}, "help", name); code != 0 || !strings.Contains(text, "FORESEES") {
			t.Errorf("help %s: status %d\n%s", name, code, text)
		}
	}
}
