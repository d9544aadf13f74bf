package words

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// NoAddress says why an account without addresses was not found.
func NoAddress(o *state.Object) string {
	return fmt.Sprintf("Account %s has no mailbox licence and so no address (mail and proxyAddresses are empty): rule primary_smtp cannot find it",
		table.Ref(o).Name)
}

// LinkBlock is the link block that gives the object dn, known by key, one of the accounts, ready to be pasted.
func LinkBlock(key, dn string, accounts ...planner.ObjectRef) string {
	var names []string
	for _, a := range accounts {
		name := a.TargetID
		if a.Kind == state.User && strings.Contains(a.Name, "@") {
			name = a.Name
		}
		names = append(names, hclString(name))
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
