package words

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
)

// SameAnchor is about two source objects with one anchor.
func SameAnchor(anchor string) *planner.Finding {
	detail := "Both source objects have the anchor " + anchor + ", so an account could not tell whose it is."
	return About(planner.NewFinding("DF201", detail, ""), config.AnchorConsistencyGUID, anchor, "")
}

// AnchorChanged is about a linked object that has another anchor now: its attribute was changed or emptied, or the policy
// names another attribute than when the link was recorded. Which of them it was the record does not know.
func AnchorChanged(c *pair.Case) *planner.Finding {
	recorded, own := c.Link.Anchor, base64.StdEncoding.EncodeToString(c.Object.GUID[:])
	attribute := c.Table.Policy.Anchor
	_, held := c.Table.AnchorOf(c.Object)
	detail := fmt.Sprintf("The link was recorded with anchor %s; %s of the object is %s now.", recorded, attribute, c.Anchor)
	hint := fmt.Sprintf("Write the recorded anchor into %s,", attribute)
	value := c.Anchor
	switch {
	case attribute == config.AnchorObjectGUID:
		detail = fmt.Sprintf("The link was recorded with anchor %s; by the link policy's anchor, %s, it is %s now.", recorded, attribute,
			c.Anchor)
		hint = fmt.Sprintf("If the link policy had another anchor when the link was recorded, set it back (anchor = %q),",
			config.AnchorConsistencyGUID)
	case !held:
		value = ""
		detail = fmt.Sprintf("The link was recorded with anchor %s; %s of the object is empty now, so that its own objectGUID, %s, "+
			"is its anchor.", recorded, attribute, own)
	case recorded == own:
		detail = fmt.Sprintf("The link was recorded with the object's own objectGUID, %s, as its anchor; %s is %s now.", recorded,
			attribute, c.Anchor)
		hint += fmt.Sprintf(" or, if it is the link policy that has changed, set anchor = %q there again,", config.AnchorObjectGUID)
	}
	hint += fmt.Sprintf(" or remove the record with `dirform state rm %s` to match anew.", recorded)
	return About(planner.NewFinding("DF205", detail, hint), attribute, value, "")
}

// Vanished is about a recorded account of a kind, id, that is nowhere to be found; anchor is that of its object.
func Vanished(of *state.Descriptor, id, anchor string) *planner.Finding {
	detail := fmt.Sprintf("Account %s is recorded for this object, but the tenant has it neither among its %ss nor in "+
		"the recycle bin.", id, of.Noun)
	hint := fmt.Sprintf("If it is gone for good, remove the record with `dirform state rm %s`; the next plan matches or "+
		"creates anew.", anchor)
	return About(planner.NewFinding(planner.VanishedCode, detail, hint), "", id, "")
}

// ClaimedTwice is about an account that this object matches by a rule and a value, and another one too, as other says.
func ClaimedTwice(r pair.Rule, value string, live *table.Account, other string) *planner.Finding {
	detail := fmt.Sprintf("This object matches account %s by %s %s, but %s.", table.Ref(live).Name, r, value, other)
	return About(planner.NewFinding("DF204", detail, ""), "", value, "")
}

// Ambiguous is about a rule that finds several accounts.
func Ambiguous(r pair.Rule, value string) *planner.Finding {
	detail := fmt.Sprintf("Rule %s finds more than one account for %s.", r, value)
	return About(planner.NewFinding("DF203", detail, ""), "", value, "")
}

// InRecycleBin is about a match that was deleted.
func InRecycleBin(live *table.Account) *planner.Finding {
	detail := fmt.Sprintf("Account %s (%s) was deleted in the tenant.", table.Ref(live).Name, live.ID)
	return planner.NewFinding("DF212", detail, "")
}

// BadLink is about a link block whose tenant account, or source object, was not found.
func BadLink(l *config.Link, source bool) *planner.Finding {
	detail := fmt.Sprintf("Link %q: the tenant has no account %q.", l.Name, l.Tenant)
	hint := "Correct the link block's tenant, or remove the block to let the rules decide."
	f := planner.NewFinding("DF214", detail, hint)
	value := l.Tenant
	if source {
		f.Detail, value = fmt.Sprintf("Link %q: no object in scope is %q.", l.Name, l.Source), l.Source
		f.Hint = "Correct the link block's source, or remove the block."
	}
	return About(f, "", value, l.DeclaredAt)
}

// ManyNamed is about a link block whose source several objects are called.
func ManyNamed(l *config.Link) *planner.Finding {
	detail := fmt.Sprintf("Link %q: several objects in scope are called %q, so which one is meant is not known.", l.Name,
		l.Source)
	hint := "Name the one that is meant by its distinguished name or objectGUID."
	return About(planner.NewFinding("DF214", detail, hint), "", l.Source, l.DeclaredAt)
}

// BlockedDrift is about attributes of a blocked object of a kind that are not as last applied.
func BlockedDrift(of *state.Descriptor, names []string) *planner.Finding {
	hint := ""
	switch never := of.Master; {
	case never == "" || !slices.Contains(names, never):
	case len(names) == 1:
		hint = fmt.Sprintf("Resolve the other finding. %s is another sync engine's: dirform never sets it.", never)
	default:
		hint = fmt.Sprintf("Resolve the other finding; the next apply sets the attributes again, but for %s, which is another sync "+
			"engine's.", never)
	}
	return planner.NewFinding("DF215", "Not as last applied: "+strings.Join(names, ", ")+".", hint)
}

// CopiedFrom says what to do about the object named other, which got the copy of an anchor that the record has for its
// owner. restore is the anchor with which the other one is recorded itself, "" if it is not.
func CopiedFrom(owner, other, restore string) string {
	if restore != "" {
		return fmt.Sprintf("The record has the anchor for %s. Set mS-DS-ConsistencyGuid of %s back to %s, with which it is "+
			"recorded.",
			owner, other, restore)
	}
	return fmt.Sprintf("The record has the anchor for %s. Clear mS-DS-ConsistencyGuid of %s.", owner, other)
}

// OldAnchorAlive is about an account that is the object's as how says and carries the anchor of another one, old, which is still in a
// scope.
func OldAnchorAlive(a *table.Account, how string, old planner.ObjectRef, scope *config.Scope,
	policy *config.LinkPolicy) *planner.Finding {
	detail := fmt.Sprintf("Account %s %s, but carries anchor %s of %s, which is still in scope %s (%s).",
		table.Ref(a).Name, how, old.Anchor, old.SourceDN, scope.Name, scope.DeclaredAt)
	return About(planner.NewFinding("DF217", detail, ""), a.Of.Anchor, old.Anchor, policy.DeclaredAt)
}

// OldInOtherForest says how object dn gets an account that carries the anchor of one in another forest's scope.
func OldInOtherForest(dn string, scope *config.Scope) string {
	return fmt.Sprintf("Once %s is to have the account, delete the old object, move it, or take it out of scope %s "+
		"with exclude or where; the next plan relinks. If the account stays the old one's, correct the value by which this "+
		"object matches it.", dn, scope.Name)
}

// OldInForest says what to do about an account that is by its anchor or the record the one of object old, in the same forest, and that
// another one matches. Moving the old object would have it treated as a leaver, and nobody would get the account.
func OldInForest(old string) string {
	return fmt.Sprintf("Correct the value by which this object matches the account. Only if it is the same person's new object, delete "+
		"%s in Active Directory and add the link block.", old)
}

// BlockWaits says what to do about a link block that names the account of object old, which has it by its anchor or the record.
func BlockWaits(l *config.Link, old string) string {
	return fmt.Sprintf("Correct or remove link block %q (%s). Only if this is the same person's new object, delete %s in Active "+
		"Directory; the block then holds.", l.Name, l.DeclaredAt, old)
}

// ClearAnchors says what to do about an account that is recorded for one object and carries the anchor of another one, which has
// account other, nil for none.
func ClearAnchors(a, other *table.Account) string {
	switch {
	case other == nil:
		return fmt.Sprintf("If account %s is this object's, clear %s of it; the next apply writes this object's.", table.Ref(a).Name,
			a.Of.Anchor)
	case other.Anchor() == "":
		return fmt.Sprintf("The two objects have an account each. Clear %s of %s; the next apply gives both their own.", a.Of.Anchor,
			table.Ref(a).Name)
	}
	return fmt.Sprintf("The two objects have an account each. Clear %s of both accounts, %s and %s; the next apply gives them their own.",
		a.Of.Anchor, table.Ref(a).Name, table.Ref(other).Name)
}

// OwnerLives is about an account that a link block names and that carries the anchor of another object, old, which
// lives in no scope.
func OwnerLives(a *table.Account, l *config.Link, old planner.ObjectRef) *planner.Finding {
	detail := fmt.Sprintf("Link %q gives this object account %s, but that carries anchor %s of %s, which lives in Active "+
		"Directory, in no scope.", l.Name, table.Ref(a).Name, old.Anchor, old.SourceDN)
	hint := "Remove the link block if the account is the other object's. If it is this one's, delete the other object " +
		"first; the next plan relinks."
	return About(planner.NewFinding("DF217", detail, hint), a.Of.Anchor, old.Anchor, l.DeclaredAt)
}

// ForeignAnchor is about an account that carries the anchor theirs, which is somebody else's as whose says, instead of
// own. how says how the account is the object's.
func ForeignAnchor(a *table.Account, how, theirs, whose, own, hint string, policy *config.LinkPolicy) *planner.Finding {
	detail := fmt.Sprintf("Account %s %s, but carries anchor %s, %s; this object's anchor is %s.",
		table.Ref(a).Name, how, theirs, whose, own)
	return About(planner.NewFinding("DF207", detail, hint), a.Of.Anchor, theirs, policy.DeclaredAt)
}

// Predecessor is whose an account is that is recorded for an object which has left its scope, and what to do where
// another object is to have it. where is the name under which the former lives, "" if it is not known to; same says that
// the two are of one forest, so that no policy decides.
func Predecessor(link *state.Link, where string, same bool) (whose, hint string) {
	whose = fmt.Sprintf("that of an object which has left scope %s, whose leaving policy goes on", link.Scope)
	hint = "If this object is somebody else's, give it another address at the source. "
	switch {
	case where != "":
		whose = fmt.Sprintf("that of %s, which has left scope %s, whose leaving policy goes on", where, link.Scope)
		hint += fmt.Sprintf("If the account is to be this object's, delete the other one first, which lives as %s: the next plan "+
			"then offers the link block.", where)
	case same:
		hint += "Only if it is the same person's new object, add the link block."
	default:
		hint += "Only if it is the same person's new object, add the link block, or set foreign_anchor = \"relink\" in the link " +
			"policy for everybody."
	}
	return whose, hint
}

// AnchorTaken is about account a, which carries the anchor that this object's account, own, is to get; own is "" for
// one that is to be created. how says by what rule own is its account.
func AnchorTaken(a *table.Account, own string, how pair.Rule, anchor string,
	policy *config.LinkPolicy) *planner.Finding {
	other, rule := table.Ref(a).Name, a.Of.HardRule()
	detail := fmt.Sprintf("Account %s carries this object's anchor, but rule %s is not among the policy's match rules.",
		other, rule)
	hint := fmt.Sprintf("Add %q to match, or take the anchor off that account.", rule)
	if own != "" {
		detail = fmt.Sprintf("Account %s carries this object's anchor, but %s is its account by %s.", other, own, how)
		hint = "Take the anchor off the account that is not this object's."
	}
	return About(planner.NewFinding("DF203", detail, hint), a.Of.Anchor, anchor, policy.DeclaredAt)
}

// NoAccount says by which rules, each with its value, no account was found.
func NoAccount(tried []string, policy *config.LinkPolicy) *planner.Finding {
	detail := "None of the rules " + strings.Join(tried, ", ") + " finds an account."
	return About(planner.NewFinding("DF213", detail, ""), "", "", policy.DeclaredAt)
}

// LinkHasNoEffect is about a link block whose object has another account: that of an earlier block, by, or the one
// recorded, where by is nil. nobody says that the account which the block names does not exist.
func LinkHasNoEffect(l, by *config.Link, c *pair.Case, nobody bool) *planner.Finding {
	if by != nil {
		detail := fmt.Sprintf("Link %q gives this object account %s, but link %q (%s) gives it %s.",
			l.Name, l.Tenant, by.Name, by.DeclaredAt, by.Tenant)
		return About(planner.NewFinding("DF221", detail, "Remove one of the two blocks."), "", l.Tenant, l.DeclaredAt)
	}
	has := c.Link.TargetID
	if c.Live != nil && table.Ref(c.Live).Name != "" {
		has = fmt.Sprintf("%s (%s)", table.Ref(c.Live).Name, has)
	}
	detail := fmt.Sprintf("Link %q gives this object account %s, but the record says that it has account %s.",
		l.Name, l.Tenant, has)
	hint := "Remove the block. If it is right: " + makeWay(c)
	if nobody {
		detail += fmt.Sprintf(" The tenant has no account %s.", l.Tenant)
		hint = "Correct the block's tenant, or remove the block."
	}
	return About(planner.NewFinding("DF221", detail, hint), "", l.Tenant, l.DeclaredAt)
}

// makeWay says what it takes that a link block gives another account to an object than the recorded one: that carries the
// object's anchor, of which the service allows one, and has the names that the other account is to get.
func makeWay(c *pair.Case) string {
	of, record := c.Table.Of, fmt.Sprintf("remove the record with `dirform state rm %s`", c.Link.Anchor)
	then := "The next plan then follows the block."
	switch {
	case c.Live == nil:
		return record + ". " + then
	case of.UserName == "":
		return fmt.Sprintf("delete the %s that it has now for good, and %s. %s", of.Noun, record, then)
	}
	return fmt.Sprintf("take the account that it has now out of the way (either delete it, in the recycle bin as well, or "+
		"clear its %s and give it another user name and other addresses), and %s, with no apply in between. %s",
		of.Anchor, record, then)
}

// TellCopy adds to a finding about several source objects which of them replication has renamed: the two are hardly ever two people.
func TellCopy(f *planner.Finding) {
	copied, others := "", false
	for _, o := range f.Objects {
		switch conflict := dn.Conflict(o.SourceDN); {
		case conflict && copied == "":
			copied = o.SourceDN
		case o.SourceDN != "" && !conflict:
			others = true
		}
	}
	if copied != "" && others {
		f.Hint += fmt.Sprintf(" %s is a copy that replication renamed, because two domain controllers made an object of one name: keep one "+
			"of the two in Active Directory.", copied)
	}
}
