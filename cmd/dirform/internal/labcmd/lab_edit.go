package labcmd

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/near"
	"github.com/dirform/dirform/state/visible"
)

func newLabSetCommand(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "set [ad|tenant] OBJECT NAME=VALUE...",
		Short: "Change attributes of an object",
		Long: `Set changes attributes of an object on one side, all of those named or, if one is refused, none. OBJECT is a distinguished
name (Active Directory), or a user principal name, object id or display name (tenant); which side is meant shows from it unless you
say. NAME= clears an attribute, and a name given twice gets both values. For the tenant true, false, null, numbers and JSON lists
mean themselves. Its own switches are set on the OBJECTs "organization" (onPremisesSyncEnabled) and "onPremisesSynchronization"
(blockSoftMatchEnabled and the other features).`,
		Example: `  dirform lab set "CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com" department=Revenue title=
  dirform lab set ad jdoe proxyAddresses=SMTP:jane@contoso.com proxyAddresses=smtp:jd@contoso.com
  dirform lab set tenant jane@contoso.com jobTitle="Head of Sales" accountEnabled=false
  dirform lab set tenant onPremisesSynchronization blockSoftMatchEnabled=true`,
		Args: cli.Arguments(2, -1),
		RunE: func(_ *cobra.Command, args []string) error {
			side, rest := splitSide(args)
			if len(rest) < 2 {
				return &fault.Error{Summary: "Nothing to set", Hint: "Name an object and at least one NAME=VALUE."}
			}
			values, err := parseAssignments(rest[1:])
			if err != nil {
				return err
			}
			return editLab(a, side, func(l *lab.Lab) error { return setAll(l, side, rest[0], values) })
		},
	}
	return cli.ExitStatus(cmd, "0  done", "1  there is no such object, or it does not take the value")
}

// assignment is an attribute and its new values; none clears it.
type assignment struct {
	name   string
	values []string
}

// setAll makes all assignments or none of them.
func setAll(l *lab.Lab, side, object string, assignments []assignment) error {
	var list []lab.Assignment
	var names []string
	for _, x := range assignments {
		list = append(list, lab.Assignment{Name: x.name, Values: x.values, Value: tenantValue(x)})
		names = append(names, x.name)
	}
	set := l.SetAllTenant
	if side == sideAD {
		set = l.SetAllAD
	}
	err := set(object, list)
	if err == nil {
		return nil
	}
	refused := (*lab.NotSetError)(nil)
	if !errors.As(err, &refused) {
		return err
	}
	return notTaken(cmp.Or(refused.Name, strings.Join(names, ", ")), refused)
}

// notTaken says in plain words what the directory's own mean, which follow. name is the attribute at fault.
func notTaken(name string, refused *lab.NotSetError) error {
	if refused.Code != "" {
		return &fault.Error{Summary: fmt.Sprintf("The tenant does not take this value of %s", name),
			Detail: visible.Sprintf("%s (%s)", refused.Message, refused.Code), Err: refused}
	}
	if refused.Result == 0 {
		return refused
	}
	e := &fault.Error{Summary: fmt.Sprintf("Active Directory does not take this value of %s", name), Err: refused}
	switch refused.Result {
	case ldap.LDAPResultNoSuchAttribute:
		e.Summary = fmt.Sprintf("Active Directory has no attribute %q", name)
		if near := near.Meant(name, providers.ADSchema(state.User).Names()); near != "" {
			e.Hint = fmt.Sprintf("Did you mean %q?", near)
		}
	case ldap.LDAPResultConstraintViolation:
		e.Detail = "It breaks a rule of the attribute: too long, too many values, pointing to nothing, or set by the system alone."
	case ldap.LDAPResultAttributeOrValueExists, ldap.LDAPResultEntryAlreadyExists:
		e.Detail = "The value is there already."
	case ldap.LDAPResultInvalidAttributeSyntax:
		e.Detail = "It is not written as values of this attribute are."
	case ldap.LDAPResultObjectClassViolation:
		e.Summary = fmt.Sprintf("An object of this class cannot have %s so", name)
	case ldap.LDAPResultNotAllowedOnRDN, ldap.LDAPResultNamingViolation:
		e.Summary = fmt.Sprintf("%s is part of the object's name", name)
		e.Hint = "Rename the object with `dirform lab move`."
	}
	e.Detail = strings.TrimSpace(e.Detail + "\n(" + refused.Error() + ")")
	return e
}

// parseAssignments collects NAME=VALUE arguments in their order; a name that comes again adds a value.
func parseAssignments(args []string) (list []assignment, err error) {
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || name == "" {
			return nil, &fault.Error{
				Summary: fmt.Sprintf("%q is not an assignment", arg),
				Hint:    "Write NAME=VALUE, or NAME= to clear the attribute; quote it for the shell if it holds spaces.",
			}
		}
		i := slices.IndexFunc(list, func(x assignment) bool { return strings.EqualFold(x.name, name) })
		if i < 0 {
			i = len(list)
			list = append(list, assignment{name: name})
		}
		if value != "" {
			list[i].values = append(list[i].values, value)
		}
	}
	return list, nil
}

// tenantValue is what an assignment means in Graph's JSON. The schema decides between text and the rest, so that a telephone
// number stays one; what the schema does not know is JSON if it can be, and text if not.
func tenantValue(x assignment) any {
	switch {
	case len(x.values) == 0, len(x.values) == 1 && x.values[0] == "null":
		return nil
	case len(x.values) > 1:
		return x.values
	}
	text := x.values[0]
	for _, kind := range []state.Kind{state.User, state.Group, state.Contact} {
		schema := providers.TenantSchema(kind)
		if schema == nil {
			continue
		}
		if attr := schema.Lookup(x.name); attr != nil && attr.Type != state.TypeBool && attr.Type != state.TypeInt {
			if attr.Multi && !strings.HasPrefix(text, "[") {
				return x.values
			}
			if !attr.Multi {
				return text
			}
		}
	}
	var v any
	if strings.HasPrefix(text, `"`) || json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	return v
}

func newLabMoveCommand(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "move OBJECT TO",
		Short: "Move or rename an object of Active Directory",
		Long: `Move gives an object or a whole OU of Active Directory another place, another name, or both. OBJECT is its distinguished name; TO is
the container it moves into, or its complete new distinguished name.`,
		Example: `  dirform lab move "CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com" OU=Leavers,DC=corp,DC=contoso,DC=com
  dirform lab move OU=Staff,DC=corp,DC=contoso,DC=com OU=People,DC=corp,DC=contoso,DC=com`,
		Args: cli.Arguments(2, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			return editLab(a, sideAD, func(l *lab.Lab) error { return l.Move(args[0], args[1]) })
		},
	}
	return cli.ExitStatus(cmd, "0  done", "1  there is no such object or container")
}

func newLabRemoveCommand(a *cli.App) *cobra.Command {
	var purge bool
	cmd := &cobra.Command{
		Use:   "remove [ad|tenant] OBJECT",
		Short: "Delete an object",
		Long: `Remove deletes an object on one side. What the tenant deletes lies in its recycle bin, as in the service, unless --purge deletes it
for good.`,
		Example: `  dirform lab remove "CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com"
  dirform lab remove tenant jane@contoso.com --purge`,
		Args: cli.Arguments(1, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			side, rest := splitSide(args)
			if len(rest) != 1 {
				return &fault.Error{Summary: fmt.Sprintf("%q is no side of a lab", args[0]), Hint: "Sides are ad and tenant."}
			}
			return editLab(a, side, func(l *lab.Lab) error {
				if side == sideAD {
					return l.RemoveAD(rest[0])
				}
				return l.RemoveTenant(rest[0], purge)
			})
		},
	}
	cmd.Flags().BoolVar(&purge, "purge", false, "delete for good, also out of the recycle bin")
	return cli.ExitStatus(cmd, "0  done", "1  there is no such object")
}
