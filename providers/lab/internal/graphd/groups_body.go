package graphd

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// groupBody is a POST or PATCH body taken apart.
type groupBody struct {
	fields []field
	names  map[string]bool // of everything the body sets, in lower case
	binds  [2][]string     // ids to refer to, by relation
}

func (u *groupBody) get(prop int) string {
	for _, f := range u.fields {
		if f.prop == prop {
			return f.raw
		}
	}
	return ""
}

func (t *Tenant) readGroupBody(body []byte, creating bool) (*groupBody, *Error) {
	u := &groupBody{names: map[string]bool{}}
	e := eachProperty(body, func(name string, v jsontext.Value) *Error {
		u.names[strings.ToLower(name)] = true
		switch {
		case name == "members@odata.bind" || name == "owners@odata.bind":
			rel := memberRel
			if name[0] == 'o' {
				rel = ownerRel
			}
			var e *Error
			u.binds[rel], e = binds(v)
			return e
		case strings.HasPrefix(name, "@odata."):
			return nil
		}
		f, e := t.groupField(name, v, creating)
		if e == nil && creating && v.Kind() == 'n' { // as good as nothing
			delete(u.names, strings.ToLower(name))
		} else if e == nil {
			u.fields = append(u.fields, f)
		}
		return e
	})
	if e == nil && len(u.binds[memberRel])+len(u.binds[ownerRel]) > maxBinds {
		e = badRequest("The number of references in the request exceeds the maximum of %d.", maxBinds)
	}
	return u, e
}

// groupField checks one property of a body.
func (t *Tenant) groupField(name string, v jsontext.Value, creating bool) (field, *Error) {
	p, ok := t.reg.find(name)
	if !ok || p == propID || !t.reg.props[p].has(groupKind) {
		return field{}, badRequest("Invalid property '%s'.", name)
	}
	def := &t.reg.props[p]
	switch {
	case p == propProxyAddresses:
		return field{}, &Error{Status: 403, Code: "Authorization_RequestDenied",
			Message: "The requesting application is not authorized to set group proxy addresses."}
	case groupWritable[def.name], creating && groupOnCreate[def.name], !creating && groupOnUpdate[def.name]:
	default:
		return field{}, readOnly(def.name)
	}
	if v.Kind() == 'n' {
		if groupKept[def.name] && !creating {
			return field{}, invalidValue(groupKind, def.name)
		}
		return field{p, "null"}, nil
	}
	if err := v.Compact(); err != nil {
		return field{}, invalidValue(groupKind, def.name)
	}
	return field{p, string(v)}, t.checkGroupValue(p, v)
}

func readOnly(property string) *Error {
	return badRequest("Property '%s' is read-only and cannot be set.", property)
}

func (t *Tenant) checkGroupValue(p int, v jsontext.Value) *Error {
	if e := t.checkValue(groupKind, p, v); e != nil {
		return e
	}
	ok := true
	switch s := text(string(v)); p {
	case propGroupTypes:
		for _, word := range texts(string(v)) {
			ok = ok && (word == "Unified" || word == "DynamicMembership")
		}
	case propVisibility:
		ok = s == "Public" || s == "Private" || s == "HiddenMembership"
	case t.reg.must("membershipRuleProcessingState"):
		ok = s == "On" || s == "Paused"
	}
	if !ok {
		return invalidValue(groupKind, t.reg.props[p].name)
	}
	return nil
}

// checkGroupKind judges the properties that decide what sort of group it is. before is nil for a new one.
func (t *Tenant) checkGroupKind(before, next *object) *Error {
	mail, security := next.rec.get(propMailEnabled) == "true", next.rec.get(propSecurityEnabled) == "true"
	switch {
	case mail && !next.isUnified(), !mail && !security:
		return mailGroupsUnsupported()
	case !mail:
		if next.isUnified() {
			return invalidValue(groupKind, "mailEnabled")
		}
	}
	if before != nil && before.isUnified() != next.isUnified() {
		return invalidValue(groupKind, "groupTypes")
	}
	if (next.rec.get(propMembershipRule) != "") != next.isDynamic() {
		return invalidValue(groupKind, "membershipRule")
	}
	if next.rec.get(propVisibility) == `"HiddenMembership"` && !next.isUnified() {
		return invalidValue(groupKind, "visibility")
	}
	return nil
}
