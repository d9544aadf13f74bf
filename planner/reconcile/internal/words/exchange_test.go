package words

import (
	"testing"

	"github.com/dirform/dirform/state"
)

// Commands stand for their values and nothing else, whatever those are.
func TestExchangeCommands(t *testing.T) {
	user, group, contact := state.User.Descriptor(), state.Group.Descriptor(), state.Contact.Descriptor()
	for _, c := range []struct{ got, want string }{
		{SetAddresses(user, false, "id", []string{"a@b", "o'c@b"}, []string{"x@b"}),
			"Set-Mailbox -Identity 'id' -EmailAddresses @{Add='smtp:a@b','smtp:o''c@b'; Remove='smtp:x@b'}"},
		{SetAddresses(user, false, "it’s‘quoted‚‛'", []string{"$(evil)\"`@b"}, nil),
			"Set-Mailbox -Identity 'it’’s‘‘quoted‚‚‛‛''' -EmailAddresses @{Add='smtp:$(evil)\"`@b'}"},
		{SetAddresses(group, false, "g", nil, []string{"a@b"}), "Set-UnifiedGroup -Identity 'g' -EmailAddresses @{Remove='smtp:a@b'}"},
		{SetAddresses(contact, false, "c", nil, []string{"a@b"}), "Set-MailContact -Identity 'c' -EmailAddresses @{Remove='smtp:a@b'}"},
	} {
		if c.got != c.want {
			t.Errorf("%s\nwant %s", c.got, c.want)
		}
	}
}
