package words

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
)

// NoAddress says why an account without addresses was not found by a rule that goes by them.
func NoAddress(a *table.Account, byAddress pair.Rule) string {
	return fmt.Sprintf("Account %s has no mailbox licence and so no address (%s and %s are empty): rule %s cannot find it",
		table.Ref(a).Name, a.Of.Mail, a.Of.Proxies, byAddress)
}

// LinkBlock is the link block that gives the object dn, known by key, one of the accounts, ready to be pasted. An
// account goes by a user name or an object id. Without accounts it is "".
func LinkBlock(key, dn string, accounts ...string) string {
	if len(accounts) == 0 {
		return ""
	}
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

// NameIsAddress is about a user name, in an attribute, that another object has as a mail address, or is to get. One in scope goes by
// its address, since its account may be called something else after the plan.
func NameIsAddress(attribute, name string, h Holder) *planner.Finding {
	who, of := h.who(), "a mail address of"
	if h.Address != "" {
		who = "source object " + h.Address
	}
	if h.How == Wants {
		of = "to be the mail address of"
	}
	detail := fmt.Sprintf("%s %s is %s %s. The service takes it, until the account gets a mailbox, which wants the "+
		"address as well.", attribute, name, of, who)
	return About(planner.NewFinding("DF224", detail, ""), attribute, name, "")
}

// SharedMailbox is about a mailbox that nobody signs in to, by what the source says, and that could be signed in to, by an attribute.
func SharedMailbox(attribute, what string) *planner.Finding {
	detail := fmt.Sprintf("The source says that this is %s, and has the account switched on.", what)
	return About(planner.NewFinding("DF225", detail, ""), attribute, "true", "")
}

// PerhapsShared is about an account that is switched off in the tenant, has a mail address, and is to be switched on with its first
// link.
func PerhapsShared(attribute string, live *table.Account) *planner.Finding {
	detail := fmt.Sprintf("Sign-in of %s is off in the tenant, as it is for shared and room mailboxes, and turned on because the source "+
		"has the account switched on.", table.Ref(live).Name)
	return About(planner.NewFinding("DF225", detail, ""), attribute, "true", "")
}
