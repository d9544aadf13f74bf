package reconcile

import (
	"testing"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// Commands stand for their values and nothing else, whatever those are.
func TestExchangeCommands(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{setMailbox("id", []string{"a@b", "o'c@b"}, []string{"x@b"}),
			"Set-Mailbox -Identity 'id' -EmailAddresses @{Add='smtp:a@b','smtp:o''c@b'; Remove='smtp:x@b'}"},
		{setMailbox("it’s‘quoted‚‛'", []string{"$(evil)\"`@b"}, nil),
			"Set-Mailbox -Identity 'it’’s‘‘quoted‚‚‛‛''' -EmailAddresses @{Add='smtp:$(evil)\"`@b'}"},
		{takeAway(planner.ObjectRef{Kind: state.Group, TargetID: "g"}, "a@b"), "Set-UnifiedGroup -Identity 'g' -EmailAddresses @{Remove='smtp:a@b'}"},
		{takeAway(planner.ObjectRef{Kind: state.Contact, TargetID: "c"}, "a@b"), "Set-MailContact -Identity 'c' -EmailAddresses @{Remove='smtp:a@b'}"},
	} {
		if c.got != c.want {
			t.Errorf("%s\nwant %s", c.got, c.want)
		}
	}
}

// What is an address, whose domain it is in, and what Exchange refuses.
func TestProxyAddresses(t *testing.T) {
	a := accepted{verified: map[string]bool{"contoso.com": true, "contoso.onmicrosoft.com": true}}
	attr := &state.Attribute{Name: "proxyAddresses", ASCII: true, MaxLen: 256, Deny: " <>();,[]\""}
	for _, c := range []struct {
		value   string
		kind    aliasKind
		domain  aliasDomain
		refused bool
	}{
		{"SMTP:a@contoso.com", primaryOne, ownDomain, false},
		{"smtp:a@CONTOSO.com", furtherAddress, ownDomain, false},
		{"Smtp:a@contoso.com", furtherAddress, ownDomain, false},
		{"a@contoso.com", furtherAddress, ownDomain, false},
		{"smtp:a@sub.contoso.com", furtherAddress, foreignDomain, false},
		{"smtp:a@contoso.onmicrosoft.com", furtherAddress, serviceDomain, false},
		{"smtp:a@contoso.mail.onmicrosoft.com", furtherAddress, serviceDomain, false},
		{"smtp:a@contoso.partner.onmschina.cn", furtherAddress, serviceDomain, false},
		{"smtp:nobody", furtherAddress, ownDomain, true},
		{"smtp:a@", furtherAddress, ownDomain, true},
		{"smtp:a@b@contoso.com", furtherAddress, ownDomain, true},
		{"smtp:a\n@contoso.com", furtherAddress, ownDomain, true},
		{"SIP:a@contoso.com", otherAddress, 0, false},
		{"X500:/o=Old/cn=a@b", otherAddress, 0, false},
		{"smtp:", otherAddress, 0, false},
	} {
		address, kind := proxyAddress(c.value)
		if kind != c.kind {
			t.Errorf("%q is of kind %d", c.value, kind)
		}
		if kind == otherAddress {
			continue
		}
		if d := a.of(address); d != c.domain {
			t.Errorf("%q is in a domain of kind %d", c.value, d)
		}
		if why := refusedAddress(attr, address); (why != "") != c.refused {
			t.Errorf("%q: %q", c.value, why)
		}
	}
}
