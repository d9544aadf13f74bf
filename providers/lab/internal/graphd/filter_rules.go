package graphd

import "strings"

// opSet is a set of filter operators.
type opSet uint8

const (
	opEq    opSet = 1 << iota
	opRange       // ge and le
	opIn
	opStarts
	opEnds
	opCount // /$count eq 0 and the like
)

var opNames = map[string]opSet{"eq": opEq, "ge": opRange, "le": opRange, "in": opIn, "startswith": opStarts, "endswith": opEnds}

// filterRule is what $filter can do with a property: by default, and with the advanced query parameters only. Negations always
// need these.
type filterRule struct{ plain, advanced opSet }

// filterRules sums up the service's tables of filters on directory objects (concepts, advanced queries; v1.0 reference of user,
// group and orgContact). Properties that no line names can't be filtered by at all.
var filterRules = []struct {
	kinds []kind
	rule  filterRule
	names string
}{
	{[]kind{userKind, groupKind, contactKind}, filterRule{plain: opEq | opRange | opIn | opStarts, advanced: opEnds}, "mail"},
	{[]kind{userKind}, filterRule{plain: opEq | opRange | opIn | opStarts, advanced: opEnds}, "userPrincipalName"},
	{[]kind{userKind, groupKind, contactKind}, filterRule{plain: opEq | opRange | opIn | opStarts}, "displayName mailNickname"},
	{[]kind{userKind, contactKind}, filterRule{plain: opEq | opRange | opIn | opStarts}, "department givenName jobTitle surname"},
	{[]kind{userKind}, filterRule{plain: opEq | opRange | opIn | opStarts}, "city country employeeId onPremisesUserPrincipalName state usageLocation"},
	{[]kind{userKind, contactKind}, filterRule{advanced: opEq | opRange | opIn | opStarts}, "companyName"},
	{[]kind{userKind, groupKind}, filterRule{advanced: opEq | opRange | opIn | opStarts}, "onPremisesSamAccountName preferredLanguage"},
	{[]kind{userKind}, filterRule{advanced: opEq | opRange | opIn | opStarts}, "employeeType faxNumber mobilePhone officeLocation postalCode streetAddress"},
	{[]kind{userKind, groupKind, contactKind}, filterRule{plain: opEq | opIn}, "id onPremisesSyncEnabled"},
	{[]kind{userKind}, filterRule{plain: opEq | opIn}, "accountEnabled ageGroup consentProvidedForMinor creationType externalUserState userType"},
	{[]kind{userKind, groupKind}, filterRule{plain: opEq | opIn}, "onPremisesSecurityIdentifier"},
	{[]kind{userKind}, filterRule{plain: opEq | opRange, advanced: opIn}, "createdDateTime"},
	{[]kind{userKind, groupKind, contactKind}, filterRule{plain: opEq | opRange, advanced: opIn}, "deletedDateTime"},
	{[]kind{userKind}, filterRule{plain: opEq | opRange | opIn}, "onPremisesImmutableId"},
	{[]kind{userKind}, filterRule{advanced: opEq | opRange | opIn}, "employeeHireDate employeeLeaveDateTime showInAddressList"},
	{[]kind{userKind, groupKind, contactKind}, filterRule{advanced: opEq | opRange | opIn}, "onPremisesLastSyncDateTime"},
	{[]kind{userKind}, filterRule{advanced: opEq}, "passwordPolicies"},
	{[]kind{userKind}, filterRule{plain: opEq, advanced: opRange | opStarts}, "businessPhones"},
	{[]kind{userKind}, filterRule{plain: opEq | opRange | opStarts}, "imAddresses"},
	{[]kind{userKind}, filterRule{plain: opEq | opRange | opIn | opStarts, advanced: opEnds | opCount}, "otherMails"},
	{[]kind{userKind, groupKind, contactKind}, filterRule{plain: opEq | opRange | opStarts, advanced: opEnds | opCount}, "proxyAddresses"},
	{[]kind{userKind, groupKind}, filterRule{plain: opEq, advanced: opCount}, "assignedLicenses"},
	{[]kind{userKind}, filterRule{plain: opEq}, "assignedPlans"},
	{[]kind{groupKind}, filterRule{plain: opEq | opIn}, "mailEnabled securityEnabled isAssignableToRole groupTypes"},
	{[]kind{groupKind}, filterRule{plain: opEq | opRange | opStarts}, "description classification membershipRule uniqueName"},
	{[]kind{groupKind}, filterRule{plain: opEq | opIn}, "membershipRuleProcessingState"},
	{[]kind{groupKind}, filterRule{plain: opEq | opRange | opIn}, "expirationDateTime renewedDateTime"},
	{[]kind{groupKind}, filterRule{plain: opEq | opStarts}, "resourceProvisioningOptions"},
}

// ruleKey names a property of a kind.
type ruleKey struct {
	kind kind
	prop int
}

// learnFilters notes the rules by property.
func (r *registry) learnFilters() {
	r.filters = map[ruleKey]filterRule{}
	for _, line := range filterRules {
		for name := range strings.SplitSeq(line.names, " ") {
			for _, k := range line.kinds {
				r.filters[ruleKey{k, r.must(name)}] = line.rule
			}
		}
	}
	r.documented = len(r.props)
}

// judge refuses an operator that the property does not have, and notes one that needs the advanced query parameters.
func (p *filterParser) judge(f *filter, op opSet) {
	if p.err != nil || p.kind == plainKind || f.prop >= p.reg.documented { // what only a seed knows, such as extensions, has no rule
		return
	}
	def := &p.reg.props[f.prop]
	rule := p.reg.filters[ruleKey{p.kind, f.prop}]
	list := def.typ == listProp || def.typ == objectsProp
	if (rule.plain|rule.advanced)&op == 0 || op != opCount && list != f.any {
		p.err = unsupportedClause(p.kind, def.name)
		return
	}
	if rule.plain&op == 0 {
		if op == opEnds {
			p.needs("endsWith")
		} else {
			p.require(unsupportedClause(p.kind, def.name))
		}
	}
	if f.bare == "null" {
		p.require(unsupportedClause(p.kind, def.name))
	}
}

// needs notes an operator that works with the advanced query parameters only.
func (p *filterParser) needs(operator string) { p.require(operatorNeedsMore(operator)) }

func (p *filterParser) require(e *Error) {
	if p.lacking == nil {
		p.lacking = e
	}
}

func unsupportedClause(k kind, property string) *Error {
	return unsupportedQuery("Unsupported or invalid query filter clause specified for property '%s' of resource '%s'.", property, k.resource())
}

func operatorNeedsMore(operator string) *Error {
	return unsupportedQuery("Operator '%s' is not supported because the required parameters might be missing. Try adding $count=true query"+
		" parameter and ConsistencyLevel:eventual header. Refer to https://aka.ms/graph-docs/advanced-queries for more information", operator)
}
