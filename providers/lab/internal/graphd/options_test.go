package graphd_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const optionSeed = `{
 "users":[
  {"userPrincipalName":"ann@contoso.com","displayName":"Ann van Ames","mail":"ann@contoso.com","otherMails":["ann@home.example"],"department":"Sales","officeLocation":"B1","createdDateTime":"2024-03-01T00:00:00Z","manager":"bob@contoso.com","assignedLicenses":[{"skuId":"6fd2c87f-b296-42f0-b197-1e91e994b900","disabledPlans":[]}]},
  {"userPrincipalName":"bob@contoso.com","displayName":"bob Bly","department":"Sales","accountEnabled":false,"createdDateTime":"2024-01-01T00:00:00Z"},
  {"userPrincipalName":"cid@contoso.com","displayName":"Cid2Go Ames","mail":"cid@contoso.com","createdDateTime":"2024-02-01T00:00:00Z"}],
 "groups":[{"displayName":"Sales","mailNickname":"s","mailEnabled":false,"securityEnabled":true,"members":["ann@contoso.com","bob@contoso.com"]},
  {"displayName":"News","mail":"news@contoso.com","mailNickname":"n","mailEnabled":true,"securityEnabled":false,"groupTypes":["Unified"]}],
 "contacts":[{"displayName":"Vic","mail":"vic@vendor.example"},{"displayName":"Amy","mail":"amy@vendor.example"}],
 "deletedItems":[{"userPrincipalName":"x@contoso.com","displayName":"X","deletedDateTime":"2024-05-01T00:00:00Z"},{"userPrincipalName":"y@contoso.com","displayName":"Y","deletedDateTime":"2024-04-01T00:00:00Z"}]}`

// query lists the short names of the users that a query finds, with or without the advanced query parameters.
func (w *world) query(advanced bool, option, value string) []string {
	w.t.Helper()
	path := "/users?$select=userPrincipalName&" + option + "=" + url.QueryEscape(value)
	if !advanced {
		return upns(w.want(200, "GET", path, ""))
	}
	return upns(w.want(200, "GET", path+"&$count=true", "", "ConsistencyLevel", "eventual"))
}

func TestFiltersThatWorkByDefault(t *testing.T) {
	w := serve(t, optionSeed)
	tests := []struct {
		filter string
		want   []string
	}{
		{"otherMails/any(m:m eq 'ANN@home.example')", []string{"ann"}},
		{"otherMails/any(m:startsWith(m,'ann@'))", []string{"ann"}},
		{"proxyAddresses/any(x:startsWith(x,'smtp:cid'))", []string{"cid"}},
		{"assignedLicenses/any(x:x/skuId eq 6fd2c87f-b296-42f0-b197-1e91e994b900)", []string{"ann"}},
		{"createdDateTime ge 2024-02-01T00:00:00Z", []string{"ann", "cid"}},
		{"department eq 'sales' and accountEnabled eq false", []string{"bob"}},
		{"accountEnabled in (true)", []string{"ann", "cid"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, w.query(false, "$filter", tt.filter)); diff != "" {
			t.Errorf("%s: %s", tt.filter, diff)
		}
	}
}

func TestFiltersThatNeedTheAdvancedParameters(t *testing.T) {
	const clause = "Unsupported or invalid query filter clause specified for property '"
	operator := func(name string) string {
		return "Operator '" + name + "' is not supported because the required parameters might be missing. Try adding $count=true query parameter and" +
			" ConsistencyLevel:eventual header. Refer to https://aka.ms/graph-docs/advanced-queries for more information"
	}
	tests := []struct {
		filter, refusal string
		want            []string
	}{
		{"department ne 'Sales'", operator("ne"), []string{"cid"}},
		{"not startsWith(displayName,'A')", operator("not"), []string{"bob", "cid"}},
		{"not(accountEnabled eq false)", operator("not"), []string{"ann", "cid"}},
		{"endsWith(mail,'contoso.com')", operator("endsWith"), []string{"ann", "cid"}},
		{"otherMails/any(m:endsWith(m,'home.example'))", operator("endsWith"), []string{"ann"}},
		{"onPremisesSyncEnabled ne true", operator("ne"), []string{"ann", "bob", "cid"}},
		{"officeLocation eq 'B1'", clause + "officeLocation' of resource 'User'.", []string{"ann"}},
		{"department eq null", clause + "department' of resource 'User'.", []string{"cid"}},
		{"assignedLicenses/$count eq 0", clause + "assignedLicenses' of resource 'User'.", []string{"bob", "cid"}},
		{"assignedLicenses/$count ne 0", clause + "assignedLicenses' of resource 'User'.", []string{"ann"}},
	}
	w := serve(t, optionSeed)
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, w.query(true, "$filter", tt.filter)); diff != "" {
			t.Errorf("%s: %s", tt.filter, diff)
		}
		path := "/users?$filter=" + url.QueryEscape(tt.filter)
		for _, got := range []answer{w.want(400, "GET", path, ""), w.want(400, "GET", path+"&$count=true", ""), w.want(400, "GET", path, "", "ConsistencyLevel", "eventual")} {
			if got.str("error", "code") != "Request_UnsupportedQuery" || got.str("error", "message") != tt.refusal {
				t.Errorf("%s: %s", tt.filter, got.text)
			}
		}
	}
}

func TestFiltersThatNoPropertySupports(t *testing.T) {
	w := serve(t, optionSeed)
	tests := []struct{ path, property, resource string }{
		{"/users?$filter=onPremisesDistinguishedName eq 'x'", "onPremisesDistinguishedName", "User"},
		{"/users?$filter=endsWith(department,'x')", "department", "User"},
		{"/users?$filter=proxyAddresses eq 'x'", "proxyAddresses", "User"},
		{"/users?$filter=department/any(d:d eq 'x')", "department", "User"},
		{"/users?$filter=startsWith(userType,'x')", "userType", "User"},
		{"/groups?$filter=createdDateTime ge 2021-11-01", "createdDateTime", "Group"},
	}
	for _, tt := range tests {
		got := w.want(400, "GET", tt.path+"&$count=true", "", "ConsistencyLevel", "eventual")
		want := "Unsupported or invalid query filter clause specified for property '" + tt.property + "' of resource '" + tt.resource + "'."
		if got.str("error", "message") != want || got.str("error", "code") != "Request_UnsupportedQuery" {
			t.Errorf("%s: %s", tt.path, got.text)
		}
	}
}

func TestGroupFilters(t *testing.T) {
	w := serve(t, optionSeed)
	for filter, want := range map[string]string{"groupTypes/any(g:g eq 'Unified')": "News", "mailEnabled eq false": "Sales", "securityEnabled eq true": "Sales",
		"startsWith(displayName,'ne')": "News"} {
		got := w.want(200, "GET", "/groups?$filter="+url.QueryEscape(filter), "").values()
		if len(got) != 1 || got[0]["displayName"] != want {
			t.Errorf("%s: %v", filter, got)
		}
	}
}

func TestTooManyAlternatives(t *testing.T) {
	w := serve(t, optionSeed)
	clauses := strings.Repeat("department eq 'x' or ", 17) + "department eq 'x'"
	got := w.want(400, "GET", "/users?$filter="+clauses, "")
	if got.str("error", "message") != "Too many child clauses specified in search filter expression containing 'OR' operators: 18. Max allowed: 15." {
		t.Error(got.text)
	}
	w.want(200, "GET", "/users?$filter="+strings.Repeat("department eq 'x' or ", 14)+"department eq 'x'", "")
}

func TestOrderBy(t *testing.T) {
	w := serve(t, optionSeed)
	if diff := cmp.Diff([]string{"ann", "bob", "cid"}, w.query(false, "$orderby", "displayName")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"cid", "bob", "ann"}, w.query(false, "$orderby", "userPrincipalName desc")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"bob", "cid", "ann"}, w.query(true, "$orderby", "createdDateTime")); diff != "" {
		t.Error(diff)
	}
	for path, message := range map[string]string{
		"/users?$orderby=createdDateTime":                                       "Unsupported sort property 'createdDateTime' for 'User'.",
		"/users?$orderby=department&$count=true":                                "Unsupported sort property 'department' for 'User'.",
		"/users?$orderby=displayName&$filter=accountEnabled eq true":            "Sorting not supported for current query.",
		"/contacts?$orderby=displayName":                                        "Unsupported sort property 'displayName' for 'Contact'.",
		"/directory/deletedItems/microsoft.graph.user?$orderby=deletedDateTime": "Unsupported sort property 'deletedDateTime' for 'User'.",
	} {
		if got := w.want(400, "GET", path, ""); got.str("error", "message") != message || got.str("error", "code") != "Request_UnsupportedQuery" {
			t.Errorf("%s: %s", path, got.text)
		}
	}
	got := w.want(200, "GET", "/users?$orderby=displayName&$count=true&$select=userPrincipalName&$filter=accountEnabled eq true", "", "ConsistencyLevel", "eventual")
	if diff := cmp.Diff([]string{"ann", "cid"}, upns(got)); diff != "" {
		t.Error(diff)
	}
	bin := w.want(200, "GET", "/directory/deletedItems/microsoft.graph.user?$orderby=deletedDateTime&$count=true&$select=displayName", "", "ConsistencyLevel", "eventual").values()
	if len(bin) != 2 || bin[0]["displayName"] != "Y" {
		t.Error(bin)
	}
	contacts := w.want(200, "GET", "/contacts?$orderby=displayName&$count=true", "", "ConsistencyLevel", "eventual").values()
	if contacts[0]["displayName"] != "Amy" {
		t.Error(contacts)
	}
}

func TestSortedListsArePaged(t *testing.T) {
	w := serve(t, optionSeed)
	var got []string
	for next := w.root + "/users?$orderby=displayName%20desc&$top=1&$select=userPrincipalName"; next != ""; {
		a := w.want(200, "GET", next, "")
		got, next = append(got, upns(a)...), a.str("@odata.nextLink")
	}
	if diff := cmp.Diff([]string{"cid", "bob", "ann"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSearchFindsWordsAndBeginnings(t *testing.T) {
	w := serve(t, optionSeed)
	for search, want := range map[string][]string{
		`"displayName:ames"`:                                         {"ann", "cid"},
		`"displayName:go"`:                                           {"cid"},
		`"displayName:mes"`:                                          nil,
		`"displayName:ames" AND "mail:cid"`:                          {"cid"},
		`"displayName:bly" OR "userPrincipalName:ann"`:               {"ann", "bob"},
		`"userPrincipalName:contoso"`:                                nil,
		`"displayName:van ames" OR "displayName:bly" AND "mail:xyz"`: {"ann"},
	} {
		path := "/users?$select=userPrincipalName&$search=" + url.QueryEscape(search)
		if diff := cmp.Diff(want, upns(w.want(200, "GET", path, "", "ConsistencyLevel", "eventual"))); diff != "" {
			t.Errorf("%s: %s", search, diff)
		}
		refused := w.want(400, "GET", path, "")
		if refused.str("error", "message") != "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'" {
			t.Error(refused.text)
		}
	}
	both := w.want(200, "GET", `/users?$select=userPrincipalName&$filter=accountEnabled eq true&$search="displayName:ames"`, "", "ConsistencyLevel", "eventual")
	if diff := cmp.Diff([]string{"ann", "cid"}, upns(both)); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{`ann`, `"ann"`, `"department:x"`, `"displayName:a" "displayName:b"`} {
		w.want(400, "GET", "/users?$search="+url.QueryEscape(bad), "", "ConsistencyLevel", "eventual")
	}
}

func TestCountSegmentCountsWhatTheFilterFinds(t *testing.T) {
	w := serve(t, optionSeed)
	for path, want := range map[string]string{"/users/$count": "3", "/users/$count?$filter=department eq 'Sales'": "2", "/users/$count?$filter=department ne 'Sales'": "1",
		"/groups/$count": "2", "/contacts/$count": "2"} {
		got := w.want(200, "GET", path, "", "ConsistencyLevel", "eventual")
		if got.text != want || !strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s: %s", path, got.text)
		}
	}
	if got := w.want(400, "GET", "/groups/$count", ""); got.str("error", "message") != "$count is not currently supported." {
		t.Error(got.text)
	}
}

func TestCountIsSilentlyIgnoredWithoutConsistencyLevel(t *testing.T) {
	w := serve(t, optionSeed)
	if _, ok := w.want(200, "GET", "/users?$count=true", "").body["@odata.count"]; ok {
		t.Error("counted")
	}
	if got := w.want(200, "GET", "/users?$count=true&$top=1", "", "ConsistencyLevel", "eventual"); got.at("@odata.count") != 3.0 {
		t.Error(got.text)
	}
}

func TestMembersAreFilteredWithAdvancedParametersOnly(t *testing.T) {
	w := serve(t, optionSeed)
	path := w.group("Sales") + "/members?$select=userPrincipalName&$count=true&$filter=accountEnabled eq false"
	if got := w.want(400, "GET", path, ""); got.str("error", "code") != "Request_UnsupportedQuery" {
		t.Error(got.text)
	}
	got := w.want(200, "GET", path, "", "ConsistencyLevel", "eventual")
	if diff := cmp.Diff([]string{"bob"}, upns(got)); diff != "" || got.at("@odata.count") != 1.0 {
		t.Error(diff, got.text)
	}
}

func TestExpandDoesNotGoWithAdvancedQueries(t *testing.T) {
	w := serve(t, optionSeed)
	w.want(200, "GET", "/users?$expand=manager($select=id)&$filter=department eq 'Sales'", "")
	w.want(400, "GET", "/users?$expand=manager&$count=true&$filter=department ne 'x'", "", "ConsistencyLevel", "eventual")
}

func TestPageLinksAreBoundToTheirQuery(t *testing.T) {
	w := serve(t, optionSeed)
	next := w.want(200, "GET", "/users?$top=1&$orderby=displayName", "").str("@odata.nextLink")
	if !strings.Contains(next, "$skiptoken=") {
		t.Fatal(next)
	}
	got := w.want(400, "GET", strings.Replace(next, "displayName", "userPrincipalName", 1), "")
	if got.str("error", "code") != "Directory_ExpiredPageToken" {
		t.Error(got.text)
	}
}

func TestManagerTellsItsType(t *testing.T) {
	w := serve(t, optionSeed)
	got := w.want(200, "GET", "/users/ann@contoso.com/manager", "")
	if got.str("@odata.type") != "#microsoft.graph.user" || got.str("userPrincipalName") != "bob@contoso.com" || !strings.HasSuffix(got.str("@odata.context"), "#directoryObjects/$entity") {
		t.Error(got.text)
	}
}

func TestRequestIDs(t *testing.T) {
	w := serve(t, optionSeed)
	const id = "0d8f11a0-a7a1-4e21-8e57-cabec05207ba"
	ok := w.want(200, "GET", "/users", "", "client-request-id", id, "return-client-request-id", "true")
	if ok.header.Get("client-request-id") != id || len(ok.header.Get("request-id")) != 36 {
		t.Error(ok.header)
	}
	bad := w.want(404, "GET", "/users/x@contoso.com", "", "client-request-id", id)
	if bad.str("error", "innerError", "client-request-id") != id || bad.str("error", "innerError", "request-id") != bad.header.Get("request-id") {
		t.Error(bad.text)
	}
	none := w.want(200, "GET", "/users", "")
	if none.header.Get("client-request-id") != none.header.Get("request-id") {
		t.Error(none.header)
	}
	if quiet := w.want(200, "GET", "/users", "", "client-request-id", id, "return-client-request-id", "false"); quiet.header.Get("client-request-id") != "" {
		t.Error(quiet.header)
	}
}

func TestKeysInParenthesesAreTheSamePaths(t *testing.T) {
	w := serve(t, optionSeed)
	ann := w.id("ann")
	if got := w.want(200, "GET", "/users('"+ann+"')", ""); got.str("id") != ann {
		t.Error(got.text)
	}
	w.want(200, "GET", "/users/microsoft.graph.delta()", "")
	w.want(200, "GET", "/groups/delta()", "")
}
