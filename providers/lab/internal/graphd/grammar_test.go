package graphd_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers/lab/internal/graphd"
)

// chooser makes decisions of the bytes that a fuzz target is given; once they are used up, the first choice is taken.
type chooser struct{ b []byte }

func (c *chooser) next(n int) int {
	if len(c.b) == 0 {
		return 0
	}
	v := int(c.b[0]) % n
	c.b = c.b[1:]
	return v
}

func (c *chooser) of(list ...string) string { return list[c.next(len(list))] }

// asked is a filter that is drawn, and judged without the tenant's own code.
type asked struct {
	op, property string
	values       []string
	kids         []asked
}

func (c *chooser) filter(depth int) asked {
	if depth > 0 {
		switch c.next(5) {
		case 1:
			return asked{op: c.of("and", "or"), kids: []asked{c.filter(depth - 1), c.filter(depth - 1)}}
		case 2:
			return asked{op: "not", kids: []asked{c.filter(depth - 1)}}
		}
	}
	f := asked{op: c.of("eq", "ne", "ge", "le", "startswith", "in", "null"), property: c.of("displayName", "mail", "jobTitle", "userPrincipalName", "onPremisesImmutableId",
		"proxyAddresses", "department")}
	n := 1
	if f.op == "in" {
		n = 1 + c.next(3)
	}
	for range n {
		f.values = append(f.values, c.of("Ann Ames", "ANN AMES", "a", "b", "head", "Head", "ann@contoso.com", "AAAAAAAAAAAAAAAAAAAAAA==", "aaaaaaaaaaaaaaaaaaaaaa==",
			`Bob "B" Bly`, "SMTP:ann@contoso.com", "sales", "", "z", "it's"))
	}
	if f.property == "proxyAddresses" && f.op != "startswith" || f.property == "onPremisesImmutableId" && f.op == "startswith" {
		f.op, f.values = "eq", f.values[:1]
	}
	return f
}

func (f *asked) text() string {
	quoted := make([]string, len(f.values))
	for i, v := range f.values {
		quoted[i] = "'" + strings.ReplaceAll(v, "'", "''") + "'"
	}
	switch {
	case f.op == "and" || f.op == "or":
		return "(" + f.kids[0].text() + " " + f.op + " " + f.kids[1].text() + ")"
	case f.op == "not":
		return "not (" + f.kids[0].text() + ")"
	case f.property == "proxyAddresses" && f.op == "startswith":
		return "proxyAddresses/any(p:startswith(p," + quoted[0] + "))"
	case f.property == "proxyAddresses":
		return "proxyAddresses/any(p:p eq " + quoted[0] + ")"
	case f.op == "startswith":
		return "startswith(" + f.property + "," + quoted[0] + ")"
	case f.op == "in":
		return f.property + " in (" + strings.Join(quoted, ",") + ")"
	case f.op == "null":
		return f.property + " eq null"
	}
	return f.property + " " + f.op + " " + quoted[0]
}

// matches judges a user as the service documents it: case counts in anchors only, and what is not there is not equal to anything.
func (f *asked) matches(user map[string]any) bool {
	switch f.op {
	case "and":
		return f.kids[0].matches(user) && f.kids[1].matches(user)
	case "or":
		return f.kids[0].matches(user) || f.kids[1].matches(user)
	case "not":
		return !f.kids[0].matches(user)
	case "ne":
		return !(&asked{op: "eq", property: f.property, values: f.values}).matches(user)
	case "null":
		return user[f.property] == nil
	}
	have := strs(user[f.property])
	if s, ok := user[f.property].(string); ok {
		have = []string{s}
	}
	for _, h := range have {
		for _, v := range f.values {
			if f.property != "onPremisesImmutableId" {
				h, v = strings.ToLower(h), strings.ToLower(v)
			}
			if map[string]bool{"eq": h == v, "in": h == v, "ge": h >= v, "le": h <= v, "startswith": strings.HasPrefix(h, v)}[f.op] {
				return true
			}
		}
	}
	return false
}

// call is a request in one piece.
type call struct{ method, path, query, body string }

// do sends it past the network.
func (c call) do(tenant *graphd.Tenant) *httptest.ResponseRecorder {
	req := httptest.NewRequest("GET", "/v1.0", strings.NewReader(c.body))
	req.Method, req.URL = c.method, &url.URL{Path: "/v1.0" + c.path, RawQuery: c.query}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("ConsistencyLevel", "eventual")
	req.Header.Set("Content-Type", "application/json")
	res := httptest.NewRecorder()
	tenant.Handler().ServeHTTP(res, req)
	return res
}

// list is a collection that must be there, page by page.
func list(t testing.TB, tenant *graphd.Tenant, path, query string) (objects []map[string]any, count int) {
	for range 1000 {
		res := call{"GET", path, query, ""}.do(tenant)
		var page struct {
			Value []map[string]any
			Count int    `json:"@odata.count"`
			Next  string `json:"@odata.nextLink"`
		}
		if err := json.Unmarshal(res.Body.Bytes(), &page); err != nil || res.Code != 200 {
			t.Fatalf("%s?%s: %d %s", path, query, res.Code, res.Body)
		}
		objects = append(objects, page.Value...)
		if count = max(count, page.Count); page.Next == "" {
			return objects, count
		}
		_, query, _ = strings.Cut(page.Next, "?")
	}
	t.Fatalf("%s?%s does not end", path, query)
	return nil, 0
}

// dump is everything that a tenant holds.
func dump(t testing.TB, tenant *graphd.Tenant) string {
	var b strings.Builder
	for _, path := range []string{"/users", "/groups", "/contacts", "/directory/deletedItems/microsoft.graph.user", "/directory/deletedItems/microsoft.graph.group"} {
		objects, _ := list(t, tenant, path, "$top=999&$select=id")
		for _, o := range objects {
			full, err := tenant.Get(o["id"].(string))
			if err != nil {
				t.Fatalf("%s %v: %v", path, o["id"], err)
			}
			fmt.Fprintf(&b, "%s %s\n", path, full)
		}
	}
	for _, path := range []string{"/domains", "/organization", "/subscribedSkus", "/directory/onPremisesSynchronization", "/roleManagement/directory/roleAssignments"} {
		fmt.Fprintf(&b, "%s %s\n", path, call{"GET", path, "", ""}.do(tenant).Body)
	}
	return b.String()
}

// request draws a request: a write mostly.
func (c *chooser) request(ids []string) call {
	id := func() string {
		return c.of(slices.Concat(ids, []string{"bob@contoso.com", "nobody", "00000000-0000-4000-8000-00000000ffff", "cy@contoso.com"})...)
	}
	quote := func(s string) string { return string(must(json.Marshal(s))) }
	property := func() string {
		name := c.of("displayName", "mail", "jobTitle", "accountEnabled", "proxyAddresses", "userPrincipalName", "onPremisesImmutableId", "businessPhones", "usageLocation",
			"mailNickname", "shoeSize", "id", "otherMails", "department", "onPremisesSyncEnabled", "passwordProfile", "groupTypes", "description")
		return quote(name) + ":" + c.of(`"x"`, `null`, `true`, `"cy@contoso.com"`, `"cy@nowhere.example"`, `["smtp:a@contoso.com","SMTP:b@contoso.com"]`, `[]`, `7`,
			`"ann@contoso.com"`, `"HU"`, `""`, `{"password":"Xy12345678"}`, `["a","a"]`, quote(strings.Repeat("long", 100)), `"AAAAAAAAAAAAAAAAAAAAAA=="`, `{}`)
	}
	object := func(begin string) string {
		parts := []string{begin}
		for range c.next(3) {
			parts = append(parts, property())
		}
		return "{" + strings.Trim(strings.Join(parts, ","), ",") + "}"
	}
	ref := func() string {
		return `{"@odata.id":"https://x/v1.0/` + c.of("users", "directoryObjects", "groups") + "/" + id() + `"}`
	}
	switch c.next(14) {
	case 0:
		return call{"PATCH", "/users/" + id(), "", object(property())}
	case 1:
		return call{"POST", "/users", "", object(c.of(strings.Trim(newUser, "{}"), property()))}
	case 2:
		return call{"DELETE", "/" + c.of("users", "groups", "directoryObjects", "directory/deletedItems") + "/" + id(), "", ""}
	case 3:
		return call{c.of("PUT", "DELETE"), "/users/" + id() + "/manager/$ref", "", ref()}
	case 4:
		return call{"POST", "/groups", "", object(c.of(strings.Trim(newGroup, "{}"), property()))}
	case 5:
		return call{"PATCH", "/groups/" + id(), "", object(property())}
	case 6:
		return call{"POST", "/groups/" + id() + "/" + c.of("members", "owners") + "/$ref", "", ref()}
	case 7:
		return call{"DELETE", "/groups/" + id() + "/" + c.of("members", "owners") + "/" + id() + "/$ref", "", ""}
	case 8:
		return call{"POST", "/directory/deletedItems/" + id() + "/restore", "", c.of("", "{}", `{"autoReconcileProxyConflict":true}`)}
	case 9:
		return call{"POST", "/users/" + id() + "/assignLicense", "", `{"addLicenses":[{"skuId":"` + id() + `","disabledPlans":[]}],"removeLicenses":[` +
			c.of("", `"x"`, quote(id())) + "]}"}
	case 10:
		return call{c.of("POST", "PATCH", "DELETE"), "/domains" + c.of("", "/contoso.com", "/new.example", "/a.example"), "", c.of(`{"id":"a.example"}`, `{"isDefault":true}`, "{}", "x")}
	case 11:
		return call{"PATCH", "/" + c.of("users", "groups", "contacts") + "/" + id() + "/onPremisesSyncBehavior", "", `{"isCloudManaged":` + c.of("true", "false", "null") + "}"}
	case 12:
		inner := c.request(ids)
		return call{"POST", "/$batch", "", fmt.Sprintf(`{"requests":[{"id":"1","method":%q,"url":%s,"headers":{"Content-Type":"application/json"},"body":%s},%s]}`,
			inner.method, quote(inner.path), c.of("{}", strings.TrimSpace(inner.body+" "), "null"), c.of(`{"id":"2","method":"GET","url":"/users"}`, `{"id":"1"}`, "null"))}
	}
	return call{"GET", c.of("/users", "/groups", "/users/"+id(), "/groups/"+id()+"/members", "/users/delta", "/directory/deletedItems/"+id()),
		"$" + c.of("top", "select", "expand", "count", "orderby", "search", "skiptoken") + "=" + c.of("1", "0", "1000", "id,mail", "shoeSize", "manager", "true", "displayName desc", `"displayName:a"`, "AAAA"), ""}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
