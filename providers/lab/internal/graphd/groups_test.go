package graphd_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const newGroup = `{"displayName":"Team","mailEnabled":false,"mailNickname":"team","securityEnabled":true}`

const groupSeed = `{
 "users":[{"userPrincipalName":"ann@contoso.com"},{"userPrincipalName":"bob@contoso.com"},{"userPrincipalName":"cid@contoso.com"},
  {"userPrincipalName":"admin@contoso.com"}],
 "contacts":[{"displayName":"Vic","mail":"vic@vendor.example"}],
 "groups":[
  {"displayName":"Sales","mailNickname":"sales","mailEnabled":false,"securityEnabled":true,"uniqueName":"sales","members":["ann@contoso.com"],"owners":["bob@contoso.com"]},
  {"displayName":"Office","mail":"office@contoso.com","mailNickname":"office","mailEnabled":true,"securityEnabled":false,"groupTypes":["Unified"],"owners":["bob@contoso.com"]},
  {"displayName":"List","mail":"list@contoso.com","mailNickname":"list","mailEnabled":true,"securityEnabled":false,"members":["ann@contoso.com"]},
  {"displayName":"MESG","mail":"mesg@contoso.com","mailNickname":"mesg","mailEnabled":true,"securityEnabled":true},
  {"displayName":"Synced","mailNickname":"synced","mailEnabled":false,"securityEnabled":true,"onPremisesSyncEnabled":true,"members":["ann@contoso.com"]},
  {"displayName":"Rule","mailNickname":"rule","mailEnabled":false,"securityEnabled":true,"groupTypes":["DynamicMembership"],"membershipRule":"user.department -eq \"x\"","members":["ann@contoso.com"]},
  {"displayName":"Role","mailNickname":"role","mailEnabled":false,"securityEnabled":true,"isAssignableToRole":true}],
 "roleAssignments":[{"principalId":"admin@contoso.com","roleDefinitionId":"Global Administrator"}]}`

// group is the path of the group with a display name.
func (w *world) group(name string) string {
	w.t.Helper()
	list := w.want(200, "GET", "/groups?$select=id&$filter=displayName eq '"+name+"'", "").values()
	if len(list) != 1 {
		w.t.Fatalf("%d groups are called %s", len(list), name)
	}
	return "/groups/" + list[0]["id"].(string)
}

func (w *world) id(upn string) string {
	w.t.Helper()
	return w.want(200, "GET", "/users/"+upn+"@contoso.com?$select=id", "").str("id")
}

// ref is the body that names an object.
func (w *world) ref(id string) string {
	return `{"@odata.id":"` + w.root + `/directoryObjects/` + id + `"}`
}

// bind is a member list for members@odata.bind.
func (w *world) bind(ids ...string) string {
	ids = append([]string(nil), ids...)
	for i, id := range ids {
		ids[i] = `"` + w.root + `/directoryObjects/` + id + `"`
	}
	return "[" + strings.Join(ids, ",") + "]"
}

func (w *world) members(group, rel string) string {
	w.t.Helper()
	return strings.Join(upns(w.want(200, "GET", group+"/"+rel+"?$select=userPrincipalName", "")), " ")
}

func TestGroupIsCreatedChangedDeletedAndRestored(t *testing.T) {
	w := serve(t, groupSeed)
	body := strings.Replace(newGroup, "{", `{"description":"All","members@odata.bind":`+w.bind(w.id("ann"), w.id("bob"))+`,"owners@odata.bind":`+w.bind(w.id("cid"))+`,`, 1)
	made := w.want(201, "POST", "/groups", body)
	path := "/groups/" + made.str("id")
	if made.str("displayName") != "Team" || made.at("securityEnabled") != true || made.at("mail") != nil || made.str("createdDateTime") == "" {
		t.Error(made.text)
	}
	if w.members(path, "members") != "ann bob" || w.members(path, "owners") != "cid" {
		t.Error("the bound references are not there")
	}
	w.want(204, "PATCH", path, `{"displayName":"Team 2","description":null}`)
	got := w.want(200, "GET", path+"?$select=displayName,description", "")
	if got.str("displayName") != "Team 2" || got.at("description") != nil {
		t.Error(got.text)
	}
	w.want(204, "DELETE", path, "")
	w.want(404, "GET", path, "")
	bin := w.want(200, "GET", "/directory/deletedItems/microsoft.graph.group?$select=displayName", "").values()
	if len(bin) != 1 || bin[0]["displayName"] != "Team 2" {
		t.Errorf("recycle bin: %v", bin)
	}
	w.want(200, "POST", "/directory/deletedItems/"+made.str("id")+"/restore", "")
	if w.members(path, "members") != "ann bob" {
		t.Error("a restored group lost its members")
	}
}

func TestMicrosoft365GroupGetsAnAddressFromItsNickname(t *testing.T) {
	w := serve(t, groupSeed)
	body := `{"displayName":"News","mailEnabled":true,"mailNickname":"news","securityEnabled":false,"groupTypes":["Unified"]}`
	made := w.want(201, "POST", "/groups", body)
	if !strings.HasPrefix(made.str("mail"), "news@") || !strings.HasPrefix(strs(made.at("proxyAddresses"))[0], "SMTP:news@") || made.str("visibility") != "Public" {
		t.Error(made.text)
	}
	again := w.want(400, "POST", "/groups", body)
	if again.str("error", "message") != "Another object with the same value for property mailNickname already exists." {
		t.Error(again.text)
	}
	w.want(201, "POST", "/groups", newGroup)
	w.want(201, "POST", "/groups", newGroup) // security groups may share a nickname
}

func TestGroupRefusals(t *testing.T) {
	const mailText = "The service does not currently support writes of mail-enabled groups. Please ensure that the mail-enablement property is unset and the security-enablement property is set."
	const listText = "Cannot Update a mail-enabled security groups and or distribution list."
	const syncText = "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration."
	const deniedText = "Insufficient privileges to complete the operation."
	const thereText = "One or more added object references already exist for the following modified properties: 'members'."
	const nesting = " Groups. paramName: Members, paramValue: , objectType: Microsoft.Online.DirectoryServices.Group"
	w := serve(t, groupSeed)
	ann, bob, sales, office := w.id("ann"), w.id("bob"), w.group("Sales"), w.group("Office")
	create := func(old, new string) string { return strings.Replace(newGroup, old, new, 1) }
	ref := func(path string) string { return w.ref(strings.TrimPrefix(path, "/groups/")) }
	vic := w.want(200, "GET", "/contacts?$select=id", "").values()[0]["id"].(string)
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
	}
	missing := "00000000-0000-4000-8000-000000000000"
	notThere := func(id string) string {
		return "Resource '" + id + "' does not exist or one of its queried reference-property objects are not present."
	}
	tests := []struct {
		name, method, path, body string
		status                   int
		message                  string
	}{
		{"a distribution list can't be created", "POST", "/groups", create(`"mailEnabled":false`, `"mailEnabled":true`), 400, mailText},
		{"a group must be for security or mail", "POST", "/groups", create(`"securityEnabled":true`, `"securityEnabled":false`), 400, mailText},
		{"displayName is required", "POST", "/groups", create(`"displayName":"Team",`, ""), 400, "A value is required for property 'displayName' of resource 'Group'."},
		{"mailNickname's characters", "POST", "/groups", create(`"team"`, `"the team"`), 400, "Invalid value specified for property 'mailNickname' of resource 'Group'."},
		{"mailNickname's length", "POST", "/groups", create(`"team"`, `"`+strings.Repeat("x", 65)+`"`), 400, "Invalid value specified for property 'mailNickname' of resource 'Group'."},
		{"unknown group type", "POST", "/groups", create("{", `{"groupTypes":["Other"],`), 400, "Invalid value specified for property 'groupTypes' of resource 'Group'."},
		{"a rule needs a dynamic group", "POST", "/groups", create("{", `{"membershipRule":"true",`), 400, "Invalid value specified for property 'membershipRule' of resource 'Group'."},
		{"only privileged applications make role-assignable groups", "POST", "/groups", create("{", `{"isAssignableToRole":true,`), 403, deniedText},
		{"at most 20 references", "POST", "/groups", create("{", `{"members@odata.bind":`+w.bind(many...)+`,`), 400, "The number of references in the request exceeds the maximum of 20."},
		{"members and owners count together", "POST", "/groups", create("{", `{"members@odata.bind":`+w.bind(many[:11]...)+`,"owners@odata.bind":`+w.bind(many[:10]...)+`,`), 400, "The number of references in the request exceeds the maximum of 20."},
		{"a Microsoft 365 group stays one", "PATCH", office, `{"groupTypes":[],"mailEnabled":false,"securityEnabled":true}`, 400, "Invalid value specified for property 'groupTypes' of resource 'Group'."},
		{"uniqueName is set once", "PATCH", sales, `{"uniqueName":"x"}`, 400, "Property 'uniqueName' is read-only and cannot be set."},
		{"proxyAddresses of a group", "PATCH", sales, `{"proxyAddresses":["SMTP:a@contoso.com"]}`, 403, "The requesting application is not authorized to set group proxy addresses."},
		{"mail is read-only", "PATCH", sales, `{"mail":"a@contoso.com"}`, 400, "Property 'mail' is read-only and cannot be set."},
		{"displayName can't be cleared", "PATCH", sales, `{"displayName":null}`, 400, "Invalid value specified for property 'displayName' of resource 'Group'."},
		{"a security group does not become a mail group", "PATCH", sales, `{"mailEnabled":true}`, 400, mailText},
		{"a user's property", "PATCH", sales, `{"jobTitle":"x"}`, 400, "Invalid property 'jobTitle'."},
		{"a distribution list can't be changed", "PATCH", w.group("List"), `{"description":"x"}`, 400, listText},
		{"nor its members", "POST", w.group("List") + "/members/$ref", w.ref(bob), 400, listText},
		{"a mail-enabled security group can't be changed", "PATCH", w.group("MESG"), `{"description":"x"}`, 400, listText},
		{"a distribution list can't be deleted", "DELETE", w.group("List"), "", 400, "Cannot Delete a mail-enabled security groups and or distribution list."},
		{"a synced group can't be changed", "PATCH", w.group("Synced"), `{"description":"x"}`, 400, syncText},
		{"nor its members added", "POST", w.group("Synced") + "/members/$ref", w.ref(bob), 400, syncText},
		{"nor its members removed", "DELETE", w.group("Synced") + "/members/" + ann + "/$ref", "", 400, syncText},
		{"a dynamic group refuses members", "POST", w.group("Rule") + "/members/$ref", w.ref(bob), 403, deniedText},
		{"and their removal", "DELETE", w.group("Rule") + "/members/" + ann + "/$ref", "", 403, deniedText},
		{"a role-assignable group needs privileges", "POST", w.group("Role") + "/members/$ref", w.ref(bob), 403, deniedText},
		{"a role-assignable group's deletion, too", "DELETE", w.group("Role"), "", 403, deniedText},
		{"a member is added once", "POST", sales + "/members/$ref", w.ref(ann), 400, thereText},
		{"an owner is added once", "POST", sales + "/owners/$ref", w.ref(bob), 400, strings.Replace(thereText, "members", "owners", 1)},
		{"one present member spoils the batch", "PATCH", sales, `{"members@odata.bind":` + w.bind(w.id("cid"), ann) + `}`, 400, thereText},
		{"one unknown member spoils the batch", "PATCH", sales, `{"members@odata.bind":` + w.bind(w.id("cid"), missing) + `}`, 404, notThere(missing)},
		{"21 members at once", "PATCH", sales, `{"members@odata.bind":` + w.bind(strings.Split(strings.TrimSuffix(strings.Repeat(bob+" ", 21), " "), " ")...) + `}`, 400, "The number of references in the request exceeds the maximum of 20."},
		{"an unknown member", "POST", sales + "/members/$ref", w.ref(missing), 404, notThere(missing)},
		{"a reference without address", "POST", sales + "/members/$ref", `{"@odata.id":"x"}`, 400, "Invalid URL format specified in payload."},
		{"removing who is no member", "DELETE", sales + "/members/" + bob + "/$ref", "", 404, notThere(bob)},
		{"a group is not its own member", "POST", sales + "/members/$ref", ref(sales), 400, "One or more property values specified are invalid."},
		{"a group does not own", "POST", sales + "/owners/$ref", ref(office), 400, "One or more property values specified are invalid."},
		{"a contact is no member of a Microsoft 365 group", "POST", office + "/members/$ref", w.ref(vic), 400, "One or more property values specified are invalid."},
		{"security groups not in Microsoft 365 groups", "POST", office + "/members/$ref", ref(sales), 400, "Security Groups cannot be added to Unified" + nesting},
		{"Microsoft 365 groups not in security groups", "POST", sales + "/members/$ref", ref(office), 400, "Unified Groups cannot be added to Security" + nesting},
		{"the last owner of a Microsoft 365 group stays", "DELETE", office + "/owners/" + bob + "/$ref", "", 400, "The group must have at least one owner, hence this owner cannot be removed."},
		{"an unknown group", "PATCH", "/groups/" + missing, `{"description":"x"}`, 404, notThere(missing)},
	}
	before := w.want(200, "GET", "/groups", "").text + w.members(sales, "members")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := w.do(tt.method, tt.path, tt.body); got.status != tt.status || got.str("error", "message") != tt.message {
				t.Errorf("got %d %s", got.status, got.text)
			}
		})
	}
	if after := w.want(200, "GET", "/groups", "").text + w.members(sales, "members"); after != before {
		t.Error("a refused request changed something")
	}
}

func TestMembersAndOwnersAreAddedAndRemovedByReference(t *testing.T) {
	w := serve(t, groupSeed)
	sales, bob := w.group("Sales"), w.id("bob")
	w.want(204, "POST", sales+"/members/$ref", w.ref(bob))
	w.want(204, "PATCH", sales, `{"description":"x","members@odata.bind":`+w.bind(w.id("cid"))+`,"owners@odata.bind":`+w.bind(w.id("ann"))+`}`)
	if got := w.members(sales, "members") + "/" + w.members(sales, "owners"); got != "ann bob cid/bob ann" {
		t.Error(got)
	}
	w.want(204, "POST", sales+"/members/$ref", strings.Replace(w.ref(strings.TrimPrefix(w.group("MESG"), "/groups/")), "directoryObjects", "groups", 1))
	w.want(204, "DELETE", sales+"/members/"+bob+"/$ref", "")
	w.want(404, "DELETE", sales+"/members/"+bob+"/$ref", "")
	w.want(200, "GET", "/users/"+bob, "")
	if got := w.want(200, "GET", sales+"/members/microsoft.graph.group?$select=displayName", "").values(); len(got) != 1 || got[0]["displayName"] != "MESG" {
		t.Error(got)
	}
	if got := w.want(200, "GET", sales+"/members/$count", "", "ConsistencyLevel", "eventual"); got.text != "3" {
		t.Error(got.text)
	}
	w.want(400, "GET", sales+"/members/$count", "")
	w.want(400, "GET", sales+"/members/$ref", "") // in the metadata, but not supported
	groups := w.want(200, "GET", "/users/"+w.id("cid")+"/memberOf?$select=displayName", "").values()
	if len(groups) != 1 || groups[0]["displayName"] != "Sales" || groups[0]["@odata.type"] != "#microsoft.graph.group" {
		t.Error(groups)
	}
}

func TestContactsMayBeMembersOfSecurityGroups(t *testing.T) {
	w := serve(t, groupSeed)
	vic := w.want(200, "GET", "/contacts?$select=id", "").values()[0]["id"].(string)
	w.want(204, "POST", w.group("Sales")+"/members/$ref", w.ref(vic))
}

func TestDeletingAMemberWithoutRefDeletesTheMemberItself(t *testing.T) {
	w := serve(t, groupSeed)
	sales, ann := w.group("Sales"), w.id("ann")
	w.want(404, "DELETE", sales+"/members/"+w.id("bob"), "")
	w.want(204, "DELETE", sales+"/members/"+ann, "")
	w.want(404, "GET", "/users/"+ann, "")
	w.want(200, "GET", "/directory/deletedItems/"+ann, "")
	w.want(204, "POST", sales+"/members/$ref", w.ref(w.id("admin")))
	w.want(403, "DELETE", sales+"/members/"+w.id("admin"), "")
}

func TestSyncedGroupsAreDeletedForGood(t *testing.T) {
	w := serve(t, groupSeed)
	path := w.group("Synced")
	w.want(204, "DELETE", path, "")
	w.want(404, "GET", "/directory/deletedItems/"+strings.TrimPrefix(path, "/groups/"), "")
}

func TestUpsertByUniqueName(t *testing.T) {
	w := serve(t, groupSeed)
	path := "/groups(uniqueName='it''s')"
	missing := w.want(404, "PATCH", path, newGroup)
	if missing.str("error", "code") != "Request_ResourceNotFound" {
		t.Error(missing.text)
	}
	made := w.want(201, "PATCH", path, newGroup, "Prefer", "create-if-missing")
	if made.str("uniqueName") != "it's" {
		t.Error(made.text)
	}
	w.want(204, "PATCH", path, `{"description":"twice"}`, "Prefer", "create-if-missing")
	if got := w.want(200, "GET", path, ""); got.str("id") != made.str("id") || got.str("description") != "twice" {
		t.Error(got.text)
	}
	clash := w.want(400, "POST", "/groups", strings.Replace(newGroup, "{", `{"uniqueName":"SALES",`, 1))
	if clash.str("error", "message") != "Another object with the same value for property uniqueName already exists." {
		t.Error(clash.text)
	}
	w.want(204, "DELETE", path, "")
	w.want(404, "GET", path, "")
}

func TestGroupsWithoutSelectHaveTheDefaultProperties(t *testing.T) {
	w := serve(t, groupSeed)
	got := w.want(200, "GET", w.group("Sales"), "").body
	for _, name := range []string{"id", "description", "mailNickname", "membershipRule", "onPremisesSyncEnabled", "proxyAddresses", "visibility"} {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if _, ok := got["members"]; ok || got["uniqueName"] != "sales" {
		t.Error(got)
	}
}

// TestGroupChangesAreReplayed: what was written to groups is there after a restart.
func TestGroupChangesAreReplayed(t *testing.T) {
	w := serve(t, groupSeed)
	var journal []json.RawMessage
	w.OnChange(func(c json.RawMessage) error { journal = append(journal, c); return nil })
	sales := w.group("Sales")
	w.want(204, "POST", sales+"/members/$ref", w.ref(w.id("bob")))
	w.want(204, "POST", sales+"/owners/$ref", w.ref(w.id("ann")))
	w.want(204, "DELETE", sales+"/members/"+w.id("ann")+"/$ref", "")
	made := w.want(201, "POST", "/groups", strings.Replace(newGroup, "{", `{"owners@odata.bind":`+w.bind(w.id("cid"))+`,`, 1)).str("id")
	twin := serve(t, groupSeed)
	for _, c := range journal {
		if err := twin.Apply(c); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{sales + "/members", sales + "/owners", "/groups/" + made + "/owners"} {
		a, b := upns(w.want(200, "GET", path, "")), upns(twin.want(200, "GET", path, ""))
		if diff := cmp.Diff(a, b); diff != "" || len(a) == 0 {
			t.Errorf("%s: %v %s", path, a, diff)
		}
	}
}

func TestGetByIDs(t *testing.T) {
	w := serve(t, groupSeed)
	ids := []string{w.id("ann"), strings.TrimPrefix(w.group("Sales"), "/groups/"), "00000000-0000-4000-8000-000000000000"}
	list, _ := json.Marshal(ids)
	got := w.want(200, "POST", "/directoryObjects/getByIds", `{"ids":`+string(list)+`}`).values()
	if len(got) != 2 || got[0]["@odata.type"] != "#microsoft.graph.user" || got[1]["displayName"] != "Sales" {
		t.Error(got)
	}
	if got := w.want(200, "POST", "/directoryObjects/microsoft.graph.getByIds", `{"ids":`+string(list)+`,"types":["group"]}`).values(); len(got) != 1 {
		t.Error(got)
	}
	w.want(400, "POST", "/directoryObjects/getByIds", `{}`)
	for n, status := range map[int]int{1000: 200, 1001: 400} {
		w.want(status, "POST", "/directoryObjects/getByIds", `{"ids":["`+strings.Repeat(ids[2]+`","`, n-1)+ids[2]+`"]}`)
	}
	w.want(400, "POST", "/directoryObjects/getByIds", `{"ids":["x"]}`)
	if s := w.Stats(); s.Writes != 0 {
		t.Errorf("getByIds counts as %d writes", s.Writes)
	}
}

func TestDirectoryObjectsOfAnyKind(t *testing.T) {
	w := serve(t, groupSeed)
	ann := w.id("ann")
	got := w.want(200, "GET", "/directoryObjects/"+ann, "")
	if got.str("@odata.type") != "#microsoft.graph.user" || got.str("userPrincipalName") != "ann@contoso.com" {
		t.Error(got.text)
	}
	w.want(204, "DELETE", "/directoryObjects/"+ann, "")
	w.want(404, "GET", "/directoryObjects/"+ann, "")
	w.want(403, "DELETE", "/directoryObjects/"+w.want(200, "GET", "/contacts?$select=id", "").values()[0]["id"].(string), "")
}

func TestOwnersOfRoleAssignableGroupsAreProtected(t *testing.T) {
	w := serve(t, strings.Replace(groupSeed, `"isAssignableToRole":true`, `"isAssignableToRole":true,"owners":["cid@contoso.com"]`, 1))
	w.want(403, "DELETE", "/users/cid@contoso.com", "")
	w.want(403, "PATCH", "/users/cid@contoso.com", `{"accountEnabled":false}`)
	w.want(204, "DELETE", "/users/bob@contoso.com", "")
}

func TestSeedGroupsAreOfTheSortTheyLookLike(t *testing.T) {
	w := serve(t, `{"groups":[{"displayName":"The Team"},{"displayName":"List","mail":"list@contoso.com"},{"displayName":"Info","mail":"info@contoso.com","groupTypes":["Unified"]}]}`)
	var got []string
	for _, g := range w.want(200, "GET", "/groups", "").values() {
		got = append(got, fmt.Sprint(g["displayName"], " ", g["mailNickname"], " ", g["mailEnabled"], " ", g["securityEnabled"]))
	}
	if diff := cmp.Diff([]string{"The Team theteam false true", "List list true false", "Info info true false"}, got); diff != "" {
		t.Error(diff)
	}
	w.want(204, "PATCH", w.group("The Team"), `{"description":"x"}`)
	w.want(204, "PATCH", w.group("Info"), `{"description":"x"}`)
	w.want(400, "PATCH", w.group("List"), `{"description":"x"}`)
}
