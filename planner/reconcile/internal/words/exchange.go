package words

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/state"
)

func prefixed(addresses []string) (list []string) {
	for _, address := range addresses {
		list = append(list, "smtp:"+address)
	}
	return list
}

func orNothing(s string) string {
	if s == "" {
		return "empty"
	}
	return s
}

// SetAddresses is the Exchange Online command that adds and removes aliases of an object of a kind. It changes no other
// address, and says the same if it is run twice. Whether a group is a Microsoft 365 group is not read, so it may need
// Set-DistributionGroup. A guest is a mail user to Exchange, and has no mailbox.
func SetAddresses(of *state.Descriptor, guest bool, identity string, add, remove []string) string {
	command := of.Exchange
	if guest {
		command = "Set-MailUser"
	}
	var parts []string
	for _, x := range []struct {
		verb      string
		addresses []string
	}{{"Add", add}, {"Remove", remove}} {
		if len(x.addresses) == 0 {
			continue
		}
		quoted := prefixed(x.addresses)
		for i := range quoted {
			quoted[i] = powerShell(quoted[i])
		}
		parts = append(parts, x.verb+"="+strings.Join(quoted, ","))
	}
	return fmt.Sprintf("%s -Identity %s -EmailAddresses @{%s}", command, powerShell(identity),
		strings.Join(parts, "; "))
}

// powerShell is s as a PowerShell string that stands for nothing but itself. PowerShell takes the typographic single
// quotes for plain ones (about_Quoting_Rules), so they are doubled as well.
func powerShell(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		if strings.ContainsRune("'‘’‚‛", r) {
			b.WriteRune(r)
		}
		b.WriteRune(r)
	}
	b.WriteByte('\'')
	return b.String()
}
