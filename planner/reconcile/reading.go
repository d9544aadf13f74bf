package reconcile

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
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
	return words.About(planner.NewFinding("DF415", detail, ""), "", p.Name, p.DeclaredAt)
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

// Unreadable is the finding about a kind of tenant object that may not be read.
func Unreadable(kind state.Kind, err error) *planner.Finding {
	detail := fmt.Sprintf("Reading %ss is refused: %v.", kind, err)
	hint := fault.Hint(err)
	return words.About(planner.NewFinding("DF501", detail, hint), "", string(kind), "")
}

// UnreadableRoles is the finding that nobody knows who holds a role, where no link policy asks for it.
func UnreadableRoles(err error) *planner.Finding {
	detail := fmt.Sprintf("Reading who holds a directory role is refused, so the last Global Administrator cannot be "+
		"told from others: %v.", err)
	hint := fault.Hint(err)
	return words.About(planner.NewFinding("DF501", detail, hint), "", "roles", "")
}
