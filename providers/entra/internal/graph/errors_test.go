package graph

import (
	"slices"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/dirform/dirform/providers"
)

// FuzzServiceError: any body of an error is an error that says something, and of one that has Graph's form it says all.
func FuzzServiceError(f *testing.F) {
	f.Add([]byte(`{"error":{"code":"c","message":"m","target":"t","details":[{"code":"a","target":"b","message":null}],"innerError":{"date":"2023-02-17T01:22:59","request-id":"r","client-request-id":"c"}}}`))
	f.Add([]byte(`{"error":"text"}`))
	f.Add([]byte(`{"error":{"code":1,"details":[null,1]}}`))
	f.Add([]byte(`{"error":{"code":"c","message":"m","details":[null,{"code":null}],"innerError":null}}`))
	f.Add([]byte(`<html>`))
	f.Add([]byte(``))
	f.Add([]byte(`null`))
	f.Add([]byte(`[{"error":null}]`))
	f.Add([]byte(`{"error":{}}`))
	f.Add([]byte(`{"error":{"code":"","message":"","innerError":{"request-id":"r"}}}`))
	f.Add([]byte(`{"error":{"code":"c","details":[{"code":"a","target":"b","message":"d"},null,{"code":"e"}],"innerError":{"request-id":"r"}}}`))
	f.Add([]byte(`{"error":{"message":"only \u00e9","details":[],"innerError":{"request-id":"r"}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e := serviceError("GET /x", 400, nil, body, nil)
		if e.Code == "" && e.Message == "" || e.Error() == "" {
			t.Errorf("%q gives an empty error", body)
		}
		checkService(t, body, e)
	})
}

// checkService compares an error with what encoding/json reads of its body, where that has Graph's form.
func checkService(t *testing.T, body []byte, e *providers.ServiceError) {
	type detail struct {
		Code    *string `json:"code"`
		Target  *string `json:"target"`
		Message *string `json:"message"`
	}
	var said struct {
		Error *struct {
			Code       *string   `json:"code"`
			Message    *string   `json:"message"`
			Target     *string   `json:"target"`
			Details    []*detail `json:"details"`
			InnerError *struct {
				RequestID *string `json:"request-id"`
			} `json:"innerError"`
		} `json:"error"`
	}
	if jsonv2.Unmarshal(body, &said, jsonv2.RejectUnknownMembers(true)) != nil {
		return
	}
	var code, message, id string
	var details []providers.ErrorDetail
	if m := said.Error; m != nil {
		code, message = deref(m.Code), deref(m.Message)
		for _, d := range m.Details {
			if d != nil {
				details = append(details, providers.ErrorDetail{Code: deref(d.Code), Target: deref(d.Target),
					Message: deref(d.Message)})
			}
		}
		if m.InnerError != nil {
			id = deref(m.InnerError.RequestID)
		}
	}
	if code == "" && message == "" {
		if e.Code != "Bad Request" {
			t.Errorf("%q is %+v", body, e)
		}
		return
	}
	if e.Code != code || e.Message != message || e.RequestID != id || !slices.Equal(e.Details, details) {
		t.Errorf("%q is %+v", body, e)
	}
}
