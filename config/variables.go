package config

import (
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/config/internal/sensitive"
	"github.com/dirform/dirform/config/internal/values"
)

// Prefixes of environment variables that give the variables of a configuration their values.
const (
	EnvPrefix = sensitive.EnvPrefix
	// SecretPrefix makes the value sensitive, whatever the variable's declaration says.
	SecretPrefix = sensitive.SecretPrefix
)

// decodeVariables declares the variables, gives them their values and checks those.
func (l *loader) decodeVariables() {
	vars := values.New(l.lib, l.secrets, &l.diags)
	checks := make([][]*hclsyntax.Block, len(l.byType["variable"]))
	for i, b := range l.byType["variable"] {
		checks[i] = l.declareVariable(b, vars)
	}
	vars.Give(values.Given{Environ: l.o.Environ, Files: l.o.VarFiles, Arguments: l.o.Vars}, l.broken || l.o.Elsewhere)
	l.vars["var"] = vars.Object(values.NeedOf(l.o.ValuesOptional, l.o.Secretless, l.o.SecretsOptional))
	for i, b := range l.byType["variable"] {
		for _, check := range checks[i] {
			l.validate(b.Labels[0], check)
		}
	}
}

// declareVariable declares the variable of a block, and returns the block's validation blocks.
func (l *loader) declareVariable(b *hclsyntax.Block, vars *values.Variables) (checks []*hclsyntax.Block) {
	var rest []*hclsyntax.Block
	for _, in := range b.Body.Blocks {
		if in.Type == "validation" { // the only block that may be repeated
			checks = append(checks, in)
		} else {
			rest = append(rest, in)
		}
	}
	body := *b.Body
	body.Blocks = rest
	b.Body = &body
	c := l.content(b, grammar["variable"])
	v := &values.Variable{Name: b.Labels[0], Type: cty.DynamicPseudoType, Declared: *header(b)}
	v.Sensitive = c.flag("sensitive")
	c.text("description")
	if a := c.attrs["type"]; a != nil {
		t, defaults, diags := typeexpr.TypeConstraintWithDefaults(a.Expr)
		l.diags.Add(diags)
		if !diags.HasErrors() {
			v.Type, v.Defaults = t, defaults
		}
	}
	var byDefault hclsyntax.Expression
	if a := c.attrs["default"]; a != nil {
		byDefault = a.Expr
	}
	vars.Declare(v, byDefault)
	return checks
}

// validate checks the value of a variable against one of its validation blocks.
func (l *loader) validate(variable string, b *hclsyntax.Block) {
	c := l.content(b, grammar["variable.validation"])
	if !c.ok {
		return
	}
	ok, evaluated := c.value("condition", cty.Bool)
	message := c.text("error_message")
	if !evaluated || message == "" || ok.True() {
		return
	}
	l.fail(c.at("condition"), "Invalid value for a variable", "%s This was checked by the variable's validation "+
		"block; give %q another value.", message, variable)
}
