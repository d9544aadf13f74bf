package ad_test

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/state"
)

func (f *fake) openWriter() *ad.Writer {
	f.t.Helper()
	w, err := ad.OpenWriter(context.Background(), f.cfg())
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { w.Close() })
	return w
}

func isModify(r request) bool { return r.op == ldap.ApplicationModifyRequest }

// answers makes a server that answers every Modify with code.
func answers(t *testing.T, code int, text string) *fake {
	return (&fake{modify: func(w *wire, _ request) { w.result(ldap.ApplicationModifyResponse, code, text) }}).serve(t)
}

func TestSetAttribute(t *testing.T) {
	b64 := func(s string) state.Value { return state.String(base64.StdEncoding.EncodeToString([]byte(s))) }
	for name, tt := range map[string]struct {
		attribute     string
		before, after state.Value
		want          []string
	}{
		"set":       {"mS-DS-ConsistencyGuid", state.Null(), b64("\x00new"), []string{"add mS-DS-ConsistencyGuid=\x00new"}},
		"replace":   {"ms-ds-consistencyguid", b64("\xffold"), b64("new"), []string{"delete ms-ds-consistencyguid=\xffold", "add ms-ds-consistencyguid=new"}},
		"clear":     {"mS-DS-ConsistencyGuid", b64("old"), state.Null(), []string{"delete mS-DS-ConsistencyGuid=old"}},
		"string":    {"employeeType", state.String("a"), state.String("b"), []string{"delete employeeType=a", "add employeeType=b"}},
		"bool":      {"msExchHideFromAddressLists", state.Bool(false), state.Bool(true), []string{"delete msExchHideFromAddressLists=FALSE", "add msExchHideFromAddressLists=TRUE"}},
		"no change": {"employeeType", state.Null(), state.String(""), nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := answers(t, 0, "")
			if err := f.openWriter().SetAttribute(t.Context(), state.GUID{0x28, 15: 0x52}, tt.attribute, tt.before, tt.after); err != nil {
				t.Fatal(err)
			}
			requests := f.seen(isModify)
			if tt.want == nil {
				if len(requests) > 0 {
					t.Errorf("sent %q", requests[0].changes)
				}
				return
			}
			if len(requests) != 1 || !slices.Equal(requests[0].changes, tt.want) || requests[0].base != "<GUID=28000000000000000000000000000052>" {
				t.Errorf("sent %+v, want %q", requests, tt.want)
			}
		})
	}
}

func TestSetAttributeErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		code   int
		before state.Value
		stale  bool
		want   string
	}{
		"value gone":    {16, state.String("b2xk"), true, "another value"},
		"value there":   {20, state.Null(), true, "it has a value by now"},
		"object gone":   {32, state.Null(), true, "the object is gone"},
		"no attribute":  {16, state.Null(), false, "schema has no such attribute"},
		"no right":      {50, state.Null(), false, "dsacls CONTAINER /I:S /G ACCOUNT:WP;mS-DS-ConsistencyGuid;user"},
		"bad value":     {21, state.Null(), false, "doesn't accept the value"},
		"anything else": {80, state.Null(), false, "80"},
	} {
		t.Run(name, func(t *testing.T) {
			err := answers(t, tt.code, "the server's words").openWriter().SetAttribute(t.Context(), state.GUID{1}, "mS-DS-ConsistencyGuid", tt.before, state.String("bmV3"))
			wantError(t, err, tt.want, "the server's words", "mS-DS-ConsistencyGuid", "00000001-0000-0000-0000-000000000000")
			if errors.Is(err, providers.ErrStale) != tt.stale || errors.Is(err, providers.ErrUnknownOutcome) {
				t.Errorf("stale is %v, want %v: %v", !tt.stale, tt.stale, err)
			}
		})
	}
	f := answers(t, 0, "")
	err := f.openWriter().SetAttribute(t.Context(), state.GUID{1}, "mS-DS-ConsistencyGuid", state.Null(), state.String("not base64"))
	wantError(t, err, "base64")
	if n := len(f.seen(isModify)); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestLostReply: a write whose answer never comes may have been carried out.
func TestLostReply(t *testing.T) {
	f := (&fake{modify: func(w *wire, _ request) { w.Close() }}).serve(t)
	w := f.openWriter()
	err := w.SetAttribute(t.Context(), state.GUID{1}, "employeeType", state.Null(), state.String("x"))
	if !errors.Is(err, providers.ErrUnknownOutcome) || errors.Is(err, providers.ErrStale) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = w.SetAttribute(ctx, state.GUID{1}, "employeeType", state.Null(), state.String("x"))
	if !errors.Is(err, context.Canceled) || errors.Is(err, providers.ErrUnknownOutcome) {
		t.Errorf("a write that was never sent: %v", err)
	}
}

func TestAddUPNSuffix(t *testing.T) {
	for code, want := range map[int]string{0: "", 20: "", 50: "may not write uPNSuffixes on \"CN=Partitions,CN=Configuration", 53: "contoso.com"} {
		f := answers(t, code, "")
		err := f.openWriter().AddUPNSuffix(t.Context(), "contoso.com")
		if want != "" {
			wantError(t, err, want)
		} else if err != nil {
			t.Errorf("code %d: %v", code, err)
		}
		if r := f.seen(isModify); len(r) != 1 || r[0].base != "CN=Partitions,CN=Configuration,"+testBase || !slices.Equal(r[0].changes, []string{"add uPNSuffixes=contoso.com"}) {
			t.Errorf("sent %+v", r)
		}
	}
	for _, suffix := range []string{"", "@contoso.com", "contoso com"} {
		err := answers(t, 0, "").openWriter().AddUPNSuffix(t.Context(), suffix)
		wantError(t, err, "is not a UPN suffix")
	}
}

// TestReaderCantWrite keeps the two roles apart.
func TestReaderCantWrite(t *testing.T) {
	var r any = &ad.Reader{}
	if _, ok := r.(providers.SourceWriter); ok {
		t.Error("a Reader can write")
	}
	if _, ok := r.(interface {
		AddUPNSuffix(context.Context, string) error
	}); ok {
		t.Error("a Reader can add UPN suffixes")
	}
}

func TestKerberosErrors(t *testing.T) {
	f := (&fake{}).serve(t)
	for want, k := range map[string]*ad.Kerberos{
		"neither keytab nor ccache": {Principal: "svc@CORP.CONTOSO.COM"},
		"must be user@REALM":        {Keytab: "x", Principal: "svc"},
		"/nowhere/krb5.conf":        {Keytab: "x", Principal: "svc@CORP.CONTOSO.COM", Krb5Conf: "/nowhere/krb5.conf"},
	} {
		cfg := f.cfg()
		cfg.Kerberos = k
		_, err := ad.Open(t.Context(), cfg)
		wantError(t, err, want, f.addr)
		if strings.Contains(err.Error(), cfg.Password) {
			t.Errorf("the password stands in %v", err)
		}
	}
}
