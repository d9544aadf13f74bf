package judge

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// adviser looks for the way out where a finding is about whose account is whose.
type adviser struct{ *draft }

// advise adds to the findings about whose account is whose the link block that would decide it, ready to be pasted.
func (d adviser) advise() error {
	for _, f := range d.findings {
		switch f.Code {
		case "DF202":
			if err := d.adviseHolder(f); err != nil {
				return err
			}
		case "DF203":
			if f.Attribute == "" { // else the accounts carry the anchor or not, which no link block changes
				f.Snippet = d.linkBlock(f.Objects[1:]...)
			}
		case "DF204":
			if err := d.adviseRival(f); err != nil {
				return err
			}
		}
		words.TellCopy(f)
	}
	return nil
}

// adviseRival offers a link block where one decides: against a soft match. A recorded link, a link block and an anchor
// are stronger than another link block, or as strong.
func (d adviser) adviseRival(f *planner.Finding) error {
	rival := int(d.Verdict.Rival)
	switch v := d.j.Verdict(rival); {
	case v.Link < 0 && v.Rule.Soft():
		f.Snippet = d.linkBlock(table.Ref(d.Live))
	case v.Link < 0 && v.Rule == pair.Declared:
		l := d.j.DeclaredFor(rival)
		f.Hint = fmt.Sprintf("Link block %q (%s) gives the account to the other object: correct the block, or the value by "+
			"which this object matches.",
			l.Name, l.DeclaredAt)
	default:
		other, err := d.j.Case(rival)
		if err != nil {
			return err
		}
		f.Hint = words.OldInForest(other.Object.DN)
		if l := d.j.DeclaredFor(d.Row); l != nil {
			f.Hint = words.BlockWaits(l, other.Object.DN)
		} else {
			f.Snippet = d.linkBlock(table.Ref(d.Live))
		}
		f.Hint = "The account is the other object's by its anchor or the record. " + f.Hint
	}
	return nil
}

// adviseHolder is about a name that an account has which may be the object's own: one of its kind that is nobody's.
func (d adviser) adviseHolder(f *planner.Finding) error {
	if !d.Linked() && d.Verdict.Flags == pair.InBin && d.Verdict.Rule == pair.Immutable {
		return d.adviseRestore(f)
	}
	if d.Linked() || d.Verdict.Flags != 0 || d.stuck() || f.Snippet != "" {
		return nil
	}
	free, err := d.FreeAccounts(f.Objects[1:])
	if err != nil || len(free) != 1 {
		return err
	}
	switch account := free[0]; {
	case d.Verdict.Rule == pair.Declared:
		l := d.j.DeclaredFor(d.Row)
		f.Hint += fmt.Sprintf(" If %s is this object's own account, correct link block %q (%s), which names %s.",
			table.Ref(account).Name, l.Name, l.DeclaredAt, l.Tenant)
	case f.Attribute == d.Table.Of.UserName && !account.HasAddress():
		d.adviseNoMailbox(f, account)
	case d.Live == nil:
		f.Hint += " If it is this object's own account, add the link block."
		f.Snippet = d.linkBlock(table.Ref(account))
	}
	return nil
}

// adviseRestore offers the way out where an account that is nobody's has the name with which the object's comes back:
// perhaps it was made for the object when that one came back.
func (d adviser) adviseRestore(f *planner.Finding) error {
	free, err := d.FreeAccounts(f.Objects[1:])
	if err != nil || len(free) != 1 {
		return err
	}
	account := table.Ref(free[0])
	f.Hint += fmt.Sprintf(" If %s is this object's account now, delete the one in the recycle bin for good, and add the "+
		"link block.", account.Name)
	f.Snippet = d.linkBlock(account)
	return nil
}

// adviseNoMailbox turns the finding about a taken user name into one that tells why the account was not found: people
// look for the second account that they believe dirform has made.
func (d adviser) adviseNoMailbox(f *planner.Finding, o *table.Account) {
	why := fmt.Sprintf("rule %s could, but is not among the policy's match rules", pair.UPN)
	if d.Live != nil {
		why = fmt.Sprintf("rule %s would, but %s was found first, by %s", pair.UPN, table.Ref(d.Live).Name, d.Verdict.Rule)
	}
	made := d.j.Source.Meta(d.Row).Flags&table.SourceFallback != 0
	if made {
		why = "and the user name, which the link policy put in place of " + d.Mapped + ", is no evidence of whose it is"
	}
	f.Detail = fmt.Sprintf("%s %s cannot be given to this object: %s %s has it. %s; %s. The service would answer "+
		"AttributeValueMustBeUnique.",
		f.Attribute, f.Value, o.Noun(), table.Ref(o).Name, words.NoAddress(o, pair.SMTP), why)
	f.Hint = "If it is this object's account, add the link block"
	if d.Live == nil && !made {
		f.Hint += fmt.Sprintf(", or \"%s\" to match in link_policy %q (%s)", pair.UPN, d.Table.Policy.Name,
			d.Table.Policy.DeclaredAt)
	}
	f.Hint += ". If it is not, rename one of them."
	f.Snippet = d.linkBlock(table.Ref(o))
}

// checkMailIsName refuses to create an account whose mail is the user name of one without an address.
func (d adviser) checkMailIsName() error {
	mail := d.WantName(state.MailAddresses)
	if mail.IsEmpty() {
		return nil
	}
	found := -1
	d.j.Tenant.Named(state.SignInNames, d.j.Hash.Address(mail), func(t int, _ bool) {
		if d.Free(t) {
			found = t
		}
	})
	upn := d.WantName(state.SignInNames).Str()
	if found < 0 || strings.EqualFold(mail.Str(), upn) { // then the name is taken too, which says it all
		return nil
	}
	o, err := d.j.Tenant.Load(found)
	if err != nil || o.HasAddress() {
		return err
	}
	f := words.MailIsName(mail.Str(), upn, o, d.Table.Policy)
	f.Snippet = d.linkBlock(table.Ref(o))
	d.report(f, table.Ref(o))
	return nil
}

// linkBlock is the link block that gives the object one of the accounts, "" if no block may give it any of them.
func (d adviser) linkBlock(accounts ...planner.ObjectRef) string {
	var names []string
	for _, a := range d.Linkable(accounts) {
		if d.j.set.Kinds(a.Kind).UserName != "" && strings.Contains(a.Name, "@") {
			names = append(names, a.Name)
		} else {
			names = append(names, a.TargetID)
		}
	}
	return words.LinkBlock(d.Key, d.Object.DN, names...)
}
