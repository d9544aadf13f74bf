package graphd_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestGroupIsMadeWithExplicitNulls(t *testing.T) {
	w := serve(t, groupSeed)
	nulls := `{"description":null,"visibility":null,"classification":null,"uniqueName":null,`
	w.want(201, "POST", "/groups", strings.Replace(newGroup, "{", nulls, 1))
	refused := w.want(400, "POST", "/groups",
		`{"displayName":null,"mailEnabled":false,"mailNickname":"x","securityEnabled":true}`)
	if !strings.Contains(refused.text, "A value is required for property 'displayName'") {
		t.Error(refused.text)
	}
}

func TestMembershipsAreFollowedOverAnyNumberOfSteps(t *testing.T) {
	w := serve(t, groupSeed)
	group := func(name, members string) string {
		body := strings.NewReplacer("Team", name, "{", `{"members@odata.bind":`+members+`,`).Replace(newGroup)
		return w.want(201, "POST", "/groups", body).str("id")
	}
	inner := group("Inner", w.bind(w.id("ann")))
	middle := group("Middle", w.bind(inner))
	outer := group("Outer", w.bind(middle))
	ann := "/users/" + w.id("ann")

	ids := func(r []map[string]any) (list []string) {
		for _, x := range r {
			list = append(list, fmt.Sprint(x["id"]))
		}
		return list
	}
	got := ids(w.want(200, "GET", ann+"/transitiveMemberOf?$select=id", "").values())
	if !slices.Contains(got, outer) ||
		!slices.Contains(got, middle) {
		t.Errorf("transitiveMemberOf: %v", got)
	}
	got = ids(w.want(200, "GET", ann+"/memberOf/microsoft.graph.group?$select=id", "").values())
	if slices.Contains(got, outer) ||
		!slices.Contains(got, inner) {
		t.Errorf("memberOf, one step: %v", got)
	}
	if got := ids(w.want(200, "GET", "/groups/"+outer+"/transitiveMembers?$select=id", "").values()); len(got) != 3 {
		t.Errorf("transitiveMembers: %v", got)
	}
	said := w.want(200, "POST", ann+"/getMemberGroups", `{"securityEnabledOnly":true}`).text
	if !strings.Contains(said, outer) {
		t.Errorf("getMemberGroups: %s", said)
	}
	said = w.want(200, "POST", ann+"/checkMemberGroups",
		`{"groupIds":["`+middle+`","00000000-0000-4000-8000-00000000beef"]}`).text
	if !strings.Contains(said, `"value":["`+middle+`"]`) {
		t.Errorf("checkMemberGroups: %s", said)
	}
	w.want(204, "PUT", ann+"/manager/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/users/`+w.id("bob")+`"}`)
	got = ids(w.want(200, "GET", "/users/"+w.id("bob")+"/directReports", "").values())
	if !slices.Equal(got, []string{w.id("ann")}) {
		t.Errorf("directReports: %v", got)
	}
	if got := w.want(200, "POST", ann+"/revokeSignInSessions", "").text; !strings.Contains(got, `"value":true`) {
		t.Errorf("revokeSignInSessions: %s", got)
	}
}
