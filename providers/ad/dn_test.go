package ad

import (
	"slices"
	"strings"
	"testing"
)

func TestNormalDN(t *testing.T) {
	for in, want := range map[string]string{
		"":                                "",
		"OU=Staff,DC=corp,DC=com":         "ou=staff,dc=corp,dc=com",
		" ou = Staff , dc=CORP ;DC=com ":  "ou=staff,dc=corp,dc=com",
		`CN=Doe\, Jane,OU=X`:              `cn=doe\2c jane,ou=x`,
		`CN=Doe\2c Jane,OU=X`:             `cn=doe\2c jane,ou=x`,
		`CN="Doe, Jane" ,OU=X`:            `cn=doe\2c jane,ou=x`,
		`CN=a\\,OU=X`:                     `cn=a\5c,ou=x`,
		`CN=a\ ,OU=X`:                     `cn=a\20,ou=x`,
		`CN=\ a b  ,OU=X`:                 `cn=\20a b,ou=x`,
		`CN=x=y,OU=X`:                     `cn=x\3dy,ou=x`,
		`CN=x\=y,OU=X`:                    `cn=x\3dy,ou=x`,
		`CN=M\C3\BCller,OU=X`:             "cn=müller,ou=x",
		"CN=MÜLLER,OU=X":                  "cn=müller,ou=x",
		"CN=Mu\u0308ller,OU=X":            "cn=müller,ou=x",
		`CN=#hash,OU=X`:                   `cn=#hash,ou=x`,
		`CN=x\0ADEL:1,CN=Deleted Objects`: `cn=x\0adel:1,cn=deleted objects`,
		"OU=b+CN=A,DC=com":                "cn=a+ou=b,dc=com",
		"CN=A + OU=b,DC=com":              "cn=a+ou=b,dc=com",
		"2.5.4.3=x,DC=com":                "2.5.4.3=x,dc=com",
		`CN="a\"b",DC=com`:                `cn=a\22b,dc=com`,
		"OU=,DC=com":                      "ou=,dc=com",
	} {
		got, err := normalDN(in)
		if err != nil || got != want {
			t.Errorf("normalDN(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"Staff", "OU=Staff,", ",OU=Staff", "OU=a,,DC=b", `OU=a\`, `OU="a`, `OU="a"b,DC=c`, `OU=a"b`, "=x", "a b=c", "OU=a+,DC=b"} {
		if got, err := normalDN(in); err == nil {
			t.Errorf("normalDN(%q) = %q, want an error", in, got)
		} else if !strings.Contains(err.Error(), "not a distinguished name") {
			t.Errorf("normalDN(%q): %v", in, err)
		}
	}
}

func TestUnderDN(t *testing.T) {
	for _, tt := range []struct {
		dn, base string
		want     bool
	}{
		{"OU=a,DC=b", "ou=A, dc=B", true},
		{"CN=x,OU=a,DC=b", "OU=a,DC=b", true},
		{"OU=a,DC=b", "CN=x,OU=a,DC=b", false},
		{"OU=xa,DC=b", "OU=a,DC=b", false},
		{`CN=x\,OU=a,DC=b`, "OU=a,DC=b", false},
		{`CN=x\\,OU=a,DC=b`, "OU=a,DC=b", true},
		{`CN=x+OU=a,DC=b`, "OU=a,DC=b", false},
		{"DC=b", "", true},
	} {
		dn, err1 := normalDN(tt.dn)
		base, err2 := normalDN(tt.base)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if got := underDN(dn, base); got != tt.want {
			t.Errorf("%q under %q: %v", tt.dn, tt.base, got)
		}
	}
}

func TestOutermost(t *testing.T) {
	got, err := outermost([]string{"OU=a,OU=b,DC=c", "ou=B,dc=c", "OU=b, DC=c", "OU=d,DC=c", "OU=e,OU=d,DC=c"})
	if want := []string{"ou=B,dc=c", "OU=d,DC=c"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if _, err := outermost([]string{"OU=a,DC=c", "nothing"}); err == nil {
		t.Error("no error")
	}
}

// FuzzNormalDN: the normal form of a normal form is itself.
func FuzzNormalDN(f *testing.F) {
	for _, s := range []string{"OU=Staff,DC=corp", `CN=Doe\, Jane+OU=ß`, `CN="a, b" ,OU=\20`, "CN=\xff,OU=É"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, dn string) {
		once, err := normalDN(dn)
		if err != nil {
			return
		}
		twice, err := normalDN(once)
		if err != nil || twice != once {
			t.Errorf("%q is %q, which is %q, %v", dn, once, twice, err)
		}
	})
}
