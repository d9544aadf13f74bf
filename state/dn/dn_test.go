package dn

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]Normal{
		"":                                "",
		"  ":                              "",
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
		`CN=\#hash,OU=X`:                  `cn=#hash,ou=x`,
		`CN=x\0ADEL:1,CN=Deleted Objects`: `cn=x\0adel:1,cn=deleted objects`,
		"OU=b+CN=A,DC=com":                "cn=a+ou=b,dc=com",
		"CN=A + OU=b,DC=com":              "cn=a+ou=b,dc=com",
		"2.5.4.3=x,DC=com":                "2.5.4.3=x,dc=com",
		`CN="a\"b",DC=com`:                `cn=a\22b,dc=com`,
		`CN=" a ",DC=com`:                 `cn=\20a\20,dc=com`,
		"OU=,DC=com":                      "ou=,dc=com",
	} {
		if got, err := Parse(in); err != nil || got != want {
			t.Errorf("Parse(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"Staff", "OU=Staff,", "OU=Staff, ", ",OU=Staff", "OU=a,,DC=b", `OU=a\`, `OU="a`,
		`OU="a"b,DC=c`, `OU=a"b`, "=x", "a b=c", "OU=a+,DC=b", "OU=a,Staff"} {
		if got, err := Parse(in); err == nil {
			t.Errorf("Parse(%q) = %q, want an error", in, got)
		} else if !strings.Contains(err.Error(), "not a distinguished name") || err.(*Error).Name != in {
			t.Errorf("Parse(%q): %v", in, err)
		}
	}
}

func TestWithin(t *testing.T) {
	for _, tt := range []struct {
		name, base    string
		within, equal bool
	}{
		{"OU=a,DC=b", "ou=A, dc=B", true, true},
		{`CN=Doe\, Jane,OU=a`, `cn="doe, jane";ou=a`, true, true},
		{"CN=x,OU=a,DC=b", "OU=a,DC=b", true, false},
		{"OU=a,DC=b", "CN=x,OU=a,DC=b", false, false},
		{"OU=xa,DC=b", "OU=a,DC=b", false, false},
		{`CN=x\,OU=a,DC=b`, "OU=a,DC=b", false, false},
		{`CN=x\\,OU=a,DC=b`, "OU=a,DC=b", true, false},
		{`CN=x+OU=a,DC=b`, "OU=a,DC=b", false, false},
		{"DC=b", "", true, false},
		{"", "DC=b", false, false},
		{"", "", true, true},
		{"", "  ", true, true},
		{"nothing", "nothing", false, true},
		{"nothing", "Nothing", false, false},
		{"OU=a,DC=b", "nothing", false, false},
	} {
		if got := Within(tt.name, tt.base); got != tt.within {
			t.Errorf("Within(%q, %q) = %v", tt.name, tt.base, got)
		}
		if got := Equal(tt.name, tt.base); got != tt.equal || Equal(tt.base, tt.name) != got {
			t.Errorf("Equal(%q, %q) = %v", tt.name, tt.base, got)
		}
	}
}

func TestOutermost(t *testing.T) {
	got, err := Outermost([]string{"OU=a,OU=b,DC=c", "ou=B,dc=c", "OU=b, DC=c", "OU=d,DC=c", "OU=e,OU=d,DC=c"})
	if want := []string{"ou=B,dc=c", "OU=d,DC=c"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if _, err := Outermost([]string{"OU=a,DC=c", "nothing"}); err == nil {
		t.Error("no error")
	}
	if got, err := Outermost(nil); got != nil || err != nil {
		t.Errorf("of nothing: %q, %v", got, err)
	}
}

func TestSplit(t *testing.T) {
	for _, tt := range []struct{ name, first, parent, value string }{
		{"CN=Jane Doe,OU=Staff,DC=corp", "CN=Jane Doe", "OU=Staff,DC=corp", "Jane Doe"},
		{`CN=Doe\, Jane, OU=Staff`, `CN=Doe\, Jane`, "OU=Staff", "Doe, Jane"},
		{`CN="Doe, Jane";OU=Staff`, `CN="Doe, Jane"`, "OU=Staff", "Doe, Jane"},
		{`CN=M\C3\BCller\ ,OU=x\ `, `CN=M\C3\BCller\ `, `OU=x\ `, "Müller "},
		{" cn = a+ou=b , DC=c", "cn = a+ou=b ", "DC=c", "a"},
		{"DC=corp", "DC=corp", "", "corp"},
		{`CN=a\`, "", "", ""},
		{"CN=a,nothing", "", "", "a"},
		{"nothing", "", "", ""},
		{"", "", "", ""},
	} {
		first, parent, _ := Split(tt.name)
		if first != tt.first || parent != tt.parent || Parent(tt.name) != tt.parent {
			t.Errorf("Split(%q) = %q, %q; want %q, %q", tt.name, first, parent, tt.first, tt.parent)
		}
		if got := FirstValue(tt.name); got != tt.value {
			t.Errorf("FirstValue(%q) = %q, want %q", tt.name, got, tt.value)
		}
	}
	if _, _, err := Split("CN=a,nothing"); err == nil {
		t.Error("no error")
	}
}

func TestValue(t *testing.T) {
	const name = `CN=Jane,ou=a\2Cb+L=x,OU=Work,DC=Corp,dc=com`
	for typ, want := range map[string]string{"CN": "Jane", "ou": "a,b", "l": "x", "DC": "Corp"} {
		if got, ok, err := Value(name, typ); got != want || !ok || err != nil {
			t.Errorf("%s: %q, %v, %v; want %q", typ, got, ok, err, want)
		}
	}
	if got, ok, err := Value(name, "O"); got != "" || ok || err != nil {
		t.Errorf("O: %q, %v, %v", got, ok, err)
	}
	if _, _, err := Value("nothing", "CN"); err == nil {
		t.Error("no error")
	}
	if got, ok, err := Value("", "CN"); got != "" || ok || err != nil {
		t.Errorf("of the empty name: %q, %v, %v", got, ok, err)
	}
	for in, want := range map[string]string{name: "corp.com", "": "", "OU=x": "", "nothing": "", OfDomain("a.b.c"): "a.b.c"} {
		if got := Domain(in); got != want {
			t.Errorf("Domain(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestKey(t *testing.T) {
	for in, want := range map[string]string{
		"CN=Jane Doe,OU=Staff,DC=corp": "CN=Jane Doe,OU=Staff,DC=corp",
		"CN=Jane Doe, OU=Staff":        "cn=jane doe,ou=staff",
		"CN=Zoë,OU=Staff":              "CN=Zoë,OU=Staff",
		`CN=Doe\, Jane,OU=Staff`:       `cn=doe\2c jane,ou=staff`,
		"CN=x=y,OU=Staff":              `cn=x\3dy,ou=staff`,
		"CN=a;OU=b":                    "cn=a,ou=b",
		"CN =a":                        "cn=a",
		"CN=a ":                        "cn=a",
		" CN=a":                        "cn=a",
		"jdoe@contoso.com":             "jdoe@contoso.com",
		"Jane, and John":               "Jane, and John",
		"":                             "",
	} {
		if got := Key(in); got != want {
			t.Errorf("Key(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{"Jane": "Jane", "": "", " a ": `\ a\ `, "#1": `\#1`, "a#": "a#", `a,b\c=`: `a\,b\\c\=`, "x\nDEL": `x\0ADEL`} {
		if got := Escape(in); got != want {
			t.Errorf("Escape(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzParse holds names to what must be true of all of them.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"OU=Staff,DC=corp", `CN=Doe\, Jane+OU=ß`, `CN="a, b" ,OU=\20`, "CN=\xff,OU=É", `CN=x=y; OU=a\ `, " ", "CN=#1,DC=", "CN =a", "CN= a", "CN=a ,DC=b", "CN=a, DC=b", "CN =a,DC=b"} {
		f.Add(s, s, " "+s)
	}
	for _, v := range []string{"a", "A", " ", "  ", "#", "a#", ",", "+", ";", "\"", "\\", "<", ">", "=", "\n", "\x7f", "É", "E\u0301", "e\u0301", "ß", "ẞ", "İ", "K", "\u00a0", "a b", " a", "a "} {
		f.Add("CN="+v, v, "A")
		f.Add("OU=x;CN="+v, v+"b", v)
		f.Add(v+"CN=x", v+v, "É")
	}
	f.Fuzz(func(t *testing.T, name, value, other string) {
		checkSpellings(t, value, other)
		n, err := Parse(name)
		if key := Key(name); err != nil && key != name || key != name && key != string(n) {
			t.Errorf("the key of %q is %q", name, key)
		}
		first, parent, splitErr := Split(name)
		var keys Keys
		for _, n := range []string{name, "CN=a," + parent, name, parent, "CN=b,X" + parent, name} {
			if key := keys.Key(n); key != Key(n) {
				t.Errorf("the key of %q, after others, is %q", n, key)
			}
		}
		if (err == nil) != (splitErr == nil) {
			t.Errorf("%q: %v, but %v", name, err, splitErr)
		}
		if err != nil {
			return
		}
		if again, err := Parse(string(n)); err != nil || again != n {
			t.Errorf("the normal form of %q is %q, whose normal form is %q, %v", name, n, again, err)
		}
		if _, ok := plain(name, ""); ok && folded(name) != folded(string(n)) {
			t.Errorf("%q is its own key, but its normal form is %q", name, n)
		}
		if whole := first + "," + parent; parent != "" && !Equal(whole, name) || !Within(name, parent) || parent == name && name != "" {
			t.Errorf("%q is %q below %q", name, first, parent)
		}
		if p, _, _, err := Cut(name); n != "" {
			if own := p.Type + "=" + Escape(p.Value); err != nil || FirstValue(own) != p.Value {
				t.Errorf("%q starts with %q, written %q, %v", name, p.Value, own, err)
			}
		}
	})
}

// checkSpellings: however a value is spelled, it is that value, its name is the same one, and the name of another value is another one.
func checkSpellings(t *testing.T, value, other string) {
	if !utf8.ValidString(value) || !utf8.ValidString(other) || value == "" || other == "" {
		return
	}
	pairs := ""
	for i := range len(value) {
		pairs += fmt.Sprintf("\\%02x", value[i])
	}
	quoted := `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(value) + `"`
	want, err := Parse("CN=" + pairs + ",DC=c")
	if err != nil {
		t.Fatalf("%q: %v", pairs, err)
	}
	for _, name := range []string{"CN=" + Escape(value) + ",DC=c", "cn = " + quoted + " ; dc = C", "Cn=" + quoted + ",dc=c", " CN=" + strings.ToUpper(pairs) + ", DC=C "} {
		if got, err := Parse(name); err != nil || got != want || FirstValue(name) != value {
			t.Errorf("%q is %q, %v, of %q, and should be %q", name, got, err, FirstValue(name), want)
		}
		if !Equal(name, string(want)) || !Within(name, "DC=c") || Within("DC=c", name) || strings.Count(string(want), ",") != 1 {
			t.Errorf("%q is not equal to %q, or not within its parent", name, want)
		}
	}
	fold := func(s string) string { return norm.NFC.String(strings.ToLower(norm.NFC.String(s))) }
	if another, err := Parse("CN=" + Escape(other) + ",DC=c"); err != nil || (another == want) != (fold(other) == fold(value)) {
		t.Errorf("%q and %q are %q and %q, %v", value, other, want, another, err)
	}
	a, b := "CN="+Escape(value), "OU="+Escape(other)
	if !Equal(a+"+"+b+",DC=c", b+" + "+a+",DC=c") || Equal(a+"+"+b, a) || Equal(a+"+"+b, a+","+b) {
		t.Errorf("%s+%s depends on the order, or is the same as another name", a, b)
	}
	if key := Key(a + ",DC=c"); fold(key) != fold(string(want)) && key != string(want) {
		t.Errorf("the key of %q is %q, and its name %q", a, key, want)
	}
}

// folded is s as lookups without regard to case and Unicode normalisation see it.
func folded(s string) string { n, _ := Parse("CN=" + Escape(s)); return string(n) }

func BenchmarkKey(b *testing.B) {
	for _, name := range []string{"CN=Jane Doe 1234,OU=Berlin,OU=Sales,OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com",
		`CN=Doe\, Jane,OU=Berlin,OU=Sales,OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com`} {
		b.Run(FirstValue(name), func(b *testing.B) {
			for b.Loop() {
				Key(name)
			}
		})
	}
}

func TestConflict(t *testing.T) {
	const guid = "6f1d2c3b-4a5e-4d6f-8a9b-0c1d2e3f4a5b"
	for name, want := range map[string]bool{
		`CN=Jon Berg\0ACNF:` + guid + `,OU=Staff`:           true,
		`CN=Berg\, Jon\0acnf:` + guid + `,OU=Staff`:         true,
		`CN=Two\0ALines\0ACNF:` + guid + `,OU=Staff`:        true,
		`CN=CONTOSO\\0815\0ACNF:` + guid + `,OU=Staff`:      true,
		"CN=Jon\nCNF:" + guid + ",OU=Staff":                 true,
		`CN=Jon+UID=1\0ACNF:` + guid + `,OU=Staff`:          true,
		`CN=lit\\0ACNF:` + guid + `,OU=Staff`:               false, // a backslash, and no line feed
		`CN=Jon\0ACNF:x,OU=Staff`:                           false,
		`CN=Jon\0ACNF:` + guid + ` of old,OU=Staff`:         false,
		`CN=CNF:` + guid + `,OU=a\0Ab`:                      false,
		`CN=Jon,OU=Old\0ACNF:` + guid:                       false, // his container was renamed, not he
		`CN=a\0Ab,DC=c`:                                     false,
		`Jon\0ACNF:` + guid:                                 false,
		`CN=Jon\0ADEL:` + guid + `,CN=Deleted Objects,DC=c`: false,
		"": false,
	} {
		if got := Conflict(name); got != want {
			t.Errorf("Conflict(%q) = %v", name, got)
		}
	}
}
