package sensitive

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/config/internal/report"
)

// Prefixes of environment variables that give the variables of a configuration their values.
const (
	EnvPrefix = "DIRFORM_VAR_"
	// SecretPrefix makes the value sensitive, whatever the variable's declaration says: who runs dirform decides what
	// is a secret, not who writes the configuration.
	SecretPrefix = "DIRFORM_SECRET_"
)

// Reason says why a value is sensitive, and how to have one that is not.
type Reason struct {
	Why, Cure string
	Missing   bool // the value is not there, so that nothing is known of it
}

// FromEnv is the reason of what env() gives.
var FromEnv = &Reason{
	Why: "env() reads the environment, where secrets are", Cure: "Declare a variable for it and set " + EnvPrefix + "<variable>.",
}

// Keeper knows what is sensitive in one configuration.
type Keeper struct {
	diags      *report.List
	variables  map[string]*Reason
	locals     map[string]*Reason
	judgements map[hclsyntax.Expression]judged
	derived    map[string]bool // variables whose default is computed from sensitive values
	asked      []string        // what env() is asked for
	hidden     []hcl.Range     // source lines that no diagnostic may show
	watched    []hcl.Range     // expressions that compute something from sensitive values
	failed     bool            // at least one of them fails
}

// judged is what is known of an expression before it is evaluated: why its value is sensitive, nil if it is not, and
// whether it is computed, rather than taken as it was given.
type judged struct {
	reason   *Reason
	computed bool
}

// New makes a keeper that knows of no secrets yet. What it has to say goes to diags.
func New(diags *report.List) *Keeper {
	return &Keeper{diags: diags, variables: map[string]*Reason{}, locals: map[string]*Reason{},
		judgements: map[hclsyntax.Expression]judged{}, derived: map[string]bool{}}
}

// Variable makes a variable sensitive. The first reason stays.
func (k *Keeper) Variable(name string, r *Reason) {
	if k.variables[name] == nil {
		k.variables[name] = r
	}
}

// Derive notes that a variable takes its value from an expression, which may compute it from sensitive values.
func (k *Keeper) Derive(name string, e hclsyntax.Expression) {
	if k.Computed(e) {
		k.derived[name] = true
	}
}

// Local makes a local value sensitive if the expression that it is computed from is.
func (k *Keeper) Local(name string, e hclsyntax.Expression) {
	if r := k.Why(e); r != nil {
		k.locals[name] = r
	}
}

// Why says why an expression's value is sensitive; nil if it is not.
func (k *Keeper) Why(e hclsyntax.Expression) *Reason { return k.judge(e).reason }

// Computed reports whether an expression computes something from sensitive values, rather than taking one as it was
// given: then nobody may learn whether it fails.
func (k *Keeper) Computed(e hclsyntax.Expression) bool { return k.judge(e).computed }

// Given reports whether nothing in the configuration computes an expression's value from sensitive ones, neither the
// expression nor the default of the variable that it names.
func (k *Keeper) Given(e hclsyntax.Expression) bool {
	if t, ok := e.(*hclsyntax.ScopeTraversalExpr); ok && k.Why(e) != nil && plain(e) {
		step, ok := t.Traversal[1].(hcl.TraverseAttr)
		return ok && !k.derived[step.Name]
	}
	return !k.Computed(e)
}

// judge looks into an expression before its first evaluation, which changes the syntax tree so that names are found no
// more, and remembers the answer, which depends on names alone and never on values.
func (k *Keeper) judge(e hclsyntax.Expression) judged {
	j, known := k.judgements[e]
	if !known {
		r := k.find(e)
		j = judged{r, r != nil && !plain(e)}
		k.judgements[e] = j
	}
	return j
}

func (k *Keeper) find(e hclsyntax.Expression) *Reason {
	if callsEnv(e) {
		return FromEnv
	}
	for _, t := range e.Variables() {
		var among map[string]*Reason
		switch t.RootName() {
		case "var":
			among = k.variables
		case "local":
			among = k.locals
		}
		if r := reached(t, among); r != nil {
			return r
		}
	}
	return nil
}

// reached is the sensitive one among the names that a traversal can reach: the one that it names, or any where its
// second step is not a plain name.
func reached(t hcl.Traversal, among map[string]*Reason) *Reason {
	if len(t) > 1 {
		switch step := t[1].(type) {
		case hcl.TraverseAttr:
			return among[step.Name]
		case hcl.TraverseIndex:
			if step.Key.Type() == cty.String && step.Key.IsKnown() && !step.Key.IsNull() {
				return among[step.Key.AsString()]
			}
		}
	}
	first := ""
	for name := range among {
		if first == "" || name < first {
			first = name
		}
	}
	return among[first]
}

// callsEnv reports whether an expression that was not evaluated yet reads the environment.
func callsEnv(e hclsyntax.Expression) bool {
	found := false
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		if f, ok := n.(*hclsyntax.FunctionCallExpr); ok && f.Name == "env" {
			found = true
		}
		return nil
	})
	return found
}

// plain reports whether an expression is a sensitive value as it was given, var.NAME or env("NAME"). Whoever writes a
// configuration can choose it, but cannot compute anything from its value.
func plain(e hclsyntax.Expression) bool {
	switch e := e.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return e.Traversal.RootName() == "var" && len(e.Traversal) == 2
	case *hclsyntax.FunctionCallExpr:
		if e.Name != "env" || len(e.Args) != 1 {
			return false
		}
		name, ok := e.Args[0].(*hclsyntax.TemplateExpr)
		return ok && name.IsStringLiteral()
	}
	return false
}

// Note remembers the names that files, which were not evaluated yet, write out in env("NAME").
func (k *Keeper) Note(files map[string]*hcl.File) {
	for _, f := range files {
		body, ok := f.Body.(*hclsyntax.Body)
		if !ok {
			continue
		}
		_ = hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
			if call, ok := n.(*hclsyntax.FunctionCallExpr); ok && plain(call) {
				v, _ := call.Args[0].Value(nil)
				k.asked = append(k.asked, v.AsString())
			}
			return nil
		})
	}
}

// Secrets are the sensitive values that variables, an object with all of them, and the environment have given, each
// once: texts, also those inside of lists and maps.
func (k *Keeper) Secrets(variables cty.Value, environ []string) []string {
	var texts []string
	add := func(s string) {
		if s != "" && !slices.Contains(texts, s) {
			texts = append(texts, s)
		}
	}
	for name := range k.variables {
		for _, s := range textsIn(variables.GetAttr(name)) {
			add(s)
		}
	}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); slices.Contains(k.asked, name) {
			add(value)
		}
	}
	slices.Sort(texts)
	return texts
}

// Names are the variables that are sensitive, by name.
func (k *Keeper) Names() []string { return slices.Sorted(maps.Keys(k.variables)) }

// textsIn are the texts of a value, as far as they are known; numbers count as the text that they are written as.
func textsIn(v cty.Value) (texts []string) {
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		switch {
		case !v.IsKnown() || v.IsNull():
			return false, nil
		case v.Type() == cty.String:
			texts = append(texts, v.AsString())
		case v.Type() == cty.Number:
			texts = append(texts, fmt.Sprint(v.AsBigFloat()))
		}
		return true, nil
	})
	return texts
}
