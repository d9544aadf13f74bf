package graph

import "testing"

func FuzzServiceError(f *testing.F) {
	f.Add([]byte(`{"error":{"code":"c","message":"m","target":"t","details":[{"code":"a","target":"b","message":null}],"innerError":{"date":"2023-02-17T01:22:59","request-id":"r","client-request-id":"c"}}}`))
	f.Add([]byte(`{"error":"text"}`))
	f.Add([]byte(`{"error":{"code":1,"details":[null,1]}}`))
	f.Add([]byte(`{"error":{"code":"c","message":"m","details":[null,{"code":null}],"innerError":null}}`))
	f.Add([]byte(`<html>`))
	f.Add([]byte(``))
	f.Add([]byte(`null`))
	f.Add([]byte(`[{"error":null}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e := serviceError("GET /x", 400, nil, body, nil)
		if e.Code == "" && e.Message == "" || e.Error() == "" {
			t.Errorf("%q gives an empty error", body)
		}
	})
}
