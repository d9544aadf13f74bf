package entra_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/google/go-cmp/cmp"
)

func TestOrganizationAndDomains(t *testing.T) {
	var s *service
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v1.0/organization":
			fmt.Fprint(w, `{"value":[{"id":"tenant","displayName":"Contoso","onPremisesSyncEnabled":null}]}`)
		case r.URL.Query().Get("$skiptoken") == "2":
			fmt.Fprint(w, `{"value":[{"id":"fed.contoso.com","isVerified":false,"isInitial":false,"authenticationType":"Federated"}]}`)
		default:
			fmt.Fprintf(w, `{"value":[{"id":"contoso.onmicrosoft.com","isVerified":true,"isInitial":true,"authenticationType":"Managed"}],"@odata.nextLink":"%s/v1.0/domains?$skiptoken=2"}`, s.URL)
		}
	})
	r := s.reader(t)
	org, err := r.Organization(t.Context())
	if err != nil || org != (providers.Organization{ID: "tenant", DisplayName: "Contoso"}) {
		t.Error(org, err)
	}
	domains, err := r.Domains(t.Context())
	want := []providers.TenantDomain{{Name: "contoso.onmicrosoft.com", Verified: true, Initial: true}, {Name: "fed.contoso.com", Federated: true}}
	if d := cmp.Diff(want, domains); d != "" || err != nil {
		t.Error(d, err)
	}
}

func TestRoleHolders(t *testing.T) {
	want := []providers.RoleHolder{{ID: "p1", Roles: []string{"Global Administrator", "User Administrator"}, Templates: []string{"ga", "ua"}},
		{ID: "p2", Roles: []string{"User Administrator"}, Templates: []string{"ua"}}}
	unified := map[string]string{
		"/v1.0/roleManagement/directory/roleDefinitions": `{"value":[{"id":"ga","displayName":"Global Administrator"},{"id":"ua","displayName":"User Administrator"}]}`,
		"/v1.0/roleManagement/directory/roleAssignments": `{"value":[{"principalId":"p1","roleDefinitionId":"ua"},{"principalId":"p2","roleDefinitionId":"ua"},{"principalId":"p1","roleDefinitionId":"ga"},{"principalId":"p1","roleDefinitionId":"ga"}]}`,
	}
	older := map[string]string{
		"/v1.0/directoryRoles":            `{"value":[{"id":"1","displayName":"User Administrator","roleTemplateId":"ua"},{"id":"2","displayName":"Global Administrator","roleTemplateId":"ga"}]}`,
		"/v1.0/directoryRoles/1/members":  `{"value":[{"@odata.type":"#microsoft.graph.user","id":"p1"},{"id":"p2"}]}`,
		"/v1.0/directoryRoles/2/members":  `{"value":[{"id":"p1"}]}`,
		"/v1.0/unrelated/to/both/of/them": "",
	}
	for name, replies := range map[string]map[string]string{"unified": unified, "older": older, "neither": {}} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if body, ok := replies[r.URL.Path]; ok {
				fmt.Fprint(w, body)
				return
			}
			if r.URL.Path == "/v1.0/$batch" {
				noGroups(w, r)
				return
			}
			reply(w, 403, graphError("Authorization_RequestDenied", "Insufficient privileges to complete the operation."))
		})
		got, err := s.reader(t).RoleHolders(t.Context())
		if name == "neither" {
			if err == nil || !strings.Contains(told(err), "RoleManagement.Read.Directory") {
				t.Error(err)
			}
			continue
		}
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%s: %s %v", name, d, err)
		}
	}
}

// noGroups answers that none of a batch's objects is a group.
func noGroups(w http.ResponseWriter, r *http.Request) {
	batches(func(part) answer {
		return answer{status: 404, body: graphError("Request_ResourceNotFound", "Resource does not exist.")}
	})(w, r)
}

// TestRolesThroughGroups: members and owners of a group that holds a role hold it too, and asking for them takes batches, not a
// request for each principal.
func TestRolesThroughGroups(t *testing.T) {
	assignments := `{"principalId":"admins","roleDefinitionId":"ga"},{"principalId":"u1","roleDefinitionId":"ua"}`
	for i := range 40 {
		assignments += fmt.Sprintf(`,{"principalId":"z%d","roleDefinitionId":"ua"}`, i)
	}
	var s *service
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1.0/roleManagement/directory/roleDefinitions":
			fmt.Fprint(w, `{"value":[{"id":"ga","displayName":"Global Administrator"},{"id":"ua","displayName":"User Administrator"}]}`)
		case "/v1.0/roleManagement/directory/roleAssignments":
			fmt.Fprintf(w, `{"value":[%s]}`, assignments)
		case "/v1.0/groups/admins/members":
			fmt.Fprint(w, `{"value":[{"id":"u2"}]}`)
		default:
			batches(func(p part) answer {
				switch {
				case strings.HasPrefix(p.URL, "/groups/admins/members?"):
					return answer{status: 200, body: fmt.Sprintf(`{"value":[{"id":"u1"}],"@odata.nextLink":"%s/v1.0/groups/admins/members?$skiptoken=2"}`, s.URL)}
				case strings.HasPrefix(p.URL, "/groups/admins/owners?"):
					return answer{status: 200, body: `{"value":[{"id":"u3"}]}`}
				}
				return answer{status: 404, body: graphError("Request_ResourceNotFound", "Resource does not exist.")}
			})(w, r)
		}
	})
	got, err := s.reader(t).RoleHolders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	roles, templates := map[string]string{}, map[string]string{}
	for _, h := range got {
		roles[h.ID], templates[h.ID] = strings.Join(h.Roles, ", "), strings.Join(h.Templates, ", ")
	}
	if templates["u1"] != "ga, ua" || templates["u2"] != "ga" || templates["u3"] != "" {
		t.Errorf("roles really held: %v; an owner holds none yet", templates)
	}
	if roles["u1"] != "Global Administrator, User Administrator" || roles["u2"] != "Global Administrator" || roles["u3"] != "Global Administrator" ||
		roles["admins"] != "Global Administrator" || len(got) != 44 {
		t.Error(len(got), roles)
	}
	if n := len(s.requests()); n != 7 { // definitions, assignments, three batches for members, a further page, one for owners
		t.Errorf("%d requests", n)
	}
}

// TestRolesThroughHiddenGroups: a plan must not take members that it may not see for people without a role.
func TestRolesThroughHiddenGroups(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1.0/roleManagement/directory/roleDefinitions":
			fmt.Fprint(w, `{"value":[]}`)
		case "/v1.0/roleManagement/directory/roleAssignments":
			fmt.Fprint(w, `{"value":[{"principalId":"g","roleDefinitionId":"ga"}]}`)
		default:
			batches(func(part) answer {
				return answer{status: 403, body: graphError("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")}
			})(w, r)
		}
	})
	if _, err := s.reader(t).RoleHolders(t.Context()); err == nil || !strings.Contains(told(err), "GroupMember.Read.All") {
		t.Error(err)
	}
}

func TestLookupAsksInBatches(t *testing.T) {
	throttled := map[string]bool{}
	s := serve(t, batches(func(p part) answer {
		if p.Method != "GET" || !strings.HasSuffix(p.URL, "?$select=id,displayName&$expand=manager($select=id)") {
			t.Errorf("%s %s", p.Method, p.URL)
		}
		id := strings.TrimPrefix(strings.Split(p.URL, "?")[0], "/users/")
		switch {
		case strings.HasSuffix(id, "7"):
			return answer{status: 404, body: graphError("Request_ResourceNotFound", "no")}
		case (id == "id-12" || id == "id-13" || id == "id-39") && !throttled[id]:
			throttled[id] = true
			return answer{status: 429, headers: map[string]string{"Retry-After": "3"}}
		}
		return answer{status: 200, body: fmt.Sprintf(`{"@odata.context":"x","id":"%s","displayName":"Name of %s"}`, id, id)}
	}))
	var ids, want []string
	for i := range 45 {
		ids = append(ids, fmt.Sprintf("id-%d", i))
		if i%10 != 7 {
			want = append(want, fmt.Sprintf("id-%d Name of id-%d", i, i))
		}
	}
	r := s.reader(t)
	all, err := drainObjects(r.Lookup(t.Context(), state.User, ids, state.NewShape("displayName", "manager")))
	var got []string
	for _, o := range all {
		got = append(got, o.ID+" "+o.Get("displayName").Str())
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(d, err)
	}
	if st := r.Stats(); st.Batches != 5 || st.Reads != 45 || st.Retries != 3 || st.Throttled != 3 {
		t.Errorf("%+v", st)
	}
}

func TestLookupFailsWhole(t *testing.T) {
	s := serve(t, batches(func(p part) answer {
		if strings.Contains(p.URL, "id-30") {
			return answer{status: 403, body: graphError("Authorization_RequestDenied", "no")}
		}
		return answer{status: 200, body: `{"id":"x"}`}
	}))
	var ids []string
	for i := range 45 {
		ids = append(ids, fmt.Sprintf("id-%d", i))
	}
	all, err := drainObjects(s.reader(t).Lookup(t.Context(), state.User, ids, state.NewShape("mail")))
	if err == nil || len(all) != 20+10 && len(all) != 20 || !strings.Contains(told(err), "User.Read.All") {
		t.Error(len(all), err)
	}
}

func TestFindByAnchorFiltersExactly(t *testing.T) {
	literal := regexp.MustCompile(`'((?:[^']|'')*)'`)
	anchors := []string{"a+/b==", "o'brien", "x y&z"}
	for i := range 40 {
		anchors = append(anchors, fmt.Sprintf("anchor%02d==", i))
	}
	var asked []string
	s := serve(t, batches(func(p part) answer {
		u, err := url.Parse(p.URL)
		if err != nil || strings.Contains(p.URL, " ") || strings.Contains(p.URL, "+") {
			t.Errorf("address %s: %v", p.URL, err)
		}
		filter := u.Query().Get("$filter")
		if !strings.HasPrefix(filter, "onPremisesImmutableId in (") {
			t.Errorf("filter %s", filter)
		}
		found := literal.FindAllStringSubmatch(filter, -1)
		if len(found) > 15 {
			t.Errorf("%d values in one filter", len(found))
		}
		var objects []string
		for _, m := range found {
			a := strings.ReplaceAll(m[1], "''", "'")
			asked = append(asked, a)
			if !strings.HasSuffix(a, "3==") {
				objects = append(objects, fmt.Sprintf(`{"id":"id of %s","onPremisesImmutableId":"%s"}`, a, a))
			}
		}
		return answer{status: 200, body: `{"value":[` + strings.Join(objects, ",") + `]}`}
	}))
	r := s.reader(t)
	all, err := drainObjects(r.FindByAnchor(t.Context(), state.User, anchors, state.NewShape("onPremisesImmutableId")))
	if err != nil || len(all) != 39 || all[0].ID != "id of a+/b==" || all[1].Get("onPremisesImmutableId").Str() != "o'brien" {
		t.Error(len(all), err)
	}
	if !slices.Equal(asked, anchors) || r.Stats().Batches != 1 {
		t.Errorf("asked for %v in %d batches", asked, r.Stats().Batches)
	}
}

// TestSyncFeatures: the switches are read with one request, and a default that is not spelled out holds.
func TestSyncFeatures(t *testing.T) {
	for body, want := range map[string]providers.SyncFeatures{
		`{"value":[{"features":{"blockSoftMatchEnabled":true,"softMatchOnUpnEnabled":false}}]}`: {Known: true, BlockSoftMatch: true},
		`{"value":[{"features":{"blockCloudObjectTakeoverThroughHardMatchEnabled":true}}]}`:     {Known: true, BlockHardMatch: true, SoftMatchOnUPN: true},
		`{"value":[]}`: {},
	} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(body)) })
		got, err := s.reader(t).SyncFeatures(t.Context())
		if got != want || err != nil || len(s.requests()) != 1 {
			t.Errorf("%s: %+v %v, %d requests", body, got, err, len(s.requests()))
		}
	}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		reply(w, 403, graphError("Authorization_RequestDenied", "Insufficient privileges to complete the operation."))
	})
	if got, err := s.reader(t).SyncFeatures(t.Context()); err == nil || !strings.Contains(err.Error(), "403") || got.Known || len(s.requests()) != 1 {
		t.Errorf("refused: %+v %v, %d requests", got, err, len(s.requests()))
	}
}
