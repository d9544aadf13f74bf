package entra_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// part is one request in a batch, answer the reply to it.
type part struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

type answer struct {
	status  int
	headers map[string]string
	body    string
}

// batches plays $batch: f answers each part; an answer with status 0 is left out. Replies come in reverse order.
func batches(f func(p part) answer) http.HandlerFunc {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		var in struct{ Requests []part }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.URL.Path != "/v1.0/$batch" {
			reply(w, 400, graphError("BadRequest", "not a batch"))
			return
		}
		type out struct {
			ID      string            `json:"id"`
			Status  int               `json:"status"`
			Headers map[string]string `json:"headers,omitempty"`
			Body    json.RawMessage   `json:"body,omitempty"`
		}
		responses := []out{}
		for _, p := range in.Requests {
			if a := f(p); a.status != 0 {
				o := out{ID: p.ID, Status: a.status, Headers: a.headers}
				if a.body != "" {
					o.Body = json.RawMessage(a.body)
				}
				responses = append([]out{o}, responses...)
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"responses": responses})
	}
}

func change(name string, after state.Value) state.AttributeChange {
	return state.AttributeChange{Name: name, After: after}
}

func patch(id string, changes ...state.AttributeChange) providers.Write {
	return providers.Write{Op: providers.OpPatch, Kind: state.User, ID: id, Attributes: changes}
}

func create(upn string) providers.Write {
	return providers.Write{Op: providers.OpCreate, Kind: state.User, Attributes: []state.AttributeChange{
		change("userPrincipalName", state.String(upn)), change("accountEnabled", state.Bool(true)), change("jobTitle", state.Null())}}
}

func TestWriteSendsEveryOperationInOneBatch(t *testing.T) {
	var got []string
	s := serve(t, batches(func(p part) answer {
		body := string(p.Body)
		if i := strings.Index(body, `"password":"`); i >= 0 {
			password := body[i+12 : i+52]
			body = strings.Replace(body, password, "***", 1)
			if strings.ContainsAny(password, `"\`) {
				t.Errorf("password %q", password)
			}
		}
		got = append(got, fmt.Sprintf("%s %s %s", p.Method, p.URL, body))
		if p.Method == "POST" && p.URL == "/users" {
			return answer{status: 201, body: `{"id":"new-id"}`}
		}
		return answer{status: 204}
	}))
	w := s.writer(t)
	results := w.Write(t.Context(), []providers.Write{
		create("a@contoso.com"),
		patch("u1", change("displayName", state.String("R&D <x>")), change("mobilePhone", state.Null()), change("faxNumber", state.String("")),
			change("businessPhones", state.List(nil)), change("otherMails", state.List([]string{"x@y.z"})),
			change("extensionAttribute1", state.String("one")), change("extensionAttribute7", state.Null()),
			change("costcenter", state.String("C1")), change("accountEnabled", state.Bool(false))),
		{Op: providers.OpDelete, Kind: state.User, ID: "u2"},
		{Op: providers.OpRestore, Kind: state.User, ID: "u3"},
		{Op: providers.OpSetReference, Kind: state.User, ID: "u4", Attributes: []state.AttributeChange{change("manager", state.String("u1"))}},
		{Op: providers.OpClearReference, Kind: state.User, ID: "u5", Attributes: []state.AttributeChange{change("manager", state.Null())}},
		patch("u6", change("proxyAddresses", state.List([]string{"smtp:a@b"}))),
		patch("u7", change("noSuchThing", state.String("x"))),
		{Op: providers.OpSetReference, Kind: state.User, ID: "u8", Attributes: []state.AttributeChange{change("manager", state.String("anchor:abc"))}},
	})
	for i, r := range results {
		if (r.Err != nil) != (i >= 6) {
			t.Errorf("result %d: %v", i, r.Err)
		}
	}
	if results[0].ID != "new-id" || results[1].ID != "u1" {
		t.Errorf("ids %s, %s", results[0].ID, results[1].ID)
	}
	want := []string{
		`POST /users {"accountEnabled":true,"passwordProfile":{"forceChangePasswordNextSignIn":true,"password":"***"},"userPrincipalName":"a@contoso.com"}`,
		`PATCH /users/u1 {"accountEnabled":false,"businessPhones":[],"displayName":"R\u0026D \u003cx\u003e","employeeOrgData":{"costCenter":"C1"},"faxNumber":null,"mobilePhone":null,"onPremisesExtensionAttributes":{"extensionAttribute1":"one","extensionAttribute7":null},"otherMails":["x@y.z"]}`,
		`DELETE /users/u2 `,
		`POST /directory/deletedItems/u3/restore {}`,
		`PUT /users/u4/manager/$ref {"@odata.id":"` + s.URL + `/v1.0/users/u1"}`,
		`DELETE /users/u5/manager/$ref `,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if st := w.Stats(); st.Writes != 6 || st.Batches != 1 || st.Requests != 1 {
		t.Errorf("%+v", st)
	}
}

func TestWriteSendsThrottledPartsAgain(t *testing.T) {
	var sent [][]string
	var round []string
	s := serve(t, nil)
	s.Server.Config.Handler = batches(func(p part) answer {
		round = append(round, p.URL)
		switch {
		case len(sent) == 0 && p.URL == "/users/b":
			return answer{status: 429, headers: map[string]string{"Retry-After": "2.5"}, body: graphError("TooManyRequests", "later")}
		case len(sent) == 0 && p.URL == "/users/c":
			return answer{status: 429, headers: map[string]string{"Retry-After": "7"}, body: graphError("TooManyRequests", "later")}
		case len(sent) < 2 && p.URL == "/users/d":
			return answer{status: 503}
		case p.URL == "/users/e":
			return answer{status: 400, headers: map[string]string{"request-id": "outer-id"}, body: graphError("Request_BadRequest", "Another object with the same value for property proxyAddresses already exists.")}
		}
		return answer{status: 204}
	})
	h := s.Server.Config.Handler
	s.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		round = nil
		h.ServeHTTP(w, r)
		sent = append(sent, round)
	})
	w := s.writer(t)
	var writes []providers.Write
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		writes = append(writes, patch(id, change("city", state.String("X"))))
	}
	results := w.Write(t.Context(), writes)
	want := [][]string{{"/users/a", "/users/b", "/users/c", "/users/d", "/users/e"}, {"/users/b", "/users/c", "/users/d"}, {"/users/d"}}
	if d := cmp.Diff(want, sent); d != "" {
		t.Error(d)
	}
	if s.clock.slept[0] < 7*time.Second {
		t.Errorf("waited %v, not the longest Retry-After", s.clock.slept[0])
	}
	for i, r := range results[:4] {
		if r.Err != nil {
			t.Errorf("write %d: %v", i, r.Err)
		}
	}
	var e *providers.ServiceError
	if !errors.As(results[4].Err, &e) || e.Status != 400 || e.Code != "Request_BadRequest" || e.RequestID != "outer-id" || e.Op != "PATCH /users/e" {
		t.Errorf("%v", results[4].Err)
	}
	if st := w.Stats(); st.Throttled != 2 || st.Retries != 4 || st.Writes != 9 {
		t.Errorf("%+v", st)
	}
}

func TestLostReplies(t *testing.T) {
	lost := map[string]func(w http.ResponseWriter){
		"connection cut":  func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"gateway timeout": func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html"); reply(w, 504, "<html>") },
		"half a reply": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000")
			reply(w, 200, `{"responses":[{"id":"1"`)
		},
		"not JSON":     func(w http.ResponseWriter) { reply(w, 200, "<html>sign in</html>") },
		"part missing": func(w http.ResponseWriter) { reply(w, 200, `{"responses":[]}`) },
		"no status":    func(w http.ResponseWriter) { reply(w, 200, `{"responses":[{"id":"1"},{"id":"2","status":0}]}`) },
	}
	for name, lose := range lost {
		t.Run(name, func(t *testing.T) {
			var creates, patches atomic.Int32
			var first atomic.Bool
			first.Store(true)
			ok := batches(func(p part) answer {
				if p.Method == "POST" {
					creates.Add(1)
					return answer{status: 201, body: `{"id":"x"}`}
				}
				patches.Add(1)
				return answer{status: 204}
			})
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if first.Swap(false) {
					lose(w)
					return
				}
				ok(w, r)
			})
			results := s.writer(t).Write(t.Context(), []providers.Write{create("a@b.c"), patch("u", change("city", state.Null()))})
			if !errors.Is(results[0].Err, providers.ErrUnknownOutcome) {
				t.Errorf("create: %v", results[0].Err)
			}
			if results[1].Err != nil {
				t.Errorf("patch: %v", results[1].Err)
			}
			if creates.Load() != 0 || patches.Load() != 1 {
				t.Errorf("sent again: %d creates, %d patches", creates.Load(), patches.Load())
			}
		})
	}
}

func TestNothingSentIsNotUnknown(t *testing.T) {
	s := serve(t, batches(func(part) answer { return answer{status: 204} }))
	w := s.writer(t)
	s.Server.Close()
	results := w.Write(t.Context(), []providers.Write{create("a@b.c")})
	if err := results[0].Err; err == nil || errors.Is(err, providers.ErrUnknownOutcome) {
		t.Errorf("the service could not be reached, yet: %v", err)
	}
}

// asleep is a clock by which the machine falls asleep during the first wait, of which the timer tells nothing.
type asleep struct {
	*clock
	over atomic.Bool
}

func (a *asleep) Sleep(context.Context, time.Duration) error {
	a.over.Store(true)
	return nil
}

// looking is a context that looks at that clock when it is asked.
type looking struct {
	context.Context
	at *asleep
}

func (l looking) Err() error {
	if l.at.over.Load() {
		return context.Canceled
	}
	return nil
}

// TestNothingIsSentAfterSleep: a context that ends without waking anybody is asked before each try, be it that the
// service has not been reached or that it was busy.
func TestNothingIsSentAfterSleep(t *testing.T) {
	for what, reached := range map[string]bool{"not reached": false, "busy": true} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
		if !reached {
			s.Close()
		}
		c := &asleep{clock: s.clock}
		s.config.Clock = c
		w := s.writer(t)
		results := w.Write(looking{t.Context(), c}, []providers.Write{create("a@b.c")})
		if n := w.Stats().Requests; n != 1 || !c.over.Load() || !errors.Is(results[0].Err, context.Canceled) {
			t.Errorf("%s: %d requests, %v", what, n, results[0].Err)
		}
	}
}

func TestCreateTurnedAwayIsRepeatedButNeverDoubled(t *testing.T) {
	n := 0
	s := serve(t, batches(func(part) answer {
		if n++; n == 1 {
			return answer{status: 503, headers: map[string]string{"Retry-After": "1"}}
		}
		return answer{status: 400, body: `{"error":{"code":"Request_BadRequest","message":"Another object with the same value for property userPrincipalName already exists.","details":[{"target":"userPrincipalName","code":"ObjectConflict"}]}}`}
	}))
	results := s.writer(t).Write(t.Context(), []providers.Write{create("a@b.c")})
	if n != 2 || !errors.Is(results[0].Err, providers.ErrUnknownOutcome) {
		t.Errorf("%d attempts, %v", n, results[0].Err)
	}
}

// TestResentWrites: a refusal that tells that an earlier request came through leaves the outcome open, any other decides it.
func TestResentWrites(t *testing.T) {
	const taken = "Another object with the same value for property userPrincipalName already exists."
	restore := providers.Write{Op: providers.OpRestore, Kind: state.User, ID: "u"}
	for _, c := range []struct {
		name           string
		write          providers.Write
		status         int
		message        string
		resent, unsure bool
	}{
		{"taken", create("a@b.c"), 400, taken, true, true},
		{"taken by another", create("a@b.c"), 400, taken, false, false},
		{"refused", create("a@b.c"), 400, "Invalid value specified for property 'mailNickname'.", true, false},
		{"restored", restore, 404, "does not exist", true, true},
		{"not in the bin", restore, 404, "does not exist", false, false},
	} {
		s := serve(t, batches(func(part) answer { return answer{status: c.status, body: graphError("Request_BadRequest", c.message)} }))
		c.write.Resent = c.resent
		r := s.writer(t).Write(t.Context(), []providers.Write{c.write})
		if r[0].Err == nil || errors.Is(r[0].Err, providers.ErrUnknownOutcome) != c.unsure {
			t.Errorf("%s: %v", c.name, r[0].Err)
		}
	}
}

func TestFreshObjectsAreWaitedFor(t *testing.T) {
	missing := 3
	s := serve(t, batches(func(p part) answer {
		switch {
		case p.Method == "POST":
			return answer{status: 201, body: `{"id":"fresh"}`}
		case p.URL == "/users/old":
			return answer{status: 404, body: graphError("Request_ResourceNotFound", "Resource 'old' does not exist")}
		}
		if missing--; missing >= 0 {
			return answer{status: 404, body: graphError("Request_ResourceNotFound", "Resource 'fresh' does not exist or one of its queried reference-property objects are not present.")}
		}
		return answer{status: 204}
	}))
	w := s.writer(t)
	if r := w.Write(t.Context(), []providers.Write{create("a@b.c")}); r[0].ID != "fresh" {
		t.Fatal(r)
	}
	r := w.Write(t.Context(), []providers.Write{
		{Op: providers.OpSetReference, Kind: state.User, ID: "u", Attributes: []state.AttributeChange{change("manager", state.String("fresh"))}},
		patch("old", change("city", state.Null())),
	})
	if r[0].Err != nil {
		t.Error(r[0].Err)
	}
	var e *providers.ServiceError
	if !errors.As(r[1].Err, &e) || e.Status != 404 {
		t.Error(r[1].Err)
	}
	if len(s.requests()) != 5 {
		t.Errorf("%d requests", len(s.requests()))
	}
	s.clock.now = s.clock.now.Add(11 * time.Minute)
	missing = 100
	if r := w.Write(t.Context(), []providers.Write{patch("fresh", change("city", state.Null()))}); r[0].Err == nil || len(s.requests()) != 6 {
		t.Errorf("after eleven minutes a 404 is final: %v, %d requests", r[0].Err, len(s.requests()))
	}
}

func TestReferencesThatAreAsWanted(t *testing.T) {
	s := serve(t, batches(func(p part) answer {
		if p.Method == "DELETE" {
			return answer{status: 404, body: graphError("Request_ResourceNotFound", "no manager")}
		}
		return answer{status: 400, body: graphError("Request_BadRequest", "One or more added object references already exist for the following modified properties: 'manager'.")}
	}))
	for i, r := range s.writer(t).Write(t.Context(), []providers.Write{
		{Op: providers.OpClearReference, Kind: state.User, ID: "u", Attributes: []state.AttributeChange{change("manager", state.Null())}},
		{Op: providers.OpSetReference, Kind: state.User, ID: "u", Attributes: []state.AttributeChange{change("manager", state.String("m"))}},
	}) {
		if r.Err != nil {
			t.Errorf("%d: %v", i, r.Err)
		}
	}
}

func TestWritesStayInsideTheQuota(t *testing.T) {
	var times []time.Time
	s := serve(t, nil)
	inner := batches(func(part) answer {
		times = append(times, s.clock.Now())
		return answer{status: 204}
	})
	s.Server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inner(w, r) })
	w := s.writer(t)
	var writes []providers.Write
	for i := range providers.MaxBatch {
		writes = append(writes, patch(fmt.Sprint(i), change("city", state.Null())))
	}
	start := s.clock.Now()
	for range 600 {
		w.Write(t.Context(), writes)
	}
	// The service's own bucket: 3,000 at first, 20 more each second.
	tokens, last := 3000.0, start
	for i, now := range times {
		tokens, last = min(3000, tokens+20*now.Sub(last).Seconds())-1, now
		if tokens < 0 {
			t.Fatalf("write %d after %v exceeds the quota", i, now.Sub(start))
		}
	}
	if used := float64(len(times)) / (3000 + 20*s.clock.Now().Sub(start).Seconds()); used < 0.95 {
		t.Errorf("only %.0f %% of the quota used", used*100)
	}
}

func TestWritesSlowDownWhenToldTo(t *testing.T) {
	s := serve(t, batches(func(part) answer {
		return answer{status: 204, headers: map[string]string{"x-ms-throttle-limit-percentage": "0.97"}}
	}))
	w := s.writer(t)
	for range 10 {
		w.Write(t.Context(), []providers.Write{patch("u", change("city", state.Null())), patch("v", change("city", state.Null()))})
	}
	// 3 % of 3,000 writes are left, which are kept in reserve.
	if took := s.clock.total(); took < 800*time.Millisecond || took > 1100*time.Millisecond {
		t.Errorf("18 writes after the warning took %v, not 18/20 of a second", took)
	}
}

func TestPasswords(t *testing.T) {
	seen := map[string]bool{}
	s := serve(t, batches(func(p part) answer {
		var body struct {
			PasswordProfile struct {
				Password string
				Force    bool `json:"forceChangePasswordNextSignIn"`
			}
		}
		if err := json.Unmarshal(p.Body, &body); err != nil {
			t.Error(err)
		}
		pw := body.PasswordProfile.Password
		if len(pw) < 32 || seen[pw] || !body.PasswordProfile.Force ||
			!strings.ContainsAny(pw, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") || !strings.ContainsAny(pw, "abcdefghijklmnopqrstuvwxyz") ||
			!strings.ContainsAny(pw, "0123456789") || !strings.ContainsAny(pw, "!#%*+-=?@^_~") {
			t.Errorf("unfit password %q", pw)
		}
		seen[pw] = true
		return answer{status: 400, body: graphError("Request_BadRequest", "no")}
	}))
	w := s.writer(t)
	for range 20 {
		r := w.Write(t.Context(), []providers.Write{create("a@b.c")})
		for pw := range seen {
			if strings.Contains(fmt.Sprintf("%+v %v", r, r[0].Err), pw) {
				t.Fatal("the password shows")
			}
		}
	}
}

func TestForbiddenNamesThePermission(t *testing.T) {
	s := serve(t, batches(func(part) answer {
		return answer{status: 403, body: graphError("Authorization_RequestDenied", "Insufficient privileges to complete the operation.")}
	}))
	r := s.writer(t).Write(t.Context(), []providers.Write{create("a@b.c")})
	if r[0].Err == nil || !strings.Contains(told(r[0].Err), "User.ReadWrite.All") {
		t.Error(r[0].Err)
	}
}
