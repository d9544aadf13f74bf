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

// round follows a delta link through all its pages and returns the objects and the link of the next round.
func (w *world) round(link string, headers ...string) (list []map[string]any, next string) {
	w.t.Helper()
	for {
		a := w.want(200, "GET", link, "", headers...)
		list = append(list, a.values()...)
		if next = a.str("@odata.deltaLink"); next != "" {
			return list, next
		}
		if link = a.str("@odata.nextLink"); link == "" {
			w.t.Fatalf("neither nextLink nor deltaLink: %s", a.text)
		}
	}
}

func TestDeltaFirstListsAllThenWhatChanged(t *testing.T) {
	w := serve(t, seed)
	all, link := w.round("/users/delta?$select=userPrincipalName,jobTitle,department")
	if len(all) != 6 || all[1]["jobTitle"] != "Head" || all[0]["department"] != "Sales" {
		t.Fatal(all)
	}
	if _, ok := all[0]["jobTitle"]; ok {
		t.Error("a property without value is listed")
	}
	none, link := w.round(link)
	if len(none) != 0 {
		t.Fatal(none)
	}
	bob, ann := w.id("bob"), w.id("ann")
	w.want(204, "PATCH", "/users/"+bob, `{"jobTitle":null,"city":"Pécs"}`)
	w.want(204, "PATCH", "/users/"+ann, `{"city":"Pécs"}`) // nothing that was selected
	cy := w.want(201, "POST", "/users", newUser).str("id")
	got, link := w.round(link)
	want := []map[string]any{{"userPrincipalName": "bob@contoso.com", "jobTitle": nil, "id": bob}, {"userPrincipalName": "cy@contoso.com", "id": cy}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	again, _ := w.round(link)
	if len(again) != 0 {
		t.Error(again)
	}
}

func TestDeltaTellsDeletedAndPurgedUsersApart(t *testing.T) {
	w := serve(t, seed)
	_, link := w.round("/users/delta?$select=displayName")
	ann, bob := w.id("ann"), w.id("bob")
	w.want(204, "DELETE", "/users/"+ann, "")
	w.want(204, "DELETE", "/users/"+bob, "")
	w.want(204, "DELETE", "/directory/deletedItems/"+bob, "")
	got, after := w.round(link)
	want := []map[string]any{{"id": ann, "@removed": map[string]any{"reason": "changed"}}, {"id": bob, "@removed": map[string]any{"reason": "deleted"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	w.want(200, "POST", "/directory/deletedItems/"+ann+"/restore", "")
	got, _ = w.round(after)
	if len(got) != 1 || got[0]["displayName"] != "Ann Ames" {
		t.Errorf("after the restore: %v", got)
	}
	if got, _ := w.round(link); len(got) != 2 {
		t.Errorf("an old link is replayed from where it was: %v", got)
	}
}

func TestDeltaLatestSkipsTheFirstRound(t *testing.T) {
	w := serve(t, seed)
	a := w.want(200, "GET", "/users/delta?$deltatoken=latest&$select=jobTitle", "")
	if len(a.values()) != 0 || a.str("@odata.deltaLink") == "" {
		t.Fatal(a.text)
	}
	w.want(204, "PATCH", "/users/bob@contoso.com", `{"jobTitle":"x","city":"y"}`)
	got, _ := w.round(a.str("@odata.deltaLink"))
	if len(got) != 1 || got[0]["jobTitle"] != "x" || got[0]["city"] != nil {
		t.Error(got)
	}
}

func TestDeltaMinimalShowsChangedPropertiesOnly(t *testing.T) {
	w := serve(t, seed)
	_, link := w.round("/users/delta?$select=displayName,jobTitle,department")
	w.want(204, "PATCH", "/users/bob@contoso.com", `{"jobTitle":"x"}`)
	w.want(204, "PATCH", "/users/bob@contoso.com", `{"department":"y"}`)
	got, _ := w.round(link, "Prefer", "return=minimal")
	if diff := cmp.Diff([]map[string]any{{"id": w.id("bob"), "jobTitle": "x", "department": "y"}}, got); diff != "" {
		t.Error(diff)
	}
	got, _ = w.round(link)
	if len(got) != 1 || got[0]["displayName"] == nil {
		t.Errorf("without the preference: %v", got)
	}
}

func TestGroupDeltaTellsMembersThatCameAndWent(t *testing.T) {
	w := serve(t, groupSeed)
	sales := w.group("Sales")
	ann, bob, cid := w.id("ann"), w.id("bob"), w.id("cid")
	user := func(id string) any { return map[string]any{"@odata.type": "#microsoft.graph.user", "id": id} }
	gone := func(id string) any {
		return map[string]any{"@odata.type": "#microsoft.graph.user", "id": id, "@removed": map[string]any{"reason": "deleted"}}
	}
	all, link := w.round("/groups/delta?$select=displayName,members,owners")
	if diff := cmp.Diff([]any{user(ann)}, all[0]["members@delta"]); diff != "" || len(all) != 7 {
		t.Error(len(all), diff)
	}
	if diff := cmp.Diff([]any{user(bob)}, all[0]["owners@delta"]); diff != "" {
		t.Error(diff)
	}
	w.want(204, "PATCH", sales, `{"members@odata.bind":`+w.bind(bob, cid)+`}`)
	w.want(204, "DELETE", sales+"/members/"+ann+"/$ref", "")
	w.want(204, "DELETE", sales+"/members/"+cid+"/$ref", "")
	got, link := w.round(link)
	if len(got) != 1 || got[0]["displayName"] != "Sales" {
		t.Fatal(got)
	}
	if diff := cmp.Diff([]any{user(bob), gone(cid), gone(ann)}, got[0]["members@delta"]); diff != "" {
		t.Error(diff)
	}
	if _, ok := got[0]["owners@delta"]; ok {
		t.Error("owners did not change")
	}
	w.want(204, "POST", sales+"/owners/$ref", w.ref(cid))
	got, _ = w.round(link)
	if diff := cmp.Diff([]any{user(cid)}, got[0]["owners@delta"]); diff != "" {
		t.Error(diff)
	}
	if all, _ := w.round("/groups/delta"); all[0]["members@delta"] == nil || all[0]["owners@delta"] != nil {
		t.Error("without $select, members belong to a group's delta and owners don't")
	}
}

func TestUserDeltaTellsTheManager(t *testing.T) {
	w := serve(t, seed)
	all, link := w.round("/users/delta?$select=manager")
	if all[0]["manager@delta"] == nil || all[1]["manager@delta"] != nil {
		t.Error(all)
	}
	w.want(204, "DELETE", "/users/ann@contoso.com/manager/$ref", "")
	got, _ := w.round(link)
	if len(got) != 1 || !strings.Contains(fmt.Sprint(got[0]["manager@delta"]), "@removed") {
		t.Error(got)
	}
}

func TestDeltaPagesLoseNothingUnderWrites(t *testing.T) {
	tenant := graphd.New(graphd.Options{AccessToken: token})
	if err := tenant.LoadSeed(manyUsers(450), "seed"); err != nil {
		t.Fatal(err)
	}
	w := &world{Tenant: tenant, t: t}
	w.serve()
	title := map[string]any{}
	link, pages := "/users/delta?$select=userPrincipalName,jobTitle", 0
	for link != "" {
		a := w.want(200, "GET", link, "")
		for _, o := range a.values() {
			title[o["id"].(string)] = o["jobTitle"]
		}
		if pages++; pages <= 5 { // change a user that was listed already and one that was not
			w.want(204, "PATCH", fmt.Sprintf("/users/given.surname%d@contoso.com", pages), `{"jobTitle":"early"}`)
			w.want(204, "PATCH", fmt.Sprintf("/users/given.surname%d@contoso.com", 440+pages), `{"jobTitle":"late"}`)
		}
		if link = a.str("@odata.nextLink"); link == "" && pages < 8 {
			link = a.str("@odata.deltaLink")
		}
	}
	if len(title) != 450 {
		t.Fatalf("%d users", len(title))
	}
	for i := 1; i <= 5; i++ {
		if a, b := title[w.id(fmt.Sprintf("given.surname%d", i))], title[w.id(fmt.Sprintf("given.surname%d", 440+i))]; a != "early" || b != "late" {
			t.Errorf("%d: %v %v", i, a, b)
		}
	}
}

func TestDeltaPagesOfChanges(t *testing.T) {
	tenant := graphd.New(graphd.Options{AccessToken: token})
	if err := tenant.LoadSeed(manyUsers(250), "seed"); err != nil {
		t.Fatal(err)
	}
	w := &world{Tenant: tenant, t: t}
	w.serve()
	link := w.want(200, "GET", "/users/delta?$deltatoken=latest&$select=city", "").str("@odata.deltaLink")
	for i := range 250 {
		if err := w.Set(fmt.Sprintf("given.surname%d@contoso.com", i), "city", json.RawMessage(`"Vác"`)); err != nil {
			t.Fatal(err)
		}
	}
	first := w.want(200, "GET", link, "")
	if len(first.values()) != 200 || first.str("@odata.nextLink") == "" || first.str("@odata.deltaLink") != "" {
		t.Fatal(len(first.values()))
	}
	if rest, _ := w.round(first.str("@odata.nextLink")); len(rest) != 50 {
		t.Error(len(rest))
	}
}

func TestDeltaFilterTakesUpToFiftyIDs(t *testing.T) {
	w := serve(t, seed)
	ann, bob := w.id("ann"), w.id("bob")
	all, link := w.round("/users/delta?$select=displayName&$filter=id eq '" + ann + "' or id eq '" + bob + "'")
	if len(all) != 2 {
		t.Error(all)
	}
	w.want(204, "PATCH", "/users/admin@contoso.com", `{"displayName":"x"}`)
	w.want(204, "PATCH", "/users/bob@contoso.com", `{"displayName":"y"}`)
	if got, _ := w.round(link); len(got) != 1 || got[0]["id"] != bob {
		t.Error(got)
	}
	fifty := strings.Repeat("id eq '"+ann+"' or ", 49) + "id eq '" + bob + "'"
	w.want(200, "GET", "/users/delta?$filter="+fifty, "")
	w.want(400, "GET", "/users/delta?$filter="+fifty+" or id eq '"+ann+"'", "")
}

func TestDeltaRefusesWhatItDoesNotSupport(t *testing.T) {
	w := serve(t, seed)
	_, link := w.round("/users/delta?$select=displayName")
	token := link[strings.Index(link, "$deltatoken="):]
	for _, query := range []string{"$top=5", "$orderby=displayName", "$expand=manager", "$filter=displayName eq 'x'", "$select=shoeSize",
		"$deltatoken=xyz", token + "&$select=jobTitle"} {
		w.want(400, "GET", "/users/delta?"+query, "")
	}
	if got := w.want(400, "GET", "/groups/delta?"+token, ""); got.str("error", "message") != "Badly formed token." {
		t.Error(got.text)
	}
	w.want(501, "GET", "/users/delta?$select=aboutMe", "")
}

func TestDeltaTokensExpireAfterSevenDays(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tenant := graphd.New(graphd.Options{AccessToken: token, Now: func() time.Time { return now }})
	if err := tenant.LoadSeed(strings.NewReader(seed), "seed"); err != nil {
		t.Fatal(err)
	}
	w := &world{Tenant: tenant, t: t}
	w.serve()
	_, link := w.round("/users/delta?$select=displayName")
	now = now.Add(6 * 24 * time.Hour)
	w.want(200, "GET", link, "")
	now = now.Add(25 * time.Hour)
	gone := w.want(410, "GET", link, "")
	if gone.str("error", "code") != "syncStateNotFound" {
		t.Error(gone.text)
	}
	if all, _ := w.round(gone.header.Get("Location")); len(all) != 6 {
		t.Errorf("the Location of a full synchronization: %v", all)
	}
	w.SetFaults(graphd.Faults{DeltaLife: time.Minute})
	_, link = w.round("/users/delta")
	now = now.Add(2 * time.Minute)
	w.want(410, "GET", link, "")
}

func TestDeltaTokensSurviveARestart(t *testing.T) {
	w := serve(t, seed)
	var journal []json.RawMessage
	w.OnChange(func(c json.RawMessage) error { journal = append(journal, c); return nil })
	w.want(204, "PATCH", "/users/bob@contoso.com", `{"jobTitle":"x"}`)
	_, link := w.round("/users/delta?$select=jobTitle")
	w.want(204, "PATCH", "/users/ann@contoso.com", `{"jobTitle":"y"}`)
	twin := serve(t, seed)
	for _, c := range journal {
		if err := twin.Apply(c); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := twin.round(strings.Replace(link, w.root, twin.root, 1)); len(got) != 1 || got[0]["jobTitle"] != "y" {
		t.Error(got)
	}
	fresh := serve(t, seed)
	fresh.want(410, "GET", strings.Replace(link, w.root, fresh.root, 1), "") // it was reset to its seed
}

func TestDeltaWaitsForDelayedVisibility(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tenant := graphd.New(graphd.Options{AccessToken: token, Now: func() time.Time { return now }})
	if err := tenant.LoadSeed(strings.NewReader(seed), "seed"); err != nil {
		t.Fatal(err)
	}
	w := &world{Tenant: tenant, t: t}
	w.serve()
	_, link := w.round("/users/delta?$select=jobTitle")
	w.SetFaults(graphd.Faults{VisibilityDelay: time.Minute})
	w.want(204, "PATCH", "/users/bob@contoso.com", `{"jobTitle":"x"}`)
	got, link := w.round(link)
	if len(got) != 0 {
		t.Error("shown too early")
	}
	now = now.Add(2 * time.Minute)
	if got, _ = w.round(link); len(got) != 1 {
		t.Error("lost")
	}
}
