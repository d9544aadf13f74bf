package ad_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// sambaConfig is how to reach the domain controller that these tests run against.
func sambaConfig(t *testing.T) ad.Config {
	t.Helper()
	url := os.Getenv("AD_LDAPS_URL")
	if url == "" {
		t.Skip("samba is not installed: AD_LDAPS_URL is not set")
	}
	ca, err := os.ReadFile(os.Getenv("AD_CA_FILE"))
	if err != nil {
		t.Fatal(err)
	}
	return ad.Config{URLs: []string{url}, CA: ca, BaseDN: os.Getenv("AD_BASE_DN"), BindDN: os.Getenv("AD_BIND_DN"), Password: os.Getenv("AD_BIND_PASSWORD")}
}

func openSamba(t *testing.T, cfg ad.Config) *ad.Reader {
	t.Helper()
	r, err := ad.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func collect(t *testing.T, objects providers.Objects) []*state.Object {
	t.Helper()
	var list []*state.Object
	for o, err := range objects {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, o.Clone())
	}
	return list
}

func TestSambaDomain(t *testing.T) {
	cfg := sambaConfig(t)
	r := openSamba(t, cfg)
	d, err := r.Domain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(d.SID, "S-1-5-21-") || !strings.EqualFold(d.BaseDN, cfg.BaseDN) || !strings.Contains(d.Name, ".") {
		t.Errorf("domain is %+v", d)
	}
	suffixes, err := r.UPNSuffixes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(suffixes, d.Name) {
		t.Errorf("UPN suffixes %q lack the domain's own name %s", suffixes, d.Name)
	}
}

func TestSambaContainer(t *testing.T) {
	cfg := sambaConfig(t)
	r := openSamba(t, cfg)
	byDN, ok, err := r.Container(t.Context(), "cn=users, "+cfg.BaseDN, state.GUID{})
	if err != nil || !ok {
		t.Fatalf("CN=Users: found %v, error %v", ok, err)
	}
	byGUID, ok, err := r.Container(t.Context(), "", byDN.GUID)
	if err != nil || !ok || byGUID != byDN {
		t.Errorf("by GUID: %+v, %v, %v; by DN: %+v", byGUID, ok, err, byDN)
	}
	if _, ok, err := r.Container(t.Context(), "OU=Nowhere,"+cfg.BaseDN, state.GUID{}); ok || err != nil {
		t.Errorf("a missing OU: found %v, error %v", ok, err)
	}
	if _, ok, err := r.Container(t.Context(), "", state.GUID{1, 2, 3}); ok || err != nil {
		t.Errorf("a missing GUID: found %v, error %v", ok, err)
	}
}

var sambaShape = state.NewShape("cn", "sAMAccountName", "userAccountControl", "objectSid", "whenCreated", "memberOf", "objectGUID", "pwdLastSet", "description", "noSuchAttribute")

func TestSambaUsers(t *testing.T) {
	cfg := sambaConfig(t)
	cfg.PageSize = 100
	r := openSamba(t, cfg)
	users := collect(t, r.Read(t.Context(), providers.Query{Kind: state.User, Bases: []string{cfg.BaseDN, "CN=Users," + cfg.BaseDN}, Attributes: sambaShape}))
	seen := map[state.GUID]bool{}
	for _, u := range users {
		if seen[u.GUID] {
			t.Errorf("%s came twice", u.DN)
		}
		seen[u.GUID] = true
		checkSambaUser(t, u)
	}
	// Other tests come and go in OUs of their own on the same domain controller; CN=Users is left alone.
	stable := map[state.GUID]bool{}
	var guids []state.GUID
	for _, u := range users {
		if strings.HasSuffix(strings.ToLower(u.DN), strings.ToLower(",CN=Users,"+cfg.BaseDN)) {
			stable[u.GUID] = true
			guids = append(guids, u.GUID)
		}
	}
	if len(stable) < 3 {
		t.Fatalf("%d of %d users are in CN=Users", len(stable), len(users))
	}
	guids = append(guids, guids[0], state.GUID{9})
	found := collect(t, r.Lookup(t.Context(), state.User, guids, state.NewShape("cn")))
	if len(found) != len(stable) {
		t.Errorf("looked up %d of %d users", len(found), len(stable))
	}
	for _, u := range collect(t, r.Read(t.Context(), providers.Query{Kind: state.User, Bases: []string{cfg.BaseDN}, Exclude: []string{"cn = USERS," + cfg.BaseDN}, Attributes: state.NewShape("cn")})) {
		if stable[u.GUID] {
			t.Errorf("%s was excluded", u.DN)
		}
	}
	inUsers := collect(t, r.Read(t.Context(), providers.Query{Kind: state.User, Bases: []string{"CN=Users," + cfg.BaseDN}, Attributes: state.NewShape("cn")}))
	if len(inUsers) != len(stable) {
		t.Errorf("%d users in CN=Users, by way of the whole domain %d", len(inUsers), len(stable))
	}
}

func checkSambaUser(t *testing.T, u *state.Object) {
	t.Helper()
	if got, want := u.Get("objectGUID").Str(), base64.StdEncoding.EncodeToString(u.GUID[:]); got != want {
		t.Errorf("%s: objectGUID %q, want %q", u.DN, got, want)
	}
	for name, kind := range map[string]state.ValueKind{
		"cn": state.StringValue, "sAMAccountName": state.StringValue, "userAccountControl": state.IntValue, "pwdLastSet": state.IntValue,
		"whenCreated": state.StringValue, "noSuchAttribute": state.NullValue,
	} {
		if got := u.Get(name); got.Kind() != kind {
			t.Errorf("%s: %s is %#v", u.DN, name, got)
		}
	}
	if sid := u.Get("objectSid").Str(); !strings.HasPrefix(sid, "S-1-5-21-") {
		t.Errorf("%s: objectSid %q", u.DN, sid)
	}
}

// TestSambaRange asks for a group's members in parts, as Windows sends them unasked; Samba does so only when asked.
func TestSambaRange(t *testing.T) {
	cfg := sambaConfig(t)
	r := openSamba(t, cfg)
	most := &state.Object{Shape: state.NewShape("member"), Values: []state.Value{state.Null()}}
	for _, g := range collect(t, r.Read(t.Context(), providers.Query{Kind: state.Group, Bases: []string{"CN=Users," + cfg.BaseDN}, Attributes: most.Shape})) {
		if len(g.Get("member").List()) > len(most.Get("member").List()) {
			most = g
		}
	}
	all := most.Get("member").List()
	if len(all) < 2 {
		t.Fatalf("no group has two members")
	}
	const ranged = "member;range=0-0"
	for o, err := range r.Lookup(t.Context(), state.Group, []state.GUID{most.GUID}, state.NewShape("cn", ranged)) {
		if err != nil {
			t.Fatal(err)
		}
		if got := o.Get(ranged).List(); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(all))) {
			t.Errorf("%s: %d members in parts, %d at once", o.DN, len(got), len(all))
		}
	}
}

// dialLibrary is a bound connection without anything of ours.
func dialLibrary(t *testing.T, cfg ad.Config) *ldap.Conn {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cfg.CA)
	c, err := ldap.DialURL(cfg.URLs[0], ldap.DialWithTLSConfig(&tls.Config{RootCAs: pool}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetTimeout(time.Minute)
	if err := c.Bind(cfg.BindDN, cfg.Password); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSambaAgainstLibrary reads the users of CN=Users once through the tap and once through the library alone.
func TestSambaAgainstLibrary(t *testing.T) {
	cfg := sambaConfig(t)
	c := dialLibrary(t, cfg)
	names := []string{"cn", "sn", "givenName", "displayName", "mail", "proxyAddresses", "manager", "memberOf", "userPrincipalName", "description", "title", "employeeNumber", "objectClass", "telephoneNumber"}
	result, err := c.SearchWithPaging(ldap.NewSearchRequest("CN=Users,"+cfg.BaseDN, ldap.ScopeWholeSubtree, 0, 0, 0, false, "(&(objectCategory=person)(objectClass=user))", append(names, "objectGUID"), nil), 250)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]*ldap.Entry{}
	for _, e := range result.Entries {
		want[e.GetAttributeValue("objectGUID")] = e
	}
	users := collect(t, openSamba(t, cfg).Read(t.Context(), providers.Query{Kind: state.User, Bases: []string{"CN=Users," + cfg.BaseDN}, Attributes: state.NewShape(names...)}))
	if len(users) != len(want) {
		t.Errorf("%d users, the library reads %d", len(users), len(want))
	}
	for _, u := range users {
		e := want[string(u.GUID[:])]
		if e == nil || e.DN != u.DN {
			t.Errorf("%s: the library has %+v", u.DN, e)
			continue
		}
		for i, name := range names {
			got := u.Values[i].List()
			if s := u.Values[i].Str(); s != "" {
				got = []string{s}
			}
			if !slices.Equal(got, e.GetAttributeValues(name)) {
				t.Errorf("%s: %s is %q, the library has %q", u.DN, name, got, e.GetAttributeValues(name))
			}
		}
	}
}

func TestSambaStartTLS(t *testing.T) {
	cfg := sambaConfig(t)
	cfg.URLs, cfg.StartTLS = []string{strings.NewReplacer("ldaps:", "ldap:", ":636", ":389").Replace(cfg.URLs[0])}, true
	if _, err := openSamba(t, cfg).Domain(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSambaUPNSuffix(t *testing.T) {
	cfg := sambaConfig(t)
	w, err := ad.OpenWriter(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	const suffix = "suffix-test.contoso.com"
	t.Cleanup(func() {
		remove := ldap.NewModifyRequest("CN=Partitions,CN=Configuration,"+cfg.BaseDN, nil)
		remove.Delete("uPNSuffixes", []string{suffix})
		if err := dialLibrary(t, cfg).Modify(remove); err != nil {
			t.Error(err)
		}
	})
	for range 2 { // the second time it is there already
		if err := w.AddUPNSuffix(t.Context(), suffix); err != nil {
			t.Fatal(err)
		}
	}
	got, err := openSamba(t, cfg).UPNSuffixes(t.Context())
	if err != nil || !slices.Contains(got, suffix) {
		t.Errorf("UPN suffixes are %q, %v", got, err)
	}
}

func TestSambaErrors(t *testing.T) {
	good := sambaConfig(t)
	r := openSamba(t, good)
	for _, err := range r.Read(t.Context(), providers.Query{Kind: state.User, Bases: []string{"OU=Nowhere," + good.BaseDN}, Attributes: sambaShape}) {
		wantError(t, err, "OU=Nowhere", "there is no such container", "after 0 objects")
	}
	for name, tt := range map[string]struct {
		change func(*ad.Config)
		want   []string
	}{
		"password": {func(c *ad.Config) { c.Password = "wrong-secret" }, []string{"wrong account name or password", good.BindDN, good.URLs[0]}},
		"base":     {func(c *ad.Config) { c.BaseDN = "DC=fabrikam,DC=com" }, []string{"base_dn", "DC=fabrikam,DC=com", good.URLs[0]}},
		"ca":       {func(c *ad.Config) { c.CA = nil }, []string{"Set ca_file", good.URLs[0]}},
		"name":     {func(c *ad.Config) { c.ServerName = "dc1.fabrikam.com" }, []string{"server_name", "dc1.fabrikam.com"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good
			tt.change(&cfg)
			_, err := ad.Open(t.Context(), cfg)
			wantError(t, err, tt.want...)
			if strings.Contains(err.Error(), "wrong-secret") {
				t.Errorf("the password stands in %v", err)
			}
		})
	}
}

// wantError holds an error's words and its hint to the parts they must have.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	told := err.Error() + "\n" + fault.Hint(err)
	for _, p := range parts {
		if !strings.Contains(told, p) {
			t.Errorf("error %q lacks %q", told, p)
		}
	}
}

func TestSambaSetAttribute(t *testing.T) {
	cfg := sambaConfig(t)
	r := openSamba(t, cfg)
	w, err := ad.OpenWriter(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	const name = "mS-DS-ConsistencyGuid"
	users := collect(t, r.Read(t.Context(), providers.Query{Kind: state.User, Bases: []string{"CN=Users," + cfg.BaseDN}, Filter: "(!(" + name + "=*))", Attributes: state.NewShape(name)}))
	if len(users) == 0 {
		t.Fatal("no user without " + name)
	}
	guid := users[len(users)-1].GUID
	one, two := binaryValue(1), binaryValue(2)
	set := func(before, after state.Value) error {
		return w.SetAttribute(context.Background(), guid, name, before, after)
	}
	defer func() {
		_ = set(one, state.Null())
		_ = set(two, state.Null())
	}()
	for i, step := range []struct {
		before, after state.Value
		stale         bool
	}{
		{state.Null(), one, false},
		{state.Null(), two, true},
		{two, one, true},
		{one, two, false},
		{one, state.Null(), true},
		{two, state.Null(), false},
	} {
		err := set(step.before, step.after)
		if step.stale != errors.Is(err, providers.ErrStale) || !step.stale && err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		for o, err := range r.Lookup(t.Context(), state.User, []state.GUID{guid}, state.NewShape(name)) {
			if err != nil {
				t.Fatal(err)
			}
			if !step.stale && o.Get(name).Str() != step.after.Str() {
				t.Errorf("step %d: the value is %q", i, o.Get(name).Str())
			}
		}
	}
	if err := w.SetAttribute(t.Context(), state.GUID{7}, name, state.Null(), one); !errors.Is(err, providers.ErrStale) {
		t.Errorf("an object that is gone: %v", err)
	}
}

func binaryValue(b byte) state.Value {
	return state.String(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 16)))
}
