package reconcile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// advise adds to the subject's findings about whose account is whose the link block that would decide it, ready to be pasted.
func (s *subject) advise() error {
	for _, f := range s.findings {
		switch f.Code {
		case "DF202":
			if err := s.adviseHolder(f); err != nil {
				return err
			}
		case "DF203":
			if f.Attribute == "" { // else the accounts carry the anchor or not, which no link block changes
				f.Snippet = s.linkBlock(f.Objects[1:]...)
			}
		case "DF204":
			s.adviseRival(f)
		}
	}
	return nil
}

// adviseRival offers a link block where one decides: against a soft match. A recorded link, a link block and an anchor are
// stronger than another link block, or as strong.
func (s *subject) adviseRival(f *planner.Finding) {
	switch rival := &s.p.verdicts[s.v.rival]; {
	case rival.link < 0 && soft(rival.rule):
		f.Snippet = s.linkBlock(tenantRef(s.live))
	case rival.link < 0 && rival.rule == ruleDeclared:
		f.Hint = fmt.Sprintf("Link block %q (%s) gives the account to the other object: correct the block, or the value by which this object matches.",
			s.p.declaredBy[int(s.v.rival)].Name, s.p.declaredBy[int(s.v.rival)].DeclaredAt)
	default:
		f.Hint = "The account is the other object's by its anchor or the record. Correct the value by which this object matches it, or, if it " +
			"is to have the account, take the other one out of scope."
	}
}

// adviseHolder is about a name that an account has which may be the subject's own: one of its kind that is nobody's.
func (s *subject) adviseHolder(f *planner.Finding) error {
	if s.v.link < 0 && s.v.flags&^vNeedBlocked == vDeleted && s.v.rule == ruleImmutable {
		return s.adviseRestore(f)
	}
	if s.v.link >= 0 || s.v.flags != 0 || f.Snippet != "" {
		return nil
	}
	var free []*state.Object
	for _, ref := range f.Objects[1:] {
		o, err := s.freeAccount(ref)
		if err != nil {
			return err
		}
		if o != nil {
			free = append(free, o)
		}
	}
	switch {
	case len(free) != 1:
	case s.v.rule == ruleDeclared:
		l := s.p.declaredBy[s.row]
		f.Hint += fmt.Sprintf(" If %s is this object's own account, correct link block %q (%s), which names %s.", tenantRef(free[0]).Name, l.Name, l.DeclaredAt, l.Tenant)
	case f.Attribute == "userPrincipalName" && !hasAddress(free[0]):
		s.noMailbox(f, free[0])
	case s.live == nil:
		f.Hint += " If it is this object's own account, add the link block."
		f.Snippet = s.linkBlock(tenantRef(free[0]))
	}
	return nil
}

// freeAccount is the living account that ref names, if the subject could be linked to it; else nil.
func (s *subject) freeAccount(ref planner.ObjectRef) (*state.Object, error) {
	if ref.TargetID == "" || ref.Address != "" || ref.Kind != s.table.kind {
		return nil, nil
	}
	t := s.p.tenID.First(s.p.h.Fingerprint(&refAttr, state.String(ref.TargetID)))
	if t < 0 || !s.free(t) {
		return nil, nil
	}
	return s.p.loadTenant(t)
}

// free reports whether tenant row t is nobody's: no source object has it or had it, and its anchor is no obstacle.
func (s *subject) free(t int) bool {
	return s.p.owner[t] == 0 && s.p.linkOf[t] == 0 && s.p.tenKind(t) == s.table.kind &&
		(s.p.tenMeta(t).anchor == 0 || s.table.policy.ForeignAnchor == "relink")
}

func hasAddress(o *state.Object) bool {
	return !isEmpty(o.Get("mail")) || slices.ContainsFunc(o.Get("proxyAddresses").List(), func(p string) bool { _, ok := smtpAddress(p); return ok })
}

// noMailbox turns the finding about a taken userPrincipalName into one that tells why the account was not found: people look for
// the second account that they believe dirform has made.
func (s *subject) noMailbox(f *planner.Finding, o *state.Object) {
	why := "rule user_principal_name could, but is not among the policy's match rules"
	if s.live != nil {
		why = fmt.Sprintf("rule user_principal_name would, but %s was found first, by %s", tenantRef(s.live).Name, s.v.rule)
	}
	made := s.p.srcMeta(s.row).flags&srcFallback != 0
	if made {
		why = "and the user name, which the link policy put in place of " + s.wanted + ", is no evidence of whose it is"
	}
	f.Detail = fmt.Sprintf("%s %s cannot be given to this object: user %s has it. %s; %s. The service would answer AttributeValueMustBeUnique.",
		f.Attribute, f.Value, tenantRef(o).Name, noAddress(o), why)
	f.Hint = "If it is this object's account, add the link block"
	if s.live == nil && !made {
		f.Hint += fmt.Sprintf(", or \"user_principal_name\" to match in link_policy %q (%s)", s.table.policy.Name, s.table.policy.DeclaredAt)
	}
	f.Hint += ". If it is not, rename one of them."
	f.Snippet = s.linkBlock(tenantRef(o))
}

func noAddress(o *state.Object) string {
	return fmt.Sprintf("Account %s has no mailbox licence and so no address (mail and proxyAddresses are empty): rule primary_smtp cannot find it",
		tenantRef(o).Name)
}

// checkMailIsName refuses to create an account whose mail is the user name of one without an address: most likely that is the
// subject's own account, and once it gets its mailbox it gets this address too.
func (s *subject) checkMailIsName() error {
	mail := s.want("mail")
	if isEmpty(mail) {
		return nil
	}
	found := -1
	s.p.tenUPN.Each(s.p.h.Fingerprint(&addressAttr, mail), func(t int) {
		if s.free(t) {
			found = t
		}
	})
	if found < 0 || strings.EqualFold(mail.Str(), s.want("userPrincipalName").Str()) { // then the name is taken too, which says it all
		return nil
	}
	o, err := s.p.loadTenant(found)
	if err != nil || hasAddress(o) {
		return err
	}
	f := about(planner.NewFinding("DF202", fmt.Sprintf("mail %s cannot be given to this object: it is the user name of %s. %s, and user_principal_name cannot "+
		"either, because the user name here is %s. A second account with this address would stand in the first one's way; with its mailbox "+
		"the service would answer AttributeValueMustBeUnique.", mail.Str(), tenantRef(o).Name, noAddress(o), s.want("userPrincipalName").Str()),
		"If it is this object's account, add the link block. If it is not, change mail at the source, or rename the account."), "mail", mail.Str(), "")
	f.Snippet = s.linkBlock(tenantRef(o))
	s.find(f, tenantRef(o))
	return nil
}

// linkBlock is the link block that gives the subject one of the accounts.
func (s *subject) linkBlock(accounts ...planner.ObjectRef) string {
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
	return fmt.Sprintf("link %s {\n  source = %s\n  tenant = %s%s\n}\n", hclString(s.key), hclString(s.obj.DN), names[0], choice)
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
