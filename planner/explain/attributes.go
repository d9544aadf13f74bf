package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/state"
)

// attributeOf tells how an attribute of a case comes about, and what becomes of it.
func attributeOf(c *reconcile.Case, v *reconcile.Value) Attribute {
	m := v.Mapping
	a := Attribute{Name: m.Target.Name, Expression: m.Expr.Source(), DeclaredAt: m.DeclaredAt,
		Initial: v.Use == reconcile.IsInitial,
		Inputs:  map[string]state.Value{}, Result: v.Desired, InsteadOf: v.Instead, ResultName: v.DesiredName, Live: v.Live,
		LiveName: v.LiveName, Drift: v.Drift, Write: v.Write != nil}
	for _, name := range m.Expr.Attributes() {
		a.Inputs[name] = state.Tidy(c.Source.Get(name))
	}
	if v.Failure != nil {
		a.Error = v.Failure.Error()
	}
	if !a.Write {
		a.Why = whyNotWritten(c, v)
	}
	return a
}

// whyNotWritten says why an attribute is not written although the two sides differ, "" if they do not.
func whyNotWritten(c *reconcile.Case, v *reconcile.Value) string {
	switch {
	case v.Use == reconcile.IsInitial:
		return "set only when the account is created"
	case v.Use == reconcile.IsReported && v.Desired.IsEmpty():
		return ""
	case v.Use == reconcile.IsReported:
		return cmp.Or(whatKeeps(c, v.Mapping.Target.Name),
			"Microsoft Graph lets nobody write it; the primary address follows mail")
	}
	switch v.Fate {
	case reconcile.NotInScope:
		return v.Desired.Str() + " is in no scope, so the account's is left as it is"
	case reconcile.NoAccount:
		return v.DesiredName + " has no account that can be pointed to, so the account's is left as it is"
	case reconcile.Kept:
		if v.Mapping.KeepNull {
			return "the source has no value, and on_null leaves the account's"
		}
		return "the source has no value, and the tenant does not let it be empty"
	case reconcile.KeptOnLink:
		return "keep_on_link leaves what the account had when it was linked, until the source has a value"
	case reconcile.Differs:
		return whatKeeps(c, v.Mapping.Target.Name)
	}
	return ""
}

// whatKeeps says what keeps an attribute that differs from being written: a finding about the attribute, or about the
// object.
func whatKeeps(c *reconcile.Case, attribute string) string {
	var codes []string
	for _, f := range c.Findings {
		switch {
		case f.Attribute == attribute:
			return fmt.Sprintf("%s, %s", f.Code, f.Summary)
		case f.Severity == planner.Error && !slices.Contains(codes, f.Code):
			codes = append(codes, f.Code)
		}
	}
	if len(codes) > 0 {
		return "the object is blocked (" + strings.Join(codes, ", ") + ")"
	}
	return ""
}
