package config

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/config/internal/report"
	"github.com/dirform/dirform/state/near"
)

// What diagnostics keep back.

// tellFailedSecrets reports that expressions over sensitive values fail, all by one diagnostic that does not tell which
// of them do: a configuration with one failing expression for each guess at a character would read the secret out of
// the lines.
func (l *loader) tellFailedSecrets() {
	if !l.secretFailed {
		return
	}
	const summary, cure = "Sensitive value cannot be used", "Check the values, how they are given, and the expressions."
	if len(l.secretExprs) == 1 {
		l.fail(&l.secretExprs[0], summary, "This expression fails for a sensitive value, or gives nothing of use. More is not "+
			"told, because that would tell something about the value. %s", cure)
		return
	}
	var places []string
	for _, r := range l.secretExprs {
		if p := place(r); !slices.Contains(places, p) {
			places = append(places, p)
		}
	}
	l.fail(nil, summary, "One or more of the expressions at %s fail for their sensitive values, or give nothing of use. Which "+
		"one is not told, because that would tell something about the values. %s", strings.Join(places, ", "), cure)
}

// redact replaces what may quote a sensitive value in the errors that it has caused.
func redact(diags hcl.Diagnostics) {
	for _, d := range diags {
		d.Detail = "The expression has an error that is not shown in detail, because a sensitive value takes part in it. " +
			"Check the variable's value and type."
	}
}

// hideLiteral remembers where a secret is written out, so that no diagnostic shows the line.
func (l *loader) hideLiteral(a *hclsyntax.Attribute) {
	literal := len(a.Expr.Variables()) == 0
	_ = hclsyntax.VisitAll(a.Expr, func(n hclsyntax.Node) hcl.Diagnostics {
		if v, ok := n.(*hclsyntax.LiteralValueExpr); ok && v.Val.Type() == cty.String {
			literal = true
		}
		return nil
	})
	if literal {
		l.secretRanges = append(l.secretRanges, a.Expr.Range())
	}
}

// looksSecret reports whether an argument that a block does not have was meant to be a credential.
func looksSecret(block, name string, known []string) bool {
	return secretName.MatchString(name) || credential(block, near.Closest(name, known))
}

// hideSecrets marks the diagnostics on lines with a literal secret.
func (l *loader) hideSecrets() {
	for _, d := range l.diags {
		if d.Subject == nil {
			continue
		}
		for _, r := range l.secretRanges {
			line := d.Subject.Start.Line
			if r.Filename == d.Subject.Filename && line <= r.End.Line && line >= r.Start.Line {
				d.Extra = report.Hidden{}
			}
		}
	}
}
