package ad

import (
	"math"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/fault"
)

// FuzzNames reads what names a server and what a server names: URLs, references to other servers, and the parts in which long
// attributes come.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"ldaps://dc1.corp.contoso.com", "ldap://[::1]:389", "ldaps://dc:3269", "ldap://x/OU=a%20b,DC=x?cn?sub",
		"range=0-1499", "range=1500-*", "RANGE=5-3", "binary;range=0-9223372036854775807", "range=-1-*",
		"ldap:///DC=x??base", "://", "%zz", "ldaps://dc:3268", "ldap://dc:3269", "ldap://dc", "LDAP://dc:0389",
		"https://dc", "ldaps://", "ldap://x/OU=a,DC=corp",
		"ldap://x/OU=a,DC=corp??base", "ldaps://x/DC=Corp", "ldap://x/DC=corp2", "ldap://x/CN=a%2Cb,DC=x",
		"ldap://x/CN=a%5C,DC=corp",
		"range=0-0", "range=7-7;binary", "range=-", "range=1-", "range=+1-2", "range=0-9223372036854775806"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkServer(t, s)
		checkRange(t, s)
		if name, err := referredDN(s); err == nil && !strings.Contains(s, "://") {
			t.Errorf("%q refers to %q", s, name)
		}
		if u, err := url.Parse(s); err == nil && strings.HasPrefix(strings.ToLower(s), u.Scheme+"://") &&
			strings.Count(u.Path, "/") > 0 &&
			!strings.Contains(s, "#") {
			if name, err := referredDN(s); err != nil || name != u.Path[1:] {
				t.Errorf("%q refers to %q, %v, and its path is %q", s, name, err, u.Path)
			}
		}
		err := checkReferences([]string{s}, "DC=corp")
		if name, bad := referredDN(s); err == nil && bad == nil {
			if n, e := dn.Parse(name); e != nil || n == "" || n.Within(mustParse("DC=corp")) {
				t.Errorf("%q is taken for harmless", s)
			}
		} else if err != nil && fault.Describe(err).Hint == "" {
			t.Errorf("%v says not what to do", err)
		}
	})
}

// checkServer: a server is one by its URL, encrypted from the start or later, and no global catalogue; of any other
// it is said why.
func checkServer(t *testing.T, s string) {
	u, parsed := url.Parse(s)
	for _, startTLS := range []bool{true, false} {
		srv, err := parseURL(s, startTLS)
		if err != nil {
			if d := fault.Describe(err); d.Summary == "" {
				t.Errorf("%q: %+v", s, d)
			}
			continue
		}
		scheme, p := strings.ToLower(u.Scheme), u.Port()
		if p == "" {
			p = map[string]string{"ldaps": "636", "ldap": "389"}[scheme]
		}
		if parsed != nil || srv.tls != (scheme == "ldaps") || !srv.tls && (scheme != "ldap" || !startTLS) ||
			p == "3268" || p == "3269" ||
			srv.host != u.Hostname() || srv.host == "" || srv.addr != net.JoinHostPort(srv.host, p) || srv.url != s {
			t.Errorf("%q is the server %+v", s, srv)
		}
	}
}

var rangeForm = regexp.MustCompile(`^(?i:range)=\+?([0-9]+|-0+)-(\*|\+?[0-9]+|-0+)$`)

// checkRange: of the options the first that looks like a range says which values came.
func checkRange(t *testing.T, s string) {
	first, next, ok := parseRange(s)
	for o := range strings.SplitSeq(s, ";") {
		if len(o) < 6 || !strings.EqualFold(o[:6], "range=") {
			continue
		}
		from, to, _ := strings.Cut(o[6:], "-")
		a, e1 := strconv.Atoi(from)
		b, e2 := strconv.Atoi(to)
		all := to == "*"
		if whole := rangeForm.MatchString(o) && e1 == nil && (all || e2 == nil && b >= a &&
			b < math.MaxInt); ok != whole ||
			ok && (first != a || all && next != 0 || !all && next != b+1) {
			t.Errorf("%q is a part from %d, and the next from %d, %v", s, first, next, ok)
		}
		return
	}
	if ok {
		t.Errorf("%q is a part from %d", s, first)
	}
}

func mustParse(name string) dn.Normal {
	n, err := dn.Parse(name)
	if err != nil {
		panic(err)
	}
	return n
}
