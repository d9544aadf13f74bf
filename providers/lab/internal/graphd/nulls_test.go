package graphd_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// What the description of Graph allows no null for has none: who has never signed in has no signInActivity, and a licence all of whose
// plans are on an empty list of those that are off.
func TestNoNullWhereNoneIsAllowed(t *testing.T) {
	w := serve(t, optionSeed)
	got := w.want(200, "GET", "/users/bob@contoso.com?$select=signInActivity,displayName", "")
	if strings.Contains(got.text, "signInActivity\":") || got.str("displayName") != "bob Bly" {
		t.Error(got.text)
	}
	if err := w.Set("bob@contoso.com", "assignedLicenses",
		json.RawMessage(`[{"skuId":"6fd2c87f-b296-42f0-b197-1e91e994b900"}]`)); err != nil {
		t.Fatal(err)
	}
	got = w.want(200, "GET", "/users/bob@contoso.com?$select=assignedLicenses", "")
	if !strings.Contains(got.text, `"disabledPlans":[]`) {
		t.Error(got.text)
	}
}
