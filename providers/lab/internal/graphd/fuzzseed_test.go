package graphd_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers/lab/internal/graphd"
)

// FuzzSeed loads anything as a tenant, and applies anything as a record of its journal. What loads can be read, and loaded again from what
// was read; what does not is refused with the line.
func FuzzSeed(f *testing.F) {
	const change = `{"op":"set","kind":"users","id":"00000000-0000-4000-8000-000000000001","object":{"displayName":"x"}}`
	f.Add(seed, change)
	f.Add(`{"lab":{"latency":"1ms","throttle":"S","visibility_delay":"1s","drop_before":0.1}}`, `{"op":"remove","kind":"users","id":"x"}`)
	f.Add(`{"users":[{"userPrincipalName":"a@x.com","manager":"b@x.com","assignedLicenses":[{"skuId":"x"}]}],"domains":[{"id":"x.com"}]}`, "null")
	f.Add(`{"groups":[{"displayName":"g","members":["a"],"groupTypes":["Unified"]}],"roleAssignments":[{"principalId":"x"}]}`, "{}")
	for i, part := range seedParts {
		f.Add(`{"users":[{"userPrincipalName":"a@x.com",`+part+`}]}`, change)
		f.Add(`{"groups":[{"displayName":"g",`+part+`},{"displayName":"h",`+seedParts[(i+1)%len(seedParts)]+`}]}`, change)
		f.Add(seed, `{"op":"put","kind":"users","object":{"id":"00000000-0000-4000-8000-000000000001","userPrincipalName":"a@x.com",`+part+`}}`)
	}
	f.Fuzz(func(t *testing.T, seed, change string) {
		tenant := graphd.New(graphd.Options{AccessToken: token})
		if err := tenant.LoadSeed(strings.NewReader(seed), "seed"); err != nil {
			if !regexp.MustCompile(`(?s)^seed:[1-9][0-9]*( \(at /.*\))?: .`).MatchString(err.Error()) {
				t.Errorf("the error %q has no place", err)
			}
			return
		}
		checkOnce(t, seed)
		tenant.SetFaults(graphd.Faults{}) // a seed may ask for an hour's delay
		checkUnique(t, tenant)
		if !strings.Contains(seed, "null") { // which takes a default away, and is not said again
			checkAgain(t, tenant)
		}
		before := dump(t, tenant)
		if err := tenant.Apply([]byte(change)); err != nil && dump(t, tenant) != before {
			t.Errorf("a change was refused, %v, and made", err)
		}
		for _, path := range []string{"/users?$expand=manager($select=id)", "/groups?$top=5", "/domains", "/organization", "/subscribedSkus",
			"/directory/deletedItems/microsoft.graph.user"} {
			path, query, _ := strings.Cut(path, "?")
			if res := (call{"GET", path, query, ""}).do(tenant); res.Code != 200 || !json.Valid(res.Body.Bytes()) {
				t.Errorf("%s: %d %s", path, res.Code, res.Body)
			}
		}
	})
}

// seedParts are properties that a seed, or a record of the journal, gives an object.
var seedParts = []string{`"id":"7"`, `"accountEnabled":"yes"`, `"mail":7`, `"proxyAddresses":["SMTP:a@x.com","smtp:a@x.com"]`, `"otherMails":["x",7]`,
	`"manager":"nobody"`, `"manager":"a@x.com"`, `"members":["a@x.com"]`, `"members":[null]`, `"assignedLicenses":[{"skuId":"x"}]`, `"shoeSize":{"a":[1]}`,
	`"onPremisesImmutableId":""`, `"displayName":null`, `"id":"00000000-0000-4000-8000-000000000001"`, `"createdDateTime":"x"`, `"mail":"a@x.com"`,
	`"id":"00000000-0000-4000-8000-000000000001","id":"00000000-0000-4000-8000-000000000002"`,
	`"groupTypes":["Unified"]`,
	`"mail":"a@x.com","Mail":"b@x.com"`, `"DISPLAYNAME":"a","displayname":"b"`, `"Department":null,"department":"b"`,
	`"id":"a","ID":"b"`,
	`"userprincipalname":"b@x.com"`}

// checkAgain: what a tenant says of its users is a seed of the same users.
func checkAgain(t *testing.T, tenant *graphd.Tenant) {
	users, _ := list(t, tenant, "/users", "$top=999&$select=id")
	var all []string
	for _, u := range users {
		full, err := tenant.Get(u["id"].(string))
		if err != nil {
			t.Fatalf("%v: %v", u, err)
		}
		all = append(all, string(full))
	}
	text := `{"users":[` + strings.Join(all, ",") + "]"
	for _, name := range []string{"domains", "subscribedSkus"} {
		objects, _ := list(t, tenant, "/"+name, "")
		objects = slices.DeleteFunc(objects, func(o map[string]any) bool { // those that only a user name mentions
			return name == "domains" && !strings.Contains(fmt.Sprint(o["id"]), ".")
		})
		if len(objects) > 0 {
			text += `,"` + name + `":` + string(must(json.Marshal(objects)))
		}
	}
	text += "}"
	again := graphd.New(graphd.Options{AccessToken: token})
	if err := again.LoadSeed(strings.NewReader(text), "again"); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	for i, u := range users {
		if full, err := again.Get(u["id"].(string)); err != nil || string(full) != all[i] {
			t.Errorf("loaded again, %s is %s, %v", all[i], full, err)
		}
	}
}

// checkOnce: what loads gives no property twice, in whatever spelling.
func checkOnce(t *testing.T, seed string) {
	var all struct {
		Users, Groups []map[string]any
	}
	_ = json.Unmarshal([]byte(seed), &all)
	for _, o := range slices.Concat(all.Users, all.Groups) {
		seen := map[string]bool{}
		for name := range o {
			low := strings.ToLower(name)
			if seen[low] && slices.Contains([]string{"mail", "displayname", "department", "userprincipalname", "id"},
				low) {
				t.Errorf("%s is given twice, and loads", name)
			}
			seen[low] = true
		}
	}
}
