package graphd_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// byID are the responses of a batch.
func byID(a answer) map[string]map[string]any {
	out := map[string]map[string]any{}
	list, _ := a.body["responses"].([]any)
	for _, r := range list {
		m := r.(map[string]any)
		out[m["id"].(string)] = m
	}
	return out
}

func TestBatch(t *testing.T) {
	w := serve(t, seed)
	got := byID(w.want(200, "POST", "/$batch", `{"requests":[
		{"id":"5","method":"GET","url":"/users/bob@contoso.com?$select=jobTitle","dependsOn":["2"]},
		{"id":"1","method":"POST","url":"/users","headers":{"Content-Type":"application/json"},"body":`+newUser+`},
		{"id":"2","method":"PATCH","url":"users/bob@contoso.com","headers":{"content-type":"application/json"},"body":{"jobTitle":"Boss"}},
		{"id":"3","method":"DELETE","url":"/users/admin@contoso.com"},
		{"id":"4","method":"GET","url":"/users","dependsOn":["3"]},
		{"id":"6","method":"GET","url":"/users?$top=1&$select=userPrincipalName"},
		{"id":"7","method":"POST","url":"/$batch","headers":{"Content-Type":"application/json"},"body":{"requests":[]}}]}`))
	status := map[string]any{}
	for id, r := range got {
		status[id] = r["status"]
	}
	want := map[string]any{"1": 201.0, "2": 204.0, "3": 403.0, "4": 424.0, "5": 200.0, "6": 200.0, "7": 400.0}
	if diff := cmp.Diff(want, status); diff != "" {
		t.Fatal(diff)
	}
	if got["5"]["body"].(map[string]any)["jobTitle"] != "Boss" {
		t.Error("a request ran before the one it depends on")
	}
	if _, has := got["2"]["body"]; has {
		t.Error("204 has a body")
	}
	if w.Stats().Writes != 3 || w.Stats().Requests["PATCH /users/{id}"] != 1 || w.Stats().Requests["POST /$batch"] != 1 {
		t.Errorf("%+v", w.Stats())
	}
}

func TestMalformedBatches(t *testing.T) {
	w := serve(t, seed)
	item := func(id, more string) string { return `{"id":"` + id + `","method":"GET","url":"/users"` + more + `}` }
	var many []string
	for i := range 21 {
		many = append(many, item(fmt.Sprint(i), ""))
	}
	for name, body := range map[string]string{
		"not JSON":         `{"requests":`,
		"empty":            `{"requests":[]}`,
		"21":               `{"requests":[` + strings.Join(many, ",") + `]}`,
		"same id":          `{"requests":[` + item("a", "") + `,` + item("A", "") + `]}`,
		"no id":            `{"requests":[{"method":"GET","url":"/users"}]}`,
		"unknown need":     `{"requests":[` + item("a", `,"dependsOn":["b"]`) + `]}`,
		"circle":           `{"requests":[` + item("a", `,"dependsOn":["b"]`) + `,` + item("b", `,"dependsOn":["a"]`) + `]}`,
		"null in the list": `{"requests":[null]}`,
	} {
		if got := w.do("POST", "/$batch", body); got.status != 400 || got.str("error", "code") == "" {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	w.want(200, "POST", "/$batch", `{"requests":[`+strings.Join(many[:20], ",")+`]}`)
	w.want(405, "GET", "/$batch", "")
}
