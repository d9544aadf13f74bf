package words

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// Hold is in what way somebody has a name that another object asks for.
type Hold uint8

// The ways in which somebody has a name.
const (
	Has      Hold = iota
	Alias         // as a further address, which Microsoft Graph cannot take away
	Wants         // a source object that asks for it too
	MoreWant      // further source objects that do, which are not named
	Blocked       // it was to give it up, but is blocked itself
	LeftOut       // it would give it up, but --target or --exclude leaves it out
	OfLeaver      // its source object has left the scope
	Doomed        // and this plan deletes it
	Deleted       // it lies in the recycle bin
)

// Holder is an object that has a name, or wants it too.
type Holder struct {
	planner.ObjectRef
	How Hold
	Of  *state.Descriptor // of its kind; never nil
	N   int               // how many, of MoreWant
	// Guest says that it is the account of somebody of another organisation.
	Guest bool
}

// HolderOf is an account that has a name.
func HolderOf(o *table.Account, how Hold) Holder {
	return Holder{ObjectRef: table.Ref(o), How: how, Of: o.Of, Guest: o.Guest()}
}

// takeAway is the Exchange Online command that takes a further address from the holder.
func (h Holder) takeAway(address string) string {
	return SetAddresses(h.Of, h.Guest, h.TargetID, nil, []string{address})
}

// Name is a name that an object asks for.
type Name struct {
	*state.UniqueName
	Value  string
	Policy *config.LinkPolicy // of the object that asks
}

// TakenAlong is about n objects that --target does not name and that its changes need.
func TakenAlong(n int) *planner.Finding {
	detail := fmt.Sprintf("%d objects are in the plan because changes of the targets need theirs: they give up a name, "+
		"or are managers who have no account yet.", n)
	if n == 1 {
		detail = "One object is in the plan because a change of the targets needs its change: it gives up a name, or is a " +
			"manager who has no account yet."
	}
	return sampled(n, "DF416", detail, "")
}

// InUse is about a name that others have or want; linked says that the object which is to get it has an account.
func InUse(n Name, holders []Holder, linked bool) *planner.Finding {
	attribute, value := n.Attribute, n.Value
	var who []string
	hint := fmt.Sprintf("Change %s at the source of one of them, or remove it from the object that has it.", attribute)
	bin := true // all of them lie there
	for _, h := range holders {
		who, bin = append(who, h.Text()), bin && h.How == Deleted
		switch h.How {
		case Has:
			if h.Guest && n.Policy.Guests != "allow" {
				hint = ofGuest(attribute)
			}
		case Alias:
			if h.Guest && n.Policy.Guests != "allow" {
				hint = ofGuest(attribute)
				break
			}
			hint = fmt.Sprintf("Change %s at the source, or remove the further address in Exchange, which Microsoft Graph "+
				"cannot: %s",
				attribute, h.takeAway(value))
		case Deleted:
			if linked || h.Guest && n.Policy.Guests != "allow" {
				hint = fmt.Sprintf("Change %s at the source, delete account %s for good in the tenant, or set deleted = "+
					"\"create\" in the link policy.", attribute, h.TargetID)
				break
			}
			hint = fmt.Sprintf("If it is the same person, restore the account by a link block with tenant = %q; else delete "+
				"it for good in the tenant, or set deleted = \"create\" in the link policy.", h.TargetID)
		case OfLeaver:
			hint = fmt.Sprintf("Change %s at the source, or remove it from the account that is left over.", attribute)
		case Doomed:
			hint = whenDeleted(n)
		case Blocked:
			hint = fmt.Sprintf("Resolve what blocks the other object, as its own finding says; then both change in one apply. "+
				"Or change %s at the source.", attribute)
		case LeftOut:
			hint = "Plan both, without --target or --exclude: then one takes over from the other in one apply."
		case Wants, MoreWant:
			hint = fmt.Sprintf("Change %s at the source of one of them.", attribute)
		}
	}
	detail := fmt.Sprintf("%s %s cannot be given to this object: %s.", attribute, value, strings.Join(who, "; "))
	if bin { // whether the service would take it is not documented
		detail = fmt.Sprintf("%s %s is not given to this object: %s, and the link policy's deleted = %q keeps the names of deleted "+
			"accounts for them.", attribute, value, strings.Join(who, "; "), n.Policy.Deleted)
	}
	return About(planner.NewFinding("DF202", detail, hint), attribute, value, "")
}

// ofGuest says what to do about a name in an attribute that a guest has: no policy has the guest's account linked.
func ofGuest(attribute string) string {
	return fmt.Sprintf("If the guest is this person, delete the guest's account in the tenant, or set guests = \"allow\" in the link policy "+
		"to have it linked; else change %s at the source.", attribute)
}

// who names the holder as the tenant knows it.
func (h Holder) who() string {
	noun := string(h.Kind)
	if h.Guest {
		noun = "guest"
	}
	if h.TargetID != "" && h.Address != "" {
		return fmt.Sprintf("%s %s (%s)", noun, h.Name, h.Address)
	}
	return fmt.Sprintf("%s %s", noun, h.Name)
}

// Text says who the holder is and how it comes to have the name.
func (h Holder) Text() string {
	who := h.who()
	switch h.How {
	case Wants:
		return "source object " + h.Address + " wants it too"
	case MoreWant:
		return fmt.Sprintf("%d more source objects want it too", h.N)
	case Alias:
		return fmt.Sprintf("%s has it as a further address (%s)", who, h.Of.Proxies)
	case Blocked:
		return who + " has it, and is blocked itself"
	case LeftOut:
		return who + " has it and gives it up too, but --target or --exclude leaves that out"
	case OfLeaver:
		return who + " has it, though its source object has left the scope"
	case Doomed:
		return who + " has it, which this plan deletes because its source object has left the scope"
	case Deleted:
		return fmt.Sprintf("%s (%s), deleted in the tenant, has it", who, h.TargetID)
	}
	return who + " has it"
}

// KeepsAddress warns that an address which another account gives up may stay with it.
func KeepsAddress(n Name, h Holder) *planner.Finding {
	detail := fmt.Sprintf("%s moves here from %s. If that account has a mailbox, Exchange keeps the address with it, "+
		"and apply reports this change as refused.",
		n.Value, h.who())
	hint := fmt.Sprintf("Nothing, if it has no mailbox. Else, after this apply, take the address away in Exchange "+
		"Online and apply again: %s",
		h.takeAway(n.Value))
	return About(planner.NewFinding("DF304", detail, hint), n.Attribute, n.Value, "")
}

// HadName warns that a deleted account had the name of one that is to be created.
func HadName(n Name, h Holder) *planner.Finding {
	detail := fmt.Sprintf("Account %s was called %s before it was deleted. This plan creates a new account.", h.TargetID,
		n.Value)
	hint := fmt.Sprintf("If it is the same person, restore the account by a link block with tenant = %q; else nothing "+
		"needs to be done.", h.TargetID)
	return About(planner.NewFinding("DF216", detail, hint), n.Attribute, n.Value, "")
}

// FormerNameInUse is about a name with which the service would bring a deleted account back, and which others have by
// now. Whether the object still wants the name does not matter: the account has it before anything is changed about it.
func FormerNameInUse(n Name, holders []Holder) *planner.Finding {
	attribute, value := n.Attribute, n.Value
	var who []string
	first, more := fmt.Sprintf("Take %s from the one that has it", value), ""
	for _, h := range holders {
		who = append(who, h.Text())
		switch h.How {
		case Alias:
			more += " In Exchange: " + h.takeAway(value)
		case Doomed:
			first = "Apply, which deletes the account that has it"
		case LeftOut:
			first = "Leave out --target and --exclude"
		case Blocked:
			first = "Resolve what blocks the other object, as its own finding says"
		}
	}
	detail := fmt.Sprintf("This object's account lies in the recycle bin, and the service would bring it back with the "+
		"%s that it had, %s: %s.",
		attribute, value, strings.Join(who, "; "))
	hint := first + ", or restore the account by hand under another name; then plan again. If it is not wanted any " +
		"more, delete it for good in the tenant, or set deleted = \"create\" in the link policy." + more
	return About(planner.NewFinding("DF202", detail, hint), attribute, value, n.Policy.DeclaredAt)
}

// whenDeleted says how to get a name of an account that the same plan deletes.
func whenDeleted(n Name) string {
	if n.Freed {
		return "Apply, which deletes the account, and plan again: then the name is free."
	}
	return "The account's addresses count as taken while it lies in the recycle bin. Apply, delete it there for good, " +
		"and plan again; or set deleted = \"create\" in the link policy, apply, and plan again."
}

// MailIsName refuses to create an account whose mail is the user name of account o, which has no address: most likely
// that is the object's own account, and once it gets its mailbox it gets this address too.
func MailIsName(mail, upn string, o *table.Account, p *config.LinkPolicy) *planner.Finding {
	attribute := o.Of.Mail
	detail := fmt.Sprintf("%s %s cannot be given to this object: it is the user name of %s %s. %s, and %s cannot either, "+
		"because the user name here is %s. A second account with this address would stand in the first one's way; with its "+
		"mailbox the service would answer AttributeValueMustBeUnique.", attribute, mail, o.Noun(), table.Ref(o).Name,
		NoAddress(o, pair.SMTP), pair.UPN, upn)
	hint := fmt.Sprintf("If it is this object's account, add the link block. If it is not, change %s at the source, or "+
		"rename the account.", attribute)
	if o.Barred(p) {
		hint = ofGuest(attribute)
	}
	return About(planner.NewFinding("DF202", detail, hint), attribute, mail, "")
}
