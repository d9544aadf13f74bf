package memory

import (
	"testing"

	"github.com/dirform/dirform/state"
)

// TestFilters holds filters to what Active Directory makes of them; a filter that is undefined finds nothing, negated
// or not.
func TestFilters(t *testing.T) {
	attrs := map[string]state.Value{"mail": state.String("Jane@Contoso.com"), "useraccountcontrol": state.Int(514),
		"employeeid": state.String("0100"),
		"memberof":   state.List([]string{"CN=Pilot,OU=Groups,DC=corp"}), "objectcategory": state.String("CN=Person,CN=Schema,CN=Configuration,DC=corp"),
		"iscritical": state.Bool(true), "objectguid": state.String("AAECAwQFBgcICQoLDA0ODw==")}
	for filter, want := range map[string]truth{
		"":                        yes,
		"(mail=jane@contoso.com)": yes,
		"(mail=*)":                yes,
		"(!(mail=*))":             no,
		"(title=*)":               no,
		"(!(title=*))":            yes,
		"(title=x)":               undefined,
		"(!(title=x))":            undefined,
		"(|(title=x)(mail=j*))":   yes,
		"(&(title=x)(mail=x*))":   no,
		"(&(title=x)(mail=j*))":   undefined,
		"(mail=jane*@*.com)":      yes,
		"(mail=*fabrikam*)":       no,
		"(mail=j*e@contoso.com)":  yes,
		"(employeeID>=99)":        yes,
		"(employeeID<=99)":        no,
		"(memberOf=cn=pilot, ou=groups, dc=corp)":                       yes,
		"(memberOf=cn=pilot,dc=corp)":                                   no,
		"(objectCategory=person)":                                       yes,
		"(objectCategory=group)":                                        no,
		"(isCritical=TRUE)":                                             yes,
		`(objectGUID=\00\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\0f)`: yes,
		"(userAccountControl:1.2.840.113556.1.4.803:=2)":                yes,
		"(!(userAccountControl:1.2.840.113556.1.4.803:=2))":             no,
		"(userAccountControl:1.2.840.113556.1.4.803:=3)":                no,
		"(userAccountControl:1.2.840.113556.1.4.804:=3)":                yes,
	} {
		passes, err := compile(filter)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
		} else if got := passes(attrs); got != want {
			t.Errorf("%s: %v, want %v", filter, got, want)
		}
	}
	for _, filter := range []string{"(memberOf:1.2.840.113556.1.4.1941:=CN=x)", "(cn"} {
		if _, err := compile(filter); err == nil {
			t.Errorf("%s: taken", filter)
		}
	}
}
