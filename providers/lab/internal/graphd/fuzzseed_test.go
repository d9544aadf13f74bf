package graphd_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers/lab/internal/graphd"
)

// FuzzSeed loads anything as a tenant, and applies anything as a record of its journal. What loads can be read.
func FuzzSeed(f *testing.F) {
	const change = `{"op":"set","kind":"users","id":"00000000-0000-4000-8000-000000000001","object":{"displayName":"x"}}`
	f.Add(seed, change)
	f.Add(`{"lab":{"latency":"1ms","throttle":"S","visibility_delay":"1s","drop_before":0.1}}`, `{"op":"remove","kind":"users","id":"x"}`)
	f.Add(`{"users":[{"userPrincipalName":"a@x.com","manager":"b@x.com","assignedLicenses":[{"skuId":"x"}]}],"domains":[{"id":"x.com"}]}`, "null")
	f.Add(`{"groups":[{"displayName":"g","members":["a"],"groupTypes":["Unified"]}],"roleAssignments":[{"principalId":"x"}]}`, "{}")
	f.Fuzz(func(t *testing.T, seed, change string) {
		tenant := graphd.New(graphd.Options{AccessToken: token})
		if tenant.LoadSeed(strings.NewReader(seed), "seed") != nil {
			return
		}
		tenant.SetFaults(graphd.Faults{}) // a seed may ask for an hour's delay
		_ = tenant.Apply([]byte(change))
		for _, path := range []string{"/users?$expand=manager($select=id)", "/groups?$top=5", "/domains", "/organization", "/subscribedSkus",
			"/directory/deletedItems/microsoft.graph.user"} {
			req := httptest.NewRequest("GET", "/v1.0"+path, nil)
			req.Header.Set("Authorization", "Bearer "+token)
			res := httptest.NewRecorder()
			tenant.Handler().ServeHTTP(res, req)
			if res.Code != 200 || !json.Valid(res.Body.Bytes()) {
				t.Errorf("%s: %d %s", path, res.Code, res.Body)
			}
		}
	})
}
