package sensitive

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/config/internal/report"
)

// What diagnostics keep back.

// Misplaced records that a sensitive value stands where it would be shown, in the argument or attribute of a name.
func (k *Keeper) Misplaced(at *hcl.Range, name string, r *Reason) {
	k.diags.Fail(at, "Sensitive value outside of credentials", "%s can't be given this value: %s. What is sensitive "+
		"may be used for credentials only (%s), because everything else is shown in plans, errors or logs. %s",
		name, r.Why, credentialNames(), r.Cure)
}

// Hide keeps the lines of a range, which hold a secret, out of diagnostics.
func (k *Keeper) Hide(r hcl.Range) { k.hidden = append(k.hidden, r) }

// HideLiteral hides the value of an argument for secrets if it is written out.
func (k *Keeper) HideLiteral(a *hclsyntax.Attribute) {
	literal := len(a.Expr.Variables()) == 0
	_ = hclsyntax.VisitAll(a.Expr, func(n hclsyntax.Node) hcl.Diagnostics {
		if v, ok := n.(*hclsyntax.LiteralValueExpr); ok && v.Val.Type() == cty.String {
			literal = true
		}
		return nil
	})
	if literal {
		k.Hide(a.Expr.Range())
	}
}

// Watch remembers an expression that is computed from sensitive values: it may be the one that fails.
func (k *Keeper) Watch(e hclsyntax.Expression) { k.watched = append(k.watched, e.Range()) }

// Failed records that one of the watched expressions fails or gives nothing of use.
func (k *Keeper) Failed() { k.failed = true }

// Redact replaces what may quote a sensitive value in the errors that it has caused.
func Redact(diags hcl.Diagnostics) {
	redact(diags, "a sensitive value takes part in it")
}

// RedactFile replaces what may quote a value that stands in a file of variables, which is made for secrets.
func RedactFile(diags hcl.Diagnostics) {
	redact(diags, "it stands in a variable file, which may hold secrets")
}

func redact(diags hcl.Diagnostics, why string) {
	for _, d := range diags {
		d.Detail = "The expression has an error that is not shown in detail, because " + why +
			". Check the variable's value and type."
	}
}

// Finish reports watched expressions that fail, and marks all diagnostics on hidden lines.
func (k *Keeper) Finish() {
	k.tellFailed()
	for _, d := range *k.diags {
		if d.Subject == nil {
			continue
		}
		for _, r := range k.hidden {
			line := d.Subject.Start.Line
			if r.Filename == d.Subject.Filename && line <= r.End.Line && line >= r.Start.Line {
				d.Extra = report.Hidden{}
			}
		}
	}
}

// tellFailed reports that expressions over sensitive values fail, all by one diagnostic that does not tell which of
// them do: a configuration with one failing expression for each guess at a character would read the secret out of the
// lines.
func (k *Keeper) tellFailed() {
	if !k.failed {
		return
	}
	const summary, cure = "Sensitive value cannot be used", "Check the values, how they are given, and the expressions."
	if len(k.watched) == 1 {
		k.diags.Fail(&k.watched[0], summary, "This expression fails for a sensitive value, or gives nothing of use. "+
			"More is not told, because that would tell something about the value. %s", cure)
		return
	}
	var places []string
	for _, r := range k.watched {
		if p := report.Place(r); !slices.Contains(places, p) {
			places = append(places, p)
		}
	}
	k.diags.Fail(nil, summary, "One or more of the expressions at %s fail for their sensitive values, or give "+
		"nothing of use. Which one is not told, because that would tell something about the values. %s",
		strings.Join(places, ", "), cure)
}
