package reconcile

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/planner"
)

// addressInUse is about a name that others have or want; linked says that the object which is to get it has an account.
func addressInUse(attribute, value string, holders []holder, linked bool) *planner.Finding {
	var who []string
	hint := fmt.Sprintf("Change %s at the source of one of them, or remove it from the object that has it.", attribute)
	for _, h := range holders {
		who = append(who, h.text())
		switch h.how {
		case alias:
			hint = fmt.Sprintf("Change %s at the source, or remove the further address in Exchange, which Microsoft Graph cannot: %s",
				attribute, takeAway(h.ObjectRef, value))
		case deleted:
			if linked {
				hint = fmt.Sprintf("Change %s at the source, delete account %s for good in the tenant, or set deleted = \"create\" in the link policy.", attribute, h.TargetID)
				break
			}
			hint = fmt.Sprintf("If it is the same person, restore the account by a link block with tenant = %q; else delete it for good in the tenant, "+
				"or set deleted = \"create\" in the link policy.", h.TargetID)
		case left:
			hint = fmt.Sprintf("Change %s at the source, or remove it from the account that is left over.", attribute)
		case doomed:
			hint = whenDeleted(attribute)
		case blocked:
			hint = fmt.Sprintf("Resolve what blocks the other object, as its own finding says; then both change in one apply. Or change %s at the source.", attribute)
		case leftOut:
			hint = "Plan both, without --target or --exclude: then one takes over from the other in one apply."
		case wants:
			hint = fmt.Sprintf("Change %s at the source of one of them.", attribute)
		}
	}
	return about(planner.NewFinding("DF202", fmt.Sprintf("%s %s cannot be given to this object: %s.", attribute, value, strings.Join(who, "; ")), hint),
		attribute, value, "")
}

// who names the holder as the tenant knows it.
func (h holder) who() string {
	if h.TargetID != "" && h.Address != "" {
		return fmt.Sprintf("%s %s (%s)", h.Kind, h.Name, h.Address)
	}
	return fmt.Sprintf("%s %s", h.Kind, h.Name)
}

// text says who the holder is and how it comes to have the name.
func (h holder) text() string {
	who := h.who()
	switch h.how {
	case wants:
		return "source object " + h.Address + " wants it too"
	case alias:
		return who + " has it as a further address (proxyAddresses)"
	case blocked:
		return who + " has it, and is blocked itself"
	case leftOut:
		return who + " has it and gives it up too, but --target or --exclude leaves that out"
	case left:
		return who + " has it, though its source object has left the scope"
	case doomed:
		return who + " has it, which this plan deletes because its source object has left the scope"
	case deleted:
		return fmt.Sprintf("%s (%s), deleted in the tenant, has it", who, h.TargetID)
	}
	return who + " has it"
}

// keepsAddress warns that an address which another account gives up may stay with it.
func keepsAddress(address string, h holder) *planner.Finding {
	return about(planner.NewFinding("DF304", fmt.Sprintf("%s moves here from %s. If that account has a mailbox, Exchange keeps the address with it, and apply reports this change as refused.",
		address, h.who()), fmt.Sprintf("Nothing, if it has no mailbox. Else, after this apply, take the address away in Exchange Online and apply again: %s",
		takeAway(h.ObjectRef, address))), "mail", address, "")
}

// hadName warns that a deleted account had the name of one that is to be created.
func hadName(upn string, h holder) *planner.Finding {
	return about(planner.NewFinding("DF216", fmt.Sprintf("Account %s was called %s before it was deleted. This plan creates a new account.", h.TargetID, upn),
		fmt.Sprintf("If it is the same person, restore the account by a link block with tenant = %q; else nothing needs to be done.", h.TargetID)),
		"userPrincipalName", upn, "")
}

// linkHasNoEffect is about a link block whose object has another account.
func linkHasNoEffect(i idleLink, s *subject) *planner.Finding {
	if i.by != nil {
		return about(planner.NewFinding("DF221", fmt.Sprintf("Link %q gives this object account %s, but link %q (%s) gives it %s.",
			i.link.Name, i.link.Tenant, i.by.Name, i.by.DeclaredAt, i.by.Tenant), "Remove one of the two blocks."), "", i.link.Tenant, i.link.DeclaredAt)
	}
	return about(planner.NewFinding("DF221", fmt.Sprintf("Link %q gives this object account %s, but the record says that it has account %s.",
		i.link.Name, i.link.Tenant, s.link.TargetID),
		fmt.Sprintf("Remove the block. If it is right, remove the record instead with `dirform state rm %s`; the next plan then follows the block.", s.link.Anchor)),
		"", i.link.Tenant, i.link.DeclaredAt)
}
