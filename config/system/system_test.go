package system_test

import (
	"testing"

	"github.com/dirform/dirform/config/system"
	"github.com/dirform/dirform/state"
)

// object is one with a name and attributes, given as name, value, name, value.
func object(dn string, pairs ...any) *state.Object {
	o := &state.Object{Kind: state.User, DN: dn, Shape: state.NewShape(system.Attributes()...)}
	o.Values = make([]state.Value, o.Shape.Len())
	for i := 0; i < len(pairs); i += 2 {
		v := state.Null()
		switch x := pairs[i+1].(type) {
		case string:
			v = state.String(x)
		case bool:
			v = state.Bool(x)
		case int:
			v = state.Int(int64(x))
		}
		o.Values[o.Shape.Index(pairs[i].(string))] = v
	}
	return o
}

func TestWhat(t *testing.T) {
	const sam, upn, nick, recipient, critical = "sAMAccountName", "userPrincipalName", "mailNickname", "msExchRecipientTypeDetails",
		"isCriticalSystemObject"
	systems := []*state.Object{
		object("CN=Guest,CN=Users,DC=c", sam, "Guest", critical, true),
		object("CN=krbtgt,CN=Users,DC=c", sam, "krbtgt"),
		object("CN=krbtgt_7213,CN=Users,DC=c", sam, "krbtgt_7213"),
		object("CN=x,DC=c", sam, "MSOL_0a1b2c3d4e5f"),
		object("CN=x,DC=c", sam, "aad_99"),
		object("CN=x,DC=c", sam, "SUPPORT_388945a0"),
		object("CN=x,DC=c", sam, "FABRIKAM$"),
		object("CN=x,DC=c", sam, "SM_bb558c3597f14cb98"),
		object("CN=x,DC=c", sam, "sm_abcdefabcdefabcde"),
		object("CN=x,DC=c", sam, "HealthMailboxc0ffee1"),
		object("CN=x,DC=c", sam, "x", upn, "HealthMailboxc3d7722415ad41a5b19e3e00e165edbe@contoso.com"),
		object("CN=x,DC=c", sam, "$531000-ABC", upn, "FederatedEmail.4c1f4d8b-8179-4148-93bf-00a95fa1e042@contoso.com"),
		object("CN=x,DC=c", nick, "Migration.8f3e7716-2011-43e4-96b1-aba62d229136"),
		object("CN=x,DC=c", nick, "SystemMailbox{1f05a927}"),
		object("CN=x,DC=c", upn, "DiscoverySearchMailbox {D919BA05-46A6-415f-80AD-7E09334BB852}@contoso.com"),
		object("CN=x,DC=c", nick, "CAS_{0f0f}"),
		object("CN=x,DC=c", recipient, 8388608),
		object("CN=x,DC=c", recipient, 536870912),
		object("CN=x,DC=c", recipient, 549755813888),
		object(`CN=Jon Berg\0ACNF:6f1d2c3b-4a5e-4d6f-8a9b-0c1d2e3f4a5b,OU=Staff,DC=c`, sam, "jon"),
		object(`CN=Berg\, Jon\0acnf:6f1d2c3b-4a5e-4d6f-8a9b-0c1d2e3f4a5b,OU=Staff,DC=c`, sam, "jon"),
	}
	for _, o := range systems {
		if system.NewTeller(o.Shape).What(o) == "" {
			t.Errorf("%s %v is taken for a person", o.DN, o.Values)
		}
	}
	people := []*state.Object{
		object("CN=Mia Wolf,OU=Staff,DC=c", sam, "mwolf", upn, "mia.wolf@contoso.com", nick, "mwolf", critical, false, recipient, 1),
		object("CN=x,DC=c", recipient, 4),          // a shared mailbox
		object("CN=x,DC=c", recipient, 2147483648), // a remote mailbox
		object("CN=x,DC=c", sam, "SM_Ada"),
		object("CN=x,DC=c", sam, "sm_facade"),
		object("CN=x,DC=c", sam, "Migration.Team"),
		object("CN=x,DC=c", sam, "migration.bea"),
		object("CN=x,DC=c", sam, "HealthMailboxAdmins"),
		object("CN=x,DC=c", sam, "cas_miller"),
		object("CN=x,DC=c", sam, "sm_1985"), object("CN=x,DC=c", sam, "SM_2"), object("CN=x,DC=c", sam, "sm_face7"),
		object("CN=x,DC=c", sam, "x", nick, "SM_bb558c3597f14cb98"), // arbitration mailboxes have a word and a GUID there
		object("CN=x,DC=c", sam, "migration.1"), object("CN=x,DC=c", sam, "migration.2024"),
		object("CN=x,DC=c", sam, "federatedemail.1"), object("CN=x,DC=c", sam, "healthmailboxbea"),
		object("CN=x,DC=c", sam, "discoverysearchmailbox"), object("CN=x,DC=c", sam, "support_388945a0b"),
		object("CN=x,DC=c", sam, "bob", upn, "aad_bob@contoso.com"), object("CN=x,DC=c", sam, "jan", nick, "msol_jan"),
		object("CN=x,DC=c", sam, "krbtgtadmin"),
		object("CN=x,DC=c", sam, "kim"), object("CN=x,DC=c"),
		object(`CN=Jon,OU=Old\0ACNF:6f1d2c3b-4a5e-4d6f-8a9b-0c1d2e3f4a5b,DC=c`, sam, "jon"), // his container was renamed, not he
		object(`CN=a\0Ab,DC=c`, sam, "jon"),
	}
	for _, o := range people {
		if what := system.NewTeller(o.Shape).What(o); what != "" {
			t.Errorf("%s %v is taken for %s", o.DN, o.Values, what)
		}
	}
	const control, master, own, mine, theirs = "userAccountControl", "msExchMasterAccountSid", "objectSid", "S-1-5-21-1-2-3-1200", "S-1-5-21-9-9-9-500"
	for _, c := range []struct {
		linked bool
		o      *state.Object
	}{
		{true, object("CN=x,DC=c", control, 514, master, theirs, own, mine)},
		{true, object("CN=x,DC=c", control, 514, master, theirs, own, mine, recipient, 2)},
		{true, object("CN=x,DC=c", control, 514, recipient, 2)},
		{false, object("CN=x,DC=c", control, 512, master, theirs, own, mine, recipient, 2)},
		{false, object("CN=x,DC=c", control, 514, master, mine, own, mine, recipient, 1)},
		{false, object("CN=x,DC=c", control, 514, master, "S-1-5-10", own, mine)},
		{false, object("CN=x,DC=c", control, 514, master, theirs, own, mine, recipient, 4)},
		{false, object("CN=x,DC=c", control, 514, master, theirs, own, mine, recipient, 16)},
		{false, object("CN=x,DC=c", control, 514, master, theirs, own, mine, recipient, 32)},
	} {
		if got := system.NewTeller(c.o.Shape).What(c.o) == system.LinkedMailbox; got != c.linked {
			t.Errorf("%v is a linked mailbox: %v", c.o.Values, got)
		}
	}
	if what := system.NewTeller(state.NewShape("mail")).What(&state.Object{Shape: state.NewShape("mail"), Values: make([]state.Value, 1)}); what != "" {
		t.Error("an object of which nothing is read is taken for", what)
	}
}
