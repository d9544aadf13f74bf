package graphd_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUserLifeCycle(t *testing.T) {
	w := serve(t, seed)
	made := w.want(201, "POST", "/users", newUser)
	id := made.str("id")
	if made.str("userPrincipalName") != "cy@contoso.com" || len(id) != 36 {
		t.Fatalf("created %v", made.body)
	}
	w.want(204, "PATCH", "/users/"+id, `{"department":"R&D","mail":"cy@contoso.com","businessPhones":["1"],"employeeId":"7"}`)
	w.want(204, "PATCH", "/users/cy@contoso.com", `{"mail":"coe@contoso.com","employeeId":null}`)
	got := w.want(200, "GET", "/users/"+id+"?$select=department,mail,proxyAddresses,employeeId,onPremisesImmutableId,otherMails", "")
	want := map[string]any{"department": "R&D", "mail": "coe@contoso.com", "employeeId": nil, "onPremisesImmutableId": nil,
		"proxyAddresses": []any{"SMTP:coe@contoso.com"}, "otherMails": []any{}}
	delete(got.body, "@odata.context")
	if diff := cmp.Diff(want, got.body); diff != "" {
		t.Error(diff)
	}
	w.want(204, "DELETE", "/users/"+id, "")
	w.want(404, "GET", "/users/"+id, "")
	w.want(404, "GET", "/users/cy@contoso.com", "")
	for _, filter := range []string{"id eq '" + id + "'", "userPrincipalName eq 'cy@contoso.com'", "mail eq 'coe@contoso.com'"} {
		if got := w.want(200, "GET", "/users?$filter="+filter, "").values(); len(got) != 0 {
			t.Errorf("%s finds a deleted user", filter)
		}
	}
	if got := w.want(200, "GET", "/directory/deletedItems/microsoft.graph.user?$filter=id eq '"+id+"'", "").values(); len(got) != 1 {
		t.Error("the recycle bin can't be filtered")
	}
	gone := w.want(200, "GET", "/directory/deletedItems/"+id+"?$select=userPrincipalName,deletedDateTime", "")
	if gone.str("userPrincipalName") != strings.ReplaceAll(id, "-", "")+"cy@contoso.com" || gone.str("deletedDateTime") == "" {
		t.Errorf("deleted user is %v", gone.body)
	}
	w.want(201, "POST", "/users", newUser) // the name is free at once
	clash := w.want(400, "POST", "/directory/deletedItems/"+id+"/restore", "")
	if clash.str("error", "message") != "Another object with the same value for property userPrincipalName already exists." {
		t.Error(clash.text)
	}
	back := w.want(200, "POST", "/directory/deletedItems/"+id+"/restore", `{"newUserPrincipalName":"cy2@contoso.com"}`)
	if back.str("userPrincipalName") != "cy2@contoso.com" {
		t.Error(back.text)
	}
	w.want(204, "DELETE", "/users/"+id, "")
	w.want(204, "DELETE", "/directory/deletedItems/"+id, "")
	w.want(404, "GET", "/directory/deletedItems/"+id, "")
}

func TestRestoreGivesThePlainNameBack(t *testing.T) {
	w := serve(t, seed)
	bin := w.want(200, "GET", "/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,onPremisesImmutableId", "").values()
	if len(bin) != 1 || bin[0]["onPremisesImmutableId"] != "BBBBBBBBBBBBBBBBBBBBBB==" {
		t.Fatalf("recycle bin: %v", bin)
	}
	got := w.want(200, "POST", "/directory/deletedItems/"+bin[0]["id"].(string)+"/restore", "")
	if got.str("userPrincipalName") != "gone@contoso.com" {
		t.Error(got.text)
	}
	w.want(200, "GET", "/users/gone@contoso.com", "")
}

func TestRefusals(t *testing.T) {
	const busy = "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration."
	const upn = "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization."
	const weak = "The specified password does not comply with password complexity requirements. Please provide a different password."
	const denied = "Insufficient privileges to complete the operation."
	create := func(old, new string) string { return strings.Replace(newUser, old, new, 1) }
	conflict := func(p string) string {
		return "Another object with the same value for property " + p + " already exists."
	}
	tests := []struct {
		name, method, path, body string
		status                   int
		message                  string // exact, or a prefix ending in *
	}{
		{"unverified domain", "POST", "/users", create("cy@contoso.com", "cy@new.example"), 400, upn},
		{"unknown domain", "PATCH", "/users/bob@contoso.com", `{"userPrincipalName":"bob@other.example"}`, 400, upn},
		{"accent in UPN", "POST", "/users", create("cy@contoso.com", "cý@contoso.com"), 400, "Property userPrincipalName is invalid."},
		{"dot before @", "POST", "/users", create("cy@contoso.com", "cy.@contoso.com"), 400, "Property userPrincipalName is invalid."},
		{"no password", "POST", "/users", create(`,"passwordProfile":{"password":"Xy12345678"}`, ""), 400, "A value is required*"},
		{"weak password", "POST", "/users", create("Xy12345678", "password"), 400, weak},
		{"federated without anchor", "POST", "/users", create("cy@contoso.com", "cy@fed.contoso.com"), 400, "A value is required for property 'onPremisesImmutableId'*"},
		{"UPN taken", "POST", "/users", create("cy@contoso.com", "ANN@contoso.com"), 400, conflict("userPrincipalName")},
		{"mail taken by a user", "PATCH", "/users/bob@contoso.com", `{"mail":"Ann@contoso.com"}`, 400, conflict("proxyAddresses")},
		{"mail taken by a group", "PATCH", "/users/bob@contoso.com", `{"mail":"info@contoso.com"}`, 400, conflict("proxyAddresses")},
		{"mail taken by a contact", "PATCH", "/users/bob@contoso.com", `{"mail":"vic@vendor.example"}`, 400, conflict("proxyAddresses")},
		{"anchor taken", "PATCH", "/users/bob@contoso.com", `{"onPremisesImmutableId":"AAAAAAAAAAAAAAAAAAAAAA=="}`, 400, conflict("onPremisesImmutableId")},
		{"read-only", "PATCH", "/users/bob@contoso.com", `{"proxyAddresses":["SMTP:b@contoso.com"]}`, 400, "Property 'proxyAddresses' is read-only and cannot be set."},
		{"unknown property", "PATCH", "/users/bob@contoso.com", `{"shoeSize":"44"}`, 400, "Invalid property 'shoeSize'."},
		{"name cleared", "PATCH", "/users/bob@contoso.com", `{"displayName":null}`, 400, "Invalid value specified for property 'displayName' of resource 'User'."},
		{"too long", "PATCH", "/users/bob@contoso.com", `{"employeeId":"12345678901234567"}`, 400, "Invalid value specified for property 'employeeId' of resource 'User'."},
		{"empty string", "PATCH", "/users/bob@contoso.com", `{"jobTitle":""}`, 400, "Invalid value specified for property 'jobTitle' of resource 'User'."},
		{"nickname", "PATCH", "/users/bob@contoso.com", `{"mailNickname":"b b"}`, 400, "Invalid value specified for property 'mailNickname' of resource 'User'."},
		{"two phones", "PATCH", "/users/bob@contoso.com", `{"businessPhones":["1","2"]}`, 400, "Invalid value*"},
		{"number in a list", "PATCH", "/users/bob@contoso.com", `{"otherMails":["a@b.c", 1]}`, 400, "Invalid value*"},
		{"wrong type", "PATCH", "/users/bob@contoso.com", `{"accountEnabled":"yes"}`, 400, "Invalid value*"},
		{"synced", "PATCH", "/users/synced@contoso.com", `{"jobTitle":"x"}`, 400, busy},
		{"role holder", "PATCH", "/users/admin@contoso.com", `{"accountEnabled":false}`, 403, denied},
		{"role holder deleted", "DELETE", "/users/admin@contoso.com", "", 403, denied},
		{"member of a role-assignable group", "PATCH", "/users/member@contoso.com", `{"mobilePhone":"1"}`, 403, denied},
		{"missing", "PATCH", "/users/nobody@contoso.com", `{"jobTitle":"x"}`, 404, "Resource 'nobody@contoso.com' does not exist or one of its queried reference-property objects are not present."},
		{"not JSON", "POST", "/users", `{"a":`, 400, "Unable to read JSON request payload.*"},
		{"no such method", "PUT", "/users", "{}", 405, "Specified HTTP method is not allowed for the request target."},
	}
	w := serve(t, seed)
	before := w.want(200, "GET", "/users", "").text
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := w.do(tt.method, tt.path, tt.body)
			message := got.str("error", "message")
			prefix, cut := strings.CutSuffix(tt.message, "*")
			if got.status != tt.status || message != tt.message && !(cut && strings.HasPrefix(message, prefix)) {
				t.Errorf("got %d %s", got.status, got.text)
			}
			if got.str("error", "innerError", "request-id") == "" || got.str("error", "innerError", "date") == "" {
				t.Errorf("no innerError in %s", got.text)
			}
		})
	}
	if after := w.want(200, "GET", "/users", "").text; after != before {
		t.Error("a refused request changed something")
	}
}

func TestWhatRoleHoldersAllow(t *testing.T) {
	w := serve(t, seed)
	w.want(204, "PATCH", "/users/admin@contoso.com", `{"jobTitle":"Chief"}`)
	w.want(204, "PATCH", "/users/reader@contoso.com", `{"accountEnabled":false}`) // Directory Readers does not protect
}

func TestConflictBody(t *testing.T) {
	w := serve(t, seed)
	got := w.want(400, "PATCH", "/users/bob@contoso.com", `{"userPrincipalName":"ann@contoso.com"}`, "client-request-id", "abc")
	want := []any{map[string]any{"target": "userPrincipalName", "code": "ObjectConflict"}}
	if diff := cmp.Diff(want, got.at("error", "details")); diff != "" {
		t.Error(diff)
	}
	if got.str("error", "code") != "Request_BadRequest" || got.header.Get("client-request-id") != "abc" || got.header.Get("request-id") == "" {
		t.Error(got.text, got.header)
	}
	got = w.want(400, "PATCH", "/users/bob@contoso.com", `{"mail":"ann@contoso.com"}`)
	if n := len(got.at("error", "details").([]any)); n != 2 {
		t.Errorf("%d details in %s", n, got.text)
	}
}

func TestManager(t *testing.T) {
	w := serve(t, seed)
	got := w.want(200, "GET", "/users/ann@contoso.com?$select=id&$expand=manager($select=id,userPrincipalName)", "")
	if got.str("manager", "userPrincipalName") != "bob@contoso.com" {
		t.Error(got.text)
	}
	ann, bob := got.str("id"), got.str("manager", "id")
	w.want(204, "PUT", "/users/"+bob+"/manager/$ref", `{"@odata.id":"`+w.root+`/users/`+ann+`"}`)
	if got := w.want(200, "GET", "/users/"+bob+"/manager?$select=id", ""); got.str("id") != ann {
		t.Error(got.text)
	}
	if got := w.want(200, "GET", "/users/"+bob+"/manager/$ref", ""); got.str("@odata.id") != w.root+"/directoryObjects/"+ann {
		t.Error(got.text)
	}
	w.want(204, "DELETE", "/users/"+bob+"/manager/$ref", "")
	w.want(404, "GET", "/users/"+bob+"/manager", "")
	w.want(404, "GET", "/users/"+bob+"/manager/$ref", "")
	w.want(404, "DELETE", "/users/"+bob+"/manager/$ref", "")
	w.want(404, "PUT", "/users/"+bob+"/manager/$ref", `{"@odata.id":"`+w.root+`/users/00000000-0000-4000-8000-000000000000"}`)
	w.want(204, "DELETE", "/users/"+bob, "")
	if got := w.want(200, "GET", "/users/"+ann+"?$expand=manager", ""); got.at("manager") != nil {
		t.Errorf("a deleted manager is shown: %s", got.text)
	}
}

func TestSourceOfAuthority(t *testing.T) {
	w := serve(t, seed)
	path := "/users/" + w.want(200, "GET", "/users/synced@contoso.com", "").str("id")
	if got := w.want(200, "GET", path+"/onPremisesSyncBehavior", ""); got.at("isCloudManaged") != false {
		t.Error(got.text)
	}
	w.want(204, "PATCH", path+"/onPremisesSyncBehavior", `{"isCloudManaged":true}`)
	if got := w.want(200, "GET", path+"?$select=onPremisesSyncEnabled", ""); got.at("onPremisesSyncEnabled") != nil {
		t.Error(got.text)
	}
	w.want(204, "PATCH", path, `{"jobTitle":"x"}`)
	w.want(204, "PATCH", path+"/onPremisesSyncBehavior", `{"isCloudManaged":false}`)
	w.want(400, "PATCH", "/users/ann@contoso.com/onPremisesSyncBehavior", `{"isCloudManaged":true}`)
}

// TestAnchorsAreCaseSensitive: base64 differs in case for different GUIDs, also where an index does not see it.
func TestAnchorsAreCaseSensitive(t *testing.T) {
	w := serve(t, seed)
	const anns, bobs = "AAAAAAAAAAAAAAAAAAAAAA==", "aAAAAAAAAAAAAAAAAAAAAA=="
	find := func(anchor string) []string {
		return upns(w.want(200, "GET", "/users?$filter=onPremisesImmutableId eq '"+anchor+"'", ""))
	}
	w.want(204, "PATCH", "/users/bob@contoso.com", `{"onPremisesImmutableId":"`+bobs+`"}`)
	w.want(400, "PATCH", "/users/reader@contoso.com", `{"onPremisesImmutableId":"`+bobs+`"}`)
	if a, b := find(anns), find(bobs); len(a) != 1 || a[0] != "ann" || len(b) != 1 || b[0] != "bob" {
		t.Error(a, b)
	}
	w.want(204, "PATCH", "/users/ann@contoso.com", `{"onPremisesImmutableId":null}`)
	if a, b := find(anns), find(bobs); len(a) != 0 || len(b) != 1 {
		t.Error(a, b)
	}
	w.want(204, "PATCH", "/users/reader@contoso.com", `{"onPremisesImmutableId":"`+anns+`"}`)
}

func TestComplexProperties(t *testing.T) {
	w := serve(t, seed)
	w.want(204, "PATCH", "/users/bob@contoso.com", `{"onPremisesExtensionAttributes":{"extensionAttribute1":"a","extensionAttribute15":"b"},"employeeOrgData":{"costCenter":"7"}}`)
	w.want(204, "PATCH", "/users/bob@contoso.com", `{"onPremisesExtensionAttributes":{"extensionAttribute1":null,"extensionAttribute2":"c"}}`)
	got := w.want(200, "GET", "/users/bob@contoso.com?$select=onPremisesExtensionAttributes,employeeOrgData", "")
	want := map[string]any{"extensionAttribute15": "b", "extensionAttribute2": "c"}
	if diff := cmp.Diff(want, got.at("onPremisesExtensionAttributes")); diff != "" || got.str("employeeOrgData", "costCenter") != "7" {
		t.Error(diff, got.text)
	}
	for _, bad := range []string{`{"onPremisesExtensionAttributes":{"extensionAttribute16":"a"}}`, `{"onPremisesExtensionAttributes":{"extensionAttribute1":1}}`,
		`{"employeeOrgData":{"boss":"x"}}`, `{"employeeOrgData":"x"}`, `{"groupTypes":["x"]}`} {
		w.want(400, "PATCH", "/users/bob@contoso.com", bad)
	}
	w.want(204, "PATCH", "/users/synced@contoso.com/onPremisesSyncBehavior", `{"isCloudManaged":true}`)
	refused := w.want(400, "PATCH", "/users/synced@contoso.com", `{"onPremisesExtensionAttributes":{"extensionAttribute1":"a"}}`)
	if refused.str("error", "message") != "Unable to update the specified properties for objects that have originated within an external service." {
		t.Error(refused.text)
	}
}
