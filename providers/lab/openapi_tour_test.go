package lab_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/providers/lab/internal/graphd"
	"github.com/dirform/dirform/providers/lab/record"
)

// tourSeed has something of everything.
const tourSeed = `{
 "domains":[{"id":"contoso.com","isDefault":true},{"id":"contoso.onmicrosoft.com","isInitial":true},{"id":"new.example","isVerified":false}],
 "users":[
  {"userPrincipalName":"ann@contoso.com","displayName":"Ann Ames","mail":"ann@contoso.com","onPremisesImmutableId":"AAAAAAAAAAAAAAAAAAAAAA==","businessPhones":["+1 555 0100"],"manager":"bob@contoso.com","department":"Sales","usageLocation":"HU"},
  {"userPrincipalName":"bob@contoso.com","displayName":"Bob Bly","onPremisesExtensionAttributes":{"extensionAttribute1":"one"},"employeeOrgData":{"costCenter":"7"}},
  {"userPrincipalName":"synced@contoso.com","displayName":"Sid Sync","onPremisesSyncEnabled":true,"onPremisesLastSyncDateTime":"2024-01-01T00:00:00Z"},
  {"userPrincipalName":"admin@contoso.com","displayName":"Adele Admin"}],
 "groups":[{"displayName":"Info","onPremisesSyncEnabled":true,"mail":"info@contoso.com","proxyAddresses":["SMTP:info@contoso.com"],"groupTypes":["Unified"],"members":["ann@contoso.com","bob@contoso.com"]},
  {"displayName":"Team","mailNickname":"team","mailEnabled":false,"securityEnabled":true,"uniqueName":"team","members":["bob@contoso.com"],"owners":["ann@contoso.com"]}],
 "contacts":[{"displayName":"Vic Vendor","onPremisesSyncEnabled":true,"mail":"vic@vendor.example"}],
 "deletedItems":[
  {"@odata.type":"#microsoft.graph.user","userPrincipalName":"gone@contoso.com","displayName":"Gone Girl"},
  {"@odata.type":"#microsoft.graph.user","userPrincipalName":"older@contoso.com","displayName":"Gone for good"}],
 "subscribedSkus":[{"skuPartNumber":"ENTERPRISEPACK","skuId":"6fd2c87f-b296-42f0-b197-1e91e994b900"}],
 "roleAssignments":[{"principalId":"admin@contoso.com","roleDefinitionId":"Global Administrator"}],
 "lab":{"signed_in_as":"admin@contoso.com"}
}`

// tourStep is one request of the tour. {name} in path and body stands for what an earlier step kept under that name.
type tourStep struct {
	method, path, body string
	status             int
	keep               string // "name=value.0.id": keeps a value of the reply
}

var tourSteps = []tourStep{
	{"GET", "/me", "", 200, ""},
	{"GET", "/users", "", 200, "user=value.0.id"},
	{"GET", "/users?$top=1&$select=id,displayName,proxyAddresses,employeeOrgData,onPremisesExtensionAttributes&$expand=manager($select=id)", "", 200, "more=@odata.nextLink"},
	{"GET", "{more}", "", 200, ""},
	{"GET", "/users?$count=true&$filter=endsWith(userPrincipalName,'@contoso.com')", "", 200, ""},
	{"GET", "/users/$count", "", 200, ""},
	{"GET", "/users/{user}", "", 200, ""},
	{"GET", "/users/{user}?$select=onPremisesExtensionAttributes,employeeOrgData,proxyAddresses,onPremisesSyncEnabled", "", 200, ""},
	{"GET", "/users/nobody@contoso.com", "", 404, ""},
	{"POST", "/users", `{"accountEnabled":true,"displayName":"Cy Coe","mailNickname":"cy","userPrincipalName":"cy@contoso.com","passwordProfile":{"password":"Xy12345678"}}`, 201, "made=id"},
	{"POST", "/users", `{"accountEnabled":true,"displayName":"Cy Coe","mailNickname":"cy","userPrincipalName":"cy@contoso.com","passwordProfile":{"password":"Xy12345678"}}`, 400, ""},
	{"PATCH", "/users/{made}", `{"mail":"ann@contoso.com"}`, 400, ""},
	{"PATCH", "/users/{made}", `{"jobTitle":"Boss","businessPhones":[],"employeeOrgData":{"costCenter":"8"},"onPremisesExtensionAttributes":{"extensionAttribute2":null}}`, 204, ""},
	{"PUT", "/users/{made}/manager/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/users/{user}"}`, 204, ""},
	{"GET", "/users/{made}/manager", "", 200, ""},
	{"GET", "/users/{made}/manager/$ref", "", 200, ""},
	{"DELETE", "/users/{made}/manager/$ref", "", 204, ""},
	{"GET", "/users/{made}/onPremisesSyncBehavior", "", 200, ""},
	{"GET", "/users?$filter=userPrincipalName eq 'synced@contoso.com'", "", 200, "synced=value.0.id"},
	{"PATCH", "/users/{synced}/onPremisesSyncBehavior", `{"isCloudManaged":true}`, 204, ""},
	{"DELETE", "/users/{made}", "", 204, ""},
	{"GET", "/groups", "", 200, "group=value.0.id"},
	{"GET", "/groups/{group}", "", 200, ""},
	{"GET", "/groups/{group}/members", "", 200, ""},
	{"GET", "/groups/{group}/onPremisesSyncBehavior", "", 200, ""},
	{"PATCH", "/groups/{group}/onPremisesSyncBehavior", `{"isCloudManaged":true}`, 204, ""},
	{"GET", "/contacts", "", 200, "contact=value.0.id"},
	{"GET", "/contacts/{contact}", "", 200, ""},
	{"GET", "/contacts/{contact}/onPremisesSyncBehavior", "", 200, ""},
	{"PATCH", "/contacts/{contact}/onPremisesSyncBehavior", `{"isCloudManaged":true}`, 204, ""},
	{"GET", "/contacts/$count", "", 200, ""},
	{"GET", "/contacts/delta", "", 200, ""},
	{"GET", "/groups/$count", "", 200, ""},
	{"GET", "/groups/delta?$select=displayName,members,owners", "", 200, "groupdelta=@odata.deltaLink"},
	{"GET", "/users/delta?$select=displayName,manager", "", 200, "userdelta=@odata.deltaLink"},
	{"GET", "/users/delta?$deltatoken=latest", "", 200, ""},
	{"GET", "/users('{user}')", "", 200, ""},
	{"GET", "/groups(uniqueName='team')", "", 200, "team=id"},
	{"POST", "/groups", `{"displayName":"Made","mailEnabled":false,"mailNickname":"made","securityEnabled":true,"members@odata.bind":["https://graph.microsoft.com/v1.0/directoryObjects/{user}"]}`, 201, "madegroup=id"},
	{"POST", "/groups", `{"displayName":"Made","mailEnabled":true,"mailNickname":"made","securityEnabled":true}`, 400, ""},
	{"PATCH", "/groups/{madegroup}", `{"description":"new"}`, 204, ""},
	{"PATCH", "/groups(uniqueName='team')", `{"description":"new"}`, 204, ""},
	{"PATCH", "/groups(uniqueName='new')", `{"displayName":"New","mailEnabled":false,"mailNickname":"new","securityEnabled":true}`, 201, "newgroup=id"},
	{"POST", "/groups/{team}/members/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/groups/{newgroup}"}`, 204, ""},
	{"DELETE", "/groups/{team}/members/{newgroup}", "", 204, ""},
	{"POST", "/directory/deletedItems/{newgroup}/restore", "", 200, ""},
	{"POST", "/groups/{team}/members/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/{synced}"}`, 204, ""},
	{"GET", "/groups/{team}/members/$count", "", 200, ""},
	{"GET", "/groups/{team}/members/microsoft.graph.user", "", 200, ""},
	{"DELETE", "/groups/{team}/members/{synced}/$ref", "", 204, ""},
	{"POST", "/groups/{team}/owners/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/users/{synced}"}`, 204, ""},
	{"GET", "/groups/{team}/owners", "", 200, ""},
	{"GET", "/groups/{team}/owners/$count", "", 200, ""},
	{"GET", "/groups/{team}/owners/microsoft.graph.user", "", 200, ""},
	{"GET", "/groups/{team}/memberOf", "", 200, ""},
	{"GET", "/users/{synced}/memberOf", "", 200, ""},
	{"GET", "/users/{user}/directReports", "", 200, ""},
	{"GET", "/users/{synced}/transitiveMemberOf", "", 200, ""},
	{"GET", "/users/{synced}/memberOf/microsoft.graph.group", "", 200, ""},
	{"POST", "/users/{synced}/getMemberGroups", `{"securityEnabledOnly":true}`, 200, ""},
	{"POST", "/users/{synced}/getMemberObjects", `{"securityEnabledOnly":false}`, 200, ""},
	{"POST", "/users/{synced}/checkMemberGroups", `{"groupIds":["{team}"]}`, 200, ""},
	{"POST", "/users/{user}/revokeSignInSessions", "", 200, ""},
	{"GET", "/groups/{team}/transitiveMemberOf", "", 200, ""},
	{"GET", "/groups/{team}/transitiveMembers", "", 200, ""},
	{"GET", "/groups/{team}/memberOf/microsoft.graph.group", "", 200, ""},
	{"POST", "/groups/{team}/getMemberGroups", `{"securityEnabledOnly":true}`, 200, ""},
	{"POST", "/groups/{team}/getMemberObjects", `{"securityEnabledOnly":false}`, 200, ""},
	{"POST", "/groups/{team}/checkMemberGroups", `{"groupIds":["{group}"]}`, 200, ""},
	{"DELETE", "/groups/{team}/owners/{synced}/$ref", "", 204, ""},
	{"POST", "/groups/{team}/owners/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/users/{synced}"}`, 204, ""},
	{"GET", "{groupdelta}", "", 200, ""},
	{"DELETE", "/groups/{team}/owners/{synced}", "", 204, ""},
	{"GET", "/directory/deletedItems/microsoft.graph.user?$filter=id eq '{synced}'", "", 200, ""},
	{"GET", "{userdelta}", "", 200, ""},
	{"POST", "/directoryObjects/getByIds", `{"ids":["{user}","{team}"],"types":["user","group"]}`, 200, ""},
	{"GET", "/directoryObjects/{user}", "", 200, ""},
	{"DELETE", "/directoryObjects/{madegroup}", "", 204, ""},
	{"POST", "/users/{user}/assignLicense", `{"addLicenses":[{"skuId":"6fd2c87f-b296-42f0-b197-1e91e994b900","disabledPlans":[]}],"removeLicenses":[]}`, 200, ""},
	{"GET", "/users/{user}/licenseDetails", "", 200, ""},
	{"GET", "/users/{user}?$select=assignedLicenses,licenseAssignmentStates,assignedPlans", "", 200, ""},
	{"DELETE", "/groups(uniqueName='new')", "", 204, ""},
	{"DELETE", "/groups/{team}", "", 204, ""},
	{"POST", "/domains", `{"id":"fabrikam.com"}`, 201, ""},
	{"GET", "/domains/fabrikam.com/verificationDnsRecords", "", 200, ""},
	{"POST", "/domains/fabrikam.com/verify", "", 200, ""},
	{"PATCH", "/domains/fabrikam.com", `{"supportedServices":["Email"]}`, 204, ""},
	{"GET", "/domains/contoso.com/domainNameReferences", "", 200, ""},
	{"DELETE", "/domains/fabrikam.com", "", 204, ""},
	{"GET", "/directory/onPremisesSynchronization", "", 200, "sync=value.0.id"},
	{"GET", "/directory/onPremisesSynchronization/{sync}", "", 200, ""},
	{"PATCH", "/directory/onPremisesSynchronization/{sync}", `{"features":{"blockSoftMatchEnabled":true}}`, 204, ""},
	{"GET", "/organization", "", 200, "organization=value.0.id"},
	{"GET", "/organization/{organization}", "", 200, ""},
	{"PATCH", "/organization/{organization}", `{"technicalNotificationMails":["it@contoso.com"]}`, 204, ""},
	{"GET", "/domains", "", 200, ""},
	{"GET", "/domains/contoso.com", "", 200, ""},
	{"GET", "/subscribedSkus", "", 200, "sku=value.0.id"},
	{"GET", "/subscribedSkus/{sku}", "", 200, ""},
	{"GET", "/directory/deletedItems/microsoft.graph.user", "", 200, "gone=value.0.id"},
	{"GET", "/directory/deletedItems/{gone}", "", 200, ""},
	{"POST", "/directory/deletedItems/{gone}/restore", `{"autoReconcileProxyConflict":true}`, 200, ""},
	{"DELETE", "/directory/deletedItems/{made}", "", 204, ""},
	{"GET", "/directoryRoles", "", 200, "role=value.0.id"},
	{"GET", "/directoryRoles/{role}/members", "", 200, ""},
	{"GET", "/directoryRoles/{role}", "", 200, ""},
	{"GET", "/directoryRoles(roleTemplateId='62e90394-69f5-4237-9190-012177145e10')", "", 200, ""},
	{"GET", "/directoryRoles(roleTemplateId='62e90394-69f5-4237-9190-012177145e10')/members", "", 200, ""},
	{"GET", "/roleManagement/directory/roleAssignments", "", 200, "assignment=value.0.id"},
	{"GET", "/roleManagement/directory/roleAssignments/{assignment}", "", 200, ""},
	{"GET", "/roleManagement/directory/roleDefinitions", "", 200, "definition=value.0.id"},
	{"GET", "/roleManagement/directory/roleDefinitions/{definition}", "", 200, ""},
	{"POST", "/$batch", `{"requests":[{"id":"1","method":"GET","url":"/users/{user}"},{"id":"2","method":"PATCH","url":"/users/{user}","headers":{"Content-Type":"application/json"},"body":{"jobTitle":"Chief"}},{"id":"3","method":"GET","url":"/users/nobody","body":null}]}`, 200, ""},
}

// tour takes the steps and returns their record. It fails if the lab serves a path that no step has been to with success.
func tour(t *testing.T) []record.Exchange {
	t.Helper()
	seed, folder := t.TempDir(), t.TempDir()
	write(t, filepath.Join(seed, lab.TenantSeed), tourSeed)
	l, err := lab.Open(lab.Options{Seed: seed, Record: folder})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	access, err := l.ServeEntra()
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust(t, access.CAFile)}}
	defer client.CloseIdleConnections()
	kept, visited := map[string]string{}, map[string]int{}
	for _, step := range tourSteps {
		before := l.Tenant().Stats().Requests
		takeStep(t, client, access, step, kept)
		for path, n := range l.Tenant().Stats().Requests {
			if step.status < 300 && n > before[path] {
				visited[path]++
			}
		}
	}
	for _, path := range graphd.Paths() {
		if visited[path] == 0 {
			t.Errorf("the tour has not been to %s: add a step", path)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return recorded(t, folder)
}

// issued is a token of the token endpoint, which is that of the person who is signed in.
func issued(t *testing.T, client *http.Client, access lab.EntraAccess) string {
	t.Helper()
	resp, err := client.PostForm(access.Authority+"/"+access.TenantID+"/oauth2/v2.0/token", url.Values{"client_id": {access.ClientID},
		"client_secret": {access.ClientSecret}, "grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var reply struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil || reply.Token == "" {
		t.Fatal("no token: ", err)
	}
	return reply.Token
}

func takeStep(t *testing.T, client *http.Client, access lab.EntraAccess, step tourStep, kept map[string]string) {
	t.Helper()
	var pairs []string
	for name := range maps.Keys(kept) {
		pairs = append(pairs, "{"+name+"}", kept[name])
	}
	fill := strings.NewReplacer(pairs...)
	link := fill.Replace(step.path)
	if !strings.HasPrefix(link, "https:") {
		link = access.Endpoint + strings.ReplaceAll(link, " ", "%20")
	}
	req, err := http.NewRequest(step.method, link, strings.NewReader(fill.Replace(step.body)))
	if err != nil {
		t.Fatal(err)
	}
	token := access.AccessToken // the application's own
	if step.path == "/me" {
		token = issued(t, client, access)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("ConsistencyLevel", "eventual")
	if step.status == 201 && step.method == "PATCH" {
		req.Header.Set("Prefer", "create-if-missing")
	}
	if step.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != step.status {
		t.Fatalf("%s %s: status %d, want %d: %s %v", step.method, link, res.StatusCode, step.status, body, err)
	}
	if name, path, ok := strings.Cut(step.keep, "="); ok {
		kept[name] = pick(body, path)
		if kept[name] == "" {
			t.Fatalf("%s %s: no %s in %s", step.method, link, path, body)
		}
	}
}

// pick is the text at a path in JSON, such as value.0.id.
func pick(body []byte, path string) string {
	var v any
	_ = json.Unmarshal(body, &v)
	for _, key := range strings.Split(strings.ReplaceAll(path, "@odata.", "@odata:"), ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[strings.ReplaceAll(key, "@odata:", "@odata.")]
		case []any:
			v = nil
			if len(x) > 0 {
				v = x[0]
			}
		}
	}
	s, _ := v.(string)
	return s
}
