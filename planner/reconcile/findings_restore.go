package reconcile

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// formerNameInUse is about a name with which the service would bring a deleted account back, and which others have by now.
// Whether the object still wants the name does not matter: the account has it before anything is changed about it.
func formerNameInUse(attribute, value string, holders []holder, policy *config.LinkPolicy) *planner.Finding {
	var who []string
	first, more := fmt.Sprintf("Take %s from the one that has it", value), ""
	for _, h := range holders {
		who = append(who, h.text())
		switch h.how {
		case alias:
			more += " In Exchange: " + takeAway(h.ObjectRef, value)
		case doomed:
			first = "Apply, which deletes the account that has it"
		case leftOut:
			first = "Leave out --target and --exclude"
		case blocked:
			first = "Resolve what blocks the other object, as its own finding says"
		}
	}
	return about(planner.NewFinding("DF202", fmt.Sprintf("This object's account lies in the recycle bin, and the service would bring it back with the %s that it had, %s: %s.",
		attribute, value, strings.Join(who, "; ")),
		first+", or restore the account by hand under another name; then plan again. If it is not wanted any more, "+
			"delete it for good in the tenant, or set deleted = \"create\" in the link policy."+more),
		attribute, value, policy.DeclaredAt)
}

// whenDeleted says how to get a name of an account that the same plan deletes. The service frees a deleted user's
// userPrincipalName at once; whether the addresses are free is not documented, and the plan takes them as taken.
func whenDeleted(attribute string) string {
	if attribute == "userPrincipalName" {
		return "Apply, which deletes the account, and plan again: then the name is free."
	}
	return "The account's addresses count as taken while it lies in the recycle bin. Apply, delete it there for good, and plan again; or set " +
		"deleted = \"create\" in the link policy, apply, and plan again."
}

// deletesLeft reports whether this plan deletes the account of link l, -1 for none, because its source object has left.
func (p *plan) deletesLeft(l int) bool {
	if l < 0 || p.linkSource[l] >= 0 {
		return false
	}
	d, err := p.decideLeaving(l)
	return err == nil && d.change != nil && d.change.Action == state.ActionDelete
}

// adviseRestore offers the way out where an account that is nobody's has the name with which the subject's comes back: perhaps it
// was made for the subject when that one came back.
func (s *subject) adviseRestore(f *planner.Finding) error {
	var free []planner.ObjectRef
	for _, ref := range f.Objects[1:] {
		o, err := s.freeAccount(ref)
		if err != nil {
			return err
		}
		if o != nil {
			free = append(free, ref)
		}
	}
	if len(free) == 1 {
		f.Hint += fmt.Sprintf(" If %s is this object's account now, delete the one in the recycle bin for good, and add the link block.", free[0].Name)
		f.Snippet = s.linkBlock(free[0])
	}
	return nil
}
