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

const patchBob = `{"jobTitle":"Boss"}`

func (w *world) bobsTitle() any {
	w.t.Helper()
	return w.want(200, "GET", "/users/bob@contoso.com?$select=jobTitle", "").at("jobTitle")
}

func TestReadOnlyCountsWrites(t *testing.T) {
	w := serve(t, seed)
	w.SetFaults(graphd.Faults{ReadOnly: true})
	w.want(403, "PATCH", "/users/bob@contoso.com", patchBob)
	got := w.want(200, "POST", "/$batch", `{"requests":[{"id":"1","method":"DELETE","url":"/users/bob@contoso.com"}]}`)
	if s := w.Stats(); byID(got)["1"]["status"] != 403.0 || s.Writes != 2 || s.WritesRefused != 2 {
		t.Errorf("%+v %s", s, got.text)
	}
	w.SetFaults(graphd.Faults{})
	w.want(204, "PATCH", "/users/bob@contoso.com", patchBob)
}

func TestDroppedConnections(t *testing.T) {
	w := serve(t, seed)
	w.SetFaults(graphd.Faults{DropBefore: 1})
	if _, err := w.try("PATCH", "/users/bob@contoso.com", patchBob); err == nil || w.bobsTitle() != "Head" {
		t.Errorf("err %v, title %v", err, w.bobsTitle())
	}
	w.SetFaults(graphd.Faults{DropAfter: 2})
	w.want(204, "PATCH", "/users/ann@contoso.com", `{"jobTitle":"x"}`)
	if _, err := w.try("PATCH", "/users/bob@contoso.com", patchBob); err == nil || w.bobsTitle() != "Boss" {
		t.Errorf("err %v, title %v", err, w.bobsTitle())
	}
}

func TestCutPages(t *testing.T) {
	w := serve(t, seed)
	w.SetFaults(graphd.Faults{TruncatePage: 2})
	w.want(200, "GET", "/users", "")
	if a, err := w.try("GET", "/users", ""); err == nil {
		t.Errorf("a cut page came whole: %s", a.text)
	}
	w.SetFaults(graphd.Faults{OmitNextLink: 1})
	if got := w.want(200, "GET", "/users?$top=1", ""); got.str("@odata.nextLink") != "" {
		t.Error(got.text)
	}
	if got := w.want(200, "GET", "/users?$top=1", ""); got.str("@odata.nextLink") == "" {
		t.Error(got.text)
	}
}

func TestOutagesRepeat(t *testing.T) {
	w := serve(t, seed)
	run := func() (out []int) {
		w.SetFaults(graphd.Faults{Unavailable: 0.3, GatewayTimeout: 0.3, Seed: 7})
		for range 30 {
			out = append(out, w.do("GET", "/users?$top=1", "").status)
		}
		return out
	}
	a, b := run(), run()
	seen := map[int]int{}
	for i := range a {
		seen[a[i]]++
		if a[i] != b[i] {
			t.Fatal("the same seed gave other outages")
		}
	}
	if seen[200] == 0 || seen[503] == 0 || seen[504] == 0 {
		t.Error(seen)
	}
}

func TestThrottling(t *testing.T) {
	w := serve(t, seed)
	w.SetFaults(graphd.Faults{Throttle: &graphd.Throttle{Units: 100, UnitsWindow: time.Hour, Writes: 2, WriteWindow: 20 * time.Second}})
	first := w.want(204, "PATCH", "/users/bob@contoso.com", patchBob)
	if first.header.Get("x-ms-resource-unit") != "1" || first.header.Get("x-ms-throttle-limit-percentage") != "" {
		t.Error(first.header)
	}
	if second := w.want(204, "PATCH", "/users/bob@contoso.com", patchBob); second.header.Get("x-ms-throttle-limit-percentage") == "" {
		t.Error("no warning near the limit")
	}
	third := w.want(429, "PATCH", "/users/bob@contoso.com", patchBob)
	if third.str("error", "code") != "TooManyRequests" || third.header.Get("Retry-After") != "10" ||
		third.header.Get("x-ms-throttle-information") != "WriteLimitExceeded" || !strings.HasPrefix(third.header.Get("x-ms-throttle-scope"), "Tenant_Application/Write/"+clientID+"/") {
		t.Error(third.text, third.header)
	}
	inner := byID(w.want(200, "POST", "/$batch", `{"requests":[{"id":"1","method":"DELETE","url":"/users/bob@contoso.com"}]}`))["1"]
	if inner["status"] != 429.0 || inner["headers"].(map[string]any)["Retry-After"] == "" {
		t.Error(inner)
	}
	w.want(200, "GET", "/users?$select=id", "")
	if n := w.Stats().Throttled; n != 2 {
		t.Errorf("%d throttled", n)
	}
}

func TestDelayedVisibility(t *testing.T) {
	w := serve(t, seed)
	w.SetFaults(graphd.Faults{VisibilityDelay: 300 * time.Millisecond})
	id := w.want(201, "POST", "/users", newUser).str("id")
	w.want(404, "GET", "/users/"+id, "")
	w.want(404, "PATCH", "/users/"+id, `{"jobTitle":"x"}`)
	w.want(204, "PATCH", "/users/bob@contoso.com", patchBob)
	if got := len(w.want(200, "GET", "/users", "").values()); got != 6 || w.bobsTitle() != "Head" {
		t.Errorf("%d users, title %v", got, w.bobsTitle())
	}
	w.want(400, "POST", "/users", newUser) // uniqueness is judged on the truth
	time.Sleep(350 * time.Millisecond)
	w.want(200, "GET", "/users/"+id, "")
	if got := len(w.want(200, "GET", "/users", "").values()); got != 7 || w.bobsTitle() != "Boss" {
		t.Errorf("%d users, title %v", got, w.bobsTitle())
	}
}

// What was deleted or renamed a moment ago is still where readers knew it, by id, by name and in lists.
func TestDelayedDeletion(t *testing.T) {
	w := serve(t, seed)
	w.SetFaults(graphd.Faults{VisibilityDelay: 300 * time.Millisecond})
	id := w.want(200, "GET", "/users/bob@contoso.com?$select=id", "").str("id")
	w.want(204, "DELETE", "/users/"+id, "")
	w.want(204, "PATCH", "/users/ann@contoso.com", `{"userPrincipalName":"anna@contoso.com"}`)
	w.want(200, "GET", "/users/ann@contoso.com", "")
	w.want(404, "GET", "/users/anna@contoso.com", "")
	if got := w.want(200, "GET", "/users/$count", "", "ConsistencyLevel", "eventual"); got.text != "6" {
		t.Errorf("%s users counted", got.text)
	}
	for range 2 {
		if got := w.want(200, "GET", "/users/"+id, ""); got.str("userPrincipalName") != "bob@contoso.com" {
			t.Error(got.text)
		}
		w.want(200, "GET", "/users/bob@contoso.com", "")
		if got := w.want(200, "GET", "/users?$top=2", "").values(); len(got) != 2 || got[1]["id"] != id {
			t.Errorf("the first page is %v", got)
		}
		if got := len(w.want(200, "GET", "/users?$filter=userPrincipalName eq 'bob@contoso.com'", "").values()); got != 1 {
			t.Errorf("a filter finds %d", got)
		}
		if got := len(w.want(200, "GET", "/directory/deletedItems/microsoft.graph.user?$select=id", "").values()); got != 1 {
			t.Errorf("%d deleted users", got)
		}
		w.want(404, "DELETE", "/users/"+id, "") // writes see the truth
	}
	time.Sleep(350 * time.Millisecond)
	w.want(404, "GET", "/users/"+id, "")
	w.want(404, "GET", "/users/bob@contoso.com", "")
	w.want(404, "GET", "/users/ann@contoso.com", "")
	w.want(200, "GET", "/users/anna@contoso.com", "")
	if got := len(w.want(200, "GET", "/users", "").values()); got != 5 {
		t.Errorf("%d users", got)
	}
	if got := len(w.want(200, "GET", "/directory/deletedItems/microsoft.graph.user?$select=id", "").values()); got != 2 {
		t.Errorf("%d deleted users", got)
	}
}

// What a journal replays is not news, even where the seed delays what is.
func TestReplayIsVisibleAtOnce(t *testing.T) {
	slow := strings.Replace(seed, "{", `{"lab":{"visibility_delay":"1h"},`, 1)
	w, again := serve(t, slow), serve(t, slow)
	w.OnChange(func(c json.RawMessage) error { return again.Apply(c) })
	w.want(204, "PATCH", "/users/bob@contoso.com", patchBob)
	if w.bobsTitle() != "Head" {
		t.Errorf("the seed's delay is not on: title %v", w.bobsTitle())
	}
	if again.bobsTitle() != "Boss" {
		t.Errorf("replayed: title %v", again.bobsTitle())
	}
}

func TestBrokenShare(t *testing.T) {
	w := serve(t, seed)
	w.SetFaults(graphd.Faults{BreakBefore: 1})
	if _, err := w.try("PATCH", "/users/bob@contoso.com", patchBob); err == nil || w.bobsTitle() != "Head" {
		t.Errorf("before: err %v, title %v", err, w.bobsTitle())
	}
	w.SetFaults(graphd.Faults{BreakAfter: 1})
	if _, err := w.try("PATCH", "/users/bob@contoso.com", patchBob); err == nil || w.bobsTitle() != "Boss" {
		t.Errorf("after: err %v, title %v", err, w.bobsTitle())
	}
	w.SetFaults(graphd.Faults{LateTimeout: 1})
	w.want(504, "PATCH", "/users/bob@contoso.com", `{"jobTitle":"Late"}`)
	if w.bobsTitle() != "Late" {
		t.Errorf("late: title %v", w.bobsTitle())
	}
	// A batch shares one connection: all of it is lost, or nothing.
	three := `{"requests":[{"id":"1","method":"PATCH","url":"/users/bob@contoso.com","headers":{"Content-Type":"application/json"},"body":{"jobTitle":"One"}},
		{"id":"2","method":"PATCH","url":"/users/ann@contoso.com","headers":{"Content-Type":"application/json"},"body":{"jobTitle":"Two"}}]}`
	for want, share := range map[string]graphd.Faults{"Late": {BreakBefore: 1}, "One": {BreakAfter: 1}} {
		w.SetFaults(graphd.Faults{})
		w.want(204, "PATCH", "/users/bob@contoso.com", `{"jobTitle":"Late"}`)
		w.SetFaults(share)
		if _, err := w.try("POST", "/$batch", three); err == nil || w.bobsTitle() != want {
			t.Errorf("batch: err %v, title %v, want %s", err, w.bobsTitle(), want)
		}
	}
	w.SetFaults(graphd.Faults{BreakBefore: 0.4, BreakAfter: 0.4, Seed: 3})
	for range 20 { // reads are spared
		w.want(200, "GET", "/users/bob@contoso.com", "")
	}
	broken := 0
	for range 40 {
		if _, err := w.try("PATCH", "/users/bob@contoso.com", patchBob); err != nil {
			broken++
		}
	}
	if broken < 20 || broken == 40 {
		t.Errorf("%d of 40 broken, 32 expected", broken)
	}
}

// Resource units follow the documented table: a base cost, less for $select and small pages, more for $expand, at least 1.
func TestResourceUnits(t *testing.T) {
	w := serve(t, seed)
	for path, want := range map[string]string{
		"/users":                                "2",
		"/users?$select=id":                     "1",
		"/users?$top=999":                       "2",
		"/users?$top=19":                        "1",
		"/users?$top=5":                         "1",
		"/users?$select=id&$top=5":              "1",
		"/users?$expand=manager($select=id)":    "3",
		"/users/bob@contoso.com":                "1",
		"/groups":                               "1",
		"/subscribedSkus":                       "3",
		"/users?$select=id&$expand=manager":     "2",
		"/users?$expand=manager&$top=10":        "2",
		"/users/ann@contoso.com/manager":        "1",
		"/organization?$select=id":              "1",
		"/users/no-such-user@contoso.com":       "1",
		"/users?$filter=displayName eq 'Ann X'": "2",
	} {
		if got := w.do("GET", path, "").header.Get("x-ms-resource-unit"); got != want {
			t.Errorf("%s costs %s, want %s", path, got, want)
		}
	}
}

// The documented quotas go by the number of users, unless a size is named.
func TestThrottleSizes(t *testing.T) {
	for users, want := range map[int]float64{0: 3500, 49: 3500, 50: 5000, 500: 5000, 501: 8000} {
		if x := graphd.DocumentedThrottle(users); x.Units != want || x.UnitsWindow != 10*time.Second || x.Writes != 3000 || x.WriteWindow != 150*time.Second {
			t.Errorf("%d users: %+v", users, x)
		}
	}
	w := serve(t, seed)
	w.SetFaults(graphd.Faults{Throttle: &graphd.Throttle{}}) // 6 users: S
	batch := func(url string) string {
		var items []string
		for i := range 20 {
			items = append(items, fmt.Sprintf(`{"id":"%d","method":"GET","url":%q}`, i, url))
		}
		return `{"requests":[` + strings.Join(items, ",") + `]}`
	}
	spent, limited := 0, map[string]any(nil)
	for range 100 { // 60 units each, 350 a second come back
		for _, r := range byID(w.want(200, "POST", "/$batch", batch("/subscribedSkus"))) {
			if r["status"] == 429.0 && limited == nil {
				limited = r["headers"].(map[string]any)
			} else if limited == nil {
				spent += 3
			}
		}
		if limited != nil {
			break
		}
	}
	if limited == nil || limited["Retry-After"] == "" || limited["X-Ms-Throttle-Information"] != "ResourceUnitLimitExceeded" ||
		!strings.HasPrefix(fmt.Sprint(limited["X-Ms-Throttle-Scope"]), "Tenant_Application/ReadWrite/"+clientID+"/") || spent < 3400 || spent > 5000 {
		t.Errorf("limited after %d units: %v", spent, limited)
	}
}

// Tokens may be refused long before the time that they were issued for.
func TestTokenLife(t *testing.T) {
	w := serve(t, seed)
	w.SetFaults(graphd.Faults{TokenLife: 200 * time.Millisecond})
	form := "grant_type=client_credentials&scope=x/.default&client_id=" + clientID + "&client_secret=" + secret
	issue := func() string {
		got := w.want(200, "POST", w.srv.URL+"/"+w.ID()+"/oauth2/v2.0/token", form, "Content-Type", "application/x-www-form-urlencoded")
		if got.at("expires_in") != 3599.0 {
			t.Error(got.text)
		}
		return "Bearer " + got.str("access_token")
	}
	first := issue()
	w.want(200, "GET", "/organization", "", "Authorization", first)
	time.Sleep(250 * time.Millisecond)
	if got := w.want(401, "GET", "/organization", "", "Authorization", first); got.str("error", "code") != "InvalidAuthenticationToken" {
		t.Error(got.text)
	}
	w.want(200, "GET", "/organization", "", "Authorization", issue())
}

// A seed says with which manners its tenant begins.
func TestSeedManners(t *testing.T) {
	w := serve(t, `{"lab":{"latency":"1ms","visibility_delay":"2s","throttle":"M","unavailable":0.25,"gateway_timeout":0.5,"drop_before":0.1,
		"drop_after":0.2,"late_timeout":0.3,"token_life":"3s","delta_life":"1m","read_only":true,"no_take_over":true,"seed":7}}`)
	want := graphd.Faults{Latency: time.Millisecond, VisibilityDelay: 2 * time.Second, Throttle: graphd.DocumentedThrottle(50), Unavailable: 0.25,
		GatewayTimeout: 0.5, BreakBefore: 0.1, BreakAfter: 0.2, LateTimeout: 0.3, TokenLife: 3 * time.Second, DeltaLife: time.Minute, ReadOnly: true, NoTakeOver: true, Seed: 7}
	if diff := cmp.Diff(want, w.Faults()); diff != "" {
		t.Error(diff)
	}
	for text, want := range map[string]string{
		`{"lab":{"latency":5}}`:                        `"50ms"`,
		`{"lab":{"latency":"-5s"}}`:                    "negative",
		`{"lab":{"throttle":"XL"}}`:                    `"S", "M" or "L"`,
		`{"lab":{"throttle":0}}`:                       `a number of resource units`,
		`{"lab":{"unavailable":2}}`:                    "from 0 to 1",
		`{"lab":{"lateness":"5s"}}`:                    "visibility_delay",
		`{"lab":{"drop_before":0.6,"drop_after":0.6}}`: "at most 1",
	} {
		err := graphd.New(graphd.Options{}).LoadSeed(strings.NewReader(text), "tenant.json")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "tenant.json:1") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestLatency(t *testing.T) {
	w := serve(t, seed)
	w.SetFaults(graphd.Faults{Latency: 50 * time.Millisecond})
	start := time.Now()
	w.want(200, "GET", "/users", "")
	if d := time.Since(start); d < 50*time.Millisecond {
		t.Error(d)
	}
}
