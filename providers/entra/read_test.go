package entra_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// pages plays a collection of n users in pages of size, the link before or after the objects.
func pages(s **service, n, size int, linkFirst bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		from, _ := strconv.Atoi(r.URL.Query().Get("$skiptoken"))
		link := ""
		if from+size < n {
			link = fmt.Sprintf(`"@odata.nextLink":"%s/v1.0/users?$skiptoken=%d"`, (*s).URL, from+size)
		}
		var objects []string
		for i := from; i < min(from+size, n); i++ {
			objects = append(objects, fmt.Sprintf(`{"id":"id-%d","displayName":"User \"%d\" é","employeeOrgData":{"costCenter":"C%d"},"manager":{"@odata.type":"#microsoft.graph.user","id":"m-%d"}}`, i, i, i, i))
		}
		value := `"value":[` + strings.Join(objects, ",") + `]`
		switch {
		case link == "":
			fmt.Fprintf(w, `{"@odata.context":"x",%s}`, value)
		case linkFirst:
			fmt.Fprintf(w, `{"@odata.context":"x",%s,%s}`, link, value)
		default:
			fmt.Fprintf(w, `{%s,"@odata.context":"x",%s}`, value, link)
		}
	}
}

func TestReadFollowsPages(t *testing.T) {
	for _, linkFirst := range []bool{true, false} {
		var s *service
		s = serve(t, pages(&s, 95, 10, linkFirst))
		shape := state.NewShape("displayName", "costCenter", "manager", "mail")
		all, err := drainObjects(s.reader(t).Read(t.Context(), providers.TenantQuery{Kind: state.User, Attributes: shape}))
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != 95 {
			t.Fatalf("%d objects instead of 95", len(all))
		}
		for i, o := range all {
			want := fmt.Sprintf(`id-%d|User "%d" é|C%d|m-%d|true`, i, i, i, i)
			got := fmt.Sprintf("%s|%s|%s|%s|%t", o.ID, o.Get("displayName").Str(), o.Get("costCenter").Str(), o.Get("manager").Str(), o.Get("mail").IsNull())
			if got != want {
				t.Fatalf("object %d is %s instead of %s", i, got, want)
			}
		}
		if n := len(s.requests()); n != 10 {
			t.Errorf("%d requests for 10 pages", n)
		}
		want := "/v1.0/users?$select=id,displayName,employeeOrgData,mail&$expand=manager($select=id)&$top=999"
		if got := s.requests()[0].uri; got != want {
			t.Errorf("first request %s\nwant %s", got, want)
		}
	}
}
