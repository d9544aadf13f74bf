package values

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/config/expr"
	"github.com/dirform/dirform/config/internal/report"
	"github.com/dirform/dirform/config/internal/sensitive"
	"github.com/dirform/dirform/config/internal/source"
	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/near"
)

// Variable is a declared variable.
type Variable struct {
	Name      string
	Type      cty.Type           // DynamicPseudoType if none is declared
	Defaults  *typeexpr.Defaults // of optional attributes; may be nil
	Sensitive bool
	Declared  hcl.Range

	value cty.Value // the default, then what is given; NilVal if there is neither
}

// Given is where values come from. What stands later wins.
type Given struct {
	Environ   []string          // NAME=VALUE, by the prefixes of package sensitive
	Files     []string          // with NAME = VALUE lines
	Arguments map[string]string // of the command line
}

// Variables are the variables of a configuration.
type Variables struct {
	lib      *expr.Library
	secrets  *sensitive.Keeper
	diags    *report.List
	declared map[string]*Variable
	order    []*Variable
}

// New makes an empty set. Values are computed with lib, secrets learns which are sensitive, and what is wrong goes to
// diags.
func New(lib *expr.Library, secrets *sensitive.Keeper, diags *report.List) *Variables {
	return &Variables{lib: lib, secrets: secrets, diags: diags, declared: map[string]*Variable{}}
}

// Declare adds a variable and its default, which may be nil.
func (vs *Variables) Declare(v *Variable, byDefault hclsyntax.Expression) {
	if byDefault != nil {
		if v.Sensitive {
			vs.secrets.Hide(byDefault.Range())
		}
		vs.giveExpr(v, byDefault, nil)
	}
	vs.declared[v.Name] = v
	vs.order = append(vs.order, v)
	if v.Sensitive {
		vs.secrets.Variable(v.Name, &sensitive.Reason{Why: fmt.Sprintf("variable %q is declared sensitive", v.Name),
			Cure: "Use a variable that is not sensitive."})
	}
}

// Give sets the values of declared variables. A value that a file or the command line has for a variable that is not
// declared is a mistake, unless partial says that declarations may be missing.
func (vs *Variables) Give(g Given, partial bool) {
	vs.fromEnvironment(sensitive.EnvPrefix, g.Environ)
	vs.fromEnvironment(sensitive.SecretPrefix, g.Environ)
	for _, f := range g.Files {
		vs.fromFile(f, partial)
	}
	for _, name := range slices.Sorted(maps.Keys(g.Arguments)) {
		if v := vs.find(name, nil, partial); v != nil {
			vs.giveText(v, g.Arguments[name], "--var "+name)
			vs.warnOfArgument(v)
		}
	}
}

// Need says which variables need a value.
type Need uint8

// The needs.
const (
	All             Need = iota
	AllButSecrets        // those that nothing but credentials are made of need none
	AllButSensitive      // so it is with those that are declared sensitive
	NoneOfThem
)

// NeedOf is the need where values, or those of sensitive variables, or those of what only credentials are made of, are optional.
func NeedOf(values, sensitive, credentials bool) Need {
	switch {
	case values:
		return NoneOfThem
	case sensitive:
		return AllButSensitive
	case credentials:
		return AllButSecrets
	}
	return All
}

// Object has all variables by name. One without a value is unknown, which is a mistake if it needs one.
func (vs *Variables) Object(need Need) cty.Value {
	values := map[string]cty.Value{}
	for _, v := range vs.order {
		if v.value == cty.NilVal {
			v.value = cty.UnknownVal(v.Type)
			switch {
			case need == All, need == AllButSensitive && !v.Sensitive:
				vs.withoutValue(v)
			case need != NoneOfThem: // so that it may stand where a credential does, and nowhere else
				vs.secrets.Variable(v.Name, &sensitive.Reason{Why: fmt.Sprintf("variable %q has no value, and may be a secret", v.Name),
					Cure: "Give it a value" + vs.ways(v) + ".", Missing: true})
			}
		}
		values[v.Name] = v.value
	}
	return cty.ObjectVal(values)
}

// withoutValue reports a variable that has no value.
func (vs *Variables) withoutValue(v *Variable) {
	vs.diags.Fail(&v.Declared, "Variable without a value", "The variable %q has no default and nobody gives it a "+
		"value. Give it one%s.", v.Name, vs.ways(v))
}

// ways are those in which a variable is given a value.
func (vs *Variables) ways(v *Variable) string {
	if v.Sensitive {
		return fmt.Sprintf(" in the environment as %s%s, or in a file named with --var-file", sensitive.SecretPrefix, v.Name)
	}
	return fmt.Sprintf(" with --var %s=…, in a file named with --var-file, or in the environment as %s%s", v.Name,
		sensitive.EnvPrefix, v.Name)
}

// warnOfArgument warns of a secret that was given on the command line.
func (vs *Variables) warnOfArgument(v *Variable) {
	if !v.Sensitive {
		return
	}
	vs.diags.Warn(&v.Declared, "Secret on the command line", "The value of the sensitive variable %q is given with "+
		"--var. Other users of the machine can see it in the list of processes, and shells and CI systems keep it. "+
		"Give it in the environment as %s%s, or in a file named with --var-file.",
		v.Name, sensitive.SecretPrefix, v.Name)
}

// find is the variable of a name. One that is not declared is nil, and reported unless declarations may be missing.
func (vs *Variables) find(name string, at *hcl.Range, partial bool) *Variable {
	v := vs.declared[name]
	if v == nil && !partial {
		vs.diags.Fail(at, "Value for an undeclared variable", "A value is given for the variable %q, but no "+
			"variable block declares it.%s Declare it with variable %q {} or leave the value out.",
			name, near.DidYouMean(name, slices.Sorted(maps.Keys(vs.declared))), name)
	}
	return v
}

// fromEnvironment takes the values of declared variables that stand behind a prefix; others may be meant for another
// configuration.
func (vs *Variables) fromEnvironment(prefix string, environ []string) {
	for _, entry := range environ {
		name, text, ok := strings.Cut(entry, "=")
		name, found := strings.CutPrefix(name, prefix)
		v := vs.declared[name]
		if !ok || !found || v == nil {
			continue
		}
		if prefix == sensitive.SecretPrefix {
			v.Sensitive = true
			vs.secrets.Variable(name, &sensitive.Reason{
				Why:  fmt.Sprintf("variable %q is set by %s%s", name, prefix, name),
				Cure: fmt.Sprintf("If it is no secret, set %s%s instead.", sensitive.EnvPrefix, name)})
		}
		vs.giveText(v, text, prefix+name)
	}
}

// fromFile reads NAME = VALUE lines. No source line of such a file is ever shown, since they are made for secrets.
func (vs *Variables) fromFile(path string, partial bool) {
	src, err := bounds.ReadStream(path, bounds.ConfigFile)
	if err != nil {
		vs.diags.Fail(nil, "Variable file cannot be read", "%s. Correct the name after --var-file.",
			source.PathError(err))
		return
	}
	vs.secrets.Hide(hcl.Range{Filename: path, Start: hcl.InitialPos, End: hcl.Pos{Line: 1 << 30}})
	file, diags := source.Parse(source.Unix(src), path)
	if diags.HasErrors() {
		for _, d := range diags {
			if d.Summary == source.Encoding {
				continue // nothing of the file is in it
			}
			d.Detail = "This is not valid in a variable file, which holds one NAME = VALUE per line. Texts stand in " +
				"quotes."
		}
		vs.diags.Add(diags)
		return
	}
	body := file.Body.(*hclsyntax.Body)
	for _, b := range body.Blocks {
		vs.diags.Fail(b.DefRange().Ptr(), "Unknown block",
			"A variable file holds one NAME = VALUE per line and no blocks. Declare variables in a *.hcl file.")
	}
	for _, a := range source.Attributes(body) {
		if v := vs.find(a.Name, &a.NameRange, partial); v != nil {
			vs.giveExpr(v, a.Expr, &a.NameRange)
		}
	}
}
