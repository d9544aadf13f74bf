package providertest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/state"
)

// exam is one run of the suite against one server.
type exam struct {
	t      *testing.T
	s      Server
	c      *ldap.Conn // bound
	root   string     // distinguished name of the suite's own organizational unit
	sid    string     // of the domain
	start  time.Time
	names  map[string]string // of identifiers, as they turned up
	record Record
}

// rootOU is where all of it happens.
const rootOU = "OU=providertest"

func newExam(t *testing.T, s Server) *exam {
	t.Helper()
	x := &exam{t: t, s: s, root: rootOU + "," + s.BaseDN, start: time.Now(), names: map[string]string{}}
	x.c = x.bound()
	domain, err := s.Reader.Domain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	x.sid = domain.SID
	return x
}

// bound is another connection with the account's rights.
func (x *exam) bound() *ldap.Conn {
	x.t.Helper()
	c := x.s.Dial(x.t)
	x.t.Cleanup(func() { c.Close() })
	c.SetTimeout(2 * time.Minute)
	if err := c.Bind(x.s.BindDN, x.s.Password); err != nil {
		x.t.Fatal(err)
	}
	return c
}

// dn is the name of something below the suite's own unit; "" is the unit.
func (x *exam) dn(rdns string) string {
	if rdns == "" {
		return x.root
	}
	return rdns + "," + x.root
}

// note adds an entry to the record. Its text is lines.
func (x *exam) note(name, text string) {
	text = strings.TrimRight(text, "\n") + "\n"
	x.record = append(x.record, Entry{Name: name, Text: text})
}

// outcome is an error as the record has it: the result code, and of failed binds the reason that AD gives in the text.
func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	var e *ldap.Error
	if !errors.As(err, &e) {
		return "error"
	}
	code := fmt.Sprintf("%d %s", e.ResultCode, ldap.LDAPResultCodeMap[e.ResultCode])
	if reason := bindReason.FindStringSubmatch(err.Error()); reason != nil {
		code += ", data " + reason[1]
	}
	return code
}

var sidInText = regexp.MustCompile(`S-1-[0-9-]+`)

var bindReason = regexp.MustCompile(`AcceptSecurityContext error, data ([0-9a-f]+)`)

// name gives an identifier the same name whenever it turns up.
func (x *exam) name(kind, id string) string {
	if x.names[id] == "" {
		n := 1
		for _, have := range x.names {
			if strings.HasPrefix(have, kind) {
				n++
			}
		}
		x.names[id] = fmt.Sprintf("%s%d", kind, n)
	}
	return x.names[id]
}

// attribute lists the values of an attribute in a form that does not depend on the server.
func (x *exam) attribute(a *ldap.EntryAttribute) string {
	var out []string
	base, _, _ := strings.Cut(strings.ToLower(a.Name), ";")
	for _, v := range a.ByteValues {
		out = append(out, x.value(base, v))
	}
	if base != "objectclass" {
		slices.Sort(out)
	}
	return a.Name + ": " + strings.Join(out, " | ")
}

// Attributes whose values are identifiers, times or counters of the server's own.
var (
	guidAttributes = []string{"objectguid", "parentguid"}
	sidAttributes  = []string{"objectsid", "tokengroups"}
	timeAttributes = []string{"whencreated", "whenchanged", "createtimestamp", "modifytimestamp", "currenttime", "dscorepropagationdata"}
	counters       = []string{"usncreated", "usnchanged", "pwdlastset", "primarygrouptoken"}
)

func (x *exam) value(name string, v []byte) string {
	switch {
	case slices.Contains(guidAttributes, name) && len(v) == 16:
		return x.name("guid-", state.GUID(v).String())
	case slices.Contains(sidAttributes, name):
		return x.name("sid-", sidText(v))
	case slices.Contains(timeAttributes, name):
		return x.timeText(string(v))
	case slices.Contains(counters, name):
		return "a number"
	}
	s := string(v)
	for _, r := range s {
		if r < ' ' && r != '\n' || r == '\uFFFD' {
			return fmt.Sprintf("0x%x", v)
		}
	}
	return strings.ReplaceAll(x.plain(s), "\n", `\n`)
}

// plain is text without the server's own names.
func (x *exam) plain(s string) string {
	s = strings.NewReplacer(`\3B`, `\;`, `\3D`, `\=`).Replace(s) // two ways to write the same name
	s = replaceFold(s, x.root, "ROOT")
	s = replaceFold(s, x.s.BaseDN, "BASE")
	return guidText.ReplaceAllStringFunc(s, func(id string) string { return x.name("guid-", strings.ToLower(id)) })
}

var guidText = regexp.MustCompile(`(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

func replaceFold(s, old, by string) string {
	for {
		i := strings.Index(strings.ToLower(s), strings.ToLower(old))
		if i < 0 {
			return s
		}
		s = s[:i] + by + s[i+len(old):]
	}
}

// timeText says whether a time is about now, which all that the suite makes is.
func (x *exam) timeText(v string) string {
	at, err := time.Parse("20060102150405.0Z", v)
	if err != nil {
		return v
	}
	if at.Before(x.start.Add(-10*time.Second)) || at.After(time.Now().Add(10*time.Second)) {
		return "another time"
	}
	return "now"
}

// sidText is S-1-… of a binary security identifier.
func sidText(b []byte) string {
	if len(b) < 8 || len(b) != 8+4*int(b[1]) {
		return fmt.Sprintf("0x%x", b)
	}
	s := fmt.Sprintf("S-%d-%d", b[0], b[7])
	for i := 8; i < len(b); i += 4 {
		s += fmt.Sprintf("-%d", uint32(b[i])|uint32(b[i+1])<<8|uint32(b[i+2])<<16|uint32(b[i+3])<<24)
	}
	return s
}
