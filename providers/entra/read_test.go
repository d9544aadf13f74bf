package entra_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

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
		if n := len(s.requests()); n != 11 {
			t.Errorf("%d requests for 10 pages and their count", n)
		}
		want := "/v1.0/users?$select=id,displayName,employeeOrgData,mail&$expand=manager($select=id)&$top=999"
		if got := s.requests()[0].uri; got != want {
			t.Errorf("first request %s\nwant %s", got, want)
		}
	}
}

func readAll(t *testing.T, s *service) (int, error) {
	t.Helper()
	all, err := drainObjects(s.reader(t).Read(t.Context(), providers.TenantQuery{Kind: state.User, Attributes: state.NewShape("displayName")}))
	return len(all), err
}

// An incomplete read must never look like a short one.
func TestIncompleteReads(t *testing.T) {
	page := func(i int) string { return fmt.Sprintf(`"value":[{"id":"%d","displayName":"x"}]`, i) }
	for name, test := range map[string]struct {
		second func(s *service, w http.ResponseWriter)
		want   string
		most   int // requests
	}{
		"cut off for good": {func(_ *service, w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"value":[`)
		}, "broke off", 7},
		"half a document": {func(_ *service, w http.ResponseWriter) { fmt.Fprint(w, `{"value":[{"id":"3"}`) }, "ends in the middle", 2},
		"not a page":      {func(_ *service, w http.ResponseWriter) { fmt.Fprint(w, `{"status":"ok"}`) }, `no "value"`, 2},
		"two documents":   {func(_ *service, w http.ResponseWriter) { fmt.Fprint(w, `{"value":[]}{}`) }, "the end expected", 2},
		"no id":           {func(_ *service, w http.ResponseWriter) { fmt.Fprint(w, `{"value":[{"displayName":"x"}]}`) }, "without id", 2},
		"bad text":        {func(_ *service, w http.ResponseWriter) { fmt.Fprint(w, "{\"value\":[{\"id\":\"\xff\"}]}") }, "UTF-8", 2},
		"server error":    {func(_ *service, w http.ResponseWriter) { reply(w, 500, "") }, "HTTP 500 Internal Server Error", 7},
		"page expired": {func(_ *service, w http.ResponseWriter) {
			reply(w, 400, graphError("Directory_ExpiredPageToken", "too late"))
		},
			"Directory_ExpiredPageToken: too late (request-id inner-id)", 2},
		"forbidden": {func(_ *service, w http.ResponseWriter) {
			reply(w, 403, graphError("Authorization_RequestDenied", "no"))
		}, "User.Read.All", 2},
		"a proxy's page": {func(_ *service, w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			reply(w, 407, "<html>who are you?</html>")
		}, "text/html", 2},
		"circle": {func(s *service, w http.ResponseWriter) {
			fmt.Fprintf(w, `{%s,"@odata.nextLink":"%s/v1.0/users?$skiptoken=2"}`, page(3), s.URL)
		}, "circle", 3},
		"another host": {func(_ *service, w http.ResponseWriter) {
			fmt.Fprintf(w, `{"@odata.nextLink":"https://graph.microsoft.com/v1.0/users?$skiptoken=3",%s}`, page(3))
		}, "graph.microsoft.com", 2},
		"another scheme": {func(s *service, w http.ResponseWriter) {
			fmt.Fprintf(w, `{"@odata.nextLink":"%s/v1.0/users?$skiptoken=3",%s}`, strings.Replace(s.URL, "https", "http", 1), page(3))
		}, "is not followed", 2},
		"redirect away": {func(_ *service, w http.ResponseWriter) {
			w.Header().Set("Location", "https://example.com/")
			reply(w, 302, "")
		}, "redirects to another host", 2},
	} {
		t.Run(name, func(t *testing.T) {
			var s *service
			s = serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("$skiptoken") == "2" {
					test.second(s, w)
					return
				}
				fmt.Fprintf(w, `{"@odata.nextLink":"%s/v1.0/users?$skiptoken=2","value":[{"id":"1","displayName":"a"},{"id":"2","displayName":null}]}`, s.URL)
			})
			n, err := readAll(t, s)
			if err == nil || !strings.Contains(told(err), test.want) || !strings.Contains(err.Error(), "incomplete") || strings.Contains(told(err), "skiptoken=") {
				t.Errorf("after %d objects: %v", n, err)
			}
			if err != nil && !strings.Contains(err.Error(), fmt.Sprintf("after %d objects on", n)) {
				t.Errorf("%d objects, but: %v", n, err)
			}
			if got := len(s.requests()); got > test.most {
				t.Errorf("%d requests", got)
			}
		})
	}
}

func TestPassingFailuresAreWaitedOut(t *testing.T) {
	failures := []func(s *service, w http.ResponseWriter){
		func(_ *service, w http.ResponseWriter) { w.Header().Set("Retry-After", "2.128"); reply(w, 429, "") },
		func(s *service, w http.ResponseWriter) {
			w.Header().Set("Retry-After", s.clock.Now().Add(90*time.Second).Format(http.TimeFormat))
			reply(w, 503, "")
		},
		func(_ *service, w http.ResponseWriter) { reply(w, 502, "<html>") },
		func(_ *service, w http.ResponseWriter) { panic(http.ErrAbortHandler) },
		func(_ *service, w http.ResponseWriter) {
			w.Header().Set("Content-Length", "99")
			fmt.Fprint(w, `{"value":`)
		},
		func(_ *service, w http.ResponseWriter) { fmt.Fprint(w, `{"value":[{"id":"1"}]}`) },
	}
	var s *service
	i := -1
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		i++
		failures[i](s, w)
	})
	r := s.reader(t)
	all, err := drainObjects(r.Read(t.Context(), providers.TenantQuery{Kind: state.User, Attributes: state.NewShape("mail")}))
	if err != nil || len(all) != 1 {
		t.Fatal(len(all), err)
	}
	if w := s.clock.slept; w[0] < 2128*time.Millisecond || w[0] > 2400*time.Millisecond || w[1] < 89*time.Second || w[2] < time.Second {
		t.Errorf("waits %v", w)
	}
	if st := r.Stats(); st.Requests < 5 || st.Retries < 4 || st.Throttled != 1 || st.Reads != 1 {
		t.Errorf("%+v", st)
	}
	ids := map[string]bool{}
	for _, q := range s.requests() {
		ids[q.header.Get("client-request-id")] = true
		if q.header.Get("x-ms-throttle-priority") != "low" || q.header.Get("Authorization") != "Bearer token-1" || q.header.Get("User-Agent") != "dirform" {
			t.Errorf("headers %v", q.header)
		}
	}
	if ids[""] {
		t.Error("requests without client-request-id")
	}
}

func TestASilentConnectionIsGivenUp(t *testing.T) {
	first := true
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if first {
			first = false
			fmt.Fprint(w, `{"value":[`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		fmt.Fprint(w, `{"value":[{"id":"1"}]}`)
	})
	s.config.IdleTimeout = 50 * time.Millisecond
	if n, err := readAll(t, s); n != 1 || err != nil {
		t.Error(n, err)
	}
}

func TestReadEndsWithItsContextAndItsConsumer(t *testing.T) {
	var s *service
	s = serve(t, pages(&s, 1000, 10, true))
	r := s.reader(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var err error
	for _, e := range r.Read(ctx, providers.TenantQuery{Kind: state.User, Attributes: state.NewShape("mail")}) {
		if n++; n == 25 {
			cancel()
		}
		err = e
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
	n = 0
	for _, e := range r.Read(t.Context(), providers.TenantQuery{Kind: state.User, Attributes: state.NewShape("mail")}) {
		if e != nil {
			t.Fatal(e)
		}
		if n++; n == 15 {
			break
		}
	}
	if got := len(s.requests()); got > 12 {
		t.Errorf("%d pages were asked for, though the consumer left on the second", got)
	}
}

// A page that had to be asked for twice may name another next page than the first time; the last word counts.
func TestAWrongGuessIsDropped(t *testing.T) {
	var s *service
	cut := true
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("$skiptoken") {
		case "":
			if cut {
				cut = false
				w.Header().Set("Content-Length", "300000")
				fmt.Fprintf(w, `{"@odata.nextLink":"%s/v1.0/users?$skiptoken=wrong","value":[`, s.URL)
				return
			}
			fmt.Fprintf(w, `{"@odata.nextLink":"%s/v1.0/users?$skiptoken=right","value":[{"id":"1"}]}`, s.URL)
		case "right":
			fmt.Fprint(w, `{"value":[{"id":"2"}]}`)
		default:
			fmt.Fprint(w, `{"value":[{"id":"not wanted"}]}`)
		}
	})
	all, err := drainObjects(s.reader(t).Read(t.Context(), providers.TenantQuery{Kind: state.User, Attributes: state.NewShape("mail")}))
	if err != nil || len(all) != 2 || all[1].ID != "2" {
		t.Error(all, err)
	}
}

func TestOtherCollections(t *testing.T) {
	for _, test := range []struct {
		q    providers.TenantQuery
		want string
	}{
		{providers.TenantQuery{Kind: state.Group, Attributes: state.NewShape("displayName", "proxyAddresses")}, "/v1.0/groups?$select=id,displayName,proxyAddresses&$top=999"},
		{providers.TenantQuery{Kind: state.Contact, Attributes: state.NewShape("mail", "id")}, "/v1.0/contacts?$select=id,mail&$top=999"},
		{providers.TenantQuery{Kind: state.User, Attributes: state.NewShape("manager", "extensionattribute1", "extensionAttribute2"), Deleted: true},
			"/v1.0/directory/deletedItems/microsoft.graph.user?$select=id,onPremisesExtensionAttributes&$top=999"},
	} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"value":[]}`) })
		if _, err := drainObjects(s.reader(t).Read(t.Context(), test.q)); err != nil {
			t.Error(err)
		}
		if got := s.requests()[0].uri; got != test.want {
			t.Errorf("%s\nwant %s", got, test.want)
		}
	}
	s := serve(t, nil)
	_, err := drainObjects(s.reader(t).Read(t.Context(), providers.TenantQuery{Kind: state.User, Attributes: state.NewShape("skills")}))
	if err == nil || !strings.Contains(err.Error(), `no attribute "skills"`) {
		t.Error(err)
	}
}

// TestObjectsOnTwoPagesCountOnce: a list in which some stand twice is as long as it should be, and yet others are missing.
func TestObjectsOnTwoPagesCountOnce(t *testing.T) {
	for repeated, want := range map[int]string{0: "", 20: "", 21: "counts 610 objects, and it has listed 21 fewer"} {
		var s *service
		s = serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v1.0/users/$count" {
				fmt.Fprint(w, "610")
				return
			}
			from, _ := strconv.Atoi(r.URL.Query().Get("$skiptoken"))
			var objects []string
			for i := from; i < min(from+150, 610); i++ {
				id := i
				if from > 0 && i < from+repeated && from < 300 {
					id -= 100 // of the page before
				}
				objects = append(objects, fmt.Sprintf(`{"id":"id-%d"}`, id))
			}
			link := ""
			if from+150 < 610 {
				link = fmt.Sprintf(`,"@odata.nextLink":"%s/v1.0/users?$skiptoken=%d"`, s.URL, from+150)
			}
			fmt.Fprintf(w, `{"value":[%s]%s}`, strings.Join(objects, ","), link)
		})
		n, err := readAll(t, s)
		if want == "" && (err != nil || n != 610) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%d twice: %d, %v", repeated, n, err)
		}
	}
}

// A full last page without a link is suspicious: the link may have been lost on the way. Any other user list may be a little
// shorter than the service's count, which comes from an index.
func TestALostLinkIsNoticed(t *testing.T) {
	for _, test := range []struct {
		last  int // objects on the second, last page
		count string
		want  string
	}{{10, "25", "counts 25 objects"}, {10, "20", ""}, {10, "no number", ""}, {9, "25", ""}, {9, "39", ""}, {9, "40", "counts 40 objects, and it has listed 21 fewer"},
		{9, "5", ""}} {
		asked := 0
		var s *service
		s = serve(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/v1.0/users/$count":
				asked++
				if r.Header.Get("ConsistencyLevel") != "eventual" {
					t.Error("without ConsistencyLevel the service does not count")
				}
				fmt.Fprint(w, test.count)
			case r.URL.Query().Get("$skiptoken") == "":
				pages(&s, 20, 10, true)(w, r)
			default:
				pages(&s, 10+test.last, 10, true)(w, r)
			}
		})
		n, err := readAll(t, s)
		if test.want == "" && (err != nil || n != 10+test.last) || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%+v: %d, %v", test, n, err)
		}
		if asked != 1 {
			t.Errorf("%+v: counted %d times", test, asked)
		}
	}
}
