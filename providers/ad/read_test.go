package ad_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

var cnShape = state.NewShape("cn")

const testOU = "OU=Staff," + testBase

func staff(shape *state.Shape) providers.Query {
	return providers.Query{Kind: state.User, Bases: []string{testOU}, Attributes: shape}
}

// drain counts a stream's objects and returns its error.
func drain(objects providers.Objects) (n int, err error) {
	for _, err := range objects {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// threePages answers with pages of two users each.
func threePages(w *wire, r request) {
	page := map[string]int{"": 0, "one": 1, "two": 2}[r.cookie]
	w.user(2*page + 1)
	w.user(2*page + 2)
	w.page([]string{"one", "two", ""}[page])
}

func TestReadPages(t *testing.T) {
	f := (&fake{controls: []string{oidPaging, oidDomainScope}, search: threePages}).serve(t)
	var got []string
	q := staff(cnShape)
	q.Filter = "(employeeType=staff)"
	for o, err := range f.open().Read(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, o.Get("cn").Str()+" "+o.DN+" "+o.GUID.String())
	}
	if len(got) != 6 || got[5] != "User 6 CN=User 6,"+testOU+" 00000001-0000-0000-0000-000000000006" {
		t.Errorf("got %q", got)
	}
	searches := f.seen(isSearch)
	if len(searches) != 3 || searches[0].filter != "(&(&(objectCategory=person)(objectClass=user))(employeeType=staff))" || searches[0].base != testOU {
		t.Errorf("searches: %+v", searches)
	}
	if critical, asked := searches[0].critical[oidDomainScope]; !critical || !asked {
		t.Errorf("the domain scope control was asked for: %v, critical: %v", asked, critical)
	}
	if !slices.Equal(searches[0].attrs, []string{"objectGUID", "cn"}) {
		t.Errorf("asked for %q", searches[0].attrs)
	}
}

func TestReadWithoutControls(t *testing.T) {
	f := (&fake{search: func(w *wire, r request) { w.user(1); w.done(0, "") }}).serve(t)
	if n, err := drain(f.open().Read(t.Context(), staff(cnShape))); n != 1 || err != nil {
		t.Errorf("%d objects, %v", n, err)
	}
	for _, r := range f.seen(isSearch) {
		if r.paged || len(r.critical) > 0 {
			t.Errorf("the server was sent controls it doesn't support: %+v", r)
		}
	}
}

// TestIncomplete: whatever keeps a read from being complete is an error that says how far it got.
func TestIncomplete(t *testing.T) {
	for name, tt := range map[string]struct {
		search func(w *wire, r request)
		want   []string
	}{
		"size limit":   {func(w *wire, _ request) { w.user(1); w.user(2); w.done(4, "") }, []string{"after 2 objects", "limit on results"}},
		"time limit":   {func(w *wire, _ request) { w.user(1); w.done(3, "") }, []string{"after 1 objects", "time limit"}},
		"admin limit":  {func(w *wire, _ request) { w.done(11, "") }, []string{"after 0 objects", "limit on results"}},
		"busy":         {func(w *wire, _ request) { w.user(1); w.done(51, "") }, []string{"after 1 objects", "too busy"}},
		"no such base": {func(w *wire, _ request) { w.done(32, "No such Base DN") }, []string{testOU, "there is no such container"}},
		"other domain": {func(w *wire, _ request) { w.done(10, "0000202B: RefErr") }, []string{testOU, "not in this server's domain"}},
		"reference":    {func(w *wire, _ request) { w.user(1); w.reference("ldap://eu/OU=Sub," + testOU + "??sub"); w.page("") }, []string{"refers to ldap://eu/OU=Sub", "after 1 objects"}},
		"no base":      {func(w *wire, _ request) { w.reference("ldap://eu/"); w.page("") }, []string{"refers to ldap://eu/"}},
		"no cookie":    {func(w *wire, _ request) { w.user(1); w.done(0, "") }, []string{"after 1 objects", "paging control"}},
		"hang up":      {func(w *wire, _ request) { w.user(1); w.Close() }, []string{"after 1 objects", "closed the connection"}},
		"cut": {func(w *wire, _ request) {
			w.user(1)
			m := message(w.id, entryOp("CN=User 2,"+testOU, "cn", []string{strings.Repeat("x", 500)}))
			_, _ = w.Write(m[:len(m)-100])
			w.Close()
		}, []string{"after 1 objects", "middle of a message"}},
		"cut page": {func(w *wire, r request) {
			if r.cookie != "" {
				w.Close()
				return
			}
			w.user(1)
			w.page("more")
		}, []string{"after 1 objects", "closed the connection"}},
		"wrong type":    {func(w *wire, _ request) { w.user(1); w.result(ldap.ApplicationExtendedResponse, 12, "") }, []string{"after 1 objects", "ExtendedResponse"}},
		"other type":    {func(w *wire, _ request) { w.result(ldap.ApplicationModifyResponse, 0, "") }, []string{"0x67"}},
		"garbage":       {func(w *wire, _ request) { _, _ = w.Write([]byte("HTTP/1.1 400 Bad Request\r\n")) }, []string{"malformed"}},
		"huge":          {func(w *wire, _ request) { _, _ = w.Write([]byte("\x30\x84\x7f\xff\xff\xff\x02\x01\x02\x64")) }, []string{"malformed"}},
		"no objectGUID": {func(w *wire, _ request) { w.entry("CN=X,"+testOU, "cn", []string{"X"}); w.page("") }, []string{"objectGUID of CN=X," + testOU}},
		"silence":       {func(w *wire, _ request) { w.user(1) }, []string{"after 1 objects", "no answer within 300ms"}},
		"drip": {func(w *wire, _ request) {
			w.user(1)
			m := message(w.id, entryOp("CN=User 2,"+testOU, "cn", []string{strings.Repeat("x", 5000)}))
			for i := 0; i < len(m) && w.drop(m[i:i+1]); i++ {
			}
		}, []string{"after 1 objects", "no end after 600ms, the limit for one reply (dirform help limits)"}},
		"endless page": {func(w *wire, _ request) {
			for i := 0; i < 100_000; i++ {
				w.user(i)
			}
		}, []string{"more than 100 entries for a page of 50"}},
		"endless pages": {func(w *wire, _ request) { time.Sleep(time.Millisecond); w.page("more") },
			[]string{"after 0 objects", "no end after 900ms, the limit for one search (dirform help limits)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := (&fake{controls: []string{oidPaging}, search: tt.search}).serve(t)
			cfg := f.cfg()
			cfg.Timeout, cfg.ReplyTime, cfg.SearchTime = 300*time.Millisecond, 600*time.Millisecond, 900*time.Millisecond
			cfg.PageSize = 50
			r := f.openWith(cfg)
			_, err := drain(r.Read(t.Context(), staff(cnShape)))
			wantError(t, err, append(tt.want, f.addr)...)
		})
	}
}

func TestHarmlessReference(t *testing.T) {
	f := (&fake{controls: []string{oidPaging}, search: func(w *wire, _ request) {
		w.user(1)
		w.reference("ldap://corp.contoso.com/CN=Configuration," + testBase)
		w.page("")
	}}).serve(t)
	if n, err := drain(f.open().Read(t.Context(), staff(cnShape))); n != 1 || err != nil {
		t.Errorf("%d objects, %v", n, err)
	}
}

func TestBadQueries(t *testing.T) {
	r := (&fake{}).serve(t).open()
	for want, q := range map[string]providers.Query{
		"no container":            {Kind: state.User, Attributes: cnShape},
		"not a distinguished":     {Kind: state.User, Bases: []string{"Staff"}, Attributes: cnShape},
		"exclude: \"Staff\"":      {Kind: state.User, Bases: []string{testOU}, Exclude: []string{"Staff"}, Attributes: cnShape},
		"upn_suffix":              {Kind: state.UPNSuffix, Bases: []string{testOU}, Attributes: cnShape},
		"filter \"(a=b\"":         {Kind: state.User, Bases: []string{testOU}, Filter: "(a=b", Attributes: cnShape},
		"filter \"(a=b)(c=d)\"":   {Kind: state.User, Bases: []string{testOU}, Filter: "(a=b)(c=d)", Attributes: cnShape},
		"filter \"(a=b))(|(x=*\"": {Kind: state.User, Bases: []string{testOU}, Filter: "(a=b))(|(x=*", Attributes: cnShape},
	} {
		_, err := drain(r.Read(t.Context(), q))
		wantError(t, err, want)
	}
}

// TestCancel ends a read whose server has stopped answering.
func TestCancel(t *testing.T) {
	f := (&fake{controls: []string{oidPaging}, search: func(w *wire, _ request) { w.user(1) }}).serve(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	why := errors.New("the user pressed Ctrl-C")
	n := 0
	var last error
	for _, err := range f.open().Read(ctx, staff(cnShape)) {
		if last = err; err == nil {
			n++
			cancel(why)
		}
	}
	if n != 1 || !errors.Is(last, why) {
		t.Errorf("%d objects, then %v", n, last)
	}
	wantError(t, last, "after 1 objects")
}

// TestCancelEarly: a context that ended before must not look like an empty directory.
func TestCancelEarly(t *testing.T) {
	r := (&fake{search: threePages}).serve(t).open()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 30 {
		if _, err := drain(r.Read(ctx, staff(cnShape))); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
	}
}

// TestStop breaks out of streams of a server that has more to say, and looks for goroutines left behind.
func TestStop(t *testing.T) {
	f := (&fake{controls: []string{oidPaging}, search: func(w *wire, _ request) { w.user(1) }}).serve(t)
	r := f.open()
	before := runtime.NumGoroutine()
	start := time.Now()
	for range 5 {
		for _, err := range r.Read(t.Context(), staff(cnShape)) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if d := time.Since(start); d > f.cfg().Timeout {
		t.Errorf("stopping took %v", d)
	}
	f.hangUp()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

// TestSlowConsumer takes longer for an object than the server may be silent.
func TestSlowConsumer(t *testing.T) {
	text := strings.Repeat("x", 8<<10)
	const users = 400 // more than the buffers on the way hold
	f := (&fake{controls: []string{oidPaging}, search: func(w *wire, _ request) {
		for i := range users {
			w.user(i, "info", []string{text})
		}
		w.page("")
	}}).serve(t)
	cfg := f.cfg()
	cfg.Timeout = 100 * time.Millisecond
	n := 0
	for o, err := range f.openWith(cfg).Read(t.Context(), staff(state.NewShape("info"))) {
		if err != nil {
			t.Fatal(err)
		}
		if o.Get("info").Str() != text {
			t.Fatalf("%s: wrong value", o.DN)
		}
		if n++; n == 1 {
			time.Sleep(5 * cfg.Timeout)
		}
	}
	if n != users {
		t.Errorf("%d of %d users", n, users)
	}
}

func TestBases(t *testing.T) {
	var barrier sync.WaitGroup
	barrier.Add(2)
	f := (&fake{search: func(w *wire, r request) {
		barrier.Done()
		barrier.Wait() // both searches run at the same time, or neither ends
		w.entry("CN=A,"+r.base, "objectGUID", []string{guid(len(r.base))})
		w.entry("CN=B,ou=Service , "+r.base, "objectGUID", []string{guid(len(r.base) + 100)})
		w.done(0, "")
	}}).serve(t)
	q := staff(cnShape)
	q.Bases = []string{"OU=Berlin," + testOU, testOU, "ou=staff, " + strings.ToLower(testBase), "OU=Guests," + testBase}
	q.Exclude = []string{"OU=Service," + testOU}
	var got []string
	for o, err := range f.open().Read(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, o.DN)
	}
	slices.Sort(got)
	if want := []string{"CN=A,OU=Guests," + testBase, "CN=A," + testOU, "CN=B,ou=Service , OU=Guests," + testBase}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestRange is Windows' way to send a group's members: 1500 at a time, beside an empty attribute of the plain name.
func TestRange(t *testing.T) {
	var all []string
	for i := range 3200 {
		all = append(all, fmt.Sprintf("CN=User %d,%s", i, testOU))
	}
	group := func(w *wire) {
		w.entry("CN=All,"+testOU, "objectGUID", []string{guid(1)}, "member", []string{}, "member;range=0-1499", all[:1500], "cn", []string{"All"})
		w.entry("CN=Few,"+testOU, "objectGUID", []string{guid(2)}, "member", all[:1])
		w.done(0, "")
	}
	q := providers.Query{Kind: state.Group, Bases: []string{testOU}, Attributes: state.NewShape("member", "cn")}
	whole := func(w *wire, r request) {
		switch {
		case r.base == testOU:
			group(w)
			return
		case r.attrs[0] == "member;range=1500-*":
			w.entry("CN=All,"+testOU, "member;range=1500-2999", all[1500:3000])
		case r.attrs[0] == "member;range=3000-*":
			w.entry("CN=All,"+testOU, "member;range=3000-*", all[3000:])
		}
		w.done(0, "")
	}
	groups := collect(t, (&fake{search: whole}).serve(t).open().Read(t.Context(), q))
	if len(groups) != 2 || !slices.Equal(groups[0].Get("member").List(), all) || groups[0].Get("cn").Str() != "All" || len(groups[1].Get("member").List()) != 1 {
		t.Errorf("got %d groups, the first with %d members", len(groups), len(groups[0].Get("member").List()))
	}
	for name, answer := range map[string]func(*wire){
		"didn't send the values from number 1500": func(w *wire) { w.entry("CN=All," + testOU); w.done(0, "") },
		"got 2 of member;range=1501-1502":         func(w *wire) { w.entry("CN=All,"+testOU, "member;range=1501-1502", all[1501:1503]); w.done(0, "") },
		"got 1 of member;range=1500-1502":         func(w *wire) { w.entry("CN=All,"+testOU, "member;range=1500-1502", all[1500:1501]); w.done(0, "") },
		"vanished":                                func(w *wire) { w.done(32, "") },
	} {
		t.Run(name, func(t *testing.T) {
			f := (&fake{search: func(w *wire, r request) {
				if r.base == testOU {
					group(w)
					return
				}
				answer(w)
			}}).serve(t)
			_, err := drain(f.open().Read(t.Context(), q))
			wantError(t, err, name, "attribute member of CN=All", "after 0 objects")
		})
	}
}

func TestLookup(t *testing.T) {
	f := (&fake{search: func(w *wire, r request) {
		for i := range 450 {
			if strings.Contains(r.filter, ldapEscape(guid(i))) && i%9 != 0 {
				w.user(i)
			}
		}
		w.done(0, "")
	}}).serve(t)
	var guids []state.GUID
	for i := range 450 {
		g := state.GUID([]byte(guid(i)))
		guids = append(guids, g, g)
	}
	n, err := drain(f.open().Lookup(t.Context(), state.User, guids, cnShape))
	if n != 400 || err != nil {
		t.Errorf("%d objects, %v", n, err)
	}
	if searches := f.seen(isSearch); len(searches) != 3 || searches[0].base != testBase {
		t.Errorf("%d searches, the first at %q", len(searches), searches[0].base)
	}
	if n, err := drain(f.open().Lookup(t.Context(), state.User, nil, cnShape)); n != 0 || err != nil {
		t.Errorf("nothing asked: %d objects, %v", n, err)
	}
}

// ldapEscape is how go-ldap prints a binary value in a filter.
func ldapEscape(s string) string { return ldap.EscapeFilter(s) }
