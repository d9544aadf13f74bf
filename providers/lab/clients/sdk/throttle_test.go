package sdk_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/providers/lab/clients/served"
)

// exhaust spends the tenant's resource units in batches until a request of one is throttled, and returns that reply's headers.
func exhaust(t *testing.T, lab served.Lab) map[string]string {
	t.Helper()
	var items []string
	for i := range 20 {
		items = append(items, `{"id":"`+strconv.Itoa(i)+`","method":"GET","url":"/subscribedSkus"}`) // 3 units each
	}
	body := `{"requests":[` + strings.Join(items, ",") + `]}`
	client := &http.Client{Transport: trust(t, lab.Entra.CAFile)}
	for range 200 {
		req, err := http.NewRequestWithContext(t.Context(), "POST", lab.Entra.Endpoint+"/$batch", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+lab.Entra.AccessToken)
		req.Header.Set("Content-Type", "application/json")
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct {
			Responses []struct {
				Status  int
				Headers map[string]string
			}
		}
		err = json.NewDecoder(res.Body).Decode(&answer)
		res.Body.Close()
		if err != nil || res.StatusCode != 200 {
			t.Fatalf("%s, %v", res.Status, err)
		}
		for _, r := range answer.Responses {
			if r.Status == http.StatusTooManyRequests {
				return r.Headers
			}
		}
	}
	t.Fatal("200 batches were not throttled")
	return nil
}

// The SDK's own middleware rides out throttling: it waits as long as Retry-After says and asks again. Reads only: of a retried
// write it may send another body than its headers say.
func TestThrottling(t *testing.T) {
	lab := served.Start(t, "--throttle=S")
	c := newClient(t, lab, withSecret(t, lab, lab.Entra.ClientSecret))
	if _, err := c.users.ByUserId("user000@contoso.com").Get(t.Context(), nil); err != nil {
		t.Fatal(err) // and the token is there
	}
	headers := exhaust(t, lab)
	if headers["Retry-After"] == "" || headers["X-Ms-Throttle-Information"] != "ResourceUnitLimitExceeded" {
		t.Errorf("headers of the throttled request: %v", headers)
	}
	start := time.Now()
	for i := range 400 { // 800 units, of which 350 come back each second
		if _, err := c.users.Get(t.Context(), nil); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
	}
	if d := time.Since(start); d < time.Second {
		t.Errorf("400 reads took %s: they were not throttled", d)
	}
}
