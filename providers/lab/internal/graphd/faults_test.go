package graphd_test

import (
	"strings"
	"testing"
	"time"

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
		third.header.Get("x-ms-throttle-information") != "WriteLimitExceeded" || !strings.HasPrefix(third.header.Get("x-ms-throttle-scope"), "Tenant_Application/") {
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

func TestLatency(t *testing.T) {
	w := serve(t, seed)
	w.SetFaults(graphd.Faults{Latency: 50 * time.Millisecond})
	start := time.Now()
	w.want(200, "GET", "/users", "")
	if d := time.Since(start); d < 50*time.Millisecond {
		t.Error(d)
	}
}
