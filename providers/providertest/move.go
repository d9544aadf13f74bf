package providertest

import (
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// swaps examines the provider's compare-and-swap.
func (x *exam) swaps() {
	x.must(x.create(user("CN=Swap,OU=Work", "pt-swap")))
	guid := state.GUID([]byte(x.get("CN=Swap,OU=Work", "objectGUID")))
	one, two := state.String(base64.StdEncoding.EncodeToString([]byte("0123456789abcde\x00"))), state.String(base64.StdEncoding.EncodeToString([]byte("\xff\x0023456789abcdef")))
	for _, step := range []struct {
		name          string
		guid          state.GUID
		attr          string
		before, after state.Value
	}{
		{"nothing to one", guid, "mS-DS-ConsistencyGuid", state.Null(), one}, {"nothing to two though it is one", guid, "mS-DS-ConsistencyGuid", state.Null(), two},
		{"two to nothing though it is one", guid, "mS-DS-ConsistencyGuid", two, state.Null()}, {"one to two", guid, "mS-DS-ConsistencyGuid", one, two}, {"two to two", guid, "mS-DS-ConsistencyGuid", two, two},
		{"two to nothing", guid, "mS-DS-ConsistencyGuid", two, state.Null()}, {"two to one though there is nothing", guid, "mS-DS-ConsistencyGuid", two, one},
		{"an object that is not there", state.GUID{7}, "mS-DS-ConsistencyGuid", state.Null(), one}, {"an attribute that is not there", guid, "noSuchAttribute", state.Null(), state.String("x")},
		{"a text", guid, "title", state.Null(), state.String("Chief")}, {"a text in another case", guid, "title", state.String("CHIEF"), state.String("Boss")}, {"a system attribute", guid, "objectGUID", state.Null(), one},
	} {
		err := x.s.Writer.SetAttribute(x.t.Context(), step.guid, step.attr, step.before, step.after)
		text := "ok"
		switch {
		case errors.Is(err, providers.ErrStale):
			text = "stale"
		case err != nil:
			text = outcome(err)
		}
		x.note("swap/"+step.name, text+", "+x.show(question{base: "CN=Swap,OU=Work", attrs: []string{"mS-DS-ConsistencyGuid", "title"}}))
	}
}

// moves renames and moves.
func (x *exam) moves() {
	x.must(x.create(object{"OU=From,OU=Work", "organizationalUnit", nil}))
	x.must(x.create(object{"OU=To,OU=Work", "organizationalUnit", nil}))
	x.must(x.create(user("CN=Mover,OU=From,OU=Work", "pt-mover")))
	x.must(x.create(object{"CN=Report,OU=Work", "contact", [][]string{{"manager", "@CN=Mover,OU=From,OU=Work"}}}))
	before := x.stamp("CN=Mover,OU=From,OU=Work")
	at := "CN=Mover,OU=From,OU=Work"
	for _, m := range []struct {
		name, from, to, parent string // to is the relative name
		keep                   bool
	}{
		{"to another case", at, "CN=MOVER", "", false}, {"to another name", at, `CN=Mover\, the`, "", false}, {"to another parent", `CN=Mover\, the,OU=From,OU=Work`, `CN=Mover\, the`, "OU=To,OU=Work", false},
		{"to both", `CN=Mover\, the,OU=To,OU=Work`, "CN=Mover", "OU=From,OU=Work", false}, {"to where it is", at, "CN=Mover", "OU=From,OU=Work", false}, {"to a name that is taken", at, "CN=Report", "OU=Work", false},
		{"to another attribute", at, "OU=Mover", "", false}, {"to nowhere", at, "CN=Mover", "OU=Nowhere", false}, {"what is not there", "CN=Nobody,OU=Work", "CN=Somebody", "", false},
		{"to below itself", "OU=From,OU=Work", "OU=From", "OU=From,OU=Work", false}, {"below a user", "CN=Report,OU=Work", "CN=Report", at, false}, {"to no name", at, "nonsense", "", false},
		{"a unit with everything in it", "OU=From,OU=Work", "OU=From here", "OU=To,OU=Work", false},
	} {
		parent := ""
		if m.parent != "" {
			parent = x.dn(m.parent)
		}
		x.note("move/"+m.name, outcome(x.c.ModifyDN(ldap.NewModifyDNRequest(x.dn(m.from), m.to, !m.keep, parent))))
	}
	x.note("move/where things are", x.show(question{base: "OU=Work", scope: ldap.ScopeWholeSubtree, filter: "(|(cn=Mover*)(cn=Report)(ou=*))", attrs: []string{"cn", "name", "ou", "manager", "directReports", "distinguishedName"}}))
	x.note("move/what stays", x.since(before, "CN=Mover,OU=From here,OU=To,OU=Work"))
}

// deletions deletes, and looks at what is left.
func (x *exam) deletions() {
	x.must(x.create(object{"OU=Full,OU=Work", "organizationalUnit", nil}))
	x.must(x.create(user("CN=Leaver,OU=Full,OU=Work", "pt-leaver", "mail", "leaver@providertest.example", "title", "Gone", "mS-DS-ConsistencyGuid", "\x01\x02")))
	x.must(x.create(object{"CN=Left,OU=Work", "group", [][]string{{"sAMAccountName", "pt-left"}, {"member", "@CN=Leaver,OU=Full,OU=Work"}}}))
	guid := state.GUID([]byte(x.get("CN=Leaver,OU=Full,OU=Work", "objectGUID")))
	x.note("delete/a unit that is not empty", outcome(x.del("OU=Full,OU=Work")))
	x.note("delete/what is not there", outcome(x.del("CN=Nobody,OU=Work")))
	x.note("delete/no name", outcome(x.c.Del(ldap.NewDelRequest("nonsense", nil))))
	group := x.stamp("CN=Left,OU=Work")
	x.note("delete/a user", outcome(x.del("CN=Leaver,OU=Full,OU=Work")))
	x.note("delete/the same again", outcome(x.del("CN=Leaver,OU=Full,OU=Work")))
	x.note("delete/it leaves its groups", x.show(question{base: "CN=Left,OU=Work", attrs: []string{"member", "cn"}}))
	x.note("delete/that does not count as a change of them", x.since(group, "CN=Left,OU=Work"))
	byGUID := "=<GUID=" + guid.String() + ">"
	x.note("delete/it cannot be found", x.ask(question{base: byGUID})+x.ask(question{base: "=" + x.s.BaseDN, scope: ldap.ScopeWholeSubtree, filter: "(sAMAccountName=pt-leaver)"}))
	show := []ldap.Control{ldap.NewControlString(ldap.ControlTypeMicrosoftShowDeleted, true, "")}
	x.note("delete/except by those who ask for it", x.show(question{base: byGUID, ctls: show, attrs: []string{"cn", "name", "isDeleted", "isRecycled", "objectGUID", "sAMAccountName", "userAccountControl",
		"lastKnownParent", "mail", "title", "memberOf", "objectClass", "objectCategory", "mS-DS-ConsistencyGuid", "whenCreated", "distinguishedName"}}))
	x.note("delete/by a filter", x.ask(question{base: "=" + x.s.BaseDN, scope: ldap.ScopeWholeSubtree, ctls: show, filter: fmt.Sprintf("(&(isDeleted=TRUE)(objectGUID=%s))", guid)}))
	x.note("delete/not by category", x.ask(question{base: "=" + x.s.BaseDN, scope: ldap.ScopeWholeSubtree, ctls: show, filter: fmt.Sprintf("(&(objectCategory=person)(objectGUID=%s))", guid)}))
	x.note("delete/the provider does not find it", x.stream(x.s.Reader.Lookup(x.t.Context(), state.User, []state.GUID{guid}, state.NewShape("cn"))))
	x.note("delete/its name is free", outcome(x.create(user("CN=Leaver,OU=Full,OU=Work", "pt-leaver", "mail", "leaver@providertest.example"))))
	x.note("delete/the new one is another", fmt.Sprint(x.get("CN=Leaver,OU=Full,OU=Work", "objectGUID") != string(guid[:])))
	tree := ldap.NewDelRequest(x.dn("OU=Full,OU=Work"), []ldap.Control{ldap.NewControlString(ldap.ControlTypeSubtreeDelete, true, "")})
	x.note("delete/a unit with what is in it", outcome(x.c.Del(tree)))
	x.note("delete/then it is gone", x.ask(question{base: "OU=Full,OU=Work"}))
}

func (x *exam) del(rdns string) error { return x.c.Del(ldap.NewDelRequest(x.dn(rdns), nil)) }
