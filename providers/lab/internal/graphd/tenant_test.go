package graphd_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/providers/lab/internal/graphd"
)

const licenceSeed = `{
 "users":[{"userPrincipalName":"ann@contoso.com","usageLocation":"HU"},{"userPrincipalName":"bob@contoso.com"},
  {"userPrincipalName":"cid@contoso.com","usageLocation":"HU","onPremisesSyncEnabled":true}],
 "subscribedSkus":[{"skuPartNumber":"ENTERPRISEPACK","skuId":"6fd2c87f-b296-42f0-b197-1e91e994b900","prepaidUnits":{"enabled":1,"suspended":0,"warning":0},
   "servicePlans":[{"servicePlanId":"57ff2da0-773e-42df-b2af-ffb7a2317929","servicePlanName":"TEAMS1","provisioningStatus":"Success","appliesTo":"User"},
    {"servicePlanId":"efb87545-963c-4e0d-99df-69c6916d9eb0","servicePlanName":"EXCHANGE_S_ENTERPRISE","provisioningStatus":"Success","appliesTo":"User"}]},
  {"skuPartNumber":"FREE"}]}`

const (
	e3    = "6fd2c87f-b296-42f0-b197-1e91e994b900"
	teams = "57ff2da0-773e-42df-b2af-ffb7a2317929"
)

func TestLicencesAreAssignedAndRemoved(t *testing.T) {
	w := serve(t, licenceSeed)
	got := w.want(200, "POST", "/users/ann@contoso.com/assignLicense", `{"addLicenses":[{"skuId":"`+e3+`","disabledPlans":["`+teams+`"]}],"removeLicenses":[]}`)
	if got.str("userPrincipalName") != "ann@contoso.com" {
		t.Error(got.text)
	}
	got = w.want(200, "GET", "/users/ann@contoso.com?$select=assignedLicenses,licenseAssignmentStates,assignedPlans", "")
	want := []any{map[string]any{"skuId": e3, "disabledPlans": []any{teams}}}
	if diff := cmp.Diff(want, got.at("assignedLicenses")); diff != "" {
		t.Error(diff)
	}
	state := got.at("licenseAssignmentStates").([]any)[0].(map[string]any)
	if state["state"] != "Active" || state["assignedByGroup"] != nil || len(got.at("assignedPlans").([]any)) != 1 {
		t.Error(got.text)
	}
	if sku := w.want(200, "GET", "/subscribedSkus", "").values()[0]; sku["consumedUnits"] != 1.0 || sku["capabilityStatus"] != "Enabled" {
		t.Error(sku)
	}
	if details := w.want(200, "GET", "/users/ann@contoso.com/licenseDetails", "").values(); len(details) != 1 || details[0]["skuPartNumber"] != "ENTERPRISEPACK" {
		t.Error(details)
	}
	w.want(200, "POST", "/users/ann@contoso.com/assignLicense", `{"addLicenses":[],"removeLicenses":["`+e3+`"]}`)
	if sku := w.want(200, "GET", "/subscribedSkus", "").values()[0]; sku["consumedUnits"] != 0.0 {
		t.Error(sku)
	}
	w.want(200, "POST", "/users/cid@contoso.com/assignLicense", `{"addLicenses":[{"skuId":"`+e3+`"}],"removeLicenses":[]}`) // synced users may
}

// A mailbox keeps addresses in verified domains only, and gets one in the tenant's own if it would have none. What has no mailbox
// keeps them all.
func TestMailboxesDropForeignAddresses(t *testing.T) {
	w := serve(t, licenceSeed)
	address := func(want string) {
		t.Helper()
		got := w.want(200, "GET", "/users/ann@contoso.com?$select=mail,proxyAddresses", "")
		if s := fmt.Sprint(got.at("mail"), got.at("proxyAddresses")); s != want {
			t.Errorf("%s, not %s", s, want)
		}
	}
	set := func(mail string) { w.want(204, "PATCH", "/users/ann@contoso.com", `{"mail":"`+mail+`"}`) }
	set("ann@corp.local")
	address("ann@corp.local[SMTP:ann@corp.local]")
	w.want(200, "POST", "/users/ann@contoso.com/assignLicense", `{"addLicenses":[{"skuId":"`+e3+`"}],"removeLicenses":[]}`)
	address("ann@contoso.onmicrosoft.com[SMTP:ann@contoso.onmicrosoft.com]")
	set("ann@contoso.com")
	address("ann@contoso.com[SMTP:ann@contoso.com smtp:ann@contoso.onmicrosoft.com]")
	set("ann@corp.local")
	address("ann@contoso.com[SMTP:ann@contoso.com smtp:ann@contoso.onmicrosoft.com]")
	w.want(200, "POST", "/users/ann@contoso.com/assignLicense", `{"addLicenses":[],"removeLicenses":["`+e3+`"]}`)
	set("ann@corp.local")
	if got := w.want(200, "GET", "/users/ann@contoso.com?$select=mail", ""); got.str("mail") != "ann@corp.local" {
		t.Error(got.text)
	}
}

// Whoever was invited keeps user name and nickname; somebody else's, and the rest of a guest, can be changed.
func TestGuestsKeepTheirNames(t *testing.T) {
	w := serve(t, `{"domains":[{"id":"contoso.com"},{"id":"contoso.onmicrosoft.com","isInitial":true}],"users":[
  {"userPrincipalName":"lea_fabrikam.com#EXT#@contoso.onmicrosoft.com","displayName":"Lea","mailNickname":"lea_fabrikam.com#EXT#","userType":"Guest"},
  {"userPrincipalName":"tim@contoso.com","displayName":"Tim","mailNickname":"tim","userType":"Guest"}]}`)
	lea := "/users/" + w.want(200, "GET", "/users?$filter=displayName+eq+'Lea'", "").values()[0]["id"].(string)
	w.want(400, "PATCH", lea, `{"userPrincipalName":"lea@contoso.com"}`)
	w.want(400, "PATCH", lea, `{"jobTitle":"Clerk","mailNickname":"lea"}`)
	w.want(204, "PATCH", lea, `{"jobTitle":"Clerk","mail":"lea@fabrikam.com"}`)
	w.want(204, "PATCH", "/users/tim@contoso.com", `{"userPrincipalName":"timo@contoso.com","mailNickname":"timo"}`)
	for _, property := range []string{"userPrincipalName", "mailnickname"} { // in the portal, too
		if err := w.Set("Lea", property, json.RawMessage(`"lea@contoso.com"`)); err == nil {
			t.Errorf("%s was set", property)
		}
	}
	if err := w.Set("Lea", "jobTitle", json.RawMessage(`"Boss"`)); err != nil {
		t.Error(err)
	}
}

func TestLicenceRefusals(t *testing.T) {
	w := serve(t, licenceSeed)
	w.want(200, "POST", "/users/ann@contoso.com/assignLicense", `{"addLicenses":[{"skuId":"`+e3+`"}],"removeLicenses":[]}`)
	add := func(sku string) string { return `{"addLicenses":[{"skuId":"` + sku + `"}],"removeLicenses":[]}` }
	tests := []struct{ name, user, body, message string }{
		{"usageLocation comes first", "bob", add(e3), "License assignment cannot be done for user with invalid usage location."},
		{"both lists are required", "ann", `{"addLicenses":[]}`, "One or more parameters of the operation 'assignLicense' are missing from the request payload. The missing parameters are: removeLicenses."},
		{"a licence the company does not have", "ann", add(teams), "License " + teams + " does not correspond to a valid company License."},
		{"a licence the user does not have", "cid", `{"addLicenses":[],"removeLicenses":["` + e3 + `"]}`, "User does not have a corresponding license."},
		{"no seat left", "cid", add(e3), "Subscription with SKU " + e3 + " does not have any available licenses."},
	}
	for _, tt := range tests {
		got := w.want(400, "POST", "/users/"+tt.user+"@contoso.com/assignLicense", tt.body)
		if got.str("error", "message") != tt.message {
			t.Errorf("%s: %s", tt.name, got.text)
		}
	}
	w.want(404, "POST", "/users/nobody@contoso.com/assignLicense", add(e3))
	w.want(200, "POST", "/users/ann@contoso.com/assignLicense", add(e3)) // again: a change of its plans takes no seat
}

func TestSeatsOfTheSeedsUsersCountOnce(t *testing.T) {
	w := serve(t, `{"users":[{"userPrincipalName":"a@b.c","assignedLicenses":[{"skuId":"`+e3+`","disabledPlans":[]}]}],
		"subscribedSkus":[{"skuPartNumber":"E3","skuId":"`+e3+`","consumedUnits":7}]}`)
	if sku := w.want(200, "GET", "/subscribedSkus", "").values()[0]; sku["consumedUnits"] != 7.0 {
		t.Error(sku)
	}
	w.want(204, "DELETE", "/users/a@b.c", "")
	if sku := w.want(200, "GET", "/subscribedSkus", "").values()[0]; sku["consumedUnits"] != 6.0 {
		t.Error(sku)
	}
}

func TestDomainIsAddedVerifiedUsedAndRemoved(t *testing.T) {
	w := serve(t, seed)
	made := w.want(201, "POST", "/domains", `{"id":"Fabrikam.com"}`)
	if made.str("id") != "fabrikam.com" || made.at("isVerified") != false || made.str("authenticationType") != "Managed" {
		t.Error(made.text)
	}
	user := strings.ReplaceAll(newUser, "cy@contoso.com", "cy@fabrikam.com")
	w.want(400, "POST", "/users", user) // not yet
	records := w.want(200, "GET", "/domains/fabrikam.com/verificationDnsRecords", "").values()
	if len(records) != 2 || records[0]["recordType"] != "Txt" || !strings.HasPrefix(records[0]["text"].(string), "MS=ms") || records[1]["recordType"] != "Mx" {
		t.Error(records)
	}
	if got := w.want(200, "POST", "/domains/fabrikam.com/verify", ""); got.at("isVerified") != true {
		t.Error(got.text)
	}
	w.want(400, "POST", "/domains/fabrikam.com/verify", "")
	cy := w.want(201, "POST", "/users", user).str("id")
	if refs := w.want(200, "GET", "/domains/fabrikam.com/domainNameReferences", "").values(); len(refs) != 1 || refs[0]["id"] != cy {
		t.Error(refs)
	}
	if org := w.want(200, "GET", "/organization", "").text; !strings.Contains(org, `"name":"fabrikam.com"`) {
		t.Error(org)
	}
	w.want(400, "DELETE", "/domains/fabrikam.com", "")
	w.want(204, "DELETE", "/users/"+cy, "")
	w.want(204, "DELETE", "/domains/fabrikam.com", "")
	w.want(404, "GET", "/domains/fabrikam.com", "")
	w.want(400, "POST", "/users", user)
}

func TestDomainBelowAVerifiedOneNeedsNoProof(t *testing.T) {
	w := serve(t, seed)
	if got := w.want(201, "POST", "/domains", `{"id":"eu.contoso.com"}`); got.at("isVerified") != true || got.at("isRoot") != false {
		t.Error(got.text)
	}
	if got := w.want(201, "POST", "/domains", `{"id":"eu.new.example"}`); got.at("isVerified") != false {
		t.Error(got.text)
	}
}

func TestDomainRefusals(t *testing.T) {
	w := serve(t, seed)
	clash := w.want(400, "POST", "/domains", `{"id":"CONTOSO.com"}`)
	if clash.str("error", "message") != "A conflicting object with one or more of the specified property values is present in the directory." {
		t.Error(clash.text)
	}
	for _, body := range []string{`{"id":"nodots"}`, `{}`, `{"id":"x_y.com"}`, `{"id":"x.onmicrosoft.com"}`, `{"id":"a.com","isVerified":true}`, `{`} {
		w.want(400, "POST", "/domains", body)
	}
	w.want(400, "DELETE", "/domains/contoso.onmicrosoft.com", "")
	w.want(400, "PATCH", "/domains/new.example", `{"isDefault":true}`)
	w.want(204, "PATCH", "/domains/fed.contoso.com", `{"isDefault":true}`)
	if got := w.want(200, "GET", "/domains/contoso.com", ""); got.at("isDefault") != false {
		t.Error("two default domains")
	}
	w.want(404, "POST", "/domains/nowhere.example/verify", "")
}

func TestSynchronizationIsTurnedOffForThreeDaysAtLeast(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tenant := graphd.New(graphd.Options{AccessToken: token, Now: func() time.Time { return now }})
	s := `{"organization":{"displayName":"Contoso","onPremisesSyncEnabled":true},"users":[{"userPrincipalName":"ann@contoso.com","onPremisesSyncEnabled":true,
		"onPremisesSamAccountName":"ann","onPremisesSecurityIdentifier":"S-1-5-21-1-2-3-4"}]}`
	if err := tenant.LoadSeed(strings.NewReader(s), "seed"); err != nil {
		t.Fatal(err)
	}
	w := &world{Tenant: tenant, t: t}
	w.serve()
	org := "/organization/" + w.ID()
	w.want(400, "PATCH", "/users/ann@contoso.com", `{"jobTitle":"x"}`)
	w.want(204, "PATCH", org, `{"onPremisesSyncEnabled":false}`)
	if got := w.want(200, "GET", org, ""); got.at("onPremisesSyncEnabled") != false {
		t.Error(got.text)
	}
	ann := w.want(200, "GET", "/users/ann@contoso.com?$select=onPremisesSyncEnabled,onPremisesSamAccountName,onPremisesSecurityIdentifier", "")
	if ann.at("onPremisesSyncEnabled") != false || ann.at("onPremisesSamAccountName") != nil || ann.str("onPremisesSecurityIdentifier") == "" {
		t.Error(ann.text)
	}
	w.want(204, "PATCH", "/users/ann@contoso.com", `{"jobTitle":"x"}`)
	hidden := w.want(400, "PATCH", "/users/ann@contoso.com", `{"onPremisesExtensionAttributes":{"extensionAttribute1":"x"}}`)
	if hidden.str("error", "message") != "Unable to update the specified properties for objects that have originated within an external service." {
		t.Error(hidden.text)
	}
	now = now.Add(71 * time.Hour)
	w.want(400, "PATCH", org, `{"onPremisesSyncEnabled":true}`)
	now = now.Add(2 * time.Hour)
	w.want(204, "PATCH", org, `{"onPremisesSyncEnabled":true}`)
}

func TestOrganizationRefusesReadOnlyProperties(t *testing.T) {
	w := serve(t, seed)
	org := "/organization/" + w.ID()
	w.want(204, "PATCH", org, `{"technicalNotificationMails":["it@contoso.com"]}`)
	if got := w.want(200, "GET", org, ""); len(strs(got.at("technicalNotificationMails"))) != 1 {
		t.Error(got.text)
	}
	for _, body := range []string{`{"displayName":"x"}`, `{"shoeSize":1}`, `{"onPremisesSyncEnabled":null}`, `{"technicalNotificationMails":"x"}`, `x`} {
		w.want(400, "PATCH", org, body)
	}
	w.want(404, "PATCH", "/organization/00000000-0000-4000-8000-000000000000", `{"onPremisesSyncEnabled":false}`)
}

func TestSynchronizationSettings(t *testing.T) {
	w := serve(t, seed)
	got := w.want(200, "GET", "/directory/onPremisesSynchronization", "").values()
	if len(got) != 1 || got[0]["id"] != w.ID() || got[0]["features"].(map[string]any)["softMatchOnUpnEnabled"] != true {
		t.Fatal(got)
	}
	path := "/directory/onPremisesSynchronization/" + w.ID()
	w.want(204, "PATCH", path, `{"features":{"blockSoftMatchEnabled":true},"configuration":{"accidentalDeletionPrevention":{"alertThreshold":20,"synchronizationPreventionType":"enabledForPercentage"}}}`)
	one := w.want(200, "GET", path, "")
	if one.at("features", "blockSoftMatchEnabled") != true || one.at("features", "softMatchOnUpnEnabled") != true ||
		one.at("configuration", "accidentalDeletionPrevention", "alertThreshold") != 20.0 {
		t.Error(one.text)
	}
	for _, body := range []string{`{"features":{"magic":true}}`, `{"features":{"blockSoftMatchEnabled":"x"}}`, `{"other":1}`,
		`{"configuration":{"accidentalDeletionPrevention":{"alertThreshold":101}}}`} {
		w.want(400, "PATCH", path, body)
	}
}

// TestTenantSettingsAreReplayed: domains, organization, licences and synchronization settings are there after a restart.
func TestTenantSettingsAreReplayed(t *testing.T) {
	s := strings.Replace(licenceSeed, "{", `{"organization":{"displayName":"C","onPremisesSyncEnabled":true},`, 1)
	w := serve(t, s)
	var journal []json.RawMessage
	w.OnChange(func(c json.RawMessage) error { journal = append(journal, c); return nil })
	w.want(201, "POST", "/domains", `{"id":"fabrikam.com"}`)
	w.want(200, "POST", "/domains/fabrikam.com/verify", "")
	w.want(201, "POST", "/domains", `{"id":"gone.example"}`)
	w.want(204, "DELETE", "/domains/gone.example", "")
	w.want(204, "PATCH", "/organization/"+w.ID(), `{"technicalNotificationMails":["it@contoso.com"],"onPremisesSyncEnabled":false}`)
	w.want(204, "PATCH", "/directory/onPremisesSynchronization/"+w.ID(), `{"features":{"blockSoftMatchEnabled":true}}`)
	w.want(200, "POST", "/users/ann@contoso.com/assignLicense", `{"addLicenses":[{"skuId":"`+e3+`"}],"removeLicenses":[]}`)
	w.want(201, "POST", "/users", strings.ReplaceAll(newUser, "cy@contoso.com", "cy@fabrikam.com"))
	twin := serve(t, s)
	for i, c := range journal {
		if err := twin.Apply(c); err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
	}
	for _, path := range []string{"/domains", "/organization", "/directory/onPremisesSynchronization", "/subscribedSkus", "/users?$select=id,assignedLicenses,onPremisesSyncEnabled"} {
		a, b := w.want(200, "GET", path, "").text, twin.want(200, "GET", path, "").text
		if diff := cmp.Diff(strings.ReplaceAll(a, w.root, ""), strings.ReplaceAll(b, twin.root, "")); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	twin.want(400, "PATCH", "/organization/"+w.ID(), `{"onPremisesSyncEnabled":true}`) // the three days are remembered
}

func TestRolesByIDTemplateAndHolder(t *testing.T) {
	w := serve(t, seed)
	admin := w.id("admin")
	const global = "62e90394-69f5-4237-9190-012177145e10"
	if got := w.want(200, "GET", "/directoryRoles(roleTemplateId='"+global+"')", ""); got.str("displayName") != "Global Administrator" {
		t.Error(got.text)
	}
	if got := w.want(200, "GET", "/directoryRoles(roleTemplateId='"+global+"')/members?$select=id", "").values(); len(got) != 1 || got[0]["id"] != admin {
		t.Error(got)
	}
	mine := w.want(200, "GET", "/roleManagement/directory/roleAssignments?$filter=principalId eq '"+admin+"'", "").values()
	if len(mine) != 1 || mine[0]["roleDefinitionId"] != global {
		t.Error(mine)
	}
	w.want(200, "GET", fmt.Sprint("/roleManagement/directory/roleAssignments/", mine[0]["id"]), "")
	defs := w.want(200, "GET", "/roleManagement/directory/roleDefinitions?$filter=displayName eq 'Global Reader'", "").values()
	if len(defs) != 1 || defs[0]["isBuiltIn"] != true {
		t.Error(defs)
	}
	w.want(404, "GET", "/directoryRoles/00000000-0000-4000-8000-000000000000/members", "")
}

func TestRecycleBinNeedsAType(t *testing.T) {
	w := serve(t, seed)
	w.want(400, "GET", "/directory/deletedItems", "")
	if got := w.want(200, "GET", "/directory/deletedItems/microsoft.graph.application", "").values(); len(got) != 0 {
		t.Error(got)
	}
	users := w.want(200, "GET", "/directory/deletedItems/microsoft.graph.user", "").values()
	if len(users) != 1 {
		t.Fatal(users)
	}
	one := w.want(200, "GET", "/directory/deletedItems/"+users[0]["id"].(string), "")
	if one.str("@odata.type") != "#microsoft.graph.user" || one.str("displayName") != "Gone Girl" {
		t.Error(one.text)
	}
}

func TestRestoreCanDropTakenAddresses(t *testing.T) {
	w := serve(t, seed)
	made := w.want(201, "POST", "/users", newUser).str("id")
	w.want(204, "PATCH", "/users/"+made, `{"mail":"shared@contoso.com"}`)
	w.want(204, "DELETE", "/users/"+made, "")
	w.want(204, "PATCH", "/users/bob@contoso.com", `{"mail":"shared@contoso.com"}`)
	clash := w.want(400, "POST", "/directory/deletedItems/"+made+"/restore", "")
	if clash.str("error", "message") != "Another object with the same value for property proxyAddresses already exists." {
		t.Error(clash.text)
	}
	w.want(200, "POST", "/directory/deletedItems/"+made+"/restore", `{"autoReconcileProxyConflict":true}`)
	if got := w.want(200, "GET", "/users/"+made+"?$select=mail,proxyAddresses", ""); got.at("mail") != nil || len(strs(got.at("proxyAddresses"))) != 0 {
		t.Error(got.text)
	}
}

// What clients of every kind ask for beside what dirform does.
func TestOtherClients(t *testing.T) {
	w := serve(t, `{"domains":[{"id":"contoso.com"},{"id":"contoso.onmicrosoft.com","isInitial":true}],
 "users":[{"userPrincipalName":"ann@contoso.com","displayName":"Ann"}],"groups":[{"displayName":"All","mailNickname":"all","members":["ann@contoso.com"]}]}`)
	host := strings.TrimSuffix(w.root, "/v1.0")
	beta := w.want(200, "GET", host+"/beta/users/ann@contoso.com", "")
	if beta.str("displayName") != "Ann" || !strings.Contains(beta.str("@odata.context"), "/beta/$metadata") {
		t.Error(beta.text)
	}
	w.want(404, "GET", host+"/gamma/users", "")

	made := w.want(201, "POST", "/users", `{"accountEnabled":true,"displayName":"Bob","mailNickname":"bob","userPrincipalName":"bob@contoso.com",
 "usageLocation":null,"userType":null,"jobTitle":null,"passwordProfile":{"password":"Correct-Horse1"}}`)
	if made.str("userType") == "" && made.at("usageLocation") != nil || made.header.Get("Location") != w.root+"/directoryObjects/"+made.str("id") {
		t.Error(made.header, made.text)
	}
	w.want(400, "POST", "/users", `{"accountEnabled":true,"displayName":null,"mailNickname":"cid","userPrincipalName":"cid@contoso.com",
 "passwordProfile":{"password":"Correct-Horse1"}}`)
	w.want(400, "PATCH", "/users/bob@contoso.com", `{"usageLocation":null}`)

	group := w.want(200, "GET", "/groups", "").values()[0]["id"].(string)
	ann := beta.str("id")
	if got := w.want(200, "GET", "/groups/"+group+"/members?$filter=id eq '"+ann+"'", "").values(); len(got) != 1 || got[0]["id"] != ann {
		t.Error(got)
	}
	if got := w.want(200, "GET", "/groups/"+group+"/members?$filter=id eq '"+made.str("id")+"'", "").values(); len(got) != 0 {
		t.Error(got)
	}
	w.want(400, "GET", "/groups/"+group+"/members?$filter=startswith(displayName,'A')", "")

	bare := w.want(200, "GET", "/users?$select=displayName", "", "Accept", "application/json;odata.metadata=none")
	if bare.at("@odata.context") != nil || len(bare.values()) != 2 || bare.header.Get("OData-Version") != "4.0" {
		t.Error(bare.header, bare.text)
	}
	batch := w.want(200, "POST", "/$batch", `{"requests":[{"id":"1","method":"GET","url":"/users/$count","headers":{"ConsistencyLevel":"eventual"}}]}`)
	if !strings.Contains(batch.text, `"Content-Type":"text/plain"`) {
		t.Error(batch.text)
	}
	if got := w.want(400, "GET", "/me", ""); !strings.Contains(got.text, "only valid with delegated authentication flow") {
		t.Error(got.text)
	}
	w.want(200, "GET", host+"/"+w.ID()+"/discovery/v2.0/keys", "")
	instance := w.want(200, "GET", host+"/common/discovery/instance?api-version=1.1", "")
	w.want(200, "GET", instance.str("tenant_discovery_endpoint"), "")
}
