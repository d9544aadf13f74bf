package ad

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dirform/dirform/state/dn"
)

// FuzzNames reads what names a server and what a server names: URLs, references to other servers, and the parts in which long
// attributes come.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"ldaps://dc1.corp.contoso.com", "ldap://[::1]:389", "ldaps://dc:3269", "ldap://x/OU=a%20b,DC=x?cn?sub",
		"range=0-1499", "range=1500-*", "RANGE=5-3", "binary;range=0-9223372036854775807", "range=-1-*", "ldap:///DC=x??base", "://", "%zz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if srv, err := parseURL(s, true); err == nil && (srv.host == "" || !strings.HasSuffix(srv.addr, ":"+port(srv.addr)) || port(srv.addr) == "") {
			t.Errorf("%q is the server %+v", s, srv)
		}
		if first, next, ok := parseRange(s); ok && (first < 0 || next != 0 && next <= first) {
			t.Errorf("%q is a part from %d, and the next from %d", s, first, next)
		}
		if name, err := referredDN(s); err == nil && !strings.Contains(s, "://") {
			t.Errorf("%q refers to %q", s, name)
		}
		err := checkReferences([]string{s}, "DC=corp")
		if name, bad := referredDN(s); err == nil && bad == nil {
			if n, e := dn.Parse(name); e != nil || n == "" || n.Within(mustParse("DC=corp")) {
				t.Errorf("%q is taken for harmless", s)
			}
		}
		_ = fmt.Sprint(err)
	})
}

func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

func mustParse(name string) dn.Normal {
	n, err := dn.Parse(name)
	if err != nil {
		panic(err)
	}
	return n
}
