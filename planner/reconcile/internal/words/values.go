package words

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// About sets the attribute, the value and the place in the configuration that a finding is about, "" for none, and
// returns it.
func About(f *planner.Finding, attribute, value, declaredAt string) *planner.Finding {
	f.Attribute, f.Value, f.DeclaredAt = attribute, value, declaredAt
	return f
}

// Unread is about a source attribute that every object has and that came without a value. The expression that reads it
// gives the attribute of, or "" if it is a where, and stands at declaredAt.
func Unread(attribute, of, declaredAt string) *planner.Finding {
	detail := fmt.Sprintf("Active Directory gives every object a value for %s, and none came, so the account that reads the "+
		"directory may not read it. Nothing follows from a value that cannot be read: nothing is written or cleared, "+
		"nobody's sign-in changes, and nobody leaves the scope.", attribute)
	return About(planner.NewFinding(UnreadCode, detail, ""), of, "", declaredAt)
}

// UnreadCode is the code of findings about what could not be read at the source.
const UnreadCode = "DF110"

// NoValue is about an expression that fails for an object.
func NoValue(m *config.AttributeMapping, err error, o *state.Object) *planner.Finding {
	if unread := config.Unread(err); unread != "" {
		return Unread(unread, m.Target.Name, "")
	}
	detail := fmt.Sprintf("%s = %s: %s.%s", m.Target.Name, m.Expr.Source(), sentence(err), inputs(m.Expr.Attributes(), o))
	return About(planner.NewFinding("DF103", detail, ""), m.Target.Name, "", "")
}

// sentence is an expression's error without the full stop that some functions end theirs with.
func sentence(err error) string { return strings.TrimSuffix(err.Error(), ".") }

// inputs is a sentence about the source attributes that go into an expression.
func inputs(attributes []string, o *state.Object) string {
	var list []string
	for _, name := range attributes {
		v, err := state.Tidy(o.Get(name)).MarshalJSON()
		if err == nil {
			list = append(list, fmt.Sprintf("ad.%s is %s", name, v))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " Here " + strings.Join(list, ", ") + "."
}

// NoValues are findings about all expressions that have no value for an object. An attribute that could not be read has
// one, however many expressions read it.
func NoValues(c *pair.Case) (found []*planner.Finding) {
	reported := map[string]bool{}
	for _, f := range c.Failures {
		if unread := config.Unread(f.Err); unread != "" {
			if reported[unread] {
				continue
			}
			reported[unread] = true
		}
		if f.Mapping == nil {
			found = append(found, NoWhere(c.Table.Scope, f.Err, c.Object))
			continue
		}
		found = append(found, NoValue(f.Mapping, f.Err, c.Object))
	}
	return found
}

// NoWhere is about a where that does not tell whether an object is in scope; err is nil if it gives no boolean.
func NoWhere(s *config.Scope, err error, o *state.Object) *planner.Finding {
	if unread := config.Unread(err); unread != "" {
		return Unread(unread, "", s.Where.DeclaredAt())
	}
	why, code := "it gives no boolean", "DF103"
	if config.Undecided(err) {
		code = UnreadCode
	}
	if err != nil {
		why = sentence(err)
	}
	detail := fmt.Sprintf("Scope %s cannot tell whether the object is in it: where = %s: %s.%s", s.Name, s.Where.Source(),
		why, inputs(s.Where.Attributes(), o))
	hint := "Say in the expression what holds for objects without a value, for example with coalesce(ad.attribute, 0)."
	return About(planner.NewFinding(code, detail, hint), "", "", s.Where.DeclaredAt())
}

// TooLong is about a value of n characters.
func TooLong(a *state.Attribute, v string, n int) *planner.Finding {
	detail := fmt.Sprintf("%s has %d characters; at most %d are accepted.", a.Name, n, a.MaxLen)
	hint := fmt.Sprintf("Shorten it at the source, or with substr(…, 0, %d) in the mapping.", a.MaxLen)
	if a.Form == state.FormCountry { // the first letters of a longer code or name are mostly another country's code
		hint = "Give the country's two-letter code (ISO 3166-1) at the source, or in the mapping with lookup()."
	}
	return About(planner.NewFinding("DF104", detail, hint), a.Name, v, "")
}

// TooMany is about too many values.
func TooMany(a *state.Attribute, values []string) *planner.Finding {
	detail := fmt.Sprintf("%s has %d values; the most that is accepted is %d.", a.Name, len(values), a.MaxCount)
	hint := fmt.Sprintf("Map fewer values, for example the first ones with slice(…, 0, %d).", a.MaxCount)
	return About(planner.NewFinding("DF106", detail, hint), a.Name,
		strings.Join(values[:min(len(values), NamedTogether)], ", "), "")
}

// BadValue is about a value that the service refuses, why, and what the mapping can do about it.
func BadValue(a *state.Attribute, v, why string, by Cure) *planner.Finding {
	detail := fmt.Sprintf("%s cannot be %q: %s.", a.Name, v, why)
	return About(planner.NewFinding("DF105", detail, string(by)), a.Name, v, "")
}

// Cure is what makes a value acceptable that the service refuses, for people.
type Cure string

// The cures.
const (
	AtSource       Cure = "Correct it at the source."
	AnyHow         Cure = "" // what is said of every value
	Transliterated Cure = "Correct it at the source, or in the mapping with ascii(), which transliterates it."
	Replaced       Cure = "Correct it at the source, or in the mapping with replace()."
	Translated     Cure = "Correct it at the source, or translate it in the mapping with lookup()."
)

// Trap is about a value that would deceive whoever reads it by one of its characters, known by number and name.
func Trap(a *state.Attribute, v, name string, n int) *planner.Finding {
	detail := fmt.Sprintf("%s cannot be %q: character %d of it is %s.", a.Name, v, n, name)
	hint := fmt.Sprintf("Remove character %d (%s) at the source, or with replace() in the mapping.", n, name)
	return About(planner.NewFinding("DF105", detail, hint), a.Name, v, "")
}

// Unverified is about a user name, in an attribute, under a domain that is not among the verified ones.
func Unverified(attribute, upn, domain, verified string, p *config.LinkPolicy) *planner.Finding {
	detail := fmt.Sprintf("The domain %s is not verified in the tenant; the service would refuse the user name.", domain)
	hint := fmt.Sprintf("Verify %s in the tenant, map %s to a verified domain (%s), or set on_unverified_suffix = "+
		"\"initial_domain\" in the link policy.",
		domain, attribute, verified)
	if p.OnUnverifiedSuffix == "initial_domain" {
		detail += " The link policy wants a name under the initial domain then, but none can be made: the tenant names no " +
			"initial domain, or nothing legal is left of the name."
		hint = fmt.Sprintf("Verify %s in the tenant, or map %s to a verified domain (%s).", domain, attribute, verified)
	}
	return About(planner.NewFinding("DF101", detail, hint), attribute, upn, "")
}

// FallbackName is about an account that gets a user name, in an attribute, under the tenant's initial domain: used, or
// once if that is not empty, and then no later plan changes it.
func FallbackName(attribute, wanted, used, once string, p *config.LinkPolicy) *planner.Finding {
	_, domain, _ := strings.Cut(wanted, "@")
	hint := fmt.Sprintf("Verify %s in the tenant; the next plan then gives the account the name it wants.", domain)
	if once != "" {
		used, hint = once, fmt.Sprintf("Verify %s in the tenant before the account is created: its mapping gives the name "+
			"once and for all.", domain)
	}
	detail := fmt.Sprintf("The domain %s is not verified in the tenant, so the account gets the user name %s instead of "+
		"%s.", domain, used, wanted)
	return About(planner.NewFinding("DF107", detail, hint), attribute, wanted, p.DeclaredAt)
}

// Missing is about an attribute without which no account can be created; expression is what maps it, or "".
func Missing(a *state.Attribute, expression string) *planner.Finding {
	detail := fmt.Sprintf("A new account needs %s", a.Name)
	if expression != "" {
		detail += fmt.Sprintf(", and %s gives none for this object.", expression)
	} else {
		detail += ", and no mapping sets it."
	}
	return About(planner.NewFinding("DF102", detail, ""), a.Name, "", "")
}

// BadAnchor is about what an anchor attribute holds, in base64, and cannot be an anchor. live is the object's account, nil
// if it has none.
func BadAnchor(value string, live *table.Account, p *config.LinkPolicy) *planner.Finding {
	what := "what is no base64"
	raw, err := base64.StdEncoding.DecodeString(value)
	if err == nil {
		what = fmt.Sprintf("%d bytes", len(raw))
	}
	if len(raw) == 16 {
		what = "nothing but zeros"
	}
	detail := fmt.Sprintf("%s holds %s. An anchor is a GUID: 16 bytes that are not all zero.", p.Anchor, what)
	if live != nil {
		detail += fmt.Sprintf(" The object's account is %s.", table.Ref(live).Name)
	}
	hint := ""
	if g, ok := state.ParseGUID(strings.TrimSpace(string(raw))); ok {
		detail += " Somebody has written the GUID as text."
		hint = fmt.Sprintf("Write the GUID's bytes instead, in base64 %s, or clear the attribute.", base64.StdEncoding.EncodeToString(g[:]))
	}
	return About(planner.NewFinding("DF226", detail, hint), p.Anchor, value, p.DeclaredAt)
}
