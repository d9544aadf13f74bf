package planner

import (
	"slices"
	"strings"
)

// Who reports a [Foreseen] error.
const (
	ByConnect = "Entra Connect"   // the sync engine, in its export errors and in Microsoft's troubleshooting guide
	ByGraph   = "Microsoft Graph" // the service, in an error reply's code or message
)

// Foreseen is an error by which people know a conflict from elsewhere, and which a finding tells of before anything is written.
type Foreseen struct {
	Name  string // as the engine or the service words it; messages without what they say about single objects
	By    string // ByConnect or ByGraph
	Codes []string
}

// ForeseenErrors are the errors of Microsoft's table of synchronisation errors (learn.microsoft.com, troubleshoot errors during
// synchronization) and the replies of Microsoft Graph that findings take the place of.
var ForeseenErrors = []Foreseen{
	{"AttributeValueMustBeUnique", ByConnect, []string{"DF202", "DF201"}},
	{"ExceededAllowedLength", ByConnect, []string{"DF104", "DF106"}},
	{"Existing Admin Role Conflict", ByConnect, []string{"DF206"}},
	{"IdentityDataValidationFailed", ByConnect, []string{"DF105", "DF101"}},
	{"InvalidHardMatch", ByConnect, []string{"DF218", "DF206"}},
	{"InvalidSoftMatch", ByConnect, []string{"DF207", "DF217", "DF202", "DF218"}},
	{"LargeObject", ByConnect, []string{"DF106", "DF104"}},
	{"ObjectTypeMismatch", ByConnect, []string{"DF202"}},

	{"Authorization_RequestDenied", ByGraph, []string{"DF206", "DF222", "DF501", "DF504"}},
	{"ObjectConflict", ByGraph, []string{"DF202"}},
	{"Request_ResourceNotFound", ByGraph, []string{"DF209"}},
	{"A conflicting object with one or more of the specified property values is present in the directory.", ByGraph, []string{"DF202"}},
	{"Another object with the same value for property userPrincipalName already exists.", ByGraph, []string{"DF202"}},
	{"Another object with the same value for property proxyAddresses already exists.", ByGraph, []string{"DF202"}},
	{"Insufficient privileges to complete the operation.", ByGraph, []string{"DF206", "DF222", "DF501", "DF504"}},
	{"Invalid value specified for property 'mailNickname' of resource 'User'.", ByGraph, []string{"DF105"}},
	{"Property userPrincipalName is invalid.", ByGraph, []string{"DF105"}},
	{"The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.",
		ByGraph, []string{"DF101"}},
	{"Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.",
		ByGraph, []string{"DF208"}},
	{"Unable to update the specified properties for objects that have originated within an external service.", ByGraph, []string{"DF303"}},
}

// GuardCode is the code of the finding about a limit that trips.
func GuardCode(limit string) string {
	if strings.HasPrefix(limit, "source_shrink") {
		return "DF402"
	}
	return "DF401"
}

// PlanWide are the codes of errors that refuse a whole plan instead of blocking the objects they name.
var PlanWide = []string{"DF401", "DF402", "DF404", BehindCode, UnreadableCode}

// Foresees are the errors that a finding of this code tells of before they happen, in the order of [ForeseenErrors].
func (c Code) Foresees() (errors []Foreseen) {
	for _, e := range ForeseenErrors {
		if slices.Contains(e.Codes, c.Code) {
			errors = append(errors, e)
		}
	}
	return errors
}
