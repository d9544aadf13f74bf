package words

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// AliasDiff is how the aliases of an account differ from what its source object is to have.
type AliasDiff struct {
	Add, Remove []string // addresses without prefix, sorted
	Taken       []TakenAlias
	// the primary address at the source, where attribute SetBy, which sets it, is mapped to another one, Mail
	Primary     string
	Mail, SetBy string
}

// TakenAlias is an alias that is wanted and that somebody else has or wants.
type TakenAlias struct {
	Address, Who string
	Freed        bool // whoever has it gives it up in the same plan
}

// IsEmpty reports whether nothing differs.
func (d AliasDiff) IsEmpty() bool {
	return len(d.Add)+len(d.Remove)+len(d.Taken) == 0 && d.Primary == ""
}

// Aliases is about a difference, with the command that does away with it for the object of a kind with an identity, which may be
// a guest. offLimits says why none is offered, or is "".
func Aliases(of *state.Descriptor, guest bool, attribute string, d AliasDiff, identity, offLimits string) *planner.Finding {
	var said, values []string
	say := func(format string, list []string) {
		if len(list) > 0 {
			said = append(said, fmt.Sprintf(format, strings.Join(list, ", ")))
		}
	}
	for _, address := range d.Add {
		values = append(values, "+smtp:"+address)
	}
	for _, address := range d.Remove {
		values = append(values, "-smtp:"+address)
	}
	say("To add: %s.", prefixed(d.Add))
	say("To remove: %s.", prefixed(d.Remove))
	for _, t := range d.Taken {
		values = append(values, "+smtp:"+t.Address)
		if t.Freed {
			said = append(said, fmt.Sprintf("smtp:%s cannot be added yet: %s, and gives it up in this plan.", t.Address, t.Who))
			continue
		}
		said = append(said, fmt.Sprintf("smtp:%s cannot be added: %s.", t.Address, t.Who))
	}
	if d.Primary != "" {
		values = append(values, "SMTP:"+d.Primary)
		said = append(said, fmt.Sprintf("The primary address is SMTP:%s at the source, but %s, which sets it, is %s.",
			d.Primary, d.SetBy, orNothing(d.Mail)))
	}
	f := planner.NewFinding(planner.AliasesCode, "", aliasHint(d))
	switch {
	case len(d.Add)+len(d.Remove) == 0:
	case offLimits != "":
		said = append(said, fmt.Sprintf("No command is offered: %s.", offLimits))
	default:
		f.Commands = []string{SetAddresses(of, guest, identity, d.Add, d.Remove)}
	}
	f.Detail = strings.Join(said, " ")
	return About(f, attribute, strings.Join(values, ", "), "")
}

// SeveralPrimary is about several primary addresses of one object, sorted and without prefix.
func SeveralPrimary(a *state.Attribute, addresses []string) *planner.Finding {
	list := make([]string, len(addresses))
	for i, address := range addresses {
		list[i] = "SMTP:" + address
	}
	value := strings.Join(list, ", ")
	detail := fmt.Sprintf("%s has %d primary addresses, %s: only one can be it, which SMTP: in capitals marks. Nobody can tell "+
		"which is meant, so primary_smtp() gives null, as if there were none.", a.Name, len(list), value)
	hint := "Leave SMTP: in capitals before the one that is meant, and write smtp: before the others, at the source."
	return About(planner.NewFinding("DF105", detail, hint), a.Name, value, "")
}

// IsProtected says that a guard protects an account by a name, as a part of a sentence.
func IsProtected(name string) string { return fmt.Sprintf("the account is protected by %q", name) }

// HoldsRoles says that an account holds roles, as a part of a sentence.
func HoldsRoles(roles []string) string { return "the account holds " + strings.Join(roles, ", ") }

func aliasHint(d AliasDiff) string {
	var hints []string
	if len(d.Add)+len(d.Remove) > 0 {
		hints = append(hints, planner.CodeOf(planner.AliasesCode).Cure)
	}
	if slices.ContainsFunc(d.Taken, func(t TakenAlias) bool { return t.Freed }) {
		hints = append(hints, "Plan again after this apply, which frees the address unless the mailbox that has it keeps "+
			"it as a further one.")
	}
	if slices.ContainsFunc(d.Taken, func(t TakenAlias) bool { return !t.Freed }) {
		hints = append(hints, "Take the address away from the other object first, and plan again.")
	}
	if d.Primary != "" {
		hints = append(hints, fmt.Sprintf("Map %s = primary_smtp(ad.%s), or make the two agree at the source.", d.SetBy,
			table.SourceProxies))
	}
	return strings.Join(hints, " ")
}
