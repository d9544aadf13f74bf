package words

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
)

// NoAddress says why an account without addresses was not found by a rule that goes by them.
func NoAddress(a *table.Account, byAddress pair.Rule) string {
	return fmt.Sprintf("Account %s has no mailbox licence and so no address (%s and %s are empty): rule %s cannot find it",
		table.Ref(a).Name, a.Of.Mail, a.Of.Proxies, byAddress)
}

// LinkBlock is the link block that gives the object dn, known by key, one of the accounts, ready to be pasted. An
// account goes by a user name or an object id.
func LinkBlock(key, dn string, accounts ...string) string {
	var names []string
	for _, a := range accounts {
		names = append(names, hclString(a))
	}
	choice := ""
	if len(names) > 1 {
		choice = " # or " + strings.Join(names[1:], ", ")
	}
	return fmt.Sprintf("link %s {\n  source = %s\n  tenant = %s%s\n}\n", hclString(key), hclString(dn), names[0], choice)
}

// hclString quotes s for a configuration, where ${ and %{ begin a template.
func hclString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteRune('\\')
		case (r == '$' || r == '%') && strings.HasPrefix(s[i+1:], "{"):
			b.WriteRune(r)
		case !strconv.IsPrint(r):
			fmt.Fprintf(&b, "\\U%08x", r)
			continue
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}
