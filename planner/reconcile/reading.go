package reconcile

import (
	"fmt"
	"strings"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// OURenamed is the finding about a scope's OU, or one excluded from it, that was found under another name by its
// recorded GUID.
func OURenamed(s *config.Scope, declared, now string, exclude bool) *planner.Finding {
	argument := "ou"
	if exclude {
		argument = "exclude"
	}
	detail := fmt.Sprintf("Scope %s declares %s; that OU is now %s.", s.Name, declared, now)
	hint := fmt.Sprintf("In the scope's %s, write %q instead of %q.", argument, now, declared)
	return words.About(planner.NewFinding("DF403", detail, hint), "", declared, s.DeclaredAt)
}

// OUReplaced is the finding about a scope's OU whose name belongs to another OU now. It makes a plan inapplicable.
func OUReplaced(s *config.Scope, declared, now string) *planner.Finding {
	detail := fmt.Sprintf("Scope %s was applied with the OU that is now %s; another one stands at %s.", s.Name, now,
		declared)
	hint := fmt.Sprintf("Write ou = %q to go on with the same people, or rename the scope to start with the new OU.", now)
	return words.About(planner.NewFinding("DF404", detail, hint), "", declared, s.DeclaredAt)
}

// ControllerBehind is the finding about a domain controller that has not got what the last apply saw. It makes a plan
// inapplicable.
func ControllerBehind(p *config.ADProvider) *planner.Finding {
	detail := fmt.Sprintf("The domain controller that provider %q reaches has not replicated what the last apply saw on the one that "+
		"it read, or was set back. Its old values would be taken for new ones.", p.Name)
	return words.About(planner.NewFinding(planner.BehindCode, detail, ""), "", p.Name, p.DeclaredAt)
}

// ControllerUnknown is the finding that nobody can tell whether a domain controller has got what the last apply saw.
func ControllerUnknown(p *config.ADProvider, why string) *planner.Finding {
	detail := fmt.Sprintf("Provider %q reaches another domain controller than the last apply, and whether that has replicated what "+
		"the apply saw cannot be told: %s.", p.Name, why)
	return words.About(planner.NewFinding("DF419", detail, ""), "", p.Name, p.DeclaredAt)
}

// UnreadableAttributes is the finding about attributes of a scope's objects that may not be read of all of them. refused says
// that some of them would be taken for empty, so that the plan is inapplicable.
func UnreadableAttributes(s *config.Scope, kind state.Kind, names []string, refused bool) *planner.Finding {
	code := planner.RightsCode
	if refused {
		code = planner.UnreadableCode
	}
	list := strings.Join(names, ", ")
	detail := fmt.Sprintf("The account that reads the directory may not read %s of %ss in scope %s, or of some of them. What cannot "+
		"be read looks empty.", list, kind, s.Name)
	hint := fmt.Sprintf("Let the account read them: make it a member of Pre-Windows 2000 Compatible Access, or dsacls %q /I:S /G",
		s.OUs[0])
	for _, name := range names {
		hint += fmt.Sprintf(" \"ACCOUNT:RP;%s;%s\"", name, kind)
	}
	hint += ". Or take them out of the configuration (unmanaged)."
	return words.About(planner.NewFinding(code, detail, hint), "", list, s.DeclaredAt)
}

// SystemUntold is the finding that attributes which tell system objects may not be read.
func SystemUntold(s *config.Scope, kind state.Kind, names []string) *planner.Finding {
	detail := fmt.Sprintf("The account that reads the directory may not read %s of %ss in scope %s, or of some of them. System objects "+
		"that nothing else tells are taken for people.", strings.Join(names, ", "), kind, s.Name)
	hint := "Let the account read them, as help findings says of DF503; or look at the plan's creates with care."
	return words.About(planner.NewFinding(planner.RightsCode, detail, hint), "", strings.Join(names, ", "), s.DeclaredAt)
}

// Unreadable is the finding about a kind of tenant object that may not be read.
func Unreadable(kind state.Kind, err error) *planner.Finding {
	detail := fmt.Sprintf("Reading %ss is refused: %v.", kind, err)
	hint := fault.Hint(err)
	return words.About(planner.NewFinding("DF501", detail, hint), "", string(kind), "")
}

// Clock is what somebody's clock shows, or showed.
type Clock struct {
	Whose string // "the tenant"
	Shows time.Time
}

// ClocksDiffer is the finding that this computer's clock shows another time than some others.
func ClocksDiffer(now time.Time, others []Clock) *planner.Finding {
	const layout = "2006-01-02 15:04:05 UTC"
	var list []string
	for _, c := range others {
		list = append(list, fmt.Sprintf("that of %s %s", c.Whose, c.Shows.UTC().Format(layout)))
	}
	detail := fmt.Sprintf("This computer's clock shows %s, %s. No grace ends in this plan.", now.UTC().Format(layout),
		strings.Join(list, ", "))
	return words.About(planner.NewFinding("DF417", detail, ""), "", "", "")
}

// DeletedUnseen is the finding that the account sees no deleted objects in a domain, which matters to n leavers who
// live nowhere.
func DeletedUnseen(d providers.Domain, n int) *planner.Finding {
	who := fmt.Sprintf("%d objects that left their scopes live nowhere", n)
	if n == 1 {
		who = "One object that left its scope lives nowhere"
	}
	detail := fmt.Sprintf("%s, and the account may not see deleted objects in domain %s: whether they were deleted is "+
		"not known.", who, d.Name)
	container := "CN=Deleted Objects," + d.BaseDN
	hint := fmt.Sprintf("Let the account list and read %s: dsacls %q /takeownership, then dsacls %q /G "+
		"DOMAIN\\ACCOUNT:LCRP.", container, container, container)
	return words.About(planner.NewFinding("DF502", detail, hint), "", d.Name, "")
}

// UnreadableRoles is the finding that nobody knows who holds a role, where no link policy asks for it.
func UnreadableRoles(err error) *planner.Finding {
	detail := fmt.Sprintf("Reading who holds a directory role is refused, so the last Global Administrator cannot be "+
		"told from others: %v.", err)
	hint := fault.Hint(err)
	return words.About(planner.NewFinding("DF501", detail, hint), "", "roles", "")
}
